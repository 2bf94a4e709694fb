//! `ennakoi serve`

use anyhow::Result;
use ennakoi_http::App;
use ennakoi_store::params;

use crate::start;

/// Workspaces whose pages are printed at the start.
const SHOWN: u32 = 5;

pub(super) async fn serve(app: App) -> Result<()> {
    let address = app.public_url();
    println!("Ennakoi");
    println!("  console       {address}/app/");
    println!("  API           {address}/api/openapi.json");
    let mut tx = app.db.read().await?;
    let workspaces: Vec<(String,)> = tx.all("SELECT slug FROM workspaces ORDER BY created_at LIMIT $1", params![SHOWN]).await?;
    drop(tx);
    for (slug,) in workspaces {
        println!("  help centre   {address}/help/{slug}/");
        println!("  demo shop     {address}/demo/{slug}");
    }
    if let Some(first) = ennakoi_people::first_start(&app).await? {
        println!("  first sign-in {} with the password {}", first.email, first.password);
        println!("                (shown once; `ennakoi admin reset-password` makes another)");
    }
    start::run(app).await
}
