//! Helping staff write: a text in other words or another language, the gist of a conversation, an answer to begin from. What comes is
//! offered to the agent and never sent by itself. The gist and the beginning of an answer come from words and articles where there
//! is no model.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Json, Member, Path, Route, get, post};
use ennakoi_inbox::{
    conversations::{self, Conversation},
    messages::{self, Audience, AuthorKind, Kind, Message, Source, Visibility},
};
use ennakoi_kernel::{
    FieldErrors, Problem, ProblemKind,
    access::{Access, Permission},
    ids::{ConversationId, WorkspaceId},
};
use ennakoi_language::{claims, entities, summary};
use ennakoi_people::{Locale, audit, contacts, workspaces};
use ennakoi_store::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Llm, Outcome,
    answer::{self, For, Wanted},
    ground,
    hide::Hidden,
    prompts,
    session::Purpose,
    settings, wire,
};
use crate::{
    Knowledge,
    dialogue::{Reach, excerpt},
    flows::shop::Shop,
    knowledge, settings as bot,
};

/// Characters of a text that is to be rewritten, and of a conversation that is read.
const TEXT_CHARACTERS: usize = 8_000;
const CONVERSATION_CHARACTERS: usize = 12_000;
/// The last messages of a conversation that are read.
const MESSAGES: u32 = 60;
/// Sentences of a gist that is made without a model.
const GIST: usize = 4;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WritingTask {
    Friendlier,
    Shorter,
    Formal,
    Translate,
    /// The gist of the conversation.
    Summarise,
    /// An answer to what the customer last asked, with its sources.
    Draft,
}

impl WritingTask {
    const ALL: [Self; 6] = [Self::Friendlier, Self::Shorter, Self::Formal, Self::Translate, Self::Summarise, Self::Draft];

    const fn needs_model(self) -> bool {
        !matches!(self, Self::Summarise | Self::Draft)
    }
}

/// What can be asked for now.
#[derive(Debug, Serialize, JsonSchema)]
struct WritingTasks {
    /// The model's name; absent when there is none, or it is not for this.
    model: Option<String>,
    tasks: Vec<WritingTask>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewWriting {
    task: WritingTask,
    /// What is to be written otherwise.
    #[serde(default)]
    text: String,
    /// The language to translate into, or to write in.
    #[serde(default)]
    locale: Option<Locale>,
}

/// A text to begin from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Writing {
    pub(crate) task: WritingTask,
    pub(crate) text: String,
    /// The model that wrote it; absent when it was made here of words and articles.
    pub(crate) model: Option<String>,
    pub(crate) sources: Vec<Source>,
    /// Numbers that stood in only one of the two texts: to be looked at.
    pub(crate) changed: Vec<String>,
    /// How many of each kind were replaced by placeholders before anything left.
    pub(crate) masked: BTreeMap<String, u32>,
    /// Why the model's own text is not shown, when it was asked and is not.
    pub(crate) fell_back: Option<Outcome>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/bot/writing", "list_writing_tasks", Access::Needs(Permission::ConversationsRead), list_writing_tasks)
            .summary("What the desk can be helped to write")
            .returns::<WritingTasks>(200),
        post("/api/v1/conversations/{id}/writings", "create_writing", Access::Needs(Permission::ConversationsWrite), create_writing)
            .summary("A text to begin from: rewritten, translated, summarised or drafted; nothing is sent to the customer")
            .takes::<NewWriting>()
            .returns::<Writing>(200),
    ]
}

async fn model_for_writing(app: &App, workspace: WorkspaceId) -> Result<Option<String>> {
    let found = settings::load(&mut app.db.read().await?, workspace).await?;
    Ok(found.filter(|(settings, _)| settings.enabled && settings.writing).map(|(settings, _)| settings.model))
}

async fn list_writing_tasks(State(app): State<App>, member: Member) -> ApiResult<Json<WritingTasks>> {
    let model = model_for_writing(&app, member.workspace).await?;
    let tasks = WritingTask::ALL.into_iter().filter(|task| model.is_some() || !task.needs_model()).collect();
    Ok(Json(WritingTasks { model, tasks }))
}

/// What the tasks reach for.
struct Desk {
    app: App,
    llm: Llm,
    bot: Knowledge,
    shop: Arc<dyn Shop>,
    workspace: workspaces::Workspace,
    conversation: Conversation,
    heard: Vec<Message>,
    locale: Locale,
}

async fn create_writing(
    State(app): State<App>,
    Extension(llm): Extension<Llm>,
    Extension(bot): Extension<Knowledge>,
    Extension(shop): Extension<Arc<dyn Shop>>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(new): Json<NewWriting>,
) -> ApiResult<Json<Writing>> {
    let mut wrong = FieldErrors::default();
    if new.task.needs_model() && (new.text.trim().is_empty() || new.text.chars().count() > TEXT_CHARACTERS) {
        wrong.add("text", "invalid", format!("1 to {TEXT_CHARACTERS} characters"));
    }
    if new.task == WritingTask::Translate && new.locale.is_none() {
        wrong.add("locale", "required", "the language to translate into");
    }
    wrong.finish()?;
    let mut tx = app.db.read().await?;
    let conversation = conversations::load(&mut tx, member.workspace, id).await?;
    let workspace = workspaces::load(&mut tx, member.workspace).await?;
    let mut heard = messages::list(&mut tx, member.workspace, id, None, None, MESSAGES, Audience::Staff).await?.items;
    // Notes are between colleagues and stay in the house.
    heard.retain(|message| message.visibility == Visibility::Public && message.kind != Kind::Event && message.removed_at.is_none());
    drop(tx);
    let locale = new.locale.or(conversation.locale).unwrap_or(workspace.default_language);
    let desk = Desk { app, llm, bot, shop, workspace, conversation, heard, locale };
    let written = match new.task {
        WritingTask::Summarise => desk.summarise().await?,
        WritingTask::Draft => desk.draft().await?,
        _ => desk.rewrite(new.task, &new.text).await?,
    };
    if let Some(model) = &written.model {
        let mut tx = desk.app.db.begin().await?;
        let what = json!({ "task": new.task, "model": model, "masked": written.masked, "characters": written.text.chars().count() });
        audit::record(&mut tx, &desk.app.environment, member.workspace, member.actor, "bot.llm_wrote", "conversation", id, what).await?;
        tx.commit().await?;
    }
    Ok(Json(written))
}

#[derive(Deserialize)]
struct WrittenText {
    text: String,
}

impl Desk {
    async fn hidden(&self) -> Result<Hidden> {
        let mut hidden = Hidden::default();
        if let Some(contact) = self.conversation.contact {
            let mut tx = self.app.db.read().await?;
            if let Some(brief) = contacts::briefs(&mut tx, self.workspace.id, &[contact]).await?.remove(&contact) {
                hidden.name(&brief.name);
            }
        }
        Ok(hidden)
    }

    async fn rewrite(&self, task: WritingTask, text: &str) -> ApiResult<Writing> {
        let mut hidden = self.hidden().await?;
        let how = match task {
            WritingTask::Friendlier => prompts::friendlier().to_owned(),
            WritingTask::Shorter => prompts::shorter().to_owned(),
            WritingTask::Formal => prompts::formal().to_owned(),
            _ => prompts::translate(self.locale),
        };
        let messages = prompts::rewrite(&how, &hidden.hide(text));
        let (model, written) = match self.ask(&messages, &hidden, &[text]).await? {
            Some(Ok(written)) => written,
            Some(Err(outcome)) => return Err(unavailable(outcome)),
            None => return Err(Problem::conflict("llm_off", "no language model is connected").into()),
        };
        let changed = differing(text, &written, self.locale);
        Ok(Writing { task, text: written, model: Some(model), sources: Vec::new(), changed, masked: hidden.counts(), fell_back: None })
    }

    async fn summarise(&self) -> ApiResult<Writing> {
        let mut hidden = self.hidden().await?;
        let lines = self.lines();
        let asked = prompts::summarise(self.workspace.default_language, &hidden.hide(&lines));
        let written = if lines.is_empty() { None } else { self.ask(&asked, &hidden, &[&lines]).await? };
        let (text, model, fell_back) = match written {
            Some(Ok((model, text))) => (text, Some(model), None),
            Some(Err(outcome)) => (self.gist(), None, Some(outcome)),
            None => (self.gist(), None, None),
        };
        let changed = if model.is_some() { only_in(&text, &lines, self.workspace.default_language) } else { Vec::new() };
        let masked = if model.is_some() { hidden.counts() } else { BTreeMap::new() };
        Ok(Writing { task: WritingTask::Summarise, text, model, sources: Vec::new(), changed, masked, fell_back })
    }

    /// The conversation as lines, the newest kept when it is long.
    fn lines(&self) -> String {
        let line = |message: &Message| {
            let who = match message.author.kind {
                AuthorKind::Contact => "Customer",
                AuthorKind::Staff => "Agent",
                AuthorKind::Bot => "Bot",
                AuthorKind::System => "System",
            };
            format!("{who}: {}", message.body.trim())
        };
        let lines = self.heard.iter().filter(|message| !message.body.trim().is_empty()).map(line).collect::<Vec<_>>().join("\n");
        let skipped = lines.chars().count().saturating_sub(CONVERSATION_CHARACTERS);
        lines.chars().skip(skipped).collect()
    }

    /// The customer's sentences that say most.
    fn gist(&self) -> String {
        let theirs: Vec<&str> = self.heard.iter().filter(|message| message.author.kind == AuthorKind::Contact).map(|message| message.body.trim()).collect();
        let theirs = theirs.join("\n");
        summary::extract(&theirs, knowledge::language(self.conversation.locale.unwrap_or(self.workspace.default_language)), GIST).join(" ")
    }

    async fn draft(&self) -> ApiResult<Writing> {
        let last = self.heard.iter().rposition(|message| message.author.kind != AuthorKind::Contact).map_or(0, |place| place + 1);
        let theirs = |messages: &[Message]| messages.iter().map(|message| message.body.trim()).filter(|body| !body.is_empty()).collect::<Vec<_>>().join("\n");
        let mut question = theirs(&self.heard[last..]);
        if question.is_empty() {
            // The customer has been answered already: what they last said.
            question = self.heard.iter().rfind(|message| message.author.kind == AuthorKind::Contact).map(|message| message.body.clone()).unwrap_or_default();
        }
        if question.trim().is_empty() {
            return Err(Problem::conflict("nothing_asked", "the customer has written nothing yet").into());
        }
        let question: String = question.chars().take(2_000).collect();
        let wrong_cost = bot::load(&mut self.app.db.read().await?, self.workspace.id).await?.wrong_cost;
        let known = self.bot.of(self.workspace.id, wrong_cost).await?;
        let found = known.index(self.locale).ask(&question, knowledge::language(self.locale));
        let candidates: Vec<_> = found.candidates.iter().filter_map(|candidate| candidate.article.parse().ok()).collect();
        let items = match self.conversation.contact {
            Some(contact) => {
                let mut tx = self.app.db.read().await?;
                let contact = contacts::resolve(&mut tx, self.workspace.id, contact).await?;
                self.shop.of_contact(&mut tx, self.workspace.id, contact, self.app.environment.now()).await?
            }
            None => Vec::new(),
        };
        let best = candidates.first().and_then(|id| known.article(*id, self.locale));
        let wanted = Wanted { question: &question, before: None, locale: self.locale, candidates: candidates.clone(), items };
        let reach = Reach {
            db: &self.app.db,
            environment: &self.app.environment,
            workspace: &self.workspace,
            conversation: &self.conversation,
            shop: self.shop.as_ref(),
            flows: &[],
            known: &known,
            open: true,
        };
        let asked = answer::compose(&self.llm, &reach, &wanted, For::Agent).await?;
        let (composed, told) = asked.map_or((None, None), |(composed, told)| (composed, Some(told)));
        let fell_back = told.as_ref().map(|told| told.outcome).filter(|outcome| *outcome != Outcome::Used);
        if let (Some(composed), Some(told)) = (composed, told) {
            let changed = Vec::new();
            return Ok(Writing {
                task: WritingTask::Draft,
                text: composed.body,
                model: Some(told.model),
                sources: composed.sources,
                changed,
                masked: told.masked,
                fell_back: None,
            });
        }
        let Some(article) = best else { return Err(Problem::conflict("no_article", "no article fits what the customer asks").into()) };
        let text = excerpt(&article.summary, &article.body, &question, knowledge::language(article.locale));
        let sources = vec![Source { article_id: article.id, title: article.title.clone(), url: article.url.clone() }];
        Ok(Writing { task: WritingTask::Draft, text, model: None, sources, changed: Vec::new(), masked: BTreeMap::new(), fell_back })
    }

    /// A text of the model that may be shown to staff: without markup of its own, without links and addresses that no text had.
    async fn ask(&self, asked: &[wire::Message], hidden: &Hidden, given: &[&str]) -> Result<Option<std::result::Result<(String, String), Outcome>>> {
        let mut session = match self.llm.begin(self.workspace.id, Purpose::Writing).await? {
            None => return Ok(None),
            Some(Err((_, outcome))) => return Ok(Some(Err(outcome))),
            Some(Ok(session)) => session,
        };
        let model = session.model.clone();
        let written = match session.ask(asked, &serde_json::Value::Null).await {
            Err(outcome) => Err(outcome),
            Ok(reply) if !reply.calls.is_empty() => Err(Outcome::Forbidden),
            Ok(reply) => match wire::object::<WrittenText>(&reply.content) {
                Some(written) => harmless(&written.text, hidden, given).ok_or(Outcome::Unsupported),
                None => Err(Outcome::Unreadable),
            },
        };
        session.end(written.as_ref().err().copied().unwrap_or(Outcome::Used)).await?;
        Ok(Some(written.map(|text| (model, text))))
    }
}

/// The text with everything in its place, if it is no longer than a rewriting can be and adds no markup, link, address or account.
fn harmless(written: &str, hidden: &Hidden, given: &[&str]) -> Option<String> {
    let shown = hidden.show(written.trim())?;
    let characters: usize = given.iter().map(|text| text.chars().count()).sum();
    if shown.is_empty() || shown.chars().count() > characters * 3 + 400 {
        return None;
    }
    for line in shown.lines() {
        // Marks that the agent typed may stay; what was not there before may not come.
        for word in line.split_whitespace().filter(|word| ground::plain(word).is_err()) {
            if !given.iter().any(|text| text.contains(word)) {
                return None;
            }
        }
    }
    let held: Vec<_> = given.iter().flat_map(|text| entities::find(text)).collect();
    let borrowed =
        entities::find(&shown).into_iter().filter(|entity| entity.kind.identifies()).all(|entity| held.iter().any(|other| other.value == entity.value));
    borrowed.then_some(shown)
}

/// Numbers of one text that the other has not.
fn only_in(text: &str, other: &str, locale: Locale) -> Vec<String> {
    let held: Vec<String> =
        Locale::ALL.iter().flat_map(|locale| claims::quantities(other, knowledge::language(*locale))).map(|quantity| quantity.value).collect();
    let mut values: Vec<String> = claims::quantities(text, knowledge::language(locale)).into_iter().map(|quantity| quantity.value).collect();
    values.retain(|value| !held.contains(value));
    values.dedup();
    values
}

fn differing(before: &str, after: &str, locale: Locale) -> Vec<String> {
    let mut changed = only_in(after, before, locale);
    changed.extend(only_in(before, after, locale));
    changed
}

fn unavailable(outcome: Outcome) -> ennakoi_http::ApiError {
    let code = match outcome {
        Outcome::Unsupported | Outcome::Forbidden | Outcome::Unreadable | Outcome::Declined => "llm_unusable",
        Outcome::Budget => "llm_budget",
        _ => "llm_unavailable",
    };
    Problem::new(ProblemKind::Unavailable, code, "the language model gave nothing that can be used").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewriting_adds_nothing_that_leads_elsewhere() {
        let mut hidden = Hidden::default();
        let given = "Moi, tilauksesi 10022 lähtee huomenna. Katso https://kauppa.example/seuranta.";
        let sent = hidden.hide(given);
        assert!(!sent.contains("10022"));
        let fine = "Hei! Tilauksesi [ORDER_NUMBER_1] lähtee huomenna. Katso https://kauppa.example/seuranta.";
        assert!(harmless(fine, &hidden, &[given]).unwrap().contains("10022"));
        for bad in [
            "Katso https://evil.example/x.",
            "Katso <b>tästä</b>.",
            "Lähetä rahat tilille FI21 1234 5600 0007 85.",
            "Soita 0401234567.",
            "Kirjoita huijari@evil.example.",
            "![x](https://evil.example/x.png)",
            "Tilaus [ORDER_NUMBER_2].",
            "",
            &"pitkä ".repeat(2_000),
        ] {
            assert_eq!(harmless(bad, &hidden, &[given]), None, "{bad}");
        }
        assert_eq!(differing("3 päivää, 10 €", "5 päivää, 10 €", Locale::Fi), ["5", "3"]);
    }
}
