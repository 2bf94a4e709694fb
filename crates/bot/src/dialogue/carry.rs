//! Carrying a flow: a decision that begins or continues one becomes what the flow says, with the shop's data and the proofs it needs.

use ennakoi_inbox::conversations::{Conversation, Reason};
use ennakoi_kernel::{Environment, ids::ArticleId};
use ennakoi_language::{answers::Verdict as Found, text};
use ennakoi_people::{Locale, workspaces::Workspace};
use ennakoi_store::{Db, Result};

use super::{
    decide::{Act, Decision, Offer, Talk, need_share},
    manner,
    small_talk::{self, SmallTalk},
};
use crate::{
    flows::{
        self, End, Input, Run, Turned, Waits, World, proofs,
        shop::{Item, ItemKind, Proof, Shop},
        store::Live,
    },
    knowledge::{self, Known},
    turns::Verdict,
};

/// Proofs of one turn, at most: number and address given anew in one message.
const PROOFS_A_TURN: usize = 2;

/// What a flow does in this turn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlowTurn {
    pub id: String,
    pub version: i64,
    pub turned: Turned,
    /// Answered before the flow goes on: a question between two steps.
    pub aside: Option<Aside>,
    /// Another flow that the message seems to want.
    pub other: Option<(String, String)>,
    /// Proofs that were tried, and whether they held.
    pub proofs: Vec<(Proof, bool)>,
    /// Items that a proof has opened for the rest of the talk.
    pub opened: Vec<(ItemKind, String)>,
    /// It begins in the place of people who are away, which is said first.
    pub away: bool,
}

/// What is answered without leaving the flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    Article(ArticleId),
    SmallTalk(SmallTalk),
}

/// What a flow can reach for.
pub(crate) struct Reach<'a> {
    pub db: &'a Db,
    pub environment: &'a Environment,
    pub workspace: &'a Workspace,
    pub conversation: &'a Conversation,
    pub shop: &'a dyn Shop,
    pub flows: &'a [Live],
    pub known: &'a Known,
    /// Whether people are there now.
    pub open: bool,
}

/// Who may be guessing: the widget's visitor, else the talk.
pub(crate) fn subject(conversation: &Conversation) -> String {
    conversation.visitor.map_or_else(|| conversation.id.to_string(), |visitor| visitor.to_string())
}

/// Turns a decision about a flow into what the flow does; leaves every other as it is.
///
/// # Errors
/// The database refuses.
pub(crate) async fn carry(reach: &Reach<'_>, talk: &Talk, decision: Decision) -> Result<Decision> {
    let mut decision = called_back(reach, talk, decision);
    if matches!(decision.act, Act::Unknown | Act::AskBack(_) | Act::HandOver(_)) {
        return Ok(again(reach, talk, &decision).await?.unwrap_or(decision));
    }
    let (id, option) = match &decision.act {
        Act::Begin(id) => (id.clone(), None),
        Act::Continue { option } => match &talk.run {
            Some(run) => (run.flow.clone(), option.clone()),
            None => return Ok(decision),
        },
        _ => return Ok(decision),
    };
    let begins = matches!(decision.act, Act::Begin(_));
    // A tap begins with the question before it.
    let tapped = matches!(decision.turn.rule.as_str(), "tapped" | "not_helped");
    let Some(live) = reach.flows.iter().find(|live| live.flow.id == id) else {
        // It was switched off under way.
        decision.act = Act::Unknown;
        decision.turn.verdict = Verdict::Rejected;
        return Ok(decision);
    };
    let mut items = Items::load(reach, talk).await?;
    let words = decision.turn.question.clone();
    let start = match (&talk.run, begins) {
        (Some(run), false) => {
            if let Some(aside) = between(reach, live, run, &words, option.as_deref(), decision.locale) {
                let turned = flows::remind(&live.flow, &items.world(reach, decision.locale), run);
                return Ok(finish(decision, live, FlowTurn::new(live, turned).aside(aside), "aside"));
            }
            let input = option.as_deref().map_or(Input::Says(&words), Input::Taps);
            flows::advance(&live.flow, &items.world(reach, decision.locale), run.clone(), input)
        }
        _ => flows::begin(&live.flow, live.version, &items.world(reach, decision.locale), if tapped { &talk.question } else { &words }),
    };
    if begins
        && decision.turn.rule == "flow"
        && let Some(article) = answers_first(reach, &start, &words, decision.locale)
    {
        decision.offer = Some(Offer::of(&live.flow, decision.locale));
        decision.act = Act::Answer(article);
        decision.turn.rule = "article_first".to_owned();
        decision.turn.verdict = Verdict::Answered;
        return Ok(decision);
    }
    let mut turn = FlowTurn { away: decision.turn.rule == "call_back", ..FlowTurn::new(live, start) };
    prove(reach, live, &mut items, &mut turn, decision.locale).await?;
    if turn.turned.missed
        && option.is_none()
        && let Some(run) = &talk.run
    {
        interrupt(reach, live, run, &items, &mut turn, (&words, decision.locale));
    }
    let rule = turn.turned.rule;
    Ok(finish(decision, live, turn, rule))
}

/// Who wants to be called while nobody is there is served by the flow that records a call, if one is published: it asks when and where,
/// and a person stays a tap away. Whoever has just been through it, or asks again on the way, gets the queue.
fn called_back(reach: &Reach<'_>, talk: &Talk, mut decision: Decision) -> Decision {
    let wishes = decision.act == Act::HandOver(Reason::PERSON_REQUESTED)
        && decision.turn.rule.starts_with("sensitive")
        && !reach.open
        && talk.run.is_none()
        && manner::wishes_call(&decision.turn.question);
    let call = reach.flows.iter().find(|live| live.flow.requests("call"));
    if let Some(live) = call.filter(|live| wishes && talk.ended.as_ref() != Some(&live.flow.id)) {
        decision.act = Act::Begin(live.flow.id.clone());
        decision.turn.rule = "call_back".to_owned();
        decision.turn.verdict = Verdict::Flow;
        decision.turn.reason = None;
    }
    decision
}

/// "Entä se muki?" after a flow, when nothing else was understood by it and it names one of the customer's items.
async fn again(reach: &Reach<'_>, talk: &Talk, decision: &Decision) -> Result<Option<Decision>> {
    let words = &decision.turn.question;
    let ended = talk.ended.as_ref().filter(|_| talk.run.is_none() && manner::same_again(words).is_some());
    let Some(live) = ended.and_then(|ended| reach.flows.iter().find(|live| live.flow.id == *ended)) else { return Ok(None) };
    if !matches!(decision.turn.rule.as_str(), "not_sure_enough" | "several_fit" | "unknown_again") {
        return Ok(None);
    }
    let items = Items::load(reach, talk).await?;
    let world = items.world(reach, decision.locale);
    let Some(run) = flows::begin(&live.flow, live.version, &world, "").run.filter(|run| run.waits == Waits::Item) else { return Ok(None) };
    let turned = flows::advance(&live.flow, &world, run, Input::Says(words));
    Ok((!turned.missed).then(|| {
        let mut decision = decision.clone();
        decision.turn.reason = None;
        finish(decision, live, FlowTurn::new(live, turned), "began")
    }))
}

/// The article that answers a question of how it is done, for somebody unknown whom the flow would first ask for a number.
fn answers_first(reach: &Reach<'_>, start: &Turned, words: &str, locale: Locale) -> Option<ArticleId> {
    let asks_a_number = start.run.as_ref().is_some_and(|run| run.waits == Waits::Number);
    let article = (asks_a_number && manner::asks_how(words)).then(|| answered(reach, words, locale)).flatten()?;
    // A guide is walked; as an answer in one piece it says nothing.
    reach.known.guide(article).is_none().then_some(article)
}

fn finish(mut decision: Decision, live: &Live, turn: FlowTurn, rule: &str) -> Decision {
    decision.turn.rule = format!("flow:{}:{rule}", live.flow.id);
    decision.turn.verdict = match (&turn.turned.end, &turn.aside) {
        (Some(End::Person(reason)), _) => {
            decision.turn.reason = Some(reason.clone());
            Verdict::HandedOver
        }
        (_, Some(Aside::Article(_))) => Verdict::Answered,
        _ => Verdict::Flow,
    };
    decision.act = Act::Flow(Box::new(turn));
    decision
}

impl FlowTurn {
    fn new(live: &Live, turned: Turned) -> Self {
        Self { id: live.flow.id.clone(), version: live.version, turned, aside: None, other: None, proofs: Vec::new(), opened: Vec::new(), away: false }
    }

    fn aside(mut self, aside: Aside) -> Self {
        self.aside = Some(aside);
        self
    }
}

/// The items that may be spoken of in this talk.
pub(super) struct Items {
    pub(super) all: Vec<Item>,
    known: bool,
}

impl Items {
    pub(super) async fn load(reach: &Reach<'_>, talk: &Talk) -> Result<Self> {
        let mut tx = reach.db.read().await?;
        let (workspace, now) = (reach.workspace.id, reach.environment.now());
        let contact = reach.shop.identified(&mut tx, workspace, reach.conversation).await?;
        let all = match contact {
            Some(contact) => reach.shop.of_contact(&mut tx, workspace, contact, now).await?,
            None => reach.shop.again(&mut tx, workspace, &talk.proven, now).await?,
        };
        Ok(Self { all, known: contact.is_some() })
    }

    fn world<'a>(&'a self, reach: &'a Reach<'_>, locale: Locale) -> World<'a> {
        World { items: &self.all, known: self.known, now: reach.environment.now(), timezone: &reach.workspace.timezone, locale }
    }
}

/// Looks up the proofs that the flow asks for, within the limits on guessing.
async fn prove(reach: &Reach<'_>, live: &Live, items: &mut Items, turn: &mut FlowTurn, locale: Locale) -> Result<()> {
    for _ in 0..PROOFS_A_TURN {
        let Some(proof) = turn.turned.proof.take() else { return Ok(()) };
        let run = turn.turned.run.take().unwrap_or_default();
        let mut tx = reach.db.read().await?;
        if !proofs::allowed(&mut tx, reach.environment, reach.workspace.id, &subject(reach.conversation), &proof).await? {
            turn.turned = flows::advance(&live.flow, &items.world(reach, locale), run, Input::TooMany);
            return Ok(());
        }
        let found = reach.shop.prove(&mut tx, reach.workspace.id, &proof, reach.environment.now()).await?;
        turn.proofs.push((proof, found.is_some()));
        let id = found.as_ref().map(|item| item.id.clone());
        turn.opened.extend(found.as_ref().map(|item| (item.kind, item.id.clone())));
        items.all.extend(found);
        turn.turned = flows::advance(&live.flow, &items.world(reach, locale), run, Input::Proved(id.as_deref()));
    }
    Ok(())
}

/// What is answered before the step is even tried: thanks and greetings, and a question where any text would be an answer.
fn between(reach: &Reach<'_>, live: &Live, run: &Run, words: &str, option: Option<&str>, locale: Locale) -> Option<Aside> {
    if option.is_some() {
        return None;
    }
    if let Some(small_talk) = small_talk::recognise(words).filter(|kind| kind.between_steps() && flows::command(words).is_none()) {
        return Some(Aside::SmallTalk(small_talk));
    }
    let takes_anything = run.waits == Waits::Slot && live.flow.takes_anything(&run.at);
    (takes_anything && words.contains('?')).then(|| answered(reach, words, locale)).flatten().map(Aside::Article)
}

/// The article that surely answers.
fn answered(reach: &Reach<'_>, words: &str, locale: Locale) -> Option<ArticleId> {
    let answer = reach.known.index(locale).ask(words, knowledge::language(locale));
    let best = answer.candidates.first().filter(|_| answer.verdict == Found::Answer)?;
    best.article.parse().ok().filter(|id| reach.known.article(*id, locale).is_some())
}

/// The message answers nothing that was asked: perhaps it is a question of its own, or another wish.
fn interrupt(reach: &Reach<'_>, live: &Live, run: &Run, items: &Items, turn: &mut FlowTurn, (words, locale): (&str, Locale)) {
    let normalised = text::normalise(words);
    if text::tokens(&normalised).take(2).count() < 2 {
        return;
    }
    let reminded = || flows::remind(&live.flow, &items.world(reach, locale), run);
    if let Some(article) = answered(reach, words, locale) {
        turn.turned = reminded();
        turn.aside = Some(Aside::Article(article));
        return;
    }
    let answer = reach.known.index(locale).ask(words, knowledge::language(locale));
    let other = reach.flows.iter().filter(|other| other.flow.id != live.flow.id && need_share(&other.flow, &answer) >= other.flow.confidence);
    if let Some(other) = other.max_by(|left, right| need_share(&left.flow, &answer).total_cmp(&need_share(&right.flow, &answer))) {
        turn.turned = reminded();
        turn.other = Some((other.flow.id.clone(), other.flow.title.get(locale).to_owned()));
    }
}
