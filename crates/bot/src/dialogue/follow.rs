//! The follower that makes the bot answer: it reads what customers wrote, decides outside the transaction, and speaks inside it.

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use ennakoi_inbox::{
    calendars::{self, OpenState},
    channels::{self, Mode},
    conversations::{self, Conversation, Owner, State},
    messages::{self, Audience, AuthorKind, Kind, Message},
};
use ennakoi_kernel::{
    Duration,
    ids::{ChannelId, ConversationId, QueueId, WorkspaceId},
};
use ennakoi_people::workspaces;
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    params,
};
use futures_util::{TryStreamExt, stream};
use serde_json::Value;

use super::{
    carry::{Reach, carry},
    decide::{Heard, Talk, decide},
    speak::{Scene, say_closed, speak},
    word::word,
};
use crate::{
    Knowledge,
    flows::{
        shop::Shop,
        store::{self, Live},
    },
    llm::Llm,
    settings,
};

/// What was written longer ago than this is left to people: an answer hours late helps nobody.
const TOO_LATE: Duration = Duration::hours(1);
/// Messages of one customer that are read together.
const READ_TOGETHER: u32 = 20;
/// Talks that are answered side by side.
const ANSWERED_AT_ONCE: usize = 32;

pub(crate) fn follower(knowledge: Knowledge, shop: Arc<dyn Shop>, llm: Llm) -> Follower {
    Follower {
        name: "bot.dialogue",
        kinds: &["message.added", "conversation.handed_over"],
        handle: Arc::new(move |batch| Box::pin(follow(batch, Voices { knowledge: knowledge.clone(), shop: shop.clone(), llm: llm.clone() }))),
    }
}

/// What answering reaches for.
struct Voices {
    knowledge: Knowledge,
    shop: Arc<dyn Shop>,
    llm: Llm,
}

async fn follow(batch: Batch, voices: Voices) -> Result<()> {
    // Several messages of one talk are answered together, in the order of talks' first event.
    let mut talks: BTreeMap<i64, ConversationId> = BTreeMap::new();
    let late = batch.environment.now() - TOO_LATE;
    for event in batch.events.iter().filter(|event| event.recorded_at > late && concerns(&event.kind, &event.payload)) {
        if let Some(conversation) = event.conversation
            && !talks.values().any(|known| *known == conversation)
        {
            talks.insert(event.seq, conversation);
        }
    }
    if talks.is_empty() {
        return Ok(());
    }
    let mine = bots_turns(&batch, &talks).await?;
    // Each talk in its own transaction, which notes what it has answered: the batch may be repeated without harm. Several at a time,
    // so that their commits share a write to the disk, and a slow shop or language model keeps one customer waiting and not all.
    stream::iter(talks.into_values().filter(|id| mine.contains(id)).map(Ok))
        .try_for_each_concurrent(ANSWERED_AT_ONCE, |conversation| answer(&batch, &voices, conversation))
        .await
}

/// Those talks in which it may be the bot's turn. Most messages are between people: these are told apart together.
async fn bots_turns(batch: &Batch, talks: &BTreeMap<i64, ConversationId>) -> Result<HashSet<ConversationId>> {
    let mut tx = batch.db.read().await?;
    let ids: Vec<ConversationId> = talks.values().copied().collect();
    let mut mine = HashSet::new();
    let mut stands: HashMap<(ChannelId, Option<QueueId>), Stand> = HashMap::new();
    for conversation in conversations::several(&mut tx, batch.workspace, &ids).await? {
        if !may_speak(&conversation) {
            continue;
        }
        let stand = match stands.entry((conversation.channel, conversation.queue)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Stand::look(&mut tx, batch, &conversation).await?),
        };
        if stand.bots_turn(&conversation) || stand.waits_at_night(&conversation) {
            mine.insert(conversation.id);
        }
    }
    Ok(mine)
}

fn may_speak(conversation: &Conversation) -> bool {
    conversation.state != State::Closed && !matches!(conversation.owner, Owner::Agent(_))
}

/// How a channel is answered now.
struct Stand {
    mode: Mode,
    open: OpenState,
}

impl Stand {
    async fn look(tx: &mut Tx, batch: &Batch, conversation: &Conversation) -> Result<Self> {
        let channel = channels::load(tx, batch.workspace, conversation.channel).await?;
        let queue = conversation.queue.or(channel.settings.queue_id);
        let open = calendars::open_state_of_queue(tx, batch.workspace, queue, batch.environment.now()).await?;
        let mode = if open.open { channel.settings.mode } else { channel.settings.night_mode.unwrap_or(channel.settings.mode) };
        Ok(Self { mode, open })
    }

    fn waits_at_night(&self, conversation: &Conversation) -> bool {
        matches!(conversation.owner, Owner::Queue(_) | Owner::Nobody) && !self.open.open
    }

    fn bots_turn(&self, conversation: &Conversation) -> bool {
        match conversation.owner {
            Owner::Bot => true,
            // Until people are back, the bot answers what it can.
            _ => self.waits_at_night(conversation) && self.mode != Mode::PersonOnly,
        }
    }
}

fn concerns(kind: &str, payload: &Value) -> bool {
    kind == "conversation.handed_over" || payload["direction"] == "in" && payload["visibility"] == "public" && payload["kind"] != "event"
}

struct Situation {
    conversation: Conversation,
    workspace: workspaces::Workspace,
    settings: settings::Settings,
    flows: Vec<Live>,
    talk: Talk,
    handled_seq: i64,
    heard: Vec<Message>,
    mode: Mode,
    open: OpenState,
}

async fn answer(batch: &Batch, voices: &Voices, id: ConversationId) -> Result<()> {
    let shop = voices.shop.as_ref();
    let mut tx = batch.db.read().await?;
    let Some(situation) = look(&mut tx, batch, shop, id).await? else { return Ok(()) };
    drop(tx);
    let known = voices.knowledge.of(batch.workspace, situation.settings.wrong_cost).await?;
    let heard = heard(&situation);
    let decision = match &heard {
        Some(heard) => {
            let decision = decide(&batch.environment, &situation.settings, &known, &situation.flows, &situation.talk, heard);
            let reach = Reach {
                db: &batch.db,
                environment: &batch.environment,
                workspace: &situation.workspace,
                conversation: &situation.conversation,
                shop,
                flows: &situation.flows,
                known: &known,
                open: situation.open.open,
            };
            let decision = carry(&reach, &situation.talk, decision).await?;
            Some(word(&voices.llm, &reach, &situation.talk, heard, decision).await?)
        }
        None => None,
    };
    let mut tx = batch.begin().await?;
    // Somebody may have taken it while we thought.
    let present = conversations::load(&mut tx, batch.workspace, id).await?;
    if present.owner != situation.conversation.owner
        || present.state == State::Closed
        || handled(&mut tx, batch.workspace, id).await?.0 != situation.handled_seq
    {
        return Ok(());
    }
    let handled_seq = situation.heard.last().map_or(situation.handled_seq, |message| message.seq);
    let scene = Scene {
        environment: &batch.environment,
        workspace: &situation.workspace,
        conversation: &present,
        known: &known,
        settings: &situation.settings,
        open: situation.open,
        people: situation.mode != Mode::BotOnly,
    };
    let talk = match decision {
        Some(decision) => speak(&mut tx, &scene, situation.talk, decision).await?,
        None => {
            let locale = situation.talk.locale.or(present.locale).unwrap_or(situation.workspace.default_language);
            say_closed(&mut tx, &scene, situation.talk, locale).await?
        }
    };
    remember(&mut tx, batch, id, handled_seq, &talk).await?;
    tx.commit().await
}

/// Everything needed to answer, or `None` when it is not the bot's turn.
async fn look(tx: &mut Tx, batch: &Batch, shop: &dyn Shop, id: ConversationId) -> Result<Option<Situation>> {
    let workspace = batch.workspace;
    let conversation = conversations::load(tx, workspace, id).await?;
    if !may_speak(&conversation) {
        return Ok(None);
    }
    let stand = Stand::look(tx, batch, &conversation).await?;
    let (bots_turn, waits_at_night) = (stand.bots_turn(&conversation), stand.waits_at_night(&conversation));
    let Stand { mode, open } = stand;
    if !bots_turn && !waits_at_night {
        return Ok(None);
    }
    let (handled_seq, talk) = handled(tx, workspace, id).await?;
    let mut page = messages::list(tx, workspace, id, Some(handled_seq), None, READ_TOGETHER, Audience::Contact).await?;
    page.items.retain(|message| message.author.kind == AuthorKind::Contact && message.kind != Kind::Event && message.removed_at.is_none());
    let must_tell_closed = waits_at_night && !talk.told_closed;
    if !(bots_turn && !page.items.is_empty() || must_tell_closed) {
        return Ok(None);
    }
    if !bots_turn {
        page.items.clear();
    }
    let settings = settings::load(tx, workspace).await?;
    let told = shop.told(tx, workspace).await?;
    let flows = store::live(tx, workspace, &told).await?;
    let workspace = workspaces::load(tx, workspace).await?;
    Ok(Some(Situation { conversation, workspace, settings, flows, talk, handled_seq, heard: page.items, mode, open }))
}

/// What the customer wrote since the bot's last turn, as one; `None` when nothing is to be answered.
fn heard(situation: &Situation) -> Option<Heard> {
    let last = situation.heard.last()?;
    let text = situation.heard.iter().map(|message| message.body.trim()).filter(|body| !body.is_empty()).collect::<Vec<_>>().join("\n");
    let option = last.meta.data.as_ref().and_then(|data| data["option"].as_str()).map(ToOwned::to_owned);
    Some(Heard { text, option, locale: situation.conversation.locale })
}

async fn handled(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<(i64, Talk)> {
    let row: Option<(i64, String)> =
        tx.optional("SELECT handled_seq, state FROM bot_dialogues WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, id]).await?;
    Ok(row.map_or_else(Default::default, |(seq, state)| (seq, serde_json::from_str(&state).unwrap_or_default())))
}

async fn remember(tx: &mut Tx, batch: &Batch, id: ConversationId, handled_seq: i64, talk: &Talk) -> Result<()> {
    tx.execute(
        "INSERT INTO bot_dialogues (workspace_id, conversation_id, handled_seq, state, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET handled_seq = $3, state = $4, updated_at = $5",
        params![batch.workspace, id, handled_seq, serde_json::to_string(talk)?, batch.environment.now()],
    )
    .await?;
    Ok(())
}
