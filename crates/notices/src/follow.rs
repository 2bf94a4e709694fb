//! From events to notices. What concerns nobody is only read; what is told commits with the cursor, so nothing is told twice.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use ennakoi_http::App;
use ennakoi_inbox::{
    conversations::{self, Conversation, Owner},
    live::Ephemeral,
    quality::{self, Concerned},
    queues,
    sla::promises,
};
use ennakoi_kernel::{
    access::Permission,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_people::staff::{self, Reader, StaffMember};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    timeline::{Actor, Event},
};
use serde_json::Value;

use crate::{
    due, hooks,
    kinds::{NoticeKind, Way},
    settings::{self, NoticeSettings},
    store::{self, Telling},
};

pub(crate) const NAME: &str = "notices";
const KINDS: &[&str] = &[
    "conversation.assigned",
    "conversation.handed_over",
    "message.added",
    "sla.warned",
    "sla.breached",
    "grant.asked",
    "grant.given",
    "grant.declined",
    "review.published",
    "review.resolved",
    "review.answered",
    "coaching.written",
];
/// People told of one event, at most.
const PEOPLE_MAX: usize = 200;

pub(crate) fn follower(app: &App) -> Follower {
    let app = app.clone();
    Follower { name: NAME, kinds: KINDS, handle: Arc::new(move |batch| Box::pin(follow(app.clone(), batch))) }
}

async fn follow(app: App, batch: Batch) -> Result<()> {
    let workspace = batch.workspace;
    let mut look = Look::new(workspace);
    let mut reading = batch.db.read().await?;
    let mut tellings = Vec::new();
    let mut shared = Vec::new();
    for event in &batch.events {
        shared.extend(look.for_everybody(&mut reading, event).await?);
        for telling in look.tellings(&mut reading, event).await? {
            if look.wants(&mut reading, &telling).await? {
                tellings.push(telling);
            }
        }
    }
    drop(reading);
    if tellings.is_empty() && shared.is_empty() {
        return Ok(());
    }
    let mut tx = batch.begin().await?;
    let mut told = BTreeSet::new();
    for telling in &tellings {
        if tell(&mut tx, &app, &mut look, telling).await? {
            told.insert(telling.staff);
        }
    }
    for telling in &shared {
        hooks::tell(&mut tx, &app, workspace, telling).await?;
    }
    batch.commit(tx).await?;
    for staff in told {
        if let Ok(text) = serde_json::to_string(&Ephemeral::Notices { staff }) {
            app.db.signal(workspace, &text).await;
        }
    }
    Ok(())
}

/// Adds the notice and lets it wait for its ways out; returns whether the list changed.
async fn tell(tx: &mut Tx, app: &App, look: &mut Look, telling: &Telling) -> Result<bool> {
    let (workspace, now) = (look.workspace, app.environment.now());
    if let (Some(conversation), Some(seq)) = (telling.conversation, telling.seq)
        && store::has_read(tx, workspace, telling.staff, conversation, seq).await?
    {
        return Ok(false);
    }
    let Some((reader, settings)) = look.person(tx, telling.staff).await? else { return Ok(false) };
    if look.pruned.insert(telling.staff) {
        store::prune(tx, workspace, telling.staff, now).await?;
    }
    if let Some(conversation) = telling.conversation {
        store::note_read(tx, workspace, telling.staff, conversation, now).await?;
    }
    let ways = settings.ways(telling.kind, reader.role, now);
    let Some(notice) = store::add(tx, &app.environment, workspace, telling, ways.list).await? else { return Ok(ways.list) };
    for way in Way::ALL.iter().copied().filter(|way| ways.has(*way)) {
        if !look.leads(tx, app, telling.staff, way).await? {
            continue;
        }
        store::wait(tx, &app.environment, workspace, telling.staff, notice, way).await?;
        // Once is enough: the row of the timer is this transaction's from then on.
        if look.rests.insert((telling.staff, way)) {
            due::ensure(tx, workspace, telling.staff, way, now + due::rest(way, &settings)).await?;
        }
    }
    Ok(ways.list)
}

/// What was looked up for the events of one batch.
struct Look {
    workspace: WorkspaceId,
    cases: HashMap<ConversationId, Option<Conversation>>,
    people: HashMap<StaffId, Option<(Reader, NoticeSettings)>>,
    members: Option<Vec<StaffMember>>,
    /// Whether a way leads anywhere.
    ways: HashMap<(StaffId, Way), bool>,
    /// Whose old notices are gone already, and which timers are set.
    pruned: HashSet<StaffId>,
    rests: HashSet<(StaffId, Way)>,
}

impl Look {
    fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, cases: HashMap::new(), people: HashMap::new(), members: None, ways: HashMap::new(), pruned: HashSet::new(), rests: HashSet::new() }
    }

    async fn case(&mut self, tx: &mut Tx, event: &Event) -> Result<Option<Conversation>> {
        let Some(id) = event.conversation else { return Ok(None) };
        if !self.cases.contains_key(&id) {
            let found = conversations::find(tx, self.workspace, id).await?;
            self.cases.insert(id, found);
        }
        Ok(self.cases[&id].clone())
    }

    async fn person(&mut self, tx: &mut Tx, id: StaffId) -> Result<Option<(Reader, NoticeSettings)>> {
        if !self.people.contains_key(&id) {
            let found = match staff::reader(tx, self.workspace, id).await? {
                Some(reader) => Some((reader.clone(), settings::of(tx, self.workspace, id, reader.role).await?)),
                None => None,
            };
            self.people.insert(id, found);
        }
        Ok(self.people[&id].clone())
    }

    async fn leads(&mut self, tx: &mut Tx, app: &App, staff: StaffId, way: Way) -> Result<bool> {
        if let Some(known) = self.ways.get(&(staff, way)) {
            return Ok(*known);
        }
        let found = due::exists(tx, app, self.workspace, staff, way).await?;
        self.ways.insert((staff, way), found);
        Ok(found)
    }

    async fn wants(&mut self, tx: &mut Tx, telling: &Telling) -> Result<bool> {
        let Some((reader, settings)) = self.person(tx, telling.staff).await? else { return Ok(false) };
        let chosen = settings.kinds.get(&telling.kind).copied().unwrap_or_else(|| crate::kinds::Ways::usual(telling.kind, reader.role));
        Ok(chosen.any())
    }

    /// Members who may do something, at most [`PEOPLE_MAX`].
    async fn who_may(&mut self, tx: &mut Tx, permission: Permission) -> Result<Vec<StaffId>> {
        if self.members.is_none() {
            self.members = Some(staff::members(tx, self.workspace).await?);
        }
        let members = self.members.iter().flatten();
        Ok(members.filter(|member| member.role.may(permission)).map(|member| member.id).take(PEOPLE_MAX).collect())
    }

    /// Whom an event concerns, and as what.
    async fn tellings(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        match event.kind.as_str() {
            "conversation.assigned" => self.assigned(tx, event).await,
            "conversation.handed_over" => self.queued(tx, event).await,
            "message.added" => self.written(tx, event).await,
            "sla.warned" | "sla.breached" => self.clock(tx, event).await,
            "grant.asked" => {
                let deciders = self.who_may(tx, Permission::GrantsDecide).await?;
                let others = deciders.into_iter().filter(|staff| event.actor != Actor::Staff(*staff));
                Ok(others.map(|staff| about(event, staff, NoticeKind::ApprovalAsked, "")).collect())
            }
            "grant.given" | "grant.declined" => {
                let asked_by = field::<StaffId>(event, "staff").filter(|staff| event.actor != Actor::Staff(*staff));
                let detail = if event.kind == "grant.given" { "given" } else { "declined" };
                Ok(asked_by.map(|staff| about(event, staff, NoticeKind::ApprovalDecided, detail)).into_iter().collect())
            }
            _ => self.judged(tx, event).await,
        }
    }

    async fn assigned(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let Some(agent) = field::<StaffId>(event, "agent") else { return self.queued(tx, event).await };
        // Whoever took it knows; and what has gone on to somebody else meanwhile is theirs to hear of.
        let Some(case) = self.case(tx, event).await?.filter(|case| case.agent() == Some(agent) && event.actor != Actor::Staff(agent)) else {
            return Ok(Vec::new());
        };
        Ok(vec![Telling { seq: Some(case.last_seq), ..about(event, agent, NoticeKind::Assigned, "") }])
    }

    async fn written(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let said = |name: &str| event.payload[name].as_str().unwrap_or_default();
        let Some(seq) = event.payload["seq"].as_i64() else { return Ok(Vec::new()) };
        // What was decided about a request mentions who asked, who is told of the decision itself.
        if said("kind") == "event" {
            return Ok(Vec::new());
        }
        if said("direction") == "in" && said("visibility") == "public" {
            let Some(agent) = field::<StaffId>(event, "agent") else { return Ok(Vec::new()) };
            let still = self.case(tx, event).await?.and_then(|case| case.agent()).filter(|owner| *owner == agent);
            let telling = still.map(|agent| Telling { seq: Some(seq), ..about(event, agent, NoticeKind::CustomerAnswered, "") });
            return Ok(telling.into_iter().collect());
        }
        let mentioned: Vec<StaffId> = field(event, "mentions").unwrap_or_default();
        let others = mentioned.into_iter().filter(|staff| event.actor != Actor::Staff(*staff));
        Ok(others.map(|staff| Telling { seq: Some(seq), ..about(event, staff, NoticeKind::Mentioned, "") }).collect())
    }

    async fn clock(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let breached = event.kind == "sla.breached";
        let Some(case) = self.case(tx, event).await? else { return Ok(Vec::new()) };
        let mut told = Vec::new();
        if let Some(promise) = field(event, "promise") {
            // Who made it has to keep it; when a program did, who has the case.
            let maker = promises::maker(tx, self.workspace, promise).await?.or(case.agent());
            told.extend(maker.map(|staff| about(event, staff, NoticeKind::PromiseDue, if breached { "breached" } else { "warned" })));
        } else {
            let kind = if breached { NoticeKind::ClockBreached } else { NoticeKind::ClockWarned };
            let clock = event.payload["kind"].as_str().unwrap_or_default();
            told.extend(case.agent().map(|staff| about(event, staff, kind, clock)));
        }
        if breached {
            let own = told.first().map(|telling| telling.staff);
            let leading = self.who_may(tx, Permission::QualityReview).await?;
            told.extend(leading.into_iter().filter(|staff| own != Some(*staff)).map(|staff| about(event, staff, NoticeKind::TeamBreached, "")));
        }
        Ok(told)
    }

    /// Reviews and notes; their events name neither case nor person.
    async fn judged(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let review = match field(event, "review") {
            Some(review) => quality::concerned_by_review(tx, self.workspace, review).await?,
            None => None,
        };
        let note = match field(event, "note") {
            Some(note) => quality::concerned_by_note(tx, self.workspace, note).await?,
            None => None,
        };
        let told = match (event.kind.as_str(), review, note) {
            ("review.published", Some(it), _) => Some((it.agent, "published", it)),
            ("review.resolved", Some(it), _) => Some((it.agent, "resolved", it)),
            ("review.answered", Some(it), _) if it.disputed => Some((it.reviewer, "disputed", it)),
            ("coaching.written", _, Some(it)) => Some((it.agent, "coaching", it)),
            _ => None,
        };
        let of = |(staff, detail, it): (StaffId, &str, Concerned)| Telling { conversation: it.conversation, ..about(event, staff, NoticeKind::Review, detail) };
        Ok(told.map(of).into_iter().collect())
    }

    /// Those who lead, when more waits in the queue than each of them wants.
    async fn queued(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let Some(queue) = self.queue_of(tx, event).await? else { return Ok(Vec::new()) };
        let mut told = Vec::new();
        let mut waiting = None;
        for staff in self.who_may(tx, Permission::QualityReview).await? {
            let Some((reader, settings)) = self.person(tx, staff).await? else { continue };
            let chosen = settings.kinds.get(&NoticeKind::QueueFull).copied().unwrap_or_else(|| crate::kinds::Ways::usual(NoticeKind::QueueFull, reader.role));
            if !chosen.any() {
                continue;
            }
            let count = match waiting {
                Some(count) => count,
                None => *waiting.insert(queues::waiting(tx, self.workspace, queue, settings::QUEUE_MAX).await?),
            };
            if count >= settings.queue_limit {
                told.push(Telling { conversation: None, queue: Some(queue), ..about(event, staff, NoticeKind::QueueFull, "") });
            }
        }
        Ok(told)
    }

    /// The queue in which the case waits now, if this event brought it there.
    async fn queue_of(&mut self, tx: &mut Tx, event: &Event) -> Result<Option<QueueId>> {
        if event.kind != "conversation.handed_over" && event.payload["owner"] != "queue" {
            return Ok(None);
        }
        let case = self.case(tx, event).await?;
        Ok(case.and_then(|case| if let Owner::Queue(queue) = case.owner { Some(queue) } else { None }))
    }

    /// What channels of the whole company hear of; `staff` is nobody's.
    async fn for_everybody(&mut self, tx: &mut Tx, event: &Event) -> Result<Vec<Telling>> {
        let nobody = StaffId(uuid::Uuid::nil());
        let kind = match event.kind.as_str() {
            "sla.breached" => NoticeKind::TeamBreached,
            "grant.asked" => NoticeKind::ApprovalAsked,
            "conversation.handed_over" | "conversation.assigned" => NoticeKind::QueueFull,
            _ => return Ok(Vec::new()),
        };
        if !hooks::any_shared(tx, self.workspace, kind).await? {
            return Ok(Vec::new());
        }
        let mut telling = about(event, nobody, kind, "");
        if kind == NoticeKind::QueueFull {
            let Some(queue) = self.queue_of(tx, event).await? else { return Ok(Vec::new()) };
            if queues::waiting(tx, self.workspace, queue, settings::QUEUE_USUAL).await? < settings::QUEUE_USUAL {
                return Ok(Vec::new());
            }
            telling = Telling { conversation: None, queue: Some(queue), ..telling };
        }
        Ok(vec![telling])
    }
}

fn about(event: &Event, staff: StaffId, kind: NoticeKind, detail: &str) -> Telling {
    Telling { staff, kind, conversation: event.conversation, queue: None, seq: None, detail: detail.to_owned(), actor: event.actor }
}

fn field<T: serde::de::DeserializeOwned>(event: &Event, name: &str) -> Option<T> {
    event.payload.get(name).filter(|value| **value != Value::Null).cloned().and_then(|value| serde_json::from_value(value).ok())
}
