//! The knowledge bank: categories and articles in several languages, their drafts, revisions and publication, imports, and the
//! public help centre.
//!
//! Invariants: the public sees published revisions only; saving is optimistic (a stale version is refused with the current
//! text, nothing is overwritten); every save of text is a revision and can be restored.

pub mod articles;
mod care;
pub mod categories;
pub mod guides;
pub mod import;
pub mod markdown;
pub mod public;
pub mod slug;

use ennakoi_http::{EventKind, Module};

/// The module.
#[must_use]
pub fn module() -> Module {
    let centre = public::Centre::default();
    let mut module = Module::new("help");
    module.background = vec![public::background(centre.clone())];
    module.followers = vec![guides::follower()];
    module.routes = categories::routes();
    module.routes.extend(articles::api::routes());
    module.routes.extend(care::routes());
    module.routes.extend(guides::routes());
    module.routes.extend(import::routes());
    module.routes.extend(public::routes());
    module.events = &[
        EventKind { kind: "article.created", summary: "An article was begun.", webhook: false },
        EventKind { kind: "article.updated", summary: "An article's category, audience or text changed.", webhook: false },
        EventKind { kind: "article.published", summary: "A text of an article became public.", webhook: true },
        EventKind { kind: "article.unpublished", summary: "A text of an article was taken back.", webhook: true },
        EventKind { kind: "article.archived", summary: "An article was put away.", webhook: true },
        EventKind { kind: "article.rated", summary: "A reader said whether an article helped.", webhook: false },
        EventKind { kind: "help.search_failed", summary: "A search in the help centre found nothing.", webhook: true },
        EventKind { kind: "guide.published", summary: "A troubleshooting guide became public.", webhook: true },
        EventKind { kind: "guide.unpublished", summary: "A troubleshooting guide was taken back.", webhook: true },
        EventKind { kind: "category.changed", summary: "A category of the knowledge bank was added, changed or removed.", webhook: false },
    ];
    module.share(centre)
}
