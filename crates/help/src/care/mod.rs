//! Care of the knowledge bank: what has grown old, what contradicts itself, what is there twice, what is missing in a language. Each
//! finding has one next step.
//!
//! Invariants: findings are made anew from the published texts whenever somebody looks; what was found right stays away until one
//! of its texts changes; nothing is changed by looking.

mod api;
mod same;
mod stale;

use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use api::routes;

/// Texts that are looked through, the newest of all languages together.
const TEXTS_MOST: i64 = 6_000;
/// Findings that are shown.
const SHOWN: usize = 200;
const DAY: i64 = 86_400_000_000;

/// What is wrong, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CareKind {
    /// Two articles say different things of one matter; the older one is named first.
    Contradiction,
    /// A day that it speaks of was still to come when it was published, and is long past.
    PastDate,
    /// It leads to an article that is not there.
    DeadLink,
    /// It helps fewer readers than it did.
    Falling,
    /// It helps less than half of its readers.
    Unhelpful,
    /// Two articles say the same.
    Duplicate,
    /// Published in one of the company's languages and not in others.
    MissingTranslation,
    /// Another language was published after this one.
    OutdatedTranslation,
    /// Read, and not looked at for more than a year.
    Old,
}

/// An article that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CareArticle {
    pub(crate) id: ArticleId,
    pub(crate) title: String,
    pub(crate) published_at: Timestamp,
    /// Readers in the last 90 days.
    pub(crate) views: i64,
}

/// Readers' answers in a span of days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Helpfulness {
    pub(crate) helpful: i64,
    pub(crate) unhelpful: i64,
    /// Share of helpful with its 95 % interval (Wilson).
    pub(crate) share: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    pub(crate) kind: CareKind,
    /// By which it is put away.
    pub(crate) mark: String,
    pub(crate) locale: Locale,
    pub(crate) article: CareArticle,
    /// The other one of two.
    pub(crate) other: Option<CareArticle>,
    /// What to look at: the sentences that contradict each other, the sentence with the day, the address that leads nowhere.
    pub(crate) passages: Vec<String>,
    /// The numbers that differ; empty when one denies what the other says.
    pub(crate) values: Vec<String>,
    /// Languages that are missing.
    pub(crate) missing: Vec<Locale>,
    /// The last 28 days and the 84 before them.
    pub(crate) helpfulness: Option<(Helpfulness, Helpfulness)>,
    /// Share of likeness of two that say the same, 0–1.
    pub(crate) likeness: Option<f64>,
}

/// A published text with what is needed to judge it.
pub(super) struct Looked {
    id: ArticleId,
    locale: Locale,
    slug: String,
    title: String,
    summary: String,
    body: String,
    revision: i64,
    published_at: Timestamp,
    views: i64,
}

impl FromRow for Looked {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            locale: row.take()?,
            slug: row.take()?,
            title: row.take()?,
            summary: row.take()?,
            body: row.take()?,
            revision: row.take()?,
            published_at: row.take()?,
            views: row.take()?,
        })
    }
}

impl Looked {
    fn article(&self) -> CareArticle {
        CareArticle { id: self.id, title: self.title.clone(), published_at: self.published_at, views: self.views }
    }

    fn plain(&self) -> String {
        format!("{}\n\n{}", self.summary, crate::markdown::to_text(&self.body))
    }

    fn finding(&self, kind: CareKind, about: &str) -> Finding {
        Finding {
            kind,
            mark: mark(kind, &[(self, about)]),
            locale: self.locale,
            article: self.article(),
            other: None,
            passages: Vec::new(),
            values: Vec::new(),
            missing: Vec::new(),
            helpfulness: None,
            likeness: None,
        }
    }
}

/// Changes with the kind and with the texts it was found in.
fn mark(kind: CareKind, texts: &[(&Looked, &str)]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{kind:?}"));
    for (text, about) in texts {
        hash.update(format!("\0{}\0{}\0{}\0{about}", text.id, text.locale.as_str(), text.revision));
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Everything published, the newest first.
async fn looked(tx: &mut Tx, workspace: WorkspaceId, today: i64) -> Result<Vec<Looked>> {
    tx.all(
        "SELECT a.id, t.locale, t.slug, r.title, r.summary, r.body, r.revision, t.published_at, \
         COALESCE((SELECT CAST(SUM(d.views) AS BIGINT) FROM article_days d WHERE d.workspace_id = a.workspace_id AND d.article_id = a.id \
         AND d.locale = t.locale AND d.day > $2), 0) \
         FROM article_texts t JOIN articles a ON a.workspace_id = t.workspace_id AND a.id = t.article_id \
         JOIN article_revisions r ON r.workspace_id = t.workspace_id AND r.article_id = t.article_id AND r.locale = t.locale \
         AND r.revision = t.published_revision WHERE t.workspace_id = $1 AND a.archived_at IS NULL AND a.audience = 'public' \
         ORDER BY t.published_at DESC, a.id LIMIT $3",
        params![workspace, today - 90, TEXTS_MOST],
    )
    .await
}

async fn dismissed(tx: &mut Tx, workspace: WorkspaceId) -> Result<std::collections::HashSet<String>> {
    let rows: Vec<(String,)> = tx.all("SELECT mark FROM help_care_dismissals WHERE workspace_id = $1", params![workspace]).await?;
    Ok(rows.into_iter().map(|(mark,)| mark).collect())
}
