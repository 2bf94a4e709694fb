//! One type for each kind of identifier, so that a contact is never taken for a conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identifiers {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self { Self(uuid) }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self { id.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+};
}

identifiers! {
    /// A company's own space: the tenant. First parameter of everything that touches its data.
    WorkspaceId,
    /// A person of staff; one per installation, a member of any number of workspaces.
    StaffId,
    SessionId,
    InvitationId,
    ApiKeyId,
    PasskeyId,
    ContactId,
    IdentityId,
    CompanyId,
    ChannelId,
    ThreadId,
    ConversationId,
    LinkId,
    ImportId,
    MessageId,
    AttachmentId,
    QueueId,
    TeamId,
    LabelId,
    ViewId,
    CannedAnswerId,
    CalendarId,
    CategoryId,
    ArticleId,
    RevisionId,
    OrderId,
    ShipmentId,
    InvoiceId,
    SubscriptionId,
    ProductId,
    VisitorId,
    WebhookId,
    DeliveryId,
    MailboxId,
    MailId,
    JobId,
    TimerId,
    IntentId,
    AuditId,
    /// A service policy: what is promised to whom.
    PolicyId,
    ClockId,
    PromiseId,
    /// Something given to a customer, or asked for.
    GrantId,
    ScheduledAnswerId,
    RuleId,
    RuleRunId,
    MacroId,
    /// A score sheet.
    SheetId,
    /// A closed case in the queue of reviews.
    QualityCaseId,
    ReviewId,
    CoachingNoteId,
    /// Something that a person of staff is told.
    NoticeId,
    NoticeDeliveryId,
    /// An address in Slack or Microsoft Teams that notices are told to.
    NoticeHookId,
    PushSubscriptionId,
    TrainingExerciseId,
}
