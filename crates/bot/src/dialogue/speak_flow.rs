//! Saying what a flow says: its sentences with their options, the requests it records, the hand-over with what was gathered.

use ennakoi_inbox::{
    conversations::{self, HandOver, Reason},
    messages::{Choice, Kind, Meta, NewMessage},
};
use ennakoi_store::{Result, timeline::Actor};

use super::{
    carry::{Aside, FlowTurn, subject},
    decide::{Decision, Talk, option},
    speak::Voice,
};
use crate::{
    flows::{End, Requested, Said, Standing, Tap, proofs, requests},
    texts::{known, say},
};

impl Voice<'_> {
    pub(super) async fn flow(&mut self, turn: &FlowTurn, decision: &Decision, talk: &mut Talk) -> Result<()> {
        let (workspace, environment) = (self.scene.workspace.id, self.scene.environment);
        for (proof, held) in &turn.proofs {
            proofs::note(self.tx, environment, workspace, &subject(self.scene.conversation), proof, *held).await?;
        }
        talk.proven.extend(turn.opened.iter().cloned());
        talk.unknowns = 0;
        talk.run.clone_from(&turn.turned.run);
        if matches!(turn.turned.end, Some(End::Done | End::Left)) {
            talk.ended = Some(turn.id.clone());
        }
        if turn.away {
            self.text(self.told_of_opening("away_call", "away_call_unknown")).await?;
        }
        match &turn.aside {
            Some(Aside::Article(article)) => {
                self.answer(*article, decision).await?;
                self.text(say(self.locale, "flow_back_to", &[])).await?;
            }
            Some(Aside::SmallTalk(kind)) => self.text(kind.answer(self.scene.settings, self.locale)).await?,
            None => {}
        }
        let last = turn.turned.says.len().saturating_sub(1);
        for (place, said) in turn.turned.says.iter().enumerate() {
            let other = turn.other.as_ref().filter(|_| place == last);
            self.flow_sentence(said, other).await?;
        }
        let mut handed_over = false;
        for request in &turn.turned.requests {
            let from =
                requests::Origin { conversation: self.scene.conversation.id, contact: self.scene.conversation.contact, flow: &turn.id, version: turn.version };
            requests::record(self.tx, environment, workspace, from, request).await?;
            if request.hand_over && self.scene.people && !handed_over {
                handed_over = true;
                self.pass_on(Reason::new("bot_request")?, Some(self.note(request)), talk).await?;
            }
        }
        if let Some(End::Person(reason)) = &turn.turned.end {
            if self.scene.people {
                self.pass_on(Reason::new(reason.clone()).unwrap_or(Reason::BOT_UNSURE), None, talk).await?;
            } else {
                self.text(say(self.locale, "person_unavailable", &[])).await?;
            }
        }
        Ok(())
    }

    async fn flow_sentence(&mut self, said: &Said, other: Option<&(String, String)>) -> Result<()> {
        if said.taps.is_empty() {
            return self.text(said.text.clone()).await;
        }
        let choice = |tap: &Tap| Choice { key: format!("{}{}", option::FLOW, tap.key), label: tap.label.clone() };
        let mut options: Vec<Choice> = Vec::new();
        options.extend(other.map(|(id, title)| Choice { key: format!("{}{id}", option::BEGIN), label: title.clone() }));
        options.extend(said.taps.iter().map(choice));
        options.extend(self.scene.people.then(|| self.choice(option::PERSON)));
        let body = match other {
            Some((_, title)) => format!("{}\n\n{}", say(self.locale, "flow_switch", &[("title", title)]), said.text),
            None => said.text.clone(),
        };
        let new = NewMessage { kind: Kind::Options, meta: Meta { options: Some(options), ..Meta::default() }, ..self.message(body) };
        self.add(new).await
    }

    /// To people with what was gathered; the flow has said so in its own words.
    async fn pass_on(&mut self, reason: Reason, note: Option<String>, talk: &mut super::Talk) -> Result<()> {
        talk.run = None;
        let to = HandOver { actor: Actor::Bot, reason, queue: None, note };
        conversations::hand_over(self.tx, self.scene.environment, self.scene.workspace.id, self.scene.conversation.id, to).await?;
        if !self.scene.open.open {
            self.closed(talk).await?;
        }
        Ok(())
    }

    /// The request as whoever takes the conversation reads it, in the company's language.
    fn note(&self, request: &Requested) -> String {
        let locale = self.scene.workspace.default_language;
        let kind = known(locale, &format!("request_{}", request.kind)).unwrap_or_else(|| request.kind.replace('_', " "));
        let standing = match request.standing {
            Standing::Identified => "flow_note_identified",
            Standing::Proved => "flow_note_proved",
            Standing::Claimed => "flow_note_claimed",
        };
        let item = request.item.iter().map(|(kind, _, number)| format!("{}: {number}", say(locale, &format!("flow_item_{}", kind.as_str()), &[])));
        let fields = request.fields.iter().map(|field| format!("{}: {}", field.title, field.shown));
        let lines: Vec<String> = std::iter::once(say(locale, "flow_note", &[("kind", &kind)])).chain(item).chain(fields).collect();
        format!("{}\n{}", lines.join("\n"), say(locale, standing, &[]))
    }
}
