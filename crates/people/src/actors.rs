//! Names of those who did something, for lists that show them.

use std::collections::HashMap;

use ennakoi_kernel::ids::{ApiKeyId, ContactId, StaffId, WorkspaceId};
use ennakoi_store::{Result, Tx, Value, timeline::Actor};

use crate::{contacts, sql, staff};

/// Names by the actor's text (`staff:<id>` …). One query for each kind that occurs.
pub(crate) async fn names<'a>(tx: &mut Tx, workspace: WorkspaceId, actors: impl Iterator<Item = &'a str>) -> Result<HashMap<String, String>> {
    let (mut people, mut customers, mut keys): (Vec<StaffId>, Vec<ContactId>, Vec<ApiKeyId>) = Default::default();
    for actor in actors.filter_map(|text| text.parse::<Actor>().ok()) {
        match actor {
            Actor::Staff(id) if !people.contains(&id) => people.push(id),
            Actor::Contact(id) if !customers.contains(&id) => customers.push(id),
            Actor::ApiKey(id) if !keys.contains(&id) => keys.push(id),
            _ => {}
        }
    }
    let mut names = HashMap::new();
    if !people.is_empty() {
        names.extend(staff::briefs(tx, workspace, &people).await?.into_values().map(|it| (Actor::Staff(it.id).to_string(), it.name)));
    }
    if !customers.is_empty() {
        names.extend(contacts::briefs(tx, workspace, &customers).await?.into_iter().map(|(id, it)| (Actor::Contact(id).to_string(), it.name)));
    }
    if !keys.is_empty() {
        let (places, values) = sql::list(2, &keys);
        let parameters: Vec<Value> = std::iter::once(workspace.into()).chain(values).collect();
        let rows: Vec<(ApiKeyId, String)> = tx.all(&format!("SELECT id, name FROM api_keys WHERE workspace_id = $1 AND id IN ({places})"), &parameters).await?;
        names.extend(rows.into_iter().map(|(id, name)| (Actor::ApiKey(id).to_string(), name)));
    }
    Ok(names)
}
