//! Plays the acts of a conversation through the inbox, at the moments of the moved clock.

use ennakoi_inbox::{
    conversations::{self, HandOver, NewConversation, Owner, Rating, Reason, Snooze, State},
    labels,
    messages::{self, Delivery, Direction, Format, Meta, NewMessage, Source, Visibility},
};
use ennakoi_kernel::ids::{ContactId, ConversationId, WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{Error, Result, Tx, timeline::Actor};

use crate::{
    Past,
    desk::Desk,
    knowledge::Knowledge,
    scripts::{Script, Step},
    staff::Crew,
    talks::{Act, Talk},
};

/// What everybody on the stage knows.
pub(crate) struct Stage<'a> {
    pub(crate) past: &'a Past,
    pub(crate) workspace: WorkspaceId,
    pub(crate) desk: &'a Desk,
    pub(crate) crew: &'a Crew,
    pub(crate) knowledge: &'a Knowledge,
    pub(crate) scripts: &'a [Script],
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) conversation: Option<ConversationId>,
    disclosed: bool,
}

const fn disclosure(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Hei! Olen Pellavalan automaattinen avustaja, siis kone enkä ihminen. Autan mielelläni, ja ihmisen saat pyytämällä.",
        Locale::Sv => {
            "Hej! Jag är Pellavalas automatiska assistent, alltså en maskin och inte en människa. Jag hjälper gärna, och du får en människa när du vill."
        }
        Locale::En => "Hello! I am Pellavala's automatic assistant, a machine and not a person. I am glad to help, and you get a person whenever you ask.",
    }
}

impl Stage<'_> {
    fn agent(&self, talk: &Talk) -> Actor {
        Actor::Staff(self.crew.people[talk.agent].id)
    }

    /// Plays one act.
    pub(crate) async fn play(&self, tx: &mut Tx, talk: &Talk, contact: ContactId, progress: &mut Progress, act: Act) -> Result<()> {
        let (environment, workspace) = (&self.past.environment, self.workspace);
        let script = &self.scripts[talk.script];
        let Act::Step(place) = act else {
            let Some(id) = progress.conversation else { return Ok(()) };
            match act {
                Act::Claim => {
                    conversations::claim(tx, environment, workspace, id, self.crew.people[talk.agent].id).await?;
                }
                Act::Snooze(until) => {
                    conversations::snooze(tx, environment, workspace, id, self.agent(talk), Snooze { until }).await?;
                }
                Act::Close | Act::Step(_) => {
                    let held = conversations::load(tx, workspace, id).await?;
                    let by = if held.agent().is_some() { self.agent(talk) } else { Actor::Bot };
                    if held.state != State::Closed {
                        conversations::close(tx, environment, workspace, id, by).await?;
                    }
                }
            }
            return Ok(());
        };
        let step = &script.steps[place];
        if place == 0 {
            progress.conversation = Some(self.open(tx, talk, contact, script).await?);
        }
        let Some(id) = progress.conversation else { return Ok(()) };
        self.step(tx, talk, (id, contact), progress, step).await?;
        if place == 0
            && let Some(label) = self.desk.labels.get(script.label.as_str())
        {
            labels::put(tx, environment, workspace, id, *label, Actor::System).await?;
        }
        Ok(())
    }

    async fn open(&self, tx: &mut Tx, talk: &Talk, contact: ContactId, script: &Script) -> Result<ConversationId> {
        let new = NewConversation {
            channel: if talk.email { self.desk.email } else { self.desk.chat },
            contact: Some(contact),
            visitor: None,
            subject: script.subject.as_ref().map(|subject| talk.slots.fill(subject)),
            locale: Some(script.locale),
            owner: if talk.email { Owner::Queue(self.desk.queue) } else { Owner::Bot },
        };
        Ok(conversations::open(tx, &self.past.environment, self.workspace, new).await?.id)
    }

    async fn step(&self, tx: &mut Tx, talk: &Talk, (id, contact): (ConversationId, ContactId), progress: &mut Progress, step: &Step) -> Result<()> {
        let script = &self.scripts[talk.script];
        let fill = |text: &str| talk.slots.fill(text);
        let new = match step {
            Step::Customer(text) => NewMessage::text(Actor::Contact(contact), Direction::In, fill(text)),
            Step::Agent(text) => NewMessage::text(self.agent(talk), Direction::Out, fill(text)),
            Step::Note(text) => NewMessage { visibility: Visibility::Private, ..NewMessage::text(self.agent(talk), Direction::Out, fill(text)) },
            Step::Bot(text) => {
                self.disclose(tx, id, script.locale, progress).await?;
                NewMessage::text(Actor::Bot, Direction::Out, fill(text))
            }
            Step::BotArticle(key) => {
                self.disclose(tx, id, script.locale, progress).await?;
                self.cited(key, script)?
            }
            Step::HandOver(reason) => return self.hand_over(tx, id, reason).await,
            Step::Rate { score, solved, comment } => {
                let comment = Some(fill(comment)).filter(|comment| !comment.is_empty());
                let score = if comment.is_none() { (*score - talk.displeasure).max(1) } else { *score };
                let rating = Rating { score: Some(score), solved: Some(*solved && score > 2), comment };
                conversations::rate(tx, &self.past.environment, self.workspace, id, Actor::Contact(contact), rating).await?;
                return Ok(());
            }
        };
        // What was said in the past has arrived in the past: nothing of it leaves now.
        let new = NewMessage { language: Some(script.locale), delivery: Some(Delivery::Sent), ..new };
        messages::add(tx, &self.past.environment, self.workspace, id, new).await?;
        Ok(())
    }

    /// The bot says that it is a machine before anything else.
    async fn disclose(&self, tx: &mut Tx, id: ConversationId, locale: Locale, progress: &mut Progress) -> Result<()> {
        if progress.disclosed {
            return Ok(());
        }
        progress.disclosed = true;
        let new = NewMessage { language: Some(locale), ..NewMessage::text(Actor::Bot, Direction::Out, disclosure(locale)) };
        messages::add(tx, &self.past.environment, self.workspace, id, new).await?;
        Ok(())
    }

    fn cited(&self, key: &str, script: &Script) -> Result<NewMessage> {
        let article = self
            .knowledge
            .get(&(key.to_owned(), script.locale))
            .ok_or_else(|| Error::Other(format!("script {}: no article {key} in {}", script.key, script.locale.as_str())))?;
        let source = Source { article_id: article.id, title: article.title.clone(), url: article.url.clone() };
        // The exact number does not matter; it stays within what the bot shows when it is sure.
        let confidence = 0.78 + f64::from(u32::try_from(article.summary.len() % 20).unwrap_or(0)) / 100.0;
        let meta = Meta { sources: Some(vec![source]), confidence: Some(confidence), ..Meta::default() };
        Ok(NewMessage { format: Format::Markdown, meta, ..NewMessage::text(Actor::Bot, Direction::Out, article.summary.clone()) })
    }

    async fn hand_over(&self, tx: &mut Tx, id: ConversationId, reason: &str) -> Result<()> {
        let queue = if matches!(reason, "complaint" | "money_dispute") { self.desk.complaints } else { self.desk.queue };
        let to = HandOver { actor: Actor::Bot, reason: Reason::new(reason.to_owned())?, queue: Some(queue), note: None };
        conversations::hand_over(tx, &self.past.environment, self.workspace, id, to).await?;
        Ok(())
    }
}
