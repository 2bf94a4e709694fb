//! The bot: answers customers from the company's own articles, asks back when two fit, says when it does not know, and hands
//! over to a person in time.
//!
//! Invariants: it says that it is a machine before anything else, and no setting turns that off; what is sensitive, and every wish
//! for a person, goes to people before anything is answered; every turn is recorded with its reasons; it never answers from
//! anything but published articles and the customer's own data, also where a language model words the answer. What it knows arrives as events of the help module; what it says goes through the inbox.

mod dialogue;
mod examples;
pub mod flows;
mod gaps;
mod guides;
mod knowledge;
mod llm;
mod meaning;
mod settings;
mod texts;
mod turns;

use std::sync::Arc;

use ennakoi_http::{App, EventKind, Module};

pub use knowledge::Knowledge;
pub use meaning::{Meaning, Model, State as MeaningState};
pub use settings::Settings;

/// The module.
#[must_use]
pub fn module(app: &App, shop: Arc<dyn flows::shop::Shop>) -> Module {
    module_with(app, shop, &Meaning::default())
}

/// The module, with the place where the process's model for reading meaning will be.
#[must_use]
pub fn module_with(app: &App, shop: Arc<dyn flows::shop::Shop>, meaning: &Meaning) -> Module {
    let knowledge = Knowledge::new(app.db.clone(), meaning.clone());
    let llm = llm::Llm::new(app);
    let mut module = Module::new("bot");
    module.routes = settings::routes();
    module.routes.extend(turns::routes());
    module.routes.extend(flows::api::routes());
    module.routes.extend(flows::requests::routes());
    module.routes.extend(gaps::routes());
    module.routes.extend(examples::routes());
    module.routes.extend(llm::routes());
    module.followers = vec![knowledge::follower(), guides::follower(), dialogue::follower(knowledge.clone(), shop.clone(), llm.clone()), gaps::follower()];
    module.events = &[
        EventKind { kind: "bot.turned", summary: "The bot answered, asked back, gave up or handed over.", webhook: true },
        EventKind { kind: "guide.walked", summary: "A customer went through a step of a troubleshooting guide with the bot.", webhook: false },
        EventKind { kind: "request.recorded", summary: "A customer confirmed a request to the bot, e.g. a return or a change of address.", webhook: true },
        EventKind { kind: "request.closed", summary: "A request was done or declined.", webhook: true },
    ];
    module.share(knowledge).share(shop).share(meaning.clone()).share(llm)
}
