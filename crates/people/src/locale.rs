//! The languages that texts of the product exist in.

use ennakoi_store::stored_as_text;
use serde::{Deserialize, Serialize};

/// A language of the console, the widget or a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    #[default]
    Fi,
    Sv,
    En,
}
stored_as_text!(Locale { Fi = "fi", Sv = "sv", En = "en" });
