//! Carrying a flow: a decision that begins or continues one becomes what the flow says, with the shop's data and the proofs it needs.

use ennakoi_inbox::conversations::Conversation;
use ennakoi_kernel::{Environment, ids::ArticleId};
use ennakoi_language::{answers::Verdict as Found, text};
use ennakoi_people::{Locale, workspaces::Workspace};
use ennakoi_store::{Db, Result};

use super::{
    decide::{Act, Decision, Talk, need_share},
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
}

/// Who may be guessing: the widget's visitor, else the talk.
pub(crate) fn subject(conversation: &Conversation) -> String {
    conversation.visitor.map_or_else(|| conversation.id.to_string(), |visitor| visitor.to_string())
}

/// Turns a decision about a flow into what the flow does; leaves every other as it is.
///
/// # Errors
/// The database refuses.
pub(crate) async fn carry(reach: &Reach<'_>, talk: &Talk, mut decision: Decision) -> Result<Decision> {
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
    let mut turn = FlowTurn::new(live, start);
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
        Self { id: live.flow.id.clone(), version: live.version, turned, aside: None, other: None, proofs: Vec::new(), opened: Vec::new() }
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
    if let Some(small_talk) = small_talk::recognise(words).filter(|_| flows::command(words).is_none()) {
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
