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
    inner("workspace.created", "The workspace was created."),
    inner("workspace.updated", "Name, languages, looks or set-up of the workspace changed; the payload names the fields."),
    inner("staff.invited", "Somebody was invited to the workspace."),
    inner("invitation.withdrawn", "An invitation was withdrawn."),
    inner("staff.joined", "A person became a member of the workspace."),
    inner("staff.updated", "A member's role, capacity, skills or languages changed."),
    inner("staff.left", "A member left or was removed."),
    inner("staff.availability_changed", "A member went online, away or offline."),
    event("contact.created", "A contact was created."),
    inner("contact.imported", "A contact was brought along from the company's records elsewhere."),
    event("contact.updated", "A contact's own fields changed; the payload names them."),
    event("contact.merged", "A contact (loser) was merged into another (winner)."),
    event("contact.merge_undone", "A merge was undone."),
    event("contact.company_added", "A contact was connected with a company."),
    event("contact.company_removed", "A contact is no longer connected with a company."),
    event("identity.added", "A contact got an identity, verified or only claimed."),
    event("identity.verified", "A claimed identity was proven."),
    event("identity.removed", "An identity was taken away from a contact."),
    event("company.created", "A company was created."),
    event("company.updated", "A company's fields changed; the payload names them."),
    inner("attribute.defined", "A custom attribute was defined or changed."),
    inner("attribute.removed", "The definition of a custom attribute was removed."),
    event("page.viewed", "A contact looked at a page."),
];
