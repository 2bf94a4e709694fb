//! Reviews: begun beside a closed case, saved as often as one likes, published once.

use std::collections::{HashMap, HashSet};

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{ConversationId, MessageId, ReviewId, SheetId, StaffId, WorkspaceId},
};
use ennakoi_people::audit;
use ennakoi_store::{
    FromRow, Result, Row, Tx, Value, params,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use super::score::{Mark, Marks};
use super::{
    CaseState, Resolution, ReviewAnswer, ReviewState, TEXT_MAX, queue,
    score::{self, Outcome},
    sheets::{self, Definition},
};
use crate::{
    conversations::{self, ConversationRow, State},
    messages,
};

const NOTE_MAX: usize = 1_000;
const COMMENTS_MAX: usize = 50;

/// What a reviewer says of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReviewComment")]
#[serde(deny_unknown_fields)]
pub struct Comment {
    pub message_id: MessageId,
    pub body: String,
}

/// A review without what its sheet asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "QualityReview")]
pub struct Review {
    pub id: ReviewId,
    pub conversation_id: ConversationId,
    pub agent_id: StaffId,
    pub reviewer_id: StaffId,
    pub sheet_id: SheetId,
    pub sheet_version: i64,
    pub sheet_name: String,
    pub state: ReviewState,
    /// Raised by every change.
    pub version: i64,
    pub marks: Marks,
    pub comments: Vec<Comment>,
    pub summary: String,
    /// Of a thousand; null while it is a draft, and where nothing applied.
    pub points: Option<i64>,
    /// A critical criterion got nothing.
    pub failed: bool,
    pub created_at: Timestamp,
    pub published_at: Option<Timestamp>,
    pub answer: Option<ReviewAnswer>,
    pub answer_reason: String,
    pub answered_at: Option<Timestamp>,
    pub resolution: Option<Resolution>,
    pub resolution_note: String,
    pub resolved_by: Option<StaffId>,
    pub resolved_at: Option<Timestamp>,
    /// What a correction replaced.
    pub first_points: Option<i64>,
}

impl FromRow for Review {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation_id: row.take()?,
            agent_id: row.take()?,
            reviewer_id: row.take()?,
            sheet_id: row.take()?,
            sheet_version: row.take()?,
            sheet_name: row.take()?,
            state: row.take()?,
            version: row.take()?,
            marks: serde_json::from_str(&row.take::<String>()?)?,
            comments: serde_json::from_str(&row.take::<String>()?)?,
            summary: row.take()?,
            points: row.take()?,
            failed: row.take()?,
            created_at: row.take()?,
            published_at: row.take()?,
            answer: row.take()?,
            answer_reason: row.take()?,
            answered_at: row.take()?,
            resolution: row.take()?,
            resolution_note: row.take()?,
            resolved_by: row.take()?,
            resolved_at: row.take()?,
            first_points: row.take()?,
        })
    }
}

/// A review with what its sheet asks, and its case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReviewDetail {
    #[serde(flatten)]
    pub review: Review,
    pub sections: Vec<sheets::Section>,
    pub conversation: ConversationRow,
}

/// A review as it is listed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReviewRow {
    #[serde(flatten)]
    pub review: Review,
    pub conversation: ConversationRow,
}

/// Whose work, and by which sheet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewReview {
    /// Whose work; when not given, of who had the case when it was closed.
    pub agent_id: Option<StaffId>,
    /// When not given, the oldest sheet in use.
    pub sheet_id: Option<SheetId>,
}

/// What a draft says so far.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveReview {
    /// The version that was edited.
    pub version: i64,
    pub marks: Marks,
    #[serde(default)]
    pub comments: Vec<Comment>,
    #[serde(default)]
    pub summary: String,
}

/// Which reviews.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewQuery {
    /// `published`, or the caller's own drafts; published ones when not given.
    pub state: Option<ReviewState>,
    pub agent: Option<StaffId>,
    /// Only disputes that nobody has ended.
    pub disputed: Option<bool>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

const SELECT: &str = "SELECT r.id, r.conversation_id, r.agent_id, r.reviewer_id, r.sheet_id, r.sheet_version, v.name, r.state, r.version, r.marks, r.comments, \
                      r.summary, r.points, r.failed, r.created_at, r.published_at, r.answer, r.answer_reason, r.answered_at, r.resolution, r.resolution_note, \
                      r.resolved_by, r.resolved_at, r.first_points FROM quality_reviews r JOIN quality_sheet_versions v \
                      ON v.workspace_id = r.workspace_id AND v.sheet_id = r.sheet_id AND v.version = r.sheet_version WHERE r.workspace_id = $1";

/// A review that this reviewer may see: any published one, and their own drafts.
///
/// # Errors
/// It is not there for them.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, id: ReviewId) -> Result<Review> {
    let found: Option<Review> = tx.optional(&format!("{SELECT} AND r.id = $2"), params![workspace, id]).await?;
    let seen = found.filter(|review| review.state == ReviewState::Published || Some(review.reviewer_id) == viewer);
    seen.ok_or_else(|| Problem::not_found("the review").into())
}

/// A published review of this person's own work.
///
/// # Errors
/// It is not there for them.
pub async fn load_own(tx: &mut Tx, workspace: WorkspaceId, agent: StaffId, id: ReviewId) -> Result<Review> {
    let review = load(tx, workspace, None, id).await?;
    if review.agent_id != agent {
        return Err(Problem::not_found("the review").into());
    }
    Ok(review)
}

/// A review with what its sheet asks and its case.
///
/// # Errors
/// The database refuses.
pub async fn detail(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, review: Review) -> Result<ReviewDetail> {
    let (_, definition) = sheets::version(tx, workspace, review.sheet_id, review.sheet_version).await?;
    let conversation = conversations::rows(tx, workspace, &[review.conversation_id], viewer).await?.pop();
    Ok(ReviewDetail { conversation: conversation.ok_or_else(|| Problem::not_found("the conversation"))?, sections: definition.sections, review })
}

/// Reviews, newest first.
///
/// # Errors
/// The cursor is of another list.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, query: &ReviewQuery) -> Result<Page<ReviewRow>> {
    let limit = ennakoi_http::limit(query.limit);
    let before: ReviewId = Cursor::read(query.cursor.as_deref())?.unwrap_or(ReviewId(uuid::Uuid::max()));
    let mut parameters: Vec<Value> = vec![workspace.into(), before.into()];
    let mut conditions = String::from(" AND r.id < $2");
    let mut with = |condition: &str, value: Value| {
        parameters.push(value);
        conditions.push_str(&format!(" AND {condition} ${}", parameters.len()));
    };
    let state = query.state.unwrap_or(ReviewState::Published);
    with("r.state =", state.into());
    if state == ReviewState::Draft {
        with("r.reviewer_id =", viewer.unwrap_or(StaffId(uuid::Uuid::nil())).into());
    }
    if let Some(agent) = query.agent {
        with("r.agent_id =", agent.into());
    }
    if query.disputed == Some(true) {
        conditions.push_str(" AND r.answer = 'disputed' AND r.resolution IS NULL");
    }
    parameters.push((limit + 1).into());
    let found: Vec<Review> = tx.all(&format!("{SELECT}{conditions} ORDER BY r.id DESC LIMIT ${}", parameters.len()), &parameters).await?;
    let page = Page::of(found, limit, |review| review.id);
    let ids: Vec<ConversationId> = page.items.iter().map(|review| review.conversation_id).collect();
    let rows: HashMap<_, _> = conversations::rows(tx, workspace, &ids, viewer).await?.into_iter().map(|row| (row.id, row)).collect();
    let items = page.items.into_iter().filter_map(|review| Some(ReviewRow { conversation: rows.get(&review.conversation_id)?.clone(), review }));
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}

/// Opens a sheet beside a closed case. Whoever has one open already gets the same.
///
/// # Errors
/// The case is not closed or nobody's, it is the reviewer's own work, or there is no sheet.
pub async fn begin(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    reviewer: StaffId,
    conversation: ConversationId,
    new: &NewReview,
) -> Result<Review> {
    let held = conversations::lock(tx, workspace, conversation).await?;
    let agent = new.agent_id.or_else(|| held.agent()).ok_or_else(|| Problem::conflict("no_agent", "nobody of staff had the case"))?;
    if agent == reviewer {
        return Err(Problem::conflict("own_work", "nobody reviews their own work").into());
    }
    let mine = format!("{SELECT} AND r.conversation_id = $2 AND r.agent_id = $3 AND r.reviewer_id = $4");
    if let Some(known) = tx.optional(&mine, params![workspace, conversation, agent, reviewer]).await? {
        return Ok(known);
    }
    if held.state != State::Closed {
        return Err(Problem::conflict("conversation_open", "the case is not closed").into());
    }
    let spoke: i64 = tx
        .scalar(
            "SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND author = $3 AND visibility = 'public' AND kind = 'text'",
            params![workspace, conversation, Actor::Staff(agent).to_string()],
        )
        .await?;
    if spoke == 0 {
        return Err(Problem::conflict("no_agent", "this person said nothing to the customer").into());
    }
    let sheet = match new.sheet_id {
        Some(id) => sheets::load(tx, workspace, id).await?,
        None => sheets::list(tx, workspace).await?.into_iter().next().ok_or_else(|| Problem::conflict("no_sheet", "there is no score sheet"))?,
    };
    let id: ReviewId = environment.new_id();
    tx.execute(
        "INSERT INTO quality_reviews (workspace_id, id, conversation_id, agent_id, reviewer_id, sheet_id, sheet_version, state, version, marks, comments, summary, \
         failed, created_at, answer_reason, resolution_note) VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', 1, '{}', '[]', '', FALSE, $8, '', '')",
        params![workspace, id, conversation, agent, reviewer, sheet.id, sheet.version, environment.now()],
    )
    .await?;
    queue::moved(tx, workspace, conversation, agent, CaseState::Begun).await?;
    load(tx, workspace, Some(reviewer), id).await
}

/// The reviewer's own draft, to be changed.
async fn draft(tx: &mut Tx, workspace: WorkspaceId, reviewer: StaffId, id: ReviewId) -> Result<Review> {
    let review = load(tx, workspace, Some(reviewer), id).await?;
    if review.reviewer_id != reviewer {
        return Err(Problem::forbidden("only who began a review writes it").into());
    }
    if review.state == ReviewState::Published {
        return Err(Problem::conflict("already_published", "a published review is not rewritten").into());
    }
    Ok(review)
}

/// Keeps what a draft says so far.
///
/// # Errors
/// A mark does not fit the sheet, a comment points elsewhere, or another window has saved meanwhile.
pub async fn save(tx: &mut Tx, workspace: WorkspaceId, reviewer: StaffId, id: ReviewId, it: &SaveReview) -> Result<Review> {
    let review = draft(tx, workspace, reviewer, id).await?;
    let (_, definition) = sheets::version(tx, workspace, review.sheet_id, review.sheet_version).await?;
    check_marks(&definition, &it.marks)?;
    check_words(tx, workspace, &review, it).await?;
    let kept = tx
        .execute(
            "UPDATE quality_reviews SET version = version + 1, marks = $4, comments = $5, summary = $6 \
             WHERE workspace_id = $1 AND id = $2 AND version = $3 AND state = 'draft'",
            params![workspace, id, it.version, serde_json::to_string(&it.marks)?, serde_json::to_string(&it.comments)?, it.summary.trim()],
        )
        .await?;
    if kept == 0 {
        return Err(Problem::conflict("review_changed", "another window has saved this review").into());
    }
    load(tx, workspace, Some(reviewer), id).await
}

/// Marks fit their criteria; not all of them need one yet.
pub(crate) fn check_marks(sheet: &Definition, marks: &Marks) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    for (id, mark) in marks {
        let Some(criterion) = sheet.criteria().find(|criterion| criterion.id == *id) else {
            errors.add(format!("marks.{id}"), "unknown", "no criterion of this sheet");
            continue;
        };
        match mark.value {
            None if !criterion.may_not_apply => errors.add(format!("marks.{id}"), "required", "this criterion always applies"),
            Some(value) if !(0..=criterion.most()).contains(&value) => errors.add(format!("marks.{id}"), "out_of_range", format!("0 to {}", criterion.most())),
            _ => {}
        }
        if mark.note.chars().count() > NOTE_MAX {
            errors.add(format!("marks.{id}.note"), "too_long", format!("at most {NOTE_MAX} characters"));
        }
    }
    errors.finish()
}

/// Every criterion has its mark.
pub(crate) fn check_whole(sheet: &Definition, marks: &Marks) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    for criterion in sheet.criteria().filter(|criterion| !marks.contains_key(&criterion.id)) {
        errors.add(format!("marks.{}", criterion.id), "required", "no mark yet");
    }
    errors.finish()
}

async fn check_words(tx: &mut Tx, workspace: WorkspaceId, review: &Review, it: &SaveReview) -> Result<()> {
    let mut errors = FieldErrors::default();
    if it.summary.chars().count() > TEXT_MAX {
        errors.add("summary", "too_long", format!("at most {TEXT_MAX} characters"));
    }
    if it.comments.len() > COMMENTS_MAX {
        errors.add("comments", "too_many", format!("at most {COMMENTS_MAX}"));
        errors.finish()?;
        return Ok(());
    }
    let ids: Vec<MessageId> = it.comments.iter().map(|comment| comment.message_id).collect();
    let there: HashSet<MessageId> = messages::by_ids(tx, workspace, &ids)
        .await?
        .into_iter()
        .filter(|message| message.conversation_id == review.conversation_id)
        .map(|message| message.id)
        .collect();
    for (at, comment) in it.comments.iter().enumerate() {
        if !there.contains(&comment.message_id) {
            errors.add(format!("comments[{at}].message_id"), "unknown", "no message of this case");
        }
        if comment.body.trim().is_empty() {
            errors.add(format!("comments[{at}].body"), "required", "must not be empty");
        } else if comment.body.chars().count() > NOTE_MAX {
            errors.add(format!("comments[{at}].body"), "too_long", format!("at most {NOTE_MAX} characters"));
        }
    }
    Ok(errors.finish()?)
}

/// Shows a draft to the person whose work it is about, for good.
///
/// # Errors
/// A criterion has no mark yet, or it is published already.
pub async fn publish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, reviewer: StaffId, id: ReviewId) -> Result<Review> {
    let review = draft(tx, workspace, reviewer, id).await?;
    let (_, definition) = sheets::version(tx, workspace, review.sheet_id, review.sheet_version).await?;
    check_whole(&definition, &review.marks)?;
    let Outcome { points, failed } = score::outcome(&definition, &review.marks);
    let done = tx
        .execute(
            "UPDATE quality_reviews SET state = 'published', version = version + 1, points = $4, failed = $5, published_at = $6 \
             WHERE workspace_id = $1 AND id = $2 AND version = $3 AND state = 'draft'",
            params![workspace, id, review.version, points, failed, environment.now()],
        )
        .await?;
    if done == 0 {
        return Err(Problem::conflict("review_changed", "another window has saved this review").into());
    }
    queue::moved(tx, workspace, review.conversation_id, review.agent_id, CaseState::Reviewed).await?;
    let review = load(tx, workspace, Some(reviewer), id).await?;
    tell(tx, environment, workspace, Actor::Staff(reviewer), "review.published", &review).await?;
    Ok(review)
}

/// Throws a draft away; its case waits again.
///
/// # Errors
/// It is not the reviewer's own draft.
pub async fn discard(tx: &mut Tx, workspace: WorkspaceId, reviewer: StaffId, id: ReviewId) -> Result<()> {
    let review = draft(tx, workspace, reviewer, id).await?;
    tx.execute("DELETE FROM quality_reviews WHERE workspace_id = $1 AND id = $2 AND state = 'draft'", params![workspace, id]).await?;
    queue::moved(tx, workspace, review.conversation_id, review.agent_id, CaseState::Waiting).await
}

/// Audit and event of what became of a review. The event names neither case nor person, not even who acted: everybody's screens hear it.
pub(super) async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, review: &Review) -> Result<()> {
    let detail = json!({
        "conversation": review.conversation_id, "agent": review.agent_id, "sheet": review.sheet_id, "sheet_version": review.sheet_version,
        "points": review.points, "failed": review.failed, "first_points": review.first_points, "answer": review.answer, "resolution": review.resolution,
    });
    audit::record(tx, environment, workspace, actor, kind, "review", review.id, detail).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, Actor::System, json!({ "review": review.id }))]).await?;
    Ok(())
}
