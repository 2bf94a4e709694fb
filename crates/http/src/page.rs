//! Pages of lists by cursor: the cost of a page does not grow with how far one has paged.

use ennakoi_kernel::{Problem, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The usual query of a list. Flattening does not work with `deny_unknown_fields`, so lists repeat these two fields.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PageQuery {
    /// Items wanted, 1–100; 50 when not given.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The number of items, within limits.
    #[must_use]
    pub fn limit(&self) -> u32 {
        limit(self.limit)
    }
}

/// The number of items of a page, within limits.
#[must_use]
pub fn limit(wanted: Option<u32>) -> u32 {
    wanted.unwrap_or(limits::PAGE_DEFAULT).clamp(1, limits::PAGE_MAX)
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Everything there is, on one page.
    #[must_use]
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// Makes a page of a query that asked for one row more than `limit`.
    #[must_use]
    pub fn of<K: Serialize>(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let limit = limit as usize;
        if items.len() <= limit {
            return Self::whole(items);
        }
        items.truncate(limit);
        let next_cursor = items.last().map(|last| Cursor::write(&key(last)));
        Self { items, next_cursor }
    }

    #[must_use]
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next_cursor: self.next_cursor }
    }
}

/// The position after an item: its sort key, opaque to callers.
pub struct Cursor;

impl Cursor {
    #[must_use]
    pub fn write<K: Serialize>(key: &K) -> String {
        serde_json::to_vec(key).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// # Errors
    /// The cursor was not made by this list.
    pub fn read<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
        let Some(text) = cursor else { return Ok(None) };
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(Some).ok_or_else(|| Problem::field("cursor", "invalid", "not a cursor of this list"))
    }
}
