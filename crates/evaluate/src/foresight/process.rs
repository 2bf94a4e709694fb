//! What the process itself has used so far.

use std::time::Instant;

/// CPU time of this process, user and system, in milliseconds; `None` where the system does not tell.
///
/// Linux gives nanoseconds per thread; the evaluations that report CPU time work on the main thread only.
pub(crate) fn cpu_ms() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

/// Largest memory held so far, mapped pages included, in MB of 10⁶ bytes.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// Milliseconds since a moment.
pub(crate) fn elapsed_ms(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
