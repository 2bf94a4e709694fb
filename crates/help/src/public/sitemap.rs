//! For search engines: every public page of a workspace with its translations, and what may be read at all.

use std::{fmt::Write, sync::Arc};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, Path};
use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;

use super::{
    centre::Centre,
    pages::{article_path, category_path, nothing},
    render,
    response::{Keep, Page},
    shelf::{Shelf, Text},
    store, texts,
};

/// Addresses of one sitemap, by the protocol.
const URLS: usize = 50_000;

/// `GET /help/{slug}/sitemap.xml`
pub(super) async fn read_help_sitemap(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path(slug): Path<String>,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some(shelf) = centre.shelf(&app, &slug).await?.filter(|shelf| shelf.is_open()) else { return Ok(nothing()) };
    let key = "sitemap.xml".to_owned();
    let page = match shelf.page(&key) {
        Some(page) => page,
        None => {
            let page = Arc::new(Page::plain(sitemap(&app.public_url(), &shelf), "application/xml; charset=utf-8", Keep::Shared));
            shelf.keep_page(key, page.clone());
            page
        }
    };
    Ok(page.answer(&request, "", 0))
}

/// One page in all its languages.
struct Entry {
    paths: Vec<(Locale, String)>,
    default: Option<String>,
    modified: Option<Timestamp>,
}

fn sitemap(site: &str, shelf: &Shelf) -> String {
    let mut entries = vec![Entry {
        paths: shelf.written().map(|locale| (locale, render::home(&shelf.workspace.slug, locale))).collect(),
        default: Some(format!("/help/{}/", shelf.workspace.slug)),
        modified: None,
    }];
    for category in &shelf.categories {
        let written = shelf.written().filter(|locale| shelf.of(*locale).count_in(category.id) > 0);
        entries.push(Entry { paths: written.map(|locale| (locale, category_path(shelf, locale, category))).collect(), default: None, modified: None });
    }
    // Each article once: in the first of the company's languages that it is written in.
    let first = |text: &&Text| shelf.translations(text.head.id).next().is_some_and(|other| other.head.locale == text.head.locale);
    for text in shelf.written().flat_map(|locale| shelf.of(locale).texts.iter()).filter(first) {
        let translations: Vec<&Text> = shelf.translations(text.head.id).collect();
        let modified = translations.iter().map(|text| text.head.published_at).max();
        entries.push(Entry { paths: translations.iter().map(|text| (text.head.locale, article_path(shelf, text))).collect(), default: None, modified });
    }
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n",
    );
    let mut written = 0;
    for entry in &entries {
        if written + entry.paths.len() > URLS {
            break;
        }
        written += entry.paths.len();
        write_entry(&mut xml, site, entry);
    }
    xml.push_str("</urlset>\n");
    xml
}

fn write_entry(xml: &mut String, site: &str, entry: &Entry) {
    let mut alternates = String::new();
    let default = entry.default.as_ref().or_else(|| entry.paths.first().map(|(_, path)| path));
    let named = entry.paths.iter().map(|(locale, path)| (locale.as_str(), path)).chain(default.map(|path| ("x-default", path)));
    for (language, path) in named {
        let _ = writeln!(alternates, "<xhtml:link rel=\"alternate\" hreflang=\"{language}\" href=\"{}\"/>", escaped(&format!("{site}{path}")));
    }
    for (_, path) in &entry.paths {
        let _ = write!(xml, "<url><loc>{}</loc>", escaped(&format!("{site}{path}")));
        if let Some(at) = entry.modified {
            let _ = write!(xml, "<lastmod>{}</lastmod>", texts::day(Locale::En, at, "UTC").1);
        }
        let _ = writeln!(xml, "\n{alternates}</url>");
    }
}

/// Slugs hold nothing that needs it; the configured address might.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

/// `GET /robots.txt`: help pages may be read, the rest is not for search engines. The sitemap stands there only when the
/// installation serves one company, for a list of all would name everybody who is served.
pub(super) async fn read_robots(State(app): State<App>) -> ApiResult<Response> {
    let workspaces = store::two_workspaces(&mut app.db.read().await?).await?;
    let mut text = "User-agent: *\nDisallow: /app/\nDisallow: /api/\nDisallow: /widget/\nDisallow: /w/\nDisallow: /demo/\nDisallow: /help/*?q=\n".to_owned();
    if let [(slug,)] = &workspaces[..] {
        let _ = writeln!(text, "\nSitemap: {}/help/{slug}/sitemap.xml", app.public_url());
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")], text).into_response())
}
