//! Collecting: the bot's own turns, failed searches of the help centre, and what agents answered instead.

use std::sync::Arc;

use ennakoi_inbox::messages::{self, AuthorKind, Kind};
use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ConversationId, MessageId, WorkspaceId},
};
use ennakoi_language::{
    answers::{Index, Options},
    entities,
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    params,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{knowledge::language, turns::Verdict};

/// Characters of a question and of an answer that are kept.
const QUESTION_CHARACTERS: usize = 500;
const ANSWER_CHARACTERS: usize = 4_000;
/// Shorter answers ("hetki, katson") say nothing that an article could.
const ANSWER_LEAST: usize = 40;
/// Probability from which a need names a question.
const CLEAR_NEED: f32 = 0.3;

/// One question that was not answered.
pub(super) struct Unanswered<'a> {
    pub source: &'static str,
    pub locale: Locale,
    pub question: &'a str,
    pub conversation: Option<ConversationId>,
    pub at: Timestamp,
}

pub(crate) fn follower() -> Follower {
    Follower { name: "bot.gaps", kinds: &["bot.turned", "help.search_failed", "message.added"], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

#[derive(Deserialize)]
struct Turned {
    turn: Uuid,
    verdict: Verdict,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    rule: String,
}

#[derive(Deserialize)]
struct Searched {
    locale: Locale,
    query: String,
}

async fn follow(batch: Batch) -> Result<()> {
    // Needs are recognised without any article.
    let index = Index::build(&[], Options::default());
    let mut tx = batch.begin().await?;
    let (workspace, environment) = (batch.workspace, &batch.environment);
    for event in &batch.events {
        match event.kind.as_str() {
            "bot.turned" => {
                let turned: Turned = event.payload()?;
                let Some(source) = source(&turned) else { continue };
                let turn: Option<(String, Locale)> =
                    tx.optional("SELECT question, language FROM bot_turns WHERE workspace_id = $1 AND id = $2", params![workspace, turned.turn]).await?;
                let Some((question, locale)) = turn else { continue };
                let unanswered = Unanswered { source, locale, question: &question, conversation: event.conversation, at: event.occurred_at };
                keep(&mut tx, environment, workspace, &index, unanswered).await?;
            }
            "help.search_failed" => {
                let searched: Searched = event.payload()?;
                let unanswered = Unanswered { source: "search", locale: searched.locale, question: &searched.query, conversation: None, at: event.occurred_at };
                keep(&mut tx, environment, workspace, &index, unanswered).await?;
            }
            _ => {
                let Some(conversation) = event.conversation.filter(|_| event.payload["direction"] == "out" && event.payload["visibility"] == "public") else {
                    continue;
                };
                let Some(message) = event.payload["message"].as_str().and_then(|id| id.parse::<MessageId>().ok()) else { continue };
                answered(&mut tx, workspace, conversation, message).await?;
            }
        }
    }
    batch.commit(tx).await
}

/// What kind of gap a turn shows, if it shows one. What went to a person because it is sensitive or was asked for is none.
fn source(turned: &Turned) -> Option<&'static str> {
    match (turned.verdict, turned.reason.as_deref()) {
        (Verdict::Rejected, _) if turned.rule == "tapped" => Some("not_helped"),
        (Verdict::Rejected, _) => Some("rejected"),
        (Verdict::HandedOver, Some("bot_unsure")) => Some("handed_over"),
        _ => None,
    }
}

async fn keep(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, index: &Index, unanswered: Unanswered<'_>) -> Result<()> {
    let question: String = entities::mask(unanswered.question.trim()).chars().take(QUESTION_CHARACTERS).collect();
    if question.chars().filter(|c| c.is_alphabetic()).count() < 4 {
        return Ok(());
    }
    let need = index.ask(&question, language(unanswered.locale)).needs.first().filter(|guess| guess.probability >= CLEAR_NEED).map_or("", |guess| guess.need);
    tx.execute(
        "INSERT INTO bot_gap_questions (id, workspace_id, at, source, locale, question, need, conversation_id, answer) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')",
        params![environment.new_uuid(), workspace, unanswered.at, unanswered.source, unanswered.locale, question, need, unanswered.conversation],
    )
    .await?;
    Ok(())
}

/// An agent's first real answer in a conversation is the answer to what the bot could not answer there.
async fn answered(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, message: MessageId) -> Result<()> {
    let open: Option<(Uuid,)> = tx
        .optional(
            "SELECT id FROM bot_gap_questions WHERE workspace_id = $1 AND conversation_id = $2 AND answer = '' ORDER BY id DESC LIMIT 1",
            params![workspace, conversation],
        )
        .await?;
    let Some((id,)) = open else { return Ok(()) };
    let said = messages::by_ids(tx, workspace, &[message]).await?.into_iter().next();
    let Some(said) = said.filter(|said| said.author.kind == AuthorKind::Staff && said.kind == Kind::Text && said.removed_at.is_none()) else { return Ok(()) };
    if said.body.chars().count() < ANSWER_LEAST {
        return Ok(());
    }
    let answer: String = entities::mask(said.body.trim()).chars().take(ANSWER_CHARACTERS).collect();
    tx.execute("UPDATE bot_gap_questions SET answer = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, answer]).await?;
    Ok(())
}
