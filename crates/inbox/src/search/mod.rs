//! Search over conversations by the words of their messages, contacts, and articles.

pub mod api;
pub(crate) mod follow;
mod words;

use std::{collections::HashSet, sync::Arc};

use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, ConversationId, MessageId, StaffId, WorkspaceId},
};
use ennakoi_people::{
    Locale,
    contacts::{self, ContactRow},
};
use ennakoi_store::{
    Result, Tx,
    search::{self, Document, Hit, LastWord},
};
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    conversations::{self, ConversationRow},
    messages::{self, Message, render},
};

/// The kind of a message (or of a conversation's subject, under the conversation's id) in the index.
pub const MESSAGE: &str = "message";
/// The kind of a contact, as the people crate writes it.
const CONTACT: &str = "contact";
/// Characters of a question.
pub const QUESTION_CHARACTERS: usize = 200;
/// Messages looked through for one page of conversations.
const LOOKED_THROUGH: u32 = 100;

/// What is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchKind {
    #[default]
    All,
    Conversation,
    Contact,
    Article,
}

/// A conversation that was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationHit {
    pub conversation: ConversationRow,
    /// Words around what was found, plain text.
    pub snippet: String,
    /// The message that holds it; null when the subject or the number does.
    pub message_seq: Option<i64>,
}

/// An article that was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ArticleHit {
    pub id: ArticleId,
    pub title: String,
    pub locale: Locale,
    pub snippet: String,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Found {
    pub conversations: Vec<ConversationHit>,
    pub contacts: Vec<ContactRow>,
    pub articles: Vec<ArticleHit>,
    /// For more of the one kind that was asked for, or of conversations when all were.
    pub next_cursor: Option<String>,
}

/// A question to whoever keeps the articles.
#[derive(Clone, Debug)]
pub struct ArticleQuestion {
    pub workspace: WorkspaceId,
    pub text: String,
    pub limit: u32,
}

/// Finds articles: brought by the module that keeps them, because this crate does not know it.
#[derive(Clone)]
pub struct ArticleFinder(pub ArticleFinderFunction);

/// See [`ArticleFinder`].
pub type ArticleFinderFunction = Arc<dyn for<'a> Fn(&'a mut Tx, ArticleQuestion) -> BoxFuture<'a, Result<Vec<ArticleHit>>> + Send + Sync>;

/// The words under which a message is found, as [`ennakoi_store::search`] takes them: for other texts that are to be found alike.
#[must_use]
pub fn message_words(body: &str, language: Option<Locale>) -> String {
    words::indexed(body, language)
}

/// A question as the index understands it, for the crates that keep texts of their own in it.
#[derive(Clone, Debug)]
pub struct Question(Vec<words::Query>);

impl Question {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(words::queries(text))
    }

    /// How many different words of the question a text holds.
    #[must_use]
    pub fn held_by(&self, text: &str) -> usize {
        words::held(text, &self.0)
    }

    /// The part of a text around the first word that was asked for.
    #[must_use]
    pub fn snippet(&self, text: &str) -> String {
        words::snippet(text, &self.0)
    }

    /// The documents of a kind that hold all words, whose words [`message_words`] made; newest first, at most `limit`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn documents(&self, tx: &mut Tx, workspace: WorkspaceId, kind: &str, limit: u32) -> Result<Vec<uuid::Uuid>> {
        let page = find(tx, workspace, kind, &self.0, i64::MAX, limit).await?;
        Ok(page.hits.into_iter().map(|hit| hit.id).collect())
    }
}

/// Puts a text message into the index, under its language or, when that is unknown, under all.
///
/// # Errors
/// The database refuses.
pub(crate) async fn index_message(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    message: MessageId,
    body: &str,
    language: Option<Locale>,
    at: Timestamp,
) -> Result<()> {
    let words = words::indexed(body, language);
    if words.is_empty() {
        return Ok(());
    }
    search::index(tx, workspace, &Document { kind: MESSAGE, id: message.0, parent: Some(conversation.0), occurred_at: at, words: &words }).await
}

/// Puts a conversation's subject into the index, or takes it out when it is gone.
///
/// # Errors
/// The database refuses.
pub(crate) async fn index_subject(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    subject: Option<&str>,
    language: Option<Locale>,
    at: Timestamp,
) -> Result<()> {
    let words = words::indexed(subject.unwrap_or_default(), language);
    if words.is_empty() {
        return search::remove(tx, workspace, MESSAGE, conversation.0).await;
    }
    search::index(tx, workspace, &Document { kind: MESSAGE, id: conversation.0, parent: Some(conversation.0), occurred_at: at, words: &words }).await
}

/// A page of hits: newest first, each conversation once, and where the next page begins.
struct HitPage {
    hits: Vec<Hit>,
    next: Option<i64>,
}

/// Hits in any of the languages, newest first.
async fn find(tx: &mut Tx, workspace: WorkspaceId, kind: &str, queries: &[words::Query], before: i64, limit: u32) -> Result<HitPage> {
    let mut hits: Vec<Hit> = Vec::new();
    for query in queries {
        let last = if query.unfinished { LastWord::Prefix } else { LastWord::Whole };
        hits.extend(search::find(tx, workspace, kind, &query.words, last, before, limit).await?);
    }
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.row));
    hits.dedup_by_key(|hit| hit.row);
    let full = hits.len() >= limit as usize;
    hits.truncate(limit as usize);
    let next = hits.last().filter(|_| full).map(|hit| hit.row);
    Ok(HitPage { hits, next })
}

/// Conversations that hold all words of the question, newest message first. `before` is the position of the page before.
///
/// # Errors
/// The database refuses.
pub async fn conversations(
    tx: &mut Tx,
    workspace: WorkspaceId,
    question: &str,
    viewer: Option<StaffId>,
    before: Option<i64>,
    limit: u32,
) -> Result<(Vec<ConversationHit>, Option<i64>)> {
    let queries = words::queries(question);
    let page = find(tx, workspace, MESSAGE, &queries, before.unwrap_or(i64::MAX), LOOKED_THROUGH).await?;
    let mut kept: Vec<Hit> = Vec::new();
    let mut seen = HashSet::new();
    let mut next = page.next;
    for hit in page.hits {
        if kept.len() == limit as usize {
            next = kept.last().map(|last| last.row);
            break;
        }
        if hit.parent.is_some_and(|parent| seen.insert(parent)) {
            kept.push(hit);
        }
    }
    let by_number = if before.is_none() { number(tx, workspace, question).await? } else { None };
    let mut ids: Vec<ConversationId> = kept.iter().filter_map(|hit| hit.parent.map(ConversationId)).collect();
    ids.extend(by_number);
    let mut rows = conversations::rows(tx, workspace, &ids, viewer).await?;
    let message_ids: Vec<MessageId> = kept.iter().filter(|hit| hit.parent != Some(hit.id)).map(|hit| MessageId(hit.id)).collect();
    let texts = messages::by_ids(tx, workspace, &message_ids).await?;
    let mut found = Vec::new();
    if let Some(row) = by_number.and_then(|id| take(&mut rows, id)) {
        found.push(ConversationHit { snippet: row.preview.clone(), conversation: row, message_seq: None });
    }
    for hit in kept {
        let Some(row) = hit.parent.and_then(|parent| take(&mut rows, ConversationId(parent))) else { continue };
        let message = texts.iter().find(|message| message.id.0 == hit.id);
        let text = message.map_or_else(|| row.subject.clone().unwrap_or_default(), plain);
        found.push(ConversationHit { conversation: row, snippet: words::snippet(&text, &queries), message_seq: message.map(|message| message.seq) });
    }
    Ok((found, next))
}

fn take(rows: &mut Vec<ConversationRow>, id: ConversationId) -> Option<ConversationRow> {
    let at = rows.iter().position(|row| row.id == id)?;
    Some(rows.swap_remove(at))
}

fn plain(message: &Message) -> String {
    render::plain(&message.body, message.format)
}

/// The conversation whose number the question is: `123` or `#123`.
async fn number(tx: &mut Tx, workspace: WorkspaceId, question: &str) -> Result<Option<ConversationId>> {
    let digits = question.trim().trim_start_matches('#');
    match digits.parse::<i64>() {
        Ok(number) if digits.bytes().all(|byte| byte.is_ascii_digit()) => conversations::by_number(tx, workspace, number).await,
        _ => Ok(None),
    }
}

/// The conversations that hold all words of the question, at most `limit`, in no order that matters: for filters.
///
/// # Errors
/// The database refuses.
pub(crate) async fn conversation_ids(tx: &mut Tx, workspace: WorkspaceId, question: &str, limit: u32) -> Result<Vec<ConversationId>> {
    let page = find(tx, workspace, MESSAGE, &words::queries(question), i64::MAX, limit).await?;
    let mut ids: Vec<ConversationId> = page.hits.into_iter().filter_map(|hit| hit.parent.map(ConversationId)).collect();
    ids.extend(number(tx, workspace, question).await?);
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Contacts whose names or addresses hold all words of the question, as written.
///
/// # Errors
/// The database refuses.
pub async fn contacts(tx: &mut Tx, workspace: WorkspaceId, question: &str, before: Option<i64>, limit: u32) -> Result<(Vec<ContactRow>, Option<i64>)> {
    let query = words::Query { words: words::as_written(question), unfinished: true };
    let page = find(tx, workspace, CONTACT, &[query], before.unwrap_or(i64::MAX), limit).await?;
    let ids: Vec<_> = page.hits.iter().map(|hit| ennakoi_kernel::ids::ContactId(hit.id)).collect();
    let mut rows = contacts::rows(tx, workspace, &ids).await?;
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.id));
    Ok((rows, page.next))
}
