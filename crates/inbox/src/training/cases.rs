//! Past cases as they are practised on: turns of a talk, made anonymous.

use std::collections::{BTreeMap, HashSet};

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ArticleId, ConversationId, StaffId, WorkspaceId},
};
use ennakoi_language::Language;
use ennakoi_people::{Locale, audit, contacts, staff};
use ennakoi_store::{Result, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::anonymise::Anonymiser;
use crate::{
    conversations::{self, Conversation, State},
    messages::{self, Audience, AuthorKind, Direction, Kind},
    search::{ArticleFinder, ArticleHit, ArticleQuestion},
};

/// Messages of a case that are read.
const MESSAGES_MAX: u32 = 200;
/// Cases that are considered for the next one.
const CANDIDATES: i64 = 200;
/// Of those, so many are looked at for their matter.
const LOOKED_AT: usize = 12;

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

/// A case up to a turn of the customer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PracticeCase {
    pub conversation_id: ConversationId,
    pub locale: Option<Locale>,
    /// Somebody who reviews marked it as good practice.
    pub example: bool,
    /// Which turn of the customer is to be answered; the first is 0.
    pub turn: i64,
    pub turns: i64,
    pub lines: Vec<Line>,
}

/// A whole case, made anonymous and cut into turns: what comes before an answer of a person, and the answer.
pub(super) struct Past {
    pub(super) conversation: Conversation,
    pub(super) turns: Vec<Turn>,
    pub(super) names: Anonymiser,
}

pub(super) struct Turn {
    pub(super) before: Vec<Line>,
    pub(super) answer: Vec<Line>,
}

impl Past {
    pub(super) fn language(&self) -> Language {
        self.conversation.locale.map_or(Language::Fi, |locale| match locale {
            Locale::Fi => Language::Fi,
            Locale::Sv => Language::Sv,
            Locale::En => Language::En,
        })
    }

    /// What the customer says in a turn.
    pub(super) fn question(&self, turn: usize) -> String {
        let said = self.turns[turn].before.iter().filter(|line| line.speaker == Speaker::Customer);
        said.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn shown(&self, example: bool, turn: usize) -> PracticeCase {
        let mut lines: Vec<Line> = self.turns[..turn].iter().flat_map(|one| one.before.iter().chain(&one.answer).cloned()).collect();
        lines.extend(self.turns[turn].before.iter().cloned());
        PracticeCase {
            conversation_id: self.conversation.id,
            locale: self.conversation.locale,
            example,
            turn: turn as i64,
            turns: self.turns.len() as i64,
            lines,
        }
    }
}

/// A closed case, anonymous.
///
/// # Errors
/// It is not there or not closed, or nobody of staff answered the customer in it.
pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Past> {
    let conversation = conversations::load(tx, workspace, id).await?;
    if conversation.state != State::Closed {
        return Err(Problem::conflict("conversation_open", "the case is not closed").into());
    }
    let mut names = who(tx, workspace, &conversation).await?;
    let page = messages::list(tx, workspace, id, Some(0), None, MESSAGES_MAX, Audience::Contact).await?;
    let mut turns: Vec<Turn> = vec![Turn { before: Vec::new(), answer: Vec::new() }];
    for message in page.items {
        let said = matches!(message.kind, Kind::Text | Kind::Options) && message.removed_at.is_none() && !message.body.trim().is_empty();
        if !said {
            continue;
        }
        if !message.author.name.is_empty() {
            let stands = if message.direction == Direction::In { "customer" } else { "agent" };
            names.name(&message.author.name, stands);
        }
        let speaker = match (message.direction, message.author.kind) {
            (Direction::In, _) => Speaker::Customer,
            (Direction::Out, AuthorKind::Bot) => Speaker::Bot,
            (Direction::Out, _) => Speaker::Agent,
        };
        let line = Line { speaker, text: names.text(&message.body) };
        let asked = turns.last().is_some_and(|turn| turn.before.iter().any(|line| line.speaker == Speaker::Customer));
        let answered = turns.last().is_some_and(|turn| !turn.answer.is_empty());
        match (speaker, turns.last_mut()) {
            (Speaker::Agent, Some(turn)) if asked => turn.answer.push(line),
            (_, Some(turn)) if !answered => turn.before.push(line),
            _ => turns.push(Turn { before: vec![line], answer: Vec::new() }),
        }
    }
    turns.retain(|turn| !turn.answer.is_empty());
    if turns.is_empty() {
        return Err(Problem::conflict("nothing_to_practise", "nobody of staff answered the customer here").into());
    }
    Ok(Past { conversation, turns, names })
}

/// Everybody who is to be hidden: the customer under all their records, their companies and accounts, and everybody of staff.
async fn who(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation) -> Result<Anonymiser> {
    let mut names = Anonymiser::default();
    if let Some(contact) = conversation.contact {
        let contact = contacts::resolve(tx, workspace, contact).await?;
        let all = "SELECT id, name FROM contacts WHERE workspace_id = $1 AND (id = $2 OR merged_into = $2) ORDER BY id LIMIT 100";
        let records: Vec<(ennakoi_kernel::ids::ContactId, String)> = tx.all(all, params![workspace, contact]).await?;
        for (record, name) in records {
            names.name(&name, "customer");
            let values = "SELECT value FROM contact_identities WHERE workspace_id = $1 AND contact_id = $2 ORDER BY id LIMIT 100";
            for (value,) in tx.all::<(String,)>(values, params![workspace, record]).await? {
                // The words before the @ are often the name.
                if let Some((person, _)) = value.split_once('@') {
                    let words: Vec<&str> = person.split(['.', '_', '-', '+']).filter(|word| word.chars().count() >= 4).collect();
                    names.name(&words.join(" "), "customer");
                }
                names.literal(&value, "account");
            }
            let companies = "SELECT c.name FROM companies c JOIN contact_companies k ON k.workspace_id = c.workspace_id AND k.company_id = c.id \
                             WHERE k.workspace_id = $1 AND k.contact_id = $2 LIMIT 20";
            for (name,) in tx.all::<(String,)>(companies, params![workspace, record]).await? {
                names.literal(&name, "company");
            }
        }
    }
    for member in staff::members(tx, workspace).await? {
        names.name(&member.name, "agent");
    }
    Ok(names)
}

/// The next case for a person: a marked example that they have not practised, else a closed one that its customer rated with four or five, about
/// the matter that they have practised least. None when there is nothing left.
///
/// # Errors
/// The database refuses.
pub(super) async fn next(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    person: StaffId,
    finder: &ArticleFinder,
) -> Result<Option<PracticeCase>> {
    let done = "NOT EXISTS (SELECT 1 FROM training_attempts a WHERE a.workspace_id = c.workspace_id AND a.staff_id = $2 AND a.conversation_id = c.id)";
    let marked = format!(
        "SELECT c.id FROM training_examples e JOIN conversations c ON c.workspace_id = e.workspace_id AND c.id = e.conversation_id \
         WHERE e.workspace_id = $1 AND c.state = 'closed' AND {done} ORDER BY e.marked_at DESC LIMIT $3"
    );
    for (id,) in tx.all::<(ConversationId,)>(&marked, params![workspace, person, CANDIDATES]).await? {
        if let Some(past) = practicable(load(tx, workspace, id).await)? {
            return Ok(Some(past.shown(true, 0)));
        }
    }
    let rated = format!(
        "SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND c.state = 'closed' AND c.rating >= 4 AND {done} ORDER BY c.closed_at DESC LIMIT $3"
    );
    let mut candidates: Vec<ConversationId> = tx.all::<(ConversationId,)>(&rated, params![workspace, person, CANDIDATES]).await?.into_iter().map(|(id,)| id).collect();
    let practised: BTreeMap<ArticleId, i64> = tx
        .all::<(ArticleId, i64)>(
            "SELECT article_id, COUNT(*) FROM training_attempts WHERE workspace_id = $1 AND staff_id = $2 AND article_id IS NOT NULL GROUP BY article_id",
            params![workspace, person],
        )
        .await?
        .into_iter()
        .collect();
    let mut best: Option<(i64, PracticeCase)> = None;
    for _ in 0..LOOKED_AT {
        if candidates.is_empty() {
            break;
        }
        let mut bytes = [0; 8];
        environment.fill(&mut bytes);
        let at = usize::try_from(u64::from_le_bytes(bytes) % candidates.len() as u64).unwrap_or(0);
        let Some(past) = practicable(load(tx, workspace, candidates.swap_remove(at)).await)? else { continue };
        let times = match article(tx, workspace, finder, &past, 0).await? {
            Some(article) => practised.get(&article.id).copied().unwrap_or(0),
            None => 0,
        };
        if best.as_ref().is_none_or(|(least, _)| times < *least) {
            best = Some((times, past.shown(false, 0)));
        }
        if times == 0 {
            break;
        }
    }
    Ok(best.map(|(_, case)| case))
}

/// `None` for a case that offers nothing to practise.
fn practicable(loaded: Result<Past>) -> Result<Option<Past>> {
    match loaded {
        Ok(past) => Ok(Some(past)),
        Err(ennakoi_store::Error::Problem(problem)) if problem.code == "nothing_to_practise" => Ok(None),
        Err(error) => Err(error),
    }
}

/// The article that fits what the customer says in a turn.
pub(super) async fn article(tx: &mut Tx, workspace: WorkspaceId, finder: &ArticleFinder, past: &Past, turn: usize) -> Result<Option<ArticleHit>> {
    let question = ArticleQuestion { workspace, text: past.question(turn).replace(['⟦', '⟧'], " "), limit: 3 };
    let mut found = (finder.0)(tx, question).await?;
    let same: HashSet<Locale> = past.conversation.locale.into_iter().collect();
    found.sort_by_key(|hit| !same.is_empty() && !same.contains(&hit.locale));
    Ok(found.into_iter().next())
}

/// Whether a case is marked as good practice.
///
/// # Errors
/// The database refuses.
pub(super) async fn is_example(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<bool> {
    let count: i64 =
        tx.scalar("SELECT COUNT(*) FROM training_examples WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, id]).await?;
    Ok(count > 0)
}

/// Marks a closed case as good practice.
///
/// # Errors
/// It is not closed, or nobody answered in it.
pub(super) async fn mark(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, by: StaffId, id: ConversationId) -> Result<()> {
    load(tx, workspace, id).await?;
    tx.execute(
        "INSERT INTO training_examples (workspace_id, conversation_id, marked_by, marked_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, conversation_id) DO NOTHING",
        params![workspace, id, by, environment.now()],
    )
    .await?;
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
