//! Deciding line by line what is folded.

use std::ops::Range;

use super::{Folded, lead_in};

/// A line with its place in the mail; the range includes the line end.
pub(super) struct Line<'text> {
    pub(super) range: Range<usize>,
    /// Content without the line end and without white space at its end.
    pub(super) content: &'text str,
}

pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive('\n') {
        let content = piece.trim_end().trim_start_matches('\u{feff}');
        lines.push(Line { range: start..start + piece.len(), content });
        start += piece.len();
    }
    lines
}

/// Marks the lines to fold: first where the earlier message begins and whether the rest belongs to it, then signature
/// and footers of what remains.
pub(super) fn fold(lines: &[Line<'_>], reasons: &mut [Option<Folded>]) {
    let mut index = 0;
    while index < lines.len() {
        let Some(length) = introduction(lines, index) else {
            if is_quoted(lines[index].content) {
                reasons[index] = Some(Folded::Quote);
            }
            index += 1;
            continue;
        };
        reasons[index..index + length].fill(Some(Folded::Quote));
        index += length;
        if quoted_by_marks(lines, index) {
            // The quotation is marked line by line; what follows unmarked is an answer below or between.
            continue;
        }
        reasons[index..].fill(Some(Folded::Quote));
        break;
    }
    signature_and_footers(lines, reasons);
    blank_between(lines, reasons);
}

/// How many lines, from `index`, introduce an earlier message: a separator, a header block, or a lead-in of up to four
/// wrapped lines.
fn introduction(lines: &[Line<'_>], index: usize) -> Option<usize> {
    let line = lines[index].content;
    if is_quoted(line) {
        return None;
    }
    if lead_in::is_separator(line) {
        return Some(1 + header_block(lines, index + 1).unwrap_or(0));
    }
    if let Some(length) = header_block(lines, index) {
        return Some(length);
    }
    if lead_in::is_lead_in(line) {
        return Some(1);
    }
    if !lead_in::may_begin(line) {
        return None;
    }
    let mut joined = line.trim().to_owned();
    for (extra, next) in lines[index + 1..].iter().take(3).enumerate() {
        if next.content.trim().is_empty() || is_quoted(next.content) {
            return None;
        }
        joined.push(' ');
        joined.push_str(next.content.trim());
        if lead_in::is_lead_in(&joined) {
            return Some(extra + 2);
        }
    }
    None
}

/// The length of a header block that begins at `index`: a sender line and at least two more headers, folded lines
/// between allowed.
fn header_block(lines: &[Line<'_>], index: usize) -> Option<usize> {
    let mut begin = index;
    while begin < lines.len() && begin < index + 2 && lines[begin].content.trim().is_empty() {
        begin += 1;
    }
    let first = lines.get(begin)?;
    if !lead_in::is_sender(first.content) {
        return None;
    }
    let mut headers = 1;
    let mut last = begin;
    for (position, line) in lines.iter().enumerate().skip(begin + 1).take(12) {
        if lead_in::is_header(line.content) {
            headers += 1;
            last = position;
        } else if line.content.trim().is_empty() && headers > 1 {
            break;
        }
    }
    (headers >= 3).then(|| last + 1 - index)
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether the quotation that starts at `index` marks its lines with `>`.
fn quoted_by_marks(lines: &[Line<'_>], index: usize) -> bool {
    lines[index..].iter().map(|line| line.content).find(|content| !content.trim().is_empty()).is_some_and(is_quoted)
}

/// Folds from the first signature mark on, and single footer lines.
fn signature_and_footers(lines: &[Line<'_>], reasons: &mut [Option<Folded>]) {
    let mut in_signature = false;
    for (line, reason) in lines.iter().zip(reasons.iter_mut()) {
        if reason.is_some() {
            // A quotation ends the signature: what follows it is an answer written below.
            in_signature = false;
            continue;
        }
        in_signature = in_signature || matches!(line.content, "--" | "—" | "–");
        if in_signature {
            *reason = Some(Folded::Signature);
        } else if lead_in::is_footer(line.content) {
            *reason = Some(Folded::Footer);
        }
    }
}

/// White space between two folded stretches belongs to them.
fn blank_between(lines: &[Line<'_>], reasons: &mut [Option<Folded>]) {
    let mut last_folded = None;
    let mut blank_start = None;
    for index in 0..lines.len() {
        match reasons[index] {
            Some(reason) => {
                if let (Some(previous), Some(start)) = (last_folded, blank_start) {
                    reasons[start..index].fill(Some(previous));
                }
                last_folded = Some(reason);
                blank_start = None;
            }
            None if lines[index].content.trim().is_empty() => {
                if last_folded.is_some() && blank_start.is_none() {
                    blank_start = Some(index);
                }
            }
            None => {
                last_folded = None;
                blank_start = None;
            }
        }
    }
}
