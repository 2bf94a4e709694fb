//! From transactions to what the models need.

/// A customer as the models see it. Times are in any unit, counted from the customer's first purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Days with a purchase after the first one (`x`, a whole number).
    pub repeats: f64,
    /// Time of the last purchase (`t_x`); zero without repeats.
    pub last: f64,
    /// Time watched since the first purchase (`T`).
    pub watched: f64,
    /// Mean amount of the repeat purchases; `None` without repeats or amounts.
    pub mean_amount: Option<f64>,
}

impl Summary {
    /// Says what is impossible about this customer, if anything.
    ///
    /// # Errors
    /// A reason in plain words.
    pub fn check(&self) -> Result<(), &'static str> {
        if !(self.repeats.is_finite() && self.last.is_finite() && self.watched.is_finite()) {
            return Err("a number is missing or infinite");
        }
        if self.repeats < 0.0 || self.repeats.fract() != 0.0 {
            return Err("the number of repeat purchases is not a whole number of zero or more");
        }
        if self.last < 0.0 || self.watched < 0.0 {
            return Err("a time is negative");
        }
        if self.last > self.watched {
            return Err("the last purchase is after the end of the time watched");
        }
        if self.repeats == 0.0 && self.last > 0.0 {
            return Err("a customer without repeat purchases cannot have a later last purchase");
        }
        Ok(())
    }
}

/// One day on which a customer bought, returned, or both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Sum of all amounts of the day, returns included.
    pub amount: f64,
    /// Whether anything was bought (an amount of zero or more): a day with only returns is not a purchase.
    pub bought: bool,
    /// Rows of the day that were purchases.
    pub rows: u32,
}

/// Every customer's days in order of time.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    customers: Vec<Vec<Day>>,
}

/// What one customer did in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Activity {
    /// Days with a purchase.
    pub purchases: f64,
    /// Sum of amounts, returns included.
    pub value: f64,
}

impl Ledger {
    /// Collects transactions `(customer, day, amount)` in any order; customers are numbered from zero without gaps.
    /// Several rows of one day count as one purchase.
    #[must_use]
    pub fn new(customers: usize, transactions: impl IntoIterator<Item = (usize, i32, f64)>) -> Self {
        let mut days: Vec<Vec<Day>> = vec![Vec::new(); customers];
        for (customer, day, amount) in transactions {
            let bought = amount >= 0.0;
            if let Some(list) = days.get_mut(customer) {
                let rows = u32::from(bought);
                match list.last_mut() {
                    Some(last) if last.day == day => {
                        last.amount += amount;
                        last.bought |= bought;
                        last.rows += rows;
                    }
                    _ => list.push(Day { day, amount, bought, rows }),
                }
            }
        }
        for list in &mut days {
            list.sort_by_key(|d| d.day);
            list.dedup_by(|next, kept| {
                let same = next.day == kept.day;
                if same {
                    kept.amount += next.amount;
                    kept.bought |= next.bought;
                    kept.rows += next.rows;
                }
                same
            });
        }
        Self { customers: days }
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are no customers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// A customer's days in order; empty for an unknown number.
    #[must_use]
    pub fn days(&self, customer: usize) -> &[Day] {
        self.customers.get(customer).map_or(&[], Vec::as_slice)
    }

    /// First and last day with a purchase of anyone.
    #[must_use]
    pub fn span(&self) -> Option<(i32, i32)> {
        let mut days = self.customers.iter().flatten().filter(|d| d.bought).map(|d| d.day);
        let first = days.next()?;
        Some(days.fold((first, first), |(low, high), day| (low.min(day), high.max(day))))
    }

    /// Customers who bought on or before `until`, with their summaries in units of `unit_days` days.
    ///
    /// Times are rounded to a hundredth of the unit, the precision in which the reference summaries of the literature
    /// are published, so that estimates can be compared with it to the last digit.
    #[must_use]
    pub fn summaries(&self, until: i32, unit_days: f64) -> (Vec<usize>, Vec<Summary>) {
        let mut numbers = Vec::new();
        let mut summaries = Vec::new();
        for (number, days) in self.customers.iter().enumerate() {
            let mut bought = days.iter().filter(|d| d.bought && d.day <= until);
            let Some(first) = bought.next() else { continue };
            let (mut repeats, mut last, mut amount) = (0.0, first.day, 0.0);
            for day in bought {
                repeats += 1.0;
                last = day.day;
                amount += day.amount;
            }
            numbers.push(number);
            summaries.push(Summary {
                repeats,
                last: hundredths(f64::from(last - first.day) / unit_days),
                watched: hundredths(f64::from(until - first.day) / unit_days),
                mean_amount: (repeats > 0.0).then(|| amount / repeats).filter(|m| m.is_finite()),
            });
        }
        (numbers, summaries)
    }

    /// What a customer did after `from` and up to and including `to`.
    #[must_use]
    pub fn activity(&self, customer: usize, from: i32, to: i32) -> Activity {
        self.days(customer).iter().filter(|d| d.day > from && d.day <= to).fold(Activity::default(), |sum, d| Activity {
            purchases: sum.purchases + f64::from(u8::from(d.bought)),
            value: sum.value + if d.amount.is_finite() { d.amount } else { 0.0 },
        })
    }
}

fn hundredths(time: f64) -> f64 {
    (time * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_merge_returns_do_not_count_and_the_future_is_not_seen() {
        let rows = [(0, 10, 5.0), (0, 3, 1.0), (0, 10, 7.0), (0, 12, -5.0), (0, 30, 9.0), (1, 20, 2.0)];
        let ledger = Ledger::new(2, rows);
        let (numbers, summaries) = ledger.summaries(17, 7.0);
        assert_eq!(numbers, [0]);
        assert_eq!(summaries[0], Summary { repeats: 1.0, last: 1.0, watched: 2.0, mean_amount: Some(12.0) });
        assert_eq!(ledger.activity(0, 17, 30), Activity { purchases: 1.0, value: 9.0 });
        assert_eq!(ledger.activity(0, 10, 17), Activity { purchases: 0.0, value: -5.0 });
        assert_eq!(ledger.span(), Some((3, 30)));
    }
}
