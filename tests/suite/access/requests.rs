//! What every request must look like: known fields only, a header with the cookie, and no other site but for the widget.

use axum::http::Method;
use ennakoi_kernel::{Duration, access::Access};
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{address, call, matrix::visitor, nowhere, routes};
use crate::people::Company;

/// A schema, with references followed.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolve(document, document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))),
        None => schema,
    }
}

/// Whether every object in the schema refuses fields that it does not name. Maps name none and take any.
fn closed(document: &Value, schema: &Value, depth: usize) -> bool {
    if depth > 12 {
        return true;
    }
    let schema = resolve(document, schema);
    let variants = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
    let nested = schema["properties"].as_object().into_iter().flat_map(|properties| properties.values()).chain(schema.get("items"));
    let named = schema["properties"].as_object().is_some_and(|properties| !properties.is_empty());
    let open = named && schema["additionalProperties"] != json!(false);
    !open && variants.chain(nested).all(|inner| closed(document, inner, depth + 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_nobody_knows_is_refused_everywhere() {
    let company = Company::start_with(|configuration| configuration.security.visitor_requests_per_second = 1_000).await;
    let visiting = visitor(&company).await;
    let document: Value = company.owner.get("/api/openapi.json").await.expect(200);
    let mut wrong = Vec::new();
    let mut asked = 0;
    for route in routes(&company.app) {
        let schema = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()]["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        asked += 1;
        if !closed(&document, schema, 0) {
            wrong.push(format!("{} {} takes fields that it does not name", route.method, route.path));
        }
        // Of a call without a signature nothing is read, least of all its fields.
        if route.operation.starts_with("receive_signed_") {
            continue;
        }
        let client = if route.access == Access::Visitor { &visiting } else { &company.owner };
        company.app.clock.advance(Duration(100_000));
        let answer = call(client, &route.method, &address(route.path, nowhere), Some(&json!({ "is_admin_now": true }))).await;
        // An enumeration first misses what says which of its cases is meant.
        let code = serde_json::from_str::<Value>(&answer.text).ok().map(|body| body["errors"][0]["code"].clone()).unwrap_or_default();
        if answer.status != 422 || !(code == "unknown_field" || code == "required" && resolve(&document, schema).get("oneOf").is_some()) {
            wrong.push(format!("{} {}: {} {}", route.method, route.path, answer.status, answer.text));
        }
    }
    assert!(asked > 50, "the document names only {asked} bodies");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_nobody_knows_is_refused() {
    let company = Company::start().await;
    let document: Value = company.owner.get("/api/openapi.json").await.expect(200);
    let mut wrong = Vec::new();
    let mut asked = 0;
    for route in routes(&company.app).into_iter().filter(|route| matches!(route.access, Access::Needs(_)) && route.method == Method::GET) {
        let parameters = document["paths"][route.path]["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().any(|parameter| parameter["in"] == "query") {
            asked += 1;
            let answer = company.owner.get(&format!("{}?no_such_parameter=1", address(route.path, nowhere))).await;
            if answer.status != 422 {
                wrong.push(format!("{}: {} {}", route.path, answer.status, answer.text));
            }
        }
    }
    assert!(asked > 8, "the document names only {asked} query strings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The caller's own request without the header that other sites cannot send.
async fn without_the_header(client: &Client, http: &reqwest::Client, method: &Method, path: &str) -> (u16, String) {
    let mut request = client.request(method.clone(), path).json(&json!({})).build().unwrap();
    assert!(request.headers_mut().remove("x-requested-with").is_some());
    let answer = http.execute(request).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing() {
    let company = Company::start().await;
    let http = reqwest::Client::new();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for route in routes(&company.app) {
        if matches!(route.access, Access::Public | Access::Visitor) || route.method == Method::GET {
            continue;
        }
        asked += 1;
        company.app.clock.advance(Duration(100_000));
        let (status, text) = without_the_header(&company.owner, &http, &route.method, &address(route.path, nowhere)).await;
        if status != 403 || !text.contains("X-Requested-With") {
            wrong.push(format!("{} {}: {status} {text}", route.method, route.path));
        }
    }
    assert!(asked > 80, "only {asked} routes change something");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A page that is not ours cannot send a form either: its content type is not taken.
    let form = company.owner.request(Method::POST, "contacts").header("content-type", "text/plain").body("{}");
    company.owner.send(form).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_may_read_the_widget_and_the_document_only() {
    let company = Company::start().await;
    let elsewhere = company.owner.clone().with_header("origin", "https://evil.example");
    let mut wrong = Vec::new();
    for route in routes(&company.app) {
        company.app.clock.advance(Duration(200_000));
        let path = address(route.path, nowhere);
        let shared = path.starts_with("/widget/");
        // The loader and its files are scripts that the company's pages load.
        let file = path.starts_with("/w/v1/");
        let answer = if route.method == Method::GET { elsewhere.get(&path).await } else { call(&elsewhere, &route.method, &path, None).await };
        let allowed = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned());
        let fits = if shared { allowed.as_deref() == Some("*") } else { file || allowed.is_none() };
        if !fits || answer.headers.contains_key("access-control-allow-credentials") {
            wrong.push(format!("{} {path}: {allowed:?}", route.method));
        }
        let asked = elsewhere.request(Method::OPTIONS, &path).header("access-control-request-method", route.method.as_str());
        let preflight = elsewhere.send(asked).await;
        let names_methods = preflight.headers.contains_key("access-control-allow-methods") || preflight.headers.contains_key("access-control-allow-origin");
        if names_methods != shared {
            wrong.push(format!("OPTIONS {path}: {:?}", preflight.headers));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(elsewhere.get("/api/openapi.json").await.headers["access-control-allow-origin"], "*");
}
