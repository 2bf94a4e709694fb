//! The learning that the other modules share: n-gram features, linear models by dual coordinate descent, calibration,
//! and the measures that show whether it works.

pub(crate) mod calibration;
pub(crate) mod compact;
pub(crate) mod features;
pub(crate) mod hashing;
pub(crate) mod linear;
pub mod measures;
pub(crate) mod random;
pub(crate) mod table;
