//! The decision: a pure function of the settings, what is known, where the talk stands, and what was heard.

use ennakoi_inbox::conversations::Reason;
use ennakoi_kernel::{Environment, ids::ArticleId};
use ennakoi_language::{
    Language,
    answers::Verdict as Found,
    detect,
    safety::{self, Extension},
};
use ennakoi_people::Locale;
use serde::{Deserialize, Serialize};

use super::small_talk::{self, SmallTalk};
use crate::{
    knowledge::{self, Known},
    settings::Settings,
    turns::{BotTurn, Verdict},
};

/// Where a talk stands; kept between turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Talk {
    /// It was said that a machine answers.
    pub disclosed: bool,
    /// Questions in a row that were not answered.
    pub unknowns: u32,
    /// Articles that were given and did not help, or were offered and not chosen.
    pub refused: Vec<ArticleId>,
    /// The article given last.
    pub last: Option<ArticleId>,
    /// It was said that nobody is there now.
    pub told_closed: bool,
    /// The language of the talk.
    pub locale: Option<Locale>,
}

/// What a customer wrote or tapped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub text: String,
    /// Key of the tapped option.
    pub option: Option<String>,
    /// The language that the customer has chosen in the widget.
    pub locale: Option<Locale>,
}

impl Heard {
    pub(crate) fn text(text: &str, locale: Option<Locale>) -> Self {
        Self { text: text.to_owned(), option: None, locale }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Answer(ArticleId),
    AskBack(Vec<ArticleId>),
    Unknown,
    SmallTalk(SmallTalk),
    Helped,
    NotHelped,
    HandOver(Reason),
}

/// A decision with its reasons.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub act: Act,
    pub locale: Locale,
    pub turn: BotTurn,
}

/// Options that can be tapped under a message.
pub(crate) mod option {
    pub(crate) const HELPED: &str = "helped";
    pub(crate) const NOT_HELPED: &str = "not_helped";
    pub(crate) const PERSON: &str = "person";
    pub(crate) const NONE: &str = "none";
    pub(crate) const ARTICLE: &str = "article:";
}

/// Articles offered when asking back.
const OFFERED: usize = 3;

/// Decides. The sensitive layer comes before everything, taps before words, words before guesses.
pub(crate) fn decide(environment: &Environment, settings: &Settings, known: &Known, talk: &Talk, heard: &Heard) -> Decision {
    let locale = language_of(talk, heard);
    let turn = |verdict, rule: &str| BotTurn::new(environment, &heard.text, locale, verdict, rule);
    let plain = |act, verdict, rule: &str| Decision { act, locale, turn: turn(verdict, rule) };
    let hand_over = |reason: Reason, rule: &str| {
        let mut turn = turn(Verdict::HandedOver, rule);
        turn.reason = Some(reason.as_str().to_owned());
        Decision { act: Act::HandOver(reason), locale, turn }
    };
    match heard.option.as_deref() {
        Some(option::PERSON) => return hand_over(Reason::PERSON_REQUESTED, "tapped"),
        Some(option::HELPED) => return plain(Act::Helped, Verdict::SmallTalk, "tapped"),
        Some(option::NOT_HELPED) => return plain(Act::NotHelped, Verdict::Rejected, "tapped"),
        Some(option::NONE) if talk.unknowns + 1 >= settings.unknowns_before_person => return hand_over(Reason::BOT_UNSURE, "none_of_these"),
        Some(option::NONE) => return plain(Act::Unknown, Verdict::Rejected, "none_of_these"),
        Some(key) => {
            if let Some(id) = key.strip_prefix(option::ARTICLE).and_then(|id| id.parse().ok()).filter(|id| known.article(*id, locale).is_some()) {
                return plain(Act::Answer(id), Verdict::Answered, "tapped");
            }
        }
        None => {}
    }
    if !settings.enabled {
        return hand_over(Reason::BOT_UNAVAILABLE, "switched_off");
    }
    if let Some(finding) = safety::inspect(&heard.text, knowledge::language(locale), &extension(settings)) {
        return hand_over(reason(finding.reason), if finding.phrase.is_some() { "sensitive_phrase" } else { "sensitive_model" });
    }
    if let Some(small_talk) = small_talk::recognise(&heard.text) {
        return plain(Act::SmallTalk(small_talk), Verdict::SmallTalk, "small_talk");
    }
    search(settings, known, talk, heard, locale, turn)
}

fn search(settings: &Settings, known: &Known, talk: &Talk, heard: &Heard, locale: Locale, turn: impl Fn(Verdict, &str) -> BotTurn) -> Decision {
    let answer = known.index(locale).ask(&heard.text, knowledge::language(locale));
    // What was refused a moment ago is not offered again.
    let fresh: Vec<ArticleId> = answer
        .candidates
        .iter()
        .filter_map(|candidate| candidate.article.parse().ok())
        .filter(|id| !talk.refused.contains(id) && known.article(*id, locale).is_some())
        .take(OFFERED)
        .collect();
    let considered = |verdict, rule| turn(verdict, rule).considering(&answer, known, locale);
    let best = answer.candidates.first().and_then(|candidate| candidate.article.parse::<ArticleId>().ok());
    match (answer.verdict, fresh.first()) {
        (Found::Answer, Some(first)) if Some(*first) == best => Decision { act: Act::Answer(*first), locale, turn: considered(Verdict::Answered, "confident") },
        (Found::Answer | Found::AskBack, Some(_)) if worth_asking(&answer, &fresh) => {
            Decision { act: Act::AskBack(fresh), locale, turn: considered(Verdict::AskedBack, "several_fit") }
        }
        _ if talk.unknowns + 1 >= settings.unknowns_before_person => {
            let mut turn = considered(Verdict::HandedOver, "unknown_again");
            turn.reason = Some(Reason::BOT_UNSURE.as_str().to_owned());
            Decision { act: Act::HandOver(Reason::BOT_UNSURE), locale, turn }
        }
        _ => Decision { act: Act::Unknown, locale, turn: considered(Verdict::Rejected, "not_sure_enough") },
    }
}

/// Asking back is worth it when there is a fair chance that one of the offered articles is the right one.
fn worth_asking(answer: &ennakoi_language::answers::Answer, offered: &[ArticleId]) -> bool {
    let chance: f32 = answer
        .candidates
        .iter()
        .filter(|candidate| candidate.article.parse::<ArticleId>().is_ok_and(|id| offered.contains(&id)))
        .map(|candidate| candidate.confidence)
        .sum();
    chance >= FAIR_CHANCE
}

/// One in three.
const FAIR_CHANCE: f32 = 0.33;

/// The language to answer in: that of the message when it is clear, else that of the talk, else the widget's.
fn language_of(talk: &Talk, heard: &Heard) -> Locale {
    let memory = talk.locale.or(heard.locale);
    let detected = detect(&heard.text, memory.map(knowledge::language), &Language::ALL);
    match memory {
        Some(memory) if heard.text.trim().is_empty() || detected.confidence < CLEAR => memory,
        _ => knowledge::locale(detected.language),
    }
}

/// Confidence from which a message's own language counts more than the talk's.
const CLEAR: f32 = 0.8;

fn extension(settings: &Settings) -> Extension {
    settings.always_person.iter().fold(Extension::default(), |extension, phrase| extension.phrase(safety::Reason::Person, phrase))
}

fn reason(found: safety::Reason) -> Reason {
    match found {
        safety::Reason::Person => Reason::PERSON_REQUESTED,
        safety::Reason::Emergency => Reason::EMERGENCY,
        safety::Reason::MoneyDispute => Reason::MONEY_DISPUTE,
        other => Reason::new(other.as_str()).unwrap_or(Reason::BOT_UNSURE),
    }
}
