//! The only list of modules.

use std::sync::Arc;

use ennakoi_channels::{carry, chat, history, programs};
use ennakoi_http::{App, Authenticator, Module};
use ennakoi_inbox::{conversations, live::Hub};
use ennakoi_people::Hooks;

/// Everything the program is made of.
pub struct Modules {
    pub modules: Vec<Module>,
    pub authenticator: Arc<dyn Authenticator>,
    /// The model for reading meaning, once it is ready.
    pub meaning: ennakoi_bot::Meaning,
}

/// What takes messages out, whichever channel they are of.
fn carriers(app: &App) -> Module {
    let (mail, letters) = ennakoi_email::carriers(app);
    let channels = [Some(mail), programs::carrier(app)];
    carry::module(channels.into_iter().flatten().collect(), letters.into_iter().chain(ennakoi_notices::carriers(app)).collect())
}

/// Makes every module.
#[must_use]
pub fn all(app: &App) -> Modules {
    let hub = Hub::default();
    let meaning = ennakoi_bot::Meaning::default();
    let mut modules = vec![
        ennakoi_people::module(
            app,
            &Hooks { open_conversations: Some(Arc::new(|tx, workspace, people| Box::pin(conversations::open_of(tx, workspace, people)))) },
        ),
        ennakoi_inbox::module(hub.clone(), ennakoi_help::articles::finder()),
        ennakoi_help::module(),
        ennakoi_commerce::module(),
        ennakoi_bot::module_with(app, Arc::new(crate::shop::Mirror), &meaning),
        chat::module(hub),
        ennakoi_email::module(),
        programs::module(),
        history::module(vec![ennakoi_email::mbox()]),
        ennakoi_notices::module(app),
        carriers(app),
        crate::learned::module(&meaning),
    ];
    let told = modules.iter().flat_map(|module| module.events).filter(|event| event.webhook).map(|event| event.kind).collect();
    modules.push(ennakoi_webhooks::module(app, told));
    let visitor: ennakoi_people::VisitorHook = Arc::new(|app, parts| Box::pin(chat::recognise(app, parts)));
    Modules { modules, authenticator: Arc::new(ennakoi_people::authenticator(visitor)), meaning }
}
