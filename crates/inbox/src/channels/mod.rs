//! Channels: the ways on which customers reach the company, each with its settings and its public key.

pub mod api;
mod store;

use std::collections::{BTreeMap, HashMap};

use ennakoi_http::Secret;
use ennakoi_kernel::{
    Duration, Environment, FieldErrors, Problem, Timestamp,
    ids::{ChannelId, QueueId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Result, Tx, stored_as_text,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{conversations::ChannelBrief, queues};

/// What carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    Chat,
    Email,
    Api,
}
impl ChannelKind {
    /// Whether messages on it have to be carried to the customer, who is not listening live.
    #[must_use]
    pub const fn is_carried(self) -> bool {
        matches!(self, Self::Email | Self::Api)
    }
}
stored_as_text!(ChannelKind { Chat = "chat", Email = "email", Api = "api" });

/// Who answers first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    BotFirst,
    PersonFirst,
    PersonOnly,
    BotOnly,
}

impl Mode {
    /// Whether a new conversation begins with the bot.
    #[must_use]
    pub const fn bot_begins(self) -> bool {
        matches!(self, Self::BotFirst | Self::BotOnly)
    }
}

/// A question before the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreChatField {
    pub key: PreChatKey,
    #[serde(default)]
    pub required: bool,
}

/// What can be asked before the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreChatKey {
    Name,
    Email,
    Phone,
}

/// What is asked before the chat; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PreChat {
    pub fields: Vec<PreChatField>,
    /// What the details are used for, said wherever the chat asks for them; in the languages that have it.
    pub notice: BTreeMap<Locale, String>,
    /// The company's privacy statement; `https://…`.
    pub privacy_url: Option<String>,
}

/// How a channel behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Origins on which the widget may stand, `https://shop.example.fi`; empty: anywhere.
    pub origins: Vec<String>,
    pub mode: Mode,
    /// Who answers first outside opening hours; null: the same.
    pub night_mode: Option<Mode>,
    /// Where its conversations go when people are needed; null: the default queue.
    pub queue_id: Option<QueueId>,
    pub pre_chat: PreChat,
    /// Answers stay in the chat, also when the visitor has gone and left an address; else they go there by mail.
    pub chat_only: bool,
}

impl Settings {
    /// Who answers first now.
    #[must_use]
    pub fn mode_now(&self, open: bool) -> Mode {
        self.night_mode.filter(|_| !open).unwrap_or(self.mode)
    }

    /// Whether a page of this origin may use the channel. Scheme, host and port are compared exactly.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed == origin)
    }
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Channel {
    pub id: ChannelId,
    #[serde(skip)]
    pub workspace: WorkspaceId,
    pub kind: ChannelKind,
    pub name: String,
    pub enabled: bool,
    pub settings: Settings,
    /// Names the channel on web pages.
    pub public_key: Uuid,
    #[serde(skip)]
    pub identity_generation: i64,
    /// Until when signatures made with the key before the present one are good.
    #[serde(skip)]
    pub previous_identity_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// How long the key before a rotation stays good, so that a shop can change its configuration without locking anybody out.
const ROTATION_GRACE: Duration = Duration::hours(24);
/// Channels of one workspace, at most.
const CHANNELS_MAX: usize = 200;
const ORIGINS_MAX: usize = 100;
/// A sentence or two: nobody reads more before asking.
const NOTICE_CHARACTERS: usize = 400;

impl Channel {
    /// The key with which the company's own server signs who its visitor is (64 hexadecimal digits). It is derived from the
    /// installation's secret, so no database and no backup holds it.
    #[must_use]
    pub fn identity_secret(&self, secret: &Secret) -> String {
        self.identity_secret_of(secret, self.identity_generation)
    }

    /// The keys whose signatures are good at `now`, the present one first.
    #[must_use]
    pub fn identity_secrets(&self, secret: &Secret, now: Timestamp) -> Vec<String> {
        let mut secrets = vec![self.identity_secret(secret)];
        if self.previous_identity_until.is_some_and(|until| now < until) {
            secrets.push(self.identity_secret_of(secret, self.identity_generation - 1));
        }
        secrets
    }

    fn identity_secret_of(&self, secret: &Secret, generation: i64) -> String {
        let key = secret.sign("widget identity", format!("{} {generation}", self.id).as_bytes());
        key.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A channel by the key that pages carry; `None` for an unknown, disabled or removed one.
///
/// # Errors
/// The database refuses.
pub async fn by_public_key(tx: &mut Tx, public_key: Uuid) -> Result<Option<Channel>> {
    store::by_public_key(tx, public_key).await
}

/// One channel.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId) -> Result<Channel> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the channel").into())
}

/// Whether messages on this channel, removed or not, are carried.
///
/// # Errors
/// The database refuses.
pub async fn is_carried(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId) -> Result<bool> {
    Ok(store::kind(tx, workspace, id).await?.is_some_and(ChannelKind::is_carried))
}

/// All channels of the workspace, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Channel>> {
    store::list(tx, workspace, CHANNELS_MAX).await
}

/// Kinds and names of all channels, removed ones too: old conversations still name them.
pub(crate) async fn briefs(tx: &mut Tx, workspace: WorkspaceId) -> Result<HashMap<ChannelId, ChannelBrief>> {
    Ok(store::briefs(tx, workspace).await?.into_iter().map(|brief| (brief.id, brief)).collect())
}

/// A channel to be created.
#[derive(Clone, Debug)]
pub struct NewChannel {
    pub kind: ChannelKind,
    pub name: String,
    pub enabled: bool,
    pub settings: Settings,
}

/// Creates a channel.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: NewChannel) -> Result<Channel> {
    check(tx, workspace, &new.name, &new.settings).await?;
    if store::list(tx, workspace, CHANNELS_MAX).await?.len() >= CHANNELS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {CHANNELS_MAX} channels")).into());
    }
    let mut random = [0u8; 16];
    environment.fill(&mut random);
    let channel = Channel {
        id: environment.new_id(),
        workspace,
        kind: new.kind,
        name: new.name.trim().to_owned(),
        enabled: new.enabled,
        settings: new.settings,
        public_key: uuid::Builder::from_random_bytes(random).into_uuid(),
        identity_generation: 1,
        previous_identity_until: None,
        created_at: environment.now(),
    };
    store::insert(tx, &channel).await?;
    tell(tx, environment, workspace, actor, "channel.created", channel.id).await?;
    Ok(channel)
}

/// What may change about a channel; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub settings: Option<Settings>,
}

/// Changes a channel.
///
/// # Errors
/// It is not there, or a field is not valid.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ChannelId, change: ChannelChange) -> Result<Channel> {
    let mut channel = load(tx, workspace, id).await?;
    channel.name = change.name.map_or(channel.name, |name| name.trim().to_owned());
    channel.enabled = change.enabled.unwrap_or(channel.enabled);
    channel.settings = change.settings.unwrap_or(channel.settings);
    check(tx, workspace, &channel.name, &channel.settings).await?;
    store::update(tx, &channel, environment.now()).await?;
    tell(tx, environment, workspace, actor, "channel.updated", id).await?;
    Ok(channel)
}

/// Removes a channel; its conversations stay.
///
/// # Errors
/// It is not there.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ChannelId) -> Result<()> {
    load(tx, workspace, id).await?;
    store::remove(tx, workspace, id, environment.now()).await?;
    tell(tx, environment, workspace, actor, "channel.removed", id).await
}

/// Replaces the identity key; the one before stays good for a day.
///
/// # Errors
/// It is not there.
pub async fn rotate_identity_secret(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ChannelId) -> Result<Channel> {
    let mut channel = load(tx, workspace, id).await?;
    channel.identity_generation += 1;
    channel.previous_identity_until = Some(environment.now() + ROTATION_GRACE);
    store::update(tx, &channel, environment.now()).await?;
    ennakoi_people::audit::record(tx, environment, workspace, actor, "channel.identity_secret_rotated", "channel", id, json!({})).await?;
    tell(tx, environment, workspace, actor, "channel.updated", id).await?;
    Ok(channel)
}

async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, id: ChannelId) -> Result<()> {
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, json!({ "channel": id }))]).await?;
    Ok(())
}

async fn check(tx: &mut Tx, workspace: WorkspaceId, name: &str, settings: &Settings) -> Result<()> {
    let mut errors = FieldErrors::default();
    errors.line("name", name, limits::LINE_CHARACTERS);
    if settings.origins.len() > ORIGINS_MAX {
        errors.add("settings.origins", "too_many", format!("at most {ORIGINS_MAX}"));
    }
    for (index, origin) in settings.origins.iter().enumerate() {
        if !is_origin(origin) {
            errors.add(format!("settings.origins[{index}]"), "invalid", "scheme, host and port only: https://shop.example.fi");
        }
    }
    for (locale, notice) in &settings.pre_chat.notice {
        if notice.chars().count() > NOTICE_CHARACTERS {
            errors.add(format!("settings.pre_chat.notice.{}", locale.as_str()), "too_long", format!("at most {NOTICE_CHARACTERS} characters"));
        }
    }
    if settings.pre_chat.privacy_url.as_deref().is_some_and(|url| !url.starts_with("https://") || url.len() > limits::LINE_CHARACTERS) {
        errors.add("settings.pre_chat.privacy_url", "url_invalid", "an address that begins with https://");
    }
    if let Some(queue) = settings.queue_id
        && queues::load(tx, workspace, queue).await.is_err()
    {
        errors.add("settings.queue_id", "unknown", "no queue of this workspace");
    }
    Ok(errors.finish()?)
}

/// Scheme, host and perhaps a port, as browsers send it: lower case, nothing after it.
fn is_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let host_ok = !host.is_empty() && host.len() <= 253 && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    host_ok && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0) && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        for good in ["https://shop.example.fi", "http://localhost:5173", "https://xn--kauppa-bua.fi"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in ["shop.example.fi", "https://", "https://a.fi/", "https://A.fi", "https://a.fi:0", "https://a.fi:+80", "https://*", "javascript:alert(1)"] {
            assert!(!is_origin(bad), "{bad}");
        }
        let settings = Settings { origins: vec!["https://shop.example.fi".to_owned()], ..Settings::default() };
        assert!(settings.allows_origin("https://shop.example.fi"));
        assert!(!settings.allows_origin("https://shop.example.fi.evil.example"));
        assert!(Settings::default().allows_origin("https://anywhere.example"));
    }
}
