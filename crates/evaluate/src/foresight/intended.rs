//! `ennakoi eval journey --intended`: how far cases keep to a path.

use anyhow::{Result, bail};
use ennakoi_foresight::journey::EventLog;
use ennakoi_foresight::journey::conformance::{Step, conformance};
use serde_json::json;

use super::journey::percent;
use super::report::Report;

/// Steps of a path written as `A>B?>C+`. A name of the log wins over its marks, so that an activity may end in one.
fn steps(log: &EventLog, path: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('>').map(str::trim) {
        let marked = part.char_indices().next_back().filter(|(_, mark)| "?+*".contains(*mark));
        let (name, mark) = match (log.activity(part), marked) {
            (None, Some((at, mark))) => (part[..at].trim_end(), Some(mark)),
            _ => (part, None),
        };
        let Some(activity) = log.activity(name) else {
            let known: Vec<String> = (0..log.activities().min(20)).map(|a| log.activity_name(a as u16)).collect();
            bail!("--intended: `{name}` is no activity of the log; it has: {}", known.join(", "));
        };
        steps.push(Step { activity, required: !matches!(mark, Some('?' | '*')), may_repeat: matches!(mark, Some('+' | '*')) });
    }
    Ok(steps)
}

/// Adds the conformance of all cases to a report.
pub(super) fn report(report: &mut Report, log: &EventLog, path: &str) -> Result<()> {
    let steps = steps(log, path)?;
    let found = conformance(log, &steps);
    report.heading(&format!("Against the intended path {path}"));
    report.figure("fitness", Some(found.fitness), "1 − deviations ÷ (events + required steps), mean over cases");
    report.figure("conforming", Some(found.conforming as f64 / found.cases.max(1) as f64), "share of cases without a deviation");
    report.set("conforming_cases", found.conforming);
    let name = |activity: u16| log.activity_name(activity);
    let missing: Vec<(String, u64)> = steps.iter().zip(&found.missing).filter(|(s, _)| s.required).map(|(s, n)| (name(s.activity), *n)).collect();
    let mut unexpected: Vec<(String, u64)> = found.unexpected.iter().enumerate().filter(|u| *u.1 > 0).map(|(a, n)| (name(a as u16), *n)).collect();
    unexpected.sort_by_key(|u| std::cmp::Reverse(u.1));
    let list = |rows: &[(String, u64)]| rows.iter().map(|(name, cases)| json!({"activity": name, "cases": cases})).collect::<Vec<_>>();
    report.set("missing_steps", list(&missing));
    report.set("unexpected_activities", list(&unexpected));
    let rows = |rows: &[(String, u64)]| rows.iter().take(15).map(|(name, n)| vec![name.clone(), n.to_string(), percent(*n, found.cases)]).collect::<Vec<_>>();
    report.table(&["required step missing", "cases", "share"], &rows(&missing));
    report.table(&["activity off the path", "cases", "share"], &rows(&unexpected));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_with_their_marks_and_unknown_steps_refused() {
        let log = EventLog::from_events([("1", "see", 0), ("1", "ask?", 1), ("1", "buy", 2)]).expect("few activities");
        let step = |activity, required, may_repeat| Step { activity, required, may_repeat };
        let found = steps(&log, "see+ > ask? > buy*").expect("all known");
        assert_eq!(found, [step(0, true, true), step(1, true, false), step(2, false, true)]);
        assert_eq!(steps(&log, "ask??").expect("known")[0], step(1, false, false));
        let error = steps(&log, "see>return").expect_err("unknown").to_string();
        assert!(error.contains("`return` is no activity") && error.contains("see, ask?, buy"), "{error}");
    }
}
