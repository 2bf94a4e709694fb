//! Numerical ground: special functions, quadrature, minimisation, small dense linear algebra, seeded randomness.
//!
//! Written here rather than taken from a library because the models need few functions, need them fast, and need
//! every failure of an optimiser to be visible to the caller.

pub mod lanes;
pub mod linear;
pub mod minimise;
pub mod quadrature;
pub mod random;
pub mod special;
pub mod summary;
