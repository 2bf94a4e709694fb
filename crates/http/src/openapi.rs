//! The OpenAPI 3.1 document, made from the route table.

use ennakoi_kernel::access::Access;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::Route;

/// The document for all routes below `/api/` and `/widget/`.
#[must_use]
pub fn document(routes: &[Route], version: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes.iter().filter(|route| route.path.starts_with("/api/") || route.path.starts_with("/widget/")) {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &mut generator);
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Ennakoi", "version": version, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "api_key": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "ennakoi_session" },
                "visitor": { "type": "apiKey", "in": "header", "name": "Authorization", "description": "Visitor <token>" },
            },
            "responses": {
                "Problem": {
                    "description": "A refusal (RFC 9457). `code` is stable.",
                    "content": { "application/problem+json": { "schema": {
                        "type": "object",
                        "required": ["type", "title", "status", "code", "detail"],
                        "properties": {
                            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
                            "code": { "type": "string" }, "detail": { "type": "string" },
                            "errors": { "type": "array", "items": { "type": "object", "properties": {
                                "field": { "type": "string" }, "code": { "type": "string" }, "message": { "type": "string" } } } },
                        },
                    } } },
                },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> =
        path_parameters(route.path).map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
    if let Some(query) = route.query {
        let schema = query(generator).to_value();
        let required: Vec<&str> = schema["required"].as_array().map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            parameters.push(json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema }));
        }
    }
    let mut success = json!({ "description": "Done" });
    if let Some(returns) = route.returns {
        success["content"] = json!({ "application/json": { "schema": returns(generator).to_value() } });
    }
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": parameters,
        "responses": { route.status.to_string(): success, "default": { "$ref": "#/components/responses/Problem" } },
    });
    if let Some(takes) = route.takes {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": takes(generator).to_value() } } });
    }
    match route.access {
        Access::Public => operation["security"] = json!([]),
        Access::Visitor => operation["security"] = json!([{ "visitor": [] }]),
        Access::SignedIn => operation["security"] = json!([{ "session": [] }]),
        Access::Needs(permission) => {
            operation["security"] = json!([{ "session": [] }, { "api_key": [] }]);
            operation["x-permission"] = json!(permission.as_str());
        }
    }
    operation
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(|name| name.trim_start_matches('*')))
}
