//! Mail, Slack and Teams, and the hours in which nothing goes.

use ennakoi_kernel::Duration;
use ennakoi_testkit::SmtpSink;
use serde_json::{Value, json};

use super::{Service, assign, choose, desk, let_names_leave, mention, rests, socket, told, until};
use crate::{
    inbox::Desk,
    people::{Company, audited, count, text},
};

async fn hook(client: &ennakoi_testkit::Client, service: &str, url: String) -> Value {
    client.post("notice-hooks", json!({ "service": service, "name": "Oma", "url": url })).await.expect(201)
}

/// `HH:MM` so many minutes from now, in UTC.
fn wall(desk: &Desk, minutes: i64) -> String {
    let minute = (desk.company.app.app.environment.now().seconds() / 60 + minutes).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_and_teams_hear_what_nobody_has_read() {
    let desk = desk(|_| {}).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    // What rests for seconds must not leave while a slow machine still writes.
    desk.company.app.clock.stop();
    let slack = hook(&aino, "slack", format!("{}/slack/secret-1", service.url)).await;
    hook(&aino, "teams", format!("{}/teams/secret-2", service.url)).await;
    assert!(!slack.to_string().contains("secret-1") && !aino.get("notice-hooks").await.expect(200).to_string().contains("secret-"), "shown to nobody");
    assert!(audited(owner).await.contains(&"notice_hook.created".to_owned()));
    let talk = desk.talk("Liisa", "Hei").await;
    mention(owner, talk, "a", &aino).await;
    assign(owner, talk, &aino).await;
    desk.settle().await;
    service.will([503]);
    desk.company.app.clock.advance(Duration::seconds(25));
    service.call(2).await;
    until("the second try is planned", async || {
        count(&desk.company.app, "SELECT COUNT(*) FROM intents WHERE transport = 'notice_chat' AND state = 'planned'").await == 1
    })
    .await;
    assert_eq!(aino.get("notice-hooks").await.expect(200)["items"].as_array().unwrap().iter().filter(|hook| hook["failing_since"].is_i64()).count(), 1);
    desk.company.app.clock.advance(Duration::minutes(2));
    service.call(3).await;
    let number = aino.get(&talk.path("")).await.expect(200)["number"].clone();
    let of = |way: &str| {
        service
            .calls()
            .into_iter()
            .filter(|call| call.path.starts_with(way))
            .map(|call| serde_json::from_slice::<Value>(&call.body).unwrap())
            .collect::<Vec<_>>()
    };
    let said = text(&of("/slack").last().unwrap()["text"]);
    assert!(said.contains(&format!("Sait hoidettavaksesi tapauksen #{number}")) && said.contains("Sinut mainittiin"), "{said}");
    assert!(said.contains(&format!("/app/inbox/all/{}", talk.id)) && !said.contains("Liisa"), "the number, and no name: {said}");
    let card = of("/teams").pop().unwrap();
    assert_eq!(card["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    until("both have arrived", async || count(&desk.company.app, "SELECT COUNT(*) FROM intents WHERE transport = 'notice_chat' AND state = 'sent'").await == 2)
        .await;

    // Read in time: nothing leaves.
    mention(owner, talk, "b", &aino).await;
    desk.settle().await;
    aino.put("notices/read", json!({})).await.expect(204);
    desk.company.app.clock.advance(Duration::minutes(1));
    until("nothing waits", async || count(&desk.company.app, "SELECT COUNT(*) FROM notice_deliveries").await == 0).await;
    assert_eq!(service.calls().len(), 3);

    let path = format!("notice-hooks/{}", text(&slack["id"]));
    owner.post(&format!("{path}/test"), json!({})).await.expect(404);
    owner.delete(&path).await.expect(404);
    aino.post(&format!("{path}/test"), json!({})).await.expect(202);
    service.call(4).await;
    aino.delete(&path).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_in_quiet_hours_while_connected_or_to_who_is_absent() {
    let desk = desk(|_| {}).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    desk.company.app.clock.stop();
    hook(&aino, "slack", format!("{}/slack", service.url)).await;
    let quiet = json!([{ "days": [1, 2, 3, 4, 5, 6, 7], "from": wall(&desk, -60), "to": wall(&desk, 120) }]);
    choose(&aino, |settings| {
        settings["timezone"] = json!("UTC");
        settings["quiet"] = quiet;
    })
    .await;
    let talk = desk.talk("Liisa", "Hei").await;
    mention(owner, talk, "a", &aino).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::seconds(25));
    until("it rests until the morning", async || rests(&desk, 3_600, 7_300).await == 1).await;
    assert!(service.calls().is_empty());
    desk.company.app.clock.advance(Duration::hours(3));
    service.call(1).await;

    choose(&aino, |settings| settings["quiet"] = json!([])).await;
    let open = socket(&desk, &aino).await;
    until("she is seen", async || count(&desk.company.app, "SELECT COUNT(*) FROM staff_connections").await == 1).await;
    let other = desk.talk("Matti", "Hei").await;
    mention(owner, other, "b", &aino).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::seconds(25));
    until("it waits while she looks", async || rests(&desk, 0, 200).await == 1).await;
    assert_eq!(service.calls().len(), 1);
    open.close().await;
    desk.company.app.clock.advance(Duration::minutes(3));
    service.call(2).await;

    let now = desk.company.app.app.environment.now();
    choose(&aino, |settings| settings["absence"] = json!({ "from": now - Duration::hours(1), "until": now + Duration::days(1), "kinds": ["assigned"] })).await;
    let third = desk.talk("Maija", "Hei").await;
    mention(owner, third, "c", &aino).await;
    assign(owner, third, &aino).await;
    desk.settle().await;
    assert_eq!(told(&aino).await.iter().filter(|(.., unread)| *unread).count(), 4, "the list waits for the return");
    desk.company.app.clock.advance(Duration::minutes(1));
    let last = service.call(3).await;
    let said = String::from_utf8(last.body.to_vec()).unwrap();
    assert!(said.contains("Sait hoidettavaksesi") && !said.contains("mainittiin"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_notices_are_one_letter() {
    let sink = SmtpSink::start().await;
    let url = format!("smtp+plain://{}", sink.address);
    let desk = desk(move |configuration| {
        configuration.mail.smtp_url = url;
        configuration.mail.from = "ilmoitukset@kone.example".to_owned();
    })
    .await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    until("the invitation has left", async || sink.taken().len() == 1).await;
    desk.company.app.clock.stop();
    let_names_leave(owner).await;
    choose(&aino, |settings| {
        let mail = json!({ "list": true, "email": true, "push": true, "chat": true });
        settings["kinds"]["mentioned"] = mail.clone();
        settings["kinds"]["assigned"] = mail;
        settings["detail"] = json!("customer");
    })
    .await;
    for name in ["Liisa", "Matti"] {
        let talk = desk.talk(name, "Hei").await;
        mention(owner, talk, name, &aino).await;
        assign(owner, talk, &aino).await;
    }
    desk.settle().await;
    assert_eq!(rests(&desk, 0, 600).await, 1, "one letter rests for all");
    desk.company.app.clock.advance(Duration::minutes(11));
    let mail = sink.mail(2).await;
    assert_eq!(mail.to, ["aino@example.fi"]);
    until("it is sent", async || count(&desk.company.app, "SELECT COUNT(*) FROM intents WHERE transport = 'email' AND state = 'sent'").await == 2).await;
    let text: String = {
        let mut tx = desk.company.app.app.db.read().await.unwrap();
        tx.scalar("SELECT payload FROM intents WHERE dedupe_key LIKE 'notice:email:%'", ennakoi_store::params![]).await.unwrap()
    };
    let payload: Value = serde_json::from_str(&text).unwrap();
    let body = payload["text"].as_str().unwrap();
    assert_eq!(payload["subject"], "Käpylän Kone Oy: 4 uutta ilmoitusta");
    let choices = format!("/app/profile?workspace={}#notices", desk.company.workspace());
    assert!(body.contains("Liisa") && body.contains("Matti") && body.contains(&choices), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_of_the_company_and_addresses_that_must_not_be_called() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    for url in ["http://127.0.0.1/hook", "https://[::1]/hook", "http://hooks.example.fi/a", "ftp://example.fi/a", "https://user:pass@example.fi/a", "nonsense"]
    {
        let refused = aino.post("notice-hooks", json!({ "service": "slack", "name": "x", "url": url })).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "url", "{url}");
    }
    let desk = desk(|_| {}).await;
    let (owner, service) = (desk.owner(), Service::start().await);
    let aino = desk.agent("aino").await;
    let new = |kinds: Value| json!({ "service": "slack", "name": "#tiimi", "url": format!("{}/team", service.url), "kinds": kinds });
    aino.post("workspace-notice-hooks", new(json!(["approval_asked"]))).await.expect(403);
    assert_eq!(owner.post("workspace-notice-hooks", new(json!(["mentioned"]))).await.expect(422)["errors"][0]["field"], "kinds[0]");
    assert_eq!(owner.post("workspace-notice-hooks", new(json!([]))).await.expect(422)["errors"][0]["field"], "kinds");
    owner.post("workspace-notice-hooks", new(json!(["approval_asked"]))).await.expect(201);
    let talk = desk.talk("Liisa", "Hei").await;
    for key in ["a", "b"] {
        let wish = json!({ "client_key": key, "kind": "credit", "amount_minor": 5_000, "currency": "EUR", "what": "", "reason": "Viivästys" });
        aino.post(&talk.path("/grants"), wish).await.expect(201);
    }
    desk.settle().await;
    let call = service.call(1).await;
    let said = String::from_utf8(call.body.to_vec()).unwrap();
    assert!(said.contains("Hyväksyntääsi odotetaan") && !said.contains("Liisa"), "{said}");
    assert_eq!(count(&desk.company.app, "SELECT COUNT(*) FROM intents WHERE transport = 'notice_chat'").await, 1, "one case and kind is told once in a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_reach_no_private_network_and_read_nothing_that_is_answered() {
    let company = Company::start_with(|configuration| configuration.security.private_egress = true).await;
    let desk = Desk::of(company).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    let new = |kinds: Value| json!({ "service": "slack", "name": "x", "url": format!("{}/team", service.url), "kinds": kinds });
    assert_eq!(aino.post("notice-hooks", new(json!([]))).await.expect(422)["errors"][0]["field"], "url", "whatever the operator allows elsewhere");
    let made = owner.post("workspace-notice-hooks", new(json!(["approval_asked"]))).await.expect(201);
    service.will([410]);
    owner.post(&format!("workspace-notice-hooks/{}/test", text(&made["id"])), json!({})).await.expect(202);
    service.call(1).await;
    let now = async || owner.get("workspace-notice-hooks").await.expect(200)["items"][0].clone();
    until("it is switched off", async || now().await["off_since"].is_i64()).await;
    assert_eq!(now().await["last_error"], "410");
    owner.post(&format!("workspace-notice-hooks/{}/test", text(&made["id"])), json!({})).await.expect(202);
    service.call(2).await;
    until("a trial that arrives switches it on", async || now().await["off_since"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_leave_only_when_the_company_lets_them() {
    let desk = desk(|_| {}).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    desk.company.app.clock.stop();
    hook(&aino, "slack", format!("{}/slack", service.url)).await;
    choose(&aino, |settings| settings["detail"] = json!("customer")).await;
    assert!(audited(owner).await.contains(&"notice_settings.detail_changed".to_owned()));
    aino.put("notice-policy", json!({ "names_leave": true })).await.expect(403);
    assert_eq!(owner.get("notice-policy").await.expect(200)["names_leave"], false);
    let said = async |name: &str, number: usize| {
        let talk = desk.talk(name, "Hei").await;
        mention(owner, talk, name, &aino).await;
        desk.settle().await;
        desk.company.app.clock.advance(Duration::seconds(25));
        String::from_utf8(service.call(number).await.body.to_vec()).unwrap()
    };
    assert!(!said("Liisa", 1).await.contains("Liisa"));
    let_names_leave(owner).await;
    assert!(audited(owner).await.contains(&"notice_policy.changed".to_owned()));
    assert!(said("Matti", 2).await.contains("Matti"));
}
