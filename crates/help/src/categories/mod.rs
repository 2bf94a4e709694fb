//! Categories: the shelves of the knowledge bank.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission},
    ids::{CategoryId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{Error, FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::slug;

/// Texts by language.
pub type Texts = BTreeMap<Locale, String>;

/// Categories of one workspace, at most.
const MOST: i64 = 200;

/// A shelf of articles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Category {
    pub id: CategoryId,
    pub slug: String,
    pub position: i64,
    pub title: Texts,
    pub description: Texts,
}

impl FromRow for Category {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            slug: row.take()?,
            position: row.take()?,
            title: serde_json::from_str(&row.take::<String>()?)?,
            description: serde_json::from_str(&row.take::<String>()?)?,
        })
    }
}

impl Category {
    /// The title in the language, or in whichever there is.
    #[must_use]
    pub fn title_in(&self, locale: Locale) -> &str {
        in_language(&self.title, locale)
    }
    /// The description in the language; empty when there is none in it.
    #[must_use]
    pub fn description_in(&self, locale: Locale) -> &str {
        self.description.get(&locale).map_or("", String::as_str)
    }
}

fn in_language(texts: &Texts, locale: Locale) -> &str {
    texts.get(&locale).filter(|text| !text.is_empty()).or_else(|| texts.values().find(|text| !text.is_empty())).map_or("", String::as_str)
}

/// A category to be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCategory {
    /// Made from the title when absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// After the last one when absent.
    #[serde(default)]
    pub position: Option<i64>,
    pub title: Texts,
    #[serde(default)]
    pub description: Texts,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CategoryChange {
    slug: Option<String>,
    position: Option<i64>,
    title: Option<Texts>,
    description: Option<Texts>,
}

pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::KnowledgeRead), Access::Needs(Permission::KnowledgeWrite));
    vec![
        get("/api/v1/categories", "list_categories", read, list_categories).summary("Categories in order").returns::<Page<Category>>(200),
        post("/api/v1/categories", "create_category", write, create_category).summary("Add a category").takes::<NewCategory>().returns::<Category>(201),
        patch("/api/v1/categories/{id}", "update_category", write, update_category)
            .summary("Change a category")
            .takes::<CategoryChange>()
            .returns::<Category>(200),
        delete("/api/v1/categories/{id}", "delete_category", write, delete_category).summary("Remove an empty category").answers(204),
    ]
}

const COLUMNS: &str = "id, slug, position, titles, descriptions";

/// All categories in order.
///
/// # Errors
/// The database refuses.
pub async fn all(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Category>> {
    tx.all(&format!("SELECT {COLUMNS} FROM help_categories WHERE workspace_id = $1 ORDER BY position, id LIMIT $2"), params![workspace, MOST]).await
}

/// One category.
///
/// # Errors
/// It is not there.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: CategoryId) -> Result<Category> {
    let found = tx.optional(&format!("SELECT {COLUMNS} FROM help_categories WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the category").into())
}

/// Adds a category.
///
/// # Errors
/// A title is missing or too long, the slug is taken, or there are too many.
pub async fn create(tx: &mut Tx, environment: &ennakoi_kernel::Environment, workspace: WorkspaceId, new: NewCategory) -> Result<Category> {
    check(&new.title, &new.description)?;
    let others = all(tx, workspace).await?;
    if i64::try_from(others.len()).unwrap_or(MOST) >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} categories")).into());
    }
    let base = new.slug.as_deref().map_or_else(|| slug::of(in_language(&new.title, Locale::En)), slug::of);
    let mut free = base.clone();
    let mut number = 2;
    while others.iter().any(|other| other.slug == free) {
        free = format!("{base}-{number}");
        number += 1;
    }
    let category = Category {
        id: environment.new_id(),
        slug: free,
        position: new.position.unwrap_or_else(|| others.last().map_or(0, |last| last.position + 1)),
        title: new.title,
        description: new.description,
    };
    let now = environment.now();
    tx.execute(
        "INSERT INTO help_categories (id, workspace_id, slug, position, titles, descriptions, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![
            category.id,
            workspace,
            &category.slug,
            category.position,
            serde_json::to_string(&category.title)?,
            serde_json::to_string(&category.description)?,
            now
        ],
    )
    .await?;
    Ok(category)
}

fn check(title: &Texts, description: &Texts) -> std::result::Result<(), Problem> {
    let mut wrong = FieldErrors::default();
    if title.values().all(|text| text.trim().is_empty()) {
        wrong.add("title", "required", "a title in at least one language");
    }
    for (field, texts) in [("title", title), ("description", description)] {
        if texts.values().any(|text| text.chars().count() > limits::LINE_CHARACTERS || text.contains('\0')) {
            wrong.add(field, "too_long", format!("at most {} characters", limits::LINE_CHARACTERS));
        }
    }
    wrong.finish()
}

async fn list_categories(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Category>>> {
    Ok(Json(Page::whole(all(&mut app.db.read().await?, member.workspace).await?)))
}

async fn create_category(State(app): State<App>, member: Member, Json(new): Json<NewCategory>) -> ApiResult<(StatusCode, Json<Category>)> {
    let mut tx = app.db.begin().await?;
    let category = create(&mut tx, &app.environment, member.workspace, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(category)))
}

async fn update_category(State(app): State<App>, member: Member, Path(id): Path<CategoryId>, Json(change): Json<CategoryChange>) -> ApiResult<Json<Category>> {
    let mut tx = app.db.begin().await?;
    let mut category = load(&mut tx, member.workspace, id).await?;
    category.title = change.title.unwrap_or(category.title);
    category.description = change.description.unwrap_or(category.description);
    category.position = change.position.unwrap_or(category.position);
    if let Some(wanted) = change.slug {
        category.slug = slug::of(&wanted);
    }
    check(&category.title, &category.description)?;
    tx.execute(
        "UPDATE help_categories SET slug = $3, position = $4, titles = $5, descriptions = $6, updated_at = $7 WHERE workspace_id = $1 AND id = $2",
        params![
            member.workspace,
            id,
            &category.slug,
            category.position,
            serde_json::to_string(&category.title).map_err(Error::from)?,
            serde_json::to_string(&category.description).map_err(Error::from)?,
            app.environment.now()
        ],
    )
    .await
    .map_err(|error| match error {
        Error::Constraint(_) => Problem::field("slug", "taken", "another category has this slug").into(),
        other => other,
    })?;
    tx.commit().await?;
    Ok(Json(category))
}

async fn delete_category(State(app): State<App>, member: Member, Path(id): Path<CategoryId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    load(&mut tx, member.workspace, id).await?;
    let used: Option<(i64,)> =
        tx.optional("SELECT 1 FROM articles WHERE workspace_id = $1 AND category_id = $2 LIMIT 1", params![member.workspace, id]).await?;
    if used.is_some() {
        return Err(Problem::conflict("category_not_empty", "move its articles to another category first").into());
    }
    tx.execute("DELETE FROM help_categories WHERE workspace_id = $1 AND id = $2", params![member.workspace, id]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
