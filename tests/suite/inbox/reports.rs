//! First reports: figures that reconcile with the events, and open into their cases.

use ennakoi_kernel::Duration;
use ennakoi_store::params;
use serde_json::{Value, json};

use super::{Desk, answers, read, staff_id};
use crate::people::text;

const HOUR: i64 = 3_600_000_000;

fn measure<'a>(summary: &'a Value, name: &str) -> &'a Value {
    summary["measures"].as_array().unwrap().iter().find(|one| one["measure"] == name).unwrap()
}

fn near(value: &Value, seconds: f64) {
    let found = value.as_f64().unwrap();
    assert!((found / seconds - 1.0).abs() < 0.03, "{found} for {seconds}");
}

/// Three customers, answered after 10 minutes and after 100, and not at all; one comes back.
async fn day(desk: &Desk) -> (i64, i64, String) {
    let aino = desk.agent("aino").await;
    let now = || desk.company.app.app.environment.now().0;
    let from = now() - HOUR;
    let (liisa, matti) = (desk.queued("Liisa", "Hei").await, desk.queued("Matti", "Hei").await);
    desk.company.app.clock.advance(Duration::minutes(10));
    answers(&aino, liisa, "a", "Hei!").await;
    desk.company.app.clock.advance(Duration::minutes(90));
    answers(&aino, matti, "b", "Anteeksi!").await;
    desk.says(liisa, "Entä nyt?").await;
    desk.company.app.clock.advance(Duration::minutes(20));
    answers(&aino, liisa, "c", "Nyt on.").await;
    aino.put(&liisa.path("/closure"), json!({})).await.expect(200);
    desk.says(liisa, "Ei olekaan").await;
    let label = text(&desk.owner().post("labels", json!({ "name": "palautus", "color": "#ff0000" })).await.expect(201)["id"]);
    desk.owner().put(&matti.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    desk.queued("Pekka", "Hei").await;
    desk.settle().await;
    (from, now() + HOUR, staff_id(&aino).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_say_how_much_and_how_long_and_open_into_their_cases() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let (from, to, aino) = day(&desk).await;
    let period = format!("from={from}&to={to}");
    let summary = owner.get(&format!("reports/summary?{period}")).await.expect(200);
    let count = |name: &str| measure(&summary, name)["now"]["count"].as_i64().unwrap();
    assert_eq!((count("opened"), count("asked"), count("first_answer"), count("next_answer")), (3, 4, 2, 1));
    assert_eq!((count("closed"), count("resolution"), count("reopened")), (1, 1, 1));
    near(&measure(&summary, "first_answer")["now"]["p50"], 600.0);
    near(&measure(&summary, "first_answer")["now"]["p95"], 6_000.0);
    near(&measure(&summary, "resolution")["now"]["open_p90"], 7_200.0);
    assert_eq!(
        measure(&summary, "first_answer")["before"],
        json!({ "count": 0, "p50": null, "p90": null, "p95": null, "open_p50": null, "open_p90": null, "open_p95": null })
    );
    // Who still waits is told beside the figures. Matti has the turn; Liisa and Pekka wait.
    assert_eq!((&summary["backlog"]["open"], &summary["backlog"]["waiting"]), (&json!(3), &json!(2)));
    near(&summary["backlog"]["age_p90"], 7_200.0);
    let cases = owner.get(&format!("reports/cases?{period}&measure=first_answer&limit=1")).await.expect(200);
    assert_eq!((&cases["items"][0]["conversation"]["contact"]["name"], &cases["items"][0]["agent_id"]), (&json!("Matti"), &json!(aino)));
    let cursor = text(&cases["next_cursor"]);
    let next = owner.get(&format!("reports/cases?{period}&measure=first_answer&limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&next["items"][0]["conversation"]["contact"]["name"], &next["next_cursor"]), (&json!("Liisa"), &Value::Null));
    assert_eq!(owner.get(&format!("reports/cases?{period}&measure=first_answer&queue={}&channel={}&agent={aino}", desk.queue, desk.channel)).await.expect(200)["items"].as_array().unwrap().len(), 2);
    assert_eq!(owner.get(&format!("reports/summary?{period}&agent={}", desk.queue)).await.expect(200)["measures"][2]["now"]["count"], 0);
    let later = owner.get(&format!("reports/summary?from={to}&to={}", to + (to - from))).await.expect(200);
    assert_eq!((&measure(&later, "first_answer")["before"]["count"], &measure(&later, "first_answer")["now"]["count"]), (&json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measure_is_grouped_by_time_place_person_and_topic() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let (from, to, aino) = day(&desk).await;
    let group = async |by: &str| {
        let path = format!("reports/groups?from={from}&to={to}&measure=first_answer&by={by}");
        let items = owner.get(&path).await.expect(200)["items"].as_array().unwrap().clone();
        items.into_iter().map(|one| (text(&one["key"]), one["figure"]["count"].as_i64().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(group("agent").await, [(aino, 2)]);
    assert_eq!(group("queue").await, [(desk.queue.to_string(), 2)]);
    assert_eq!(group("channel").await, [(desk.channel.to_string(), 2)]);
    assert_eq!(group("label").await.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1]);
    assert_eq!(group("day").await.iter().map(|(_, count)| *count).sum::<i64>(), 2);
    assert_eq!(group("hour").await.iter().map(|(_, count)| *count).sum::<i64>(), 2);
    let long = owner.get(&format!("reports/groups?from={}&to={to}&measure=opened", from - 72 * HOUR)).await.expect(200);
    assert!(long["items"].as_array().unwrap().len() >= 4, "days on which nothing happened are days too");
    for (query, field) in
        [("measure=opened&from=5&to=5", "to"), (&format!("from={from}&to={to}"), "measure"), (&format!("measure=opened&from=0&to={to}"), "to")]
    {
        assert_eq!(owner.get(&format!("reports/groups?{query}")).await.expect(422)["errors"][0]["field"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_are_the_sums_of_the_facts_and_both_follow_from_the_events() {
    let desk = Desk::open().await;
    day(&desk).await;
    let read_all = async || {
        desk.within(async |tx| {
            let facts: Vec<(String, i64, i64)> = tx
                .all(
                    "SELECT measure, CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(span), 0) AS BIGINT) FROM report_facts GROUP BY measure ORDER BY measure",
                    params![],
                )
                .await?;
            let cells: Vec<(String, i64)> =
                tx.all("SELECT measure, CAST(SUM(count) AS BIGINT) FROM report_cells GROUP BY measure ORDER BY measure", params![]).await?;
            Ok((facts, cells))
        })
        .await
    };
    let (facts, cells) = read_all().await;
    assert_eq!(facts.iter().map(|(measure, count, _)| (measure.clone(), *count)).collect::<Vec<_>>(), cells);
    desk.within(async |tx| {
        for table in ["report_facts", "report_cells", "report_tracks"] {
            tx.execute(&format!("DELETE FROM {table}"), params![]).await?;
        }
        tx.execute("DELETE FROM followers WHERE name = 'inbox.reports'", params![]).await?;
        Ok(())
    })
    .await;
    let talk = desk.talk("Ville", "Hei").await;
    desk.settle().await;
    for _ in 0..1_200 {
        let (again, _) = read_all().await;
        if again.iter().map(|(_, count, _)| *count).sum::<i64>() == facts.iter().map(|(_, count, _)| *count).sum::<i64>() + 2 {
            // Everything but the newcomer's beginning is what it was.
            for (measure, count, spans) in facts.iter().filter(|(measure, ..)| measure != "opened" && measure != "asked") {
                assert!(again.contains(&(measure.clone(), *count, *spans)), "{measure}: {again:?}");
            }
            assert_eq!(read(desk.owner(), talk).await["state"], "open");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the history was not measured again: {:?}", read_all().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_do_not_read_reports() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    aino.get("reports/summary?from=0&to=3600000000").await.expect(403);
}
