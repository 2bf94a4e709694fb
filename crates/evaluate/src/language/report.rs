//! One report, printed for people or as JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// Named figures in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Report {
    title: String,
    figures: Vec<(String, Value)>,
}

impl Report {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), figures: Vec::new() }
    }

    pub(super) fn add(&mut self, key: &str, value: impl Into<Value>) {
        self.figures.push((key.to_owned(), value.into()));
    }

    /// A share or score, rounded to five digits; `null` when it is undefined.
    pub(super) fn share(&mut self, key: &str, value: Option<f64>) {
        self.add(key, value.filter(|value| value.is_finite()).map_or(Value::Null, |value| json!(round(value))));
    }

    /// Median and 99th percentile of durations, in microseconds.
    pub(super) fn durations(&mut self, key: &str, mut durations: Vec<Duration>) {
        durations.sort_unstable();
        let at = |share: f64| {
            let index = ((durations.len() as f64 * share) as usize).min(durations.len().saturating_sub(1));
            durations.get(index).map_or(0.0, |duration| duration.as_secs_f64() * 1e6)
        };
        self.add(key, json!({ "p50": (at(0.5) * 10.0).round() / 10.0, "p99": (at(0.99) * 10.0).round() / 10.0 }));
    }

    pub(super) fn json(&self) -> String {
        let map: Map<String, Value> = self.figures.iter().cloned().collect();
        format!("{}\n", Value::Object(map))
    }

    pub(super) fn readable(&self) -> String {
        let mut out = format!("{}\n", self.title);
        for (key, value) in &self.figures {
            write_value(&mut out, key, value, 1);
        }
        out
    }
}

/// Five digits after the point.
pub(super) fn round(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

fn write_value(out: &mut String, key: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let name = key.replace('_', " ");
    match value {
        Value::Object(inner) => {
            out.push_str(&format!("{indent}{name}:\n"));
            for (key, value) in inner {
                write_value(out, key, value, depth + 1);
            }
        }
        Value::Array(items) => {
            out.push_str(&format!("{indent}{name}:\n"));
            for item in items {
                out.push_str(&format!("{indent}  {}\n", item.as_str().map_or_else(|| item.to_string(), str::to_owned)));
            }
        }
        other => out.push_str(&format!("{indent}{name:<28} {}\n", other.as_str().map_or_else(|| other.to_string(), str::to_owned))),
    }
}

/// Share of `true` among the items; `None` if there are none.
pub(super) fn share_of(items: impl IntoIterator<Item = bool>) -> Option<f64> {
    let (count, hits) = items.into_iter().fold((0_usize, 0_usize), |(count, hits), hit| (count + 1, hits + usize::from(hit)));
    (count > 0).then(|| hits as f64 / count as f64)
}

/// Progress on standard error.
pub(super) fn progress(message: &str) {
    eprintln!("{message}");
}
