//! Egress.
