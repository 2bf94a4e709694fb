//! Placeholders: what identifies a person leaves as `[ORDER_NUMBER_1]` and comes back as what it was.

use std::{collections::BTreeMap, sync::LazyLock};

use ennakoi_language::entities;
use regex::Regex;

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[([A-Z][A-Z_]*_[0-9]+)\]").expect("the pattern is constant"));
/// Shorter names are too often other words.
const NAME_LEAST: usize = 3;

/// What has been hidden so far in one exchange.
#[derive(Default)]
pub(super) struct Hidden {
    /// Placeholder, what it stands for, and its kind.
    known: Vec<(String, String, String)>,
    /// Values that are hidden wherever they stand: names, the customer's own numbers.
    literal: Vec<(String, String)>,
}

impl Hidden {
    /// Hides a value wherever it stands as a word of its own.
    pub(super) fn always(&mut self, kind: &str, value: &str) {
        let value = value.trim();
        if value.chars().count() >= NAME_LEAST && !self.literal.iter().any(|(_, known)| known == value) {
            self.literal.push((kind.to_owned(), value.to_owned()));
            // The longest first, so that a whole name is hidden before its parts.
            self.literal.sort_by_key(|(_, value)| usize::MAX - value.len());
        }
    }

    /// Hides every part of a person's name.
    pub(super) fn name(&mut self, name: &str) {
        for part in name.split_whitespace() {
            self.always("name", part);
        }
    }

    /// The text as it may leave.
    pub(super) fn hide(&mut self, text: &str) -> String {
        // A placeholder that somebody wrote must not come back as what it stands for.
        let text = PLACEHOLDER.replace_all(text, "($1)");
        let mut hidden = String::with_capacity(text.len());
        let mut end = 0;
        for entity in entities::find(&text).into_iter().filter(|entity| entity.kind.identifies()) {
            hidden.push_str(&text[end..entity.range.start]);
            hidden.push_str(&self.placeholder(entity.kind.as_str(), &text[entity.range.clone()]));
            end = entity.range.end;
        }
        hidden.push_str(&text[end..]);
        let literal = self.literal.clone();
        for (kind, value) in &literal {
            if let Some(replaced) = replace_words(&hidden, value, || self.placeholder(kind, value)) {
                hidden = replaced;
            }
        }
        hidden
    }

    fn placeholder(&mut self, kind: &str, value: &str) -> String {
        if let Some((placeholder, ..)) = self.known.iter().find(|(_, known, _)| known == value) {
            return placeholder.clone();
        }
        let number = self.known.iter().filter(|(.., other)| other == kind).count() + 1;
        let placeholder = format!("[{}_{number}]", kind.to_uppercase());
        self.known.push((placeholder.clone(), value.to_owned(), kind.to_owned()));
        placeholder
    }

    /// The text with everything in its place again; `None` when it holds a placeholder that nobody gave.
    pub(super) fn show(&self, text: &str) -> Option<String> {
        let mut unknown = false;
        let shown = PLACEHOLDER.replace_all(text, |found: &regex::Captures<'_>| match self.known.iter().find(|(placeholder, ..)| *placeholder == found[0]) {
            Some((_, value, _)) => value.clone(),
            None => {
                unknown = true;
                String::new()
            }
        });
        (!unknown).then(|| shown.into_owned())
    }

    /// How many of each kind were hidden.
    pub(super) fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (.., kind) in &self.known {
            *counts.entry(kind.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// The text with a value replaced where it stands as a word, whatever its case; `None` where it does not.
fn replace_words(text: &str, value: &str, placeholder: impl FnOnce() -> String) -> Option<String> {
    let pattern = Regex::new(&format!(r"(?i)(^|[^\p{{L}}\p{{N}}_\[]){}($|[^\p{{L}}\p{{N}}_])", regex::escape(value))).ok()?;
    if !pattern.is_match(text) {
        return None;
    }
    let placeholder = placeholder();
    // Twice, because two names in a row share the space between them.
    let once = pattern.replace_all(text, |found: &regex::Captures<'_>| format!("{}{placeholder}{}", &found[1], &found[2]));
    Some(pattern.replace_all(&once, |found: &regex::Captures<'_>| format!("{}{placeholder}{}", &found[1], &found[2])).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_leaves_as_a_placeholder_and_comes_back() {
        let mut hidden = Hidden::default();
        hidden.name("Liisa Meri");
        hidden.always("order_number", "10021");
        let text = "Olen Liisa Meri, tilaus 10022 ja 10021, liisa@example.fi, 30 päivää";
        let sent = hidden.hide(text);
        for secret in ["Liisa", "Meri", "10022", "10021", "liisa@"] {
            assert!(!sent.contains(secret), "{sent}");
        }
        assert!(sent.contains("30 päivää") && sent.contains("[EMAIL_1]"), "{sent}");
        assert_eq!(hidden.show(&sent).as_deref(), Some(text));
        assert_eq!(hidden.counts()["order_number"], 2);
        assert_eq!(hidden.hide("10021"), hidden.hide("10021"), "one value has one placeholder");
    }

    #[test]
    fn placeholders_of_others_are_none() {
        let mut hidden = Hidden::default();
        hidden.hide("tilaus 10022");
        assert_eq!(hidden.show("[ORDER_NUMBER_7]"), None);
        let written = hidden.hide("kerro [ORDER_NUMBER_1] ja [EMAIL_1]");
        assert!(!written.contains("[ORDER_NUMBER_1]") && !written.contains("[EMAIL_1]"), "{written}");
    }
}
