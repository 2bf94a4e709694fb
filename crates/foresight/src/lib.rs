//! Purpose and invariants are stated here.
