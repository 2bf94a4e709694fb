//! At least once: every try of the schedule, on a clock that is moved.

use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use super::{Hooked, Receiver, Reply};
use crate::people::text;

const SECOND: i64 = 1_000_000;

/// The waits that were promised: ten tries over 75 hours.
const PROMISED_SECONDS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_once_to_those_who_asked_for_it() {
    let hooked = Hooked::start(json!(["contact.created"])).await;
    let made = hooked.company.owner.post("contacts", json!({ "name": "Liisa" })).await.expect(201);
    hooked.company.owner.patch(&format!("contacts/{}", text(&made["id"])), json!({ "name": "Liisa Meri" })).await.expect(200);
    let message = hooked.receiver.message(1).await.json();
    assert_eq!((&message["type"], &message["data"]["contact"]), (&json!("contact.created"), &made["id"]));
    hooked.company.app.settle().await;
    hooked.delivery(|delivery| delivery["state"] == "delivered").await;
    assert_eq!((hooked.deliveries().await.len(), hooked.receiver.count()), (1, 1), "only the kind that was asked for, once");
    assert!(!message.to_string().contains("Liisa"), "a webhook carries ids and facts, not people");
    let neighbour = hooked.company.neighbour().await;
    neighbour.post("contacts", json!({ "name": "Veikko" })).await.expect(201);
    hooked.company.app.settle().await;
    assert_eq!(hooked.deliveries().await.len(), 1, "another workspace's events stay there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_receiver_is_tried_ten_times_over_seventy_five_hours() {
    let hooked = Hooked::start(json!([])).await;
    hooked.receiver.will((0..40).map(|n| Reply::Status([500, 502, 503, 404, 400][n % 5])));
    hooked.test().await;
    for (tries, wait) in (1..).zip(PROMISED_SECONDS) {
        hooked.receiver.message(tries).await;
        let delivery = hooked.attempted(i64::try_from(tries).unwrap()).await;
        assert_eq!(delivery["state"], "planned");
        let left = hooked.wait(&delivery);
        assert!(left <= wait * SECOND && left > (wait - 4) * SECOND, "after try {tries} the wait is {left}, not {wait} s");
        hooked.company.app.clock.advance(Duration(left.max(0)));
    }
    hooked.receiver.message(10).await;
    let delivery = hooked.delivery(|delivery| delivery["state"] != "planned").await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(10)));
    // It is the same message each time, with the same id: a receiver can tell.
    let ids: std::collections::BTreeSet<String> =
        hooked.receiver.inner.messages.lock().unwrap().iter().map(|message| message.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), hooked.receiver.count()), (1, 10));
    hooked.company.app.clock.advance(Duration::days(3));
    hooked.test().await;
    hooked.delivery(|delivery| delivery["attempts"] == 1 && delivery["state"] == "planned").await;
    assert_eq!(hooked.receiver.count(), 11, "what has failed is not tried again; what is new is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_recovers_gets_what_it_missed() {
    let hooked = Hooked::start(json!([])).await;
    hooked.receiver.will([Reply::Status(503), Reply::Status(200)]);
    hooked.test().await;
    let delivery = hooked.attempted(1).await;
    hooked.company.app.clock.advance(Duration(hooked.wait(&delivery).max(0)));
    let delivery = hooked.delivery(|delivery| delivery["state"] == "delivered").await;
    assert_eq!((&delivery["attempts"], &delivery["last_status"]), (&json!(2), &json!(200)));
    assert_eq!(hooked.receiver.message(1).await.body, hooked.receiver.message(2).await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_not_called_again() {
    let hooked = Hooked::start(json!([])).await;
    hooked.receiver.will([Reply::Status(503), Reply::Status(410)]);
    hooked.test().await;
    hooked.attempted(1).await;
    hooked.test().await;
    hooked.receiver.message(2).await;
    let disabled = async || hooked.webhook().await["enabled"] == json!(false);
    while !disabled().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(hooked.webhook().await["disabled_reason"], "gone");
    let states: Vec<Value> = hooked.deliveries().await.into_iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states, ["failed", "failed"], "what waited for it waits no more");
    hooked.company.owner.post("contacts", json!({ "name": "Liisa" })).await.expect(201);
    hooked.company.app.settle().await;
    assert_eq!(hooked.deliveries().await.len(), 2);
    assert_eq!(hooked.company.owner.post(&format!("webhooks/{}/test", hooked.id), json!({})).await.expect(409)["code"], "webhook_disabled");
    hooked.company.owner.patch(&format!("webhooks/{}", hooked.id), json!({ "enabled": true })).await.expect(200);
    assert_eq!(hooked.webhook().await["disabled_reason"], Value::Null);
    hooked.test().await;
    hooked.receiver.message(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_receiver_says_when_to_come_back() {
    let hooked = Hooked::start(json!([])).await;
    hooked.receiver.will([Reply::Later(600), Reply::Later(1)]);
    hooked.test().await;
    let delivery = hooked.attempted(1).await;
    let left = hooked.wait(&delivery);
    assert!(left <= 600 * SECOND && left > 590 * SECOND, "{left}");
    hooked.company.app.clock.advance(Duration(left));
    let delivery = hooked.attempted(2).await;
    let left = hooked.wait(&delivery);
    assert!(left <= 300 * SECOND && left > 290 * SECOND, "sooner than the schedule is not granted: {left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let hooked = Hooked::start(json!([])).await;
    let other = Receiver::start().await;
    hooked.receiver.will([Reply::Elsewhere(other.url.clone())]);
    hooked.test().await;
    let delivery = hooked.attempted(1).await;
    assert_eq!((&delivery["state"], &delivery["last_status"], other.count()), (&json!("planned"), &json!(302), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_up_nobody_and_counts_as_failed() {
    let hooked = Hooked::start(json!([])).await;
    let quick = Receiver::start().await;
    hooked.receiver.will([Reply::Never]);
    hooked.test().await;
    hooked.receiver.message(1).await;
    // While the first one keeps us waiting, another webhook is served.
    let made = hooked.company.owner.post("webhooks", json!({ "url": quick.url })).await.expect(201);
    hooked.company.owner.post(&format!("webhooks/{}/test", text(&made["id"])), json!({})).await.expect(202);
    quick.message(1).await;
    assert!(hooked.deliveries().await[0]["last_error"].is_null(), "the slow call was still open");
    let delivery = hooked.attempted(1).await;
    assert_eq!(delivery["state"], "planned");
    assert!(text(&delivery["last_error"]).contains("in time"), "{delivery}");
}
