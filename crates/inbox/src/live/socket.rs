//! One staff socket.

use std::time::Duration;

use axum::extract::ws::{Message as Frame, WebSocket};
use ennakoi_http::{App, Member};
use ennakoi_kernel::{
    Problem,
    access::Permission,
    ids::{ConversationId, SessionId, StaffId},
    limits,
};
use ennakoi_people::{sessions, staff};
use ennakoi_store::timeline;
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ephemeral, Hub, Mode, Notice, Subscription, Topic, Typist, build_frame, connected, presence::Person};
use crate::{
    conversations,
    messages::{self, AuthorKind, Direction, NewMessage, Visibility},
};

/// Keeps proxies from closing an idle socket, tells colleagues we are still there, and notices an ended session.
const HEARTBEAT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Hello { last_seq: Option<i64> },
    Focus { conversation: Option<ConversationId> },
    Typing { conversation: ConversationId, visibility: Visibility, on: bool },
    Message { client_key: String, conversation: ConversationId, body: String, visibility: Visibility },
    Ping,
}

struct Desk {
    app: App,
    hub: Hub,
    member: Member,
    staff: StaffId,
    session: Option<SessionId>,
    name: String,
    focus: Option<ConversationId>,
    /// [`sessions::changes`] when the session and the role were last looked up.
    checked: u64,
    /// Heartbeats so far.
    beats: u32,
    sink: SplitSink<WebSocket, Frame>,
}

/// Nothing more to say: the socket is gone or must go.
struct Closed;

pub(super) async fn serve(app: App, hub: Hub, member: Member, staff: StaffId, session: Option<SessionId>, web_socket: WebSocket) {
    let subscription = match hub.subscribe(&app.db, member.workspace, Topic::Workspace).await {
        Ok(subscription) => subscription,
        Err(error) => return tracing::warn!(%error, "a live socket could not be served"),
    };
    let checked = sessions::changes();
    let name = name_of(&app, &member, staff).await;
    let (sink, stream) = web_socket.split();
    let mut desk = Desk { app, hub, member, staff, session, name, focus: None, checked, beats: 0, sink };
    let _ = desk.talk(subscription, stream).await;
    desk.look_at(None, Mode::Viewing).await;
}

async fn name_of(app: &App, member: &Member, staff: StaffId) -> String {
    let looked = async {
        let mut tx = app.db.read().await?;
        staff::briefs(&mut tx, member.workspace, &[staff]).await
    };
    looked.await.ok().and_then(|mut briefs| briefs.remove(&staff)).map(|brief| brief.name).unwrap_or_default()
}

impl Desk {
    async fn talk(&mut self, mut subscription: Subscription, mut stream: futures_util::stream::SplitStream<WebSocket>) -> Result<(), Closed> {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        // Nothing is sent before the client has said where it stands.
        let mut sent = None;
        loop {
            tokio::select! {
                frame = stream.next() => match frame {
                    Some(Ok(Frame::Text(text))) => {
                        if let Some(seq) = self.answer(&text, subscription.seq).await? { sent = Some(seq); }
                    }
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return Err(Closed),
                    Some(Ok(_)) => {}
                },
                notice = subscription.receiver.recv(), if sent.is_some() => match notice {
                    Some(Notice::Change(change)) if Some(change.seq) > sent => {
                        self.check_if_changed().await?;
                        self.send(Frame::Text(change.staff_text())).await?;
                    }
                    Some(Notice::Change(_)) => {}
                    Some(Notice::Ephemeral(ephemeral)) if ephemeral.is_for_another(self.staff) => {}
                    Some(Notice::Ephemeral(ephemeral)) => self.send_json(&serde_json::to_value(&*ephemeral).unwrap_or_default()).await?,
                    // Too slow: the client reconnects and resumes.
                    None => return Err(Closed),
                },
                _ = heartbeat.tick() => self.beat().await?,
            }
        }
    }

    async fn answer(&mut self, text: &str, seq: i64) -> Result<Option<i64>, Closed> {
        let request = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                self.send_json(&json!({ "type": "error", "problem": Problem::invalid("frame_invalid", error.to_string()).to_json() })).await?;
                return Ok(None);
            }
        };
        self.check_if_changed().await?;
        match request {
            Request::Hello { last_seq } => return self.welcome(last_seq, seq).await.map(Some),
            Request::Focus { conversation } => {
                self.look_at(conversation, Mode::Viewing).await;
                if let Some(conversation) = conversation {
                    let people = self.hub.present(self.member.workspace, conversation, self.app.environment.now());
                    self.send_json(&json!({ "type": "presence", "conversation": conversation, "people": people })).await?;
                }
            }
            Request::Typing { conversation, visibility, on } => self.type_in(conversation, visibility, on).await,
            Request::Message { client_key, conversation, body, visibility } => {
                let answer = match self.write(&client_key, conversation, body, visibility).await {
                    Ok(message) => json!({ "type": "ack", "client_key": client_key, "message": message }),
                    Err(problem) => json!({ "type": "refused", "client_key": client_key, "problem": problem.to_json() }),
                };
                self.send_json(&answer).await?;
            }
            Request::Ping => self.send_json(&json!({ "type": "pong" })).await?,
        }
        Ok(None)
    }

    /// Brings the client from where it stands to `seq`; everything later comes through the subscription.
    async fn welcome(&mut self, last_seq: Option<i64>, seq: i64) -> Result<i64, Closed> {
        let resumed = last_seq.is_some_and(|last| last <= seq && seq - last <= limits::EVENTS_RESUME);
        self.send_json(&json!({ "type": "welcome", "seq": if resumed { last_seq } else { Some(seq) }, "resumed": resumed })).await?;
        let mut last = if resumed { last_seq.unwrap_or(seq) } else { seq };
        while last < seq {
            let change = async {
                let mut tx = self.app.db.read().await?;
                let events = timeline::after(&mut tx, self.member.workspace, last, (seq - last).min(limits::EVENTS_PAGE)).await?;
                build_frame(&mut tx, self.member.workspace, events).await
            };
            match change.await {
                Ok(change) if change.seq > last => {
                    last = change.seq;
                    self.send(Frame::Text(change.staff_text())).await?;
                }
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "a live socket could not resume");
                    return Err(Closed);
                }
            }
        }
        Ok(seq)
    }

    async fn write(&self, client_key: &str, conversation: ConversationId, body: String, visibility: Visibility) -> Result<Value, Problem> {
        if !self.member.role.is_some_and(|role| role.may(Permission::ConversationsWrite)) {
            return Err(Problem::forbidden("this needs the permission conversations:write"));
        }
        let new = NewMessage { visibility, client_key: Some(client_key.to_owned()), ..NewMessage::text(self.member.actor, Direction::Out, body) };
        let mut tx = self.app.db.begin().await?;
        let added = messages::add(&mut tx, &self.app.environment, self.member.workspace, conversation, new).await?;
        tx.commit().await?;
        serde_json::to_value(&added.message).map_err(|_| Problem::internal())
    }

    async fn look_at(&mut self, conversation: Option<ConversationId>, mode: Mode) {
        self.focus = conversation;
        let person = Person { staff_id: self.staff, name: self.name.clone(), mode };
        self.signal(&Ephemeral::Looking { person, conversation }).await;
    }

    async fn type_in(&mut self, conversation: ConversationId, visibility: Visibility, on: bool) {
        let mine = async {
            let mut tx = self.app.db.read().await?;
            conversations::load(&mut tx, self.member.workspace, conversation).await
        };
        if mine.await.is_err() {
            return;
        }
        let author = Typist { kind: AuthorKind::Staff, id: Some(self.staff.0), name: self.name.clone() };
        self.signal(&Ephemeral::Typing { conversation, author, visibility, on }).await;
        self.look_at(Some(conversation), if on { Mode::Typing } else { Mode::Viewing }).await;
    }

    /// At once when a session or role has changed on this node; on another node the next heartbeat notices it.
    async fn check_if_changed(&mut self) -> Result<(), Closed> {
        if self.checked == sessions::changes() { Ok(()) } else { self.check().await }
    }

    /// An ended session, or a person who has left, hears no more; a changed role counts from now on.
    async fn check(&mut self) -> Result<(), Closed> {
        let Some(session) = self.session else { return Ok(()) };
        let changes = sessions::changes();
        let mut tx = self.app.db.read().await.map_err(|_| Closed)?;
        match sessions::role_in(&mut tx, session, self.member.workspace, self.app.environment.now()).await {
            Ok(Some(role)) if role.may(Permission::ConversationsRead) => self.member.role = Some(role),
            Ok(_) => return Err(Closed),
            Err(error) => tracing::warn!(%error, "a socket's session could not be looked up; it is again soon"),
        }
        self.checked = changes;
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), Closed> {
        self.check().await?;
        if self.beats.is_multiple_of(connected::EVERY_BEATS) {
            connected::see(&self.app, self.member.workspace, self.staff).await;
        }
        self.beats = self.beats.wrapping_add(1);
        if let Some(conversation) = self.focus {
            self.look_at(Some(conversation), Mode::Viewing).await;
        }
        self.send(Frame::Ping(axum::body::Bytes::new())).await
    }

    async fn signal(&self, ephemeral: &Ephemeral) {
        if let Ok(text) = serde_json::to_string(ephemeral) {
            self.app.db.signal(self.member.workspace, &text).await;
        }
    }

    async fn send_json(&mut self, value: &Value) -> Result<(), Closed> {
        self.send(Frame::Text(value.to_string().into())).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Closed> {
        self.sink.send(frame).await.map_err(|_| Closed)
    }
}
