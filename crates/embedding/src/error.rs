//! Why a model cannot be used.

use std::path::PathBuf;

/// Said in words that an operator understands.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no model in {}", .0.display())]
    Missing(PathBuf),
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// A part of a file that is not as it must be.
    #[error("the model is damaged or of a kind that is not supported: {0}")]
    Broken(String),
    #[error("{} is not what was installed: its hash is {found}, expected {expected}", .path.display())]
    Changed { path: PathBuf, found: String, expected: String },
}

impl Error {
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }
}
