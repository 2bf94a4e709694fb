//! Opening hours over HTTP.

use serde_json::json;

use super::Desk;
use crate::people::text;

#[tokio::test]
async fn hours_are_checked_kept_and_asked() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let weekday = json!([["09:00", "12:00"], ["13:00", "17:00"]]);
    let body = json!({
        "name": "Asiakaspalvelu", "timezone": "Europe/Helsinki", "holidays": "fi",
        "weekly": { "mon": weekday, "tue": weekday, "wed": weekday, "thu": weekday, "fri": weekday },
        "exceptions": [{ "date": "2026-12-24", "hours": [["09:00", "12:00"]], "name": "Aatto" }],
    });
    let made = owner.post("calendars", body).await.expect(201);
    let id = text(&made["id"]);
    // 24 December 2026 at 09:30 in Helsinki: the exception opens a holiday. 25 December is closed until Monday the 28th at nine.
    let open = owner.get(&format!("calendars/{id}/open?at=1798097400000000")).await.expect(200);
    assert_eq!(open, json!({ "open": true, "opens_at": null, "closes_at": 1_798_106_400_000_000i64 }));
    let closed = owner.get(&format!("calendars/{id}/open?at=1798183800000000")).await.expect(200);
    assert_eq!(closed, json!({ "open": false, "opens_at": 1_798_441_200_000_000i64, "closes_at": null }));
    for (body, field) in [
        (json!({ "timezone": "Europe/Turku" }), "timezone"),
        (json!({ "weekly": { "mon": [["9", "12"]] } }), "weekly.mon[0]"),
        (json!({ "exceptions": [{ "date": "2026-02-30", "hours": [] }] }), "exceptions[0].date"),
        (json!({ "holidays": "xx" }), "holidays"),
        (json!({ "weekly": { "monday": [] } }), "weekly.monday"),
    ] {
        assert_eq!(owner.patch(&format!("calendars/{id}"), body.clone()).await.expect(422)["errors"][0]["field"], json!(field), "{body}");
    }
    let queue = text(&owner.post("queues", json!({ "name": "Tekniikka", "calendar_id": id, "skills": ["Tekniikka", "tekniikka "] })).await.expect(201)["id"]);
    assert_eq!(owner.delete(&format!("calendars/{id}")).await.expect(409)["code"], "in_use");
    let queues = owner.get("queues").await.expect(200);
    assert_eq!((&queues["items"][0]["is_default"], &queues["items"][1]["skills"]), (&json!(true), &json!(["tekniikka"])));
    owner.patch(&format!("queues/{queue}"), json!({ "calendar_id": null })).await.expect(200);
    owner.delete(&format!("calendars/{id}")).await.expect(204);
    owner.get(&format!("calendars/{id}")).await.expect(404);
    desk.settle().await;
}
