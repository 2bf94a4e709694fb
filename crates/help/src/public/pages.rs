//! The start page, categories and articles.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, ClientAddress, Path};
use ennakoi_kernel::Problem;
use ennakoi_people::Locale;
use minijinja::{Value, context};

use super::{
    centre::Centre,
    feedback, guide, languages,
    render::{self, Alternate, Frame, Link},
    response::{Keep, Page, elsewhere, moved},
    search_pages,
    shelf::{self, MOST_READ, Shelf, Text},
    store::DayOf,
    structured::{self, ArticleFacts},
    texts,
};
use crate::{
    articles::{self, PublishedText},
    categories::Category,
    markdown,
};

/// Articles on one page of a category.
const CATEGORY_PAGE: usize = 50;
/// Articles of other languages shown below a category's own.
const ELSEWHERE: usize = 10;
/// Related articles.
const RELATED: usize = 5;
/// Characters of a description in search engines and of a line in a list.
const DESCRIPTION: usize = 155;
/// Questions in the structured data of a category.
const STRUCTURED_QUESTIONS: usize = 25;

/// A value of the query string; the first one when it is repeated.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// The open help centre of this name in this language.
pub(super) async fn open(app: &App, centre: &Centre, slug: &str, locale: &str) -> Result<Option<(Arc<Shelf>, Locale)>, Problem> {
    let Ok(locale) = locale.parse::<Locale>() else { return Ok(None) };
    let shelf = centre.shelf(app, slug).await?;
    Ok(shelf.filter(|shelf| shelf.is_open() && shelf.speaks(locale)).map(|shelf| (shelf, locale)))
}

/// What is not there and belongs to nobody.
pub(super) fn nothing() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], "Not found\n").into_response()
}

/// A page of the help centre that says that the wanted one is not there.
pub(super) fn missing(app: &App, shelf: &Shelf, locale: Locale, request: &HeaderMap) -> ApiResult<Response> {
    let site = app.public_url();
    let mut frame = Frame::new(shelf, &site, locale, render::home(&shelf.workspace.slug, locale));
    frame.title = texts::say(locale, "missing_title", &[]);
    frame.indexed = false;
    let page = render::page("missing.html", &frame, context! {}, StatusCode::NOT_FOUND, Keep::Never)?;
    Ok(page.answer(request, "", 0))
}

/// `GET /help/{slug}/`
pub(super) async fn redirect_help(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path(slug): Path<String>,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some(shelf) = centre.shelf(&app, &slug).await?.filter(|shelf| shelf.is_open()) else { return Ok(nothing()) };
    let written: Vec<Locale> = shelf.written().collect();
    let offered = if written.is_empty() { shelf.workspace.languages.clone() } else { written };
    let locale = languages::preferred(&request, &offered).unwrap_or(offered.first().copied().unwrap_or(shelf.workspace.default_language));
    Ok(elsewhere(&render::home(&shelf.workspace.slug, locale)))
}

/// `GET /help/{slug}/{locale}`
pub(super) async fn redirect_help_locale(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path((slug, locale)): Path<(String, String)>,
) -> ApiResult<Response> {
    Ok(open(&app, &centre, &slug, &locale).await?.map_or_else(nothing, |(shelf, locale)| moved(&render::home(&shelf.workspace.slug, locale))))
}

/// `GET /help/{slug}/{locale}/`
pub(super) async fn show_help_home(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Extension(address): Extension<ClientAddress>,
    Path((slug, locale)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let asked = parameter(query.as_deref(), "q").filter(|asked| !asked.trim().is_empty());
    if let Some(asked) = asked {
        return search_pages::show(&app, &shelf, locale, &asked, &address, &request).await;
    }
    let path = render::home(&shelf.workspace.slug, locale);
    let page = kept(&shelf, path.clone(), || home(&app, &shelf, locale, path))?;
    Ok(page.answer(&request, "", 0))
}

/// The page of this path, rendered if it was not yet.
fn kept(shelf: &Shelf, path: String, make: impl FnOnce() -> Result<Page, Problem>) -> Result<Arc<Page>, Problem> {
    if let Some(page) = shelf.page(&path) {
        return Ok(page);
    }
    let page = Arc::new(make()?);
    shelf.keep_page(path, page.clone());
    Ok(page)
}

fn alternates_of_home(shelf: &Shelf) -> Vec<Alternate> {
    shelf.written().map(|locale| Alternate { locale, path: render::home(&shelf.workspace.slug, locale) }).collect()
}

fn home(app: &App, shelf: &Shelf, locale: Locale, path: String) -> Result<Page, Problem> {
    let site = app.public_url();
    let here = shelf.of(locale);
    let mut frame = Frame::new(shelf, &site, locale, path);
    frame.alternates = alternates_of_home(shelf);
    frame.default_path = Some(format!("/help/{}/", shelf.workspace.slug));
    frame.data = vec![structured::website(shelf, &site, locale, &frame.path)];
    frame.indexed = !here.texts.is_empty();
    let categories: Vec<Value> = shelf
        .categories
        .iter()
        .map(|category| (category, here.count_in(category.id)))
        .filter(|(_, count)| *count > 0)
        .map(|(category, count)| {
            context! {
                href => category_path(shelf, locale, category), title => category.title_in(locale), description => category.description_in(locale),
                count => texts::counted(locale, "articles", count, &[]),
            }
        })
        .collect();
    let most_read: Vec<Value> = here.most_read().take(MOST_READ).map(|text| Value::from(&link(shelf, text))).collect();
    let newest = here.texts.iter().map(|text| text.head.published_at).max();
    let page = render::page("home.html", &frame, context! { categories, most_read, guides => guide::on_home(shelf, locale) }, StatusCode::OK, Keep::Shared)?;
    Ok(match newest {
        Some(at) => page.modified(at),
        None => page,
    })
}

pub(super) fn article_path(shelf: &Shelf, text: &Text) -> String {
    format!("{}a/{}", render::home(&shelf.workspace.slug, text.head.locale), text.head.slug)
}

pub(super) fn category_path(shelf: &Shelf, locale: Locale, category: &Category) -> String {
    format!("{}c/{}", render::home(&shelf.workspace.slug, locale), category.slug)
}

fn link(shelf: &Shelf, text: &Text) -> Link {
    Link { title: text.head.title.clone(), href: article_path(shelf, text) }
}

/// An article in a list, with its language when that is another one.
fn row(shelf: &Shelf, text: &Text) -> Value {
    context! { title => &text.head.title, href => article_path(shelf, text), excerpt => text.excerpt(DESCRIPTION), lang => text.head.locale.as_str() }
}

/// `GET /help/{slug}/{locale}/c/{category}`
pub(super) async fn show_help_category(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path((slug, locale, category)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let Some(category) = shelf.category(&category) else { return missing(&app, &shelf, locale, &request) };
    let number = parameter(query.as_deref(), "page").and_then(|number| number.parse::<usize>().ok()).unwrap_or(1);
    let pages = shelf.of(locale).count_in(category.id).div_ceil(CATEGORY_PAGE).max(1);
    if !(1..=pages).contains(&number) {
        return missing(&app, &shelf, locale, &request);
    }
    let path = category_path(&shelf, locale, category);
    let key = format!("{path}?page={number}");
    let page = kept(&shelf, key, || category_page(&app, &shelf, locale, category, path, number, pages))?;
    Ok(page.answer(&request, "", 0))
}

fn category_page(app: &App, shelf: &Shelf, locale: Locale, category: &Category, path: String, number: usize, pages: usize) -> Result<Page, Problem> {
    let site = app.public_url();
    let all = shelf.of(locale).of_category(category.id);
    let shown: Vec<&Text> = all.iter().copied().skip((number - 1) * CATEGORY_PAGE).take(CATEGORY_PAGE).collect();
    let numbered = |number: usize| if number == 1 { path.clone() } else { format!("{path}?page={number}") };
    let mut frame = Frame::new(shelf, &site, locale, numbered(number));
    frame.title = category.title_in(locale).to_owned();
    let described = category.description_in(locale);
    if !described.is_empty() {
        frame.description = described.to_owned();
    }
    let has_articles = |locale: &Locale| shelf.of(*locale).count_in(category.id) > 0;
    if number == 1 {
        frame.alternates = shelf.written().filter(has_articles).map(|locale| Alternate { locale, path: category_path(shelf, locale, category) }).collect();
        frame.default_path = frame.alternates.first().map(|alternate| alternate.path.clone());
    }
    frame.indexed = !all.is_empty();
    frame.crumbs = crumbs(shelf, locale, Some(category), None);
    frame.data = vec![structured::breadcrumb(&site, &frame.crumbs)];
    if !shown.is_empty() {
        let questions = shown.iter().take(STRUCTURED_QUESTIONS).map(|text| (text.head.title.as_str(), text.excerpt(500)));
        frame.data.push(structured::questions(locale, questions));
    }
    let elsewhere: Vec<Value> = shelf
        .written()
        .filter(|other| *other != locale)
        .flat_map(|other| shelf.of(other).of_category(category.id))
        .filter(|text| shelf.of(locale).article(text.head.id).is_none())
        .take(ELSEWHERE)
        .map(|text| row(shelf, text))
        .collect();
    let values = context! {
        heading => category.title_in(locale), described, articles => shown.iter().map(|text| row(shelf, text)).collect::<Vec<_>>(), elsewhere,
        previous => (number > 1).then(|| numbered(number - 1)), next => (number < pages).then(|| numbered(number + 1)), number, pages,
    };
    render::page("category.html", &frame, values, StatusCode::OK, Keep::Shared)
}

fn crumbs(shelf: &Shelf, locale: Locale, category: Option<&Category>, article: Option<&Text>) -> Vec<Link> {
    let home = Link { title: texts::say(locale, "help_centre", &[]), href: render::home(&shelf.workspace.slug, locale) };
    let category = category.map(|category| Link { title: category.title_in(locale).to_owned(), href: category_path(shelf, locale, category) });
    let article = article.map(|text| link(shelf, text));
    std::iter::once(home).chain(category).chain(article).collect()
}

/// What the page says about the reader's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rated {
    Unasked,
    Yes,
    No,
    /// The form was too old, or was not ours.
    Expired,
}

impl Rated {
    const fn name(self) -> &'static str {
        match self {
            Self::Unasked => "",
            Self::Yes => "yes",
            Self::No => "no",
            Self::Expired => "expired",
        }
    }
}

/// `GET /help/{slug}/{locale}/a/{article}`
pub(super) async fn show_help_article(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Extension(address): Extension<ClientAddress>,
    Path((slug, locale, article)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let rated = match parameter(query.as_deref(), "rated").as_deref() {
        Some("yes") => Rated::Yes,
        Some("no") => Rated::No,
        _ => Rated::Unasked,
    };
    show_article(&app, &centre, &shelf, locale, &article, rated, &address, &request).await
}

#[expect(clippy::too_many_arguments, reason = "what a page is made from, read once by the handler")]
pub(super) async fn show_article(
    app: &App,
    centre: &Centre,
    shelf: &Shelf,
    locale: Locale,
    article: &str,
    rated: Rated,
    address: &ClientAddress,
    request: &HeaderMap,
) -> ApiResult<Response> {
    let Some(text) = shelf.of(locale).by_slug(article) else {
        return in_another_language(shelf, locale, article).map_or_else(|| missing(app, shelf, locale, request), |path| Ok(elsewhere(&path)));
    };
    let path = article_path(shelf, text);
    let key = format!("{path}?rated={}", rated.name());
    let page = match shelf.page(&key) {
        Some(page) => page,
        None => {
            let published = articles::published_by_slug(&mut app.db.read().await?, shelf.workspace.id, locale, article).await?;
            // Taken back in this very moment.
            let Some(published) = published else { return missing(app, shelf, locale, request) };
            let page = Arc::new(article_page(app, shelf, text, &published, path, rated)?);
            shelf.keep_page(key, page.clone());
            page
        }
    };
    let now = app.environment.now();
    if rated == Rated::Unasked && is_a_reader(request) {
        centre.views().add(DayOf { workspace: shelf.workspace.id, article: text.head.id, locale, day: shelf::day(now) }, 1);
    }
    let token = if page.has_gap() { feedback::token(app, shelf, text, address, request) } else { String::new() };
    Ok(page.answer(request, &token, shelf::day(now)))
}

/// Search engines and link previews read, too, but they are not counted.
pub(super) fn is_a_reader(request: &HeaderMap) -> bool {
    const MACHINES: [&str; 7] = ["bot", "crawl", "spider", "slurp", "preview", "facebookexternalhit", "monitor"];
    let agent = request.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    !MACHINES.iter().any(|machine| agent.contains(machine))
}

/// Where to read the article that has this name in another language: its translation, or itself.
fn in_another_language(shelf: &Shelf, locale: Locale, article: &str) -> Option<String> {
    let other = shelf.written().filter(|other| *other != locale).find_map(|other| shelf.of(other).by_slug(article))?;
    Some(article_path(shelf, shelf.of(locale).article(other.head.id).unwrap_or(other)))
}

/// A how-to film, shown without asking another site for anything before the reader does.
pub(super) fn video(url: &str) -> Option<Value> {
    let parsed = url::Url::parse(url).ok().filter(|parsed| parsed.scheme() == "https")?;
    let host = parsed.host_str()?.trim_start_matches("www.").to_owned();
    let path = parsed.path().to_ascii_lowercase();
    let is_file = [".mp4", ".webm", ".ogv", ".m4v"].iter().any(|ending| path.ends_with(ending));
    Some(context! { href => parsed.as_str(), host, is_file })
}

fn article_page(app: &App, shelf: &Shelf, text: &Text, published: &PublishedText, path: String, rated: Rated) -> Result<Page, Problem> {
    let (site, locale) = (app.public_url(), text.head.locale);
    let mut frame = Frame::new(shelf, &site, locale, path.clone());
    frame.title.clone_from(&published.title);
    frame.description = text.excerpt(DESCRIPTION);
    frame.indexed = rated == Rated::Unasked;
    let translations: Vec<&Text> = shelf.translations(text.head.id).collect();
    frame.alternates = translations.iter().map(|other| Alternate { locale: other.head.locale, path: article_path(shelf, other) }).collect();
    frame.default_path = frame.alternates.first().map(|alternate| alternate.path.clone());
    let category = shelf.categories.iter().find(|category| category.id == text.head.category);
    frame.crumbs = crumbs(shelf, locale, category, Some(text));
    let (_, day) = texts::day(locale, published.published_at, &shelf.workspace.timezone);
    let facts = ArticleFacts { title: &published.title, description: &frame.description, url: format!("{site}{path}"), published: day };
    frame.data = vec![structured::article(shelf, &site, locale, &facts), structured::breadcrumb(&site, &frame.crumbs)];
    let gap = app.environment.token(16);
    let film = published.video_url.as_deref().and_then(video).map(|film| {
        let host = film.get_attr("host").ok().map(|host| host.to_string()).unwrap_or_default();
        context! { opens => texts::say(locale, "video_opens", &[("host", &host)]), ..film }
    });
    let values = context! {
        heading => &published.title, summary => &published.summary, body => Value::from_safe_string(markdown::to_html(&published.body)), video => film,
        related => shelf.of(locale).related(text, RELATED).into_iter().map(|other| Value::from(&link(shelf, other))).collect::<Vec<_>>(),
        updated => render::date(shelf, locale, published.published_at), rated => rated.name(), token => &gap, action => format!("{path}/feedback"),
    };
    let (status, keep) = match rated {
        Rated::Expired => (StatusCode::BAD_REQUEST, Keep::Never),
        Rated::Unasked => (StatusCode::OK, Keep::Private),
        Rated::Yes | Rated::No => (StatusCode::OK, Keep::Never),
    };
    Ok(render::page("article.html", &frame, values, status, keep)?.with_gap(&gap).modified(published.published_at))
}
