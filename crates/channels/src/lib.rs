//! Channels: how customers reach the company. Each adapter is a folder; the inbox never learns a provider's name.

pub mod chat;
