//! Turns: what the bot decided and why, kept for the agent who opens the reasons and for the company that checks its bot.

use std::sync::Arc;

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, get, post};
use ennakoi_kernel::{
    Environment, Timestamp,
    access::{Access, Permission},
    ids::{ArticleId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_language::answers::Answer;
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Knowledge,
    dialogue::{self, Heard},
    flows::{self, shop::Shop},
    knowledge::Known,
    llm::ModelUse,
    settings,
};

/// What the bot did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Answered,
    AskedBack,
    Rejected,
    HandedOver,
    SmallTalk,
    /// A flow began or went on.
    Flow,
}
stored_as_text!(Verdict { Flow = "flow", Answered = "answered", AskedBack = "asked_back", Rejected = "rejected", HandedOver = "handed_over", SmallTalk = "small_talk" });

/// An article that was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Considered {
    pub article_id: ArticleId,
    pub title: String,
    pub score: f32,
    /// Probability that it answers, 0–1.
    pub confidence: f32,
    /// Words and needs that question and article share.
    pub why: Vec<String>,
}

/// One decision with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BotTurn {
    pub id: Uuid,
    pub at: Timestamp,
    pub message_id: Option<MessageId>,
    pub question: String,
    pub language: Locale,
    pub verdict: Verdict,
    pub confidence: f64,
    pub candidates: Vec<Considered>,
    /// Needs that the question may have.
    pub needs: Vec<String>,
    /// Why a person was asked, if one was.
    pub reason: Option<String>,
    /// Which rule decided.
    pub rule: String,
    pub model_version: i64,
    /// What it owes to a language model, when one was asked.
    pub model_use: Option<ModelUse>,
}

impl FromRow for BotTurn {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            at: row.take()?,
            message_id: row.take()?,
            question: row.take()?,
            language: row.take()?,
            verdict: row.take()?,
            confidence: row.take()?,
            candidates: serde_json::from_str(&row.take::<String>()?)?,
            needs: serde_json::from_str(&row.take::<String>()?)?,
            reason: row.take()?,
            rule: row.take()?,
            model_version: row.take()?,
            model_use: row.take::<Option<String>>()?.and_then(|told| serde_json::from_str(&told).ok()),
        })
    }
}

impl BotTurn {
    /// A turn without an answer's details.
    #[must_use]
    pub fn new(environment: &Environment, question: &str, language: Locale, verdict: Verdict, rule: &str) -> Self {
        Self {
            id: environment.new_uuid(),
            at: environment.now(),
            message_id: None,
            question: question.to_owned(),
            language,
            verdict,
            confidence: 1.0,
            candidates: Vec::new(),
            needs: Vec::new(),
            reason: None,
            rule: rule.to_owned(),
            model_version: 0,
            model_use: None,
        }
    }

    /// Adds what the index considered.
    #[must_use]
    pub fn considering(mut self, answer: &Answer, known: &Known, locale: Locale) -> Self {
        self.model_version = known.version;
        self.confidence = answer.candidates.first().map_or(0.0, |best| f64::from(best.confidence));
        self.needs = answer.needs.iter().map(|guess| guess.need.to_owned()).collect();
        self.candidates = answer
            .candidates
            .iter()
            .filter_map(|candidate| {
                let article = known.article(candidate.article.parse().ok()?, locale)?;
                let why = candidate.why.terms.iter().cloned().chain(candidate.why.needs.iter().map(|need| format!("need:{need}"))).collect();
                Some(Considered { article_id: article.id, title: article.title.clone(), score: candidate.score, confidence: candidate.confidence, why })
            })
            .collect();
        self
    }
}

/// Keeps a turn of a conversation.
///
/// # Errors
/// The database refuses.
pub async fn record(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, turn: &BotTurn) -> Result<()> {
    tx.execute(
        "INSERT INTO bot_turns (id, workspace_id, conversation_id, message_id, at, question, language, verdict, confidence, candidates, needs, reason, \
         rule, model_version, model_use) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            turn.id,
            workspace,
            conversation,
            turn.message_id,
            turn.at,
            &turn.question,
            turn.language,
            turn.verdict,
            turn.confidence,
            serde_json::to_string(&turn.candidates)?,
            serde_json::to_string(&turn.needs)?,
            turn.reason.clone(),
            &turn.rule,
            turn.model_version,
            turn.model_use.as_ref().map(serde_json::to_string).transpose()?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/conversations/{id}/bot-turns", "list_bot_turns", Access::Needs(Permission::ConversationsRead), list_bot_turns)
            .summary("Why the bot said what it said")
            .returns::<Page<BotTurn>>(200),
        post("/api/v1/bot/questions", "try_bot", Access::Needs(Permission::KnowledgeRead), try_bot)
            .summary("What the bot would do with a question; nothing is stored")
            .takes::<Question>()
            .returns::<BotTurn>(200),
    ]
}

/// Turns of one conversation that are shown.
const TURNS_SHOWN: u32 = 100;

async fn list_bot_turns(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<BotTurn>>> {
    let mut tx = app.db.read().await?;
    ennakoi_inbox::conversations::load(&mut tx, member.workspace, id).await?;
    let turns = tx
        .all(
            "SELECT id, at, message_id, question, language, verdict, confidence, candidates, needs, reason, rule, model_version, model_use \
             FROM bot_turns WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3",
            params![member.workspace, id, TURNS_SHOWN],
        )
        .await?;
    Ok(Json(Page::whole(turns)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    text: String,
    #[serde(default)]
    locale: Option<Locale>,
}

async fn try_bot(
    State(app): State<App>,
    Extension(knowledge): Extension<Knowledge>,
    Extension(shop): Extension<Arc<dyn Shop>>,
    member: Member,
    Json(question): Json<Question>,
) -> ApiResult<Json<BotTurn>> {
    let mut wrong = ennakoi_kernel::FieldErrors::default();
    if question.text.trim().is_empty() || question.text.chars().count() > 2_000 {
        wrong.add("text", "invalid", "1 to 2000 characters");
    }
    wrong.finish()?;
    let mut tx = app.db.read().await?;
    let settings = settings::load(&mut tx, member.workspace).await?;
    let told = shop.told(&mut tx, member.workspace).await?;
    let flows = flows::store::live(&mut tx, member.workspace, &told).await?;
    drop(tx);
    let known = knowledge.of(member.workspace, settings.wrong_cost).await?;
    let heard = Heard::text(&question.text, question.locale);
    let mut decision = dialogue::decide(&app.environment, &settings, &known, &flows, &dialogue::Talk::default(), &heard);
    if let dialogue::Act::Begin(id) = &decision.act {
        decision.turn.rule = format!("flow:{id}:began");
    }
    Ok(Json(decision.turn))
}
