//! Who bought what, when.

/// One product in one person's history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    pub item: u32,
    /// Different days on which it was bought.
    pub days: u32,
    /// First and last day of buying it.
    pub first: i32,
    pub last: i32,
    /// The last thing that happened to it was a return.
    pub returned: bool,
    /// Days of buying it that count less the longer ago they are, by half-life as in [`HALF_LIVES`].
    pub faded: [f32; HALF_LIVES.len()],
}

/// Half-lives of [`Seen::faded`], days.
pub const HALF_LIVES: [f32; 3] = [10.0, 30.0, 90.0];

impl Seen {
    fn fade(&mut self, ago: i32) {
        self.faded.iter_mut().zip(HALF_LIVES).for_each(|(sum, half)| *sum += (-(ago as f32) / half).exp2());
    }
}

/// Everyone's purchases `(person, item, day, returned)`; persons and items are numbered from zero without gaps.
#[derive(Debug, Clone, Default)]
pub struct Purchases {
    pub items: usize,
    /// By person, in order of time.
    people: Vec<Vec<(i32, u32, bool)>>,
}

impl Purchases {
    /// Collects purchases in any order.
    #[must_use]
    pub fn new(people: usize, items: usize, rows: impl IntoIterator<Item = (usize, usize, i32, bool)>) -> Self {
        let mut all = vec![Vec::new(); people];
        for (person, item, day, returned) in rows {
            if let Some(list) = all.get_mut(person)
                && item < items
            {
                list.push((day, item as u32, returned));
            }
        }
        for list in &mut all {
            list.sort_unstable();
            list.dedup();
        }
        Self { items, people: all }
    }

    /// Number of people.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// First and last day.
    #[must_use]
    pub fn span(&self) -> Option<(i32, i32)> {
        let first = self.people.iter().filter_map(|p| p.first()).map(|r| r.0).min()?;
        let last = self.people.iter().filter_map(|p| p.last()).map(|r| r.0).max()?;
        Some((first, last))
    }

    /// A person's history up to and including a day, one entry per product, by number of the product.
    #[must_use]
    pub fn seen(&self, person: usize, until: i32) -> Vec<Seen> {
        let rows = self.people.get(person).map_or(&[][..], Vec::as_slice);
        let mut rows: Vec<_> = rows.iter().filter(|r| r.0 <= until).map(|&(day, item, back)| (item, day, back)).collect();
        rows.sort_unstable();
        let mut seen: Vec<Seen> = Vec::new();
        for (item, day, returned) in rows {
            match seen.last_mut().filter(|s| s.item == item) {
                Some(known) => {
                    if !returned && (day != known.last || known.days == 0) {
                        known.days += 1;
                        known.fade(until.saturating_sub(day));
                    }
                    known.returned = returned;
                    if !returned {
                        known.last = day;
                    }
                }
                None => {
                    let mut new = Seen { item, days: u32::from(!returned), first: day, last: day, returned, faded: [0.0; HALF_LIVES.len()] };
                    if !returned {
                        new.fade(until.saturating_sub(day));
                    }
                    seen.push(new);
                }
            }
        }
        seen
    }

    /// Different days on which a person bought anything, up to and including a day, ascending.
    #[must_use]
    pub fn visits(&self, person: usize, until: i32) -> Vec<i32> {
        let rows = self.people.get(person).map_or(&[][..], Vec::as_slice);
        let mut days: Vec<i32> = rows.iter().filter(|r| r.0 <= until && !r.2).map(|r| r.0).collect();
        days.dedup();
        days
    }

    /// Different products a person bought after `from` up to and including `to`.
    #[must_use]
    pub fn bought(&self, person: usize, from: i32, to: i32) -> Vec<u32> {
        let rows = self.people.get(person).map_or(&[][..], Vec::as_slice);
        let mut items: Vec<u32> = rows.iter().filter(|r| r.0 > from && r.0 <= to && !r.2).map(|r| r.1).collect();
        items.sort_unstable();
        items.dedup();
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_count_days_and_notice_returns() {
        let rows = [(0, 1, 5, false), (0, 1, 5, false), (0, 1, 9, false), (0, 0, 3, false), (0, 0, 4, true), (0, 2, 50, false)];
        let purchases = Purchases::new(1, 3, rows);
        let seen = purchases.seen(0, 10);
        let faded = |ago: &[f32]| HALF_LIVES.map(|half| ago.iter().map(|a| (-a / half).exp2()).sum());
        assert_eq!(seen[0], Seen { item: 0, days: 1, first: 3, last: 3, returned: true, faded: faded(&[7.0]) });
        assert_eq!(seen[1], Seen { item: 1, days: 2, first: 5, last: 9, returned: false, faded: faded(&[5.0, 1.0]) });
        assert_eq!(purchases.visits(0, 10), [3, 5, 9]);
        assert_eq!(purchases.bought(0, 4, 60), [1, 2]);
        assert_eq!(purchases.span(), Some((3, 50)));
    }
}
