//! Delivers what is planned.

use std::{collections::HashMap, time::Duration as StdDuration};

use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Reach, signed};
use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp};
use ennakoi_store::{
    Result, Tx,
    outbox::work::{self, Claim, Pace, Waits, Work},
};
use tokio::sync::watch;
use url::Url;

use crate::{
    sign,
    store::{self, Attempt, Claimed, Webhook},
};

/// Waits between the ten tries: together 75 hours and 35 minutes.
const WAITS: Waits = Waits(&[
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
]);
const PACE: Pace = Pace { at_once: 16, lease: Duration::minutes(1), idle: StdDuration::from_millis(500) };
const KEPT: Duration = Duration::days(30);

pub(crate) fn client(app: &App) -> Option<Egress> {
    let reach = if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
    Egress::new(reach, Limits { answer_bytes: 64 << 10, ..Limits::default() }).inspect_err(|error| tracing::error!(%error, "webhooks cannot be delivered")).ok()
}

/// Delivers until `stop` becomes true, and then finishes what is under way. A receiver that is slow holds up nobody else's.
pub(crate) async fn run(app: App, client: Option<Egress>, stop: watch::Receiver<bool>) {
    let Some(client) = client else { return };
    let (db, environment) = (app.db.clone(), app.environment.clone());
    work::run(db, environment, Deliveries { app, client }, stop).await;
}

struct Deliveries {
    app: App,
    client: Egress,
}

impl Work for Deliveries {
    type Item = (Webhook, Claimed);

    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn pace(&self) -> Pace {
        PACE
    }

    async fn due(&self, tx: &mut Tx, now: Timestamp) -> Result<bool> {
        store::due(tx, now).await
    }

    async fn claim(&self, tx: &mut Tx, claim: Claim<'_>) -> Result<Vec<Self::Item>> {
        let claimed = store::claim(tx, claim.now, claim.until, claim.limit).await?;
        let mut webhooks: HashMap<_, Webhook> = HashMap::new();
        for delivery in &claimed {
            if !webhooks.contains_key(&delivery.webhook)
                && let Some(webhook) = store::find(tx, delivery.workspace, delivery.webhook).await?
            {
                webhooks.insert(delivery.webhook, webhook);
            }
        }
        Ok(claimed.into_iter().filter_map(|delivery| Some((webhooks.get(&delivery.webhook).cloned()?, delivery))).collect())
    }

    async fn reclaim(&self, tx: &mut Tx) -> Result<()> {
        store::reclaim(tx).await
    }

    async fn attempt(&self, _owner: &str, (webhook, delivery): Self::Item) -> Result<()> {
        let app = &self.app;
        let answer = call(app, &self.client, &webhook, &delivery, app.environment.now()).await;
        let gone = matches!(&answer, Ok((410, _)));
        let mut tx = app.db.begin().await?;
        store::record(&mut tx, delivery.workspace, delivery.id, outcome(&answer, delivery.attempts, app.environment.now())).await?;
        if gone {
            store::disable(&mut tx, delivery.workspace, webhook.id, "gone", app.environment.now()).await?;
        }
        tx.commit().await
    }

    async fn tidy(&self) -> Result<()> {
        let mut tx = self.app.db.begin().await?;
        store::forget(&mut tx, self.app.environment.now() - KEPT).await?;
        tx.commit().await
    }
}

/// Status and the wait that the receiver asked for.
type Answered = std::result::Result<(u16, Option<Duration>), String>;

async fn call(app: &App, client: &Egress, webhook: &Webhook, delivery: &Claimed, now: Timestamp) -> Answered {
    let url = Url::parse(&webhook.url).map_err(|error| error.to_string())?;
    let id = format!("msg_{}", delivery.id.0.simple());
    let signatures = sign::signatures(&app.secret, webhook.id, webhook.rotation, webhook.rotated_at, &id, now, &delivery.body);
    let letter = signed::Letter { id: &id, timestamp_seconds: now.seconds(), signatures: &signatures, body: Bytes::from(delivery.body.clone()) };
    let answer = signed::post(client, url, letter).await.map_err(|error| error.to_string())?;
    Ok((answer.status.as_u16(), signed::retry_after_seconds(&answer.headers, now.seconds()).map(Duration::seconds)))
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
    match WAITS.after(attempts, asked) {
        Some(wait) if status != Some(410) => Attempt { state: "planned", next_at: now + wait, status, error, finished_at: None },
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
        assert_eq!(outcome(&Ok((429, Some(Duration::days(9)))), 1, now).next_at, now + work::LONGEST_WAIT);
        assert_eq!(outcome(&Ok((429, Some(Duration::seconds(1)))), 2, now).next_at, now + Duration::minutes(5));
        assert_eq!(outcome(&Err("timeout".to_owned()), 10, now).state, "failed");
    }
}
