//! Files of past orders, invoices, subscriptions, products and customers.

use serde_json::{Value, json};

use super::{
    super::people::{Company, count, events, text},
    contact,
};

const ORDERS: &str = "Tilausnumero;Tila;Summa;Tilauspäivä;Tuote;Määrä;Hinta;Sähköposti;Asiakas\n\
    PV1;Toimitettu;\"1 234,50\";3.11.2025;Pyyhe;2;617,25;liisa@example.fi;Liisa Meri\n\
    PV2;peruttu;19,90;2025-11-04;Huopa;1;19,90;olli@example.fi;Olli Öljymäki\n\
    PV1;Toimitettu;\"1 234,50\";3.11.2025;Matto;1;0;liisa@example.fi;Liisa Meri\n\
    PV3;avoin;kaksi euroa;4.11.2025;Huopa;1;2;x@example.fi;X\n\
    PV4;avoin;2,00;31.2.2025;Huopa;1;2;x@example.fi;X\n\
    ;avoin;2,00;1.2.2025;Huopa;1;2;x@example.fi;X\n";

async fn upload(company: &Company, path: &str, bytes: &[u8], status: u16) -> Value {
    company.owner.upload(path, "tiedosto.csv", "text/csv", bytes.to_vec()).await.expect(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_come_in_with_their_lines_and_trigger_nothing() {
    let company = Company::start().await;
    let tried = upload(&company, "imports/orders?dry_run=true", ORDERS.as_bytes(), 200).await;
    assert_eq!((&tried["created"], tried["rejected"].as_array().unwrap().len()), (&json!(2), 3));
    assert_eq!(company.owner.get("orders").await.expect(200)["items"], json!([]), "a dry run leaves nothing");
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM contacts").await, 0);
    let done = upload(&company, "imports/orders", ORDERS.as_bytes(), 200).await;
    assert_eq!(
        done["rejected"],
        json!([
            { "line": 5, "reason": "money_invalid", "field": "total" },
            { "line": 6, "reason": "date_invalid", "field": "placed_at" },
            { "line": 7, "reason": "required", "field": "id" },
        ])
    );
    let page = company.owner.get("orders?q=pv1").await.expect(200);
    let order = &page["items"][0];
    assert_eq!((&order["total_minor"], &order["status"], order["lines"].as_array().unwrap().len()), (&json!(123_450), &json!("delivered"), 2));
    assert_eq!(order["lines"][0]["unit_minor"], 61_725);
    let kinds = events(&company).await;
    assert!(kinds.iter().all(|kind| kind != "order.placed" && kind != "order.changed"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "order.imported").count(), 2);
    // The same file again changes the same rows.
    company.app.clock.advance(ennakoi_kernel::Duration::minutes(1));
    let again = upload(&company, "imports/orders", ORDERS.as_bytes(), 200).await;
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(2)));
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM contacts").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheets_of_three_languages_and_old_encodings_are_read() {
    let company = Company::start().await;
    let windows: Vec<u8> =
        "Kundnummer\tNamn\tE-post\tSpråk\n12\tÅsa Öst\tasa@example.fi\tsvenska\n".chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(upload(&company, "imports/contacts", &windows, 200).await["created"], 1);
    let id = contact(&company.owner, "asa@example.fi").await;
    let asa = company.owner.get(&format!("contacts/{id}")).await.expect(200);
    assert_eq!((&asa["name"], &asa["locale"]), (&json!("Åsa Öst"), &json!("sv")));
    assert_eq!(upload(&company, "imports/contacts", &windows, 200).await["unchanged"], 1);
    let people = "name,email,phone\nA,not an address,\nB,,\nÅsa Öst-Meri,ASA@example.fi,040 1234567\n";
    let done = upload(&company, "imports/contacts", people.as_bytes(), 200).await;
    assert_eq!(
        (&done["updated"], &done["rejected"][0]["reason"], &done["rejected"][1]["reason"]),
        (&json!(1), &json!("email_invalid"), &json!("identity_missing"))
    );
    let invoices = "Fakturanummer;Belopp;Fakturadatum;Förfallodag;Kundnummer\nF1;\"12,50\";1.10.2025;15.10.2025;12\n";
    assert_eq!(upload(&company, "imports/invoices", invoices.as_bytes(), 200).await["created"], 1);
    let subscriptions = "id,name,price,started,interval,customer_id\nS1,Kierto,19.90,2025-01-01,kuukausi,12\nS2,Kierto,19.90,2025-01-01,joskus,12\n";
    let done = upload(&company, "imports/subscriptions", subscriptions.as_bytes(), 200).await;
    assert_eq!((&done["created"], &done["rejected"][0]), (&json!(1), &json!({ "line": 3, "reason": "interval_invalid", "field": "interval" })));
    let products = "Tuotekoodi;Nimi;Hinta;Saldo\nP1;Pyyhe;29,90;12\n";
    assert_eq!(upload(&company, "imports/products", products.as_bytes(), 200).await["created"], 1);
    let panel = company.owner.get(&format!("contacts/{id}/commerce")).await.expect(200);
    assert_eq!((&panel["invoices"][0]["total_minor"], &panel["invoices"][0]["status"]), (&json!(1_250), &json!("overdue")));
    assert_eq!(panel["subscriptions"][0]["price_minor"], 1_990);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_and_wrong_people_are_refused() {
    let company = Company::start().await;
    let code = async |bytes: &[u8]| text(&upload(&company, "imports/orders", bytes, 422).await["errors"][0]["code"]);
    assert_eq!(code(b"").await, "required");
    assert_eq!(code(b"nimi;summa\nA;1\n").await, "columns_missing");
    assert_eq!(code(b"PK\x03\x04\x00\x00").await, "not_text");
    company.owner.post("imports/orders", json!({})).await.expect(400);
    let agent = company.colleague("aino", "agent").await;
    for kind in ["orders", "invoices", "subscriptions", "products", "contacts"] {
        agent.upload(&format!("imports/{kind}"), "a.csv", "text/csv", b"id\n1\n".to_vec()).await.expect(403);
    }
}
