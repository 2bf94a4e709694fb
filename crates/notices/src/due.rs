//! When notices go out: after a rest in which they are read in the console or joined by others, not in quiet hours, and, where the
//! person wants that, not while the console is open.

use std::sync::Arc;

use ennakoi_http::App;
use ennakoi_inbox::live::connected;
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_people::staff;
use ennakoi_store::{
    Result, Tx,
    timers::{self, Timer, TimerKind},
};
use serde_json::json;

use crate::{
    hooks,
    kinds::Way,
    letter, push,
    settings::{self, NoticeSettings},
    store::{self, Notice},
};

const KIND: &str = "notices";
/// Long enough for who looks at the console to read what they are told.
const PUSH_REST: Duration = Duration::seconds(5);
const CHAT_REST: Duration = Duration::seconds(20);
/// What has waited longer, for quiet hours or a closed console, is no news on a screen any more; mails wait out a weekend.
const SCREEN_NEWS: Duration = Duration::hours(12);
const MAIL_NEWS: Duration = Duration::days(4);

pub(crate) fn timer(app: &App) -> TimerKind {
    let app = app.clone();
    TimerKind {
        kind: KIND,
        handle: Arc::new(move |tx, _, timer| {
            let app = app.clone();
            Box::pin(async move { fire(tx, &app, timer).await })
        }),
    }
}

/// How long a way waits for more.
pub(crate) fn rest(way: Way, settings: &NoticeSettings) -> Duration {
    match way {
        Way::Email => Duration::minutes(settings.mail_after_minutes),
        Way::Push => PUSH_REST,
        Way::Chat => CHAT_REST,
    }
}

/// Whether the way leads anywhere for this person.
pub(crate) async fn exists(tx: &mut Tx, app: &App, workspace: WorkspaceId, staff: StaffId, way: Way) -> Result<bool> {
    match way {
        Way::Email => Ok(!app.configuration.mail.smtp_url.is_empty()),
        Way::Push => push::store::any(tx, workspace, staff).await,
        Way::Chat => hooks::any_of(tx, workspace, staff).await,
    }
}

async fn set(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, way: Way, at: Timestamp) -> Result<()> {
    timers::set(tx, workspace, &key(staff, way), KIND, at, json!({ "staff": staff, "way": way })).await
}

/// Sees to it that what waits goes out; what waits already keeps its time.
pub(crate) async fn ensure(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, way: Way, at: Timestamp) -> Result<()> {
    timers::ensure(tx, workspace, &key(staff, way), KIND, at, json!({ "staff": staff, "way": way })).await
}

fn key(staff: StaffId, way: Way) -> String {
    format!("{KIND}:{staff}:{}", way.as_str())
}

async fn fire(tx: &mut Tx, app: &App, timer: &Timer) -> Result<()> {
    let (workspace, now) = (timer.workspace, app.environment.now());
    let staff: StaffId = serde_json::from_value(timer.payload["staff"].clone())?;
    let way: Way = serde_json::from_value(timer.payload["way"].clone())?;
    let waiting = store::waiting(tx, workspace, staff, way).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let Some(reader) = staff::reader(tx, workspace, staff).await? else { return store::settle_all(tx, workspace, staff, way).await };
    let settings = settings::of(tx, workspace, staff, reader.role).await?;
    let news = if way == Way::Email { MAIL_NEWS } else { SCREEN_NEWS };
    let wanted = |notice: &Notice| notice.unread && notice.at + news > now && settings.ways(notice.kind, reader.role, now).has(way);
    let (going, dropped): (Vec<Notice>, Vec<Notice>) = waiting.into_iter().partition(wanted);
    store::settle(tx, workspace, staff, way, &dropped).await?;
    if going.is_empty() {
        // There were more of them than one look takes.
        return if dropped.len() as i64 == store::AT_ONCE { set(tx, workspace, staff, way, now).await } else { Ok(()) };
    }
    if let Some(until) = settings.quiet_until(now) {
        return set(tx, workspace, staff, way, until).await;
    }
    if settings.only_away.contains(&way)
        && let Some(until) = connected::until(tx, workspace, staff, now).await?
    {
        return set(tx, workspace, staff, way, until).await;
    }
    let count = going.len() + dropped.len();
    match way {
        Way::Email => letter::plan(tx, app, workspace, &reader, settings.detail, &going).await?,
        Way::Push => push::plan(tx, app, workspace, &reader, settings.detail, &going).await?,
        Way::Chat => hooks::plan(tx, app, workspace, &reader, settings.detail, &going).await?,
    }
    store::settle(tx, workspace, staff, way, &going).await?;
    if count as i64 == store::AT_ONCE { set(tx, workspace, staff, way, now + rest(way, &settings)).await } else { Ok(()) }
}
