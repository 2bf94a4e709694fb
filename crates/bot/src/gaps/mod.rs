//! Gaps: what customers asked and nothing answered, grouped by what they want, until an article answers it.
//!
//! Invariants: what identifies a person is masked before anything is kept; a group is made anew from its questions whenever it is
//! looked at; closing a gap marks its questions, so the count before and after stays honest.

mod api;
mod collect;
mod group;

pub(crate) use api::routes;
pub(crate) use collect::follower;
