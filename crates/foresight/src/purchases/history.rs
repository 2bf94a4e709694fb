//! From transactions to what the models need.

use std::borrow::Cow;

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
    /// Rows of the day that were purchases, with an amount of zero or more.
    pub rows: u32,
    /// Sum of all amounts of the day, returns included.
    pub amount: f64,
}

/// Every customer's days in order of time.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    customers: Vec<Vec<Day>>,
}

/// A ledger that transactions are still added to, one by one. It holds days, not transactions: however many rows a day has,
/// they take the room of one.
#[derive(Debug, Default)]
pub struct OpenLedger {
    customers: Vec<Vec<Day>>,
}

/// Days of a customer from which equal ones are brought together before more room is taken.
const CROWDED: usize = 16;

impl OpenLedger {
    /// Adds a row of a customer; customers may come in any order, and those passed over have no days.
    pub fn add(&mut self, customer: usize, day: i32, amount: f64) {
        if customer >= self.customers.len() {
            self.customers.resize(customer + 1, Vec::new());
        }
        let list = &mut self.customers[customer];
        let next = Day { day, rows: u32::from(amount >= 0.0), amount };
        match list.last_mut() {
            Some(last) if last.day == day => last.merge(&next),
            _ => {
                if list.len() == list.capacity() && list.len() >= CROWDED {
                    settle(list);
                    // Room for half as many again, so that the cost of settling stays in proportion to the rows.
                    list.reserve_exact(list.len() / 2 + CROWDED);
                }
                list.push(next);
            }
        }
    }

    /// Puts every customer's days in order.
    #[must_use]
    pub fn close(mut self) -> Ledger {
        for list in &mut self.customers {
            settle(list);
            list.shrink_to_fit();
        }
        Ledger { customers: self.customers }
    }
}

impl Day {
    /// Whether anything was bought: a day with only returns is not a purchase.
    #[must_use]
    pub fn bought(&self) -> bool {
        self.rows > 0
    }

    fn merge(&mut self, next: &Self) {
        self.amount += next.amount;
        self.rows = self.rows.saturating_add(next.rows);
    }
}

/// Sorts by day and makes one of equal days.
fn settle(list: &mut Vec<Day>) {
    list.sort_by_key(|d| d.day);
    list.dedup_by(|next, kept| {
        let same = next.day == kept.day;
        if same {
            kept.merge(next);
        }
        same
    });
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
        let mut open = OpenLedger { customers: vec![Vec::new(); customers] };
        transactions.into_iter().filter(|row| row.0 < customers).for_each(|(customer, day, amount)| open.add(customer, day, amount));
        open.close()
    }

    /// One customer in so many, by number, so that at most `most` are left; everyone when they are no more than that.
    #[must_use]
    pub fn part(&self, most: usize) -> Cow<'_, Self> {
        let every = self.len().div_ceil(most.max(1)).max(1);
        if every == 1 { Cow::Borrowed(self) } else { Cow::Owned(Self { customers: self.customers.iter().step_by(every).cloned().collect() }) }
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
        let mut days = self.customers.iter().flatten().filter(|d| d.bought()).map(|d| d.day);
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
            let mut bought = days.iter().filter(|d| d.bought() && d.day <= until);
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
            purchases: sum.purchases + f64::from(u8::from(d.bought())),
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

    #[test]
    fn many_rows_of_few_days_take_the_room_of_the_days() {
        let mut open = OpenLedger::default();
        for row in 0..100_000 {
            open.add(1, row * 7919 % 20, 1.0);
        }
        assert!(open.customers[1].capacity() < 100, "{}", open.customers[1].capacity());
        let ledger = open.close();
        assert_eq!((ledger.len(), ledger.days(0).len(), ledger.days(1).len()), (2, 0, 20));
        assert!(ledger.days(1).iter().enumerate().all(|(n, d)| d.day == n as i32 && d.amount == 5_000.0 && d.rows == 5_000));
    }

    #[test]
    fn a_part_is_spread_over_everyone_and_a_small_ledger_is_whole() {
        let ledger = Ledger::new(1_000, (0..1_000).map(|n| (n, n as i32, 1.0)));
        assert_eq!(ledger.part(1_000).len(), 1_000);
        let part = ledger.part(300);
        assert_eq!((part.len(), part.days(0)[0].day, part.days(249)[0].day), (250, 0, 996));
        assert_eq!(Ledger::default().part(0).len(), 0);
    }
}
