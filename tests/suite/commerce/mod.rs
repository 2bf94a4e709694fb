//! The commerce mirror: reports, lists, the customer's panel, imports.

mod imports;

use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::people::{Company, events, text};

const MONDAY: i64 = 1_795_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

fn order(number: &str, total_minor: i64, updated_at: i64) -> Value {
    json!({
        "number": number, "status": "processing", "financial_status": "paid", "currency": "EUR", "total_minor": total_minor,
        "lines": [{ "sku": "A1", "name": "Pyyhe", "quantity": 2, "unit_minor": total_minor / 2, "total_minor": total_minor }],
        "placed_at": MONDAY, "promised_at": MONDAY + 72 * HOUR, "customer": { "id": "77", "email": "liisa@example.fi", "name": "Liisa Meri" },
        "updated_at": updated_at,
    })
}

/// The contact who has this address.
async fn contact(client: &Client, email: &str) -> String {
    let page = client.get(&format!("contacts?email={email}")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{email}");
    text(&page["items"][0]["id"])
}

fn numbers(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|row| text(&row["number"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_an_upsert_and_an_older_one_changes_nothing() {
    let company = Company::start().await;
    let first = company.owner.put("orders/100", order("PV-100", 5_980, MONDAY)).await.expect(201);
    assert_eq!((&first["source"], &first["fulfilment_status"], &first["shipments"]), (&json!("api"), &Value::Null, &json!([])));
    let mut later = order("PV-100", 5_980, MONDAY + 2 * HOUR);
    later["status"] = json!("shipped");
    assert_eq!(company.owner.put("orders/100", later.clone()).await.expect(200)["status"], "shipped");
    // Late, and repeated.
    assert_eq!(company.owner.put("orders/100", order("PV-100", 1, MONDAY + HOUR)).await.expect(200)["total_minor"], 5_980);
    company.owner.put("orders/100", later).await.expect(200);
    let kinds = events(&company).await;
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("order.")).collect::<Vec<_>>(), ["order.placed", "order.changed"]);
    // Another system may use the same id.
    company.owner.put("orders/100?source=kassa", order("K-100", 100, MONDAY)).await.expect(201);
    let read = company.owner.get(&format!("orders/{}", text(&first["id"]))).await.expect(200);
    assert_eq!((&read["status"], &read["lines"][0]["quantity"]), (&json!("shipped"), &json!(2)));
    company.neighbour().await.get(&format!("orders/{}", text(&first["id"]))).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_reports_name_their_fields() {
    let company = Company::start().await;
    let mut wrong = order("", 1, MONDAY);
    wrong["currency"] = json!("euro");
    let refused = company.owner.put("orders/1", wrong).await.expect(422);
    let fields: Vec<&str> = refused["errors"].as_array().unwrap().iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(fields, ["number", "currency"]);
    let mut unknown = order("1", 1, MONDAY);
    unknown["contact_id"] = json!("x");
    assert_eq!(company.owner.put("orders/1", unknown).await.expect(422)["errors"][0]["code"], "unknown_field");
    let parcel = json!({ "order": "nowhere", "carrier": "Posti", "number": "JJ1", "status": "in_transit", "updated_at": MONDAY });
    assert_eq!(company.owner.put("shipments/1", parcel).await.expect(422)["errors"][0]["field"], "order");
    let link = json!({ "sku": "A", "name": "A", "url": "javascript:alert(1)", "updated_at": MONDAY });
    assert_eq!(company.owner.put("products/1", link).await.expect(422)["errors"][0]["field"], "url");
    company.colleague("aino", "agent").await.put("orders/1", order("1", 1, MONDAY)).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_all_of_a_person_even_after_a_merge() {
    let company = Company::start().await;
    company.owner.put("orders/1", order("PV1", 5_000, MONDAY)).await.expect(201);
    let mut cancelled = order("PV2", 9_900, MONDAY);
    cancelled["status"] = json!("cancelled");
    company.owner.put("orders/2", cancelled).await.expect(201);
    let mut other = order("PV3", 2_500, MONDAY);
    other["customer"] = json!({ "email": "liisa.meri@example.com" });
    other["placed_at"] = json!(MONDAY + HOUR);
    company.owner.put("orders/3", other).await.expect(201);
    let mut crowns = order("PV4", 700, MONDAY);
    crowns["currency"] = json!("SEK");
    company.owner.put("orders/4", crowns).await.expect(201);
    let parcel = json!({ "order": "1", "carrier": "Posti", "number": "JJ1", "status": "delivered", "delivered_at": MONDAY + 48 * HOUR, "updated_at": MONDAY });
    company.owner.put("shipments/1", parcel).await.expect(201);
    let invoice = json!({
        "number": "L1", "status": "open", "currency": "EUR", "total_minor": 5_000, "due_minor": 5_000, "issued_at": MONDAY, "due_at": MONDAY + HOUR,
        "order": "1", "updated_at": MONDAY,
    });
    company.owner.put("invoices/1", invoice).await.expect(201);
    let refresh = json!({
        "name": "Pyyhekierto", "status": "active", "currency": "EUR", "price_minor": 1_990, "interval": "month", "started_at": MONDAY,
        "customer": { "id": "77" }, "updated_at": MONDAY,
    });
    company.owner.put("subscriptions/1", refresh).await.expect(201);
    let (liisa, twin) = (contact(&company.owner, "liisa@example.fi").await, contact(&company.owner, "liisa.meri@example.com").await);
    company.owner.post(&format!("contacts/{liisa}/merges"), json!({ "loser": twin })).await.expect(201);
    for id in [&liisa, &twin] {
        let panel = company.owner.get(&format!("contacts/{id}/commerce")).await.expect(200);
        assert_eq!(panel["orders"][0]["number"], "PV3", "the newest first");
        assert_eq!(panel["orders"].as_array().unwrap().len(), 4);
        let first = panel["orders"].as_array().unwrap().iter().find(|order| order["number"] == "PV1").unwrap();
        assert_eq!((&first["delivered_at"], &first["shipments"][0]["number"]), (&json!(MONDAY + 48 * HOUR), &json!("JJ1")));
        assert_eq!((&panel["invoices"][0]["number"], &panel["subscriptions"][0]["name"]), (&json!("L1"), &json!("Pyyhekierto")));
        assert_eq!(panel["value"], json!({ "currency": "EUR", "orders": 2, "total_minor": 7_500 }));
        assert_eq!(panel["values"][1], json!({ "currency": "SEK", "orders": 1, "total_minor": 700 }));
    }
    company.neighbour().await.get(&format!("contacts/{liisa}/commerce")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_listed_paged_and_found_by_the_beginning_of_their_number() {
    let company = Company::start().await;
    for (id, number) in [("1", "PV-101"), ("2", "PV-102"), ("3", "PV-120"), ("4", "XY-101")] {
        let mut body = order(number, 100, MONDAY);
        body["placed_at"] = json!(MONDAY + id.parse::<i64>().unwrap() * HOUR);
        body["status"] = json!(if id == "3" { "cancelled" } else { "processing" });
        company.owner.put(&format!("orders/{id}"), body).await.expect(201);
    }
    let get = async |query: &str| company.owner.get(&format!("orders{query}")).await.expect(200);
    assert_eq!(numbers(&get("").await), ["XY-101", "PV-120", "PV-102", "PV-101"]);
    assert_eq!(numbers(&get("?q=pv10").await), ["PV-101", "PV-102"]);
    assert_eq!(numbers(&get("?q=%23PV%20-1").await), ["PV-101", "PV-102", "PV-120"]);
    assert_eq!(numbers(&get("?status=cancelled").await), ["PV-120"]);
    assert!(numbers(&get("?q=---").await).is_empty() && numbers(&get("?q=%25").await).is_empty());
    for list in ["?limit=1", "?limit=1&q=pv", "?limit=3"] {
        let mut seen = Vec::new();
        let mut page = get(list).await;
        loop {
            seen.extend(numbers(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            page = get(&format!("{list}&cursor={cursor}")).await;
        }
        assert_eq!(seen.len(), if list.contains("pv") { 3 } else { 4 }, "{list}: {seen:?}");
    }
    let liisa = contact(&company.owner, "liisa@example.fi").await;
    assert_eq!(get(&format!("?contact={liisa}")).await["items"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_listed_by_name_and_found_by_words() {
    let company = Company::start().await;
    for (sku, name) in [("P1", "Kaste-kylpypyyhe 70×140"), ("P2", "Kaste-käsipyyhe 50×70"), ("V1", "Villahuopa")] {
        let body = json!({ "sku": sku, "name": name, "category": "Pyyhkeet", "price_minor": 2_990, "currency": "EUR", "updated_at": MONDAY });
        company.owner.put(&format!("products/{sku}"), body).await.expect(201);
    }
    let found = async |query: &str| {
        let page = company.owner.get(&format!("products{query}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|row| text(&row["sku"])).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["P1", "P2", "V1"]);
    assert_eq!(found("?q=villa").await, ["V1"]);
    assert_eq!(found("?q=kaste%2070").await, ["P2", "P1"]);
    assert_eq!(found("?limit=1").await, ["P1"]);
    assert!(found("?q=kissa").await.is_empty());
}
