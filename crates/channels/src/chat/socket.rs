//! The visitor's socket. It opens after the widget does, says who it is in its first frame (never in the address, which proxies
//! write down), and resumes from the last message it has.

use std::time::Duration;

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message as Frame, WebSocket},
    },
    response::Response,
};
use ennakoi_http::{App, RateLimit, Route, get};
use ennakoi_inbox::{
    conversations,
    live::{Change, Ephemeral, EventBrief, Hub, Notice, Subscription, Topic, Typist},
    messages::{self, Audience, AuthorKind, Message, Visibility},
    read_marks,
};
use ennakoi_kernel::{
    Problem,
    access::Access,
    ids::{AttachmentId, ConversationId},
    limits,
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    api, view,
    visitors::{self, Caller},
    write::{self, Written},
};

/// How long a socket may stay silent before it says who it is.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// Keeps proxies from closing an idle socket.
const HEARTBEAT: Duration = Duration::from_secs(45);
/// Messages in one frame, at most.
const CATCH_UP: u32 = 100;
/// Bytes of text in one frame, at most, unless one message alone is longer.
const FRAME_BYTES: usize = 256 << 10;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/widget/v1/live", "open_widget_socket", Access::Public, open_widget_socket)
            .summary("WebSocket of the visitor's conversation")
            .rate(RateLimit::Pages),
    ]
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Hello {
        token: String,
        #[serde(default)]
        conversation: Option<ConversationId>,
        #[serde(default)]
        last_seq: i64,
    },
    Message {
        client_key: String,
        #[serde(default)]
        conversation_id: Option<ConversationId>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        attachment_ids: Vec<AttachmentId>,
        #[serde(default)]
        option_key: Option<String>,
    },
    Typing {
        on: bool,
    },
    Seen {
        seq: i64,
    },
    Ping,
}

async fn open_widget_socket(State(app): State<App>, Extension(hub): Extension<Hub>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(limits::SOCKET_FRAME_BYTES)
        .read_buffer_size(2_048)
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20)
        .on_upgrade(move |web_socket| serve(app, hub, web_socket))
}

/// Nothing more to say: the socket is gone or must go.
struct Closed;

/// The conversation now, and messages that were not sent yet.
#[derive(Default)]
struct Missed {
    shown: Option<view::WidgetConversation>,
    items: Vec<view::WidgetMessage>,
    /// There are more after these.
    more: bool,
}

impl Missed {
    /// Keeps the end that fits into one frame; what stands above is read through the API.
    fn shorten(&mut self) {
        let mut bytes = 0;
        let fits = self.items.iter().rev().take_while(|item| {
            bytes += item.body.len() + item.html.len();
            bytes <= FRAME_BYTES
        });
        let kept = fits.count().max(1).min(self.items.len());
        self.items.drain(..self.items.len() - kept);
    }
}

struct Chat {
    app: App,
    hub: Hub,
    caller: Caller,
    conversation: Option<ConversationId>,
    subscription: Option<Subscription>,
    /// The last message that was sent to this socket.
    last_seq: i64,
    sink: SplitSink<WebSocket, Frame>,
}

async fn serve(app: App, hub: Hub, mut web_socket: WebSocket) {
    let Ok(Some(Ok(Frame::Text(text)))) = tokio::time::timeout(INTRODUCTION, web_socket.recv()).await else { return };
    let Ok(Request::Hello { token, conversation, last_seq }) = serde_json::from_str::<Request>(&text) else { return };
    let caller = match visitors::admit(&app, &token).await {
        Ok(caller) => caller,
        Err(problem) => {
            let _ = web_socket.send(Frame::Text(json!({ "type": "refused", "problem": problem.to_json() }).to_string().into())).await;
            return;
        }
    };
    let (sink, mut stream) = web_socket.split();
    let mut chat = Chat { app, hub, caller, conversation: None, subscription: None, last_seq: 0, sink };
    if chat.welcome(conversation, last_seq).await.is_err() {
        return;
    }
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    loop {
        let done = tokio::select! {
            frame = stream.next() => match frame {
                Some(Ok(Frame::Text(text))) => chat.answer(&text).await,
                Some(Ok(Frame::Close(_)) | Err(_)) | None => Err(Closed),
                Some(Ok(_)) => Ok(()),
            },
            notice = next(&mut chat.subscription) => match notice {
                Some(notice) => chat.tell(notice).await,
                None => Err(Closed),
            },
            _ = heartbeat.tick() => chat.send(Frame::Ping(axum::body::Bytes::new())).await,
        };
        if done.is_err() {
            return;
        }
    }
}

/// The next notice; waits for ever while there is nothing to listen to.
async fn next(subscription: &mut Option<Subscription>) -> Option<Notice> {
    match subscription {
        Some(subscription) => subscription.receiver.recv().await,
        None => std::future::pending().await,
    }
}

impl Chat {
    async fn welcome(&mut self, conversation: Option<ConversationId>, last_seq: i64) -> Result<(), Closed> {
        let found = async {
            let mut tx = self.app.db.read().await?;
            match conversation {
                Some(id) => write::owned(&mut tx, &self.caller, id).await.map(|held| Some(held.id)),
                None => api::current(&mut tx, &self.caller).await.map(|(current, _)| current.map(|current| current.id)),
            }
        };
        let found = found.await.unwrap_or(None);
        self.last_seq = if found.is_some() && found == conversation { last_seq.max(0) } else { 0 };
        if let Some(found) = found {
            self.listen(found).await?;
        }
        let missed = self.missed().await.map_err(|_| Closed)?;
        self.send_json(&json!({ "type": "welcome", "conversation": missed.shown, "messages": missed.items })).await?;
        if missed.more { self.catch_up().await } else { Ok(()) }
    }

    async fn listen(&mut self, conversation: ConversationId) -> Result<(), Closed> {
        if self.conversation != Some(conversation) || self.subscription.is_none() {
            let subscribed = self.hub.subscribe(&self.app.db, self.caller.workspace, Topic::Conversation(conversation)).await;
            self.subscription = Some(subscribed.map_err(|_| Closed)?);
            if self.conversation.is_some_and(|before| before != conversation) {
                self.last_seq = 0;
            }
            self.conversation = Some(conversation);
        }
        Ok(())
    }

    /// The conversation now, and its messages after the last one sent; moves that mark.
    async fn missed(&mut self) -> ennakoi_store::Result<Missed> {
        let Some(id) = self.conversation else { return Ok(Missed::default()) };
        let workspace = self.caller.workspace;
        let mut tx = self.app.db.read().await?;
        let Some(row) = conversations::rows(&mut tx, workspace, &[id], None).await?.pop() else { return Ok(Missed::default()) };
        let shown = view::conversation(&mut tx, workspace, &row).await?;
        // A newcomer gets the end of the conversation, somebody who returns what came since.
        let after = (self.last_seq > 0).then_some(self.last_seq);
        let page = messages::list(&mut tx, workspace, id, after, None, CATCH_UP, Audience::Contact).await?;
        let last = page.items.last().map_or(self.last_seq, |message| message.seq.max(self.last_seq));
        let mut missed = Missed { shown: Some(shown), items: Vec::new(), more: after.is_some() && page.has_more };
        let newcomer = after.is_none();
        let mut bytes = 0;
        self.last_seq = last;
        for message in page.items {
            let seq = message.seq;
            let Some(item) = view::message(&self.app, message) else { continue };
            bytes += item.body.len() + item.html.len();
            // Long messages come in several frames; a newcomer's are few enough.
            if !newcomer && bytes > FRAME_BYTES && !missed.items.is_empty() {
                missed.more = true;
                break;
            }
            self.last_seq = if newcomer { last } else { seq };
            missed.items.push(item);
        }
        if newcomer {
            missed.shorten();
        } else if !missed.more {
            self.last_seq = last;
        }
        Ok(missed)
    }

    async fn answer(&mut self, text: &str) -> Result<(), Closed> {
        match serde_json::from_str(text) {
            Ok(Request::Message { client_key, conversation_id, body, attachment_ids, option_key }) => {
                let written = Written {
                    client_key: client_key.clone(),
                    conversation: conversation_id.or(self.conversation),
                    body,
                    attachments: attachment_ids,
                    option_key,
                };
                self.write(client_key, written).await
            }
            Ok(Request::Typing { on }) => {
                self.type_in(on).await;
                Ok(())
            }
            Ok(Request::Seen { seq }) => {
                if let Err(problem) = self.see(seq).await {
                    tracing::debug!(code = problem.code, "a read mark was not stored");
                }
                Ok(())
            }
            Ok(Request::Ping) => self.send_json(&json!({ "type": "pong" })).await,
            Ok(Request::Hello { .. }) => Ok(()),
            Err(error) => {
                let problem = Problem::invalid("frame_invalid", error.to_string());
                self.send_json(&json!({ "type": "error", "problem": problem.to_json() })).await
            }
        }
    }

    async fn write(&mut self, client_key: String, written: Written) -> Result<(), Closed> {
        let allowed = self.app.rates.take(RateLimit::Visitor, &format!("visitor:{}", self.caller.id), self.app.environment.now());
        let sent = match allowed {
            Ok(()) => api::send(&self.app, &mut self.caller, written).await,
            Err(problem) => Err(problem),
        };
        match sent {
            Ok((sent, _)) => {
                // Listen before the acknowledgement, so that nothing after it is missed.
                self.listen(sent.conversation_id).await?;
                let seq = sent.message.seq;
                self.send_json(&json!({ "type": "ack", "client_key": client_key, "conversation_id": sent.conversation_id, "message": sent.message })).await?;
                // The next in order: nothing stands between, and the hub's notice of it brings what it changed.
                if seq == self.last_seq + 1 && seq > 1 {
                    self.last_seq = seq;
                    return Ok(());
                }
                self.catch_up().await
            }
            Err(problem) => self.send_json(&json!({ "type": "refused", "client_key": client_key, "problem": problem.to_json() })).await,
        }
    }

    async fn see(&self, seq: i64) -> Result<(), Problem> {
        let Some(conversation) = self.conversation else { return Ok(()) };
        let mut tx = self.app.db.begin().await?;
        read_marks::by_contact(&mut tx, &self.app.environment, self.caller.workspace, conversation, self.caller.actor(), seq).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn type_in(&self, on: bool) {
        let Some(conversation) = self.conversation else { return };
        let author = Typist { kind: AuthorKind::Contact, id: self.caller.contact.map(|contact| contact.0), name: String::new() };
        let typing = Ephemeral::Typing { conversation, author, visibility: Visibility::Public, on };
        if let Ok(text) = serde_json::to_string(&typing) {
            self.app.db.signal(self.caller.workspace, &text).await;
        }
    }

    /// A notice, with all that wait behind it: what they changed is looked up once.
    async fn tell(&mut self, notice: Notice) -> Result<(), Closed> {
        let mut changed = false;
        let mut waiting = Some(notice);
        while let Some(notice) = waiting {
            match notice {
                Notice::Change(change) => {
                    changed = changed || !self.is_known(&change);
                    self.show_edited(&change).await?;
                }
                Notice::Ephemeral(ephemeral) => self.show_typing(&ephemeral).await?,
            }
            waiting = self.subscription.as_mut().and_then(|subscription| subscription.receiver.try_recv().ok());
        }
        if changed { self.catch_up().await } else { Ok(()) }
    }

    /// Whether the change is nothing but what this visitor wrote and has been acknowledged here.
    fn is_known(&self, change: &Change) -> bool {
        let (mine, conversation) = (self.caller.actor(), self.conversation);
        let ours = |event: &&EventBrief| event.conversation == conversation;
        change.events.iter().filter(ours).all(|event| event.kind == "message.added" && event.actor == mine)
            && change.messages.iter().filter(|message| Some(message.conversation_id) == conversation).all(|message| message.seq <= self.last_seq)
    }

    async fn show_typing(&mut self, ephemeral: &Ephemeral) -> Result<(), Closed> {
        match ephemeral {
            Ephemeral::Typing { author, visibility: Visibility::Public, on, .. } if author.kind != AuthorKind::Contact => {
                let name = author.name.split_whitespace().next().unwrap_or_default();
                self.send_json(&json!({ "type": "typing", "author": { "kind": author.kind, "name": name }, "on": on })).await
            }
            _ => Ok(()),
        }
    }

    /// Messages that were sent before, as they are now.
    async fn show_edited(&mut self, change: &Change) -> Result<(), Closed> {
        let (conversation, seen) = (self.conversation, self.last_seq);
        let edited = |message: &&Message| message.edited_at.is_some() || message.removed_at.is_some();
        let again = change.messages.iter().filter(|message| Some(message.conversation_id) == conversation && message.seq <= seen).filter(edited);
        let items: Vec<_> = again.cloned().filter_map(|message| view::message(&self.app, message)).collect();
        if items.is_empty() {
            return Ok(());
        }
        self.send_json(&json!({ "type": "messages", "conversation_id": conversation, "items": items })).await
    }

    /// New messages in order, and the conversation's state.
    async fn catch_up(&mut self) -> Result<(), Closed> {
        let shown = loop {
            let missed = self.missed().await.map_err(|_| Closed)?;
            if !missed.items.is_empty() {
                self.send_json(&json!({ "type": "messages", "conversation_id": self.conversation, "items": missed.items })).await?;
            }
            if !missed.more {
                break missed.shown;
            }
        };
        let Some(shown) = shown else { return Ok(()) };
        let mut frame: Value = serde_json::to_value(shown).map_err(|_| Closed)?;
        frame["type"] = json!("conversation");
        self.send_json(&frame).await
    }

    async fn send_json(&mut self, value: &Value) -> Result<(), Closed> {
        self.send(Frame::Text(value.to_string().into())).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Closed> {
        self.sink.send(frame).await.map_err(|_| Closed)
    }
}
