//! How service levels held: what is late counts at once, what runs never counts as met, and each number opens into its cases.

use ennakoi_inbox::messages::{self, Delivery};
use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use super::{Desk, answers, read};
use crate::people::text;

const HOUR: i64 = 3_600_000_000;

fn level<'a>(levels: &'a Value, kind: &str) -> &'a Value {
    levels["items"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap()
}

fn names(cases: &Value) -> Vec<String> {
    cases["items"].as_array().unwrap().iter().map(|one| text(&one["conversation"]["contact"]["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_of_what_was_decided_and_open_into_their_cases() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    owner.post("sla-policies", json!({ "name": "Perus", "targets": { "first_answer": 60, "resolution": 600 } })).await.expect(201);
    let aino = desk.agent("aino").await;
    let now = || desk.company.app.app.environment.now().0;
    let from = now() - HOUR;
    let (liisa, matti) = (desk.queued("Liisa", "Hei").await, desk.queued("Matti", "Hei").await);
    answers(&aino, liisa, "a", "Hei!").await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(61));
    desk.queued("Pekka", "Hei").await;
    desk.settle().await;
    let period = format!("from={from}&to={}", now() + 2 * HOUR);
    // Matti's answer is late and he still waits: that is a miss already, found by the timer of his clock.
    let mut levels = Value::Null;
    for _ in 0..1_200 {
        levels = owner.get(&format!("reports/service-levels?{period}")).await.expect(200);
        if level(&levels, "first_answer")["now"]["missed"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let first = level(&levels, "first_answer");
    assert_eq!((&first["now"]["met"], &first["now"]["missed"], &first["late"], &first["running"]), (&json!(1), &json!(1), &json!(1), &json!(1)));
    assert_eq!((&first["now"]["share"], &first["difference"]), (&Value::Null, &Value::Null), "two clocks are no share");
    assert_eq!(level(&levels, "resolution")["running"], 3);
    let cases = async |standing: &str| owner.get(&format!("reports/service-cases?{period}&kind=first_answer&standing={standing}")).await.expect(200);
    assert_eq!((names(&cases("met").await), names(&cases("running").await)), (vec!["Liisa".to_owned()], vec!["Pekka".to_owned()]));
    let missed = cases("missed").await;
    assert_eq!(
        (names(&missed), &missed["items"][0]["finished_at"], &missed["items"][0]["spent_seconds"]),
        (vec!["Matti".to_owned()], &Value::Null, &Value::Null)
    );
    answers(&aino, matti, "b", "Anteeksi!").await;
    for number in 0..9 {
        let talk = desk.queued(&format!("Asiakas{number}"), "Hei").await;
        answers(&aino, talk, &format!("c{number}"), "Hei!").await;
    }
    desk.settle().await;
    let levels = owner.get(&format!("reports/service-levels?{period}")).await.expect(200);
    let first = level(&levels, "first_answer");
    assert_eq!((&first["now"]["met"], &first["now"]["missed"], &first["late"]), (&json!(10), &json!(1), &json!(0)));
    // Wilson's interval of 10 in 11.
    let of = |name: &str| (first["now"]["share"][name].as_f64().unwrap() * 1_000.0).round();
    assert_eq!((of("share"), of("low"), of("high")), (909.0, 623.0, 984.0));
    assert_eq!(cases("missed").await["items"][0]["target_seconds"], 3_600);
    assert!(cases("missed").await["items"][0]["spent_seconds"].as_i64().unwrap() >= 3_660);
    let page = owner.get(&format!("reports/service-cases?{period}&kind=first_answer&standing=met&limit=4")).await.expect(200);
    let cursor = text(&page["next_cursor"]);
    let rest = owner.get(&format!("reports/service-cases?{period}&kind=first_answer&standing=met&limit=20&cursor={cursor}")).await.expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (4, 6, &Value::Null));
    // Narrowed by where it was; nobody else has any.
    let here = owner.get(&format!("reports/service-levels?{period}&channel={}&queue={}", desk.channel, desk.queue)).await.expect(200);
    assert_eq!(level(&here, "first_answer")["now"]["met"], 10);
    let nowhere = owner.get(&format!("reports/service-levels?{period}&agent={}", desk.queue)).await.expect(200);
    assert_eq!((&level(&nowhere, "first_answer")["now"]["met"], &level(&nowhere, "first_answer")["running"]), (&json!(0), &json!(0)));
    let later = owner.get(&format!("reports/service-levels?from={}&to={}", now() + 2 * HOUR, now() + 5 * HOUR)).await.expect(200);
    assert_eq!((&level(&later, "first_answer")["before"]["met"], &level(&later, "first_answer")["now"]["met"]), (&json!(10), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_need_a_period_a_kind_and_the_right() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let field = async |query: &str| text(&owner.get(&format!("reports/service-cases?{query}")).await.expect(422)["errors"][0]["field"]);
    assert_eq!(field(&format!("from={HOUR}&to={HOUR}&kind=promise&standing=met")).await, "to");
    assert_eq!(field(&format!("from=0&to={HOUR}&standing=met")).await, "kind");
    assert_eq!(field(&format!("from=0&to={HOUR}&kind=promise")).await, "standing");
    let aino = desk.agent("aino").await;
    aino.get(&format!("reports/service-levels?from=0&to={HOUR}")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_did_not_arrive_shows_in_the_row_until_it_is_written_again() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Hei").await;
    let shown = async || read(desk.owner(), liisa).await["undelivered"].clone();
    let sent = answers(&aino, liisa, "a", "Hei!").await;
    assert_eq!(shown().await, json!(false));
    let (environment, workspace, id) = (desk.company.app.app.environment.clone(), desk.workspace(), text(&sent["id"]).parse().unwrap());
    desk.within(async |tx| messages::set_delivery(tx, &environment, workspace, id, Delivery::Failed, Some("address_unknown")).await).await;
    assert_eq!(shown().await, json!(true));
    let listed = desk.owner().get("conversations?view=all").await.expect(200);
    assert_eq!(listed["items"][0]["undelivered"], json!(true));
    // Neither the customer's words nor a note mend it.
    desk.says(liisa, "Haloo?").await;
    aino.post(&liisa.path("/messages"), json!({ "client_key": "n", "body": "Soitan", "visibility": "private" })).await.expect(201);
    assert_eq!(shown().await, json!(true));
    answers(&aino, liisa, "b", "Hei taas!").await;
    assert_eq!(shown().await, json!(false));
    desk.settle().await;
}
