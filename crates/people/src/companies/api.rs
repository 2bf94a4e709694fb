//! The web face of companies.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, Path, Query, Route, delete, get, limit, patch, post, put};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission},
    ids::{CompanyId, ContactId},
    limits,
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, NewEvent},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Company, NewCompany, business_id, check, connect, create, disconnect, domain, load, store, taken};
use crate::{
    attributes,
    contacts::{self, Attributes},
    patch as absent,
};

/// Contacts whose search entry is renewed when their company changes its name. Beyond it the old name finds them until they change.
const REINDEXED: i64 = 500;

pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::ContactsRead), Access::Needs(Permission::ContactsWrite));
    vec![
        get("/api/v1/companies", "list_companies", read, list_companies).summary("Companies by name").query::<CompanyQuery>().returns::<Page<Company>>(200),
        post("/api/v1/companies", "create_company", write, create_company).summary("Create a company").takes::<CompanyRequest>().returns::<Company>(201),
        get("/api/v1/companies/{id}", "get_company", read, get_company).summary("One company").returns::<Company>(200),
        patch("/api/v1/companies/{id}", "update_company", write, update_company)
            .summary("Change a company; what is not named stays, null empties")
            .takes::<CompanyPatch>()
            .returns::<Company>(200),
        put("/api/v1/contacts/{id}/companies/{company}", "connect_company", write, connect_company)
            .summary("Connect a contact with a company")
            .takes::<Connection>()
            .answers(204),
        delete("/api/v1/contacts/{id}/companies/{company}", "disconnect_company", write, disconnect_company)
            .summary("Disconnect a contact from a company")
            .answers(204),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CompanyQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    /// Beginning of the name.
    q: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompanyRequest {
    name: String,
    domain: Option<String>,
    business_id: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompanyPatch {
    name: Option<String>,
    #[serde(default, deserialize_with = "absent::present")]
    domain: Option<Option<String>>,
    #[serde(default, deserialize_with = "absent::present")]
    business_id: Option<Option<String>>,
    attributes: Option<Attributes>,
    version: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Connection {
    /// What the person is there, e.g. buyer.
    #[serde(default)]
    role: String,
}

async fn list_companies(State(app): State<App>, member: Member, Query(query): Query<CompanyQuery>) -> ApiResult<Json<Page<Company>>> {
    let after = Cursor::read(query.cursor.as_deref())?.unwrap_or((String::new(), CompanyId(uuid::Uuid::nil())));
    let wanted = limit(query.limit);
    let prefix = query.q.unwrap_or_default().trim().to_lowercase();
    let rows = store::list(&mut app.db.read().await?, member.workspace, &prefix, after, wanted + 1).await?;
    Ok(Json(Page::of(rows, wanted, |company| (company.name.to_lowercase(), company.id))))
}

async fn create_company(State(app): State<App>, member: Member, Json(body): Json<CompanyRequest>) -> ApiResult<(StatusCode, Json<Company>)> {
    let mut tx = app.db.begin().await?;
    attributes::check(&mut tx, member.workspace, "company", &body.attributes).await?;
    let new = NewCompany { name: body.name, domain: body.domain, business_id: body.business_id, attributes: body.attributes };
    let company = create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(company)))
}

async fn get_company(State(app): State<App>, member: Member, Path(id): Path<CompanyId>) -> ApiResult<Json<Company>> {
    Ok(Json(load(&mut app.db.read().await?, member.workspace, id).await?))
}

async fn update_company(State(app): State<App>, member: Member, Path(id): Path<CompanyId>, Json(body): Json<CompanyPatch>) -> ApiResult<Json<Company>> {
    let mut tx = app.db.begin().await?;
    if let Some(changes) = &body.attributes {
        attributes::check(&mut tx, member.workspace, "company", changes).await?;
    }
    let before = store::load_locked(&mut tx, member.workspace, id).await?.ok_or_else(|| Problem::not_found("the company"))?;
    if body.version.is_some_and(|version| version != before.version) {
        return Err(Problem::conflict("version_stale", format!("the company is at version {}", before.version)).into());
    }
    let mut after = apply(before.clone(), body)?;
    check(&after)?;
    if after != before {
        save(&mut tx, &app, &member, &before, &after).await?;
        after.version += 1;
        tx.commit().await?;
    }
    Ok(Json(after))
}

fn apply(mut company: Company, change: CompanyPatch) -> Result<Company, Problem> {
    if let Some(name) = change.name {
        name.trim().clone_into(&mut company.name);
    }
    if let Some(value) = change.domain {
        company.domain = value.as_deref().map(domain).transpose()?;
    }
    if let Some(value) = change.business_id {
        company.business_id = value.as_deref().map(business_id).transpose()?;
    }
    contacts::merge_attributes(&mut company.attributes, change.attributes.unwrap_or_default());
    Ok(company)
}

async fn save(tx: &mut Tx, app: &App, member: &Member, before: &Company, after: &Company) -> Result<()> {
    let changes = [
        ("name", before.name != after.name),
        ("domain", before.domain != after.domain),
        ("business_id", before.business_id != after.business_id),
        ("attributes", before.attributes != after.attributes),
    ];
    if store::is_taken(tx, member.workspace, after).await? {
        return Err(taken());
    }
    store::update(tx, member.workspace, after).await?;
    if before.name != after.name {
        for contact in store::contacts(tx, member.workspace, after.id, REINDEXED).await? {
            contacts::reindex(tx, member.workspace, contact).await?;
        }
    }
    let fields: Vec<&str> = changes.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect();
    let event = NewEvent::new("company.updated", member.actor, json!({ "company": after.id, "fields": fields }));
    timeline::append(tx, &app.environment, member.workspace, vec![event]).await?;
    Ok(())
}

async fn connect_company(
    State(app): State<App>,
    member: Member,
    Path((contact, company)): Path<(ContactId, CompanyId)>,
    Json(body): Json<Connection>,
) -> ApiResult<StatusCode> {
    let mut errors = FieldErrors::default();
    if !body.role.is_empty() {
        errors.line("role", &body.role, limits::LINE_CHARACTERS);
    }
    errors.finish()?;
    let mut tx = app.db.begin().await?;
    connect(&mut tx, &app.environment, member.workspace, member.actor, contact, company, &body.role).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn disconnect_company(State(app): State<App>, member: Member, Path((contact, company)): Path<(ContactId, CompanyId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    disconnect(&mut tx, &app.environment, member.workspace, member.actor, contact, company).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
