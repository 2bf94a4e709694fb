//! `ennakoi demo`: a workspace of a believable web shop.

use std::time::Instant;

use anyhow::Result;
use ennakoi_demo::{DemoOptions, fill, large};
use ennakoi_http::App;

use crate::modules;

/// What to generate.
#[derive(Debug, clap::Args)]
pub struct DemoArguments {
    /// The same seed gives the same company.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=50_000))]
    customers: u32,
    /// Months of history.
    #[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u32).range(2..=60))]
    months: u32,
    /// Instead, fill a workspace for measuring with so many messages of a tenth as many customers, e.g. 1000000.
    #[arg(long, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    messages: Option<u32>,
    /// With --messages: one message in each conversation.
    #[arg(long, requires = "messages")]
    brief: bool,
}

pub(super) async fn demo(app: &App, arguments: &DemoArguments) -> Result<()> {
    let begun = Instant::now();
    let base = arguments.messages.map_or_else(DemoOptions::default, |messages| DemoOptions::with_messages(messages as usize, arguments.brief));
    let customers = arguments.customers as usize;
    // As many conversations for each customer, whatever their number.
    let options = DemoOptions { seed: arguments.seed, customers, months: arguments.months, conversations: customers * 8 / 5, ..base };
    println!("Making Pellavala; this takes a minute or two …");
    let report = fill(app, &options).await?;
    if arguments.messages.is_some() {
        let followers: Vec<&str> = modules::all(app).modules.iter().flat_map(|module| module.followers.iter().map(|follower| follower.name)).collect();
        large::settle(app, report.workspace, &followers).await?;
    }
    let address = app.public_url();
    println!("{report}");
    println!("Console     {address}/app/");
    println!("Help centre {address}/help/{}/fi/", report.slug);
    println!("Widget      <script async src=\"{address}/w/v1/ennakoi.js\" data-key=\"{}\"></script>", report.widget_key);
    println!("\nDone in {} seconds. Start the server with `ennakoi serve`.", begun.elapsed().as_secs());
    Ok(())
}
