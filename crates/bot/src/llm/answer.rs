//! An answer to a customer, written by the model out of articles and the customer's own data, or nothing.

use std::sync::Arc;

use ennakoi_inbox::messages::Source;
use ennakoi_kernel::ids::ArticleId;
use ennakoi_people::{Locale, contacts};
use ennakoi_store::Result;

use super::{
    Llm, ModelUse, Outcome,
    ground::{self, Grounded, Judged, Origin, SourceText},
    hide::Hidden,
    prompts,
    session::{Purpose, Session},
    tools::{self, Tool, Wrong},
    wire::{Message, Reply},
};
use crate::{
    dialogue::Reach,
    flows::{
        fact,
        shop::{Fact, Item, ItemKind},
    },
    knowledge::{self, Finder, Known, KnownArticle},
    texts,
};

/// Articles that go along, and characters of each.
const ARTICLES: usize = 4;
const ARTICLE_CHARACTERS: usize = 4_000;
/// Rounds of questions and answers, and tools in all of them.
const ROUNDS: usize = 3;
const TOOLS: usize = 4;
/// Items of the customer that are told of.
const ITEMS: usize = 5;

/// A written answer, ready to be said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Composed {
    /// Plain text; each sentence ends with the number of its source when there are several.
    pub body: String,
    pub sources: Vec<Source>,
}

/// What is asked.
pub(crate) struct Wanted<'a> {
    pub question: &'a str,
    /// What was asked before, when this may follow from it.
    pub before: Option<&'a str>,
    pub locale: Locale,
    /// The articles that the index considers, the likeliest first.
    pub candidates: Vec<ArticleId>,
    /// What the customer may see of their own.
    pub items: Vec<Item>,
}

/// Everything of one exchange.
struct Exchange<'a> {
    wanted: &'a Wanted<'a>,
    known: &'a Known,
    timezone: &'a str,
    sources: Vec<SourceText>,
    hidden: Hidden,
    tools: Vec<String>,
}

/// Asks the model, when there is one for this; `None` when there is none, or nothing that it could answer from.
pub(crate) async fn compose(llm: &Llm, reach: &Reach<'_>, wanted: &Wanted<'_>, purpose: For) -> Result<Option<(Option<Composed>, ModelUse)>> {
    if wanted.candidates.is_empty() && wanted.items.is_empty() {
        return Ok(None);
    }
    let purpose = match purpose {
        For::Customer => Purpose::Answers,
        For::Agent => Purpose::Writing,
    };
    let mut session = match llm.begin(reach.workspace.id, purpose).await? {
        None => return Ok(None),
        Some(Err((model, outcome))) => return Ok(Some((None, plain_use(model, outcome)))),
        Some(Ok(session)) => session,
    };
    let mut exchange =
        Exchange { wanted, known: reach.known, timezone: &reach.workspace.timezone, sources: Vec::new(), hidden: Hidden::default(), tools: Vec::new() };
    if let Some(contact) = reach.conversation.contact {
        let mut tx = reach.db.read().await?;
        if let Some(brief) = contacts::briefs(&mut tx, reach.workspace.id, &[contact]).await?.remove(&contact) {
            exchange.hidden.name(&brief.name);
        }
    }
    exchange.open();
    let judged = exchange.run(&mut session).await?;
    let composed = (judged.outcome == Outcome::Used).then(|| composed(&judged.sentences, &exchange.sources));
    let (model, tokens) = (session.model.clone(), session.tokens);
    let milliseconds = session.end(judged.outcome).await?;
    let told = ModelUse {
        model,
        outcome: judged.outcome,
        milliseconds,
        tokens,
        sent: exchange.sent(),
        masked: exchange.hidden.counts(),
        tools: exchange.tools,
        sentences: judged.sentences.into_iter().map(|sentence| sentence.told).collect(),
        refused: judged.refused,
    };
    Ok(Some((composed, told)))
}

/// For whom an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Customer,
    /// An agent who reads it before anybody else does.
    Agent,
}

pub(super) fn plain_use(model: String, outcome: Outcome) -> ModelUse {
    ModelUse {
        model,
        outcome,
        milliseconds: 0,
        tokens: 0,
        sent: Vec::new(),
        masked: std::collections::BTreeMap::new(),
        tools: Vec::new(),
        sentences: Vec::new(),
        refused: Vec::new(),
    }
}

impl Exchange<'_> {
    /// The articles that the index considers go along at once; the customer's own data only when it is asked for.
    fn open(&mut self) {
        for item in &self.wanted.items {
            // A subscription's number is the name of what was subscribed to, which says nothing of the person.
            if item.kind != ItemKind::Subscription {
                self.hidden.always(&format!("{}_number", item.kind.as_str()), &item.number);
            }
            for name in ["tracking", "reference"] {
                if let Some(Fact::Text(value)) = item.facts.get(name) {
                    self.hidden.always(name, value);
                }
            }
        }
        for id in self.wanted.candidates.iter().take(ARTICLES) {
            self.add_article(*id);
        }
    }

    fn add_article(&mut self, id: ArticleId) -> Option<usize> {
        let article = self.known.article(id, self.wanted.locale)?;
        if let Some(place) = self.sources.iter().position(|source| matches!(&source.origin, Origin::Article { id: other, .. } if *other == id)) {
            return Some(place);
        }
        let number = self.sources.iter().filter(|source| matches!(source.origin, Origin::Article { .. })).count() + 1;
        let text = article_text(article);
        let origin = Origin::Article { id, title: article.title.clone(), url: article.url.clone() };
        self.sources.push(SourceText { id: format!("A{number}"), origin, hidden: text.clone(), text });
        Some(self.sources.len() - 1)
    }

    fn add_item(&mut self, item: &Item) -> usize {
        let title = format!("{} {}", texts::say(self.wanted.locale, &format!("flow_item_{}", item.kind.as_str()), &[]), item.number);
        if let Some(place) = self.sources.iter().position(|source| source.origin == Origin::Own(title.clone())) {
            return place;
        }
        let text = item_text(item, &title, self.wanted.locale, self.timezone);
        let number = self.sources.iter().filter(|source| matches!(source.origin, Origin::Own(_))).count() + 1;
        let hidden = self.hidden.hide(&text);
        self.sources.push(SourceText { id: format!("D{number}"), origin: Origin::Own(title), text, hidden });
        self.sources.len() - 1
    }

    async fn run(&mut self, session: &mut Session) -> Result<Judged> {
        let own = !self.wanted.items.is_empty();
        let question = self.hidden.hide(self.wanted.question);
        let before = self.wanted.before.map(|before| self.hidden.hide(before));
        let mut messages = prompts::answer(self.wanted.locale, &self.sources, &question, before.as_deref());
        let ended = |outcome| Judged { sentences: Vec::new(), refused: Vec::new(), outcome };
        for round in 0..ROUNDS {
            let last = round + 1 == ROUNDS;
            let listed = if last || self.tools.len() >= TOOLS { serde_json::Value::Null } else { tools::listed(own) };
            let reply = match session.ask(&messages, &listed).await {
                Ok(reply) => reply,
                Err(outcome) => return Ok(ended(outcome)),
            };
            if reply.calls.is_empty() {
                return self.judge(reply).await;
            }
            messages.push(Message::asked(&reply.calls));
            for call in &reply.calls {
                let result = match tools::checked(&call.name, &call.arguments, own) {
                    Err(Wrong::Unlisted) => {
                        self.tools.push(format!("refused:{}", call.name.chars().take(40).collect::<String>()));
                        return Ok(ended(Outcome::Forbidden));
                    }
                    Err(Wrong::Arguments) => "{\"error\":\"wrong arguments\"}".to_owned(),
                    Ok(_) if self.tools.len() >= TOOLS => "{\"error\":\"no more tools\"}".to_owned(),
                    Ok(tool) => self.used(&tool),
                };
                messages.push(Message::result(call, result));
            }
        }
        Ok(ended(Outcome::Unreadable))
    }

    /// Reading meaning takes milliseconds of a processor: off the async threads.
    async fn judge(&mut self, reply: Reply) -> Result<Judged> {
        let model = match self.known.index(self.wanted.locale) {
            Finder::Meaning(_, model) => Some(Arc::clone(model)),
            Finder::Words(_) => None,
        };
        let (sources, hidden, language) = (self.sources.clone(), std::mem::take(&mut self.hidden), knowledge::language(self.wanted.locale));
        let judging = tokio::task::spawn_blocking(move || {
            let judged = ground::judge(&reply.content, &sources, &hidden, language, model.as_ref());
            (judged, hidden)
        });
        let (judged, hidden) = judging.await.map_err(|error| ennakoi_store::Error::Other(format!("an answer could not be judged: {error}")))?;
        self.hidden = hidden;
        Ok(judged)
    }

    /// What a tool gives: more sources.
    fn used(&mut self, tool: &Tool) -> String {
        let places: Vec<usize> = match tool {
            Tool::SearchArticles { query } => {
                self.tools.push("search_articles".to_owned());
                let query = self.hidden.show(query).unwrap_or_default();
                let found = self.known.index(self.wanted.locale).ask(&query, knowledge::language(self.wanted.locale));
                found.candidates.iter().take(ARTICLES).filter_map(|candidate| self.add_article(candidate.article.parse().ok()?)).collect()
            }
            Tool::OwnItems { kind } => {
                self.tools.push(format!("own_items:{}", kind.as_str()));
                let items: Vec<Item> = self.wanted.items.iter().filter(|item| item.kind == *kind).take(ITEMS).cloned().collect();
                items.iter().map(|item| self.add_item(item)).collect()
            }
        };
        serde_json::json!({ "sources": places.iter().map(|place| self.sources[*place].told()).collect::<Vec<_>>() }).to_string()
    }

    /// What left the house, by kind; own things without their numbers.
    fn sent(&self) -> Vec<String> {
        let sources = self.sources.iter().map(|source| match &source.origin {
            Origin::Article { title, .. } => format!("article:{title}"),
            Origin::Own(title) => title.split_whitespace().next().unwrap_or_default().to_lowercase(),
        });
        std::iter::once("question".to_owned()).chain(self.wanted.before.map(|_| "earlier_question".to_owned())).chain(sources).collect()
    }
}

/// Summary and body as plain words, without the addresses of links.
pub(super) fn article_text(article: &KnownArticle) -> String {
    let whole = if article.summary.is_empty() { article.body.clone() } else { format!("{}\n\n{}", article.summary, article.body) };
    let plain = ennakoi_inbox::messages::render::plain(&whole, ennakoi_inbox::messages::Format::Markdown);
    plain.chars().take(ARTICLE_CHARACTERS).collect()
}

/// Facts that say something to a customer, in the order in which one tells them.
const TOLD: [&str; 20] = [
    "name",
    "status",
    "lines",
    "total",
    "price",
    "interval",
    "placed",
    "promised",
    "delivered",
    "parcel",
    "carrier",
    "tracking",
    "reference",
    "issued",
    "due",
    "paid",
    "renews",
    "cancels",
    "due_at",
    "days_to_due",
];

/// An item as sentences.
fn item_text(item: &Item, title: &str, locale: Locale, timezone: &str) -> String {
    let mut text = format!("{title}.");
    for name in TOLD {
        let (Some(found), Some(label)) = (item.facts.get(name), texts::known(locale, &format!("fact_{name}"))) else { continue };
        let told = fact(locale, timezone, found);
        if !told.is_empty() {
            text.push_str(&format!(" {title}, {label}: {told}."));
        }
    }
    text
}

/// The sentences as one text with its sources.
fn composed(sentences: &[Grounded], sources: &[SourceText]) -> Composed {
    let mut cited: Vec<usize> = Vec::new();
    for sentence in sentences {
        if !cited.contains(&sentence.source) {
            cited.push(sentence.source);
        }
    }
    let articles: Vec<Source> = cited
        .iter()
        .filter_map(|place| match &sources[*place].origin {
            Origin::Article { id, title, url } => Some(Source { article_id: *id, title: title.clone(), url: url.clone() }),
            Origin::Own(_) => None,
        })
        .collect();
    let number = |sentence: &Grounded| match &sources[sentence.source].origin {
        Origin::Article { id, .. } if articles.len() > 1 => {
            articles.iter().position(|source| source.article_id == *id).map(|place| format!(" ({})", place + 1))
        }
        _ => None,
    };
    let body = sentences.iter().map(|sentence| format!("{}{}", sentence.told.text, number(sentence).unwrap_or_default())).collect::<Vec<_>>().join(" ");
    Composed { body, sources: articles }
}
