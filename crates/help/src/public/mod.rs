//! The public help centre: pages that the server renders, which need no script, no cookie and no other site.
//!
//! Invariants: only published texts of articles for the public are read; every text is escaped or sanitised; a page whose
//! workspace has switched the help centre off is not there; nothing about a reader is stored but a vote under a mark that
//! names nobody.

mod assets;
mod centre;
mod colour;
mod feedback;
mod guide;
mod languages;
mod pages;
mod render;
mod response;
mod search;
mod search_pages;
mod shelf;
mod sitemap;
mod store;
mod structured;
mod texts;
mod views;
mod widget;

use std::sync::Arc;

use ennakoi_http::{Background, RateLimit, Route, get, post};
use ennakoi_kernel::access::Access;

pub(crate) use centre::Centre;
pub(crate) use shelf::language as language_of;

pub(crate) fn routes() -> Vec<Route> {
    let open = Access::Public;
    let routes = vec![
        get("/help/{slug}", "redirect_help", open, pages::redirect_help).summary("To the help centre in the reader's language"),
        get("/help/{slug}/", "redirect_help_home", open, pages::redirect_help).summary("To the help centre in the reader's language"),
        get("/help/{slug}/sitemap.xml", "read_help_sitemap", open, sitemap::read_help_sitemap).summary("Every public page with its translations"),
        get("/help/{slug}/{locale}", "redirect_help_locale", open, pages::redirect_help_locale).summary("To the help centre's start page"),
        get("/help/{slug}/{locale}/", "show_help_home", open, pages::show_help_home).summary("The help centre, or with q a search in it"),
        get("/help/{slug}/{locale}/c/{category}", "show_help_category", open, pages::show_help_category).summary("Articles of a category"),
        get("/help/{slug}/{locale}/a/{article}", "show_help_article", open, pages::show_help_article).summary("An article"),
        get("/help/{slug}/{locale}/g/{guide}", "show_help_guide", open, guide::show_help_guide).summary("A step of a troubleshooting guide"),
        get("/help/{slug}/{locale}/search.json", "search_help", open, search_pages::search_help)
            .summary("Suggestions while typing")
            .returns::<search_pages::Suggestions>(200),
        get("/help/assets/{file}", "read_help_asset", open, assets::read_help_asset).summary("Style sheet and script of the pages"),
        get("/robots.txt", "read_robots", open, sitemap::read_robots).summary("What search engines may read"),
        get("/widget/v1/{public_key}/articles", "list_widget_articles", open, widget::list_widget_articles)
            .summary("Articles for the chat widget: found by q, or the most read")
            .query::<widget::ArticleQuery>()
            .returns::<widget::WidgetArticles>(200),
    ];
    let mut routes: Vec<Route> = routes.into_iter().map(|route| route.rate(RateLimit::Pages)).collect();
    routes.push(
        post("/help/{slug}/{locale}/a/{article}/feedback", "rate_article", open, feedback::rate_article)
            .summary("A reader says whether an article helped (form)")
            .answers(303)
            .rate(RateLimit::Visitor),
    );
    routes.push(
        post("/help/{slug}/{locale}/g/{guide}/outcome", "end_help_guide", open, guide::end_help_guide)
            .summary("A reader says how a guide ended (form)")
            .answers(303)
            .rate(RateLimit::Visitor),
    );
    routes
}

/// Writes counted views while the server runs.
pub(crate) fn background(centre: Centre) -> Background {
    Arc::new(move |app, stop| Box::pin(views::run(centre.clone(), app, stop)))
}
