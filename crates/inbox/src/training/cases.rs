//! Past cases as they are practised on: turns of a talk, made anonymous.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ArticleId, ContactId, ConversationId, StaffId, WorkspaceId},
};
use ennakoi_language::Language;
use ennakoi_people::{
    Locale, audit, contacts,
    staff::{self, StaffMember},
    workspaces,
};
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, Actor},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{anonymise::Anonymiser, sensitive};
use crate::{
    conversations::{self, Conversation, State},
    messages::{self, Audience, AuthorKind, Direction, Kind, Message},
    search::{ArticleFinder, ArticleHit, ArticleQuestion},
};

/// Messages of a case that are read.
const MESSAGES_MAX: u32 = 100;
/// Turns of a case that are practised.
const TURNS_MAX: usize = 8;
/// Cases that are considered for the next one at once, from how many moments on those that were rated, and how many are read for it at most.
const CANDIDATES: i64 = 200;
const WINDOWS: usize = 3;
const MARKED_READ: usize = 20;
const READ: usize = 60;
/// Articles whose matter a person has practised.
const PRACTISED_MAX: i64 = 1_000;
/// Of those, so many are looked at for their matter.
const LOOKED_AT: usize = 6;
/// Words of a question by which an article is sought, letters of each, and how many of them an article holds to fit.
const WORDS_MAX: usize = 8;
const WORD_MIN: usize = 5;
const HELD_MIN: usize = 2;
/// Articles looked at for each word.
const ARTICLES_EACH: u32 = 10;
/// Events of a case that are read, at most.
const EVENTS_MAX: i64 = 1_000;

/// Whose words they are; people of staff are nobody in particular here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    Customer,
    Agent,
    Bot,
}

/// Words of one side, without anything that points at somebody. `⟦email 1⟧` stands for what was hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PracticeLine")]
pub struct Line {
    pub speaker: Speaker,
    pub text: String,
}

/// How a case went on and ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PracticeEnding")]
pub struct Ending {
    /// What was said after the last answer.
    pub lines: Vec<Line>,
    /// 1–5, as the customer gave it.
    pub rating: Option<i64>,
    pub solved: Option<bool>,
    pub rating_comment: Option<String>,
    /// The customer had to come back after it had been closed.
    pub came_back: bool,
}

/// A whole case, made anonymous and cut into turns: what comes before an answer of a person, and the answer.
pub(super) struct Past {
    pub(super) conversation: Conversation,
    pub(super) turns: Vec<Turn>,
    pub(super) closing: Vec<Line>,
    pub(super) names: Anonymiser,
}

#[derive(Default)]
pub(super) struct Turn {
    pub(super) before: Vec<Line>,
    pub(super) answer: Vec<Line>,
    asked_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
}

impl Turn {
    /// How long the customer waited for the answer.
    pub(super) fn waited_seconds(&self) -> Option<i64> {
        Some((self.answered_at?.0 - self.asked_at?.0).max(0) / 1_000_000)
    }
}

/// Why a case is not practised on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Open,
    /// Nobody of staff answered the customer.
    Unanswered,
    Sensitive,
    /// Who would practise wrote in it.
    Own,
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Open => Self::conflict("conversation_open", "the case is not closed"),
            Unfit::Unanswered => Self::conflict("nothing_to_practise", "nobody of staff answered the customer here"),
            Unfit::Sensitive => Self::conflict("sensitive_case", "nobody practises on a sensitive case"),
            Unfit::Own => Self::conflict("own_work", "nobody practises on their own case"),
        }
    }
}

impl Past {
    pub(super) fn language(&self) -> Language {
        language(self.conversation.locale)
    }

    /// What the customer says in a turn.
    fn question(&self, turn: usize) -> String {
        let said = self.turns[turn].before.iter().filter(|line| line.speaker == Speaker::Customer);
        said.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// How it went on and ended.
    pub(super) async fn ending(&mut self, tx: &mut Tx, workspace: WorkspaceId) -> Result<Ending> {
        let (mut seq, mut read, mut came_back) = (0, 0, false);
        loop {
            let events = timeline::of_conversation(tx, workspace, self.conversation.id, seq, ennakoi_kernel::limits::EVENTS_PAGE).await?;
            came_back |= events.iter().any(|event| event.kind == "conversation.reopened" && event.payload["by"] != "undo");
            read += events.len() as i64;
            match events.last() {
                Some(last) if !came_back && events.len() as i64 == ennakoi_kernel::limits::EVENTS_PAGE && read < EVENTS_MAX => seq = last.seq,
                _ => break,
            }
        }
        let comment = self.conversation.rating_comment.clone().filter(|comment| !comment.trim().is_empty());
        Ok(Ending {
            lines: self.closing.clone(),
            rating: self.conversation.rating,
            solved: self.conversation.solved,
            rating_comment: comment.map(|comment| self.names.text(&comment)),
            came_back,
        })
    }
}

const fn language(locale: Option<Locale>) -> Language {
    match locale {
        Some(Locale::Sv) => Language::Sv,
        Some(Locale::En) => Language::En,
        Some(Locale::Fi) | None => Language::Fi,
    }
}

/// A case, anonymous, or why it is none to practise on. `person`: who would practise.
///
/// # Errors
/// It is not there.
pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId, person: Option<StaffId>) -> Result<Result<Past, Unfit>> {
    let members = staff::members(tx, workspace).await?;
    load_among(tx, workspace, id, person, &members).await
}

/// The same when everybody of staff is known: many cases are read for one that fits.
async fn load_among(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId, person: Option<StaffId>, members: &[StaffMember]) -> Result<Result<Past, Unfit>> {
    let conversation = conversations::load(tx, workspace, id).await?;
    if conversation.reason.as_ref().is_some_and(|reason| sensitive::is_reason(reason.as_str())) {
        return Ok(Err(Unfit::Sensitive));
    }
    if let Some(person) = person
        && wrote(tx, workspace, id, person).await?
    {
        return Ok(Err(Unfit::Own));
    }
    let page = messages::list(tx, workspace, id, Some(0), None, MESSAGES_MAX, Audience::Contact).await?;
    let said: Vec<Message> = page.items.into_iter().filter(is_said).collect();
    let sensitive = |message: &Message| sensitive::is_sensitive(language(message.language.or(conversation.locale)), &message.body, message.direction);
    if said.iter().any(sensitive) {
        return Ok(Err(Unfit::Sensitive));
    }
    let mut names = who(tx, workspace, &conversation, members).await?;
    for message in &said {
        let stands = if message.direction == Direction::In { "customer" } else { "agent" };
        if message.author.kind != AuthorKind::Bot {
            names.name(&message.author.name, stands);
        }
        if let Some(imported) = message.meta.imported.as_ref().and_then(|imported| imported.author.as_ref()) {
            names.name(imported, stands);
        }
    }
    let mut turns = turns(&said, &mut names);
    // Only the last one can be without an answer.
    let closing = match turns.pop_if(|turn| turn.answer.is_empty()) {
        Some(turn) if turns.len() <= TURNS_MAX => turn.before,
        _ => Vec::new(),
    };
    turns.truncate(TURNS_MAX);
    if turns.is_empty() {
        return Ok(Err(Unfit::Unanswered));
    }
    Ok(Ok(Past { conversation, turns, closing, names }))
}

/// Whether somebody wrote anything in a case: a note, or what stands beyond the messages that are read.
async fn wrote(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId, person: StaffId) -> Result<bool> {
    let query = "SELECT seq FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND author = $3 LIMIT 1";
    let found: Option<(i64,)> = tx.optional(query, params![workspace, id, Actor::Staff(person).to_string()]).await?;
    Ok(found.is_some())
}

fn is_said(message: &Message) -> bool {
    matches!(message.kind, Kind::Text | Kind::Options) && message.removed_at.is_none() && !message.body.trim().is_empty()
}

fn turns(said: &[Message], names: &mut Anonymiser) -> Vec<Turn> {
    let mut turns: Vec<Turn> = vec![Turn::default()];
    for message in said {
        let speaker = match (message.direction, message.author.kind) {
            (Direction::In, _) => Speaker::Customer,
            (Direction::Out, AuthorKind::Bot) => Speaker::Bot,
            (Direction::Out, _) => Speaker::Agent,
        };
        let line = Line { speaker, text: names.text(&message.body) };
        if speaker != Speaker::Agent && turns.last().is_none_or(|turn| !turn.answer.is_empty()) {
            turns.push(Turn::default());
        }
        let Some(turn) = turns.last_mut() else { continue };
        let asked = turn.before.iter().any(|line| line.speaker == Speaker::Customer);
        if speaker == Speaker::Agent && asked {
            turn.answered_at.get_or_insert(message.created_at);
            turn.answer.push(line);
        } else {
            if speaker == Speaker::Customer {
                turn.asked_at.get_or_insert(message.created_at);
            }
            turn.before.push(line);
        }
    }
    turns
}

/// Everybody who is to be hidden: the customer under all their records, their companies and accounts, and everybody of staff.
async fn who(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation, members: &[StaffMember]) -> Result<Anonymiser> {
    let mut names = Anonymiser::default();
    if let Some(contact) = conversation.contact {
        let contact = contacts::resolve(tx, workspace, contact).await?;
        for record in contacts::members_of(tx, workspace, contact).await? {
            of_record(tx, workspace, record, &mut names).await?;
        }
    }
    for member in members {
        names.name(&member.name, "agent");
    }
    names.public(&workspaces::load(tx, workspace).await?.name);
    Ok(names)
}

async fn of_record(tx: &mut Tx, workspace: WorkspaceId, record: ContactId, names: &mut Anonymiser) -> Result<()> {
    let known = "SELECT name, email, phone, attributes FROM contacts WHERE workspace_id = $1 AND id = $2";
    let known: Option<(String, Option<String>, Option<String>, String)> = tx.optional(known, params![workspace, record]).await?;
    let Some((name, email, phone, attributes)) = known else { return Ok(()) };
    names.name(&name, "customer");
    let values = "SELECT value FROM contact_identities WHERE workspace_id = $1 AND contact_id = $2 ORDER BY kind, value_normalised LIMIT 100";
    let mut values: Vec<String> = tx.all::<(String,)>(values, params![workspace, record]).await?.into_iter().map(|(value,)| value).collect();
    values.extend(email.into_iter().chain(phone));
    for value in values {
        // The words before the @ are often the name.
        if let Some((person, _)) = value.split_once('@') {
            let words: Vec<&str> = person.split(['.', '_', '-', '+']).filter(|word| word.chars().count() >= 4).collect();
            names.name(&words.join(" "), "customer");
        }
        names.literal(&value, "account");
    }
    let attributes: BTreeMap<String, serde_json::Value> = serde_json::from_str(&attributes)?;
    // Shorter ones are codes and levels that many share.
    for value in attributes.values().filter_map(serde_json::Value::as_str).filter(|value| value.chars().count() >= 5) {
        names.literal(value, "account");
    }
    let companies = "SELECT c.name FROM companies c JOIN contact_companies k ON k.workspace_id = c.workspace_id AND k.company_id = c.id \
                     WHERE k.workspace_id = $1 AND k.contact_id = $2 LIMIT 20";
    for (name,) in tx.all::<(String,)>(companies, params![workspace, record]).await? {
        names.literal(&name, "company");
    }
    Ok(())
}

/// What this person has not practised yet, of the cases `c`. `$2`: the person.
const NEW: &str = "NOT EXISTS (SELECT 1 FROM training_exercises a WHERE a.workspace_id = c.workspace_id AND a.staff_id = $2 AND a.conversation_id = c.id)";
/// Whether somebody of staff answered the customer in the case `c`, and `$3`, the person as an author, wrote nothing. Tells most of those that are unfit
/// before anything of them is read.
const FITS: &str = "EXISTS (SELECT 1 FROM messages m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND m.direction = 'out' \
                    AND m.visibility = 'public' AND m.kind IN ('text', 'options') AND m.author <> 'bot' AND m.removed_at IS NULL) \
                    AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.workspace_id = c.workspace_id AND o.conversation_id = c.id AND o.author = $3)";

/// The next case for a person: a marked example that they have not practised, else a closed one that its customer rated with four or five, about
/// the matter that they have practised least; never one in which they wrote, never a sensitive one. None when nothing was found among those that were
/// read: they are drawn, so that another time reaches others.
///
/// # Errors
/// The database refuses.
pub(super) async fn next(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId, finder: &ArticleFinder) -> Result<Option<Past>> {
    let members = staff::members(tx, workspace).await?;
    let mut candidates = marked(tx, workspace, person).await?;
    for _ in 0..MARKED_READ {
        let Some(id) = draw(environment, &mut candidates) else { break };
        if let Ok(past) = load_among(tx, workspace, id, Some(person), &members).await? {
            return Ok(Some(past));
        }
    }
    let practised = practised(tx, workspace, person).await?;
    let (mut best, mut looked, mut read): (Option<(i64, Past)>, usize, usize) = (None, 0, 0);
    for _ in 0..WINDOWS {
        let (mut candidates, all) = rated(tx, environment, workspace, person).await?;
        while looked < LOOKED_AT && read < READ {
            let Some(id) = draw(environment, &mut candidates) else { break };
            read += 1;
            // What is unfit costs no look: nobody is told that there is nothing left while there is.
            let Ok(past) = load_among(tx, workspace, id, Some(person), &members).await? else { continue };
            looked += 1;
            let times = article(tx, workspace, finder, &past, 0).await?.map_or(0, |article| practised.get(&article.id).copied().unwrap_or(0));
            if best.as_ref().is_none_or(|(least, _)| times < *least) {
                best = Some((times, past));
            }
            if times == 0 {
                break;
            }
        }
        if best.is_some() || all || read == READ {
            break;
        }
    }
    Ok(best.map(|(_, past)| past))
}

/// A number below another one. The share by which some come more often is nothing here.
fn below(environment: &Environment, limit: u64) -> u64 {
    let mut bytes = [0; 8];
    environment.fill(&mut bytes);
    u64::from_le_bytes(bytes) % limit.max(1)
}

/// Takes any one of the candidates.
fn draw(environment: &Environment, candidates: &mut Vec<ConversationId>) -> Option<ConversationId> {
    if candidates.is_empty() {
        return None;
    }
    let at = usize::try_from(below(environment, candidates.len() as u64)).unwrap_or(0);
    Some(candidates.swap_remove(at))
}

/// Marked examples that this person may practise on.
async fn marked(tx: &mut Tx, workspace: WorkspaceId, person: StaffId) -> Result<Vec<ConversationId>> {
    let query = format!(
        "SELECT c.id FROM training_examples e JOIN conversations c ON c.workspace_id = e.workspace_id AND c.id = e.conversation_id \
         WHERE e.workspace_id = $1 AND c.state = 'closed' AND {NEW} AND {FITS} ORDER BY e.marked_at DESC LIMIT $4"
    );
    let found: Vec<(ConversationId,)> = tx.all(&query, params![workspace, person, Actor::Staff(person).to_string(), CANDIDATES]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Cases that their customers rated well and that this person may practise on: those closed before a moment that is drawn, and where these are few,
/// those after it. And whether that is all there are.
async fn rated(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId) -> Result<(Vec<ConversationId>, bool)> {
    let oldest = "SELECT closed_at FROM conversations WHERE workspace_id = $1 AND state = 'closed' AND rating >= 4 AND closed_at IS NOT NULL \
                  ORDER BY closed_at LIMIT 1";
    let Some((oldest,)) = tx.optional::<(Timestamp,)>(oldest, params![workspace]).await? else { return Ok((Vec::new(), true)) };
    let span = u64::try_from(environment.now().0 - oldest.0).unwrap_or(0).saturating_add(1);
    let moment = Timestamp(oldest.0.saturating_add(i64::try_from(below(environment, span)).unwrap_or(0)));
    let author = Actor::Staff(person).to_string();
    let (mut fit, mut left) = (Vec::new(), CANDIDATES);
    for (side, order) in [("<=", "DESC"), (">", "ASC")] {
        // What is counted is what is looked through, not what fits: a workspace in which little fits is not read from end to end.
        let query = format!(
            "SELECT c.id, ({FITS}) FROM (SELECT c.workspace_id, c.id, c.closed_at FROM conversations c WHERE c.workspace_id = $1 AND c.state = 'closed' \
             AND c.rating >= 4 AND c.closed_at {side} $4 AND {NEW} ORDER BY c.closed_at {order} LIMIT $5) c"
        );
        let found: Vec<(ConversationId, bool)> = tx.all(&query, params![workspace, person, author.as_str(), moment, left]).await?;
        left -= found.len() as i64;
        fit.extend(found.into_iter().filter(|(_, fits)| *fits).map(|(id, _)| id));
        if left <= 0 {
            break;
        }
    }
    Ok((fit, left > 0))
}

/// How often a person has practised each article's matter.
async fn practised(tx: &mut Tx, workspace: WorkspaceId, person: StaffId) -> Result<BTreeMap<ArticleId, i64>> {
    let found: Vec<(ArticleId, i64)> = tx
        .all(
            // CROSS JOIN: SQLite begins from this person's exercises then, not from all answers of the workspace.
            "SELECT a.article_id, COUNT(*) FROM training_exercises e CROSS JOIN training_answers a WHERE e.workspace_id = $1 AND e.staff_id = $2 \
             AND a.workspace_id = e.workspace_id AND a.exercise_id = e.id AND a.article_id IS NOT NULL GROUP BY a.article_id ORDER BY COUNT(*) DESC LIMIT $3",
            params![workspace, person, PRACTISED_MAX],
        )
        .await?;
    Ok(found.into_iter().collect())
}

/// The article that fits what the customer says in a turn: of those that hold at least two of its telling words, the one that holds most; one in the
/// case's language comes first.
pub(super) async fn article(tx: &mut Tx, workspace: WorkspaceId, finder: &ArticleFinder, past: &Past, turn: usize) -> Result<Option<ArticleHit>> {
    let mut found: BTreeMap<ArticleId, (usize, ArticleHit)> = BTreeMap::new();
    for text in telling(&past.question(turn)) {
        for hit in (finder.0)(tx, ArticleQuestion { workspace, text, limit: ARTICLES_EACH }).await? {
            found.entry(hit.id).or_insert_with(|| (0, hit)).0 += 1;
        }
    }
    let same = |hit: &ArticleHit| past.conversation.locale.is_none_or(|locale| locale == hit.locale);
    let best = found.into_values().filter(|(held, _)| *held >= HELD_MIN).max_by_key(|(held, hit)| (*held, same(hit), Reverse(hit.id)));
    Ok(best.map(|(_, hit)| hit))
}

/// The longest words of a text, each once and without what was hidden: the finder wants every word that it is given.
fn telling(text: &str) -> Vec<String> {
    let mut outside = String::with_capacity(text.len());
    for (at, part) in text.split('⟦').enumerate() {
        outside.push_str(if at == 0 { part } else { part.split_once('⟧').map_or("", |(_, rest)| rest) });
        outside.push(' ');
    }
    let words = outside.split(|character: char| !character.is_alphabetic()).filter(|word| word.chars().count() >= WORD_MIN).map(str::to_lowercase);
    let mut words: Vec<String> = words.collect::<BTreeSet<_>>().into_iter().collect();
    words.sort_by_key(|word| Reverse(word.chars().count()));
    words.truncate(WORDS_MAX);
    words
}

/// Whether a case is marked as good practice.
///
/// # Errors
/// The database refuses.
pub(super) async fn is_example(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<bool> {
    let count: i64 = tx.scalar("SELECT COUNT(*) FROM training_examples WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, id]).await?;
    Ok(count > 0)
}

/// Marks a closed case as good practice.
///
/// # Errors
/// It is not closed or sensitive, or nobody answered in it.
pub(super) async fn mark(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, by: StaffId, id: ConversationId) -> Result<()> {
    let past = load(tx, workspace, id, None).await?.map_err(Problem::from)?;
    if past.conversation.state != State::Closed {
        return Err(Problem::from(Unfit::Open).into());
    }
    let new = tx
        .execute(
            "INSERT INTO training_examples (workspace_id, conversation_id, marked_by, marked_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (workspace_id, conversation_id) DO NOTHING",
            params![workspace, id, by, environment.now()],
        )
        .await?;
    if new == 0 {
        return Ok(());
    }
    audit::record(tx, environment, workspace, Actor::Staff(by), "training_example.marked", "conversation", id, json!({})).await
}

/// Takes the mark away.
///
/// # Errors
/// The case is not there.
pub(super) async fn unmark(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, by: StaffId, id: ConversationId) -> Result<()> {
    conversations::load(tx, workspace, id).await?;
    let gone = tx.execute("DELETE FROM training_examples WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, id]).await?;
    if gone == 0 {
        return Ok(());
    }
    audit::record(tx, environment, workspace, Actor::Staff(by), "training_example.unmarked", "conversation", id, json!({})).await
}
