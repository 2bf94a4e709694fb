//! The corpus of needs by meaning.

use crate::answers::affinity;
use crate::meaning::dense::{Clouds, SPHERE_FEW, Space, Weighed};
use crate::needs::{Corpus, Line};

/// The texts of the corpus, in its order: embed them as questions, once for each model, and keep the vectors.
#[must_use]
pub fn lines() -> Vec<&'static str> {
    Corpus::built_in().lines().iter().map(|line| line.text).collect()
}

/// The needs as clouds of their lines' vectors.
pub struct Needs {
    space: Space,
    clouds: Clouds,
}

impl Needs {
    /// Learns from the vectors of [`lines`], in their order. Takes about two seconds.
    #[must_use]
    pub fn learn(vectors: &[Vec<f32>]) -> Self {
        Self::learn_some(vectors, |_, _| true)
    }

    /// What was learned, as bytes to keep for the next start under the model's version and [`crate::needs::fingerprint`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.space.write(&mut out);
        self.clouds.write(&mut out);
        out
    }

    /// What was kept, if it is whole.
    #[must_use]
    pub fn from_bytes(mut input: &[u8]) -> Option<Self> {
        let needs = Self { space: Space::read(&mut input)?, clouds: Clouds::read(&mut input)? };
        (input.is_empty() && needs.clouds.classes() == Corpus::built_in().needs().len()).then_some(needs)
    }

    pub(super) fn learn_some(vectors: &[Vec<f32>], keep: impl Fn(usize, &Line) -> bool) -> Self {
        let corpus = Corpus::built_in();
        let space = Space::of(vectors.iter().map(Vec::as_slice));
        let (mut placed, mut labels) = (Vec::new(), Vec::new());
        for (number, (line, vector)) in corpus.lines().iter().zip(vectors).enumerate() {
            if keep(number, line) {
                placed.push(space.place(vector));
                labels.push(line.need.map_or(u32::MAX, |need| need as u32));
            }
        }
        let placed: Vec<&[f32]> = placed.iter().map(Vec::as_slice).collect();
        Self { clouds: Clouds::learn(&placed, &labels, corpus.needs().len(), &[], SPHERE_FEW), space }
    }

    pub(super) fn weigh(&self, vector: &[f32]) -> Weighed {
        self.clouds.weigh(&self.space.place(vector))
    }

    /// The distribution over the needs of an article, by its pieces.
    pub(super) fn of_article(&self, pieces: &[Vec<f32>]) -> Vec<f32> {
        let mut mean = vec![0.0_f32; Corpus::built_in().needs().len()];
        // The title says what an article is about as much as all the rest.
        let rest = pieces.len().saturating_sub(1).max(1) as f32;
        for (number, piece) in pieces.iter().enumerate() {
            let share = if pieces.len() == 1 {
                1.0
            } else if number == 0 {
                0.5
            } else {
                0.5 / rest
            };
            for (sum, probability) in mean.iter_mut().zip(affinity::distribution(&self.weigh(piece).scores, SHARPNESS)) {
                *sum += share * probability;
            }
        }
        mean
    }
}

/// Softmax sharpness of the clouds' scores for articles.
const SHARPNESS: f32 = 0.5;
