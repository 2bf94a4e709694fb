//! A spreadsheet's file as rows with named cells.

use ennakoi_kernel::{Problem, Timestamp};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::values;

/// Rows of one import, at most.
pub(super) const ROWS_MAX: usize = 100_000;
/// Characters of one cell, at most.
const CELL_CHARACTERS: usize = 2_000;

/// A column: its name here, what files call it, and whether a file without it makes no sense.
pub(super) struct Column {
    pub(super) field: &'static str,
    pub(super) called: &'static [&'static str],
    pub(super) required: bool,
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Rejected {
    /// Line of the file, from 1; the header is line 1.
    pub(super) line: u64,
    /// Stable code, e.g. `required`, `money_invalid`, `date_invalid`, `unknown`.
    pub(super) reason: String,
    /// The column, by its English name; null when the whole row is meant.
    pub(super) field: Option<String>,
}

/// Why a cell cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) field: &'static str,
    pub(super) reason: &'static str,
}

/// The rows of a file.
pub(super) struct Table {
    columns: Vec<(&'static str, usize)>,
    pub(super) rows: Vec<(u64, csv::StringRecord)>,
    pub(super) rejected: Vec<Rejected>,
}

/// The file's text. Bytes that are not UTF-8 are read as Windows-1252, as spreadsheets of this part of the world write them.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(Problem::field("file", "not_text", "the file is not a text: save it as CSV in UTF-8"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    };
    if text.trim().is_empty() { Err(Problem::field("file", "required", "the file is empty")) } else { Ok(text) }
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™',
        'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// Column names are compared without case, spaces and signs: `Order ID`, `order_id` and `orderid` are one.
fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

impl Table {
    /// Takes a text apart.
    ///
    /// # Errors
    /// A needed column is missing, a column stands twice, or there are too many rows.
    pub(super) fn read(text: &str, known: &[Column]) -> Result<Self, Problem> {
        let header = text.lines().next().unwrap_or_default();
        let count = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
        let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(count).unwrap_or(b';');
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().map_err(|error| unreadable(&error))?.iter().map(key).collect();
        let mut columns = Vec::new();
        for column in known {
            let mut places = names.iter().enumerate().filter(|(_, name)| key(column.field) == **name || column.called.iter().any(|alias| key(alias) == **name));
            match (places.next(), places.next()) {
                (Some((place, _)), None) => columns.push((column.field, place)),
                (Some(_), Some(_)) => return Err(Problem::field("file", "columns_repeated", format!("two columns mean {}", column.field))),
                (None, _) if column.required => {
                    return Err(Problem::field(
                        "file",
                        "columns_missing",
                        format!("the column {} is needed; the file has: {}", column.field, names.join(", ")),
                    ));
                }
                (None, _) => {}
            }
        }
        let mut table = Self { columns, rows: Vec::new(), rejected: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(str::is_empty) {
                continue;
            }
            if table.rows.len() + table.rejected.len() >= ROWS_MAX {
                return Err(Problem::field("file", "too_many", format!("at most {ROWS_MAX} rows at once; split the file")));
            }
            if record.len() > names.len() {
                table.reject(line, Refused { field: "", reason: "too_many_cells" });
            } else if record.iter().any(|cell| cell.chars().count() > CELL_CHARACTERS || cell.contains('\0')) {
                table.reject(line, Refused { field: "", reason: "cell_too_long" });
            } else {
                table.rows.push((line, record));
            }
        }
        Ok(table)
    }

    pub(super) fn reject(&mut self, line: u64, refused: Refused) {
        let field = Some(refused.field).filter(|field| !field.is_empty()).map(ToOwned::to_owned);
        self.rejected.push(Rejected { line, reason: refused.reason.to_owned(), field });
    }

    pub(super) const fn cells<'a>(&'a self, record: &'a csv::StringRecord, zone: &'a TimeZone) -> Cells<'a> {
        Cells { table: self, record, zone }
    }
}

fn unreadable(error: &csv::Error) -> Problem {
    Problem::field("file", "csv_invalid", error.to_string())
}

/// The cells of one row.
pub(super) struct Cells<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
    zone: &'a TimeZone,
}

impl Cells<'_> {
    /// The text of a cell; empty ones and missing columns are `None`.
    pub(super) fn text(&self, field: &'static str) -> Option<&str> {
        let (_, place) = self.table.columns.iter().find(|(known, _)| *known == field)?;
        self.record.get(*place).filter(|text| !text.is_empty())
    }

    pub(super) fn owned(&self, field: &'static str) -> Option<String> {
        self.text(field).map(ToOwned::to_owned)
    }

    pub(super) fn needed(&self, field: &'static str) -> Result<&str, Refused> {
        self.text(field).ok_or(Refused { field, reason: "required" })
    }

    pub(super) fn money(&self, field: &'static str, currency: &str) -> Result<Option<i64>, Refused> {
        self.text(field).map(|text| values::money(text, currency).ok_or(Refused { field, reason: "money_invalid" })).transpose()
    }

    pub(super) fn moment(&self, field: &'static str) -> Result<Option<Timestamp>, Refused> {
        self.text(field).map(|text| values::moment(text, self.zone).ok_or(Refused { field, reason: "date_invalid" })).transpose()
    }

    pub(super) fn number(&self, field: &'static str) -> Result<Option<i64>, Refused> {
        let whole = |text: &str| text.trim_end_matches(['0']).strip_suffix([',', '.']).unwrap_or(text).parse::<i64>().or_else(|_| text.parse());
        self.text(field).map(|text| whole(text).map_err(|_| Refused { field, reason: "number_invalid" })).transpose()
    }

    /// Three capital letters; euro when the file says none.
    pub(super) fn currency(&self) -> Result<String, Refused> {
        let code = self.text("currency").unwrap_or("EUR").to_uppercase();
        let code = if code == "€" { "EUR".to_owned() } else { code };
        let well_formed = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if well_formed { Ok(code) } else { Err(Refused { field: "currency", reason: "currency_invalid" }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { field: "id", called: &["order_id", "tilausnumero"], required: true },
        Column { field: "total", called: &["summa", "belopp"], required: false },
    ];

    #[test]
    fn separators_aliases_and_encodings_are_recognised() {
        let zone = TimeZone::UTC;
        for text in ["Tilausnumero;Summa\n1;\"1 234,50\"\n", "order id,belopp\n1,\"1 234,50\"\n", "ORDER_ID\tTotal\n1\t1 234,50\n"] {
            let table = Table::read(text, COLUMNS).unwrap();
            let cells = table.cells(&table.rows[0].1, &zone);
            assert_eq!((table.rows[0].0, cells.text("id"), cells.money("total", "EUR").unwrap()), (2, Some("1"), Some(123_450)), "{text}");
        }
        assert_eq!(decode(b"\xEF\xBB\xBFm\xc3\xa4").unwrap(), "mä");
        assert_eq!(decode(b"m\xe4 \x80").unwrap(), "mä €");
        assert!(decode(b"PK\x03\x04\0\0").is_err());
    }

    #[test]
    fn wrong_files_are_refused_as_a_whole_and_wrong_rows_alone() {
        assert_eq!(Table::read("summa;x\n1;2", COLUMNS).err().unwrap().fields[0].code, "columns_missing");
        assert_eq!(Table::read("id;order_id\n1;2", COLUMNS).err().unwrap().fields[0].code, "columns_repeated");
        let table = Table::read("id;summa\n1;2;3\n\n2;5", COLUMNS).unwrap();
        assert_eq!((table.rows.len(), table.rejected[0].line, table.rejected[0].reason.as_str()), (1, 2, "too_many_cells"));
    }
}
