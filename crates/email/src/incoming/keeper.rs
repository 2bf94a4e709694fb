//! Reads every mailbox: one dialogue each, under a lease, so that several nodes share the mailboxes and each is read by one.

use std::time::Duration as StdDuration;

use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp};
use ennakoi_store::{
    Engine, Result,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::{
    receive::{self, Shown},
    session::{self, BATCH, Open},
};
use crate::{
    incoming::limits,
    mailbox::{Cursor, Mailbox, State, secrets, secrets::Renew, store},
    wire::{Credentials, Trouble},
};

/// Mailboxes that one node reads, at most.
const MAILBOXES: usize = 500;
const LEASE: Duration = Duration::minutes(2);
/// How often a mailbox is looked at for changed settings.
const HELD_LOOK: StdDuration = StdDuration::from_secs(2);
/// A dialogue without news looks by itself after this long.
const LOOK: StdDuration = StdDuration::from_secs(290);
/// The same for servers that cannot tell.
const LOOK_WITHOUT_IDLE: StdDuration = StdDuration::from_secs(30);
const SWEEP: StdDuration = StdDuration::from_millis(500);
/// Waits after the first failure, after further ones, and after a refused sign-in, which only a person can mend.
const FIRST_WAIT: Duration = Duration::seconds(5);
const LATER_WAIT: Duration = Duration::minutes(2);
const REFUSED_WAIT: Duration = Duration::minutes(5);
/// Mails that came this long before the mailbox was set up are looked at when the server has numbered everything anew.
const SLACK: Duration = Duration::days(1);

/// Keeps reading until `stop` becomes true.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let owner = app.environment.token(8);
    let mut readers = JoinSet::new();
    if let Err(error) = reclaim(&app).await {
        tracing::warn!(%error, "leases of a process that is gone end by themselves");
    }
    while !*stop.borrow() {
        match take(&app, &owner, MAILBOXES.saturating_sub(readers.len())).await {
            Ok(taken) => {
                for mailbox in taken {
                    readers.spawn(keep(app.clone(), mailbox, owner.clone(), stop.clone()));
                }
            }
            Err(error) => tracing::warn!(%error, "mailboxes cannot be claimed"),
        }
        tokio::select! { _ = stop.changed() => {}, () = tokio::time::sleep(SWEEP) => {} }
        while readers.try_join_next().is_some() {}
    }
    while readers.join_next().await.is_some() {}
}

/// An embedded database has one process: whoever held a mailbox when it starts was killed.
async fn reclaim(app: &App) -> Result<()> {
    if app.db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    store::reclaim(&mut tx).await?;
    tx.commit().await
}

async fn take(app: &App, owner: &str, room: usize) -> Result<Vec<Mailbox>> {
    let now = app.environment.now();
    if room == 0 || !store::waiting(&mut app.db.read().await?, now).await? {
        return Ok(Vec::new());
    }
    let mut tx = app.db.begin().await?;
    let taken = store::claim(&mut tx, now, now + LEASE, owner, i64::try_from(room).unwrap_or(1)).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Reads one mailbox until it is changed, the node stops, or it cannot be reached.
async fn keep(app: App, mut mailbox: Mailbox, owner: String, mut stop: watch::Receiver<bool>) {
    let held = mailbox.clone();
    let ended = tokio::select! {
        ended = read(&app, &mut mailbox) => Some(ended),
        () = hold(&app, held, &owner) => None,
        _ = stop.changed() => None,
    };
    let now = app.environment.now();
    let again_at = match ended {
        Some(Err(trouble)) => now + report(&app, &mailbox, &trouble).await,
        _ => now - Duration::seconds(1),
    };
    let released = async {
        let mut tx = app.db.begin().await?;
        store::release(&mut tx, &mailbox, &owner, again_at).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::debug!(%error, "a mailbox's lease will expire by itself");
    }
}

/// Stores why a mailbox cannot be reached, tells the company when it is news, and says how long to wait.
async fn report(app: &App, mailbox: &Mailbox, trouble: &Trouble) -> Duration {
    let state = if trouble.code == "consent_needed" { State::ConsentNeeded } else { State::Failing };
    if let Err(error) = set_state(app, mailbox, state, Some(trouble)).await {
        tracing::warn!(%error, "the state of a mailbox was not stored");
    }
    match (trouble.code, mailbox.state) {
        ("sign_in_refused" | "consent_needed" | "token_refused", _) => REFUSED_WAIT,
        (_, State::New | State::Connected) => FIRST_WAIT,
        _ => LATER_WAIT,
    }
}

pub(crate) async fn set_state(app: &App, mailbox: &Mailbox, state: State, trouble: Option<&Trouble>) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let told = trouble.map(|trouble| (trouble.code, trouble.detail.as_str()));
    if store::set_state(&mut tx, mailbox, state, told, app.environment.now()).await? {
        let payload = json!({ "mailbox": mailbox.id, "channel": mailbox.channel, "state": state, "trouble": trouble.map(|it| it.code) });
        timeline::append(&mut tx, &app.environment, mailbox.workspace, vec![NewEvent::new("mailbox.state_changed", Actor::System, payload)]).await?;
    }
    tx.commit().await
}

/// Renews the lease; returns when the mailbox is to be left.
async fn hold(app: &App, mailbox: Mailbox, owner: &str) {
    let mut renewed_at = app.environment.now();
    loop {
        tokio::time::sleep(HELD_LOOK).await;
        let now = app.environment.now();
        // A look costs nothing; it is written only when half of the lease is over.
        let due = renewed_at + Duration(LEASE.0 / 2) <= now;
        let kept = async {
            if !due {
                return store::is_held(&mut app.db.read().await?, &mailbox, owner).await;
            }
            let mut tx = app.db.begin().await?;
            let kept = store::renew(&mut tx, &mailbox, owner, now + LEASE).await?;
            tx.commit().await?;
            Ok::<_, ennakoi_store::Error>(kept)
        };
        match kept.await {
            Ok(true) if due => renewed_at = now,
            Ok(true) => {}
            Ok(false) => return,
            // Beyond the lease another node may read: two readers would only work twice, but not wrongly.
            Err(error) if renewed_at + LEASE < now => {
                tracing::warn!(%error, "a mailbox is left because its lease cannot be renewed");
                return;
            }
            Err(_) => {}
        }
    }
}

async fn read(app: &App, mailbox: &mut Mailbox) -> std::result::Result<(), Trouble> {
    let mut open = sign_in(app, mailbox).await?;
    set_state(app, mailbox, State::Connected, None).await.map_err(internal)?;
    mailbox.state = State::Connected;
    loop {
        catch_up(app, mailbox, &mut open).await?;
        if open.has_news() {
            continue;
        }
        if open.can_idle {
            open = open.news(LOOK).await?;
        } else {
            tokio::time::sleep(LOOK_WITHOUT_IDLE).await;
            open.knock().await?;
        }
    }
}

/// Signs in; a token that is refused is replaced once.
pub(crate) async fn sign_in(app: &App, mailbox: &mut Mailbox) -> std::result::Result<Open, Trouble> {
    let credentials = secrets::credentials(app, mailbox, Renew::WhenDue).await?;
    match session::open(app, &mailbox.settings, &credentials).await {
        Err(trouble) if trouble.code == "sign_in_refused" && matches!(credentials, Credentials::Bearer { .. }) => {
            let fresh = secrets::credentials(app, mailbox, Renew::Now).await?;
            session::open(app, &mailbox.settings, &fresh).await.map_err(|again| match again.code {
                "sign_in_refused" => Trouble::new("consent_needed", again.detail),
                _ => again,
            })
        }
        other => other,
    }
}

async fn catch_up(app: &App, mailbox: &mut Mailbox, open: &mut Open) -> std::result::Result<(), Trouble> {
    let folder = open.folder;
    let (from, since) = match (mailbox.cursor.uid_validity, mailbox.cursor.last_uid) {
        (Some(validity), Some(last)) if validity == folder.uid_validity => (last + 1, None),
        // Everything has new numbers: what is known is recognised by its name.
        (Some(_), _) => (1, Some(day(mailbox.created_at - SLACK))),
        // A new mailbox begins with what comes from now on.
        (None, _) => {
            let cursor = Cursor { uid_validity: Some(folder.uid_validity), last_uid: Some(folder.uid_next - 1), highest_modseq: folder.highest_modseq };
            note(app, mailbox, cursor).await.map_err(internal)?;
            return Ok(());
        }
    };
    let uids = open.list(from, since.as_deref()).await?;
    for batch in uids.chunks(BATCH) {
        let items = open.sizes(batch).await?;
        for item in items {
            let shown = if item.size > limits::MAIL_BYTES as u64 {
                open.head(item.uid).await?.map(|head| Shown::Head { head, size: item.size })
            } else {
                open.whole(item.uid).await?.map(Shown::Whole)
            };
            let cursor = Cursor { uid_validity: Some(folder.uid_validity), last_uid: Some(i64::from(item.uid)), highest_modseq: folder.highest_modseq };
            if let Some(shown) = shown {
                take_in(app, mailbox, shown, cursor).await.map_err(internal)?;
            }
            mailbox.cursor = cursor;
        }
    }
    if since.is_some() && uids.is_empty() {
        let cursor = Cursor { uid_validity: Some(folder.uid_validity), last_uid: Some(folder.uid_next - 1), highest_modseq: folder.highest_modseq };
        note(app, mailbox, cursor).await.map_err(internal)?;
    }
    Ok(())
}

/// Takes in one mail. One that the domain refuses is left on the server and passed over, so that the others come through.
async fn take_in(app: &App, mailbox: &Mailbox, shown: Shown, cursor: Cursor) -> Result<()> {
    match receive::receive(app, mailbox, shown, Some(cursor)).await {
        Err(error) if receive::is_the_mails_fault(&error) => {
            tracing::error!(mailbox = %mailbox.id, uid = cursor.last_uid, %error, "a mail was passed over");
            let mut tx = app.db.begin().await?;
            store::advance(&mut tx, mailbox.workspace, mailbox.id, cursor).await?;
            tx.commit().await
        }
        other => other,
    }
}

async fn note(app: &App, mailbox: &mut Mailbox, cursor: Cursor) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::advance(&mut tx, mailbox.workspace, mailbox.id, cursor).await?;
    tx.commit().await?;
    mailbox.cursor = cursor;
    Ok(())
}

fn internal(error: ennakoi_store::Error) -> Trouble {
    Trouble::new("internal", error.to_string())
}

/// A day as IMAP writes it: `30-Nov-2026`.
fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d-%b-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_imap_wants_them() {
        for (seconds, written) in [(0, "1-Jan-1970"), (1_709_164_800, "29-Feb-2024"), (1_796_040_000, "30-Nov-2026"), (1_767_225_599, "31-Dec-2025")] {
            assert_eq!(day(Timestamp::from_seconds(seconds)), written);
        }
    }
}
