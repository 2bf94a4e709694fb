//! The tier *meaning*: vectors of the texts that an evaluation reads.

use std::path::{Path, PathBuf};
use std::{fs, io::Write};

use anyhow::Context;
use ennakoi_embedding::{Embedder, Error, Side, folder};

use super::report::progress;
use super::{Reading, Tier};

/// Texts embedded between two lines of progress.
const CHUNK: usize = 1_024;

/// The tier *meaning* was asked for and no model is installed.
#[derive(Debug)]
pub(super) struct Missing {
    folder: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "tier `meaning` needs a model, and {} holds none: install one with `ennakoi model install --from FILE|URL`, or use `--tier words`",
            self.folder
        )
    }
}

impl std::error::Error for Missing {}

/// `ENNAKOI_MODEL_DIR`, or the folder beside the default database.
pub(super) fn default_folder() -> PathBuf {
    std::env::var_os("ENNAKOI_MODEL_DIR").filter(|folder| !folder.is_empty()).map_or_else(|| PathBuf::from("data/models"), PathBuf::from)
}

/// A loaded model, and where vectors are kept between runs.
pub(super) struct Meaning {
    pub(super) embedder: Embedder,
    keep: Option<PathBuf>,
}

impl Meaning {
    /// The model that the tier needs; `None` for tier *words*.
    ///
    /// # Errors
    /// [`Missing`] without a model; others for one that cannot be used.
    pub(super) fn open(reading: &Reading, models: &Path) -> anyhow::Result<Option<Self>> {
        if reading.tier == Tier::Words {
            return Ok(None);
        }
        match Embedder::open(models) {
            Ok(embedder) => Ok(Some(Self { embedder, keep: reading.keep_vectors.clone() })),
            Err(Error::Missing(_)) => Err(Missing { folder: models.display().to_string() }.into()),
            Err(error) => Err(error).with_context(|| format!("the model in {} cannot be used", models.display())),
        }
    }

    /// The vectors of texts, in their order.
    pub(super) fn vectors(&self, side: Side, texts: &[&str]) -> Vec<Vec<f32>> {
        let file = self.keep.as_ref().map(|keep| keep.join(self.name(side, texts)));
        if let Some(vectors) = file.as_ref().and_then(|file| self.kept(file, texts.len())) {
            return vectors;
        }
        let mut vectors = Vec::with_capacity(texts.len());
        for chunk in texts.chunks(CHUNK) {
            vectors.extend(self.embedder.embed(side, chunk));
            progress(&format!("embedded {} of {} texts", vectors.len(), texts.len()));
        }
        if let Some(file) = file
            && let Err(error) = keep(&file, &vectors)
        {
            progress(&format!("vectors could not be kept in {}: {error}", file.display()));
        }
        vectors
    }

    /// A file's name that changes with the model, the side and the texts.
    fn name(&self, side: Side, texts: &[&str]) -> String {
        let mut all = format!("{}\n{side:?}\n", self.embedder.version());
        for text in texts {
            all.push_str(text);
            all.push('\0');
        }
        format!("{}.f32", &folder::sha256(all.as_bytes())[..32])
    }

    fn kept(&self, file: &Path, count: usize) -> Option<Vec<Vec<f32>>> {
        let bytes = fs::read(file).ok()?;
        let width = self.embedder.dimension();
        let whole = bytes.len() == count * width * 4;
        whole.then(|| bytes.chunks_exact(width * 4).map(|row| row.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()).collect())
    }
}

fn keep(file: &Path, vectors: &[Vec<f32>]) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let beside = file.with_extension("part");
    let mut out = std::io::BufWriter::new(fs::File::create(&beside)?);
    for value in vectors.iter().flatten() {
        out.write_all(&value.to_le_bytes())?;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(beside, file)
}
