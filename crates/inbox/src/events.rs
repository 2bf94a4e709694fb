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
    event("conversation.merged", "Another conversation was merged into this one."),
    event("conversation.merge_undone", "A merge was undone."),
    event("conversation.split", "Messages of a conversation go on in one of their own."),
    event("conversation.split_undone", "A split was undone."),
    event("conversation.related", "Somebody said that another conversation has to do with this one."),
    event("conversation.unrelated", "Two conversations have nothing to do with each other after all."),
    inner("message.copied", "A message that was split off stands in the conversation in which it goes on."),
    inner("message.moved", "A message goes on in another conversation, or does not any more."),
    inner("conversation.seen", "The customer, or the first of staff, has read up to a message."),
    event("message.added", "A message, a note, or a note of what happened stands in a conversation."),
    event("message.delivery_changed", "A message went out, or came to nothing; the payload says which and why."),
    event("message.edited", "The author corrected a message."),
    event("message.removed", "The author removed a message."),
    inner("answer.scheduled", "An answer waits for a moment that somebody chose."),
    inner("answer.rescheduled", "A waiting answer has other words or another moment."),
    event("answer.held", "A waiting answer does not leave by itself any more; the payload says why."),
    inner("answer.withdrawn", "A waiting answer was taken back."),
    event("promise.made", "An agent promised something to a customer by a moment."),
    event("promise.kept", "An agent said that a promise was kept."),
    event("promise.withdrawn", "A promise was taken back."),
    event("grant.asked", "Somebody asks to give a customer more than their budget allows."),
    event("grant.given", "A customer was given a credit, a gift or a discount; the payload says what, how much and by whom."),
    event("grant.declined", "A request to give was declined."),
    event("grant.withdrawn", "A request, or what was given, was taken back."),
    inner("review.published", "Somebody's work on a case was reviewed; told without the case, which is the person's own matter."),
    inner("review.answered", "Who was reviewed has acknowledged the review or disputes it."),
    inner("review.resolved", "A disputed review stands, or was corrected."),
    inner("coaching.written", "A note of coaching was written to somebody."),
    event("sla.warned", "A clock of a conversation has become urgent; the payload says which and when it is due."),
    event("sla.breached", "The target of a clock is spent; the payload says which."),
    inner("sla.changed", "What the lists show of a conversation's clocks changed."),
    event("rule.told", "A rule tells of a conversation; the payload carries the topic that the rule names."),
    inner("rule.created", "A rule was created."),
    inner("rule.updated", "A rule changed."),
    inner("rule.removed", "A rule was removed."),
    inner("sla_policy.created", "A service policy was created."),
    inner("sla_policy.updated", "A service policy changed; what has been measured stays."),
    inner("sla_policy.removed", "A service policy was removed."),
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
