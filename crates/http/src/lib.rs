//! What every feature's web face shares: the application handle, routes that declare who may call them, extractors that
//! answer in problems, pages of lists, and the OpenAPI document made from the route table.
//!
//! Invariants: a route cannot exist without an [`ennakoi_kernel::access::Access`]; a handler sees a request only after the
//! guard of its route has let it through; every refusal is a problem (RFC 9457).

mod app;
mod body;
mod drain;
pub mod embedded;
mod error;
mod guard;
mod idempotency;
mod module;
mod openapi;
mod page;
mod principal;
mod rate;
mod route;
mod secret;

pub use app::App;
pub use body::{Json, Path, Query, parse as parse_json};
pub use error::{ApiError, ApiResult};
pub use guard::{authorization, cookie, guarded};
pub use module::{Authenticator, Background, EventKind, Module};
pub use openapi::document as openapi_document;
pub use page::{Cursor, Page, PageQuery, limit};
pub use principal::{ClientAddress, Member, Principal, SignedIn};
pub use rate::{RateLimit, RateLimiter};
pub use route::{Route, delete, get, patch, post, put};
pub use secret::Secret;
