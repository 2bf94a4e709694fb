//! Delivers what is planned.

use std::{collections::HashMap, time::Duration as StdDuration};

use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Method, Reach, Request, header};
use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp};
use ennakoi_store::Result;
use tokio::{sync::watch, task::JoinSet};
use url::Url;

use crate::{
    sign,
    store::{self, Attempt, Claimed, Webhook},
};

/// Waits between the ten tries: together 75 hours and 35 minutes.
const WAITS: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];
const LEASE: Duration = Duration::minutes(1);
/// Deliveries under way at the same time.
const AT_ONCE: usize = 16;
/// A receiver may ask for a longer wait, up to this.
const LONGEST_WAIT: Duration = Duration::hours(24);
const KEPT: Duration = Duration::days(30);
const IDLE: StdDuration = StdDuration::from_millis(500);

pub(crate) fn client(app: &App) -> Option<Egress> {
    let reach = if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
    Egress::new(reach, Limits { answer_bytes: 64 << 10, ..Limits::default() }).inspect_err(|error| tracing::error!(%error, "webhooks cannot be delivered")).ok()
}

/// Delivers until `stop` becomes true, and then finishes what is under way. A receiver that is slow holds up nobody else's.
pub(crate) async fn run(app: App, client: Option<Egress>, mut stop: watch::Receiver<bool>) {
    let Some(client) = client else { return };
    let mut round = 0u32;
    let mut tasks = JoinSet::new();
    while !*stop.borrow() {
        let begun = match begin_due(&app, &client, &mut tasks).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(%error, "webhooks cannot be claimed");
                0
            }
        };
        // At the start, and then from time to time.
        if round.is_multiple_of(1_000)
            && let Err(error) = forget_old(&app).await
        {
            tracing::warn!(%error, "old deliveries are not removed");
        }
        round = round.wrapping_add(1);
        if begun == 0 {
            tokio::select! {
                _ = stop.changed() => {}
                Some(_) = tasks.join_next() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

async fn forget_old(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::forget(&mut tx, app.environment.now() - KEPT).await?;
    tx.commit().await
}

/// Begins as many due deliveries as there is room for; returns how many.
async fn begin_due(app: &App, client: &Egress, tasks: &mut JoinSet<()>) -> Result<usize> {
    let now = app.environment.now();
    let room = AT_ONCE.saturating_sub(tasks.len());
    if room == 0 || !store::due(&mut app.db.read().await?, now).await? {
        return Ok(0);
    }
    let mut tx = app.db.begin().await?;
    let claimed = store::claim(&mut tx, now, now + LEASE, i64::try_from(room).unwrap_or(1)).await?;
    let mut webhooks: HashMap<_, Webhook> = HashMap::new();
    for delivery in &claimed {
        if !webhooks.contains_key(&delivery.webhook)
            && let Some(webhook) = store::find(&mut tx, delivery.workspace, delivery.webhook).await?
        {
            webhooks.insert(delivery.webhook, webhook);
        }
    }
    tx.commit().await?;
    let count = claimed.len();
    for delivery in claimed {
        let Some(webhook) = webhooks.get(&delivery.webhook).cloned() else { continue };
        let (app, client) = (app.clone(), client.clone());
        tasks.spawn(async move {
            if let Err(error) = attempt(&app, &client, &webhook, &delivery).await {
                tracing::warn!(%error, "the outcome of a delivery was not stored; it will be tried again");
            }
        });
    }
    Ok(count)
}

async fn attempt(app: &App, client: &Egress, webhook: &Webhook, delivery: &Claimed) -> Result<()> {
    let now = app.environment.now();
    let answer = call(app, client, webhook, delivery, now).await;
    let gone = matches!(&answer, Ok((410, _)));
    let mut tx = app.db.begin().await?;
    store::record(&mut tx, delivery.workspace, delivery.id, outcome(&answer, delivery.attempts, app.environment.now())).await?;
    if gone {
        store::disable(&mut tx, delivery.workspace, webhook.id, "gone", app.environment.now()).await?;
    }
    tx.commit().await
}

/// Status and the wait that the receiver asked for.
type Answered = std::result::Result<(u16, Option<Duration>), String>;

async fn call(app: &App, client: &Egress, webhook: &Webhook, delivery: &Claimed, now: Timestamp) -> Answered {
    let url = Url::parse(&webhook.url).map_err(|error| error.to_string())?;
    let id = format!("msg_{}", delivery.id.0.simple());
    let signatures = sign::signatures(&app.secret, webhook.id, webhook.rotation, webhook.rotated_at, &id, now, &delivery.body);
    let mut headers = header::HeaderMap::new();
    let values = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", now.seconds().to_string()),
        ("webhook-signature", signatures),
    ];
    for (name, value) in values {
        headers.insert(header::HeaderName::from_static(name), value.parse().map_err(|_| "a header cannot be written".to_owned())?);
    }
    let request = Request { method: Method::POST, url, headers, body: Bytes::from(delivery.body.clone()) };
    let answer = client.call(request).await.map_err(|error| error.to_string())?;
    let wait = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|value| value.trim().parse::<i64>().ok());
    Ok((answer.status.as_u16(), wait.map(Duration::seconds)))
}

/// Success is 2xx and nothing else; a redirect is a failure, because where it leads was not agreed.
fn outcome(answer: &Answered, attempts: i64, now: Timestamp) -> Attempt {
    let (status, error, asked) = match answer {
        Ok((status, wait)) => (Some(i64::from(*status)), None, *wait),
        Err(error) => (None, Some(error.clone()), None),
    };
    if status.is_some_and(|status| (200..300).contains(&status)) {
        return Attempt { state: "delivered", next_at: now, status, error, finished_at: Some(now) };
    }
    let wait = usize::try_from(attempts - 1).ok().and_then(|at| WAITS.get(at));
    match wait {
        Some(wait) if status != Some(410) => {
            let wait = asked.filter(|asked| asked.0 > wait.0).unwrap_or(*wait);
            Attempt { state: "planned", next_at: now + Duration(wait.0.min(LONGEST_WAIT.0)), status, error, finished_at: None }
        }
        _ => Attempt { state: "failed", next_at: now, status, error, finished_at: Some(now) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_over_seventy_five_hours() {
        let start = Timestamp::from_seconds(1_000_000);
        let (mut now, mut tries) = (start, 0);
        loop {
            tries += 1;
            let attempt = outcome(&Ok((503, None)), tries, now);
            if attempt.state == "failed" {
                break;
            }
            now = attempt.next_at;
        }
        assert_eq!(tries, 10);
        assert_eq!((now - start).0 / 60_000_000, 75 * 60 + 35);
    }

    #[test]
    fn receivers_are_obeyed_within_reason() {
        let now = Timestamp::from_seconds(0);
        assert_eq!(outcome(&Ok((204, None)), 1, now).state, "delivered");
        assert_eq!(outcome(&Ok((302, None)), 1, now).state, "planned");
        assert_eq!(outcome(&Ok((410, None)), 1, now).state, "failed");
        assert_eq!(outcome(&Ok((429, Some(Duration::minutes(10)))), 1, now).next_at, now + Duration::minutes(10));
        assert_eq!(outcome(&Ok((429, Some(Duration::days(9)))), 1, now).next_at, now + LONGEST_WAIT);
        assert_eq!(outcome(&Ok((429, Some(Duration::seconds(1)))), 2, now).next_at, now + Duration::minutes(5));
        assert_eq!(outcome(&Err("timeout".to_owned()), 10, now).state, "failed");
    }
}
