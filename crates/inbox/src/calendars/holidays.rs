//! Public holidays of Finland and Sweden, computed for any year.
//!
//! Sources: Finland: kirkkolaki and the acts on independence day (388/1937) and May Day (272/1944), with the eves of juhannus and
//! Christmas, which vuosilomalaki 162/2005 § 4 does not count as weekdays. Sweden: lag (1989:253) om allmänna helgdagar, with the
//! eves that semesterlagen (1977:480) § 3 a treats as Sundays. Sundays themselves belong to the weekly hours.

use ennakoi_store::stored_as_text;
use jiff::{
    Span,
    civil::{Date, Weekday, date},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose public holidays a calendar keeps: `fi` Finland's, `sv` Sweden's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    Fi,
    Sv,
    #[default]
    None,
}
stored_as_text!(Holidays { Fi = "fi", Sv = "sv", None = "none" });

/// A stable code of the holiday on `day`, if there is one.
#[must_use]
pub fn holiday(holidays: Holidays, day: Date) -> Option<&'static str> {
    if holidays == Holidays::None {
        return None;
    }
    let easter = easter_sunday(day.year());
    let after_easter = |days: i32| easter.checked_add(Span::new().days(days)).is_ok_and(|date| date == day);
    match (day.month(), day.day()) {
        (1, 1) => return Some("new_year"),
        (1, 6) => return Some("epiphany"),
        (5, 1) => return Some("may_day"),
        (12, 24) => return Some("christmas_eve"),
        (12, 25) => return Some("christmas_day"),
        (12, 26) => return Some("second_christmas_day"),
        (6, 6) if holidays == Holidays::Sv => return Some("national_day"),
        (12, 31) if holidays == Holidays::Sv => return Some("new_years_eve"),
        (12, 6) if holidays == Holidays::Fi => return Some("independence_day"),
        _ => {}
    }
    if within(day, Weekday::Friday, (6, 19)) {
        return Some("midsummer_eve");
    }
    if within(day, Weekday::Saturday, (6, 20)) {
        return Some("midsummer_day");
    }
    if within(day, Weekday::Saturday, (10, 31)) {
        return Some("all_saints_day");
    }
    [(-2, "good_friday"), (0, "easter_sunday"), (1, "easter_monday"), (39, "ascension_day"), (49, "whit_sunday")]
        .into_iter()
        .find(|(days, _)| after_easter(*days))
        .map(|(_, code)| code)
}

/// Whether `day` is the given weekday in the week that begins with this month and day.
fn within(day: Date, weekday: Weekday, (month, first): (i8, i8)) -> bool {
    let start = date(day.year(), month, first);
    day.weekday() == weekday && day >= start && start.checked_add(Span::new().days(6)).is_ok_and(|end| day <= end)
}

/// Easter Sunday of the Gregorian calendar (the anonymous computus published in Nature, 1876).
fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    let small = |number: i32| i8::try_from(number).expect("the computus yields a month of 3 or 4 and a day of 1 to 31");
    date(year, small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_almanac_says() {
        for (year, month, day) in [(2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter_sunday(year), date(year, month, day));
        }
    }

    #[test]
    fn finnish_days_of_2026() {
        let found: Vec<(String, &str)> = date(2026, 1, 1)
            .series(Span::new().days(1))
            .take_while(|day| day.year() == 2026)
            .filter_map(|day| holiday(Holidays::Fi, day).map(|code| (day.to_string(), code)))
            .collect();
        let expected = [
            ("2026-01-01", "new_year"),
            ("2026-01-06", "epiphany"),
            ("2026-04-03", "good_friday"),
            ("2026-04-05", "easter_sunday"),
            ("2026-04-06", "easter_monday"),
            ("2026-05-01", "may_day"),
            ("2026-05-14", "ascension_day"),
            ("2026-05-24", "whit_sunday"),
            ("2026-06-19", "midsummer_eve"),
            ("2026-06-20", "midsummer_day"),
            ("2026-10-31", "all_saints_day"),
            ("2026-12-06", "independence_day"),
            ("2026-12-24", "christmas_eve"),
            ("2026-12-25", "christmas_day"),
            ("2026-12-26", "second_christmas_day"),
        ];
        assert_eq!(found, expected.map(|(day, code)| (day.to_owned(), code)));
    }

    #[test]
    fn swedish_days_differ_where_the_law_does() {
        assert_eq!(holiday(Holidays::Sv, date(2026, 6, 6)), Some("national_day"));
        assert_eq!(holiday(Holidays::Sv, date(2026, 12, 31)), Some("new_years_eve"));
        assert_eq!(holiday(Holidays::Sv, date(2026, 12, 6)), None);
        assert_eq!(holiday(Holidays::Fi, date(2026, 6, 6)), None);
        // All Saints' Day can fall in November: Saturday 6 November 2027.
        assert_eq!(holiday(Holidays::Sv, date(2027, 11, 6)), Some("all_saints_day"));
        assert_eq!(holiday(Holidays::None, date(2026, 12, 25)), None);
    }
}
