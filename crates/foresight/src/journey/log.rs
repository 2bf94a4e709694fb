//! An event log in columns, grouped by case and ordered by time within each.

use super::intern::Interner;

/// Events of many cases. Event `e` of case `c` is in `starts[c]..starts[c + 1]`.
#[derive(Debug, Clone, Default)]
pub struct EventLog {
    pub(crate) case_names: Interner,
    pub(crate) activity_names: Interner,
    /// First event of each case, and the number of events at the end.
    starts: Vec<usize>,
    activities: Vec<u16>,
    times: Vec<i64>,
}

impl EventLog {
    /// Number of events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.activities.len()
    }

    /// Number of cases.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Number of different activities.
    #[must_use]
    pub fn activities(&self) -> usize {
        self.activity_names.len()
    }

    /// Name of an activity; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn activity_name(&self, activity: u16) -> String {
        String::from_utf8_lossy(self.activity_names.name(usize::from(activity))).into_owned()
    }

    /// Number of the activity with this name.
    #[must_use]
    pub fn activity(&self, name: &str) -> Option<u16> {
        (0..self.activities()).find(|&a| self.activity_names.name(a) == name.as_bytes()).map(|a| a as u16)
    }

    /// Name of a case; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn case_name(&self, case: usize) -> String {
        String::from_utf8_lossy(self.case_names.name(case)).into_owned()
    }

    /// Activities of a case in order.
    #[must_use]
    pub fn trace(&self, case: usize) -> &[u16] {
        &self.activities[self.starts[case]..self.starts[case + 1]]
    }

    /// Times of a case in order, milliseconds since 1970.
    #[must_use]
    pub fn times(&self, case: usize) -> &[i64] {
        &self.times[self.starts[case]..self.starts[case + 1]]
    }

    /// Builds a log from events `(case, activity, milliseconds)` in any order. Events of one case at the same moment
    /// keep the order in which they were given.
    #[must_use]
    pub fn from_events<'a>(events: impl IntoIterator<Item = (&'a str, &'a str, i64)>) -> Option<Self> {
        let mut columns = Columns::default();
        for (case, activity, time) in events {
            let case = columns.case_names.number(case.as_bytes())?;
            let activity = columns.activity_names.number(activity.as_bytes())?;
            columns.push(case, u16::try_from(activity).ok()?, time);
        }
        Some(columns.finish())
    }

    /// The part of the log whose cases satisfy a condition, with the same activity numbers.
    #[must_use]
    pub fn select(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        let mut columns = Columns { activity_names: self.activity_names.clone(), ..Columns::default() };
        for case in (0..self.cases()).filter(|&c| keep(c)) {
            let number = columns.case_names.number(self.case_names.name(case)).expect("fewer cases than before");
            for (&activity, &time) in self.trace(case).iter().zip(self.times(case)) {
                columns.push(number, activity, time);
            }
        }
        columns.finish()
    }
}

/// Columns while a log is being loaded.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) case_names: Interner,
    pub(crate) activity_names: Interner,
    cases: Vec<u32>,
    activities: Vec<u16>,
    times: Vec<i64>,
    /// First events of the cases as long as every case came in one piece.
    starts: Vec<usize>,
    /// A case came in several pieces.
    scattered: bool,
    /// Some event is before the one above it in the same case.
    unordered: bool,
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.activities.len()
    }

    pub(crate) fn push(&mut self, case: u32, activity: u16, time: i64) {
        if self.cases.last() == Some(&case) {
            self.unordered |= self.times.last().is_some_and(|last| *last > time);
        } else if case as usize == self.starts.len() && !self.scattered {
            self.starts.push(self.cases.len());
        } else {
            self.scattered = true;
        }
        self.cases.push(case);
        self.activities.push(activity);
        self.times.push(time);
    }

    pub(crate) fn finish(mut self) -> EventLog {
        if self.scattered {
            self.gather();
        } else {
            self.starts.push(self.cases.len());
            self.cases = Vec::new();
        }
        if self.unordered || self.scattered {
            self.order();
        }
        let Self { case_names, activity_names, starts, activities, times, .. } = self;
        EventLog { case_names, activity_names, starts, activities, times }
    }

    /// Counting sort by case; events of a case keep their order. All columns are moved in one run: looking up
    /// where a case stands costs more than the room for a second copy.
    fn gather(&mut self) {
        let mut starts = vec![0_usize; self.case_names.len() + 1];
        for &case in &self.cases {
            starts[case as usize + 1] += 1;
        }
        for case in 1..starts.len() {
            starts[case] += starts[case - 1];
        }
        let mut next = starts.clone();
        let mut activities = vec![0_u16; self.activities.len()];
        let mut times = vec![0_i64; self.times.len()];
        for ((&case, &activity), &time) in self.cases.iter().zip(&self.activities).zip(&self.times) {
            let place = &mut next[case as usize];
            activities[*place] = activity;
            times[*place] = time;
            *place += 1;
        }
        self.activities = activities;
        self.times = times;
        self.cases = Vec::new();
        self.starts = starts;
    }

    /// Stable sort by time within each case that needs it.
    fn order(&mut self) {
        let mut buffer: Vec<(i64, u16)> = Vec::new();
        for bounds in self.starts.windows(2) {
            let range = bounds[0]..bounds[1];
            if self.times[range.clone()].is_sorted() {
                continue;
            }
            buffer.clear();
            buffer.extend(self.times[range.clone()].iter().copied().zip(self.activities[range.clone()].iter().copied()));
            buffer.sort_by_key(|event| event.0);
            for (place, &(time, activity)) in range.zip(&buffer) {
                self.times[place] = time;
                self.activities[place] = activity;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scattered_and_unordered_events_are_put_in_order() {
        let log = EventLog::from_events([("b", "pay", 30), ("a", "see", 10), ("b", "see", 20), ("a", "ask", 10), ("c", "see", 5), ("b", "ask", 25)])
            .expect("few activities");
        let names = |case: usize| log.trace(case).iter().map(|&a| log.activity_name(a)).collect::<Vec<_>>();
        assert_eq!((log.case_name(0), names(0)), ("b".to_owned(), vec!["see".into(), "ask".into(), "pay".into()]));
        assert_eq!(names(1), ["see", "ask"]);
        assert_eq!(log.times(0), [20, 25, 30]);
        let rest = log.select(|case| case > 0);
        assert_eq!((rest.cases(), rest.events(), rest.activity("pay")), (2, 3, Some(0)));
    }
}
