//! Delays transactions at random, so that a test which waits for a time instead of a condition fails today and not on
//! somebody's slow machine. Off unless `ENNAKOI_SHAKE` names the longest delay in milliseconds; unknown to release builds.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

static LONGEST: LazyLock<u64> = LazyLock::new(|| {
    if !cfg!(debug_assertions) {
        return 0;
    }
    std::env::var("ENNAKOI_SHAKE").ok().and_then(|longest| longest.parse().ok()).unwrap_or(0)
});

static TURN: AtomicU64 = AtomicU64::new(0);

/// One turn in five waits, mostly briefly and now and then for the longest delay.
pub(crate) async fn shake() {
    let longest = *LONGEST;
    if longest == 0 {
        return;
    }
    // SplitMix64: the turns are counted, what they draw is not foreseen by any test because threads take turns as they come.
    let mut drawn = TURN.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    drawn ^= drawn >> 31;
    if drawn.is_multiple_of(5) {
        let part = (drawn >> 8) % 100;
        tokio::time::sleep(Duration::from_millis(longest * part * part / 9_801)).await;
    }
}
