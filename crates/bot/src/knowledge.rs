//! What the bot knows: the published articles, as the help module's events bring them, and an index of them for each workspace.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use ennakoi_kernel::ids::{ArticleId, WorkspaceId};
use ennakoi_language::{
    Language,
    answers::{Answer, ArticleText, Index, Options},
    meaning::answers as meanings,
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Db, Error, FromRow, Result, Row, Tx,
    follower::{Batch, Follower},
    params,
};
use serde::Deserialize;

use crate::{
    guides::{self, Guide},
    meaning::{self, Keyed, Meaning, Model, Vectors},
    settings::{Settings, Tier},
};

/// Articles that one workspace's index holds, at most; the newest count.
const ARTICLES_MAX: i64 = 10_000;

/// An article as the bot cites it.
#[derive(Clone, Debug)]
pub struct KnownArticle {
    pub id: ArticleId,
    pub locale: Locale,
    pub title: String,
    pub summary: String,
    pub body: String,
    pub questions: Vec<String>,
    pub url: String,
}

impl FromRow for KnownArticle {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            locale: row.take()?,
            title: row.take()?,
            summary: row.take()?,
            body: row.take()?,
            questions: serde_json::from_str(&row.take::<String>()?)?,
            url: row.take()?,
        })
    }
}

/// An index of either tier.
pub enum Finder {
    Words(Box<Index>),
    Meaning(Box<meanings::Index>, Arc<Model>),
}

impl Finder {
    /// Finds the articles that answer a question.
    #[must_use]
    pub fn ask(&self, question: &str, language: Language) -> Answer {
        match self {
            Self::Words(index) => index.ask(question, language),
            Self::Meaning(index, model) => index.ask(question, language, &model.embedder.question(question)),
        }
    }
}

/// An index with the articles it was made of.
pub struct Known {
    /// Raised by every change of an article; a turn records which one it used.
    pub version: i64,
    /// Version of the model that the workspace wanted to use when this was built, whether or not its vectors were there yet.
    wanted: Option<String>,
    /// For each language of the texts in it, so that translations do not compete with each other.
    indexes: [Finder; 3],
    articles: HashMap<(ArticleId, Locale), KnownArticle>,
    /// Those of them that are guides to walk.
    guides: HashMap<ArticleId, Guide>,
}

impl Known {
    /// The guide that is found under this id.
    #[must_use]
    pub(crate) fn guide(&self, id: ArticleId) -> Option<&Guide> {
        self.guides.get(&id)
    }

    /// The index to ask in a language.
    #[must_use]
    pub fn index(&self, locale: Locale) -> &Finder {
        &self.indexes[locale as usize]
    }

    /// The article in the wanted language, or in whichever there is.
    #[must_use]
    pub fn article(&self, id: ArticleId, locale: Locale) -> Option<&KnownArticle> {
        in_language(&self.articles, id, locale)
    }
}

type Cache = HashMap<WorkspaceId, Arc<Known>>;

/// The indexes of this node, built when they are first needed and again when an article has changed.
#[derive(Clone)]
pub struct Knowledge {
    db: Db,
    cache: Arc<Mutex<Cache>>,
    /// One build at a time: it is the only heavy thing a node does.
    building: Arc<tokio::sync::Mutex<()>>,
    meaning: Meaning,
    /// Workspaces whose articles are being read for their vectors.
    reading: Arc<Mutex<BTreeSet<WorkspaceId>>>,
}

impl Knowledge {
    #[must_use]
    pub fn new(db: Db, meaning: Meaning) -> Self {
        Self { db, cache: Arc::default(), building: Arc::default(), meaning, reading: Arc::default() }
    }

    /// What the workspace's bot knows now. Where the workspace wants meaning read and vectors are still missing, it is what words
    /// say, and the vectors are made meanwhile.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn of(&self, workspace: WorkspaceId, cost_of_wrong: f32) -> Result<Arc<Known>> {
        let (version, tier) = version(&mut self.db.read().await?, workspace).await?;
        let model = self.wanted(tier);
        if let Some(known) = self.cached(workspace, version, model.as_deref()) {
            return Ok(known);
        }
        let _turn = self.building.lock().await;
        if let Some(known) = self.cached(workspace, version, model.as_deref()) {
            return Ok(known);
        }
        let mut tx = self.db.read().await?;
        let (version, tier) = self::version(&mut tx, workspace).await?;
        let model = self.wanted(tier);
        let guides = guides::load(&mut tx, workspace).await?;
        let articles = articles(&mut tx, workspace).await?;
        let vectors = match &model {
            Some(model) => self.vectors(&mut tx, workspace, model, &articles).await?.map(|vectors| (model.clone(), vectors)),
            None => None,
        };
        drop(tx);
        let wanted = model.map(|model| model.embedder.version().to_owned());
        let built = tokio::task::spawn_blocking(move || build_with(version, wanted, articles, cost_of_wrong, vectors)).await;
        let built = built.map_err(|error| Error::Other(format!("the bot's index could not be built: {error}")))?;
        let known = Arc::new(Known { guides, ..built });
        self.lock().insert(workspace, known.clone());
        Ok(known)
    }

    fn wanted(&self, tier: Tier) -> Option<Arc<Model>> {
        self.meaning.model().filter(|_| tier == Tier::Meaning)
    }

    /// The vectors of all articles, if they are there; else they are made in the background, and the index is built again.
    async fn vectors(&self, tx: &mut Tx, workspace: WorkspaceId, model: &Arc<Model>, articles: &[KnownArticle]) -> Result<Option<Vectors>> {
        let keyed: Vec<Keyed> = articles.iter().map(|article| Keyed { id: article.id, locale: article.locale, text: text(article) }).collect();
        let (vectors, missing) = meaning::stored(tx, workspace, model, &keyed).await?;
        if missing.is_empty() {
            return Ok(Some(vectors));
        }
        let missing = missing.into_iter().map(|article| Keyed { id: article.id, locale: article.locale, text: article.text.clone() }).collect();
        if self.reading.lock().expect("not held across a panic").insert(workspace) {
            let (knowledge, model) = (self.clone(), model.clone());
            tokio::spawn(async move {
                let outcome = meaning::read(&knowledge.db, workspace, &model, missing).await;
                knowledge.reading.lock().expect("not held across a panic").remove(&workspace);
                match outcome {
                    Ok(()) => knowledge.forget(workspace),
                    // Words go on; the next change of an article tries again.
                    Err(error) => tracing::error!(%error, "articles could not be read for their meaning"),
                }
            });
        }
        Ok(None)
    }

    /// Forgets the workspace's index, e.g. because its cost of a wrong answer changed.
    pub fn forget(&self, workspace: WorkspaceId) {
        self.lock().remove(&workspace);
    }

    fn cached(&self, workspace: WorkspaceId, version: i64, model: Option<&Model>) -> Option<Arc<Known>> {
        let wanted = model.map(|model| model.embedder.version());
        self.lock().get(&workspace).filter(|known| known.version == version && known.wanted.as_deref() == wanted).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().expect("not held across a panic")
    }
}

/// The language crate's name of a locale.
#[must_use]
pub const fn language(locale: Locale) -> Language {
    match locale {
        Locale::Fi => Language::Fi,
        Locale::Sv => Language::Sv,
        Locale::En => Language::En,
    }
}

/// Our name of a language.
#[must_use]
pub const fn locale(language: Language) -> Locale {
    match language {
        Language::Fi => Locale::Fi,
        Language::Sv => Locale::Sv,
        Language::En => Locale::En,
    }
}

/// An index of words alone.
pub(crate) fn build(version: i64, articles: Vec<KnownArticle>, cost_of_wrong: f32) -> Known {
    build_with(version, None, articles, cost_of_wrong, None)
}

fn build_with(version: i64, wanted: Option<String>, articles: Vec<KnownArticle>, cost_of_wrong: f32, meaning: Option<(Arc<Model>, Vectors)>) -> Known {
    let articles: HashMap<(ArticleId, Locale), KnownArticle> = articles.into_iter().map(|article| ((article.id, article.locale), article)).collect();
    let ids: BTreeSet<ArticleId> = articles.keys().map(|(id, _)| *id).collect();
    let indexes = [Locale::Fi, Locale::Sv, Locale::En].map(|locale| {
        let own: Vec<&KnownArticle> = ids.iter().filter_map(|id| articles.get(&(*id, locale))).collect();
        // Only a company that has nothing in this language answers from another.
        let chosen = if own.is_empty() { ids.iter().filter_map(|id| in_language(&articles, *id, locale)).collect() } else { own };
        let texts: Vec<ArticleText> = chosen.iter().map(|article| text(article)).collect();
        let options = Options { cost_of_wrong, ..Options::default() };
        match &meaning {
            None => Finder::Words(Box::new(Index::build(&texts, options))),
            Some((model, vectors)) => {
                let vectors = chosen.iter().map(|article| vectors.get(&(article.id, article.locale)).cloned().unwrap_or_default()).collect();
                Finder::Meaning(Box::new(meanings::Index::build(model.needs.clone(), &texts, vectors, options)), model.clone())
            }
        }
    });
    Known { version, wanted, indexes, articles, guides: HashMap::new() }
}

fn in_language(articles: &HashMap<(ArticleId, Locale), KnownArticle>, id: ArticleId, locale: Locale) -> Option<&KnownArticle> {
    articles.get(&(id, locale)).or_else(|| Locale::ALL.iter().find_map(|other| articles.get(&(id, *other))))
}

fn text(article: &KnownArticle) -> ArticleText {
    ArticleText {
        id: article.id.to_string(),
        language: language(article.locale),
        title: article.title.clone(),
        questions: article.questions.clone(),
        body: if article.summary.is_empty() { article.body.clone() } else { format!("{}\n\n{}", article.summary, article.body) },
    }
}

/// The version of the workspace's articles, and how its questions are read.
async fn version(tx: &mut Tx, workspace: WorkspaceId) -> Result<(i64, Tier)> {
    let row: Option<(i64, String)> = tx.optional("SELECT knowledge_version, settings FROM bot_settings WHERE workspace_id = $1", params![workspace]).await?;
    Ok(row.map_or((0, Tier::Words), |(version, settings)| (version, serde_json::from_str::<Settings>(&settings).unwrap_or_default().tier)))
}

/// The published articles with the wordings that agents have taught.
pub(crate) async fn articles(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<KnownArticle>> {
    let mut articles: Vec<KnownArticle> = tx
        .all(
            "SELECT article_id, locale, title, summary, body, questions, url FROM bot_articles WHERE workspace_id = $1 ORDER BY updated_at DESC LIMIT $2",
            params![workspace, ARTICLES_MAX],
        )
        .await?;
    articles.extend(guides::as_articles(&guides::load(tx, workspace).await?));
    let taught: Vec<(ArticleId, Locale, String)> =
        tx.all("SELECT article_id, locale, question FROM bot_examples WHERE workspace_id = $1 AND live ORDER BY created_at, id", params![workspace]).await?;
    let mut wordings: HashMap<(ArticleId, Locale), Vec<String>> = HashMap::new();
    for (article, locale, question) in taught {
        wordings.entry((article, locale)).or_default().push(question);
    }
    for article in &mut articles {
        article.questions.extend(wordings.remove(&(article.id, article.locale)).unwrap_or_default());
    }
    Ok(articles)
}

/// Makes every node build its index anew.
///
/// # Errors
/// The database refuses.
pub(crate) async fn renew(tx: &mut Tx, environment: &ennakoi_kernel::Environment, workspace: WorkspaceId) -> Result<()> {
    tx.execute(
        "INSERT INTO bot_settings (workspace_id, settings, knowledge_version, updated_at) VALUES ($1, '{}', 1, $2) \
         ON CONFLICT (workspace_id) DO UPDATE SET knowledge_version = bot_settings.knowledge_version + 1",
        params![workspace, environment.now()],
    )
    .await?;
    Ok(())
}

#[derive(Deserialize)]
struct Published {
    article: ArticleId,
    locale: Locale,
    title: String,
    #[serde(default)]
    summary: String,
    body: String,
    #[serde(default)]
    questions: Vec<String>,
    url: String,
    audience: String,
}

#[derive(Deserialize)]
struct Unpublished {
    article: ArticleId,
    locale: Locale,
}

/// Keeps the bot's copy of the articles in step with what the company publishes.
pub(crate) fn follower() -> Follower {
    Follower { name: "bot.knowledge", kinds: &["article.published", "article.unpublished"], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    let workspace = batch.workspace;
    for event in &batch.events {
        let (article, locale) = if event.kind == "article.published" {
            let published: Published = event.payload()?;
            if published.audience == "public" {
                keep(&mut tx, workspace, &published, event.recorded_at).await?;
                continue;
            }
            (published.article, published.locale)
        } else {
            let gone: Unpublished = event.payload()?;
            (gone.article, gone.locale)
        };
        tx.execute("DELETE FROM bot_articles WHERE workspace_id = $1 AND article_id = $2 AND locale = $3", params![workspace, article, locale]).await?;
        tx.execute("DELETE FROM bot_article_vectors WHERE workspace_id = $1 AND article_id = $2 AND locale = $3", params![workspace, article, locale]).await?;
    }
    renew(&mut tx, &batch.environment, workspace).await?;
    batch.commit(tx).await
}

async fn keep(tx: &mut Tx, workspace: WorkspaceId, published: &Published, at: ennakoi_kernel::Timestamp) -> Result<()> {
    let questions = serde_json::to_string(&published.questions)?;
    tx.execute(
        "INSERT INTO bot_articles (workspace_id, article_id, locale, title, summary, body, questions, url, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, article_id, locale) DO UPDATE SET \
         title = $4, summary = $5, body = $6, questions = $7, url = $8, updated_at = $9",
        params![workspace, published.article, published.locale, &published.title, &published.summary, &published.body, questions, &published.url, at],
    )
    .await?;
    Ok(())
}
