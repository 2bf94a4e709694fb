//! Five hundred requests made up from the API's own document: whatever is sent, the answer is an answer.

use std::collections::BTreeMap;

use axum::http::Method;
use ennakoi_kernel::{Duration, Entropy, SeededEntropy};
use ennakoi_testkit::Client;
use serde_json::{Map, Value, json};

use crate::{
    inbox::Desk,
    people::{Company, text},
};

const REQUESTS: usize = 500;
const SEED: u64 = 20_261_121;
/// These would end the session or the visitor that asks, or wait for ever.
const LEFT_OUT: [&str; 8] =
    ["sign_out", "end_other_sessions", "end_session", "end_visitor", "change_password", "remove_staff", "open_live_socket", "open_widget_socket"];

/// Makes things up, the same ones for the same seed.
struct Generator<'a> {
    entropy: SeededEntropy,
    document: &'a Value,
    /// Ids of things that are there.
    ids: Vec<String>,
}

impl Generator<'_> {
    fn below(&self, limit: usize) -> usize {
        let mut bytes = [0u8; 8];
        self.entropy.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'b, T: ?Sized>(&self, items: &[&'b T]) -> &'b T {
        items[self.below(items.len())]
    }

    fn words(&self) -> String {
        let odd = [
            "",
            " ",
            "\u{0}",
            "\u{202e}kääntö",
            "😀👩‍👩‍👧",
            "ﬀ",
            "İ",
            "' OR 1=1 --",
            "\"; DROP TABLE staff; --",
            "<script>alert(1)</script>",
            "{{7*7}}",
            "%00%ff",
            "../../etc/passwd",
            "\r\nSet-Cookie: x=1",
            "null",
            "-1",
            "9223372036854775808",
            "1e999",
            "NaN",
            "2026-02-30",
            "Liisa",
            "Missä pakettini on?",
            "a@b",
            "liisa@example.fi",
            "+358401234567",
            "https://example.com/",
            "javascript:alert(1)",
            "fi",
            "*",
            "\\",
            "\u{feff}",
            "\u{1}",
        ];
        if self.one_in(25) { self.pick(&odd).repeat(1 + self.below(3_000)) } else { self.pick(&odd).to_owned() }
    }

    fn id(&self) -> String {
        match self.below(4) {
            0 => "00000000-0000-0000-0000-000000000000".to_owned(),
            1 => "0190a000-0000-7000-8000-00000000dead".to_owned(),
            _ => self.ids[self.below(self.ids.len())].clone(),
        }
    }

    fn number(&self) -> Value {
        let numbers = [
            json!(0),
            json!(1),
            json!(-1),
            json!(50),
            json!(1_795_000_000_000_000_i64),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(0.5),
            json!(-1e300),
        ];
        numbers[self.below(numbers.len())].clone()
    }

    /// Something else than was asked for.
    fn anything(&self) -> Value {
        match self.below(7) {
            0 => Value::Null,
            1 => json!(true),
            2 => self.number(),
            3 => json!(self.words()),
            4 => json!([self.words(), self.number()]),
            5 => json!({ self.words(): self.words() }),
            _ => (0..60).fold(json!([]), |inner, _| json!([inner])),
        }
    }

    fn value(&self, schema: &Value, depth: usize) -> Value {
        if depth > 8 || self.one_in(12) {
            return self.anything();
        }
        if let Some(reference) = schema["$ref"].as_str() {
            return self.value(self.document.pointer(&reference[1..]).unwrap_or(&Value::Null), depth + 1);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[self.below(values.len())].clone();
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            if let Some(variants) = schema[key].as_array().filter(|variants| !variants.is_empty()) {
                return self.value(&variants[self.below(variants.len())], depth + 1);
            }
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"].as_array().and_then(|kinds| kinds[self.below(kinds.len())].as_str()));
        match kind {
            Some("string") if schema["format"] == "uuid" => json!(self.id()),
            Some("string") => json!(self.words()),
            Some("integer" | "number") => self.number(),
            Some("boolean") => json!(self.one_in(2)),
            Some("array") => Value::Array((0..self.below(4)).map(|_| self.value(&schema["items"], depth + 1)).collect()),
            Some("object") => self.object(schema, depth),
            _ => self.anything(),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if !self.one_in(10) && (required.contains(&name.as_str()) || self.one_in(2)) {
                object.insert(name.clone(), self.value(inner, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() || self.one_in(30) {
            object.insert(self.words(), self.value(&schema["additionalProperties"], depth + 1));
        }
        Value::Object(object)
    }

    fn path(&self, path: &str, public_key: &str) -> String {
        let parts = path.split('/').map(|part| match part.trim_matches(['{', '}']) {
            _ if !part.starts_with('{') => part.to_owned(),
            "public_key" if !self.one_in(4) => public_key.to_owned(),
            "locale" if !self.one_in(4) => "fi".to_owned(),
            _ if self.one_in(4) => escaped(&self.words()),
            _ => self.id(),
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn query(&self, operation: &Value) -> String {
        let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query" && self.one_in(2));
        let pairs = parameters.map(|parameter| {
            let value = self.value(&parameter["schema"], 0);
            format!("{}={}", parameter["name"].as_str().unwrap(), escaped(&value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)))
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn escaped(text: &str) -> String {
    text.bytes().take(1_500).map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A desk with a few things in it, its ids, its visitor.
async fn scene() -> (Desk, Vec<String>, String, Client) {
    let company = Company::start_with(|configuration| {
        configuration.security.visitor_requests_per_second = 100_000;
        configuration.server.public_url = "https://ennakoi.example.com".to_owned();
    })
    .await;
    let desk = crate::live::desk_of(company).await;
    let talk = desk.queued("Liisa", "Hei, missä pakettini on?").await;
    let channel = desk.owner().get(&format!("channels/{}", desk.channel)).await.expect(200);
    let public_key = text(&channel["public_key"]);
    let arrived = desk.company.app.stranger().post(&format!("/widget/v1/{public_key}/visitor"), json!({})).await.expect(201);
    let mut visitor = desk.company.app.stranger();
    visitor.authorization = Some(format!("Visitor {}", text(&arrived["token"])));
    let category = text(&desk.owner().post("categories", json!({ "title": { "fi": "Ohjeet" } })).await.expect(201)["id"]);
    let new = json!({ "category_id": category, "locale": "fi", "title": "Paketit", "body": "Paketti tulee." });
    let article = text(&desk.owner().post("articles", new).await.expect(201)["id"]);
    let ids = vec![talk.id.to_string(), talk.contact.to_string(), desk.channel.to_string(), desk.queue.to_string(), category, article];
    (desk, ids, public_key, visitor)
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_get_answers() {
    let (desk, ids, public_key, visitor) = scene().await;
    let document: Value = desk.owner().get("/api/openapi.json").await.expect(200);
    let generator = Generator { entropy: SeededEntropy::new(SEED), document: &document, ids };
    let operations: Vec<(&str, &str, &Value)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation)))
        .filter(|(_, _, operation)| !LEFT_OUT.contains(&operation["operationId"].as_str().unwrap()))
        .collect();
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for n in 0..REQUESTS {
        // Every operation in turn, so that none is left to chance.
        let (path, method, operation) = operations[n % operations.len()];
        let client = if path.starts_with("/widget/") { &visitor } else { desk.owner() };
        let method: Method = method.to_ascii_uppercase().parse().unwrap();
        let address = format!("{}?{}", generator.path(path, &public_key), generator.query(operation));
        let mut request = client.request(method.clone(), &address);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = (!schema.is_null()).then(|| generator.value(schema, 0));
        if let Some(body) = &body {
            request = request.json(body);
        }
        desk.company.app.clock.advance(Duration(200_000));
        let answer = client.send(request).await;
        *answers.entry(answer.status.as_u16()).or_default() += 1;
        if answer.status.is_server_error() {
            wrong.push(format!("{method} {address:.200} {:.300}: {} {}", body.unwrap_or_default().to_string(), answer.status, answer.text));
        }
    }
    println!("answers by status: {answers:?}");
    assert!(wrong.is_empty(), "{} of {REQUESTS}:\n{}", wrong.len(), wrong.join("\n"));
    let accepted: usize = answers.iter().filter(|(status, _)| **status < 300).map(|(_, count)| count).sum();
    assert!(accepted > REQUESTS / 10, "the generator makes nothing that is accepted: {answers:?}");
    desk.owner().get("session").await.expect(200);
    desk.settle().await;
}
