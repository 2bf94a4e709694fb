//! `ennakoi serve`

use anyhow::Result;
use ennakoi_http::App;

use crate::start;

pub(super) async fn serve(app: App) -> Result<()> {
    let address = app.public_url();
    println!("Ennakoi");
    println!("  console       {address}/app/");
    println!("  API           {address}/api/openapi.json");
    start::run(app).await
}
