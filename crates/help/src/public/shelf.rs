//! What one workspace shows to the public, held in memory: everything but the bodies of its articles, with a search index for
//! each language and the pages that were rendered from it. A shelf never changes; a change of the knowledge bank makes a new one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, CategoryId},
};
use ennakoi_language::Language;
use ennakoi_people::{Locale, workspaces::Workspace};
use ennakoi_store::{Error, Result, Tx, timeline};
use uuid::Uuid;

use super::{
    colour,
    response::Page,
    search::{Found, Index, Marks, Terms},
    store::{self, Head},
};
use crate::{
    categories::{self, Category},
    guides::{self, PublishedGuide},
    markdown,
};

/// Characters of an article's plain text that are kept for excerpts.
const EXCERPT_SOURCE: usize = 2_000;
/// Rendered pages and their bytes that one shelf holds.
const PAGES_MAX: usize = 5_000;
const PAGES_BYTES: usize = 24 << 20;
/// Articles in the list of the most read.
pub(super) const MOST_READ: usize = 8;

/// The words of one published revision: made once, taken over by every later shelf.
#[derive(Debug)]
struct Words {
    revision: i64,
    /// The beginning of summary and body without marks.
    plain: String,
    terms: Terms,
}

/// A published text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) head: Head,
    /// In the last 90 days, if it is among the most read.
    views: i64,
    words: Arc<Words>,
}

impl Text {
    /// A line or two about the article.
    pub(super) fn excerpt(&self, most: usize) -> String {
        let source = if self.head.summary.trim().is_empty() { &self.words.plain } else { &self.head.summary };
        Marks::default().excerpt(language(self.head.locale), source, most)
    }

    /// The part of the article that a search found.
    pub(super) fn found_in(&self, marks: &Marks, most: usize) -> String {
        marks.excerpt(language(self.head.locale), &self.words.plain, most)
    }
}

/// The texts of one language.
#[derive(Debug)]
pub(super) struct LanguageShelf {
    pub(super) texts: Vec<Text>,
    by_slug: HashMap<String, usize>,
    by_article: HashMap<ArticleId, usize>,
    index: Index,
    most_read: Vec<usize>,
}

impl LanguageShelf {
    pub(super) fn by_slug(&self, slug: &str) -> Option<&Text> {
        self.by_slug.get(slug).map(|at| &self.texts[*at])
    }
    pub(super) fn article(&self, id: ArticleId) -> Option<&Text> {
        self.by_article.get(&id).map(|at| &self.texts[*at])
    }
    /// The articles of a category, the most read first, then by title.
    pub(super) fn of_category(&self, category: CategoryId) -> Vec<&Text> {
        let mut texts: Vec<&Text> = self.texts.iter().filter(|text| text.head.category == category).collect();
        texts.sort_by(|one, other| other.views.cmp(&one.views).then_with(|| one.head.title.cmp(&other.head.title)).then(one.head.id.cmp(&other.head.id)));
        texts
    }
    pub(super) fn count_in(&self, category: CategoryId) -> usize {
        self.texts.iter().filter(|text| text.head.category == category).count()
    }
    pub(super) fn most_read(&self) -> impl Iterator<Item = &Text> {
        self.most_read.iter().map(|at| &self.texts[*at])
    }
    pub(super) fn find(&self, query: &str, limit: usize) -> (Vec<&Text>, Found) {
        let found = self.index.find(query, limit);
        (found.hits.iter().map(|hit| &self.texts[hit.text]).collect(), found)
    }

    /// Articles to read next: those that staff chose, then those that share the most words with the title.
    pub(super) fn related(&self, text: &Text, most: usize) -> Vec<&Text> {
        let mut related: Vec<&Text> = text.head.related.iter().filter_map(|id| self.article(*id)).take(most).collect();
        if related.is_empty() {
            let question = format!("{} {}", text.head.title, text.head.questions.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" "));
            let (alike, _) = self.find(&question, most + 1);
            related = alike.into_iter().filter(|other| other.head.id != text.head.id).take(most).collect();
        }
        related
    }
}

/// The language crate's name of a locale.
pub(crate) const fn language(locale: Locale) -> Language {
    match locale {
        Locale::Fi => Language::Fi,
        Locale::Sv => Language::Sv,
        Locale::En => Language::En,
    }
}

/// Everything that one workspace shows.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) workspace: Workspace,
    /// The timeline's head when this was read.
    pub(super) seq: i64,
    pub(super) built_at: Timestamp,
    pub(super) chat: Option<Uuid>,
    /// The company's colours as a style sheet of custom properties.
    pub(super) style: String,
    pub(super) categories: Vec<Category>,
    pub(super) guides: Vec<PublishedGuide>,
    languages: [LanguageShelf; 3],
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    bytes: usize,
    pages: HashMap<String, Arc<Page>>,
}

impl Shelf {
    pub(super) const fn of(&self, locale: Locale) -> &LanguageShelf {
        &self.languages[locale as usize]
    }

    /// Whether the help centre is switched on.
    pub(super) fn is_open(&self) -> bool {
        self.workspace.modules.get("help").copied().unwrap_or(true)
    }

    /// The company's languages, its default one first.
    pub(super) fn locales(&self) -> impl Iterator<Item = Locale> + '_ {
        let first = self.workspace.default_language;
        std::iter::once(first).chain(self.workspace.languages.iter().copied().filter(move |locale| *locale != first))
    }

    pub(super) fn speaks(&self, locale: Locale) -> bool {
        self.workspace.languages.contains(&locale)
    }

    /// The languages in which there is something to read.
    pub(super) fn written(&self) -> impl Iterator<Item = Locale> + '_ {
        self.locales().filter(|locale| !self.of(*locale).texts.is_empty())
    }

    /// The languages that an article can be read in.
    pub(super) fn translations(&self, id: ArticleId) -> impl Iterator<Item = &Text> + '_ {
        self.locales().filter_map(move |locale| self.of(locale).article(id))
    }

    pub(super) fn category(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.slug == slug)
    }

    pub(super) fn texts(&self) -> usize {
        self.languages.iter().map(|language| language.texts.len()).sum()
    }

    pub(super) fn page(&self, path: &str) -> Option<Arc<Page>> {
        self.pages.lock().expect("not held across a panic").pages.get(path).cloned()
    }

    pub(super) fn keep_page(&self, path: String, page: Arc<Page>) {
        let mut pages = self.pages.lock().expect("not held across a panic");
        if pages.pages.len() >= PAGES_MAX || pages.bytes >= PAGES_BYTES {
            *pages = Pages::default();
        }
        pages.bytes += page.bytes();
        if let Some(previous) = pages.pages.insert(path, page) {
            pages.bytes = pages.bytes.saturating_sub(previous.bytes());
        }
    }
}

/// Reads a shelf; words of revisions that `before` has are taken from there.
pub(super) async fn read(tx: &mut Tx, workspace: Workspace, before: Option<Arc<Shelf>>, now: Timestamp) -> Result<Shelf> {
    let id = workspace.id;
    let seq = timeline::head(tx, id).await?;
    let categories = categories::all(tx, id).await?;
    let guides = guides::published(tx, id, None).await?;
    let chat = store::chat(tx, id).await?;
    let heads = store::heads(tx, id).await?;
    let read = store::most_read(tx, id, day(now)).await?;
    let known = |head: &Head| {
        let text = before.as_ref()?.of(head.locale).article(head.id)?;
        (text.words.revision == head.revision).then(|| text.words.clone())
    };
    let mut words: HashMap<(ArticleId, Locale), Arc<Words>> = heads.iter().filter_map(|head| Some(((head.id, head.locale), known(head)?))).collect();
    let mut missing: Vec<ArticleId> = heads.iter().filter(|head| !words.contains_key(&(head.id, head.locale))).map(|head| head.id).collect();
    missing.sort_unstable();
    missing.dedup();
    let mut bodies: HashMap<(ArticleId, Locale), String> = HashMap::new();
    store::bodies(tx, id, &missing, |article, locale, _, body| {
        bodies.insert((article, locale), body);
    })
    .await?;
    // Stemming thousands of texts takes a while: not on a thread that serves requests.
    let build = move || {
        for head in &heads {
            let key = (head.id, head.locale);
            words.entry(key).or_insert_with(|| Arc::new(words_of(head, bodies.get(&key).map_or("", String::as_str))));
        }
        let languages = [Locale::Fi, Locale::Sv, Locale::En].map(|locale| shelve(locale, &heads, &words, &read));
        let style = colour::style_sheet(&workspace.brand.color);
        Shelf { workspace, seq, built_at: now, chat, style, categories, guides, languages, pages: Mutex::default() }
    };
    tokio::task::spawn_blocking(build).await.map_err(|error| Error::Other(format!("the help centre could not be built: {error}")))
}

/// Whole days since 1970-01-01 UTC.
pub(super) const fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(86_400)
}

fn words_of(head: &Head, body: &str) -> Words {
    let body = markdown::to_text(body);
    let plain: Vec<&str> = head.summary.split_whitespace().chain(body.split_whitespace()).collect();
    let plain: String = plain.join(" ").chars().take(EXCERPT_SOURCE).collect();
    let terms = Terms::of(language(head.locale), &head.title, &head.questions, &head.summary, &body);
    Words { revision: head.revision, plain, terms }
}

fn shelve(locale: Locale, heads: &[Head], words: &HashMap<(ArticleId, Locale), Arc<Words>>, read: &[(ArticleId, Locale, i64)]) -> LanguageShelf {
    let views: HashMap<ArticleId, i64> = read.iter().filter(|(_, read_in, _)| *read_in == locale).map(|(id, _, views)| (*id, *views)).collect();
    let text = |head: &Head| {
        let words = words.get(&(head.id, locale))?.clone();
        Some(Text { head: head.clone(), views: views.get(&head.id).copied().unwrap_or(0), words })
    };
    let texts: Vec<Text> = heads.iter().filter(|head| head.locale == locale).filter_map(text).collect();
    let by_slug = texts.iter().enumerate().map(|(at, text)| (text.head.slug.clone(), at)).collect();
    let by_article: HashMap<ArticleId, usize> = texts.iter().enumerate().map(|(at, text)| (text.head.id, at)).collect();
    // Texts come newest first and the sort keeps that order among equals: before anything was read, the newest stand there.
    let mut most_read: Vec<usize> = (0..texts.len()).collect();
    most_read.sort_by_key(|at| std::cmp::Reverse(texts[*at].views));
    most_read.truncate(MOST_READ);
    let index = Index::build(language(locale), texts.iter().map(|text| &text.words.terms));
    LanguageShelf { texts, by_slug, by_article, index, most_read }
}
