//! What is known about a customer on a day, as columns for a learner.

use super::forecast::Forecast;
use super::history::{Day, Ledger};
use crate::numeric::summary;
use crate::outcome::Frame;

/// Windows before the day, in days.
const WINDOWS: [i32; 5] = [14, 30, 90, 180, 365];
const YEAR: i32 = 365;

/// Names and values by column, growing row by row.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
    place: usize,
}

impl Columns {
    fn put(&mut self, name: &str, value: f64) {
        if self.place == self.names.len() {
            self.names.push(name.to_owned());
            self.values.push(Vec::new());
        }
        self.values[self.place].push(value);
        self.place += 1;
    }

    pub(super) fn frame(self) -> Frame {
        let mut frame = Frame::default();
        for (name, values) in self.names.iter().zip(self.values) {
            frame.push_number(name, values);
        }
        frame
    }

    /// Adds a row for each of some customers with what a parametric model forecast at the end of day `until`; nothing after
    /// that day is looked at. Only windows within the last `history` days are used.
    pub(super) fn add(&mut self, ledger: &Ledger, (customers, forecasts): (&[usize], &[Forecast]), until: i32, days: i32, history: i32) {
        for (&customer, forecast) in customers.iter().zip(forecasts) {
            let all = ledger.days(customer);
            let known = &all[..all.partition_point(|d| d.day <= until)];
            self.place = 0;
            self.rhythm(known, until);
            self.amounts(known);
            for window in WINDOWS.into_iter().filter(|w| *w <= history) {
                let inside = known.iter().filter(|d| d.day > until - window);
                let (count, value) = inside.fold((0.0, 0.0), |(c, v), d| (c + f64::from(u8::from(d.bought())), v + d.amount));
                self.put(&format!("purchases in {window} days"), count);
                self.put(&format!("value in {window} days"), signed_log(value));
            }
            if YEAR <= history {
                // The same days a year ago: the customer's own season.
                let then = ledger.activity(customer, until - YEAR, until - YEAR + days);
                let seen = all.first().is_some_and(|d| d.day <= until - YEAR);
                self.put("purchases these days last year", if seen { then.purchases } else { f64::NAN });
            }
            self.put("model: alive", forecast.alive);
            self.put("model: purchases", forecast.purchases.max(1e-6).ln());
            self.put("model: chance", crate::numeric::special::logit(forecast.probability));
            self.put("model: value", signed_log(forecast.value));
        }
    }

    fn rhythm(&mut self, known: &[Day], until: i32) {
        let bought: Vec<i32> = known.iter().filter(|d| d.bought()).map(|d| d.day).collect();
        let (first, last) = (bought[0], bought[bought.len() - 1]);
        let mut gaps: Vec<f64> = bought.windows(2).map(|w| f64::from(w[1] - w[0])).collect();
        let recency = f64::from(until - last);
        let (age, count) = (f64::from(until - first), bought.len() as f64);
        let mean_gap = summary::mean(&gaps).unwrap_or(f64::NAN);
        let last_gap = gaps.last().copied().unwrap_or(f64::NAN);
        gaps.sort_unstable_by(f64::total_cmp);
        let median_gap = summary::quantile_sorted(&gaps, 0.5).unwrap_or(f64::NAN);
        let longest = gaps.last().copied().unwrap_or(f64::NAN);
        self.put("purchases", count.ln());
        self.put("days since last purchase", recency);
        self.put("days since first purchase", age);
        self.put("purchases a day", count / (age + 30.0));
        self.put("mean gap", mean_gap);
        self.put("median gap", median_gap);
        self.put("last gap", last_gap);
        self.put("spread of gaps", summary::variance(&gaps).map_or(f64::NAN, f64::sqrt) / mean_gap);
        self.put("days since last ÷ mean gap", recency / mean_gap);
        self.put("days since last ÷ longest gap", recency / longest);
    }

    fn amounts(&mut self, known: &[Day]) {
        let bought: Vec<&Day> = known.iter().filter(|d| d.bought()).collect();
        let amounts: Vec<f64> = bought.iter().map(|d| d.amount).collect();
        let returned: f64 = known.iter().filter(|d| !d.bought()).map(|d| d.amount).sum();
        let total: f64 = amounts.iter().sum();
        self.put("mean amount", signed_log(total / amounts.len() as f64));
        self.put("last amount", signed_log(amounts[amounts.len() - 1]));
        self.put("largest amount", signed_log(amounts.iter().copied().fold(f64::MIN, f64::max)));
        self.put("returned", signed_log(returned));
        let rows: f64 = bought.iter().map(|d| f64::from(d.rows)).sum();
        self.put("rows a purchase", rows / bought.len() as f64);
        self.put("rows of last purchase", f64::from(bought[bought.len() - 1].rows));
    }
}

/// Logarithm that passes through zero: amounts spread over orders of magnitude, some negative.
pub(super) fn signed_log(value: f64) -> f64 {
    value.signum() * value.abs().ln_1p()
}
