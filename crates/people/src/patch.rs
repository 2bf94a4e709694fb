//! Partial changes: a field that is absent stays, one that is null is emptied.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "patch::present")]` on `Option<Option<T>>`: tells null from absent.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
