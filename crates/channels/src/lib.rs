//! Channels: how customers reach the company. Each adapter is a folder, or a crate of its own when its libraries are heavy
//! (e-mail); the inbox never learns a provider's name.

pub mod carry;
pub mod chat;
pub mod history;
pub mod programs;
