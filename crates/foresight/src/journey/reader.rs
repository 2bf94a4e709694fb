//! Loads an event log from the bytes of a CSV file, piece by piece, in one pass and bounded memory.
//!
//! The caller does the reading; this parses whole lines where they lie and copies only names it has not seen.

use super::intern::{Interner, Wanted};
use super::log::{Columns, EventLog};
use crate::calendar::{self, DAY_MS};

/// What is wrong with a file, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// From 1, the header included.
    pub line: u64,
    /// Name of the column, or its number from 1 when it has none.
    pub column: Option<String>,
    pub reason: String,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, column `{column}`: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

impl std::error::Error for ReadError {}

/// Names of the three columns in the file; `None` means any of the usual names.
#[derive(Debug, Clone, Default)]
pub struct ColumnNames {
    pub case: Option<String>,
    pub activity: Option<String>,
    pub timestamp: Option<String>,
}

const CASE: [&str; 7] = ["case", "caseid", "case_id", "case:concept:name", "session_id", "user_id", "customer_id"];
const ACTIVITY: [&str; 6] = ["activity", "activityid", "activity_id", "concept:name", "event", "activity_name"];
const TIMESTAMP: [&str; 6] = ["timestamp", "completetimestamp", "time:timestamp", "time", "date", "complete_timestamp"];

/// A line longer than this holds a quote that is never closed.
const LONGEST_LINE: usize = 1 << 17;

/// Events whose cases are looked up together: with cases in turn every look-up waits for memory, and these wait at once.
const TOGETHER: usize = 64;

/// An event whose case is not looked up yet.
#[derive(Debug)]
struct Waiting {
    /// `None` when the case is that of the event before.
    case: Option<Wanted>,
    /// End of the case's name among the names waiting.
    end: usize,
    activity: u16,
    time: i64,
}

/// The state between two pieces of a file.
#[derive(Debug)]
pub struct LogReader {
    names: ColumnNames,
    /// The delimiter and the places of case, activity and timestamp, once the header has been read.
    layout: Option<Layout>,
    columns: Columns,
    carried: Vec<u8>,
    line: u64,
    waiting: Vec<Waiting>,
    waiting_names: Vec<u8>,
    last_case: Vec<u8>,
    last_case_number: u32,
    last_date: [u8; 10],
    last_day: i64,
}

#[derive(Debug, Clone)]
struct Layout {
    delimiter: u8,
    headers: Vec<String>,
    places: [usize; 3],
    last: usize,
}

enum Line {
    Done,
    /// A quote is open at the end of the line: the next line belongs to it.
    Open,
}

impl LogReader {
    #[must_use]
    pub fn new(names: ColumnNames) -> Self {
        Self {
            names,
            layout: None,
            columns: Columns::default(),
            carried: Vec::new(),
            line: 1,
            waiting: Vec::with_capacity(TOGETHER),
            waiting_names: Vec::new(),
            last_case: Vec::new(),
            last_case_number: u32::MAX,
            last_date: [0; 10],
            last_day: 0,
        }
    }

    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// The first line that cannot be understood.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), ReadError> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.carried.is_empty() {
                if let Line::Open = self.take(line)? {
                    self.carry(line)?;
                    self.carried.push(b'\n');
                }
            } else {
                let mut joined = std::mem::take(&mut self.carried);
                joined.extend_from_slice(line);
                let lines = 1 + memchr::memchr_iter(b'\n', &joined).count() as u64;
                if let Line::Open = self.take(&joined)? {
                    joined.push(b'\n');
                    self.too_long(joined.len())?;
                    self.carried = joined;
                } else {
                    self.line += lines - 1;
                    joined.clear();
                    self.carried = joined;
                }
            }
            bytes = rest;
        }
        self.carry(bytes)
    }

    fn carry(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        self.too_long(self.carried.len() + bytes.len())?;
        self.carried.extend_from_slice(bytes);
        Ok(())
    }

    fn too_long(&self, length: usize) -> Result<(), ReadError> {
        if length > LONGEST_LINE {
            return Err(self.error(None, "the line does not end within 131,072 bytes; is a quote left open?"));
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// A quote left open, a bad last line, no header or no events.
    pub fn finish(mut self) -> Result<EventLog, ReadError> {
        let last = std::mem::take(&mut self.carried);
        if !last.is_empty()
            && let Line::Open = self.take(&last)?
        {
            return Err(self.error(None, "a quote is opened and never closed"));
        }
        if self.layout.is_none() {
            return Err(ReadError { line: 1, column: None, reason: "the file is empty".to_owned() });
        }
        self.look_up().map_err(|reason| self.error(None, &reason))?;
        if self.columns.len() == 0 {
            return Err(self.error(None, "there are no events below the header"));
        }
        Ok(self.columns.finish())
    }

    /// Events read so far.
    #[must_use]
    pub fn events(&self) -> usize {
        self.columns.len() + self.waiting.len()
    }

    fn error(&self, place: Option<usize>, reason: &str) -> ReadError {
        let name = |place: usize| {
            let header = self.layout.as_ref().and_then(|l| l.headers.get(place)).filter(|h| !h.is_empty());
            header.cloned().unwrap_or_else(|| (place + 1).to_string())
        };
        ReadError { line: self.line, column: place.map(name), reason: reason.to_owned() }
    }

    /// Reads one line; the line counter moves on when it is complete.
    fn take(&mut self, line: &[u8]) -> Result<Line, ReadError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(layout) = self.layout.take() else {
            self.layout = Some(self.header(line)?);
            self.line += 1;
            return Ok(Line::Done);
        };
        let result = self.event(line, &layout);
        self.layout = Some(layout);
        // A complaint made while the layout was out of its place gets its column name now.
        match result {
            Ok(Line::Done) => {
                self.line += 1;
                Ok(Line::Done)
            }
            Ok(Line::Open) => Ok(Line::Open),
            Err((place, reason)) => Err(self.error(place, &reason)),
        }
    }

    fn event(&mut self, line: &[u8], layout: &Layout) -> Result<Line, (Option<usize>, String)> {
        if line.is_empty() {
            return Ok(Line::Done);
        }
        let mut bounds = [(0_usize, 0_usize); 3];
        let (mut place, mut start, mut found) = (0, 0, 0);
        let mut keep = |place: usize, start: usize, end: usize| {
            for (bound, wanted) in bounds.iter_mut().zip(&layout.places) {
                if *wanted == place {
                    *bound = (start, end);
                    found += 1;
                }
            }
        };
        for at in memchr::memchr2_iter(layout.delimiter, b'"', line) {
            if line[at] == b'"' {
                return self.quoted(line, layout);
            }
            keep(place, start, at);
            place += 1;
            start = at + 1;
            if place > layout.last {
                break;
            }
        }
        if place <= layout.last {
            keep(place, start, line.len());
        }
        if found < 3 {
            return Err((Some(place + 1), format!("the line has only {} columns", place + 1)));
        }
        let [case, activity, time] = bounds.map(|(start, end)| &line[start..end]);
        self.push(case, activity, time, layout)?;
        Ok(Line::Done)
    }

    /// A line with quotes: fields are unquoted one by one.
    fn quoted(&mut self, line: &[u8], layout: &Layout) -> Result<Line, (Option<usize>, String)> {
        let Some(fields) = split_quoted(line, layout.delimiter) else { return Ok(Line::Open) };
        let field = |i: usize| {
            let place = layout.places[i];
            fields.get(place).ok_or_else(|| (Some(place), format!("the line has only {} columns", fields.len())))
        };
        let (case, activity, time) = (field(0)?, field(1)?, field(2)?);
        self.push(case, activity, time, layout)?;
        Ok(Line::Done)
    }

    fn push(&mut self, case: &[u8], activity: &[u8], time: &[u8], layout: &Layout) -> Result<(), (Option<usize>, String)> {
        let (case, activity) = (case.trim_ascii(), activity.trim_ascii());
        let time = self.moment(time).ok_or_else(|| {
            let shown: String = String::from_utf8_lossy(time).chars().take(40).collect();
            let wanted = "is not a date such as 2026-11-21 14:05:00";
            (Some(layout.places[2]), format!("`{shown}` {wanted}"))
        })?;
        let same = self.last_case == case && !case.is_empty();
        if !same {
            check_text(case).map_err(|reason| (Some(layout.places[0]), reason))?;
        }
        let known = self.columns.activity_names.len();
        let activity_number = self.columns.activity_names.number(activity);
        if self.columns.activity_names.len() > known {
            check_text(activity).map_err(|reason| (Some(layout.places[1]), reason))?;
        }
        let activity_number = activity_number
            .and_then(|n| u16::try_from(n).ok())
            .ok_or_else(|| (Some(layout.places[1]), "there are more than 65,536 activities; is this the right column?".to_owned()))?;
        let wanted = if same { None } else { Some(Interner::wanted(case).ok_or_else(|| (Some(layout.places[0]), "the name is too long".to_owned()))?) };
        if !same {
            self.waiting_names.extend_from_slice(case);
            self.last_case.clear();
            self.last_case.extend_from_slice(case);
        }
        self.waiting.push(Waiting { case: wanted, end: self.waiting_names.len(), activity: activity_number, time });
        if self.waiting.len() == TOGETHER {
            self.look_up().map_err(|reason| (Some(layout.places[0]), reason))?;
        }
        Ok(())
    }

    /// Gives the waiting events their cases.
    fn look_up(&mut self) -> Result<(), String> {
        let mut seen = [None; TOGETHER];
        for (seen, event) in seen.iter_mut().zip(&self.waiting) {
            *seen = event.case.as_ref().and_then(|wanted| self.columns.case_names.glance(wanted));
        }
        let mut start = 0;
        for (event, seen) in self.waiting.iter().zip(seen) {
            if event.case.is_some() {
                let number = seen.or_else(|| self.columns.case_names.number(&self.waiting_names[start..event.end]));
                self.last_case_number = number.ok_or("there are too many cases")?;
            }
            start = event.end;
            self.columns.push(self.last_case_number, event.activity, event.time);
        }
        self.waiting.clear();
        self.waiting_names.clear();
        Ok(())
    }

    /// Rows of a log share dates: the date is only computed when it differs from the one before.
    fn moment(&mut self, text: &[u8]) -> Option<i64> {
        if let Some((date, rest)) = text.split_first_chunk::<10>()
            && date[4] == b'-'
        {
            if *date != self.last_date {
                let (day, _) = calendar::parse_date(date)?;
                self.last_date = *date;
                self.last_day = i64::from(day) * DAY_MS;
            }
            if rest.is_empty() {
                return Some(self.last_day);
            }
            if let Some(clock) = plain_clock(rest) {
                return Some(self.last_day + clock);
            }
        }
        calendar::parse_moment(text)
    }

    fn header(&self, line: &[u8]) -> Result<Layout, ReadError> {
        let line = line.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(line);
        if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) || line.contains(&0) {
            return Err(self.error(None, "this is not text in UTF-8; save the file as UTF-8"));
        }
        let count = |d: u8| memchr::memchr_iter(d, line).count();
        let delimiter = [b'|', b'\t', b';', b','].into_iter().max_by_key(|d| count(*d)).unwrap_or(b',');
        let fields = split_quoted(line, delimiter).ok_or_else(|| self.error(None, "a quote is not closed"))?;
        let headers: Vec<String> = fields.iter().map(|f| String::from_utf8_lossy(f).trim().to_owned()).collect();
        let find = |named: &Option<String>, usual: &[&str], what: &str| {
            let place = |name: &str| headers.iter().position(|h| h.eq_ignore_ascii_case(name));
            let found = match named {
                Some(name) => place(name),
                None => usual.iter().find_map(|name| place(name)),
            };
            found.ok_or_else(|| {
                let wanted = named.as_deref().unwrap_or(what);
                self.error(None, &format!("no column `{wanted}` for the {what}; the file has: {}", headers.join(", ")))
            })
        };
        let places =
            [find(&self.names.case, &CASE, "case")?, find(&self.names.activity, &ACTIVITY, "activity")?, find(&self.names.timestamp, &TIMESTAMP, "timestamp")?];
        let last = places.iter().copied().max().unwrap_or(0);
        Ok(Layout { delimiter, headers, places, last })
    }
}

fn check_text(name: &[u8]) -> Result<(), String> {
    if name.is_empty() {
        return Err("the cell is empty".to_owned());
    }
    std::str::from_utf8(name).map(|_| ()).map_err(|_| "the text is not UTF-8; save the file as UTF-8".to_owned())
}

/// Milliseconds of ` HH:MM:SS`, with `T` or a space before; `None` for any other form.
fn plain_clock(text: &[u8]) -> Option<i64> {
    let [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *text else { return None };
    let digit = |c: u8| c.wrapping_sub(b'0');
    let all = [h1, h2, m1, m2, s1, s2].map(digit);
    if all.iter().any(|d| *d > 9) {
        return None;
    }
    let pair = |i: usize| i64::from(all[i]) * 10 + i64::from(all[i + 1]);
    let (hour, minute, second) = (pair(0), pair(2), pair(4));
    (hour < 24 && minute < 60 && second <= 60).then_some(((hour * 60 + minute) * 60 + second) * 1_000)
}

/// Fields of a line in which some are quoted; `None` while a quote is open at its end.
fn split_quoted(line: &[u8], delimiter: u8) -> Option<Vec<Vec<u8>>> {
    let mut fields = vec![Vec::new()];
    let mut inside = false;
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let field = fields.last_mut().expect("there is always a field");
        if byte == b'"' {
            if inside && bytes.peek() == Some(&b'"') {
                field.push(b'"');
                bytes.next();
            } else {
                inside = !inside;
            }
        } else if byte == delimiter && !inside {
            fields.push(Vec::new());
        } else {
            field.push(byte);
        }
    }
    (!inside).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], piece: usize) -> Result<EventLog, ReadError> {
        let mut reader = LogReader::new(ColumnNames::default());
        text.chunks(piece).try_for_each(|chunk| reader.feed(chunk))?;
        reader.finish()
    }

    #[test]
    fn quotes_pieces_and_line_ends_do_not_change_what_is_read() {
        let text = "\u{feff}Activity;Case;Extra;Timestamp\r\n\"see; \"\"it\"\"\r\nagain\";1;x;2026-11-21 10:00:00\r\n\
                    pay;1;;21.11.2026 09:00\r\n\r\nsee;2;\"\";2026-11-21T10:00:00.5+02:00";
        for piece in 1..text.len() {
            let log = read(text.as_bytes(), piece).expect("valid");
            assert_eq!((log.events(), log.cases(), log.activities()), (3, 2, 3));
            assert_eq!(log.activity_name(0), "see; \"it\"\r\nagain");
            assert_eq!(log.trace(0), [1, 0], "ordered by time");
            assert_eq!(log.times(0)[1] - log.times(1)[0], 7_199_500);
        }
    }

    #[test]
    fn complaints_name_line_and_column() {
        let complain = |text: &str| read(text.as_bytes(), 7).expect_err("hostile").to_string();
        assert_eq!(complain(""), "line 1: the file is empty");
        assert_eq!(complain("case,activity,timestamp\n"), "line 2: there are no events below the header");
        assert_eq!(complain("case,activity,time\n1,a,2026-01-01\n1,b,soon\n"), "line 3, column `time`: `soon` is not a date such as 2026-11-21 14:05:00");
        assert_eq!(complain("case,activity,time\n\"1\n2\",a,2026-01-01\n3,a\n"), "line 4, column `time`: the line has only 2 columns");
        assert_eq!(complain("case,activity,time\n1,,2026-01-01\n"), "line 2, column `activity`: the cell is empty");
        assert!(complain("who,activity,time\n").starts_with("line 1: no column `case` for the case; the file has: who,"));
        assert!(complain("case,activity,time\n\"1,a,2026-01-01\n").contains("never closed"));
        let latin = read(b"case,activity,time\n1,k\xe4vi,2026-01-01\n", 100).expect_err("hostile").to_string();
        assert_eq!(latin, "line 2, column `activity`: the text is not UTF-8; save the file as UTF-8");
    }
}
