//! Walking a troubleshooting guide with the customer, a step at a time.

use ennakoi_inbox::{
    conversations::Reason,
    messages::{Choice, Format, Kind, Meta, NewMessage, Source},
};
use ennakoi_kernel::ids::ArticleId;
use ennakoi_language::text as words;
use ennakoi_people::Locale;
use ennakoi_store::{
    Result,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    decide::{Talk, option},
    speak::Voice,
};
use crate::{guides::text, knowledge::Known, texts::say};

/// Where a choice leads that is no step.
const SOLVED: &str = "solved";
const UNSOLVED: &str = "unsolved";
const PERSON: &str = "person";

/// Where a customer stands in a guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GuideAt {
    /// The guide, by the id under which the bot finds it.
    pub id: ArticleId,
    pub step: String,
}

/// What happens in a guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuideTurn {
    /// A step is shown, after another one or as the first.
    Step {
        at: GuideAt,
        from: Option<String>,
    },
    Solved(GuideAt),
    Unsolved(GuideAt),
    /// A person is wanted at this step.
    Person(GuideAt),
}

/// The first step of a guide, if the article that was found is one.
pub(super) fn begin(known: &Known, id: ArticleId) -> Option<GuideTurn> {
    let first = known.guide(id)?.steps.first()?;
    Some(GuideTurn::Step { at: GuideAt { id, step: first.id.clone() }, from: None })
}

/// Where a tapped key leads. A step that a newer version has no more leads nowhere.
pub(super) fn tapped(known: &Known, at: &GuideAt, to: &str) -> Option<GuideTurn> {
    let guide = known.guide(at.id)?;
    let step = guide.step(&at.step)?;
    let offered = step.choices.iter().any(|choice| choice.to == to) || step.choices.is_empty() && (to == SOLVED || to == UNSOLVED);
    if !offered {
        return None;
    }
    Some(match to {
        SOLVED => GuideTurn::Solved(at.clone()),
        UNSOLVED => GuideTurn::Unsolved(at.clone()),
        PERSON => GuideTurn::Person(at.clone()),
        to => {
            guide.step(to)?;
            GuideTurn::Step { at: GuideAt { id: at.id, step: to.to_owned() }, from: Some(at.step.clone()) }
        }
    })
}

/// Where an answer in words leads: one that is a label, or names one and no other.
pub(super) fn said(known: &Known, at: &GuideAt, message: &str, locale: Locale) -> Option<GuideTurn> {
    let guide = known.guide(at.id)?;
    let step = guide.step(&at.step)?;
    let locale = guide.locale(locale);
    let plain = |text: &str| words::tokens(&words::normalise(text)).collect::<Vec<_>>().join(" ");
    let message = plain(message);
    if message.is_empty() {
        return None;
    }
    let mut labels: Vec<(String, String)> = step.choices.iter().map(|choice| (plain(text(&choice.label, locale)), choice.to.clone())).collect();
    if step.choices.is_empty() {
        labels = vec![(plain(&say(locale, "option_helped", &[])), SOLVED.to_owned()), (plain(&say(locale, "option_not_helped", &[])), UNSOLVED.to_owned())];
    }
    let exact = labels.iter().find(|(label, _)| *label == message);
    let mut naming = labels.iter().filter(|(label, _)| !label.is_empty() && format!(" {message} ").contains(&format!(" {label} ")));
    let (_, to) = exact.or_else(|| naming.next().filter(|_| naming.next().is_none()))?;
    tapped(known, at, to)
}

impl Voice<'_> {
    /// Does what happens in a guide, and tells the help module, which counts.
    pub(super) async fn guide(&mut self, turn: &GuideTurn, talk: &mut Talk) -> Result<()> {
        talk.guide = None;
        match turn {
            GuideTurn::Step { at, from } => {
                if let Some(from) = from {
                    self.walked(&GuideAt { id: at.id, step: from.clone() }, &format!("to:{}", at.step)).await?;
                }
                self.walked(at, "shown").await?;
                self.guide_step(at).await?;
                talk.unknowns = 0;
                talk.guide = Some(at.clone());
            }
            GuideTurn::Solved(at) => {
                self.walked(at, SOLVED).await?;
                self.text(say(self.locale, "helped", &[])).await?;
            }
            GuideTurn::Unsolved(at) => {
                self.walked(at, UNSOLVED).await?;
                talk.refused.push(at.id);
                talk.unknowns += 1;
                self.offer("not_helped").await?;
            }
            GuideTurn::Person(at) => {
                self.walked(at, PERSON).await?;
                self.hand_over(&Reason::PERSON_REQUESTED, talk).await?;
            }
        }
        Ok(())
    }

    async fn walked(&mut self, at: &GuideAt, what: &str) -> Result<()> {
        let payload = json!({ "guide": at.id, "step": at.step, "what": what });
        let event = NewEvent::new("guide.walked", Actor::Bot, payload).contact(self.scene.conversation.contact).conversation(self.scene.conversation.id);
        timeline::append(self.tx, self.scene.environment, self.scene.workspace.id, vec![event]).await?;
        Ok(())
    }

    async fn guide_step(&mut self, at: &GuideAt) -> Result<()> {
        let known = self.scene.known;
        let Some((guide, step)) = known.guide(at.id).and_then(|guide| Some((guide, guide.step(&at.step)?))) else { return Ok(()) };
        let locale = guide.locale(self.locale);
        let mut body = text(&step.text, locale).to_owned();
        // Pictures of elsewhere are opened by who wants to see them.
        if let Some(picture) = &step.picture_url {
            body.push_str(&format!("\n\n[{}]({picture})", say(locale, "guide_picture", &[("shows", text(&step.picture_alt, locale))])));
        }
        if let Some(video) = &step.video_url {
            body.push_str(&format!("\n\n[{}]({video})", say(locale, "guide_video", &[])));
        }
        let way = |key: &str, label: String| Choice { key: format!("{}{key}", option::GUIDE), label };
        let mut options: Vec<Choice> = step.choices.iter().map(|choice| way(&choice.to, text(&choice.label, locale).to_owned())).collect();
        if step.choices.is_empty() {
            body.push_str(&format!("\n\n{}", say(locale, "guide_helped", &[])));
            options = vec![way(SOLVED, say(locale, "option_helped", &[])), way(UNSOLVED, say(locale, "option_not_helped", &[]))];
        }
        options.extend(self.scene.people.then(|| self.choice(option::PERSON)));
        let sources = guide.urls.get(&locale).map(|url| vec![Source { article_id: at.id, title: text(&guide.title, locale).to_owned(), url: url.clone() }]);
        let meta = Meta { options: Some(options), sources, ..Meta::default() };
        let new = NewMessage { kind: Kind::Options, format: Format::Markdown, meta, language: Some(locale), ..self.message(body) };
        self.add(new).await
    }
}
