//! What a program gets: answers, signed, in order, and how far they have come.

use ennakoi_kernel::Duration;
use ennakoi_testkit::program::Reply;
use serde_json::{Value, json};

use super::Linked;
use crate::people::text;

async fn begun(linked: &Linked) -> String {
    let person = json!({ "external_id": "kassa-17", "name": "Maija", "email": "maija@example.fi" });
    let body = json!({ "id": "1", "contact": person, "conversation": "asia-9", "text": "Missä kuitti on?" });
    text(&linked.say("messages", &body).await.expect(201)["conversation_id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_one_signed_call_with_all_that_is_needed() {
    let linked = Linked::open().await;
    let conversation = begun(&linked).await;
    let note = json!({ "client_key": "n", "visibility": "private", "body": "Salainen muistiinpano" });
    linked.owner().post(&format!("conversations/{conversation}/messages"), note).await.expect(201);
    let answered = linked.answer(&conversation, "1", "Kuitti on **sähköpostissa**.").await;
    linked.delivery(&answered, "sent").await;
    let call = linked.program.call(1).await;
    assert!(call.is_signed_with(&linked.outbound) && !call.is_signed_with(&linked.inbound));
    let body = call.json();
    assert_eq!(body["type"], "message.created");
    let data = &body["data"];
    assert_eq!((&data["message_id"], &data["conversation"], &data["text"]), (&answered["id"], &json!("asia-9"), &answered["body"]));
    assert_eq!((&data["contact"]["external_id"], &data["contact"]["email"]), (&json!("kassa-17"), &json!("maija@example.fi")));
    assert_eq!(data["author"]["kind"], "staff");
    linked.company().app.settle().await;
    assert_eq!(linked.program.count(), 1, "notes stay here, and nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_answer_waits_for_an_earlier_one_that_is_tried_again() {
    let linked = Linked::open().await;
    let conversation = begun(&linked).await;
    let other = text(&linked.told("2", "toinen", "Eri asia").await.expect(201)["conversation_id"]);
    linked.program.will([Reply::Status(503)]);
    let first = linked.answer(&conversation, "1", "yksi").await;
    linked.program.call(1).await;
    let second = linked.answer(&conversation, "2", "kaksi").await;
    let elsewhere = linked.answer(&other, "3", "muualla").await;
    linked.delivery(&elsewhere, "sent").await;
    assert_eq!(linked.program.count(), 2, "another conversation is not held up, this one is");
    linked.company().app.clock.advance(Duration::minutes(2));
    linked.delivery(&second, "sent").await;
    linked.delivery(&first, "sent").await;
    let said: Vec<Value> = linked.program.calls().iter().map(|call| call.json()["data"]["text"].clone()).collect();
    assert_eq!(said, ["yksi", "muualla", "yksi", "kaksi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_an_answer_has_come_is_told_back_in_any_order() {
    let linked = Linked::open().await;
    let conversation = begun(&linked).await;
    // It has it, but its answer is lost: before we try again it says so by itself.
    linked.program.will([Reply::Lost]);
    let answered = linked.answer(&conversation, "1", "Vastaus").await;
    linked.program.call(1).await;
    let status = |status: &str| json!({ "statuses": [{ "message_id": answered["id"], "status": status }] });
    assert_eq!(linked.say("statuses", &status("delivered")).await.expect(200), json!({ "taken": 1, "unknown": [] }));
    linked.delivery(&answered, "delivered").await;
    linked.say("statuses", &status("sent")).await.expect(200);
    linked.delivery(&answered, "delivered").await;
    linked.say("statuses", &status("read")).await.expect(200);
    linked.delivery(&answered, "read").await;
    let detail = linked.owner().get(&format!("conversations/{conversation}")).await.expect(200);
    assert_eq!(detail["contact_seen_seq"], answered["seq"]);
    linked.company().app.clock.advance(Duration::hours(1));
    let failing = linked.answer(&conversation, "2", "Toinen").await;
    linked.delivery(&failing, "sent").await;
    let failed = json!({ "statuses": [{ "message_id": failing["id"], "status": "failed", "code": "address_unknown" }] });
    linked.say("statuses", &failed).await.expect(200);
    let shown = linked.delivery(&failing, "failed").await;
    assert_eq!(shown["meta"]["delivery_code"], "address_unknown");
    assert_eq!(linked.program.calls().iter().filter(|call| call.json()["data"]["message_id"] == answered["id"]).count(), 1, "not brought again");
    // Of other channels' messages nothing is taken.
    let visitor = linked.shop.visitor().await;
    let elsewhere = visitor.send("k", "Hei").await.expect(201);
    let foreign = json!({ "statuses": [{ "message_id": elsewhere["message"]["id"], "status": "read" }] });
    assert_eq!(linked.say("statuses", &foreign).await.expect(200)["taken"], 0);
    linked.company().app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_refuses_has_failed_and_says_so() {
    let linked = Linked::open().await;
    let conversation = begun(&linked).await;
    linked.program.will([Reply::Status(422)]);
    let refused = linked.answer(&conversation, "1", "Ei kelpaa").await;
    assert_eq!(linked.delivery(&refused, "failed").await["meta"]["delivery_code"], "refused");
    let other = linked.program.clone();
    linked.program.will([Reply::Elsewhere(other.url.clone())]);
    linked.answer(&conversation, "2", "Muualle").await;
    linked.program.call(2).await;
    for _ in 0..1_200 {
        if linked.owner().get(&format!("api-channels/{}", linked.id)).await.expect(200)["trouble"] == "redirects" {
            linked.owner().patch(&format!("api-channels/{}", linked.id), json!({ "url": "" })).await.expect(200);
            let unsent = linked.answer(&conversation, "3", "Ei minnekään").await;
            linked.company().app.clock.advance(Duration::minutes(2));
            assert_eq!(linked.delivery(&unsent, "failed").await["meta"]["delivery_code"], "no_address");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the trouble is not shown");
}
