//! The decision: a pure function of the settings, what is known, where the talk stands, and what was heard.

use ennakoi_inbox::conversations::Reason;
use ennakoi_kernel::{Environment, ids::ArticleId};
use ennakoi_language::{
    Language,
    answers::{Answer as Found, Verdict as Fit},
    detect,
    safety::{self, Extension},
    text,
};
use ennakoi_people::Locale;
use serde::{Deserialize, Serialize};

use super::{
    carry::FlowTurn,
    guide::{self, GuideAt, GuideTurn},
    manner,
    small_talk::{self, SmallTalk},
};
use crate::{
    flows::{Begins, Flow, Run, bare, correction, names_choice, shop::ItemKind, store::Live},
    knowledge::{self, Known},
    llm::answer::Composed,
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
    /// A flow under way.
    pub run: Option<Run>,
    /// A troubleshooting guide under way.
    pub guide: Option<GuideAt>,
    /// Items that the customer has proved to be theirs in this talk.
    pub proven: Vec<(ItemKind, String)>,
    /// The last question in words, from which a tap follows.
    pub question: String,
    /// The flow that came to its end last: the same may be wanted for another item.
    pub ended: Option<String>,
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
    /// An answer in words of a language model, out of sources.
    Composed(Box<Composed>),
    AskBack(Vec<ArticleId>),
    Unknown,
    SmallTalk(SmallTalk),
    Helped,
    NotHelped,
    HandOver(Reason),
    /// A step of a troubleshooting guide, or its end.
    Guide(GuideTurn),
    /// A flow is to begin.
    Begin(String),
    /// The flow under way goes on, perhaps by a tap.
    Continue {
        option: Option<String>,
    },
    /// What a flow does; made of the two above.
    Flow(Box<FlowTurn>),
}

/// A flow to tap, by id and title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub flow: String,
    pub title: String,
}

impl Offer {
    pub(crate) fn of(flow: &Flow, locale: Locale) -> Self {
        Self { flow: flow.id.clone(), title: flow.title.get(locale).to_owned() }
    }
}

/// A decision with its reasons.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub act: Act,
    /// Articles that answer other questions of the same message; said first.
    pub also: Vec<ArticleId>,
    /// A flow that is offered under the answer.
    pub offer: Option<Offer>,
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
    /// Before where a choice of a guide leads.
    pub(crate) const GUIDE: &str = "guide:";
    /// Before the key of a tap in a flow.
    pub(crate) const FLOW: &str = "flow:";
    /// Before the id of a flow that is to begin.
    pub(crate) const BEGIN: &str = "flow:begin:";
}

/// Articles offered when asking back.
const OFFERED: usize = 3;

/// Decides. The sensitive layer comes before everything, taps before words, a flow or guide under way before guesses; what was found
/// and is a guide is walked rather than told.
pub(crate) fn decide(environment: &Environment, settings: &Settings, known: &Known, flows: &[Live], talk: &Talk, heard: &Heard) -> Decision {
    let mut decision = found(environment, settings, known, flows, talk, heard);
    decision.also.retain(|id| known.guide(*id).is_none());
    if let Act::Answer(id) = decision.act
        && let Some(turn) = guide::begin(known, id)
    {
        decision.act = Act::Guide(turn);
        decision.turn.rule = "guide".to_owned();
        decision.turn.verdict = Verdict::Flow;
    }
    decision
}

fn found(environment: &Environment, settings: &Settings, known: &Known, flows: &[Live], talk: &Talk, heard: &Heard) -> Decision {
    let locale = language_of(talk, heard);
    let turn = |verdict, rule: &str| BotTurn::new(environment, &heard.text, locale, verdict, rule);
    let plain = |act, verdict, rule: &str| Decision { act, also: Vec::new(), offer: None, locale, turn: turn(verdict, rule) };
    let hand_over = |reason: Reason, rule: &str| {
        let mut turn = turn(Verdict::HandedOver, rule);
        turn.reason = Some(reason.as_str().to_owned());
        Decision { act: Act::HandOver(reason), also: Vec::new(), offer: None, locale, turn }
    };
    match heard.option.as_deref() {
        Some(option::PERSON) => return hand_over(Reason::PERSON_REQUESTED, "tapped"),
        Some(option::HELPED) => return plain(Act::Helped, Verdict::SmallTalk, "tapped"),
        Some(option::NOT_HELPED) => return not_helped(known, flows, talk, locale, turn),
        Some(option::NONE) if talk.unknowns + 1 >= settings.unknowns_before_person => return hand_over(Reason::BOT_UNSURE, "none_of_these"),
        Some(option::NONE) => return plain(Act::Unknown, Verdict::Rejected, "none_of_these"),
        Some(key) => {
            if let Some(id) = key.strip_prefix(option::ARTICLE).and_then(|id| id.parse().ok()).filter(|id| known.article(*id, locale).is_some()) {
                return plain(Act::Answer(id), Verdict::Answered, "tapped");
            }
            if let Some(id) = key.strip_prefix(option::BEGIN).filter(|id| flows.iter().any(|live| live.flow.id == **id)) {
                return plain(Act::Begin(id.to_owned()), Verdict::Flow, "tapped");
            }
            if let (Some(to), Some(at)) = (key.strip_prefix(option::GUIDE), &talk.guide)
                && let Some(turn) = guide::tapped(known, at, to)
            {
                return walked(turn, plain(Act::Unknown, Verdict::Flow, "guide"));
            }
            if let (Some(key), Some(_)) = (key.strip_prefix(option::FLOW), &talk.run) {
                return plain(Act::Continue { option: Some(key.to_owned()) }, Verdict::Flow, "tapped");
            }
        }
        None => {}
    }
    if !settings.enabled {
        return hand_over(Reason::BOT_UNAVAILABLE, "switched_off");
    }
    let small_talk = small_talk::recognise(&heard.text);
    let again = same_again(flows, talk, &heard.text);
    // What a model of whole sentences thinks of an offered answer, a number or an oath means nothing; set phrases still count.
    let scrap = small_talk.is_some() || again.is_some();
    let answers_a_step = talk.run.as_ref().is_some_and(|run| {
        let flow = flows.iter().find(|live| live.flow.id == run.flow);
        bare(&heard.text) || flow.is_some_and(|live| names_choice(&live.flow, run, &heard.text))
    });
    let finding = safety::inspect(&heard.text, knowledge::language(locale), &extension(settings));
    // "Are you a robot?" and "stupid bot" hold words of those who want a person: they are answered, with a person a tap away.
    let only_talk = |finding: &safety::Finding| small_talk.is_some() && finding.reason == safety::Reason::Person && !own_phrase(settings, finding);
    let stops = |finding: &safety::Finding| finding.phrase.is_some() && !only_talk(finding) || !(answers_a_step || scrap);
    if let Some(finding) = finding.filter(stops) {
        return hand_over(reason(finding.reason), if finding.phrase.is_some() { "sensitive_phrase" } else { "sensitive_model" });
    }
    if talk.run.is_some() {
        return plain(Act::Continue { option: None }, Verdict::Flow, "flow");
    }
    if let Some(turn) = talk.guide.as_ref().and_then(|at| guide::said(known, at, &heard.text, locale)) {
        return walked(turn, plain(Act::Unknown, Verdict::Flow, "guide"));
    }
    if let Some(small_talk) = small_talk {
        return plain(Act::SmallTalk(small_talk), Verdict::SmallTalk, "small_talk");
    }
    if let Some(flow) = again {
        return plain(Act::Begin(flow), Verdict::Flow, "follow_on");
    }
    let mut decision = search(settings, known, flows, talk, heard, locale, turn);
    decision.also = others(known, heard, locale, &decision.act);
    decision
}

/// The flow that ended last, when the message names another item for it and nothing else.
fn same_again(flows: &[Live], talk: &Talk, words: &str) -> Option<String> {
    let ended = talk.ended.as_ref().filter(|_| talk.run.is_none())?;
    let live = flows.iter().any(|live| live.flow.id == *ended);
    (live && manner::same_again(words) == Some(manner::Same::Wholly)).then(|| ended.clone())
}

fn walked(turn: GuideTurn, mut decision: Decision) -> Decision {
    if matches!(turn, GuideTurn::Person(_)) {
        decision.turn.verdict = Verdict::HandedOver;
        decision.turn.reason = Some(Reason::PERSON_REQUESTED.as_str().to_owned());
    }
    decision.act = Act::Guide(turn);
    decision
}

/// An article did not help: a flow for the same need may.
fn not_helped(known: &Known, flows: &[Live], talk: &Talk, locale: Locale, turn: impl Fn(Verdict, &str) -> BotTurn) -> Decision {
    let answer = known.index(locale).ask(&talk.question, knowledge::language(locale));
    match wanted(flows, &answer, |_| true).filter(|_| !talk.question.is_empty()) {
        Some(live) => Decision { act: Act::Begin(live.flow.id.clone()), also: Vec::new(), offer: None, locale, turn: turn(Verdict::Flow, "not_helped") },
        None => Decision { act: Act::NotHelped, also: Vec::new(), offer: None, locale, turn: turn(Verdict::Rejected, "tapped") },
    }
}

/// The probability that a question has one of the flow's needs.
pub(crate) fn need_share(flow: &Flow, answer: &Found) -> f64 {
    answer.needs.iter().filter(|guess| flow.needs.iter().any(|need| need == guess.need)).map(|guess| f64::from(guess.probability)).sum()
}

/// The flow whose need the question most probably has. It is sure enough at the flow's confidence; at half of it when nothing else
/// comes near, because a flow that was not meant costs the customer one word.
fn wanted<'a>(flows: &'a [Live], answer: &Found, counts: impl Fn(&Flow) -> bool) -> Option<&'a Live> {
    let other = |flow: &Flow| {
        let others = answer.needs.iter().filter(|guess| flow.needs.iter().all(|need| need != guess.need));
        others.map(|guess| f64::from(guess.probability)).fold(0.0, f64::max)
    };
    let sure = |share: f64, flow: &Flow| share >= flow.confidence || share >= flow.confidence / 2.0 && share >= CLEARLY * other(flow);
    let fitting = flows.iter().filter(|live| counts(&live.flow)).map(|live| (need_share(&live.flow, answer), live));
    fitting.filter(|(share, live)| sure(*share, &live.flow)).max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, live)| live)
}

/// How many times likelier than any other a need is that stands out.
const CLEARLY: f64 = 2.5;

fn search(settings: &Settings, known: &Known, flows: &[Live], talk: &Talk, heard: &Heard, locale: Locale, turn: impl Fn(Verdict, &str) -> BotTurn) -> Decision {
    // "No, I meant …": what was answered before was not it, and what is meant now stands alone.
    let meant = correction(&heard.text).filter(|rest| rest.split_whitespace().count() >= 1);
    let asked = small_talk::without(&heard.text);
    let words = meant.as_deref().unwrap_or(&asked);
    let answer = known.index(locale).ask(words, knowledge::language(locale));
    let refused = |id: &ArticleId| talk.refused.contains(id) || meant.is_some() && talk.last == Some(*id);
    // What was refused a moment ago is not offered again.
    let fresh: Vec<ArticleId> = answer
        .candidates
        .iter()
        .filter_map(|candidate| candidate.article.parse().ok())
        .filter(|id| !refused(id) && known.article(*id, locale).is_some())
        .take(OFFERED)
        .collect();
    let considered = |verdict, rule| turn(verdict, rule).considering(&answer, known, locale);
    let decision = |act, verdict, rule| Decision { act, also: Vec::new(), offer: None, locale, turn: considered(verdict, rule) };
    let best = answer.candidates.first().and_then(|candidate| candidate.article.parse::<ArticleId>().ok());
    let sure = answer.verdict == Fit::Answer && best.is_some() && fresh.first() == best.as_ref();
    let may_begin = |flow: &Flow| flow.begins == Begins::AtOnce || !sure;
    // Of several questions in one message, one may be a wish.
    let by_sentence = || {
        let sentences = text::sentences(words);
        let several = if sentences.len() > 1 { &sentences[..sentences.len().min(SENTENCES)] } else { &[] };
        several.iter().find_map(|sentence| wanted(flows, &known.index(locale).ask(sentence, knowledge::language(locale)), may_begin))
    };
    if let Some(live) = wanted(flows, &answer, may_begin).or_else(by_sentence) {
        return decision(Act::Begin(live.flow.id.clone()), Verdict::Flow, "flow");
    }
    match (answer.verdict, fresh.first()) {
        (Fit::Answer, Some(first)) if Some(*first) == best => {
            // Whatever begins only after articles is offered under one that serves the same need.
            let offer = wanted(flows, &answer, |_| true).map(|live| Offer::of(&live.flow, locale));
            Decision { offer, ..decision(Act::Answer(*first), Verdict::Answered, "confident") }
        }
        (Fit::Answer | Fit::AskBack, Some(_)) if worth_asking(&answer, &fresh) => decision(Act::AskBack(fresh.clone()), Verdict::AskedBack, "several_fit"),
        _ if talk.unknowns + 1 >= settings.unknowns_before_person => {
            let mut decision = decision(Act::HandOver(Reason::BOT_UNSURE), Verdict::HandedOver, "unknown_again");
            decision.turn.reason = Some(Reason::BOT_UNSURE.as_str().to_owned());
            decision
        }
        _ => decision(Act::Unknown, Verdict::Rejected, "not_sure_enough"),
    }
}

/// Articles that surely answer the other questions of a message that asks several.
fn others(known: &Known, heard: &Heard, locale: Locale, act: &Act) -> Vec<ArticleId> {
    let questions: Vec<&str> = text::sentences(&heard.text).into_iter().filter(|sentence| sentence.contains('?')).take(QUESTIONS).collect();
    if questions.len() < 2 || matches!(act, Act::HandOver(_)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for question in questions {
        let answer = known.index(locale).ask(question, knowledge::language(locale));
        let best = answer.candidates.first().filter(|_| answer.verdict == Fit::Answer);
        let Some(id) = best.and_then(|best| best.article.parse::<ArticleId>().ok()) else { continue };
        if *act != Act::Answer(id) && !found.contains(&id) && known.article(id, locale).is_some() {
            found.push(id);
        }
    }
    found
}

/// Questions of one message that are answered.
const QUESTIONS: usize = 3;
/// Sentences of one message that are looked at one by one.
const SENTENCES: usize = 5;

/// Asking back is worth it when there is a fair chance that one of the offered articles is the right one.
fn worth_asking(answer: &Found, offered: &[ArticleId]) -> bool {
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
        // A tapped label is the bot's own word.
        Some(memory) if heard.option.is_some() || heard.text.trim().is_empty() || detected.confidence < CLEAR => memory,
        _ => knowledge::locale(detected.language),
    }
}

/// Confidence from which a message's own language counts more than the talk's.
const CLEAR: f32 = 0.8;

/// Whether a phrase of the company's own was found.
fn own_phrase(settings: &Settings, finding: &safety::Finding) -> bool {
    finding.phrase.as_ref().is_some_and(|found| settings.always_person.iter().any(|own| text::normalise(own) == *found))
}

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
