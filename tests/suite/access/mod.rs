//! Who may do what, generated from the route table: nothing here is kept by hand but the list of what anybody may call and
//! examples of what stands in an address.

mod matrix;
mod requests;
mod secrets;
mod tenancy;
mod topics;

use axum::http::Method;
use ennakoi_http::Route;
use ennakoi_testkit::{Answer, Client, TestApp};
use serde_json::{Value, json};

/// Every route of the program.
pub(crate) fn routes(app: &TestApp) -> Vec<Route> {
    ennakoi_server::modules::all(&app.app).modules.into_iter().flat_map(|module| module.routes).collect()
}

/// The route's address with each parameter replaced.
///
/// # Panics
/// The route has a parameter that nobody thought of: a new route must be considered here.
pub(crate) fn address(path: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let filled = path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => value(name.trim_start_matches('*')).unwrap_or_else(|| panic!("{path}: nobody has said what {{{name}}} is")),
        None => part.to_owned(),
    });
    filled.collect::<Vec<_>>().join("/")
}

/// Something that fits the parameter and is nowhere.
pub(crate) fn nowhere(parameter: &str) -> Option<String> {
    let value = match parameter {
        "id" | "identity" | "merge" | "link" | "company" | "label" | "message" | "public_key" | "staff" | "workspace" | "conversation" | "answer" => {
            "0190a000-0000-7000-8000-00000000dead"
        }
        "locale" => "fi",
        "revision" | "version" => "1",
        "subject" => "contact",
        "key" | "digest" | "token" | "source_id" | "slug" | "category" | "article" | "flow" | "guide" => "nowhere",
        "name" | "file" => "nowhere.txt",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Sends an empty object with every method that carries a body.
pub(crate) async fn call(client: &Client, method: &Method, path: &str, body: Option<&Value>) -> Answer {
    let request = client.request(method.clone(), path);
    let request = match body {
        Some(body) => request.json(body),
        None if matches!(*method, Method::GET | Method::DELETE) => request,
        None => request.json(&json!({})),
    };
    client.send(request).await
}
