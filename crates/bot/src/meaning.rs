//! The tier *meaning* in the bot: the model of this process, and the vectors of a workspace's articles, kept in the database so that
//! each text is read once for each model.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use ennakoi_embedding::{Embedder, Side, folder::sha256};
use ennakoi_kernel::ids::{ArticleId, WorkspaceId};
use ennakoi_language::answers::ArticleText;
use ennakoi_language::meaning::answers::{Needs, Piece, pieces};
use ennakoi_people::Locale;
use ennakoi_store::{Db, Error, Result, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

/// Article texts of one workspace whose vectors are kept, the newest first; the others are found by words.
pub(crate) const ARTICLES_READ: usize = 2_000;
/// Article texts that are read and stored together.
const TOGETHER: usize = 8;

/// Whether this process can read meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No model is installed.
    #[default]
    Missing,
    /// The model is learning what the product knows of customers' needs; words are read meanwhile.
    Learning,
    Ready,
    /// A model is installed and cannot be used; the log says why.
    Broken,
}

/// A model with what it has learned of needs.
pub struct Model {
    pub embedder: Embedder,
    pub needs: Arc<Needs>,
}

/// The model of this process, once there is one. Cheap to clone.
#[derive(Clone, Default)]
pub struct Meaning(Arc<RwLock<(State, Option<Arc<Model>>)>>);

impl Meaning {
    /// Says how far the model is.
    pub fn set(&self, state: State) {
        *self.0.write().expect("not held across a panic") = (state, None);
    }

    /// Takes a model into use.
    pub fn take_into_use(&self, model: Model) {
        *self.0.write().expect("not held across a panic") = (State::Ready, Some(Arc::new(model)));
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.0.read().expect("not held across a panic").0
    }

    #[must_use]
    pub(crate) fn model(&self) -> Option<Arc<Model>> {
        self.0.read().expect("not held across a panic").1.clone()
    }
}

/// An article's text with the key of its row.
pub(crate) struct Keyed {
    pub(crate) id: ArticleId,
    pub(crate) locale: Locale,
    pub(crate) text: ArticleText,
}

/// The vectors of articles, by article and locale.
pub(crate) type Vectors = HashMap<(ArticleId, Locale), Vec<Vec<f32>>>;

/// Changes with the model and with everything of an article that is read.
fn fingerprint(model: &Model, pieces: &[Piece]) -> String {
    let mut all = model.embedder.version().to_owned();
    for piece in pieces {
        all.push(if piece.question { '\u{1}' } else { '\0' });
        all.push_str(&piece.text);
    }
    sha256(all.as_bytes())
}

/// The stored vectors of articles, and the articles that have none that fit.
pub(crate) async fn stored<'text>(tx: &mut Tx, workspace: WorkspaceId, model: &Model, articles: &'text [Keyed]) -> Result<(Vectors, Vec<&'text Keyed>)> {
    let rows: Vec<(ArticleId, Locale, String, Vec<u8>)> = tx
        .all(
            "SELECT article_id, locale, text_hash, vectors FROM bot_article_vectors WHERE workspace_id = $1 LIMIT $2",
            params![workspace, i64::try_from(ARTICLES_READ * Locale::ALL.len()).unwrap_or(i64::MAX)],
        )
        .await?;
    let mut rows: HashMap<(ArticleId, Locale), (String, Vec<u8>)> = rows.into_iter().map(|(id, locale, hash, bytes)| ((id, locale), (hash, bytes))).collect();
    let (mut vectors, mut missing) = (Vectors::new(), Vec::new());
    for article in articles.iter().take(ARTICLES_READ) {
        let pieces = pieces(&article.text);
        let fitting = rows.remove(&(article.id, article.locale)).filter(|(hash, _)| *hash == fingerprint(model, &pieces));
        match fitting.map(|(_, bytes)| unpacked(&bytes, model.embedder.dimension())).filter(|vectors| vectors.len() == pieces.len()) {
            Some(found) => {
                vectors.insert((article.id, article.locale), found);
            }
            None => missing.push(article),
        }
    }
    Ok((vectors, missing))
}

/// Reads articles and stores their vectors, some at a time, off the async threads.
pub(crate) async fn read(db: &Db, workspace: WorkspaceId, model: &Arc<Model>, articles: Vec<Keyed>) -> Result<()> {
    let mut articles = articles.into_iter();
    loop {
        let some: Vec<Keyed> = articles.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return Ok(());
        }
        let reader = model.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = |article: Keyed| {
                let pieces = pieces(&article.text);
                (article.id, article.locale, fingerprint(&reader, &pieces), packed(&embed(&reader.embedder, &pieces)))
            };
            some.into_iter().map(read).collect::<Vec<_>>()
        });
        let read = read.await.map_err(|error| Error::Other(format!("articles could not be read: {error}")))?;
        let mut tx = db.begin().await?;
        for (article, locale, hash, vectors) in read {
            let known: i64 = tx
                .scalar("SELECT COUNT(*) FROM bot_articles WHERE workspace_id = $1 AND article_id = $2 AND locale = $3", params![workspace, article, locale])
                .await?;
            // An article that was taken back meanwhile gets none.
            if known == 0 {
                continue;
            }
            tx.execute(
                "INSERT INTO bot_article_vectors (workspace_id, article_id, locale, text_hash, vectors) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (workspace_id, article_id, locale) DO UPDATE SET text_hash = $4, vectors = $5",
                params![workspace, article, locale, hash, vectors],
            )
            .await?;
        }
        tx.commit().await?;
    }
}

fn embed(embedder: &Embedder, pieces: &[Piece]) -> Vec<Vec<f32>> {
    pieces
        .iter()
        .map(|piece| {
            let side = if piece.question { Side::Query } else { Side::Passage };
            embedder.embed(side, &[piece.text.as_str()]).pop().unwrap_or_default()
        })
        .collect()
}

/// One byte a number: vectors have length one, and no rank depends on a two-hundredth of the largest.
fn packed(vectors: &[Vec<f32>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for vector in vectors {
        let step = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs())).max(f32::MIN_POSITIVE) / 127.0;
        bytes.extend(step.to_le_bytes());
        bytes.extend(vector.iter().map(|value| ((value / step).round() as i8).to_le_bytes()[0]));
    }
    bytes
}

fn unpacked(bytes: &[u8], width: usize) -> Vec<Vec<f32>> {
    bytes
        .chunks_exact(width + 4)
        .map(|row| {
            let step = f32::from_le_bytes([row[0], row[1], row[2], row[3]]);
            row[4..].iter().map(|byte| f32::from(i8::from_le_bytes([*byte])) * step).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_survive_being_packed() {
        let vectors = vec![vec![0.5, -0.25, 0.0, 0.829], vec![0.0; 4]];
        let back = unpacked(&packed(&vectors), 4);
        assert_eq!(back.len(), 2);
        for (left, right) in vectors.iter().flatten().zip(back.iter().flatten()) {
            assert!((left - right).abs() < 0.004, "{left} {right}");
        }
        assert!(unpacked(&[1, 2, 3], 4).is_empty());
    }

    #[test]
    fn without_a_model_nothing_is_ready() {
        let meaning = Meaning::default();
        let elsewhere = meaning.clone();
        assert_eq!(meaning.state(), State::Missing);
        meaning.set(State::Learning);
        assert!(meaning.model().is_none());
        assert_eq!(elsewhere.state(), State::Learning);
    }
}
