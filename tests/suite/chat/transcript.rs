//! The conversation on paper, as a file and by mail.

use serde_json::{Value, json};

use super::Shop;
use crate::people::text;

/// What was planned to go out by mail.
async fn letters(shop: &Shop) -> Vec<Value> {
    let mut tx = shop.company.app.app.db.read().await.unwrap();
    let sql = "SELECT payload FROM intents WHERE transport = 'email' ORDER BY created_at, dedupe_key";
    let rows: Vec<(Value,)> = tx.all(sql, &[]).await.unwrap();
    rows.into_iter().map(|(payload,)| payload).filter(|payload| payload["kind"] == "transcript").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_printed_and_kept_by_its_customer_only() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.ask("a", "Missä pakettini on? <b>kiire</b>").await;
    let conversation = text(&visitor.conversation().await["id"]);
    let note = json!({ "client_key": "n", "body": "epäilen petosta", "visibility": "private" });
    shop.owner().post(&format!("conversations/{conversation}/messages"), note).await.expect(201);
    let path = format!("/widget/v1/conversations/{conversation}/transcript");
    let found = visitor.client.get(&path).await.expect(200);
    let stranger = shop.company.app.stranger();
    let page = stranger.get(&text(&found["url"])).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    for shown in ["Missä pakettini on? &lt;b&gt;kiire&lt;/b&gt;", "Saat seurantakoodin", "Chatbotti (kone)", "lang=\"fi\""] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    assert!(!page.text.contains("petosta") && !page.text.contains("<b>kiire"));
    let kept = stranger.get(&text(&found["text_url"])).await;
    assert!(kept.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"keskustelu-"));
    assert!(kept.text.contains("Missä pakettini on? <b>kiire</b>") && !kept.text.contains("petosta"), "{}", kept.text);
    // Neither another visitor nor a changed or old address gets it.
    let other = shop.visitor().await;
    other.client.get(&path).await.expect(404);
    let elsewhere = text(&found["url"]).replace(&conversation, "0192f0c1-0000-7000-8000-000000000000");
    for address in [elsewhere, text(&found["url"]).replace("signature=", "signature=00"), text(&found["url"]).replace("until=", "until=9")] {
        let answer = stranger.get(&address).await;
        assert_eq!(answer.status, 404, "{address}");
        assert!(answer.text.contains("Linkki on vanhentunut"), "{}", answer.text);
    }
    shop.company.app.clock.advance(ennakoi_kernel::Duration::hours(25));
    assert_eq!(stranger.get(&text(&found["url"])).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_sent_by_mail_once_as_it_stands_and_not_without_end() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.ask("a", "Missä pakettini on?").await;
    let conversation = text(&visitor.conversation().await["id"]);
    let path = format!("/widget/v1/conversations/{conversation}/transcripts");
    let wrong = visitor.client.post(&path, json!({ "email": "liisa at example" })).await.expect(422);
    assert_eq!((&wrong["errors"][0]["field"], &wrong["errors"][0]["code"]), (&json!("email"), &json!("email_invalid")));
    for _ in 0..2 {
        visitor.client.post(&path, json!({ "email": " Liisa@Example.fi" })).await.expect(202);
    }
    let sent = letters(&shop).await;
    assert_eq!(sent.len(), 1, "pressed twice, sent once");
    assert_eq!((&sent[0]["to"], &sent[0]["locale"]), (&json!(["liisa@example.fi"]), &json!("fi")));
    assert!(text(&sent[0]["text"]).contains("Missä pakettini on?") && text(&sent[0]["text"]).contains("Saat seurantakoodin"), "{sent:?}");
    for number in 0..4 {
        visitor.client.post(&path, json!({ "email": format!("toinen{number}@example.fi") })).await.expect(202);
    }
    assert_eq!(visitor.client.post(&path, json!({ "email": "kuudes@example.fi" })).await.expect(409)["code"], "too_many_transcripts");
    assert_eq!(letters(&shop).await.len(), 5);
    let other = shop.visitor().await;
    other.client.post(&path, json!({ "email": "liisa@example.fi" })).await.expect(404);
    shop.company.app.settle().await;
}
