//! The web face of contacts.

mod merging;
mod reading;
mod writing;

use ennakoi_http::{Page, PageQuery, Route, delete, get, patch, post};
use ennakoi_kernel::access::{Access, Permission};

pub(super) use reading::{ContactCompany, ContactQuery, ContactSort};

use super::ContactRow;
use crate::visits::PageView;

pub(crate) fn routes() -> Vec<Route> {
    let (read, write, merge) = (Access::Needs(Permission::ContactsRead), Access::Needs(Permission::ContactsWrite), Access::Needs(Permission::ContactsMerge));
    vec![
        get("/api/v1/contacts", "list_contacts", read, reading::list_contacts)
            .summary("Contacts: searched, filtered, sorted")
            .query::<reading::ContactQuery>()
            .returns::<Page<ContactRow>>(200),
        post("/api/v1/contacts", "create_contact", write, writing::create_contact)
            .summary("Create a contact")
            .takes::<writing::ContactRequest>()
            .returns::<reading::Contact>(201),
        get("/api/v1/contacts/{id}", "get_contact", read, reading::get_contact).summary("One contact").returns::<reading::Contact>(200),
        patch("/api/v1/contacts/{id}", "update_contact", write, writing::update_contact)
            .summary("Change a contact; what is not named stays, null empties. With `version`, only if nobody changed it since")
            .takes::<writing::ContactPatch>()
            .returns::<reading::Contact>(200),
        post("/api/v1/contacts/{id}/identities", "add_identity", write, writing::add_identity)
            .summary("Add an identity; adding a claimed one again with `verified` proves it")
            .takes::<writing::NewIdentity>()
            .returns::<super::Identity>(201),
        delete("/api/v1/contacts/{id}/identities/{identity}", "remove_identity", write, writing::remove_identity).summary("Take an identity away").answers(204),
        post("/api/v1/contacts/{id}/merges", "merge_contacts", merge, merging::merge_contacts)
            .summary("Merge another contact (loser) into this one; it can be undone")
            .takes::<merging::MergeRequest>()
            .returns::<merging::MergeMade>(201),
        get("/api/v1/contacts/{id}/merges", "list_merges", read, merging::list_merges).summary("Merges of this contact").returns::<Page<super::Merge>>(200),
        delete("/api/v1/contacts/{id}/merges/{merge}", "undo_merge", merge, merging::undo).summary("Undo a merge").answers(204),
        get("/api/v1/contacts/{id}/duplicates", "list_duplicates", read, merging::list_duplicates)
            .summary("Contacts that may be the same person")
            .returns::<Page<merging::Duplicate>>(200),
        get("/api/v1/contacts/{id}/timeline", "list_contact_timeline", read, reading::list_timeline)
            .summary("Everything that happened with this person, newest first")
            .query::<PageQuery>()
            .returns::<Page<reading::TimelineEntry>>(200),
        get("/api/v1/contacts/{id}/pages", "list_contact_pages", read, reading::list_pages)
            .summary("Pages this person looked at, newest first")
            .query::<PageQuery>()
            .returns::<Page<PageView>>(200),
    ]
}
