//! Pages that contacts looked at.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::contacts;

/// Characters of a stored address or title; longer ones are cut.
const TEXT_CHARACTERS: usize = 1_000;

/// A page somebody looked at.
#[derive(Clone, Debug)]
pub struct NewPageView {
    pub contact: ContactId,
    /// Who reports it: the visitor, or a program.
    pub actor: Actor,
    pub at: Timestamp,
    /// `http` or `https`; anything else is not recorded.
    pub url: String,
    pub title: String,
    pub referrer: Option<String>,
}

/// A page view as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PageView {
    #[serde(skip)]
    pub id: Uuid,
    pub at: Timestamp,
    pub url: String,
    pub title: String,
}

impl FromRow for PageView {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, at: row.take()?, url: row.take()?, title: row.take()? })
    }
}

/// Records a page view and tells the timeline. Returns whether it was recorded: addresses that are not web pages are not.
///
/// # Errors
/// The contact is not there, or the database refuses.
pub async fn record_page(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, view: NewPageView) -> Result<bool> {
    let Some(url) = web_address(&view.url) else { return Ok(false) };
    // A visitor's clock may be wrong; a page cannot have been seen in the future.
    let at = view.at.min(environment.now());
    let id = environment.new_uuid();
    tx.execute(
        "INSERT INTO page_views (workspace_id, id, contact_id, at, url, title, referrer) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![workspace, id, view.contact, at, &url, cut(&view.title), view.referrer.as_deref().and_then(web_address)],
    )
    .await?;
    contacts::touch_seen(tx, workspace, view.contact, at).await?;
    let event = NewEvent::new("page.viewed", view.actor, json!({ "page_view": id })).contact(view.contact).occurred_at(at);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(true)
}

/// Pages seen by the contact and by those merged into it, newest first, before the given position.
///
/// # Errors
/// The database refuses.
pub async fn of_contact(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId, before: Option<(Timestamp, Uuid)>, limit: u32) -> Result<Vec<PageView>> {
    let (at, id) = before.unwrap_or((Timestamp(i64::MAX), Uuid::max()));
    tx.all(
        "SELECT p.id, p.at, p.url, p.title FROM page_views p WHERE p.workspace_id = $1 AND p.contact_id IN \
         (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) AND (p.at, p.id) < ($3, $4) \
         ORDER BY p.at DESC, p.id DESC LIMIT $5",
        params![workspace, contact, at, id, limit],
    )
    .await
}

/// The address without user, password and fragment, if it is one of the web.
fn web_address(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(cut(url.as_str()))
}

fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_addresses_of_the_web_are_kept_and_without_secrets() {
        assert_eq!(super::web_address(" https://user:secret@shop.example.fi/a?b=c#d ").as_deref(), Some("https://shop.example.fi/a?b=c"));
        for other in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "shop", ""] {
            assert_eq!(super::web_address(other), None, "{other}");
        }
    }
}
