//! The one integration binary: the real server, a real database, through HTTP.

mod inbox;
mod people;
mod store;
