//! Imports of history over HTTP: upload, look, start, hold, and read what was rejected.

use axum::{
    extract::{Multipart, State},
    http::StatusCode,
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Query, Route, delete, get, post, put};
use ennakoi_inbox::channels;
use ennakoi_kernel::{
    Problem, ProblemKind, Timestamp,
    access::{Access, Permission},
    ids::{ChannelId, ImportId},
    limits,
};
use ennakoi_people::audit;
use ennakoi_store::{Result, Tx, files};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Format,
    store::{self, Counts, Import, Phase, RejectionRow},
};

/// Imports that are being read or written in one workspace, at most.
const AT_ONCE: usize = 5;
const NAME_CHARACTERS: usize = 200;
const SOURCE_BYTES: usize = 40;

pub(super) fn routes() -> Vec<Route> {
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/imports/history", "list_history_imports", manages, list_history_imports)
            .summary("Imports of past conversations, newest first.")
            .query::<PageQuery>()
            .returns::<Page<ImportView>>(200),
        post("/api/v1/imports/history", "create_history_import", manages, create_history_import)
            .summary("Uploads a file of past conversations (multipart, field `file`) and begins its dry run; nothing is written yet.")
            .query::<NewImport>()
            .body_bytes(limits::IMPORT_BYTES + (64 << 10))
            .returns::<ImportView>(201),
        get("/api/v1/imports/history/{id}", "read_history_import", manages, read_history_import)
            .summary("How far an import has come.")
            .returns::<ImportView>(200),
        put("/api/v1/imports/history/{id}/run", "run_history_import", manages, run_history_import)
            .summary("Begins to write, or goes on where it was held. Nothing is sent and nobody is woken.")
            .returns::<ImportView>(200),
        delete("/api/v1/imports/history/{id}/run", "hold_history_import", manages, hold_history_import)
            .summary("Holds an import; what was written stays.")
            .returns::<ImportView>(200),
        get("/api/v1/imports/history/{id}/rejections", "list_history_rejections", manages, list_history_rejections)
            .summary("Records that were not taken, in the file's order.")
            .query::<PageQuery>()
            .returns::<Page<RejectionRow>>(200),
        delete("/api/v1/imports/history/{id}", "delete_history_import", manages, delete_history_import)
            .summary("Forgets an import that is not at work; its conversations stay.")
            .answers(204),
    ]
}

/// An import as it is shown.
#[derive(Serialize, JsonSchema)]
struct ImportView {
    id: ImportId,
    channel_id: ChannelId,
    format: Format,
    source: String,
    name: String,
    bytes: i64,
    state: Phase,
    /// Why the file cannot be read: a code, and for developers what it is about.
    trouble: Option<String>,
    /// Of the dry run, until writing begins.
    counts: Counts,
    /// The first conversations, as they would be taken.
    preview: Value,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<Import> for ImportView {
    fn from(it: Import) -> Self {
        Self {
            id: it.id,
            channel_id: it.channel,
            format: it.format,
            source: it.source,
            name: it.name,
            bytes: it.bytes,
            state: it.phase,
            trouble: it.trouble,
            counts: it.counts,
            preview: it.preview,
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewImport {
    format: Format,
    /// The channel on which the conversations stand.
    channel: ChannelId,
    /// Name of the system that the ids are of; the format's name unless said otherwise. Two accounts of the same system need two names.
    #[serde(default)]
    source: Option<String>,
}

async fn list_history_imports(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<ImportView>>> {
    let before = Cursor::read(query.cursor.as_deref())?.unwrap_or(ImportId(uuid::Uuid::max()));
    let rows = store::list(&mut app.db.read().await?, member.workspace, before, query.limit() + 1).await?;
    Ok(Json(Page::of(rows, query.limit(), |it| it.id).map(ImportView::from)))
}

async fn create_history_import(
    State(app): State<App>,
    member: Member,
    Query(query): Query<NewImport>,
    form: Multipart,
) -> ApiResult<(StatusCode, Json<ImportView>)> {
    let source = query.source.unwrap_or_else(|| query.format.as_str().to_owned());
    if source.is_empty() || source.len() > SOURCE_BYTES || !source.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(Problem::field("source", "invalid", format!("1 to {SOURCE_BYTES} letters, digits, - _ .")).into());
    }
    let (name, bytes) = file(form).await?;
    let mut tx = app.db.read().await?;
    channels::load(&mut tx, member.workspace, query.channel).await.map_err(|_| Problem::field("channel", "unknown", "no channel of this workspace"))?;
    let running = store::list(&mut tx, member.workspace, ImportId(uuid::Uuid::max()), 50).await?;
    drop(tx);
    if running.iter().filter(|it| matches!(it.phase, Phase::Checking | Phase::Running)).count() >= AT_ONCE {
        return Err(Problem::conflict("too_many", format!("at most {AT_ONCE} imports at once")).into());
    }
    let sha256 = files::digest(&bytes);
    app.blobs.put(&files::key(member.workspace, &sha256), bytes.clone()).await?;
    let import = Import {
        id: app.environment.new_id(),
        workspace: member.workspace,
        channel: query.channel,
        format: query.format,
        source,
        name: name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS).collect(),
        sha256,
        bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        phase: Phase::Checking,
        trouble: None,
        counts: Counts::default(),
        preview: json!([]),
        started_by: member.actor,
        created_at: app.environment.now(),
        finished_at: None,
    };
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &import).await?;
    let detail = json!({ "format": import.format, "name": import.name, "bytes": import.bytes });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "history_import.created", "history_import", import.id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(import.into())))
}

async fn file(mut form: Multipart) -> Result<(String, Bytes), Problem> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(ProblemKind::TooLarge, "too_large", format!("at most {} bytes; split the file", limits::IMPORT_BYTES))
        } else {
            Problem::invalid("multipart_invalid", error.body_text())
        }
    };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(broken)?;
            return if bytes.is_empty() { Err(Problem::field("file", "required", "the file is empty")) } else { Ok((name, bytes)) };
        }
    }
    Err(Problem::field("file", "required", "send the file in the multipart field `file`"))
}

async fn load(tx: &mut Tx, member: &Member, id: ImportId) -> Result<Import> {
    store::find(tx, member.workspace, id).await?.ok_or_else(|| Problem::not_found("the import").into())
}

async fn read_history_import(State(app): State<App>, member: Member, Path(id): Path<ImportId>) -> ApiResult<Json<ImportView>> {
    Ok(Json(load(&mut app.db.read().await?, &member, id).await?.into()))
}

async fn turn(app: &App, member: &Member, id: ImportId, from: &[Phase], to: Phase, action: &'static str) -> ApiResult<Json<ImportView>> {
    let mut tx = app.db.begin().await?;
    let import = load(&mut tx, member, id).await?;
    if import.phase == to {
        return Ok(Json(import.into()));
    }
    if !from.contains(&import.phase) {
        return Err(Problem::conflict("import_state", format!("it is {}", import.phase.as_str())).into());
    }
    if import.phase == Phase::Checked {
        // The dry run's counts make room for the real ones.
        store::begin(&mut tx, &import).await?;
    }
    if !store::turn(&mut tx, &import, to).await? {
        return Err(Problem::conflict("import_state", "it has changed meanwhile").into());
    }
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, action, "history_import", id, json!({})).await?;
    let import = load(&mut tx, member, id).await?;
    tx.commit().await?;
    Ok(Json(import.into()))
}

async fn run_history_import(State(app): State<App>, member: Member, Path(id): Path<ImportId>) -> ApiResult<Json<ImportView>> {
    turn(&app, &member, id, &[Phase::Checked, Phase::Paused], Phase::Running, "history_import.started").await
}

async fn hold_history_import(State(app): State<App>, member: Member, Path(id): Path<ImportId>) -> ApiResult<Json<ImportView>> {
    turn(&app, &member, id, &[Phase::Running], Phase::Paused, "history_import.held").await
}

async fn list_history_rejections(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ImportId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<RejectionRow>>> {
    let after: i64 = Cursor::read(query.cursor.as_deref())?.unwrap_or(0);
    let mut tx = app.db.read().await?;
    load(&mut tx, &member, id).await?;
    let rows = store::rejections(&mut tx, member.workspace, id, after, query.limit() + 1).await?;
    Ok(Json(Page::of(rows, query.limit(), |row| row.place)))
}

async fn delete_history_import(State(app): State<App>, member: Member, Path(id): Path<ImportId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let import = load(&mut tx, &member, id).await?;
    if matches!(import.phase, Phase::Checking | Phase::Running) {
        return Err(Problem::conflict("import_state", "hold it first").into());
    }
    store::remove(&mut tx, member.workspace, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "history_import.removed", "history_import", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
