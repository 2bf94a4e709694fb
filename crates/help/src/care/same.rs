//! Articles held against each other: contradictions and duplicates.

use ennakoi_language::claims::{
    Conflict,
    library::{self, Text},
};
use ennakoi_people::Locale;

use super::{CareKind, Finding, Looked, mark};
use crate::public::language_of;

/// Contradictions and duplicates among the texts of each language.
pub(super) fn compared(texts: &[Looked]) -> Vec<Finding> {
    let mut found = Vec::new();
    for locale in Locale::ALL.iter().copied() {
        let own: Vec<&Looked> = texts.iter().filter(|text| text.locale == locale).collect();
        let plain: Vec<String> = own.iter().map(|text| text.plain()).collect();
        let read: Vec<Text<'_>> = own.iter().zip(&plain).map(|(text, body)| Text { title: &text.title, body }).collect();
        let language = language_of(locale);
        for contradiction in library::contradictions(&read, language) {
            let (left, right) = (own[contradiction.texts.0], own[contradiction.texts.1]);
            let (mut sentences, mut pair) = (contradiction.sentences, (left, right));
            let mut values = match contradiction.conflict {
                Conflict::Quantities { left, right } => vec![left.join(", "), right.join(", ")],
                Conflict::Negation => Vec::new(),
            };
            // The older one is the one to look at.
            if right.published_at < left.published_at {
                sentences = (sentences.1, sentences.0);
                pair = (right, left);
                values.reverse();
            }
            let about = format!("{}\n{}", sentences.0, sentences.1);
            found.push(Finding {
                mark: mark(CareKind::Contradiction, &[(pair.0, &about), (pair.1, "")]),
                other: Some(pair.1.article()),
                passages: vec![sentences.0, sentences.1],
                values,
                ..pair.0.finding(CareKind::Contradiction, "")
            });
        }
        for (left, right, likeness) in library::duplicates(&read, language) {
            // The less read one is the one to put away.
            let (less, more) = if own[left].views <= own[right].views { (own[left], own[right]) } else { (own[right], own[left]) };
            found.push(Finding {
                mark: mark(CareKind::Duplicate, &[(less, ""), (more, "")]),
                other: Some(more.article()),
                likeness: Some(f64::from(likeness)),
                ..less.finding(CareKind::Duplicate, "")
            });
        }
    }
    found
}
