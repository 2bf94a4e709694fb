//! Variants: cases that went through the same activities in the same order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::intern::mix;
use super::log::EventLog;
use super::map::Durations;

/// One way through.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// A case that went this way; its trace is the variant.
    pub example: usize,
    pub cases: u64,
    pub durations: Durations,
}

/// The key is a hash already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// All variants of a log, most frequent first, equals in order of appearance. Equal hashes are compared step by step, so
/// the counts are exact.
#[must_use]
pub fn variants(log: &EventLog) -> Vec<Variant> {
    let of_case = assign(log);
    let count = of_case.iter().map(|v| v + 1).max().unwrap_or(0);
    let mut found: Vec<Variant> = vec![Variant { example: usize::MAX, cases: 0, durations: Durations::default() }; count];
    for (case, &variant) in of_case.iter().enumerate() {
        let entry = &mut found[variant];
        entry.example = entry.example.min(case);
        entry.cases += 1;
    }
    let mut next = Vec::with_capacity(count);
    let mut total = 0_usize;
    for variant in &found {
        next.push(total);
        total += variant.cases as usize;
    }
    let mut durations = vec![0_i64; total];
    for (case, &variant) in of_case.iter().enumerate() {
        let times = log.times(case);
        durations[next[variant]] = times.last().zip(times.first()).map_or(0, |(end, start)| end - start);
        next[variant] += 1;
    }
    let mut rest = durations.as_mut_slice();
    for variant in &mut found {
        let (own, others) = rest.split_at_mut(variant.cases as usize);
        variant.durations = Durations::of(own);
        rest = others;
    }
    found.sort_by_key(|v| (std::cmp::Reverse(v.cases), v.example));
    found
}

/// Number of the variant of each case, in order of appearance.
fn assign(log: &EventLog) -> Vec<usize> {
    let mut by_hash: HashMap<u64, Vec<usize>, BuildHasherDefault<Identity>> = HashMap::default();
    let mut examples: Vec<usize> = Vec::new();
    (0..log.cases())
        .map(|case| {
            let trace = log.trace(case);
            let hash = trace.iter().fold(trace.len() as u64, |hash, &a| mix(hash ^ u64::from(a) ^ 0xA5A5_0000_0000));
            let same_hash = by_hash.entry(hash).or_default();
            if let Some(&known) = same_hash.iter().find(|&&v| log.trace(examples[v]) == trace) {
                return known;
            }
            same_hash.push(examples.len());
            examples.push(case);
            examples.len() - 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_traces_are_one_variant_and_cases_add_up() {
        let mut random = crate::numeric::random::Random::new(21);
        let names = ["a", "b", "c"];
        let mut events = Vec::new();
        let cases: Vec<String> = (0..500).map(|c| c.to_string()).collect();
        let mut traces = HashMap::new();
        for case in &cases {
            let trace: Vec<&str> = (0..1 + random.below(4)).map(|_| names[random.below(3)]).collect();
            events.extend(trace.iter().enumerate().map(|(i, name)| (case.as_str(), *name, i as i64)));
            *traces.entry(trace).or_insert(0_u64) += 1;
        }
        let log = EventLog::from_events(events).expect("few");
        let found = variants(&log);
        assert_eq!(found.len(), traces.len());
        for variant in &found {
            let trace: Vec<String> = log.trace(variant.example).iter().map(|&a| log.activity_name(a)).collect();
            let key: Vec<&str> = trace.iter().map(String::as_str).collect();
            assert_eq!(traces.get(&key), Some(&variant.cases));
        }
        assert!(found.is_sorted_by_key(|v| std::cmp::Reverse(v.cases)));
    }
}
