//! Flows through the widget: each ready flow in Finnish, with the shop's data, proofs, requests, interruptions and ways out.

use serde_json::{Value, json};

use crate::{
    chat::{Shop, Visitor, identity::Site, options, said},
    people::text,
};

const DAY: i64 = 86_400_000_000;

/// Puts what Liisa (`asiakas-7`) has bought, as her shop tells it.
pub(crate) async fn bought(shop: &Shop) {
    let now = shop.company.app.app.environment.now().0;
    let customer = json!({ "id": "asiakas-7", "email": "asiakas-7@example.fi", "name": "Liisa Meri" });
    let line = |name: &str| json!({ "sku": "1", "name": name, "quantity": 1, "unit_minor": 5_990, "total_minor": 5_990 });
    let order = |number: &str, status: &str, line: Value, placed: i64, promised: i64, delivered: Option<i64>| {
        json!({
            "number": number, "status": status, "currency": "EUR", "total_minor": 5_990, "lines": [line], "placed_at": now + placed * DAY,
            "promised_at": now + promised * DAY, "delivered_at": delivered.map(|days| now + days * DAY), "customer": customer, "updated_at": now
        })
    };
    let put = |path: &'static str, body: Value| async move { shop.owner().put(path, body).await.expect(201) };
    put("orders/w1", order("10021", "completed", line("Villapaita"), -12, -6, Some(-7))).await;
    put("orders/w2", order("10022", "shipped", line("Keraaminen muki"), -4, 2, None)).await;
    put("orders/w3", order("10023", "processing", line("Pellavalakana"), -1, 5, None)).await;
    let parcel = json!({
        "order": "w2", "carrier": "Posti", "number": "JJFI600022", "url": "https://seuranta.example.fi/JJFI600022", "status": "in_transit",
        "shipped_at": now - DAY, "updated_at": now
    });
    put("shipments/s2", parcel).await;
    let invoice = json!({
        "number": "50012", "reference": "500127", "status": "open", "currency": "EUR", "total_minor": 8_990, "due_minor": 8_990, "issued_at": now - 6 * DAY,
        "due_at": now + 8 * DAY, "customer": customer, "updated_at": now
    });
    put("invoices/i1", invoice).await;
    let subscription = json!({
        "name": "Kahviboksi", "status": "active", "currency": "EUR", "price_minor": 1_990, "interval": "month", "started_at": now - 60 * DAY,
        "renews_at": now + 11 * DAY, "customer": customer, "updated_at": now
    });
    put("subscriptions/t1", subscription).await;
    shop.company.app.settle().await;
}

/// Liisa, signed in on the shop's site.
pub(crate) async fn liisa(shop: &Shop) -> Visitor<'_> {
    let site = Site::of(shop).await;
    let arrived = shop.arrive(json!({ "locale": "fi", "identity": site.token("asiakas-7") })).await.expect(201);
    shop.visitor_with(&text(&arrived["token"]))
}

fn heard(messages: &[Value]) -> String {
    said(messages).iter().map(|message| text(&message["body"])).collect::<Vec<_>>().join("\n")
}

/// Says a line and expects to hear something.
pub(crate) async fn talk(visitor: &Visitor<'_>, lines: &[(&str, &str)]) {
    for (number, (line, expected)) in lines.iter().enumerate() {
        let key = format!("{}-{number}", shop_key(visitor));
        let answer = match line.strip_prefix('>') {
            Some(option) => visitor.tap(&key, option, option).await,
            None => visitor.ask(&key, line).await,
        };
        assert!(heard(&answer).contains(expected), "{line:?} expects {expected:?}: {}", heard(&answer));
    }
}

/// A key that no other message has.
fn shop_key(visitor: &Visitor<'_>) -> String {
    visitor.shop.company.app.app.environment.new_uuid().to_string()
}

async fn requests(shop: &Shop) -> Vec<Value> {
    shop.owner().get("requests").await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_is_my_order() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let liisa = liisa(&shop).await;
    talk(&liisa, &[("moi, missä mun tilaus on?", "Mitä tilausta"), ("se muki", "JJFI600022"), ("missä tilaus 10023 viipyy?", "käsittelyssä")]).await;
    assert_eq!(liisa.conversation().await["owner"], "bot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_recorded_after_a_yes_and_goes_to_people_with_what_was_gathered() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let liisa = liisa(&shop).await;
    talk(&liisa, &[("Haluan palauttaa tilauksen 10021", "Mitä niistä palautat"), ("villapaidan", "Miksi"), ("liian pieni", "Onko tämä oikein")]).await;
    assert!(requests(&shop).await.is_empty(), "nothing before the yes");
    talk(&liisa, &[("eiku siinä on vika", "Siinä on vika"), ("joo", "on kirjattu")]).await;
    let recorded = requests(&shop).await;
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    let request = &recorded[0];
    assert_eq!(
        (&request["kind"], &request["item_number"], &request["standing"], &request["state"]),
        (&json!("return"), &json!("10021"), &json!("identified"), &json!("open"))
    );
    assert!(request["fields"].as_array().unwrap().iter().any(|field| field["name"] == "reason" && field["value"] == "faulty"), "{request}");
    let conversation = liisa.conversation().await;
    assert_eq!(conversation["owner"], "queue");
    let id = text(&conversation["id"]);
    let thread = shop.owner().get(&format!("conversations/{id}/messages")).await.expect(200);
    let note = thread["items"].as_array().unwrap().iter().find(|message| message["visibility"] == "private").expect("a note for the agent");
    assert!(text(&note["body"]).contains("10021") && text(&note["body"]).contains("villapaidan"), "{note}");
    assert!(liisa.messages().await.iter().all(|message| !text(&message["body"]).contains("Pyyntö botilta")), "the note is for staff");
    let theirs = shop.owner().get(&format!("conversations/{id}/requests")).await.expect(200);
    assert_eq!(theirs["items"].as_array().unwrap().len(), 1);
    let path = format!("requests/{}", text(&request["id"]));
    assert_eq!(shop.owner().put(&format!("{path}/closure"), json!({ "outcome": "done" })).await.expect(200)["state"], "done");
    assert_eq!(shop.owner().get(&path).await.expect(200)["state"], "done");
    assert!(shop.owner().get("requests?state=open").await.expect(200)["items"].as_array().unwrap().is_empty());
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchange_address_invoice_copy_and_more_time() {
    let shop = Shop::open().await;
    bought(&shop).await;
    for (lines, kind) in [
        (
            &[
                ("Voinko vaihtaa villapaidan isompaan kokoon?", "Mistä tilauksesta"),
                ("10021", "Minkä niistä"),
                ("villapaita", "Mitä haluat tilalle"),
                ("koko L", "oikein"),
                ("kyllä", "kirjattu"),
            ][..],
            "exchange",
        ),
        (
            &[
                ("Haluan muuttaa tilauksen 10023 toimitusosoitteen", "Mihin tilaus 10023"),
                ("Oikeatie 2, 33100 Tampere", "Oikeatie 2"),
                ("joo", "ei ole vielä tehty"),
            ][..],
            "address_change",
        ),
        (&[("Tarvitsen laskun kopion", "sähköposti"), ("asiakas-7@example.fi", "Onko oikein"), ("kyllä", "kirjattu")][..], "invoice_copy"),
        (
            &[("Voinko saada laskulle lisää maksuaikaa?", "Mihin päivään"), ("ensi maanantaihin", "Onko oikein"), ("kyllä", "ei ole vielä muuttunut")][..],
            "payment_extension",
        ),
    ] {
        let liisa = liisa(&shop).await;
        let owner = shop.owner();
        // Each in a talk of its own.
        if let Some(open) = liisa.client.get("/widget/v1/conversations").await.expect(200).as_array().and_then(|all| all.first().cloned()) {
            owner.put(&format!("conversations/{}/closure", text(&open["id"])), json!({})).await.expect(200);
            shop.company.app.clock.advance(ennakoi_kernel::Duration::days(8));
            bought_again(&shop).await;
        }
        talk(&liisa, lines).await;
        assert_eq!(requests(&shop).await[0]["kind"], kind);
    }
}

/// The clock has moved: the same things, as new as before.
async fn bought_again(shop: &Shop) {
    let now = shop.company.app.app.environment.now().0;
    let customer = json!({ "id": "asiakas-7", "email": "asiakas-7@example.fi" });
    let order = |number: &str| json!({ "number": number, "status": "processing", "currency": "EUR", "total_minor": 5_990, "placed_at": now - DAY, "customer": customer, "updated_at": now });
    shop.owner().put("orders/w3", order("10023")).await.expect(200);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_pause_and_end_on_request_only() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let first = liisa(&shop).await;
    talk(&first, &[("Haluan irtisanoa kahvitilaukseni", "Kahviboksi"), (">flow:skip", "Oletko varma"), ("ei", "tilaus jatkuu")]).await;
    assert!(requests(&shop).await.is_empty());
    talk(&first, &[("Haluan laittaa kuukausitilauksen tauolle", "Kahviboksi"), ("ensi maanantaihin", "Onko oikein"), ("joo", "jatkuu entisellään")]).await;
    assert_eq!(requests(&shop).await[0]["kind"], "subscription_pause");
    // Somebody unknown may ask too, and it is said that it is to be checked.
    let stranger = shop.visitor().await;
    talk(
        &stranger,
        &[
            ("Haluan irtisanoa kuukausitilaukseni", "Kenen nimissä"),
            ("Liisa Meri, Kahviboksi", "sähköpostiosoitteella"),
            ("asiakas-7@example.fi", "Onko oikein"),
            ("kyllä", "kirjattu"),
        ],
    )
    .await;
    assert_eq!(requests(&shop).await[0]["standing"], "claimed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_opens_an_order_with_its_number_and_address_and_guesses_are_limited() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let honest = shop.visitor().await;
    talk(&honest, &[("Missä tilaukseni on?", "tilausnumerosi"), ("10022", "sähköpostiosoitteella"), ("asiakas-7@example.fi", "JJFI600022")]).await;
    // The proof opened one order, not the customer's others.
    talk(&honest, &[("Missä tilaus 10023 on?", "sähköpostiosoitteella")]).await;
    let thief = shop.visitor().await;
    talk(&thief, &[("Missä tilaukseni 10022 on?", "sähköpostiosoitteella")]).await;
    let mut told = String::new();
    for n in 0..2 {
        let answer = heard(&thief.ask(&format!("a{n}"), &format!("10022 arvaus{n}@example.com")).await);
        assert!(answer.contains("eivät täsmää"), "{answer}");
        told += &answer;
    }
    // A number that does not exist is told in the same words.
    let answer = heard(&thief.ask("c", "99999 arvaus@example.com").await);
    assert!(answer.contains("En saanut varmistettua"), "{answer}");
    assert!(!(told + &answer).contains("JJFI"));
    assert_eq!(thief.conversation().await["owner"], "queue");
    // Others guess on; the number closes for everybody for an hour.
    for n in 0..2 {
        let other = shop.visitor().await;
        talk(
            &other,
            &[
                ("Missä tilaukseni 10022 on?", "sähköpostiosoitteella"),
                ("10022 x1@example.com", "eivät täsmää"),
                ("10022 x2@example.com", if n == 0 { "eivät täsmää" } else { "En saanut" }),
            ],
        )
        .await;
        if n == 1 {
            break;
        }
    }
    let late = shop.visitor().await;
    talk(&late, &[("Missä tilaukseni 10022 on?", "sähköpostiosoitteella"), ("asiakas-7@example.fi", "En saanut varmistettua")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_address_is_no_proof_of_anything() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let visitor = shop.visitor().await;
    visitor.client.patch("/widget/v1/visitor", json!({ "email": "asiakas-7@example.fi" })).await;
    let answer = heard(&visitor.ask("1", "Missä tilaukseni on?").await);
    assert!(answer.contains("tilausnumerosi") && !answer.contains("10022"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_between_are_answered_and_the_flow_goes_on() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let liisa = liisa(&shop).await;
    talk(&liisa, &[("Haluan palauttaa tilauksen 10021", "Mitä niistä palautat"), ("villapaita", "Miksi")]).await;
    let answer = liisa.ask("q", "Millä voin maksaa, käykö MobilePay?").await;
    let spoken = said(&answer);
    assert!(spoken.iter().any(|message| message["meta"]["sources"][0]["title"] == "Maksutavat"), "{answer:?}");
    assert!(heard(&answer).contains("Miksi palautat"), "{}", heard(&answer));
    assert!(options(spoken.last().unwrap()).contains(&"flow:choice:faulty".to_owned()), "{answer:?}");
    talk(&liisa, &[("takaisin", "Mitä niistä palautat"), ("paita", "Miksi"), ("lopeta", "Mitään ei muutettu")]).await;
    assert_eq!(liisa.conversation().await["owner"], "bot");
    // Another wish under way is offered, not followed blindly.
    talk(&liisa, &[("Haluan palauttaa tilauksen 10021", "Mitä niistä palautat"), ("paita", "Miksi")]).await;
    let answer = liisa.ask("other", "Tarvitsen laskun kopion").await;
    assert!(options(said(&answer).last().unwrap()).contains(&"flow:begin:invoice_copy".to_owned()), "{answer:?}");
    talk(&liisa, &[(">flow:begin:invoice_copy", "50012")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_what_is_sensitive_come_before_every_step() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let first = liisa(&shop).await;
    talk(&first, &[("Haluan palauttaa tilauksen 10021", "Mitä niistä palautat"), ("haluan puhua ihmiselle", "ihmiselle")]).await;
    assert_eq!(first.conversation().await["owner"], "queue");
    let second = shop.visitor().await;
    talk(&second, &[("Missä tilaukseni on?", "tilausnumerosi"), ("Lapseni sai tuotteesta sähköiskun ja on sairaalassa", "")]).await;
    assert_eq!(second.conversation().await["owner"], "queue");
    assert!(requests(&shop).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn several_questions_in_one_message_are_all_answered() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let liisa = liisa(&shop).await;
    let answer = liisa.ask("1", "Missä tilaukseni 10022 on? Ja käykö MobilePay?").await;
    let titles: Vec<String> = said(&answer).iter().filter_map(|message| message["meta"]["sources"][0]["title"].as_str().map(ToOwned::to_owned)).collect();
    assert!(titles.contains(&"Maksutavat".to_owned()) && heard(&answer).contains("JJFI600022"), "{}", heard(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_and_calls_begin_when_no_article_helps() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let answer = visitor.ask("1", "Unohdin salasanan, miten vaihdan sen?").await;
    assert_eq!(said(&answer).last().unwrap()["meta"]["sources"][0]["title"], "Salasanan vaihtaminen");
    talk(&visitor, &[(">not_helped", "sähköpostiosoite"), ("liisa@example.com", "Onko oikein"), ("kyllä", "varmistaa ensin")]).await;
    assert_eq!(requests(&shop).await[0]["kind"], "access_reset");
    let caller = shop.visitor().await;
    talk(
        &caller,
        &[
            ("Haluaisin varata ajan ensi viikolle", "Mitä soitto koskee"),
            ("sohvan toimitus", "numeroon"),
            ("040 123 4567", "päivä"),
            ("huomenna", "aikaan"),
            ("aamulla", "oikein"),
            ("joo", "kirjattu"),
        ],
    )
    .await;
    assert_eq!(requests(&shop).await[0]["kind"], "call");
}
