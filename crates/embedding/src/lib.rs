//! Text → a vector of its meaning, by a sentence-embedding model on the CPU.
//!
//! Purpose: the tier *meaning*. Models are encoders of the BERT and XLM-RoBERTa families with a SentencePiece unigram
//! vocabulary, mean pooling and E5's prefixes; multilingual-e5-small is the one the product is measured with. Weights are
//! never a part of the program: a folder holds them ([`folder`]), and [`import`] makes such a folder's files out of what
//! is published.
//!
//! Invariants: nothing is read but the model's folder and nothing is written; the same text gives the same vector on the
//! same processor, whatever stands beside it in a batch; any text of any length is accepted, in time bounded by
//! [`BYTES_READ`]; every vector has length one, or is all zeros if the model cannot say anything of the text.

mod container;
mod encoder;
mod error;
pub mod folder;
pub mod import;
mod tokenizer;

#[cfg(test)]
mod tests;

use std::path::Path;

use encoder::Encoder;
pub use error::Error;
use tokenizer::Tokenizer;

/// Bytes of one text that are read: more than the longest text whose tokens a model takes in.
pub const BYTES_READ: usize = 16 * 1024;
/// Tokens that go through the encoder together; longer lists of texts are cut into such batches.
const TOKENS_TOGETHER: usize = 1_024;

/// Which side of a search a text stands on; E5 was trained to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A question, or any text compared with others of its kind.
    Query,
    /// A text that may answer.
    Passage,
}

impl Side {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Query => "query: ",
            Self::Passage => "passage: ",
        }
    }
}

/// A model, loaded and ready. Immutable; share it between threads.
pub struct Embedder {
    manifest: folder::Manifest,
    tokenizer: Tokenizer,
    encoder: Encoder,
}

impl Embedder {
    /// Opens the model in a folder, or the one model among a folder's sub-folders.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is no model; other errors if there is one that cannot be used.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let installed = folder::locate(folder)?;
        let (weights, vocabulary) = installed.read()?;
        Self::from_parts(installed.manifest, &weights, &vocabulary)
    }

    /// A model from the contents of its files.
    ///
    /// # Errors
    /// The contents do not fit together.
    pub fn from_parts(manifest: folder::Manifest, weights: &[u8], vocabulary: &[u8]) -> Result<Self, Error> {
        let tokenizer = Tokenizer::read(vocabulary)?;
        let encoder = Encoder::load(&manifest.shape, &container::Tensors::parse(weights)?, tokenizer.len())?;
        Ok(Self { manifest, tokenizer, encoder })
    }

    /// The model's name and what it was made of.
    #[must_use]
    pub fn manifest(&self) -> &folder::Manifest {
        &self.manifest
    }

    /// What changes whenever vectors of this model are not comparable with those of another.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// Numbers in one vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.manifest.shape.hidden
    }

    /// The vectors of texts, in their order. Texts longer than the model reads are cut at their end.
    #[must_use]
    pub fn embed(&self, side: Side, texts: &[&str]) -> Vec<Vec<f32>> {
        let tokens: Vec<Vec<u32>> = texts.iter().map(|text| self.tokens(side, text)).collect();
        // Texts of like length share a batch; the order is restored at the end.
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|&index| tokens[index].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut batch: Vec<usize> = Vec::new();
        let mut together = 0;
        for index in order {
            if together + tokens[index].len() > TOKENS_TOGETHER && !batch.is_empty() {
                self.encode(&tokens, &batch, &mut vectors);
                batch.clear();
                together = 0;
            }
            together += tokens[index].len();
            batch.push(index);
        }
        if !batch.is_empty() {
            self.encode(&tokens, &batch, &mut vectors);
        }
        vectors
    }

    /// The vector of one question.
    #[must_use]
    pub fn question(&self, text: &str) -> Vec<f32> {
        self.embed(Side::Query, &[text]).pop().unwrap_or_default()
    }

    fn tokens(&self, side: Side, text: &str) -> Vec<u32> {
        let mut end = text.len().min(BYTES_READ);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.tokenizer.encode(&format!("{}{}", side.prefix(), &text[..end]), self.encoder.longest())
    }

    fn encode(&self, tokens: &[Vec<u32>], batch: &[usize], vectors: &mut [Vec<f32>]) {
        let sequences: Vec<&[u32]> = batch.iter().map(|&index| tokens[index].as_slice()).collect();
        for (&index, vector) in batch.iter().zip(self.encoder.encode(&sequences)) {
            vectors[index] = vector;
        }
    }
}
