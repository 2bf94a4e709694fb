//! `eval faq`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ennakoi_embedding::Side;
use ennakoi_language::answers::{Answer, ArticleText, Index, Options, Verdict};
use ennakoi_language::learn::measures;
use ennakoi_language::meaning::answers;
use ennakoi_language::{Language, detect};

use super::FaqArguments;
use super::input::{Columns, Table};
use super::intents::OUT_OF_SCOPE;
use super::meaning::Meaning;
use super::report::{Report, progress, share_of};

/// An index of either tier.
enum Finder<'model> {
    Words(Box<Index>),
    Meaning(Box<answers::Index>, &'model Meaning),
}

impl<'model> Finder<'model> {
    fn build(articles: &[ArticleText], meaning: Option<&'model Meaning>) -> Self {
        let options = Options { candidates: articles.len(), ..Options::default() };
        let Some(meaning) = meaning else { return Self::Words(Box::new(Index::build(articles, options))) };
        let needs = Arc::new(answers::Needs::learn(&meaning.vectors(Side::Query, &answers::lines())));
        let pieces: Vec<Vec<answers::Piece>> = articles.iter().map(answers::pieces).collect();
        let side = |piece: &answers::Piece| if piece.question { Side::Query } else { Side::Passage };
        let of = |wanted: Side| {
            let texts: Vec<&str> = pieces.iter().flatten().filter(|piece| side(piece) == wanted).map(|piece| piece.text.as_str()).collect();
            meaning.vectors(wanted, &texts).into_iter()
        };
        let (mut questions, mut passages) = (of(Side::Query), of(Side::Passage));
        let mut next = |piece: &answers::Piece| if piece.question { questions.next() } else { passages.next() }.unwrap_or_default();
        let vectors = pieces.iter().map(|pieces| pieces.iter().map(&mut next).collect()).collect();
        Self::Meaning(Box::new(answers::Index::build(needs, articles, vectors, options)), meaning)
    }

    fn ask(&self, question: &str, language: Language) -> Answer {
        match self {
            Self::Words(index) => index.ask(question, language),
            Self::Meaning(index, meaning) => index.ask(question, language, &meaning.embedder.question(question)),
        }
    }
}

struct Asked {
    /// The right article; `None` if no article answers.
    article: Option<String>,
    answer: Answer,
    /// 1-based rank of the right article among the candidates.
    rank: Option<usize>,
}

pub(super) fn evaluate(arguments: &FaqArguments, models: &Path) -> anyhow::Result<Report> {
    let meaning = Meaning::open(&arguments.reading, models)?;
    let columns = &arguments.common.columns;
    let articles = articles(&arguments.articles, columns)?;
    let questions = Table::read(&arguments.questions, columns)?;
    let main = main_language(&articles);
    progress(&format!("indexing {} articles …", articles.len()));
    let begin = Instant::now();
    let index = Finder::build(&articles, meaning.as_ref());
    let build_ms = begin.elapsed().as_secs_f64() * 1e3;
    let mut durations = Vec::new();
    let mut asked = Vec::new();
    for record in &questions.records {
        let text = questions.required(record, "text")?;
        let id = questions.required(record, "id")?;
        if id != OUT_OF_SCOPE && !articles.iter().any(|article| article.id == id) {
            return Err(questions.wrong(record, "id", &format!("no article is called `{id}`")));
        }
        // Where the file does not say, the language is the help centre's unless the message is clearly another's.
        let language = questions.language(record)?.unwrap_or_else(|| detect(text, Some(main), &[]).language);
        let begin = Instant::now();
        let answer = index.ask(text, language);
        durations.push(begin.elapsed());
        let article = (id != OUT_OF_SCOPE).then(|| id.to_owned());
        let rank = answer.candidates.iter().position(|candidate| Some(&candidate.article) == article.as_ref()).map(|rank| rank + 1);
        asked.push(Asked { article, answer, rank });
    }
    let mut report = Report::new("Questions and answers");
    report.add("articles", articles.len());
    report.add("questions", asked.len());
    figures(&mut report, &asked);
    report.add("build_ms", build_ms.round());
    report.durations("query_us", durations);
    Ok(report)
}

fn articles(path: &Path, columns: &Columns) -> anyhow::Result<Vec<ArticleText>> {
    let table = Table::read(path, columns)?;
    let mut articles = Vec::with_capacity(table.records.len());
    for record in &table.records {
        let title = table.required(record, "title")?.to_owned();
        let body = table.required(record, "body")?.to_owned();
        let language = table.language(record)?.unwrap_or_else(|| detect(&format!("{title} {body}"), None, &[]).language);
        let questions = match table.optional(record, "questions").filter(|list| !list.is_empty()) {
            None => Vec::new(),
            Some(list) => serde_json::from_str(list).map_err(|error| table.wrong(record, "questions", &format!("expected a list of texts: {error}")))?,
        };
        articles.push(ArticleText { id: table.required(record, "id")?.to_owned(), language, title, questions, body });
    }
    Ok(articles)
}

fn main_language(articles: &[ArticleText]) -> Language {
    let count = |language: Language| articles.iter().filter(|article| article.language == language).count();
    Language::ALL.into_iter().max_by_key(|&language| (count(language), std::cmp::Reverse(language))).unwrap_or(Language::Fi)
}

fn figures(report: &mut Report, asked: &[Asked]) {
    let inside: Vec<&Asked> = asked.iter().filter(|asked| asked.article.is_some()).collect();
    let within = |limit: usize| share_of(inside.iter().map(|asked| asked.rank.is_some_and(|rank| rank <= limit)));
    report.share("recall_at_1", within(1));
    report.share("recall_at_3", within(3));
    let reciprocal: f64 = inside.iter().filter_map(|asked| asked.rank).map(|rank| 1.0 / rank as f64).sum();
    report.share("mrr", (!inside.is_empty()).then(|| reciprocal / inside.len() as f64));
    let scores: Vec<f32> = asked.iter().map(|asked| asked.answer.in_scope).collect();
    let truth: Vec<bool> = asked.iter().map(|asked| asked.article.is_some()).collect();
    report.share("oos_auroc", measures::auroc(&scores, &truth));
    // The confidence claims that the first article answers the question: for a question outside, it never does.
    let confidences: Vec<f32> = asked.iter().map(|asked| asked.answer.candidates.first().map_or(0.0, |candidate| candidate.confidence)).collect();
    let right: Vec<bool> = asked.iter().map(|asked| asked.rank == Some(1)).collect();
    report.share("ece", Some(measures::expected_calibration_error(&confidences, &right)));
    let answered = |asked: &Asked| asked.answer.verdict == Verdict::Answer;
    report.share("answered_right", share_of(inside.iter().map(|asked| answered(asked) && asked.rank == Some(1))));
    report.share("answered_wrong", share_of(inside.iter().map(|asked| answered(asked) && asked.rank != Some(1))));
    report.share("asked_back", share_of(inside.iter().map(|asked| asked.answer.verdict == Verdict::AskBack)));
    report.share("rejected", share_of(inside.iter().map(|asked| asked.answer.verdict == Verdict::Reject)));
    let outside = || asked.iter().filter(|asked| asked.article.is_none());
    report.share("oos_refused", share_of(outside().map(|asked| !answered(asked))));
    report.share("oos_rejected_outright", share_of(outside().map(|asked| asked.answer.verdict == Verdict::Reject)));
}
