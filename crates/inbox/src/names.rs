//! Names of people beside what they did, fetched in bulk.

use std::collections::{BTreeSet, HashMap};

use ennakoi_kernel::ids::{ContactId, StaffId, WorkspaceId};
use ennakoi_people::{
    contacts::{self, ContactBrief},
    staff::{self, StaffBrief},
};
use ennakoi_store::{Result, Tx, timeline::Actor};

/// Names and pictures by id; a merged contact's id leads to the contact it became.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) staff: HashMap<StaffId, StaffBrief>,
    pub(crate) contacts: HashMap<ContactId, ContactBrief>,
}

/// Names of actors, each with the contact behind a visitor: at most two queries.
///
/// # Errors
/// The database refuses.
pub(crate) async fn of(tx: &mut Tx, workspace: WorkspaceId, actors: &[(Actor, Option<ContactId>)]) -> Result<Names> {
    let mut people = BTreeSet::new();
    let mut customers = BTreeSet::new();
    for (actor, contact) in actors {
        match actor {
            Actor::Staff(staff) => {
                people.insert(*staff);
            }
            Actor::Contact(contact) => {
                customers.insert(*contact);
            }
            Actor::Visitor(_) => customers.extend(*contact),
            Actor::Bot | Actor::System | Actor::ApiKey(_) => {}
        }
    }
    of_ids(tx, workspace, people, customers).await
}

/// Names by ids: at most two queries.
///
/// # Errors
/// The database refuses.
pub(crate) async fn of_ids(tx: &mut Tx, workspace: WorkspaceId, people: BTreeSet<StaffId>, customers: BTreeSet<ContactId>) -> Result<Names> {
    let people: Vec<StaffId> = people.into_iter().collect();
    let customers: Vec<ContactId> = customers.into_iter().collect();
    let mut names = Names::default();
    if !people.is_empty() {
        names.staff = staff::briefs(tx, workspace, &people).await?;
    }
    if !customers.is_empty() {
        names.contacts = contacts::briefs(tx, workspace, &customers).await?;
    }
    Ok(names)
}
