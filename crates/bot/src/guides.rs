//! The bot's copy of the public troubleshooting guides, as the help module's events bring them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ennakoi_kernel::ids::{ArticleId, WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    params,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::{self, KnownArticle};

type PerLocale = BTreeMap<Locale, String>;

/// Guides of a workspace that are read.
const GUIDES_MAX: i64 = 500;

/// A guide, as far as the bot walks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Guide {
    pub(crate) title: PerLocale,
    summary: PerLocale,
    questions: BTreeMap<Locale, Vec<String>>,
    pub(crate) steps: Vec<Step>,
    /// Address in each language in which it is whole.
    #[serde(skip)]
    pub(crate) urls: PerLocale,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) text: PerLocale,
    pub(crate) picture_url: Option<String>,
    pub(crate) picture_alt: PerLocale,
    pub(crate) video_url: Option<String>,
    pub(crate) choices: Vec<Choice>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    pub(crate) label: PerLocale,
    pub(crate) to: String,
}

impl Guide {
    pub(crate) fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The language to walk it in: the wanted one, or one that it has.
    pub(crate) fn locale(&self, wanted: Locale) -> Locale {
        if self.urls.contains_key(&wanted) { wanted } else { self.urls.keys().next().copied().unwrap_or(wanted) }
    }
}

/// The text in a language.
pub(crate) fn text(texts: &PerLocale, locale: Locale) -> &str {
    texts.get(&locale).map_or("", String::as_str)
}

/// A guide is found as an article is: by its title, its questions and the words of its steps.
pub(crate) fn as_articles(guides: &HashMap<ArticleId, Guide>) -> Vec<KnownArticle> {
    let mut articles = Vec::new();
    for (id, guide) in guides {
        for (locale, url) in &guide.urls {
            let steps: Vec<&str> = guide.steps.iter().map(|step| text(&step.text, *locale)).collect();
            articles.push(KnownArticle {
                id: *id,
                locale: *locale,
                title: text(&guide.title, *locale).to_owned(),
                summary: text(&guide.summary, *locale).to_owned(),
                body: steps.join("\n\n"),
                questions: guide.questions.get(locale).cloned().unwrap_or_default(),
                url: url.clone(),
            });
        }
    }
    articles.sort_by_key(|article| (article.id, article.locale));
    articles
}

/// What is public now, by the id under which it is found.
pub(crate) async fn load(tx: &mut Tx, workspace: WorkspaceId) -> Result<HashMap<ArticleId, Guide>> {
    let rows: Vec<(Uuid, String, String)> = tx
        .all("SELECT guide_id, definition, urls FROM bot_guides WHERE workspace_id = $1 ORDER BY updated_at DESC LIMIT $2", params![workspace, GUIDES_MAX])
        .await?;
    rows.into_iter()
        .map(|(id, definition, urls)| Ok((ArticleId(id), Guide { urls: serde_json::from_str(&urls)?, ..serde_json::from_str(&definition)? })))
        .collect()
}

#[derive(Deserialize)]
struct Published {
    guide: Uuid,
    version: i64,
    definition: Guide,
    urls: PerLocale,
}

#[derive(Deserialize)]
struct Unpublished {
    guide: Uuid,
}

pub(crate) fn follower() -> Follower {
    Follower { name: "bot.guides", kinds: &["guide.published", "guide.unpublished"], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    for event in &batch.events {
        if event.kind == "guide.published" {
            let published: Published = event.payload()?;
            tx.execute(
                "INSERT INTO bot_guides (workspace_id, guide_id, version, definition, urls, updated_at) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (workspace_id, guide_id) DO UPDATE SET version = $3, definition = $4, urls = $5, updated_at = $6",
                params![
                    batch.workspace,
                    published.guide,
                    published.version,
                    serde_json::to_string(&published.definition)?,
                    serde_json::to_string(&published.urls)?,
                    event.recorded_at
                ],
            )
            .await?;
        } else {
            let gone: Unpublished = event.payload()?;
            tx.execute("DELETE FROM bot_guides WHERE workspace_id = $1 AND guide_id = $2", params![batch.workspace, gone.guide]).await?;
        }
    }
    knowledge::renew(&mut tx, &batch.environment, batch.workspace).await?;
    batch.commit(tx).await
}
