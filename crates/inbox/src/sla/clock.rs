//! One clock: a span of opening hours that is being spent, with pauses.

use ennakoi_kernel::{Duration, Timestamp};

use super::business;
use crate::calendars::Hours;

/// A clock. It counts while `running_since` is set; what was counted before the last pause is `elapsed`, and stays whatever happens to the opening
/// hours later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub target: Duration,
    /// The warning comes when this much has been spent.
    pub warn_after: Duration,
    pub elapsed: Duration,
    pub running_since: Option<Timestamp>,
}

impl Clock {
    #[must_use]
    pub const fn started(at: Timestamp, target: Duration, warn_after: Duration) -> Self {
        Self { target, warn_after, elapsed: Duration(0), running_since: Some(at) }
    }

    /// What has been spent by `at`.
    #[must_use]
    pub fn spent(&self, hours: Option<&Hours>, at: Timestamp) -> Duration {
        let running = self.running_since.map_or(Duration(0), |since| business::spent(hours, since, at));
        Duration(self.elapsed.0 + running.0)
    }

    /// Stops counting. A clock that stands already stays as it is.
    pub fn pause(&mut self, hours: Option<&Hours>, at: Timestamp) {
        self.elapsed = self.spent(hours, at);
        self.running_since = None;
    }

    /// Counts on. A clock that runs already stays as it is.
    pub fn resume(&mut self, at: Timestamp) {
        self.running_since = self.running_since.or(Some(at));
    }

    /// When the target is spent, if nothing stops the clock; `None` while it stands, or when the hours never come.
    #[must_use]
    pub fn due(&self, hours: Option<&Hours>) -> Option<Timestamp> {
        self.reaches(hours, self.target)
    }

    /// When the warning comes, if nothing stops the clock.
    #[must_use]
    pub fn warning(&self, hours: Option<&Hours>) -> Option<Timestamp> {
        self.reaches(hours, self.warn_after)
    }

    fn reaches(&self, hours: Option<&Hours>, span: Duration) -> Option<Timestamp> {
        business::after(hours, self.running_since?, Duration(span.0 - self.elapsed.0))
    }
}

#[cfg(test)]
mod tests;
