//! Where a webhook may go when private addresses are not allowed.

use serde_json::json;

use super::Receiver;
use crate::people::{Company, text};

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_when_they_are_saved() {
    let company = Company::start().await;
    let made = company.owner.post("webhooks", json!({ "url": "https://example.com/hook" })).await.expect(201);
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://user:password@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "example.com/hook",
        "http://",
        "",
    ] {
        let refused = company.owner.post("webhooks", json!({ "url": url })).await;
        assert_eq!(refused.status, 422, "{url}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], "url", "{url}");
        company.owner.patch(&format!("webhooks/{}", text(&made["id"])), json!({ "url": url })).await.expect(422);
    }
    company.owner.post("webhooks", json!({ "url": format!("https://example.com/{}", "x".repeat(1_000)) })).await.expect(422);
    let refused = company.owner.post("webhooks", json!({ "url": "https://example.com/", "kinds": ["contact.created", "everything"] })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "kinds[1]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_home_is_refused_when_it_is_called() {
    let company = Company::start().await;
    let receiver = Receiver::start().await;
    // A name is judged by what it resolves to, at every call.
    let url = receiver.url.replace("127.0.0.1", "localhost");
    let made = company.owner.post("webhooks", json!({ "url": url })).await.expect(201);
    let path = format!("webhooks/{}", text(&made["id"]));
    company.owner.post(&format!("{path}/test"), json!({})).await.expect(202);
    let delivery = loop {
        let page = company.owner.get(&format!("{path}/deliveries")).await.expect(200);
        if page["items"][0]["last_error"].is_string() {
            break page["items"][0].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(text(&delivery["last_error"]).contains("not a public one"), "{delivery}");
    assert_eq!(receiver.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_tells_nothing_of_what_answered() {
    // What a receiver on the inside says must not come out by way of the list of deliveries.
    let company = Company::start_with(|configuration| configuration.security.private_egress = true).await;
    let receiver = Receiver::start().await;
    let made = company.owner.post("webhooks", json!({ "url": format!("{}?token=salaisuus", receiver.url.replace("/hook", "/nowhere")) })).await.expect(201);
    let path = format!("webhooks/{}", text(&made["id"]));
    company.owner.post(&format!("{path}/test"), json!({})).await.expect(202);
    loop {
        let page = company.owner.get(&format!("{path}/deliveries")).await;
        assert!(!page.text.contains("salaisuus"), "{}", page.text);
        if page.json()["items"][0]["last_status"] == 404 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
