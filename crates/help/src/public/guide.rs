//! Troubleshooting guides for readers: one step a page, each choice a link, no script needed.

use axum::{
    Extension, Form,
    extract::{RawQuery, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use ennakoi_http::{ApiResult, App, Path};
use ennakoi_people::Locale;
use ennakoi_store::Result;
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    centre::Centre,
    pages::{is_a_reader, missing, nothing, open, parameter, video},
    render::{self, Alternate, Frame, Link},
    response::Keep,
    shelf::{self, Shelf},
    structured, texts,
};
use crate::{
    guides::{GuideStep, Happened, PERSON, PublishedGuide, SOLVED, add, published},
    markdown,
};

/// Guides on the start page.
pub(super) const ON_HOME: usize = 12;
/// Characters of a description in search engines.
const DESCRIPTION: usize = 155;

pub(super) fn guide_path(workspace: &str, locale: Locale, slug: &str) -> String {
    format!("{}g/{slug}", render::home(workspace, locale))
}

/// The public guide of this address, if it is complete in the language.
async fn find(app: &App, shelf: &Shelf, locale: Locale, slug: &str) -> Result<Option<PublishedGuide>> {
    let found = published(&mut app.db.read().await?, shelf.workspace.id, Some(slug)).await?.pop();
    Ok(found.filter(|found| found.guide.complete().contains(&locale)))
}

/// `GET /help/{slug}/{locale}/g/{guide}`
pub(super) async fn show_help_guide(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path((slug, locale, guide)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let Some(found) = find(&app, &shelf, locale, &guide).await? else { return missing(&app, &shelf, locale, &request) };
    let query = query.as_deref();
    let wanted = parameter(query, "s");
    let step = match &wanted {
        Some(id) => found.guide.step(id),
        None => found.guide.first(),
    };
    let Some(step) = step else { return missing(&app, &shelf, locale, &request) };
    let ended = parameter(query, "done").filter(|done| [SOLVED, "unsolved", PERSON].contains(&done.as_str()));
    let from = parameter(query, "from").filter(|from| found.guide.step(from).is_some_and(|before| before.choices.iter().any(|choice| choice.to == step.id)));
    if ended.is_none() && is_a_reader(&request) {
        let day = shelf::day(app.environment.now());
        let mut tx = app.db.begin().await?;
        if let Some(from) = &from {
            add(&mut tx, shelf.workspace.id, &Happened { guide: found.id, channel: "page", step: from, what: &format!("to:{}", step.id), day }).await?;
        }
        add(&mut tx, shelf.workspace.id, &Happened { guide: found.id, channel: "page", step: &step.id, what: "shown", day }).await?;
        tx.commit().await?;
    }
    let page = page(&app, &shelf, locale, &found, step, from.as_deref(), ended.as_deref().unwrap_or_default())?;
    Ok(page.answer(&request, "", 0))
}

fn page(
    app: &App,
    shelf: &Shelf,
    locale: Locale,
    found: &PublishedGuide,
    step: &GuideStep,
    from: Option<&str>,
    ended: &str,
) -> Result<super::response::Page, ennakoi_kernel::Problem> {
    let (site, guide) = (app.public_url(), &found.guide);
    let path = guide_path(&shelf.workspace.slug, locale, &found.slug);
    let in_language = |texts: &std::collections::BTreeMap<Locale, String>| texts.get(&locale).cloned().unwrap_or_default();
    let title = in_language(&guide.title);
    let is_first = guide.first().is_some_and(|first| first.id == step.id);
    let mut frame = Frame::new(shelf, &site, locale, path.clone());
    frame.title.clone_from(&title);
    let summary = in_language(&guide.summary);
    frame.description = if summary.is_empty() { markdown::beginning(&in_language(&step.text), DESCRIPTION) } else { summary.clone() };
    // Search engines begin at the beginning.
    frame.indexed = is_first && from.is_none() && ended.is_empty();
    let spoken: Vec<Locale> = guide.complete().into_iter().filter(|other| shelf.speaks(*other)).collect();
    frame.alternates = spoken.iter().map(|other| Alternate { locale: *other, path: guide_path(&shelf.workspace.slug, *other, &found.slug) }).collect();
    frame.default_path = frame.alternates.first().map(|alternate| alternate.path.clone());
    let home = Link { title: texts::say(locale, "help_centre", &[]), href: render::home(&shelf.workspace.slug, locale) };
    frame.crumbs = vec![home, Link { title: title.clone(), href: path.clone() }];
    frame.data = vec![structured::breadcrumb(&site, &frame.crumbs)];
    // What ends it is a button of the form, what goes on is a link.
    let (ways, ends): (Vec<_>, Vec<_>) = step.choices.iter().partition(|choice| guide.step(&choice.to).is_some());
    let ways: Vec<Value> =
        ways.into_iter().map(|choice| context! { label => in_language(&choice.label), href => format!("{path}?s={}&from={}", choice.to, step.id) }).collect();
    let ends: Vec<Value> = ends.into_iter().map(|choice| context! { label => in_language(&choice.label), value => &choice.to }).collect();
    let film = step.video_url.as_deref().and_then(video).map(|film| {
        let host = film.get_attr("host").ok().map(|host| host.to_string()).unwrap_or_default();
        context! { opens => texts::say(locale, "video_opens", &[("host", &host)]), ..film }
    });
    let values = context! {
        heading => &title, summary => if is_first { summary } else { String::new() },
        body => Value::from_safe_string(markdown::to_html(&in_language(&step.text))), video => film,
        picture => step.picture_url.as_ref().map(|src| context! { src => src, alt => in_language(&step.picture_alt) }),
        ways, ends, is_end => step.choices.is_empty(), ended, step => &step.id, action => format!("{path}/outcome"),
        again => (!is_first).then(|| path.clone()), back => from.map(|from| format!("{path}?s={from}")),
    };
    Ok(render::page("guide.html", &frame, values, StatusCode::OK, Keep::Never)?.modified(found.published_at))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    step: String,
    outcome: String,
}

/// `POST /help/{slug}/{locale}/g/{guide}/outcome`
pub(super) async fn end_help_guide(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path((slug, locale, guide)): Path<(String, String, String)>,
    request: HeaderMap,
    form: std::result::Result<Form<Outcome>, FormRejection>,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let Some(found) = find(&app, &shelf, locale, &guide).await? else { return missing(&app, &shelf, locale, &request) };
    let told =
        form.ok().map(|Form(told)| told).filter(|told| found.guide.step(&told.step).is_some() && [SOLVED, "unsolved", PERSON].contains(&told.outcome.as_str()));
    let Some(told) = told else { return missing(&app, &shelf, locale, &request) };
    let day = shelf::day(app.environment.now());
    let mut tx = app.db.begin().await?;
    add(&mut tx, shelf.workspace.id, &Happened { guide: found.id, channel: "page", step: &told.step, what: &told.outcome, day }).await?;
    tx.commit().await?;
    let anchor = if told.outcome == SOLVED { "feedback" } else { "person" };
    let path = guide_path(&shelf.workspace.slug, locale, &found.slug);
    Ok(Redirect::to(&format!("{path}?s={}&done={}#{anchor}", told.step, told.outcome)).into_response())
}

/// Guides for the start page.
pub(super) fn on_home(shelf: &Shelf, locale: Locale) -> Vec<Value> {
    let complete = shelf.guides.iter().filter(|found| found.guide.complete().contains(&locale));
    complete
        .take(ON_HOME)
        .map(|found| {
            let text = |texts: &std::collections::BTreeMap<Locale, String>| texts.get(&locale).cloned().unwrap_or_default();
            context! { href => guide_path(&shelf.workspace.slug, locale, &found.slug), title => text(&found.guide.title), summary => text(&found.guide.summary) }
        })
        .collect()
}
