//! Articles by their words, for the search of those who work here: drafts and articles for staff too.

use std::{cmp::Reverse, sync::Arc};

use ennakoi_inbox::search::{ArticleFinder, ArticleHit, ArticleQuestion, Question};
use ennakoi_kernel::ids::ArticleId;
use ennakoi_store::{Result, Tx};

use super::{ARTICLE, ArticleText, store};
use crate::markdown;

/// Articles looked through for the best ones.
const LOOKED_THROUGH: u32 = 60;

/// What the inbox asks when somebody searches for everything.
#[must_use]
pub fn finder() -> ArticleFinder {
    ArticleFinder(Arc::new(|tx, question| Box::pin(find(tx, question))))
}

/// The articles that hold all words of the question, each once, in the language that holds most of them; those whose title does first.
async fn find(tx: &mut Tx, asked: ArticleQuestion) -> Result<Vec<ArticleHit>> {
    let question = Question::new(&asked.text);
    let ids = question.documents(tx, asked.workspace, ARTICLE, LOOKED_THROUGH).await?;
    let mut hits = Vec::new();
    for (age, id) in ids.into_iter().map(ArticleId).enumerate() {
        let texts = store::texts_of(tx, asked.workspace, id).await?;
        let read = |text: &ArticleText| format!("{}\n{}\n{}", text.summary, text.questions.join("\n"), markdown::to_text(&text.body));
        let best = texts.into_iter().map(|(locale, text)| {
            let (title, rest) = (question.held_by(&text.title), read(&text));
            (title + question.held_by(&rest), title, locale, text.title, rest)
        });
        let Some((_, in_title, locale, title, rest)) = best.max_by_key(|(held, in_title, locale, ..)| (*held, *in_title, Reverse(*locale))) else { continue };
        hits.push((Reverse(in_title), age, ArticleHit { id, title, locale, snippet: question.snippet(&rest) }));
    }
    hits.sort_by_key(|(in_title, age, _)| (*in_title, *age));
    Ok(hits.into_iter().map(|(.., hit)| hit).take(asked.limit as usize).collect())
}
