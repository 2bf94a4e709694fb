//! The journey as it really is: what follows what, how often, for whom, after how long.
//!
//! One log in columns ([`EventLog`]), one counting engine ([`Map`]): every count on a screen comes from the same pass,
//! what is not shown is an explicit "other", and the parts always add up to the events.

pub mod compare;
pub mod conformance;
pub mod incremental;
mod intern;
pub mod layout;
pub mod log;
pub mod map;
pub mod reader;
pub mod simplify;
pub mod stages;
pub mod variants;

pub use log::EventLog;
pub use map::{Edge, Map, Node};
pub use reader::{LogReader, ReadError};
pub use variants::{Variant, variants};
