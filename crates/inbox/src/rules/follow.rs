//! Rules at work: after every event that wakes one.

use std::{collections::BTreeSet, sync::Arc};

use ennakoi_kernel::{
    Duration, Environment,
    ids::{CalendarId, ConversationId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    timeline::{self, Actor, Event},
};
use serde_json::json;

use super::{
    ActionLog, Rule,
    decide::{self, Past, Verdict, When},
    store::{self, NewRun},
};
use crate::{
    actions,
    conditions::{self, Facts},
    conversations,
    messages::{self, Note},
};

/// Events of one transaction. Few, so that a rule that fails is found soon and holds up little.
const AT_ONCE: usize = 16;

pub(crate) fn follower() -> Follower {
    Follower { name: "inbox.rules", kinds: &[], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.db.read().await?;
    let rules: Vec<Rule> = super::list(&mut tx, batch.workspace).await?.into_iter().filter(|rule| rule.enabled).collect();
    drop(tx);
    let waking: Vec<(&Event, When)> = batch
        .events
        .iter()
        .filter_map(|event| When::of(event).map(|when| (event, when)))
        .filter(|(event, when)| event.conversation.is_some() && rules.iter().any(|rule| decide::wakes(rule, event, *when)))
        .collect();
    if waking.is_empty() {
        return Ok(());
    }
    let desk = Desk { environment: batch.environment.clone(), workspace: batch.workspace, calendars: asked(&rules), rules };
    // All but the last piece commit by themselves: a rule runs once for an event, so following it again does nothing.
    let mut pieces = waking.chunks(AT_ONCE).peekable();
    while let Some(piece) = pieces.next() {
        let mut tx = batch.begin().await?;
        desk.take(&mut tx, piece).await?;
        if pieces.peek().is_some() {
            tx.commit().await?;
        } else {
            batch.commit(tx).await?;
        }
    }
    Ok(())
}

fn asked(rules: &[Rule]) -> BTreeSet<Option<CalendarId>> {
    conditions::calendars(rules.iter().map(|rule| &rule.definition.condition))
}

struct Desk {
    environment: Environment,
    workspace: WorkspaceId,
    rules: Vec<Rule>,
    /// Whose opening hours the rules ask for.
    calendars: BTreeSet<Option<CalendarId>>,
}

impl Desk {
    async fn take(&self, tx: &mut Tx, piece: &[(&Event, When)]) -> Result<()> {
        // Held in one order before anything is written, so that nobody who holds one of them waits for the timeline that a run holds.
        let cases: BTreeSet<ConversationId> = piece.iter().filter_map(|(event, _)| event.conversation).collect();
        let mut there = BTreeSet::new();
        for id in cases {
            if conversations::find(tx, self.workspace, id).await?.is_some() {
                conversations::lock(tx, self.workspace, id).await?;
                there.insert(id);
            }
        }
        for (event, when) in piece {
            if let Some(conversation) = event.conversation.filter(|id| there.contains(id)) {
                self.apply(tx, event, *when, conversation).await?;
            }
        }
        Ok(())
    }

    /// Tries every rule on the event, in order.
    async fn apply(&self, tx: &mut Tx, event: &Event, when: When, conversation: ConversationId) -> Result<()> {
        let depth = store::depth_of(tx, self.workspace, event.seq).await?;
        let mut known: Option<Facts> = None;
        for rule in self.rules.iter().filter(|rule| decide::wakes(rule, event, when)) {
            let facts = match known.take() {
                Some(facts) => facts,
                None => facts_of(tx, self.workspace, conversation, event, &self.calendars).await?,
            };
            let applies = decide::applies(rule, &facts);
            known = Some(facts);
            if !applies {
                continue;
            }
            let ran = store::has_run(tx, self.workspace, rule.id, event.seq).await?;
            let since = self.environment.now() - Duration::hours(1);
            let runs = store::runs_since(tx, self.workspace, rule.id, conversation, since).await?;
            match decide::verdict(Past { depth, ran, runs }) {
                Verdict::Once => {}
                Verdict::TooDeep => self.log(tx, rule, event, conversation, depth, "too_deep", (0, 0), Vec::new()).await?,
                Verdict::Braked => self.log(tx, rule, event, conversation, depth, "braked", (0, 0), Vec::new()).await?,
                Verdict::Run => {
                    self.run(tx, rule, event, conversation, depth).await?;
                    // The next rule sees what this one did.
                    known = None;
                }
            }
            if rule.definition.last {
                break;
            }
        }
        Ok(())
    }

    async fn run(&self, tx: &mut Tx, rule: &Rule, event: &Event, conversation: ConversationId, depth: i64) -> Result<()> {
        // Appending nothing holds the timeline until the commit: what stands between the two numbers is the effect of this run alone.
        let first = timeline::append(tx, &self.environment, self.workspace, Vec::new()).await?;
        let mut logs = Vec::new();
        for action in &rule.definition.actions {
            let done = actions::perform(tx, &self.environment, self.workspace, Actor::System, conversation, action).await?;
            logs.push(ActionLog { kind: done.kind.to_owned(), refused: done.refused });
        }
        let data = json!({ "rule": rule.definition.name, "rule_id": rule.id, "actions": logs });
        messages::private_note(tx, &self.environment, self.workspace, conversation, Note { actor: Actor::System, code: "rule_ran", data }).await?;
        let last = timeline::append(tx, &self.environment, self.workspace, Vec::new()).await?;
        self.log(tx, rule, event, conversation, depth + 1, "ran", (first, last), logs).await
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one run, written in one place")]
    async fn log(
        &self,
        tx: &mut Tx,
        rule: &Rule,
        event: &Event,
        conversation: ConversationId,
        depth: i64,
        outcome: &'static str,
        effects: (i64, i64),
        actions: Vec<ActionLog>,
    ) -> Result<()> {
        let cause = (event.seq, event.kind.as_str());
        let run = NewRun { id: self.environment.new_id(), rule, conversation, cause, at: self.environment.now(), depth, outcome, effects, actions };
        store::log(tx, self.workspace, run).await
    }
}

/// The facts of the case, with the message that the event is about and the opening hours of its moment.
pub(super) async fn facts_of(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId, event: &Event, asked: &BTreeSet<Option<CalendarId>>) -> Result<Facts> {
    let conversation = conversations::load(tx, workspace, id).await?;
    let mut facts = conditions::look_up(tx, workspace, conversation, asked, event.occurred_at).await?;
    if let Ok(message) = serde_json::from_value(event.payload["message"].clone()) {
        facts.message = conditions::look_up_message(tx, workspace, id, message).await?;
    }
    Ok(facts)
}
