//! The only list of modules.

use std::sync::Arc;

use ennakoi_http::{Authenticator, Module};

/// Everything the program is made of.
pub struct Modules {
    pub modules: Vec<Module>,
    pub authenticator: Arc<dyn Authenticator>,
}

/// Makes every module.
#[must_use]
pub fn all(_app: &ennakoi_http::App) -> Modules {
    Modules { modules: Vec::new(), authenticator: Arc::new(Nobody) }
}

struct Nobody;

impl Authenticator for Nobody {
    fn authenticate<'a>(
        &'a self,
        _: &'a ennakoi_http::App,
        _: &'a axum::http::request::Parts,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<ennakoi_http::Principal>, ennakoi_kernel::Problem>> {
        Box::pin(async { Ok(None) })
    }
    fn visitor<'a>(
        &'a self,
        _: &'a ennakoi_http::App,
        _: &'a mut axum::http::request::Parts,
    ) -> futures_util::future::BoxFuture<'a, Result<(), ennakoi_kernel::Problem>> {
        Box::pin(async { Err(ennakoi_kernel::Problem::unauthenticated()) })
    }
}
