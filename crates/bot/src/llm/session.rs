//! One exchange with the model: whether it may be asked now, within which limits, and how it went.

use std::{sync::Arc, time::Duration as StdDuration};

use ennakoi_kernel::{Duration, Timestamp, ids::WorkspaceId};
use ennakoi_store::{Result, params};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use url::Url;

use super::{
    AT_ONCE, LONGEST, Llm, Outcome,
    settings::{self, LlmSettings},
    wire::{self, Endpoint, Message, Reply},
};

/// Tokens of an answer unless more is asked for.
const ANSWER_TOKENS: u32 = 900;
/// Failures in a row after which the endpoint is left alone.
const FAILURES: u32 = 3;
/// For how long at first; twice as long each time it fails again, up to the longest.
const PAUSE: Duration = Duration::seconds(30);
const LONGEST_PAUSE: Duration = Duration::minutes(10);
const DAY: i64 = 86_400_000_000;

/// Keeps a failing endpoint from costing every customer the time limit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    pauses: u32,
    until: Timestamp,
}

impl Breaker {
    fn allows(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// A success closes it; a failure while it was being tried again opens it for longer.
    fn note(&mut self, now: Timestamp, failed: bool) {
        if !failed {
            *self = Self::default();
            return;
        }
        self.failures += 1;
        if self.failures >= FAILURES {
            let pause = PAUSE.0.saturating_mul(1 << self.pauses.min(10)).min(LONGEST_PAUSE.0);
            self.until = now + Duration(pause);
            self.pauses += 1;
        }
    }

    fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.allows(now)).then_some(self.until)
    }
}

/// What the model is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Answering a customer.
    Answers,
    /// Helping staff write.
    Writing,
    /// Trying whether it works, before it is switched on.
    Trial,
}

/// An exchange under way.
pub(super) struct Session {
    llm: Llm,
    workspace: WorkspaceId,
    url: Url,
    key: Option<String>,
    pub(super) model: String,
    limits: (i64, i64),
    began: Instant,
    deadline: Instant,
    pub(super) tokens: i64,
    /// Tokens of one answer, at most.
    pub(super) answer_tokens: u32,
    _slot: OwnedSemaphorePermit,
}

impl Llm {
    /// Begins an exchange; `Ok(None)` when there is no model for this purpose, `Err` inside when it may not be asked now.
    pub(super) async fn begin(&self, workspace: WorkspaceId, purpose: Purpose) -> Result<Option<std::result::Result<Session, (String, Outcome)>>> {
        let Some((settings, sealed)) = settings::load(&mut self.0.app.db.read().await?, workspace).await? else { return Ok(None) };
        if !wanted(&settings, purpose) {
            return Ok(None);
        }
        let Ok(url) = wire::completions(&settings.url) else { return Ok(None) };
        let refused = |outcome| Ok(Some(Err((settings.model.clone(), outcome))));
        let breaker = self.breaker(workspace);
        if purpose != Purpose::Trial && !breaker.allows(self.0.app.environment.now()) {
            return refused(Outcome::Paused);
        }
        let Ok(slot) = self.slots(workspace).try_acquire_owned() else { return refused(Outcome::Busy) };
        let key = sealed.map(|sealed| settings::open_key(&self.0.app, workspace, &sealed)).transpose()?;
        let limit = StdDuration::from_millis(u64::from(settings.time_limit_ms)).min(LONGEST);
        // Somebody who waits for a text of their own has more patience than a customer.
        let limit = if purpose == Purpose::Writing { (limit * 3).min(LONGEST) } else { limit };
        let limits = (i64::from(settings.daily_calls), i64::from(settings.daily_tokens));
        let began = Instant::now();
        let session = Session {
            llm: self.clone(),
            workspace,
            url,
            key,
            model: settings.model,
            limits,
            began,
            deadline: began + limit,
            tokens: 0,
            answer_tokens: ANSWER_TOKENS,
            _slot: slot,
        };
        Ok(Some(Ok(session)))
    }

    fn breaker(&self, workspace: WorkspaceId) -> Breaker {
        self.0.breakers.lock().expect("not held across a panic").get(&workspace).copied().unwrap_or_default()
    }

    /// Until when the workspace's endpoint is left alone.
    pub(super) fn paused_until(&self, workspace: WorkspaceId) -> Option<Timestamp> {
        self.breaker(workspace).paused_until(self.0.app.environment.now())
    }

    /// Settings have changed: what failed before says nothing.
    pub(super) fn forgive(&self, workspace: WorkspaceId) {
        self.0.breakers.lock().expect("not held across a panic").remove(&workspace);
    }

    fn slots(&self, workspace: WorkspaceId) -> Arc<Semaphore> {
        self.0.slots.lock().expect("not held across a panic").entry(workspace).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }
}

const fn wanted(settings: &LlmSettings, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Answers => settings.enabled && settings.answers,
        Purpose::Writing => settings.enabled && settings.writing,
        Purpose::Trial => !settings.url.is_empty() && !settings.model.is_empty(),
    }
}

impl Session {
    /// Asks once within what is left of the time and of the day's budget.
    pub(super) async fn ask(&mut self, messages: &[Message], tools: &Value) -> std::result::Result<Reply, Outcome> {
        let Some(client) = self.llm.0.client.clone() else { return Err(Outcome::Failed) };
        match self.reserve().await {
            Ok(true) => {}
            Ok(false) => return Err(Outcome::Budget),
            Err(error) => {
                tracing::warn!(%error, "a call of the language model could not be counted, so it is not made");
                return Err(Outcome::Failed);
            }
        }
        let endpoint = Endpoint { url: &self.url, model: &self.model, key: self.key.as_deref(), answer_tokens: self.answer_tokens };
        let reply = tokio::time::timeout_at(self.deadline, wire::ask(&client, &endpoint, messages, tools)).await.unwrap_or(Err(Outcome::Timeout))?;
        self.tokens += reply.tokens;
        Ok(reply)
    }

    /// One more call of today, if the budget has one; counted before it is made.
    async fn reserve(&self) -> Result<bool> {
        let mut tx = self.llm.0.app.db.begin().await?;
        let counted = tx
            .execute(
                "INSERT INTO bot_llm_days (workspace_id, day, calls, failures, refused, tokens) VALUES ($1, $2, 1, 0, 0, 0) \
                 ON CONFLICT (workspace_id, day) DO UPDATE SET calls = bot_llm_days.calls + 1 WHERE bot_llm_days.calls < $3 AND bot_llm_days.tokens < $4",
                params![self.workspace, self.today(), self.limits.0, self.limits.1],
            )
            .await?;
        tx.commit().await?;
        Ok(counted > 0)
    }

    fn today(&self) -> i64 {
        self.llm.0.app.environment.now().0.div_euclid(DAY)
    }

    /// Notes how it went; returns the milliseconds it took.
    pub(super) async fn end(self, outcome: Outcome) -> Result<i64> {
        let milliseconds = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        if outcome != Outcome::Budget {
            let now = self.llm.0.app.environment.now();
            self.llm.0.breakers.lock().expect("not held across a panic").entry(self.workspace).or_default().note(now, outcome.is_failure());
        }
        let refused = matches!(outcome, Outcome::Unsupported | Outcome::Forbidden);
        let mut tx = self.llm.0.app.db.begin().await?;
        tx.execute(
            "UPDATE bot_llm_days SET failures = failures + $3, refused = refused + $4, tokens = tokens + $5 WHERE workspace_id = $1 AND day = $2",
            params![self.workspace, self.today(), i64::from(outcome.is_failure()), i64::from(refused), self.tokens],
        )
        .await?;
        tx.commit().await?;
        Ok(milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_three_times_is_left_alone_for_longer_and_longer() {
        let (mut breaker, start) = (Breaker::default(), Timestamp::from_seconds(1_000));
        for _ in 0..2 {
            breaker.note(start, true);
            assert!(breaker.allows(start));
        }
        breaker.note(start, true);
        assert_eq!(breaker.paused_until(start), Some(start + PAUSE));
        let again = start + PAUSE;
        assert!(breaker.allows(again));
        breaker.note(again, true);
        assert_eq!(breaker.paused_until(again), Some(again + Duration(2 * PAUSE.0)));
        for _ in 0..40 {
            breaker.note(again, true);
        }
        assert_eq!(breaker.paused_until(again), Some(again + LONGEST_PAUSE));
        breaker.note(again + LONGEST_PAUSE, false);
        assert!(breaker.allows(again));
    }
}
