//! Time and randomness as parameters.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use uuid::Uuid;

use crate::{Duration, Timestamp};

/// Where the present moment comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// Where unguessable bytes come from.
pub trait Entropy: Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the real clock is read")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random source.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system provides random bytes");
    }
}

/// A clock that moves only when told to.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Repeatable bytes (SplitMix64) for generated data and tests; never for secrets of a running installation.
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Clock and entropy together; cheap to clone, handed down everywhere.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// The last UUIDv7 timestamp and counter handed out, so that ids of one process never go backwards.
    last_id: Arc<Mutex<(u64, u16)>>,
}

impl Environment {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last_id: Arc::default() }
    }

    /// The real clock and the operating system's randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemEntropy))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        self.entropy.fill(bytes);
    }

    /// A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, 12 bits of a counter that keeps ids of this process in
    /// order within a millisecond, 62 random bits.
    #[must_use]
    pub fn new_uuid(&self) -> Uuid {
        let now_ms = u64::try_from(self.now().milliseconds()).unwrap_or(0);
        let (ms, counter) = {
            let mut last = self.last_id.lock().expect("no panic happens while the id counter is held");
            *last = match *last {
                (ms, _) if now_ms > ms => (now_ms, 0),
                (ms, counter) if counter < 0x0FFF => (ms, counter + 1),
                (ms, _) => (ms + 1, 0),
            };
            *last
        };
        let mut bytes = [0u8; 16];
        self.entropy.fill(&mut bytes[8..]);
        bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&(0x7000 | counter).to_be_bytes());
        bytes[8] = 0x80 | (bytes[8] & 0x3F);
        Uuid::from_bytes(bytes)
    }

    /// A fresh id of any kind: `environment.new_id::<ContactId>()`.
    #[must_use]
    pub fn new_id<Id: From<Uuid>>(&self) -> Id {
        Id::from(self.new_uuid())
    }

    /// An unguessable token: `bytes` random bytes written in lower-case hexadecimal (two characters a byte).
    #[must_use]
    pub fn token(&self, bytes: usize) -> String {
        let mut raw = vec![0u8; bytes];
        self.entropy.fill(&mut raw);
        raw.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_even_when_the_clock_stands_still_or_goes_back() {
        let clock = Arc::new(FixedClock::new(Timestamp::from_seconds(1_700_000_000)));
        let environment = Environment::new(clock.clone(), Arc::new(SeededEntropy::new(1)));
        let mut last = environment.new_uuid();
        for step in 0..10_000 {
            if step == 5_000 {
                clock.advance(Duration::seconds(-60));
            }
            let next = environment.new_uuid();
            assert!(next > last, "{next} after {last}");
            assert_eq!(next.get_version_num(), 7);
            last = next;
        }
    }
}
