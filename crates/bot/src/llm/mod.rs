//! A language model as an option: an endpoint that a company names, which may write answers out of the company's own articles and
//! help agents write. Without one, and whenever it fails, the bot answers as it always does.
//!
//! Invariants: the sensitive layer and every flow come before it; it is told nothing that the visitor may not know, and what
//! identifies a person is replaced by placeholders on the way out; whatever it returns is a stranger's text: each sentence must name
//! a source and rest on it ([`ennakoi_language::claims`]), nothing in it becomes markup or a link, and it can do nothing but ask for
//! what [`tools`] lists; time, number of calls and tokens are limited; a turn of the bot keeps what was sent, and what was refused and
//! why.

pub(crate) mod answer;
mod ground;
mod hide;
mod prompts;
mod session;
mod settings;
mod tools;
mod translate;
mod wire;
mod writing;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration as StdDuration,
};

use ennakoi_egress::{Egress, Limits, Reach};
use ennakoi_http::{App, Route};
use ennakoi_kernel::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use session::Breaker;

/// Bytes of an answer of the endpoint that are read.
const ANSWER_BYTES: usize = 256 << 10;
/// Whatever a workspace sets, no call lasts longer.
const LONGEST: StdDuration = StdDuration::from_secs(30);
/// Calls of one workspace under way at once; whoever comes later is answered without the model rather than kept waiting.
const AT_ONCE: usize = 8;

/// The model endpoints of all workspaces, as this process reaches them; cheap to clone.
#[derive(Clone)]
pub(crate) struct Llm(Arc<Inner>);

struct Inner {
    app: App,
    client: Option<Egress>,
    breakers: Mutex<HashMap<WorkspaceId, Breaker>>,
    slots: Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>,
}

impl Llm {
    pub(crate) fn new(app: &App) -> Self {
        let limits = Limits { connect: StdDuration::from_secs(3), total: LONGEST, answer_bytes: ANSWER_BYTES };
        let client = Egress::new(reach(app), limits).inspect_err(|error| tracing::error!(%error, "no language model can be called")).ok();
        Self(Arc::new(Inner { app: app.clone(), client, breakers: Mutex::default(), slots: Mutex::default() }))
    }
}

/// Which addresses may be called: those on the company's own network only where the operator allows it.
fn reach(app: &App) -> Reach {
    if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public }
}

pub(crate) fn routes() -> Vec<Route> {
    [settings::routes(), writing::routes(), translate::routes()].concat()
}

/// What became of asking the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its answer was said.
    Used,
    /// It said that the sources do not answer.
    Declined,
    /// A sentence did not rest on its source.
    Unsupported,
    /// What came was not an answer.
    Unreadable,
    /// It wanted to do something that is not listed.
    Forbidden,
    Timeout,
    Failed,
    /// It failed repeatedly and is left alone for a while.
    Paused,
    /// Too many questions are with it already.
    Busy,
    /// The day's budget is used up.
    Budget,
}

impl Outcome {
    /// Whether the endpoint itself is at fault, so that it should be left alone for a while when it goes on.
    const fn is_failure(self) -> bool {
        matches!(self, Self::Timeout | Self::Failed | Self::Unreadable)
    }
}

/// A sentence that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    pub text: String,
    /// Title of the article, or what of the customer's own it is.
    pub source: String,
    /// Share of its words that the source holds, 0–1.
    pub support: f32,
}

/// A sentence that was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Its beginning.
    pub text: String,
    /// `quantity`, `negation`, `decisive`, `words`, `empty`, `name`, `link`, `contact`, `markup`, `source`, `length`, `placeholder`.
    pub why: String,
}

/// What a turn of the bot owes to the model, for whoever opens its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelUse {
    pub model: String,
    pub outcome: Outcome,
    pub milliseconds: i64,
    pub tokens: i64,
    /// What left the house, e.g. `question`, `article:<title>`, `order`.
    pub sent: Vec<String>,
    /// How many of each kind were replaced by placeholders before that.
    pub masked: BTreeMap<String, u32>,
    /// What it asked for, in order.
    pub tools: Vec<String>,
    pub sentences: Vec<Told>,
    pub refused: Vec<Refused>,
}
