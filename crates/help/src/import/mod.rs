//! Bringing an FAQ along: from CSV, Markdown, or a pasted web page. With a dry run that shows what would become what, and with
//! every rejected piece listed. Importing the same again updates the same articles.

mod parse;

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, State},
    http::header,
};
use ennakoi_http::{ApiResult, App, Json, Member, Query, Route, post};
use ennakoi_kernel::{
    Environment, Problem,
    access::{Access, Permission},
    ids::{ArticleId, CategoryId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{Error, Result, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use parse::{Parsed, Piece, Rejected, parse};

use crate::{
    articles::{self, NewArticle, Text},
    categories::{self, NewCategory},
};

/// Articles of one import, at most.
const MOST: usize = 2_000;
/// Pieces that a dry run shows.
const SHOWN: usize = 50;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/imports/articles", "import_articles", Access::Needs(Permission::KnowledgeWrite), import_articles)
            .summary("Import an FAQ from CSV, Markdown or a pasted page; a file (multipart) or a JSON body")
            .query::<ImportQuery>()
            .takes::<Pasted>()
            .returns::<Imported>(200)
            .body_bytes(limits::IMPORT_BYTES),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportQuery {
    /// Only show what would happen.
    dry_run: bool,
    /// Publish what is imported, if the caller may.
    publish: bool,
    /// Language of a file that does not say it itself.
    locale: Option<Locale>,
    /// Category of pieces that name none.
    category: Option<CategoryId>,
}

/// A pasted FAQ.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Pasted {
    /// Markdown, plain text, or CSV.
    text: Option<String>,
    /// A web page's source.
    html: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Imported {
    created: usize,
    updated: usize,
    unchanged: usize,
    rejected: Vec<Rejected>,
    preview: Vec<Piece>,
}

async fn import_articles(State(app): State<App>, member: Member, Query(query): Query<ImportQuery>, request: Request) -> ApiResult<Json<Imported>> {
    let source = read(&app, request).await?;
    let parsed = parse(&source)?;
    if parsed.pieces.len() > MOST {
        return Err(Problem::field("file", "too_many", format!("at most {MOST} articles at once, this has {}", parsed.pieces.len())).into());
    }
    let mut tx = app.db.begin().await?;
    let mut imported = Imported { preview: parsed.pieces.iter().take(SHOWN).cloned().collect(), rejected: parsed.rejected, ..Imported::default() };
    let publish = query.publish && member.role.is_none_or(|role| role.may(Permission::KnowledgePublish));
    let mut importer =
        Importer { environment: &app.environment, workspace: member.workspace, actor: member.actor, query: &query, publish, default_category: query.category };
    for piece in parsed.pieces {
        match importer.bring(&mut tx, &piece).await {
            Ok(Brought::Created) => imported.created += 1,
            Ok(Brought::Updated) => imported.updated += 1,
            Ok(Brought::Unchanged) => imported.unchanged += 1,
            Err(Error::Problem(problem)) => {
                let reason = problem.fields.first().map_or_else(|| problem.code.to_owned(), |field| format!("{}: {}", field.field, field.code));
                imported.rejected.push(Rejected { line: piece.line, reason });
            }
            Err(other) => return Err(other.into()),
        }
    }
    if !query.dry_run {
        tx.commit().await?;
    }
    Ok(Json(imported))
}

/// The text to import, from a file or from the JSON body.
async fn read(app: &App, request: Request) -> std::result::Result<parse::Source, Problem> {
    let form = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("multipart/"));
    if !form {
        let Json(pasted) = Json::<Pasted>::from_request(request, app).await.map_err(|error| error.0)?;
        return match (pasted.html, pasted.text) {
            (Some(html), _) if !html.trim().is_empty() => Ok(parse::Source::Html(html)),
            (_, Some(text)) if !text.trim().is_empty() => Ok(parse::Source::of_text("", text)),
            _ => Err(Problem::field("text", "required", "paste a text or a page")),
        };
    }
    let unreadable = |_| Problem::invalid("body_unreadable", "send one file as multipart/form-data");
    let mut form = Multipart::from_request(request, app).await.map_err(|_| Problem::invalid("body_unreadable", "send one file as multipart/form-data"))?;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_lowercase();
            let bytes: Bytes = field.bytes().await.map_err(unreadable)?;
            return parse::Source::of_file(&name, &bytes);
        }
    }
    Err(Problem::field("file", "required", "send one file in the field \"file\""))
}

enum Brought {
    Created,
    Updated,
    Unchanged,
}

struct Importer<'a> {
    environment: &'a Environment,
    workspace: WorkspaceId,
    actor: Actor,
    query: &'a ImportQuery,
    publish: bool,
    default_category: Option<CategoryId>,
}

impl Importer<'_> {
    async fn bring(&mut self, tx: &mut Tx, piece: &Piece) -> Result<Brought> {
        let locale = piece.locale.or(self.query.locale).unwrap_or_default();
        let category = self.category(tx, piece.category.as_deref(), locale).await?;
        let known: Option<(ArticleId,)> = tx
            .optional(
                "SELECT t.article_id FROM article_texts t JOIN articles a ON a.workspace_id = t.workspace_id AND a.id = t.article_id \
                 WHERE t.workspace_id = $1 AND t.locale = $2 AND t.title = $3 AND a.archived_at IS NULL LIMIT 1",
                params![self.workspace, locale, &piece.title],
            )
            .await?;
        let brought = match known {
            None => {
                let new = NewArticle {
                    category_id: category,
                    locale,
                    title: piece.title.clone(),
                    body: piece.body.clone(),
                    summary: String::new(),
                    questions: piece.questions.clone(),
                    audience: articles::Audience::Public,
                };
                let article = articles::create(tx, self.environment, self.workspace, self.actor, new).await?;
                self.publish(tx, article.id, locale).await?;
                Brought::Created
            }
            Some((id,)) => {
                let article = articles::load(tx, self.workspace, id).await?;
                let Some(text) = article.texts.get(&locale) else { return Ok(Brought::Unchanged) };
                if text.body == piece.body && (piece.questions.is_empty() || text.questions == piece.questions) {
                    return Ok(Brought::Unchanged);
                }
                let questions = if piece.questions.is_empty() { text.questions.clone() } else { piece.questions.clone() };
                let text = Text {
                    title: piece.title.clone(),
                    body: piece.body.clone(),
                    summary: text.summary.clone(),
                    questions,
                    video_url: text.video_url.clone(),
                    version: text.version,
                };
                articles::save(tx, self.environment, self.workspace, self.actor, id, locale, text).await?;
                self.publish(tx, id, locale).await?;
                Brought::Updated
            }
        };
        Ok(brought)
    }

    async fn publish(&self, tx: &mut Tx, id: ArticleId, locale: Locale) -> Result<()> {
        if self.publish {
            articles::publish(tx, self.environment, self.workspace, self.actor, id, locale).await?;
        }
        Ok(())
    }

    /// The category of this name in any language, made when there is none.
    async fn category(&mut self, tx: &mut Tx, name: Option<&str>, locale: Locale) -> Result<CategoryId> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
            if let Some(category) = self.default_category {
                return Ok(category);
            }
            let general = match locale {
                Locale::Fi => "Yleistä",
                Locale::Sv => "Allmänt",
                Locale::En => "General",
            };
            let category = self.named(tx, general, locale).await?;
            self.default_category = Some(category);
            return Ok(category);
        };
        self.named(tx, name, locale).await
    }

    async fn named(&self, tx: &mut Tx, name: &str, locale: Locale) -> Result<CategoryId> {
        let wanted = name.to_lowercase();
        let all = categories::all(tx, self.workspace).await?;
        if let Some(found) = all.iter().find(|category| category.title.values().any(|title| title.to_lowercase() == wanted)) {
            return Ok(found.id);
        }
        let new = NewCategory { title: [(locale, name.to_owned())].into_iter().collect(), ..NewCategory::default() };
        Ok(categories::create(tx, self.environment, self.workspace, new).await?.id)
    }
}
