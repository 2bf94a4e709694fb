//! Saying it: a decision becomes messages, a hand-over, and a record, in one transaction.

use ennakoi_inbox::{
    calendars::OpenState,
    conversations::{self, Conversation, HandOver, Priority, Reason},
    messages::{self, Choice, Direction, Format, Kind, Meta, NewMessage, Source},
};
use ennakoi_kernel::{
    Environment,
    ids::{ArticleId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_people::{Locale, workspaces::Workspace};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{
    decide::{Act, Decision, Talk, option},
    excerpt::excerpt,
    small_talk::SmallTalk,
};
use crate::{
    knowledge::{self, Known},
    llm::answer::Composed,
    settings::Settings,
    texts::{moment, say},
    turns,
};

/// What the bot needs to speak.
pub(super) struct Scene<'a> {
    pub environment: &'a Environment,
    pub workspace: &'a Workspace,
    pub conversation: &'a Conversation,
    pub known: &'a Known,
    pub settings: &'a Settings,
    pub open: OpenState,
    /// Whether this channel has people at all.
    pub people: bool,
}

/// Characters of the last question that are kept for a tap that follows it.
const QUESTION_KEPT: usize = 500;

/// Says and records a decision; returns how the talk stands then.
pub(super) async fn speak(tx: &mut Tx, scene: &Scene<'_>, mut talk: Talk, decision: Decision) -> Result<Talk> {
    let locale = decision.locale;
    // Whatever is not a step of it leaves the guide.
    if !matches!(decision.act, Act::Guide(_)) {
        talk.guide = None;
    }
    let mut voice = Voice { tx, scene, locale, turn: Some(decision.turn.id), last: None };
    if !talk.disclosed {
        let company = scene.workspace.name.as_str();
        voice.event_text(say(locale, "disclosure", &[("company", company)]), "disclosure").await?;
        talk.disclosed = true;
    }
    talk.locale = Some(locale);
    for article in &decision.also {
        voice.answer(*article, &decision).await?;
    }
    let in_words = !matches!(decision.act, Act::Helped | Act::NotHelped | Act::Continue { .. });
    if in_words && !decision.turn.question.trim().is_empty() && !matches!(&decision.act, Act::Flow(turn) if turn.turned.rule != "began" && turn.other.is_none())
    {
        talk.question = decision.turn.question.chars().take(QUESTION_KEPT).collect();
    }
    match &decision.act {
        Act::Answer(article) => {
            voice.answer(*article, &decision).await?;
            talk.unknowns = 0;
            talk.last = Some(*article);
        }
        Act::Composed(composed) => {
            voice.composed(composed, &decision).await?;
            talk.unknowns = 0;
            talk.last = composed.sources.first().map(|source| source.article_id);
        }
        Act::AskBack(articles) => {
            voice.ask_back(articles, talk.unknowns > 0).await?;
        }
        Act::Unknown => {
            talk.unknowns += 1;
            voice.offer(if scene.people { "unknown" } else { "unknown_no_person" }).await?;
        }
        Act::SmallTalk(kind) => voice.small_talk(*kind).await?,
        Act::Helped => voice.text(say(locale, "helped", &[])).await?,
        Act::NotHelped => {
            talk.refused.extend(talk.last.take());
            talk.unknowns += 1;
            voice.offer("not_helped").await?;
        }
        Act::HandOver(reason) => {
            talk.run = None;
            voice.hand_over(reason, &mut talk).await?;
        }
        Act::Flow(turn) => voice.flow(turn, &decision, &mut talk).await?,
        Act::Guide(turn) => voice.guide(turn, &mut talk).await?,
        // Both have become what the flow does.
        Act::Begin(_) | Act::Continue { .. } => {}
    }
    let mut turn = decision.turn;
    turn.message_id = voice.last;
    let (workspace, conversation) = (scene.workspace.id, scene.conversation.id);
    turns::record(tx, workspace, conversation, &turn).await?;
    let payload = json!({ "turn": turn.id, "verdict": turn.verdict, "confidence": turn.confidence, "reason": turn.reason, "rule": turn.rule });
    let event = NewEvent::new("bot.turned", Actor::Bot, payload).contact(scene.conversation.contact).conversation(conversation);
    timeline::append(tx, scene.environment, workspace, vec![event]).await?;
    Ok(talk)
}

/// Says only that nobody is there, for a conversation that went to people without the bot.
pub(super) async fn say_closed(tx: &mut Tx, scene: &Scene<'_>, mut talk: Talk, locale: Locale) -> Result<Talk> {
    let mut voice = Voice { tx, scene, locale, turn: None, last: None };
    voice.closed(&mut talk).await?;
    talk.disclosed = true;
    Ok(talk)
}

pub(super) struct Voice<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) scene: &'a Scene<'a>,
    pub(super) locale: Locale,
    /// Of which everything that is said is a part, so that staff can look up its reasons.
    turn: Option<uuid::Uuid>,
    last: Option<MessageId>,
}

impl Voice<'_> {
    pub(super) async fn add(&mut self, mut new: NewMessage) -> Result<()> {
        new.meta.bot_turn = self.turn.map(|turn| turn.to_string());
        let (workspace, conversation): (WorkspaceId, ConversationId) = (self.scene.workspace.id, self.scene.conversation.id);
        let added = messages::add(self.tx, self.scene.environment, workspace, conversation, new).await?;
        self.last = Some(added.message.id);
        Ok(())
    }

    pub(super) fn message(&self, body: String) -> NewMessage {
        NewMessage { language: Some(self.locale), ..NewMessage::text(Actor::Bot, Direction::Out, body) }
    }

    pub(super) async fn text(&mut self, body: String) -> Result<()> {
        self.add(self.message(body)).await
    }

    async fn event_text(&mut self, body: String, event: &str) -> Result<()> {
        let new = NewMessage { meta: Meta { event: Some(event.to_owned()), ..Meta::default() }, ..self.message(body) };
        self.add(new).await
    }

    pub(super) fn choice(&self, key: &str) -> Choice {
        Choice { key: key.to_owned(), label: say(self.locale, &format!("option_{key}"), &[]) }
    }

    /// A brief answer to what asks for nothing.
    pub(super) async fn small_talk(&mut self, kind: SmallTalk) -> Result<()> {
        let body = kind.answer(self.scene.settings, self.locale);
        let options = if kind.offers_person() { self.ways_on(&[]) } else { Vec::new() };
        self.choose(body, options).await
    }

    /// The ways on under an answer; the way to a person is always among them.
    fn ways_on(&self, first: &[&str]) -> Vec<Choice> {
        let person = self.scene.people.then_some(option::PERSON);
        first.iter().copied().chain(person).map(|key| self.choice(key)).collect()
    }

    pub(super) async fn answer(&mut self, id: ArticleId, decision: &Decision) -> Result<()> {
        let Some(article) = self.scene.known.article(id, self.locale) else { return Ok(()) };
        let body = excerpt(&article.summary, &article.body, &decision.turn.question, knowledge::language(article.locale));
        let body = if body.is_empty() { article.title.clone() } else { body };
        let mut options = self.ways_on(&[option::HELPED, option::NOT_HELPED]);
        // The flow is offered under the answer that the decision is, not under those to other questions of the message.
        let offered = decision.offer.iter().filter(|_| decision.act == Act::Answer(id));
        options.splice(0..0, offered.map(|offer| Choice { key: format!("{}{}", option::BEGIN, offer.flow), label: offer.title.clone() }));
        let meta = Meta {
            sources: Some(vec![Source { article_id: article.id, title: article.title.clone(), url: article.url.clone() }]),
            confidence: Some(decision.turn.confidence),
            options: Some(options),
            ..Meta::default()
        };
        let language = Some(article.locale);
        let new = NewMessage { format: Format::Markdown, meta, language, ..self.message(body) };
        self.add(new).await
    }

    /// Plain text of a stranger: never markup, and its only links are those of its sources.
    async fn composed(&mut self, composed: &Composed, decision: &Decision) -> Result<()> {
        let meta = Meta {
            sources: (!composed.sources.is_empty()).then(|| composed.sources.clone()),
            confidence: Some(decision.turn.confidence),
            options: Some(self.ways_on(&[option::HELPED, option::NOT_HELPED])),
            bot_turn: Some(decision.turn.id.to_string()),
            ..Meta::default()
        };
        let new = NewMessage { format: Format::Text, meta, ..self.message(composed.body.clone()) };
        self.add(new).await
    }

    async fn ask_back(&mut self, articles: &[ArticleId], again: bool) -> Result<()> {
        let known = self.scene.known;
        let mut options: Vec<Choice> = articles
            .iter()
            .filter_map(|id| known.article(*id, self.locale))
            .map(|article| Choice { key: format!("{}{}", option::ARTICLE, article.id), label: article.title.clone() })
            .collect();
        options.extend(self.ways_on(&[option::NONE]));
        self.choose(say(self.locale, if again { "ask_back_again" } else { "ask_back" }, &[]), options).await
    }

    pub(super) async fn offer(&mut self, sentence: &str) -> Result<()> {
        let options = self.ways_on(&[]);
        self.choose(say(self.locale, sentence, &[]), options).await
    }

    async fn choose(&mut self, body: String, options: Vec<Choice>) -> Result<()> {
        if options.is_empty() {
            return self.text(body).await;
        }
        let new = NewMessage { kind: Kind::Options, meta: Meta { options: Some(options), ..Meta::default() }, ..self.message(body) };
        self.add(new).await
    }

    pub(super) async fn hand_over(&mut self, reason: &Reason, talk: &mut Talk) -> Result<()> {
        let (workspace, conversation) = (self.scene.workspace.id, self.scene.conversation.id);
        if !self.scene.people {
            return self.text(say(self.locale, "person_unavailable", &[])).await;
        }
        let (sentence, urgent) = match reason.as_str() {
            "emergency" => ("handover_emergency", true),
            "self_harm" => ("handover_self_harm", true),
            "threat" | "injury" => ("handover_sensitive", true),
            "person_requested" | "bot_unavailable" => ("handover", false),
            "bot_unsure" => ("handover_unsure", false),
            _ => ("handover_sensitive", false),
        };
        self.text(say(self.locale, sentence, &[])).await?;
        let to = HandOver { actor: Actor::Bot, reason: reason.clone(), queue: None, note: None };
        conversations::hand_over(self.tx, self.scene.environment, workspace, conversation, to).await?;
        if urgent {
            conversations::set_priority(self.tx, self.scene.environment, workspace, conversation, Actor::Bot, Priority::Urgent).await?;
        }
        if !self.scene.open.open {
            self.closed(talk).await?;
        }
        Ok(())
    }

    /// A sentence about when people are back, or the other where nobody knows.
    pub(super) fn told_of_opening(&self, known: &str, unknown: &str) -> String {
        let opens = self.scene.open.opens_at.map(|at| moment(self.locale, at, self.scene.environment.now(), &self.scene.workspace.timezone));
        opens.map_or_else(|| say(self.locale, unknown, &[]), |opens| say(self.locale, known, &[("opens", &opens)]))
    }

    pub(super) async fn closed(&mut self, talk: &mut Talk) -> Result<()> {
        if std::mem::replace(&mut talk.told_closed, true) {
            return Ok(());
        }
        let told = self.told_of_opening("closed", "closed_unknown");
        self.text(told).await?;
        let form = NewMessage {
            kind: Kind::Form,
            meta: Meta { event: Some("leave_details".to_owned()), data: Some(json!({ "fields": ["email", "phone"] })), ..Meta::default() },
            ..self.message(say(self.locale, "leave_details", &[]))
        };
        self.add(form).await
    }
}
