//! Takes what is due out of the outbox, tries it, and records how it ended.

use std::{sync::Arc, time::Duration as StdDuration};

use ennakoi_http::App;
use ennakoi_inbox::messages::{self, Delivery};
use ennakoi_kernel::{Duration, Timestamp, ids::MessageId};
use ennakoi_store::{
    Result, Tx,
    outbox::{
        self, Class, Intent, State,
        work::{self, Claim, Pace, Waits, Work},
    },
};
use tokio::sync::watch;

use super::{Carrier, Outcome};

/// Waits between the tries: together three days and a half. Servers that are down over a weekend still get their mail.
const WAITS: Waits = Waits(&[
    Duration::minutes(1),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(4),
    Duration::hours(8),
    Duration::hours(12),
    Duration::hours(16),
    Duration::hours(18),
    Duration::hours(24),
]);
const PACE: Pace = Pace { at_once: 8, lease: Duration::minutes(10), idle: StdDuration::from_millis(250) };
/// Bytes of what the other side said that are kept.
const ERROR_BYTES: usize = 500;

/// Carries until `stop` becomes true, and then finishes what is under way.
pub(super) async fn run(app: App, carrier: Arc<dyn Carrier>, stop: watch::Receiver<bool>) {
    let (db, environment) = (app.db.clone(), app.environment.clone());
    work::run(db, environment, Errands { app, carrier }, stop).await;
}

/// What the outbox holds for one carrier.
struct Errands {
    app: App,
    carrier: Arc<dyn Carrier>,
}

impl Work for Errands {
    type Item = Intent;

    fn name(&self) -> &'static str {
        self.carrier.transport()
    }

    fn pace(&self) -> Pace {
        PACE
    }

    async fn due(&self, tx: &mut Tx, now: Timestamp) -> Result<bool> {
        outbox::due(tx, now, self.name()).await
    }

    async fn claim(&self, tx: &mut Tx, claim: Claim<'_>) -> Result<Vec<Intent>> {
        outbox::leave_unclear(tx, claim.now, self.name()).await?;
        outbox::claim(tx, claim.now, claim.until, self.name(), claim.owner, claim.limit).await
    }

    async fn reclaim(&self, tx: &mut Tx) -> Result<()> {
        outbox::reclaim(tx, self.name()).await
    }

    async fn attempt(&self, owner: &str, intent: Intent) -> Result<()> {
        let app = &self.app;
        let outcome = match self.carrier.send(app, &intent).await {
            Ok(outcome) => outcome,
            // Our own database or files: the same as a server that is down.
            Err(error) => Outcome::Again { reason: error.to_string(), after: None },
        };
        let now = app.environment.now();
        let end = end(&outcome, intent.class, intent.attempts, now);
        let error = end.error.map(|text| text.chars().take(ERROR_BYTES).collect::<String>());
        let mut tx = app.db.begin().await?;
        outbox::finish(&mut tx, now, intent.id, owner, end.state, error.as_deref(), end.again_at).await?;
        let message = intent.payload["message"].as_str().and_then(|id| id.parse::<MessageId>().ok());
        if let (Some(message), Some((delivery, code))) = (message, end.delivery) {
            messages::set_delivery(&mut tx, &app.environment, intent.workspace, message, delivery, code).await?;
        }
        tx.commit().await
    }
}

struct End<'a> {
    state: State,
    error: Option<&'a str>,
    again_at: Option<Timestamp>,
    delivery: Option<(Delivery, Option<&'static str>)>,
}

fn end(outcome: &Outcome, class: Class, attempts: i64, now: Timestamp) -> End<'_> {
    let ended = |state, error, delivery| End { state, error, again_at: None, delivery };
    let again = |reason, asked: Option<Duration>| match WAITS.after(attempts, asked) {
        Some(wait) => End { state: State::Planned, error: Some(reason), again_at: Some(now + wait), delivery: None },
        None => ended(State::Failed, Some(reason), Some((Delivery::Failed, Some("gave_up")))),
    };
    match outcome {
        Outcome::Sent => ended(State::Sent, None, Some((Delivery::Sent, None))),
        Outcome::Joined => ended(State::Sent, None, None),
        Outcome::Unneeded => ended(State::Withheld, Some("unneeded"), None),
        Outcome::Refused { code, reason } => ended(State::Failed, Some(reason), Some((Delivery::Failed, Some(code)))),
        Outcome::Withheld { code } => ended(State::Withheld, Some(code), Some((Delivery::Failed, Some(code)))),
        Outcome::Again { reason, after } => again(reason, *after),
        Outcome::Unclear { reason } if class == Class::Promotional => ended(State::Unknown, Some(reason), Some((Delivery::Failed, Some("unclear")))),
        Outcome::Unclear { reason } => again(reason, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_tries_over_three_days_and_a_half() {
        let start = Timestamp::from_seconds(1_000_000);
        let (mut now, mut tries) = (start, 0);
        let down = Outcome::Again { reason: "421".to_owned(), after: None };
        loop {
            tries += 1;
            match end(&down, Class::Transactional, tries, now).again_at {
                Some(at) => now = at,
                None => break,
            }
        }
        assert_eq!(tries, 11);
        assert_eq!((now - start).0 / 60_000_000, 84 * 60 + 36);
    }

    #[test]
    fn only_advertising_is_left_when_the_end_is_unclear() {
        let (now, lost) = (Timestamp::from_seconds(0), Outcome::Unclear { reason: "cut".to_owned() });
        assert_eq!(end(&lost, Class::Promotional, 1, now).state, State::Unknown);
        assert_eq!(end(&lost, Class::Personal, 1, now).again_at, Some(now + Duration::minutes(1)));
        let asked = Outcome::Again { reason: "busy".to_owned(), after: Some(Duration::days(9)) };
        assert_eq!(end(&asked, Class::Personal, 1, now).again_at, Some(now + work::LONGEST_WAIT));
        assert_eq!(end(&Outcome::Refused { code: "address_unknown", reason: String::new() }, Class::Personal, 1, now).state, State::Failed);
    }
}
