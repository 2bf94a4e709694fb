//! Events that this crate writes to the timeline.

use ennakoi_http::EventKind;

const fn event(kind: &'static str, summary: &'static str) -> EventKind {
    EventKind { kind, summary, webhook: true }
}

const fn inner(kind: &'static str, summary: &'static str) -> EventKind {
    EventKind { kind, summary, webhook: false }
}

/// All kinds, with what they mean.
pub(crate) const ALL: &[EventKind] = &[
    event("conversation.opened", "A conversation began."),
    event("conversation.handed_over", "A conversation went to people; the payload says why and to which queue."),
    event("conversation.assigned", "A conversation has a new owner: an agent, a queue, the bot or nobody."),
    event("conversation.closed", "A conversation was closed."),
    event("conversation.reopened", "A closed conversation goes on, by hand or by a message."),
    event("conversation.snoozed", "A conversation was put out of sight, until a moment or the next message."),
    event("conversation.woke", "A snoozed conversation came back, by time, by a message or by hand."),
    event("conversation.updated", "Subject, priority or contact of a conversation changed; the payload names the fields."),
    event("conversation.labelled", "A label was put on a conversation or taken off."),
    event("conversation.rated", "The customer rated the help or said whether it was solved."),
    inner("conversation.seen", "The customer, or the first of staff, has read up to a message."),
    event("message.added", "A message, a note, or a note of what happened stands in a conversation."),
    event("message.delivery_changed", "A message went out, or came to nothing; the payload says which and why."),
    event("message.edited", "The author corrected a message."),
    event("message.removed", "The author removed a message."),
    inner("channel.created", "A channel was created."),
    inner("channel.updated", "A channel's settings changed."),
    inner("channel.removed", "A channel was removed."),
    inner("queue.created", "A queue was created."),
    inner("queue.updated", "A queue's settings changed."),
    inner("queue.removed", "A queue was removed; what waited in it moves to the one named."),
    inner("calendar.created", "A calendar was created."),
    inner("calendar.updated", "Opening hours changed."),
    inner("calendar.removed", "A calendar was removed."),
];
