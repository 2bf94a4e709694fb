//! The FAQ of Pellavala: `data/articles.txt`, read, saved and published.

use std::{collections::HashMap, sync::Arc};

use ennakoi_help::{
    articles::{self, Audience, NewArticle, Text},
    categories::{self, NewCategory},
};
use ennakoi_http::App;
use ennakoi_kernel::ids::{ArticleId, WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{Error, Result, follower, timeline::Actor};

use crate::{Past, SLUG, staff::Crew};

const ARTICLES: &str = include_str!("../data/articles.txt");

/// Key and title of each category in Finnish, Swedish and English.
const CATEGORIES: &[(&str, [&str; 3])] = &[
    ("orders", ["Tilaaminen", "Beställning", "Orders"]),
    ("delivery", ["Toimitus", "Leverans", "Delivery"]),
    ("returns", ["Palautus ja vaihto", "Retur och byte", "Returns and exchanges"]),
    ("payment", ["Maksaminen ja laskut", "Betalning och fakturor", "Payment and invoices"]),
    ("problems", ["Ongelmatilanteet", "Problem", "When something is wrong"]),
    ("products", ["Tuotteet ja hoito", "Produkter och skötsel", "Products and care"]),
    ("campaigns", ["Kampanjat ja edut", "Kampanjer och förmåner", "Campaigns and benefits"]),
    ("account", ["Kirjautuminen ja asiakastili", "Inloggning och kundkonto", "Sign-in and account"]),
    ("company", ["Pellavala", "Pellavala", "About Pellavala"]),
];

/// A text of an article as the bot cites it.
#[derive(Clone, Debug)]
pub(crate) struct Cited {
    pub(crate) id: ArticleId,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) url: String,
}

/// What the bot can cite, by the article's key and language.
pub(crate) type Knowledge = HashMap<(String, Locale), Cited>;

/// One language of an article.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) questions: Vec<String>,
    pub(crate) body: String,
}

/// An article of the file.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) category: String,
    pub(crate) texts: Vec<(Locale, Written)>,
}

/// The file's articles. Lines: `== key category`, `-- fi Title`, `? question`, `> summary`, and the Markdown body.
pub(crate) fn read() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in ARTICLES.lines() {
        if let Some(head) = line.strip_prefix("== ") {
            let (key, category) = head.split_once(' ').unwrap_or((head, ""));
            entries.push(Entry { key: key.to_owned(), category: category.trim().to_owned(), texts: Vec::new() });
            continue;
        }
        let Some(entry) = entries.last_mut() else { continue };
        if let Some(head) = line.strip_prefix("-- ") {
            let (locale, title) = head.split_once(' ').unwrap_or((head, ""));
            entry.texts.push((locale.parse().unwrap_or_default(), Written { title: title.trim().to_owned(), ..Written::default() }));
            continue;
        }
        let Some((_, text)) = entry.texts.last_mut() else { continue };
        if let Some(question) = line.strip_prefix("? ") {
            text.questions.push(question.to_owned());
        } else if let Some(summary) = line.strip_prefix("> ") {
            summary.clone_into(&mut text.summary);
        } else {
            text.body.push_str(line);
            text.body.push('\n');
        }
    }
    for (_, text) in entries.iter_mut().flat_map(|entry| entry.texts.iter_mut()) {
        text.body = text.body.trim().to_owned();
    }
    entries
}

/// Writes and publishes every article, and lets the bot learn them.
pub(crate) async fn publish(app: &App, past: &Past, workspace: WorkspaceId, crew: &Crew) -> Result<Knowledge> {
    let (environment, actor) = (&past.environment, Actor::Staff(crew.owner()));
    let mut tx = app.db.begin().await?;
    let mut shelves = HashMap::new();
    for (key, titles) in CATEGORIES {
        let title = Locale::ALL.iter().copied().zip(titles.map(ToOwned::to_owned)).collect();
        let new = NewCategory { slug: Some((*key).to_owned()), title, ..NewCategory::default() };
        shelves.insert(*key, categories::create(&mut tx, environment, workspace, new).await?.id);
    }
    tx.commit().await?;
    let mut knowledge = Knowledge::new();
    for entry in read() {
        let category_id = *shelves.get(entry.category.as_str()).ok_or_else(|| Error::Other(format!("article {} has no category", entry.key)))?;
        let mut tx = app.db.begin().await?;
        let mut made: Option<ArticleId> = None;
        for (locale, text) in entry.texts {
            let id = match made {
                None => {
                    let new = NewArticle {
                        category_id,
                        locale,
                        title: text.title.clone(),
                        body: text.body,
                        summary: text.summary.clone(),
                        questions: text.questions,
                        audience: Audience::Public,
                    };
                    articles::create(&mut tx, environment, workspace, actor, new).await?.id
                }
                Some(id) => {
                    let (title, summary) = (text.title.clone(), text.summary.clone());
                    let saved = Text { title, summary, body: text.body, questions: text.questions, video_url: None, version: 0 };
                    articles::save(&mut tx, environment, workspace, actor, id, locale, saved).await?;
                    id
                }
            };
            made = Some(id);
            let article = articles::publish(&mut tx, environment, workspace, actor, id, locale).await?;
            let slug = article.texts.get(&locale).map(|text| text.slug.clone()).unwrap_or_default();
            let url = format!("/help/{SLUG}/{}/a/{slug}", locale.as_str());
            knowledge.insert((entry.key.clone(), locale), Cited { id, title: text.title, summary: text.summary, url });
        }
        tx.commit().await?;
    }
    for learner in ennakoi_bot::module(app, Arc::new(ennakoi_bot::flows::shop::NoShop)).followers.iter().filter(|follower| follower.name == "bot.knowledge") {
        follower::catch_up(&app.db, environment, learner, workspace).await?;
    }
    Ok(knowledge)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_article_is_complete_in_three_languages() {
        let entries = read();
        assert!(entries.len() >= 45, "{}", entries.len());
        let mut keys = HashSet::new();
        let mut titles = HashSet::new();
        for entry in &entries {
            assert!(keys.insert(&entry.key), "{} stands twice", entry.key);
            assert!(CATEGORIES.iter().any(|(key, _)| *key == entry.category), "{}: category {}", entry.key, entry.category);
            let locales: Vec<Locale> = entry.texts.iter().map(|(locale, _)| *locale).collect();
            assert_eq!(locales, Locale::ALL, "{}", entry.key);
            for (locale, text) in &entry.texts {
                assert!(titles.insert((*locale, text.title.clone())), "{} stands twice", text.title);
                assert!(!text.title.is_empty() && text.summary.len() > 20 && text.body.len() > 60 && text.questions.len() >= 2, "{} {locale:?}", entry.key);
            }
        }
    }
}
