//! Tables from files: any delimiter, compressed or not, columns found by name; every complaint names file, line, column.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

/// A column the evaluation needs, and the names it goes by in the wild.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) required: bool,
}

impl Field {
    pub(crate) const fn required(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases, required: true }
    }

    pub(crate) const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases, required: false }
    }
}

/// `--columns case=CaseID,amount=Quantity*UnitPrice` as a map from our names to theirs.
pub(crate) fn mapping(columns: Option<&str>) -> Result<HashMap<String, String>> {
    let mut map = HashMap::new();
    for pair in columns.unwrap_or("").split(',').filter(|p| !p.trim().is_empty()) {
        let (ours, theirs) = pair.split_once('=').ok_or_else(|| anyhow!("--columns: `{}` is not of the form name=Column", pair.trim()))?;
        map.insert(ours.trim().to_owned(), theirs.trim().to_owned());
    }
    Ok(map)
}

/// Opens a file, unpacking gzip, refusing what is clearly not text in UTF-8.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let unreadable = || format!("{}: cannot be read", path.display());
    let file = File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    let mut file = BufReader::with_capacity(1 << 18, file);
    // Looked at without being consumed, so that pipes can be read too.
    let packed = file.fill_buf().with_context(unreadable)?.starts_with(&[0x1f, 0x8b]);
    let mut reader: Box<dyn BufRead> =
        if packed { Box::new(BufReader::with_capacity(1 << 18, flate2::bufread::MultiGzDecoder::new(file))) } else { Box::new(file) };
    let start = reader.fill_buf().with_context(|| format!("{}: cannot be read", path.display()))?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        bail!("{}: line 1: this is UTF-16; save the file as UTF-8", path.display());
    }
    let head = &start[..start.len().min(4096)];
    let zeros = head.iter().filter(|b| **b == 0).count();
    if zeros * 3 > head.len() && !head.windows(2).any(|pair| pair == [0, 0]) {
        bail!("{}: line 1: this looks like UTF-16; save the file as UTF-8", path.display());
    }
    if zeros > 0 {
        bail!("{}: line 1: this is not a text file (it holds zero bytes)", path.display());
    }
    if !head.contains(&b'\n') && head.iter().filter(|b| **b == b'\r').count() > 1 {
        bail!("{}: line 1: lines end in a bare carriage return; save the file with line feeds", path.display());
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        reader.consume(3);
    }
    Ok(reader)
}

/// The delimiter that splits the header into most parts, of comma, semicolon, tab and bar.
pub(crate) fn delimiter_of(header: &[u8]) -> u8 {
    let line = header.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |d: u8| line.iter().filter(|b| **b == d).count();
    // On a tie the comma wins, being first.
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b',')
}

/// One open table.
pub(crate) struct Table {
    path: String,
    reader: csv::Reader<Box<dyn BufRead>>,
    pub(crate) headers: Vec<String>,
    decimal_comma: bool,
}

/// One line of a table.
pub(crate) struct Row<'a> {
    table: &'a str,
    headers: &'a [String],
    record: &'a csv::StringRecord,
    decimal_comma: bool,
    pub(crate) line: u64,
}

impl Table {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let mut source = open(path)?;
        let delimiter = delimiter_of(source.fill_buf().with_context(|| format!("{name}: cannot be read"))?);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(source);
        let headers: Vec<String> = reader.headers().map_err(|e| explain(&name, &[], &e))?.iter().map(str::to_owned).collect();
        if headers.iter().all(String::is_empty) {
            bail!("{name}: line 1: the file is empty; a header line with column names is needed");
        }
        Ok(Self { path: name, reader, headers, decimal_comma: delimiter == b';' })
    }

    /// Places of the wanted columns, by `--columns` first, then by name and alias without regard to case.
    pub(crate) fn find(&self, fields: &[Field], map: &HashMap<String, String>) -> Result<Vec<Option<Column>>> {
        if let Some(unknown) = map.keys().find(|k| !fields.iter().any(|f| f.name == k.as_str())) {
            let names: Vec<&str> = fields.iter().map(|f| f.name).collect();
            bail!("--columns: `{unknown}` is not one of {}", names.join(", "));
        }
        let place = |name: &str| self.headers.iter().position(|h| h.eq_ignore_ascii_case(name));
        let mut found = Vec::with_capacity(fields.len());
        for field in fields {
            let column = if let Some(theirs) = map.get(field.name) {
                let factors: Option<Vec<usize>> = theirs.split('*').map(|part| place(part.trim())).collect();
                let missing = || self.missing(theirs, &format!("named for `{}` by --columns", field.name));
                Some(Column(factors.ok_or_else(missing)?))
            } else {
                let names = std::iter::once(&field.name).chain(field.aliases);
                names.filter_map(|n| place(n)).next().map(|p| Column(vec![p]))
            };
            if column.is_none() && field.required {
                return Err(self.missing(field.name, "needed here"));
            }
            found.push(column);
        }
        Ok(found)
    }

    /// Gives columns other names, `name → Column`.
    pub(crate) fn rename(&mut self, map: &HashMap<String, String>) -> Result<()> {
        for (ours, theirs) in map {
            let place = self.headers.iter().position(|h| h.eq_ignore_ascii_case(theirs));
            let place = place.ok_or_else(|| self.missing(theirs, &format!("named for `{ours}` by --columns")))?;
            self.headers[place].clone_from(ours);
        }
        Ok(())
    }

    pub(crate) fn missing(&self, column: &str, why: &str) -> anyhow::Error {
        let headers = self.headers.join(", ");
        anyhow!("{}: line 1: no column `{column}`, {why}; the file has: {headers} (map with --columns)", self.path)
    }

    /// Calls `f` for every line.
    pub(crate) fn for_each(&mut self, mut f: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut record = csv::StringRecord::new();
        loop {
            if !self.reader.read_record(&mut record).map_err(|e| explain(&self.path, &self.headers, &e))? {
                return Ok(());
            }
            let line = record.position().map_or(0, csv::Position::line);
            f(&Row { table: &self.path, headers: &self.headers, record: &record, decimal_comma: self.decimal_comma, line })?;
        }
    }
}

/// A column, or the product of several.
#[derive(Debug, Clone)]
pub(crate) struct Column(Vec<usize>);

impl Row<'_> {
    pub(crate) fn text(&self, column: &Column) -> &str {
        self.record.get(column.0[0]).unwrap_or("")
    }

    pub(crate) fn cell(&self, place: usize) -> &str {
        self.record.get(place).unwrap_or("")
    }

    /// A cell as other programs would have written it: a decimal comma becomes a point in files that separate by semicolons.
    pub(crate) fn plain(&self, place: usize) -> String {
        let text = self.cell(place);
        let number = self.decimal_comma && text.contains(',') && parse_number(text, true).is_some();
        if number { text.replacen(',', ".", 1) } else { text.to_owned() }
    }

    /// A number; an empty cell and NaN are errors.
    pub(crate) fn number(&self, column: &Column) -> Result<f64> {
        let mut product = 1.0;
        for &place in &column.0 {
            let text = self.cell(place);
            let value = parse_number(text, self.decimal_comma);
            product *= value.ok_or_else(|| self.complaint(place, text, "a number"))?;
        }
        Ok(product)
    }

    /// Milliseconds since 1970.
    pub(crate) fn moment(&self, column: &Column) -> Result<i64> {
        let text = self.text(column);
        ennakoi_foresight::calendar::parse_moment(text.as_bytes())
            .ok_or_else(|| self.complaint(column.0[0], text, "a date such as 2026-11-21 or 2026-11-21 14:05:00"))
    }

    /// A moment in milliseconds, or any other number.
    pub(crate) fn moment_or_number(&self, place: usize) -> Option<f64> {
        let text = self.cell(place);
        let moment = ennakoi_foresight::calendar::parse_moment(text.as_bytes()).map(|m| m as f64);
        if text.contains(['-', '/', ':']) && moment.is_some() { moment } else { parse_number(text, self.decimal_comma).or(moment) }
    }

    /// Text that may not be empty.
    pub(crate) fn key(&self, column: &Column) -> Result<&str> {
        let text = self.text(column);
        if text.is_empty() {
            return Err(self.complaint(column.0[0], text, "a value"));
        }
        Ok(text)
    }

    fn complaint(&self, place: usize, text: &str, wanted: &str) -> anyhow::Error {
        let shown: String = text.chars().take(40).collect();
        let column = self.headers.get(place).map_or("?", String::as_str);
        anyhow!("{}: line {}, column `{column}`: `{shown}` is not {wanted}", self.table, self.line)
    }
}

/// A finite number; thousands separators are refused, a decimal comma is read when the file separates by semicolons.
pub(crate) fn parse_number(text: &str, decimal_comma: bool) -> Option<f64> {
    let value = if decimal_comma && text.contains(',') && !text.contains('.') { text.replacen(',', ".", 1).parse::<f64>() } else { text.parse::<f64>() };
    value.ok().filter(|v| v.is_finite())
}

fn explain(path: &str, headers: &[String], error: &csv::Error) -> anyhow::Error {
    let column = |place: usize| headers.get(place).map_or_else(|| (place + 1).to_string(), |name| format!("{} (`{name}`)", place + 1));
    let line = |position: &Option<csv::Position>| position.as_ref().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, err } => {
            anyhow!("{path}: line {}, column {}: the text is not UTF-8; save the file as UTF-8", line(pos), column(err.field()))
        }
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            anyhow!("{path}: line {}, column {}: the line has {len} columns, the header {expected_len}", line(pos), column(*len.min(expected_len) as usize))
        }
        _ => anyhow!("{path}: {error}"),
    }
}

/// Numbers names in order of first appearance.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<String, usize>,
    pub(crate) list: Vec<String>,
}

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.list.len();
        self.numbers.insert(name.to_owned(), number);
        self.list.push(name.to_owned());
        number
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ennakoi-input-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("temporary files can be written");
        path
    }

    const FIELDS: [Field; 2] = [Field::required("date", &["when"]), Field::optional("amount", &[])];

    fn read(name: &str, bytes: &[u8], columns: Option<&str>) -> Result<Vec<(i64, Option<f64>)>> {
        let path = file(name, bytes);
        let result = (|| {
            let mut table = Table::open(&path)?;
            let found = table.find(&FIELDS, &mapping(columns)?)?;
            let mut rows = Vec::new();
            table.for_each(|row| {
                let date = row.moment(found[0].as_ref().expect("required"))?;
                rows.push((date / 86_400_000, found[1].as_ref().map(|c| row.number(c)).transpose()?));
                Ok(())
            })?;
            Ok(rows)
        })();
        std::fs::remove_file(path).expect("the file exists");
        result
    }

    #[test]
    fn delimiters_marks_commas_and_products_are_understood() {
        let plain = read("a", b"when,amount\n1970-01-02,2.5\n", None).expect("valid");
        assert_eq!(plain, [(1, Some(2.5))]);
        assert_eq!(read("b", b"\xef\xbb\xbfWhen;Amount\r\n02.01.1970;2,5\r\n", None).expect("valid"), plain);
        let product = read("c", b"d\tn\tp\n1970-01-02\t5\t0.5\n", Some("date=d,amount=n*p")).expect("valid");
        assert_eq!(product, plain);
    }

    #[test]
    fn complaints_name_file_line_and_column() {
        let complaint = |name: &str, bytes: &[u8]| format!("{:#}", read(name, bytes, None).expect_err("hostile"));
        let date = complaint("d", b"date,amount\n1970-01-02,1\n12/31/99,1\n");
        assert!(date.contains("-d: line 3, column `date`: `12/31/99`"), "{date}");
        assert!(complaint("e", b"date,amount\n1970-01-02,NaN\n").contains("line 2, column `amount`: `NaN`"));
        assert!(complaint("f", b"date,amount\n1970-01-02\n").contains("line 2, column 2 (`amount`)"));
        assert!(complaint("g", b"day,amount\n").contains("no column `date`"));
        assert!(complaint("h", b"").contains("line 1: the file is empty"));
        assert!(complaint("i", b"date,amount\n\xe4,1\n").contains("line 2, column 1 (`date`): the text is not UTF-8"));
        assert!(complaint("j", b"\xff\xfed\0a\0").contains("UTF-16"));
        assert!(complaint("l", b"d\0a\0t\0e\0\n\0").contains("looks like UTF-16"));
        assert!(complaint("m", b"date,amount\r1970-01-02,1\r").contains("bare carriage return"));
        let unknown = read("k", b"date\n", Some("dat=x")).expect_err("unknown");
        assert!(unknown.to_string().contains("`dat` is not one of date, amount"));
    }
}
