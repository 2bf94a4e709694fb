//! What a guide is: steps with text, picture and film, choices that lead on, and ends that ask whether it helped.

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_kernel::FieldErrors;
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Steps of a guide, and choices of a step.
const STEPS: usize = 80;
const CHOICES: usize = 8;
const LINE_CHARACTERS: usize = 200;
const TEXT_CHARACTERS: usize = 4_000;
const ADDRESS_CHARACTERS: usize = 1_000;
const QUESTIONS: usize = 50;

/// A text in the languages that have one.
pub type PerLocale = BTreeMap<Locale, String>;

/// Where a choice leads that ends the guide.
pub const SOLVED: &str = "solved";
/// Where a choice leads that wants a person.
pub const PERSON: &str = "person";

/// A troubleshooting guide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Guide {
    pub title: PerLocale,
    /// What it helps with, in a line or two.
    pub summary: PerLocale,
    /// Wordings that customers use, by which the bot finds it.
    pub questions: BTreeMap<Locale, Vec<String>>,
    /// The first is where it begins.
    pub steps: Vec<GuideStep>,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GuideStep {
    /// Small letters, digits, `-` and `_`; stays the same from version to version, so that counts can be compared.
    pub id: String,
    /// Markdown.
    pub text: PerLocale,
    pub picture_url: Option<String>,
    /// What the picture shows, for those who do not see it.
    pub picture_alt: PerLocale,
    pub video_url: Option<String>,
    /// None: the end of a branch, which asks whether it helped.
    pub choices: Vec<GuideChoice>,
}

/// A way on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GuideChoice {
    pub label: PerLocale,
    /// Id of a step, `solved` or `person`.
    pub to: String,
}

impl Guide {
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&GuideStep> {
        self.steps.iter().find(|step| step.id == id)
    }

    #[must_use]
    pub fn first(&self) -> Option<&GuideStep> {
        self.steps.first()
    }

    /// Languages in which everything is written.
    #[must_use]
    pub fn complete(&self) -> Vec<Locale> {
        Locale::ALL.iter().copied().filter(|locale| self.is_complete(*locale)).collect()
    }

    fn is_complete(&self, locale: Locale) -> bool {
        let written = |texts: &PerLocale| texts.get(&locale).is_some_and(|text| !text.trim().is_empty());
        written(&self.title)
            && !self.steps.is_empty()
            && self.steps.iter().all(|step| {
                written(&step.text) && step.choices.iter().all(|choice| written(&choice.label)) && (step.picture_url.is_none() || written(&step.picture_alt))
            })
    }

    /// What keeps a guide from being public, as paths and codes.
    #[must_use]
    pub fn flaws(&self) -> Vec<(String, &'static str)> {
        let mut flaws = Vec::new();
        if self.steps.is_empty() {
            flaws.push(("steps".to_owned(), "required"));
        }
        if self.complete().is_empty() {
            flaws.push(("title".to_owned(), "no_complete_language"));
        }
        for (number, step) in self.steps.iter().enumerate() {
            for (place, choice) in step.choices.iter().enumerate() {
                if choice.to != SOLVED && choice.to != PERSON && self.step(&choice.to).is_none() {
                    flaws.push((format!("steps[{number}].choices[{place}].to"), "unknown_step"));
                }
            }
        }
        let reached = self.reached();
        for (number, step) in self.steps.iter().enumerate() {
            if !reached.contains(step.id.as_str()) {
                flaws.push((format!("steps[{number}]"), "unreachable"));
            }
        }
        flaws
    }

    fn reached(&self) -> BTreeSet<&str> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = self.first().map(|step| step.id.as_str()).into_iter().collect();
        while let Some(id) = next.pop() {
            if reached.insert(id)
                && let Some(step) = self.step(id)
            {
                next.extend(step.choices.iter().map(|choice| choice.to.as_str()).filter(|to| self.step(to).is_some()));
            }
        }
        reached
    }

    /// What no draft may be, because it could not be shown or stored.
    pub(super) fn check(&self) -> Result<(), ennakoi_kernel::Problem> {
        let mut wrong = FieldErrors::default();
        let long = |texts: &PerLocale, most: usize| texts.values().any(|text| text.chars().count() > most || text.contains('\0'));
        if !self.title.values().any(|title| !title.trim().is_empty()) {
            wrong.add("title", "required", "a title in one language at least");
        }
        if long(&self.title, LINE_CHARACTERS) || long(&self.summary, 1_000) {
            wrong.add("title", "too_long", format!("titles of {LINE_CHARACTERS}, summaries of 1000 characters"));
        }
        if self.questions.values().any(|all| all.len() > QUESTIONS || all.iter().any(|question| question.chars().count() > 1_000)) {
            wrong.add("questions", "too_long", format!("{QUESTIONS} wordings of 1000 characters"));
        }
        if self.steps.len() > STEPS {
            wrong.add("steps", "too_long", format!("at most {STEPS}"));
        }
        let mut ids = BTreeSet::new();
        for (number, step) in self.steps.iter().enumerate().take(STEPS) {
            let path = |field: &str| format!("steps[{number}].{field}");
            if !is_id(&step.id) || step.id == SOLVED || step.id == PERSON || !ids.insert(step.id.as_str()) {
                wrong.add(path("id"), "invalid", "small letters, digits, - and _, once in the guide");
            }
            if long(&step.text, TEXT_CHARACTERS) || long(&step.picture_alt, LINE_CHARACTERS) {
                wrong.add(path("text"), "too_long", format!("at most {TEXT_CHARACTERS} characters"));
            }
            for (field, address) in [("picture_url", &step.picture_url), ("video_url", &step.video_url)] {
                if address.as_deref().is_some_and(|address| !is_address(address)) {
                    wrong.add(path(field), "invalid", "an address that begins with https://");
                }
            }
            if step.choices.len() > CHOICES || step.choices.iter().any(|choice| long(&choice.label, LINE_CHARACTERS) || choice.to.len() > 60) {
                wrong.add(path("choices"), "invalid", format!("at most {CHOICES}, with labels of {LINE_CHARACTERS} characters"));
            }
        }
        wrong.finish()
    }
}

fn is_id(id: &str) -> bool {
    (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

fn is_address(address: &str) -> bool {
    address.starts_with("https://")
        && address.len() <= ADDRESS_CHARACTERS
        && !address.contains(|character: char| character.is_whitespace() || matches!(character, '"' | '<' | '>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide() -> Guide {
        serde_json::from_value(serde_json::json!({
            "title": { "fi": "Laite ei käynnisty" },
            "steps": [
                { "id": "virta", "text": { "fi": "Onko valo päällä?" }, "choices": [
                    { "label": { "fi": "Kyllä" }, "to": "nollaa" }, { "label": { "fi": "Ei" }, "to": "person" } ] },
                { "id": "nollaa", "text": { "fi": "Paina nappia 10 sekuntia." } }
            ]
        }))
        .unwrap()
    }

    #[test]
    fn a_whole_guide_has_no_flaws() {
        assert!(guide().check().is_ok() && guide().flaws().is_empty());
        assert_eq!(guide().complete(), [Locale::Fi]);
    }

    #[test]
    fn flaws_are_found() {
        let mut lost = guide();
        lost.steps[0].choices[0].to = "muualle".to_owned();
        assert_eq!(lost.flaws(), [("steps[0].choices[0].to".to_owned(), "unknown_step"), ("steps[1]".to_owned(), "unreachable")]);
        let mut half = guide();
        half.steps[1].text.clear();
        assert_eq!(half.flaws(), [("title".to_owned(), "no_complete_language")]);
        let mut twice = guide();
        twice.steps[1].id = "virta".to_owned();
        assert!(twice.check().is_err());
        let mut picture = guide();
        picture.steps[0].picture_url = Some("http://a.example/x.png".to_owned());
        assert!(picture.check().is_err());
        assert!(Guide::default().check().is_err());
    }
}
