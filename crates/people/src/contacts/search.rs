//! Finding contacts: by words, and as sorted lists.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx, Value,
    search::{self, LastWord},
};

use super::{
    ContactRow, IdentityKind,
    api::{ContactQuery, ContactSort},
    rows, store, values,
};
use crate::{words, workspaces};

/// Contacts whose name, addresses, numbers or companies hold every word of the text, the last word possibly unfinished; most
/// recently indexed first. The second part continues the list as `before`.
///
/// # Errors
/// The database refuses.
pub async fn find(tx: &mut Tx, workspace: WorkspaceId, text: &str, before: Option<i64>, limit: u32) -> Result<(Vec<ContactRow>, Option<i64>)> {
    let words = query_words(tx, workspace, text).await?;
    let mut hits = search::find(tx, workspace, "contact", &words, LastWord::Prefix, before.unwrap_or(i64::MAX), limit + 1).await?;
    let more = hits.len() > limit as usize;
    hits.truncate(limit as usize);
    let ids: Vec<ContactId> = hits.iter().map(|hit| ContactId(hit.id)).collect();
    let next = hits.last().filter(|_| more).map(|last| last.row);
    Ok((rows(tx, workspace, &ids).await?, next))
}

/// One page of contacts that were searched.
pub(super) async fn page(tx: &mut Tx, workspace: WorkspaceId, text: &str, cursor: Option<&str>, limit: u32) -> Result<Page<ContactRow>> {
    let (items, next) = find(tx, workspace, text, Cursor::read(cursor)?, limit).await?;
    Ok(Page { items, next_cursor: next.map(|row| Cursor::write(&row)) })
}

/// A phone number is stored in its international form, however it is asked for.
async fn query_words(tx: &mut Tx, workspace: WorkspaceId, text: &str) -> Result<Vec<String>> {
    let looks_like_number = text.chars().filter(char::is_ascii_digit).count() >= 5 && !text.chars().any(char::is_alphabetic);
    if looks_like_number {
        let country = values::country_code(&workspaces::load(tx, workspace).await?.timezone);
        if let Ok(number) = values::normalise(IdentityKind::Phone, text, country) {
            return Ok(words::of([number.as_str()]));
        }
    }
    let mut words = words::of([text]);
    words.truncate(12);
    Ok(words)
}

/// Live contacts in order.
pub(super) async fn listing(tx: &mut Tx, workspace: WorkspaceId, query: &ContactQuery, limit: u32) -> Result<Page<ContactRow>> {
    let mut parameters: Vec<Value> = vec![workspace.into()];
    let mut conditions = String::new();
    let mut condition = |text: &str, value: Value| {
        parameters.push(value);
        conditions.push_str(&text.replace("{}", &format!("${}", parameters.len())));
    };
    if let Some(company) = query.company {
        let linked = " AND EXISTS (SELECT 1 FROM contact_companies f WHERE f.workspace_id = w.workspace_id AND f.contact_id = w.id AND f.company_id = {})";
        condition(linked, company.into());
    }
    if let Some(blocked) = query.blocked {
        condition(" AND w.blocked = {}", blocked.into());
    }
    if let Some(locale) = query.locale {
        condition(" AND w.locale = {}", locale.into());
    }
    let order = match query.sort {
        ContactSort::LastSeen | ContactSort::Created => {
            let column = if query.sort == ContactSort::Created { "created_at" } else { "last_seen_at" };
            if let Some((at, id)) = Cursor::read::<(Timestamp, ContactId)>(query.cursor.as_deref())? {
                condition(&format!(" AND (w.{column}, w.id) < ({{}}, "), at.into());
                condition("{})", id.into());
            }
            format!("w.{column} DESC, w.id DESC")
        }
        ContactSort::Name => {
            if let Some((name, id)) = Cursor::read::<(String, ContactId)>(query.cursor.as_deref())? {
                condition(" AND (w.name_normalised, w.id) > ({}, ", name.into());
                condition("{})", id.into());
            }
            "w.name_normalised, w.id".to_owned()
        }
    };
    parameters.push((limit + 1).into());
    let statement = format!(
        "SELECT {} FROM contacts w {} WHERE w.workspace_id = $1 AND w.merged_into IS NULL{conditions} ORDER BY {order} LIMIT ${}",
        store::ROW,
        store::ROW_COMPANY,
        parameters.len()
    );
    let rows: Vec<ContactRow> = tx.all(&statement, &parameters).await?;
    Ok(match query.sort {
        ContactSort::LastSeen => Page::of(rows, limit, |row| (row.last_seen_at, row.id)),
        ContactSort::Created => Page::of(rows, limit, |row| (row.created_at, row.id)),
        ContactSort::Name => Page::of(rows, limit, |row| (row.name.to_lowercase(), row.id)),
    })
}
