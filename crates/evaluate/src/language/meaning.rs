//! The tier *meaning*: vectors of the texts that an evaluation reads.

use std::collections::HashMap;
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
        let file = self.keep.as_ref().map(|keep| keep.join(self.name(side)));
        let mut kept = file.as_ref().map_or_else(HashMap::new, |file| self.kept(file));
        let mut missing: Vec<&str> = texts.iter().copied().filter(|text| !kept.contains_key(&key(text))).collect();
        missing.sort_unstable();
        missing.dedup();
        let mut done = 0;
        for chunk in missing.chunks(CHUNK) {
            let vectors = self.embedder.embed(side, chunk);
            if let Some(file) = &file
                && let Err(error) = keep(file, chunk, &vectors)
            {
                progress(&format!("vectors could not be kept in {}: {error}", file.display()));
            }
            kept.extend(chunk.iter().map(|text| key(text)).zip(vectors));
            done += chunk.len();
            progress(&format!("embedded {done} of {} texts", missing.len()));
        }
        texts.iter().map(|text| kept.get(&key(text)).cloned().unwrap_or_default()).collect()
    }

    /// A file's name that changes with the model and the side.
    fn name(&self, side: Side) -> String {
        format!("{}.vectors", &folder::sha256(format!("{}\n{side:?}\n", self.embedder.version()).as_bytes())[..32])
    }

    /// What earlier runs kept; a record cut short by the end of the machine's power is left out.
    fn kept(&self, file: &Path) -> HashMap<Key, Vec<f32>> {
        let bytes = fs::read(file).unwrap_or_default();
        let records = bytes.chunks_exact(KEY + self.embedder.dimension() * 4);
        records
            .filter_map(|record| {
                let (key, numbers) = record.split_at(KEY);
                let vector = numbers.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                Some((key.try_into().ok()?, vector))
            })
            .collect()
    }
}

/// Characters of a text's hash that its vector is kept under.
const KEY: usize = 32;
type Key = [u8; KEY];

fn key(text: &str) -> Key {
    let mut key = [0; KEY];
    key.copy_from_slice(&folder::sha256(text.as_bytes()).as_bytes()[..KEY]);
    key
}

fn keep(file: &Path, texts: &[&str], vectors: &[Vec<f32>]) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let opened = fs::OpenOptions::new().create(true).append(true).open(file)?;
    // After a record that was cut short all later ones would be read askew.
    let record = (KEY + vectors.first().map_or(0, Vec::len) * 4) as u64;
    let length = opened.metadata()?.len();
    opened.set_len(length - length % record)?;
    let mut out = std::io::BufWriter::new(opened);
    for (text, vector) in texts.iter().zip(vectors) {
        out.write_all(&key(text))?;
        for value in vector {
            out.write_all(&value.to_le_bytes())?;
        }
    }
    out.flush()
}
