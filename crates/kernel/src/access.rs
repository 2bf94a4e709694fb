//! Who may do what. Every route names one [`Permission`]; every role is a set of them.

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// A single right inside one workspace.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Permission {$(
            $(#[$meta])*
            #[serde(rename = $text)]
            $name,
        )+}

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }
        }
    };
}

permissions! {
    /// See conversations, messages, attachments, search.
    ConversationsRead = "conversations:read",
    /// Answer, note, take, assign, close.
    ConversationsWrite = "conversations:write",
    ContactsRead = "contacts:read",
    ContactsWrite = "contacts:write",
    /// Merge contacts and undo it.
    ContactsMerge = "contacts:merge",
    ContactsExport = "contacts:export",
    CommerceRead = "commerce:read",
    /// Feed orders, invoices, subscriptions, products.
    CommerceWrite = "commerce:write",
    KnowledgeRead = "knowledge:read",
    KnowledgeWrite = "knowledge:write",
    /// Make an article public, take it back.
    KnowledgePublish = "knowledge:publish",
    /// Canned answers, shared views, labels.
    DeskManage = "desk:manage",
    ReportsRead = "reports:read",
    /// See colleagues' names, presence and load.
    StaffRead = "staff:read",
    /// Invite, change roles, remove.
    StaffManage = "staff:manage",
    SettingsRead = "settings:read",
    /// Channels, queues, opening hours, bot, branding.
    SettingsManage = "settings:manage",
    /// API keys and outgoing webhooks.
    IntegrationsManage = "integrations:manage",
    /// Bring customers' messages and delivery reports from another program.
    ChannelsFeed = "channels:feed",
    /// Give customers credits, gifts and discounts within one's own budget, and ask for more.
    GrantsGive = "grants:give",
    /// Approve or decline what others ask to give, and take back what was given.
    GrantsDecide = "grants:decide",
    /// See reviews of one's own work and notes of coaching, and answer them.
    QualityOwn = "quality:own",
    /// Choose and review closed cases, write sheets and notes of coaching.
    QualityReview = "quality:review",
    AuditRead = "audit:read",
    /// Hand over or delete the workspace.
    WorkspaceOwn = "workspace:own",
}

/// What a member of staff is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Supervisor,
    Agent,
    Viewer,
}

impl Role {
    pub const ALL: &[Self] = &[Self::Owner, Self::Admin, Self::Supervisor, Self::Agent, Self::Viewer];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// Whether the role carries the right. Owner ⊃ admin ⊃ supervisor ⊃ agent; a viewer only reads.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::ConversationsRead | P::ContactsRead | P::CommerceRead | P::KnowledgeRead | P::StaffRead => true,
            P::ConversationsWrite | P::ContactsWrite | P::GrantsGive | P::QualityOwn => !matches!(self, Self::Viewer),
            P::ReportsRead => !matches!(self, Self::Agent),
            P::ContactsMerge | P::KnowledgeWrite | P::KnowledgePublish | P::DeskManage | P::ContactsExport => {
                matches!(self, Self::Owner | Self::Admin | Self::Supervisor)
            }
            P::SettingsRead | P::GrantsDecide | P::QualityReview => matches!(self, Self::Owner | Self::Admin | Self::Supervisor),
            P::CommerceWrite | P::StaffManage | P::SettingsManage | P::IntegrationsManage | P::ChannelsFeed | P::AuditRead => {
                matches!(self, Self::Owner | Self::Admin)
            }
            P::WorkspaceOwn => matches!(self, Self::Owner),
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text).ok_or_else(|| format!("unknown role {text:?}"))
    }
}

impl std::str::FromStr for Permission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or_else(|| format!("unknown permission {text:?}"))
    }
}

/// How a route is guarded. Declared on the route; the authorisation matrix is generated from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Anybody: sign-in, public pages, health.
    Public,
    /// A widget visitor with a visitor token; sees own conversations only.
    Visitor,
    /// Anybody signed in, in whatever role: own profile, own sessions.
    SignedIn,
    /// A member of the workspace, or an API key, with this right.
    Needs(Permission),
}
