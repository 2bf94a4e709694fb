//! Rate limits: a token bucket for each caller, in memory. A node that restarts forgets them, which only ever lets more through.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use ennakoi_kernel::{Problem, Timestamp};

/// How often one caller may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// What a person or a well-behaved program needs: 50 a second unless configured otherwise, bursts of four times that.
    Usual,
    /// Guessing must be slow: 10 a minute unless configured otherwise, bursts of 10.
    SignIn,
    /// What strangers may do: 5 a second unless configured otherwise, bursts of six times that.
    Visitor,
    /// Pages and files: 200 a second, bursts of 1,000.
    Pages,
}

impl RateLimit {
    /// Tokens a second and the size of the bucket.
    fn bucket(self, limiter: &RateLimiter) -> (f64, f64) {
        let configured = |value: &AtomicU32| f64::from(value.load(Ordering::Relaxed));
        match self {
            Self::Usual => (configured(&limiter.member_per_second), configured(&limiter.member_per_second) * 4.0),
            Self::SignIn => (configured(&limiter.sign_in_per_minute) / 60.0, configured(&limiter.sign_in_per_minute)),
            Self::Visitor => (configured(&limiter.visitor_per_second), configured(&limiter.visitor_per_second) * 6.0),
            Self::Pages => (200.0, 1_000.0),
        }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

const SHARDS: usize = 16;
/// Callers remembered in one shard; beyond it the full buckets are forgotten.
const SHARD_CALLERS: usize = 20_000;

/// All buckets of this process.
pub struct RateLimiter {
    shards: [Mutex<HashMap<(RateKey, String), Bucket>>; SHARDS],
    sign_in_per_minute: AtomicU32,
    visitor_per_second: AtomicU32,
    member_per_second: AtomicU32,
}

type RateKey = u8;

impl Default for RateLimiter {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            sign_in_per_minute: AtomicU32::new(10),
            visitor_per_second: AtomicU32::new(5),
            member_per_second: AtomicU32::new(50),
        }
    }
}

impl RateLimiter {
    /// Takes over the configured limits.
    pub fn configure(&self, sign_in_per_minute: u32, visitor_per_second: u32, member_per_second: u32) {
        self.sign_in_per_minute.store(sign_in_per_minute, Ordering::Relaxed);
        self.visitor_per_second.store(visitor_per_second, Ordering::Relaxed);
        self.member_per_second.store(member_per_second, Ordering::Relaxed);
    }

    /// Takes one token.
    ///
    /// # Errors
    /// The bucket is empty; the problem says when to come back.
    pub fn take(&self, limit: RateLimit, caller: &str, now: Timestamp) -> Result<(), Problem> {
        let (rate, size) = limit.bucket(self);
        let mut shard = self.shards[shard_of(caller)].lock().expect("not held across a panic");
        if shard.len() > SHARD_CALLERS {
            // A bucket untouched for two minutes is full again, except a sign-in one, which is nearly so.
            shard.retain(|_, bucket| (now - bucket.at).0 < 120_000_000);
        }
        let bucket = shard.entry((limit as RateKey, caller.to_owned())).or_insert(Bucket { tokens: size, at: now });
        #[expect(clippy::cast_precision_loss, reason = "a span of seconds in microseconds")]
        let passed = (now - bucket.at).0.max(0) as f64 / 1e6;
        bucket.tokens = passed.mul_add(rate, bucket.tokens).min(size);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between one second and an hour")]
        let wait = ((1.0 - bucket.tokens) / rate.max(0.001)).ceil().clamp(1.0, 3_600.0) as u32;
        Err(Problem::too_many(wait))
    }
}

fn shard_of(caller: &str) -> usize {
    caller.bytes().fold(0usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again_for_its_caller_only() {
        let limiter = RateLimiter::default();
        let now = Timestamp::from_seconds(1_000);
        for _ in 0..10 {
            limiter.take(RateLimit::SignIn, "a", now).unwrap();
        }
        let refused = limiter.take(RateLimit::SignIn, "a", now).unwrap_err();
        assert_eq!(refused.retry_after_seconds, Some(6));
        limiter.take(RateLimit::SignIn, "b", now).unwrap();
        limiter.take(RateLimit::Usual, "a", now).unwrap();
        limiter.take(RateLimit::SignIn, "a", now + Duration::seconds(6)).unwrap();
    }
}
