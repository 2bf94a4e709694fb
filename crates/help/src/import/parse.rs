//! Taking an FAQ apart into questions and answers.

use std::{collections::HashSet, sync::LazyLock};

use ennakoi_kernel::Problem;
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::Serialize;

/// One article to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Piece {
    /// Line of the source where it begins, from 1.
    pub line: usize,
    pub title: String,
    pub body: String,
    pub category: Option<String>,
    pub questions: Vec<String>,
    pub locale: Option<Locale>,
}

/// What could not be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rejected {
    pub line: usize,
    /// Stable code, e.g. `title_missing`.
    pub reason: String,
}

/// The outcome of taking apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub pieces: Vec<Piece>,
    pub rejected: Vec<Rejected>,
}

/// What is to be taken apart.
pub enum Source {
    Csv(String),
    Markdown(String),
    Html(String),
}

impl Source {
    /// By the file's ending, else by its looks. Bytes that are not UTF-8 are read as Windows-1252, as spreadsheets of this part of
    /// the world write them.
    ///
    /// # Errors
    /// The file is empty or not a text.
    pub fn of_file(name: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.contains(&0) {
            return Err(Problem::field("file", "not_text", "the file is not a text: save it as CSV in UTF-8, Markdown or HTML"));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        };
        if text.trim().is_empty() {
            return Err(Problem::field("file", "required", "the file is empty"));
        }
        Ok(Self::of_text(name, text))
    }

    /// By the name's ending, else by the text's looks.
    #[must_use]
    pub fn of_text(name: &str, text: String) -> Self {
        let first_line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if name.ends_with(".html") || name.ends_with(".htm") || first_line.trim_start().starts_with("<!") || first_line.trim_start().starts_with("<html") {
            Self::Html(text)
        } else if name.ends_with(".csv") || name.ends_with(".tsv") || is_header(first_line) {
            Self::Csv(text)
        } else {
            Self::Markdown(text)
        }
    }
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

const TITLE: &[&str] = &["title", "question", "otsikko", "kysymys", "fråga", "rubrik", "q"];
const BODY: &[&str] = &["body", "answer", "content", "vastaus", "sisältö", "teksti", "svar", "innehåll", "text", "a"];
const CATEGORY: &[&str] = &["category", "kategoria", "aihe", "kategori", "section"];
const LOCALE: &[&str] = &["locale", "language", "lang", "kieli", "språk"];
const QUESTIONS: &[&str] = &["questions", "wordings", "kysymykset", "muotoilut", "frågor", "keywords", "avainsanat"];

fn delimiter(line: &str) -> u8 {
    [b';', b'\t', b','].into_iter().max_by_key(|delimiter| line.bytes().filter(|byte| byte == delimiter).count()).unwrap_or(b',')
}

fn is_header(line: &str) -> bool {
    let delimiter = char::from(delimiter(line));
    let names: Vec<String> = line.split(delimiter).map(clean_name).collect();
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    names.len() >= 2 && has(TITLE) && has(BODY)
}

fn clean_name(name: &str) -> String {
    name.trim().trim_matches('"').trim().to_lowercase()
}

/// Takes the source apart.
///
/// # Errors
/// Nothing in it can be an article, with the reason.
pub fn parse(source: &Source) -> Result<Parsed, Problem> {
    let parsed = match source {
        Source::Csv(text) => parse_csv(text)?,
        Source::Markdown(text) => parse_markdown(text),
        Source::Html(text) => parse_markdown(&markdown_of_page(text)),
    };
    if parsed.pieces.is_empty() && parsed.rejected.is_empty() {
        return Err(Problem::field(
            "file",
            "no_articles",
            "no questions with answers were found: use headings for questions, or a CSV with the columns title and body",
        ));
    }
    Ok(parsed)
}

fn parse_csv(text: &str) -> Result<Parsed, Problem> {
    let first = text.lines().next().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(first)).flexible(true).from_reader(text.as_bytes());
    let headers: Vec<String> = reader.headers().map_err(|error| Problem::field("file", "csv_invalid", error.to_string()))?.iter().map(clean_name).collect();
    let column = |wanted: &[&str]| headers.iter().position(|name| wanted.contains(&name.as_str()));
    let (Some(title), Some(body)) = (column(TITLE), column(BODY)) else {
        return Err(Problem::field("file", "columns_missing", format!("the columns title and body are needed, the file has: {}", headers.join(", "))));
    };
    let (category, locale, questions) = (column(CATEGORY), column(LOCALE), column(QUESTIONS));
    let mut parsed = Parsed::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
                parsed.rejected.push(Rejected { line, reason: "csv_invalid".to_owned() });
                continue;
            }
        };
        let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
        let field = |at: Option<usize>| at.and_then(|at| record.get(at)).map(str::trim).filter(|text| !text.is_empty());
        let wanted_locale = match field(locale).map(|code| code.to_lowercase().parse::<Locale>()) {
            None => None,
            Some(Ok(locale)) => Some(locale),
            Some(Err(_)) => {
                parsed.rejected.push(Rejected { line, reason: "locale_unknown".to_owned() });
                continue;
            }
        };
        match (field(Some(title)), field(Some(body))) {
            (None, None) => {}
            (None, _) => parsed.rejected.push(Rejected { line, reason: "title_missing".to_owned() }),
            (_, None) => parsed.rejected.push(Rejected { line, reason: "body_missing".to_owned() }),
            (Some(title), Some(body)) => parsed.pieces.push(Piece {
                line,
                title: title.to_owned(),
                body: body.to_owned(),
                category: field(category).map(ToOwned::to_owned),
                questions: field(questions).map(split_questions).unwrap_or_default(),
                locale: wanted_locale,
            }),
        }
    }
    Ok(parsed)
}

fn split_questions(text: &str) -> Vec<String> {
    text.split(['|', '\n']).map(str::trim).filter(|question| !question.is_empty()).map(ToOwned::to_owned).collect()
}

/// Headings are questions and what follows them the answers. When two levels of headings are used, the upper one names
/// categories. Text without headings is read as paragraphs that begin with a question.
fn parse_markdown(text: &str) -> Parsed {
    let levels: Vec<usize> = text.lines().filter_map(heading).map(|(level, _)| level).collect();
    let Some(lowest) = deepest_used(&levels) else { return parse_paragraphs(text) };
    let mut parsed = Parsed::default();
    let (mut category, mut current): (Option<String>, Option<Piece>) = (None, None);
    let mut finish = |piece: Option<Piece>| {
        let Some(mut piece) = piece else { return };
        piece.body = piece.body.trim().to_owned();
        if piece.body.is_empty() {
            parsed.rejected.push(Rejected { line: piece.line, reason: "body_missing".to_owned() });
        } else {
            parsed.pieces.push(piece);
        }
    };
    for (number, line) in text.lines().enumerate() {
        match heading(line) {
            Some((level, words)) if level < lowest => {
                finish(current.take());
                category = Some(words.to_owned());
            }
            Some((level, words)) if level == lowest => {
                finish(current.take());
                current = Some(Piece { line: number + 1, title: words.to_owned(), category: category.clone(), ..Piece::default() });
            }
            _ => {
                if let Some(piece) = &mut current {
                    piece.body.push_str(line);
                    piece.body.push('\n');
                }
            }
        }
    }
    finish(current);
    parsed
}

/// The level of headings that are questions: the one used most, the deeper one of two that are used equally often.
fn deepest_used(levels: &[usize]) -> Option<usize> {
    (1..=6).filter(|level| levels.contains(level)).max_by_key(|level| (levels.iter().filter(|used| *used == level).count(), *level))
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let words = line.get(level..)?.strip_prefix(' ')?.trim().trim_end_matches('#').trim();
    ((1..=6).contains(&level) && !words.is_empty()).then_some((level, words))
}

fn parse_paragraphs(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.ends_with('?') && line.chars().count() <= 200 {
            let title = line.trim_start_matches(['*', '-', '•']).trim().trim_matches('*').to_owned();
            parsed.pieces.push(Piece { line: number + 1, title, ..Piece::default() });
        } else if let Some(piece) = parsed.pieces.last_mut() {
            piece.body.push_str(line);
            piece.body.push('\n');
        }
    }
    let (whole, empty): (Vec<Piece>, Vec<Piece>) = std::mem::take(&mut parsed.pieces).into_iter().partition(|piece| !piece.body.trim().is_empty());
    parsed.pieces = whole.into_iter().map(|piece| Piece { body: piece.body.trim().to_owned(), ..piece }).collect();
    parsed.rejected.extend(empty.into_iter().map(|piece| Rejected { line: piece.line, reason: "body_missing".to_owned() }));
    parsed
}

static PAGE: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::default();
    builder
        .tags(HashSet::from(["h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "ul", "ol", "br", "a", "strong", "em", "b", "i", "dt", "dd", "summary", "details"]))
        .clean_content_tags(HashSet::from(["script", "style", "nav", "header", "footer", "noscript", "template", "form", "svg", "button", "title"]))
        .tag_attributes([("a", HashSet::from(["href"]))].into_iter().collect())
        .generic_attributes(HashSet::new())
        .link_rel(None);
    builder
});

/// A page's questions and answers as Markdown. Navigation, scripts and forms are left out; summaries of foldable parts and terms of
/// definition lists count as headings.
fn markdown_of_page(page: &str) -> String {
    let clean = PAGE.clean(page).to_string();
    let mut markdown = String::with_capacity(clean.len());
    let mut rest = clean.as_str();
    let mut link: Option<String> = None;
    while let Some(start) = rest.find('<') {
        push_text(&mut markdown, &rest[..start]);
        let Some(end) = rest[start..].find('>') else { break };
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        match tag.split_whitespace().next().unwrap_or_default() {
            "h1" => markdown.push_str("\n\n# "),
            "h2" => markdown.push_str("\n\n## "),
            "h3" => markdown.push_str("\n\n### "),
            "h4" | "h5" | "h6" | "summary" | "dt" => markdown.push_str("\n\n#### "),
            "p" | "/p" | "dd" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" | "/summary" | "/dt" | "/ul" | "/ol" => markdown.push_str("\n\n"),
            "li" => markdown.push_str("\n- "),
            "br" => markdown.push('\n'),
            "strong" | "/strong" | "b" | "/b" => markdown.push_str("**"),
            "a" => {
                link = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).filter(|href| href.starts_with("http")).map(ToOwned::to_owned);
                if link.is_some() {
                    markdown.push('[');
                }
            }
            "/a" => {
                if let Some(href) = link.take() {
                    markdown.push_str(&format!("]({href})"));
                }
            }
            _ => {}
        }
    }
    push_text(&mut markdown, rest);
    let lines: Vec<&str> = markdown.lines().map(str::trim).collect();
    let mut folded = String::with_capacity(markdown.len());
    for line in lines {
        if !(line.is_empty() && folded.ends_with("\n\n")) {
            folded.push_str(line);
            folded.push('\n');
        }
    }
    folded
}

fn push_text(into: &mut String, text: &str) {
    let decoded = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    let mut words = decoded.split_whitespace();
    if decoded.starts_with(char::is_whitespace) && !into.ends_with(char::is_whitespace) && !into.is_empty() {
        into.push(' ');
    }
    if let Some(first) = words.next() {
        into.push_str(first);
    }
    for word in words {
        into.push(' ');
        into.push_str(word);
    }
    if decoded.ends_with(char::is_whitespace) && !into.ends_with(char::is_whitespace) {
        into.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(parsed: &Parsed) -> Vec<(&str, Option<&str>)> {
        parsed.pieces.iter().map(|piece| (piece.title.as_str(), piece.category.as_deref())).collect()
    }

    #[test]
    fn csv_with_semicolons_and_finnish_headings() {
        let text = "Kysymys;Vastaus;Aihe;Kieli\nMiten palautan?;\"Täytä lomake; lähetä paketti.\";Palautukset;fi\nTyhjä;;Muut;fi\nX;y;z;xx\n";
        let parsed = parse(&Source::of_text("faq.csv", text.to_owned())).unwrap();
        assert_eq!(titles(&parsed), [("Miten palautan?", Some("Palautukset"))]);
        assert_eq!(parsed.pieces[0].body, "Täytä lomake; lähetä paketti.");
        assert_eq!(parsed.rejected.iter().map(|it| (it.line, it.reason.as_str())).collect::<Vec<_>>(), [(3, "body_missing"), (4, "locale_unknown")]);
        let refused = parse(&Source::Csv("a;b\n1;2".to_owned())).unwrap_err();
        assert_eq!(refused.fields[0].code, "columns_missing");
    }

    #[test]
    fn markdown_with_categories() {
        let text = "# UKK\n\n## Toimitus\n\n### Missä paketti on?\n\nKatso **seuranta**.\n\n### Kauanko kestää?\n2 päivää.\n\n## Maksu\n\n### Miten maksan?\n\nKortilla.\n";
        let parsed = parse(&Source::of_text("", text.to_owned())).unwrap();
        assert_eq!(titles(&parsed), [("Missä paketti on?", Some("Toimitus")), ("Kauanko kestää?", Some("Toimitus")), ("Miten maksan?", Some("Maksu"))]);
        assert_eq!(parsed.pieces[0].body, "Katso **seuranta**.");
    }

    #[test]
    fn a_pasted_page_and_a_pasted_text() {
        let page = "<!doctype html><html><head><title>UKK</title><script>x()</script></head><body><nav><a href='/'>Etusivu</a></nav><h2>Toimitus</h2>\
            <details><summary>Missä paketti on?</summary><p>Katso <a href=\"https://example.fi/s\">seuranta</a> &amp; odota.</p></details>\
            <details><summary>Kauanko?</summary><ul><li>2 päivää</li><li>5 päivää</li></ul></details></body></html>";
        let parsed = parse(&Source::of_text("", page.to_owned())).unwrap();
        assert_eq!(titles(&parsed), [("Missä paketti on?", Some("Toimitus")), ("Kauanko?", Some("Toimitus"))]);
        assert_eq!(parsed.pieces[0].body, "Katso [seuranta](https://example.fi/s) & odota.");
        assert_eq!(parsed.pieces[1].body, "- 2 päivää\n- 5 päivää");
        let text = "Miten palautan?\nTäytä lomake.\n\nKoska rahat tulevat?\nViikossa.\nViimeistään kahdessa.";
        let parsed = parse(&Source::of_text("", text.to_owned())).unwrap();
        assert_eq!(titles(&parsed).len(), 2);
        assert_eq!(parsed.pieces[1].body, "Viikossa.\nViimeistään kahdessa.");
        assert!(parse(&Source::Markdown("pelkkää tekstiä".to_owned())).is_err());
    }

    #[test]
    fn bytes_of_an_old_spreadsheet_are_read() {
        let Ok(Source::Csv(text)) = Source::of_file("faq.csv", b"otsikko;teksti\nP\xE4iv\xE4\xE4;\x80 5") else { panic!("CSV") };
        assert!(text.ends_with("Päivää;€ 5"));
        assert!(Source::of_file("x.xlsx", b"PK\0\0").is_err());
    }
}
