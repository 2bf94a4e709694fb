//! Moments written as text, without a calendar library: the journey loader reads millions of them a second.
//!
//! The calendar is the proleptic Gregorian one; a moment without an offset is taken as UTC.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// Days from 1970-01-01 to a date (Hinnant's era arithmetic); `None` for a date that does not exist.
#[must_use]
pub fn days_from_date(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) || !(-9999..=9999).contains(&year) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month = month as i32;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day as i32 - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// Year, month and day of a day counted from 1970-01-01; the inverse of [`days_from_date`].
#[must_use]
pub fn date_from_days(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Day of the week of a day counted from 1970-01-01: 0 is Monday.
#[must_use]
pub fn weekday(days: i32) -> u32 {
    (days + 3).rem_euclid(7) as u32
}

/// `2026-11-21` of a day counted from 1970-01-01.
#[must_use]
pub fn format_day(days: i32) -> String {
    let (year, month, day) = date_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Milliseconds since 1970-01-01 UTC of `2026-11-21`, `2026/11/21`, `21.11.2026` or `20261121`, with or without a time
/// (`T` or spaces between, `14:05`, `14:05:09`, `14:05:09.25`, then `Z` or `+02:00`); of seconds since 1970 (10 digits)
/// or milliseconds (13 digits). `11/21/2026` is refused: nobody can know which number is the month.
#[must_use]
pub fn parse_moment(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    if text.iter().all(u8::is_ascii_digit) && matches!(text.len(), 8 | 10 | 13) {
        let number = digits(text)?;
        return match text.len() {
            8 => {
                let days = days_from_date((number / 10_000) as i32, (number / 100 % 100) as u32, (number % 100) as u32)?;
                Some(i64::from(days) * DAY_MS)
            }
            10 => Some(number * 1_000),
            _ => Some(number),
        };
    }
    let (days, rest) = parse_date(text)?;
    let midnight = i64::from(days) * DAY_MS;
    let rest = match rest.first() {
        None => return Some(midnight),
        Some(b'T' | b't' | b' ') => rest[1..].trim_ascii_start(),
        Some(_) => return None,
    };
    Some(midnight + parse_time(rest)?)
}

/// A whole number of ASCII digits; `None` when empty, longer than 15 or anything else.
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    text.iter().try_fold(0_i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

/// The date at the start of a text, and what follows it.
pub(crate) fn parse_date(text: &[u8]) -> Option<(i32, &[u8])> {
    if text.len() >= 10 && matches!((text[4], text[7]), (b'-', b'-') | (b'/', b'/')) {
        let (year, month, day) = (digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..10])?);
        return Some((days_from_date(year as i32, month as u32, day as u32)?, &text[10..]));
    }
    let end = text.iter().position(|c| !c.is_ascii_digit() && *c != b'.').unwrap_or(text.len());
    let mut parts = text[..end].split(|c| *c == b'.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || day.len() > 2 || month.len() > 2 || year.len() != 4 {
        return None;
    }
    let days = days_from_date(digits(year)? as i32, digits(month)? as u32, digits(day)? as u32)?;
    Some((days, &text[end..]))
}

/// Milliseconds after midnight UTC of a time with an optional offset.
pub(crate) fn parse_time(text: &[u8]) -> Option<i64> {
    let offset_at = text.iter().position(|c| matches!(c, b'Z' | b'z' | b'+' | b'-')).unwrap_or(text.len());
    let offset = parse_offset(&text[offset_at..])?;
    let clock = text[..offset_at].trim_ascii_end();
    let mut parts = clock.split(|c| *c == b':');
    let hour = digits(parts.next()?)?;
    let minute = digits(parts.next()?)?;
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(part) => {
            let (whole, fraction) = match part.iter().position(|c| matches!(c, b'.' | b',')) {
                None => (part, &[][..]),
                Some(dot) => (&part[..dot], &part[dot + 1..]),
            };
            let mut milliseconds = 0;
            for place in 0..3 {
                milliseconds = milliseconds * 10 + fraction.get(place).map_or(0, |c| i64::from(c.wrapping_sub(b'0')));
            }
            if !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            (digits(whole)?, milliseconds)
        }
    };
    if parts.next().is_some() || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1_000 + fraction - offset)
}

fn parse_offset(text: &[u8]) -> Option<i64> {
    let sign = match text.first() {
        None => return Some(0),
        Some(b'Z' | b'z') => return (text.len() == 1).then_some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let body = &text[1..];
    let (hours, minutes) = match body.len() {
        2 => (digits(body)?, 0),
        4 => (digits(&body[..2])?, digits(&body[2..])?),
        5 if body[2] == b':' => (digits(&body[..2])?, digits(&body[3..])?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_goes_there_and_back() {
        let first = days_from_date(1600, 1, 1).expect("exists");
        let last = days_from_date(2400, 12, 31).expect("exists");
        assert_eq!(last - first + 1, 801 * 365 + 195);
        for day in first..=last {
            let (year, month, date) = date_from_days(day);
            assert_eq!(days_from_date(year, month, date), Some(day));
        }
        assert_eq!(weekday(days_from_date(2026, 11, 21).expect("exists")), 5);
    }

    #[test]
    fn forms_of_one_moment_agree() {
        let moment = parse_moment(b"2026-11-21T12:05:09.250Z").expect("valid");
        for text in ["2026-11-21 14:05:09.25+02:00", "21.11.2026 12:05:09,250", " 2026/11/21  12:05:09.2509 ", "1795262709250"] {
            assert_eq!(parse_moment(text.as_bytes()), Some(moment), "{text}");
        }
        assert_eq!(parse_moment(b"20261121"), parse_moment(b"2026-11-21"));
    }

    #[test]
    fn what_is_not_a_moment_is_refused() {
        for text in ["", "2026-02-29", "11/21/2026", "2026-11-21X", "2026-11-21 25:00", "2026-11-21 1", "12.5", "nan"] {
            assert_eq!(parse_moment(text.as_bytes()), None, "{text}");
        }
    }
}
