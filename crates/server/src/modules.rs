//! The only list of modules.

use std::sync::Arc;

use ennakoi_http::{App, Authenticator, Module};
use ennakoi_kernel::Problem;
use ennakoi_people::{Hooks, VisitorHook};

/// Everything the program is made of.
pub struct Modules {
    pub modules: Vec<Module>,
    pub authenticator: Arc<dyn Authenticator>,
}

/// Makes every module.
#[must_use]
pub fn all(app: &App) -> Modules {
    let no_visitors: VisitorHook = Arc::new(|_, _| Box::pin(async { Err(Problem::unauthenticated()) }));
    Modules { modules: vec![ennakoi_people::module(app, &Hooks::default())], authenticator: Arc::new(ennakoi_people::authenticator(no_visitors)) }
}
