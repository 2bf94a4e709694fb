//! Generated workspaces: a believable company to look at (`ennakoi demo`), and a large one to measure on.
//!
//! Everything goes through the domain functions of the modules at the moments when it "happened": a clock that is moved forward gives
//! every row and event its time, so the past looks as if the program had been running. Only the large workspace writes conversations
//! in bulk (see [`large`](mod@large)). The same seed gives the same people, orders and conversations; passwords are always fresh.

mod catalogue;
mod customers;
mod desk;
mod knowledge;
pub mod large;
mod play;
mod random;
mod replay;
mod scripts;
mod shop;
mod staff;
mod talks;

use std::{collections::BTreeMap, fmt, sync::Arc};

use ennakoi_http::App;
use ennakoi_kernel::{Duration, Environment, FixedClock, Problem, SeededEntropy, Timestamp, ids::WorkspaceId};
use ennakoi_people::{
    Locale,
    workspaces::{self, Brand, LauncherSide, NewWorkspace, Setup},
};
use ennakoi_store::{Result, timeline::Actor};

/// What is to be generated.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The same seed gives the same company.
    pub seed: u64,
    pub customers: usize,
    /// Months of history up to now.
    pub months: u32,
    /// Past conversations, besides the sixty that are live.
    pub conversations: usize,
    /// Fill a large workspace for measuring instead.
    pub bulk: Option<large::Bulk>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { seed: 1, customers: 2_000, months: 18, conversations: 3_200, bulk: None }
    }
}

impl DemoOptions {
    /// A workspace for measuring: 100,000 contacts and 1,000,000 messages.
    #[must_use]
    pub fn large() -> Self {
        Self::with_messages(1_000_000, false)
    }

    /// A workspace for measuring with so many messages, of a tenth as many contacts; as many conversations, if they are `brief`.
    #[must_use]
    pub fn with_messages(messages: usize, brief: bool) -> Self {
        Self { bulk: Some(large::Bulk { contacts: (messages / 10).max(10), messages, brief }), ..Self::default() }
    }
}

/// How one of the generated people signs in.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub name: String,
    pub role: &'static str,
    pub email: String,
    pub password: String,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct DemoReport {
    pub workspace: WorkspaceId,
    pub slug: String,
    pub sign_ins: Vec<SignIn>,
    /// Public key of the chat channel.
    pub widget_key: uuid::Uuid,
    /// How many of each kind.
    pub counts: BTreeMap<&'static str, usize>,
}

impl fmt::Display for DemoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "Workspace {}: {}", self.slug, counts.join(", "))?;
        writeln!(f, "\nSign-ins (passwords are shown only now):")?;
        for it in &self.sign_ins {
            writeln!(f, "  {:<11} {:<34} {:<26} {}", it.role, it.email, it.password, it.name)?;
        }
        writeln!(f, "\nWidget key  {}", self.widget_key)
    }
}

/// The clock and the randomness of the past.
pub(crate) struct Past {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) environment: Environment,
    pub(crate) now: Timestamp,
    pub(crate) begin: Timestamp,
}

impl Past {
    fn new(now: Timestamp, options: &DemoOptions) -> Self {
        let begin = now - Duration::days(i64::from(options.months.clamp(1, 120)) * 305 / 10);
        let clock = Arc::new(FixedClock::new(begin));
        Self { environment: Environment::new(clock.clone(), Arc::new(SeededEntropy::new(options.seed))), clock, now, begin }
    }
}

/// Short name of the generated workspace.
pub const SLUG: &str = "pellavala";
/// Short name of the large one.
pub const LARGE_SLUG: &str = "pellavala-large";

/// Fills a new workspace.
///
/// # Errors
/// There is one already (`demo_exists`), or the database refuses.
pub async fn fill(app: &App, options: &DemoOptions) -> Result<DemoReport> {
    let slug = if options.bulk.is_some() { LARGE_SLUG } else { SLUG };
    if workspaces::by_slug(&mut app.db.read().await?, slug).await?.is_some() {
        return Err(Problem::conflict("demo_exists", format!("the workspace {slug} is there already; use an empty database")).into());
    }
    let past = Past::new(app.environment.now(), options);
    let workspace = company(app, &past, slug).await?;
    let crew = staff::hire_all(app, &past, workspace).await?;
    let desk = desk::arrange(app, &past, workspace, &crew).await?;
    let mut counts = BTreeMap::from([("agents", crew.people.len())]);
    if let Some(bulk) = options.bulk {
        large::fill(app, &past, workspace, &crew, &desk, bulk, options.seed, &mut counts).await?;
    } else {
        replay::company(app, &past, workspace, &crew, &desk, options, &mut counts).await?;
    }
    Ok(DemoReport { workspace, slug: slug.to_owned(), sign_ins: crew.sign_ins, widget_key: desk.widget_key, counts })
}

async fn company(app: &App, past: &Past, slug: &str) -> Result<WorkspaceId> {
    let mut tx = app.db.begin().await?;
    let new = NewWorkspace {
        name: "Pellavala".to_owned(),
        slug: Some(slug.to_owned()),
        timezone: Some("Europe/Helsinki".to_owned()),
        languages: Locale::ALL.to_vec(),
    };
    let before = workspaces::create(&mut tx, &past.environment, Actor::System, new).await?;
    let greeting = [(Locale::Fi, "Hei! Miten voimme auttaa?"), (Locale::Sv, "Hej! Hur kan vi hjälpa dig?"), (Locale::En, "Hello! How can we help?")];
    let mut after = before.clone();
    after.brand = Brand {
        color: "#2f5d50".to_owned(),
        logo_url: None,
        launcher: LauncherSide::Right,
        greeting: greeting.into_iter().map(|(locale, text)| (locale, text.to_owned())).collect(),
    };
    after.setup = Setup { done: ["company", "hours", "knowledge", "widget", "team"].map(ToOwned::to_owned).to_vec() };
    workspaces::save(&mut tx, &past.environment, Actor::System, &before, &after).await?;
    tx.commit().await?;
    Ok(after.id)
}
