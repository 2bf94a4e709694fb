//! The one integration binary: the real server, a real database, through HTTP.

mod access;
mod help;
mod inbox;
mod people;
mod schema;
mod store;
