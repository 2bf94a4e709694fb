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

/// CPU time over which something short is timed: the counter moves on by whole ticks.
const ENOUGH_MS: f64 = 25.0;

/// CPU time of one run of something short, in milliseconds: it is repeated until the time can be told. On a busy machine the
/// clock on the wall times the scheduler; it is used where the system does not tell, and where it says less.
pub(crate) fn cpu_of_a_run(mut run: impl FnMut()) -> f64 {
    let (begun, before) = (Instant::now(), cpu_ms());
    let (mut runs, mut shortest) = (0.0, f64::INFINITY);
    loop {
        let started = Instant::now();
        run();
        shortest = shortest.min(elapsed_ms(started));
        runs += 1.0;
        let used = cpu_ms().zip(before).map(|(after, before)| after - before);
        if let Some(used) = used.filter(|used| *used >= ENOUGH_MS) {
            return shortest.min(used / runs);
        }
        if elapsed_ms(begun) > 1_000.0 || used.is_none() && runs >= 5.0 {
            return shortest;
        }
    }
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
