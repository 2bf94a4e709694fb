use super::*;

fn only(text: &str) -> (EntityKind, String, bool) {
    let found = find(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    (found[0].kind, found[0].value.clone(), found[0].valid)
}

#[test]
fn checked_numbers() {
    assert_eq!(only("tilini FI21 1234 5600 0007 85 kiitos"), (EntityKind::Iban, "FI2112345600000785".into(), true));
    assert_eq!(only("tili FI2112345600000786"), (EntityKind::Iban, "FI2112345600000786".into(), false));
    assert_eq!(only("viitenumero 1234 5672"), (EntityKind::PaymentReference, "12345672".into(), true));
    assert_eq!(only("viite: 12345671"), (EntityKind::PaymentReference, "12345671".into(), false));
    assert_eq!(only("hetu 131052-308T"), (EntityKind::PersonalIdentityCode, "131052-308T".into(), true));
    assert_eq!(only("131052-308U"), (EntityKind::PersonalIdentityCode, "131052-308U".into(), false));
    assert_eq!(only("mitt personnummer är 811228-9874"), (EntityKind::PersonalIdentityCode, "811228-9874".into(), true));
    assert_eq!(only("kort 4111 1111 1111 1111"), (EntityKind::PaymentCard, "4111111111111111".into(), true));
    assert_eq!(only("RF18 5390 0754 7034"), (EntityKind::PaymentReference, "RF18539007547034".into(), true));
}

#[test]
fn named_numbers_and_contacts() {
    assert_eq!(only("missä tilaukseni 100234 on"), (EntityKind::OrderNumber, "100234".into(), true));
    assert_eq!(only("order #A-10234"), (EntityKind::OrderNumber, "A-10234".into(), true));
    assert_eq!(only("beställning 55012"), (EntityKind::OrderNumber, "55012".into(), true));
    assert_eq!(only("laskunumero 20261121"), (EntityKind::InvoiceNumber, "20261121".into(), true));
    assert_eq!(only("soita 040 123 4567"), (EntityKind::Phone, "0401234567".into(), true));
    assert_eq!(only("+358 40 1234567"), (EntityKind::Phone, "+358401234567".into(), true));
    assert_eq!(only("Mail Liisa.V@Example.FI!"), (EntityKind::Email, "liisa.v@example.fi".into(), true));
}

#[test]
fn dates_and_sums() {
    assert_eq!(only("tuli 20. lokakuuta 2017 klo"), (EntityKind::Date, "2017-10-20".into(), true));
    assert_eq!(only("den 3 maj 2026"), (EntityKind::Date, "2026-05-03".into(), true));
    assert_eq!(only("on October 20, 2017"), (EntityKind::Date, "2017-10-20".into(), true));
    assert_eq!(only("21.11.2026"), (EntityKind::Date, "2026-11-21".into(), true));
    assert_eq!(only("viimeistään 5.12. mennessä"), (EntityKind::Date, "--12-05".into(), true));
    assert_eq!(only("31.2.2026"), (EntityKind::Date, "2026-02-31".into(), false));
    assert_eq!(only("maksoin 1 234,50 €"), (EntityKind::Sum, "1234.50 EUR".into(), true));
    assert_eq!(only("299 kr"), (EntityKind::Sum, "299.00 SEK".into(), true));
    assert!(find("versio 3.5 toimii").is_empty());
}

#[test]
fn masks_identity_and_keeps_the_rest() {
    assert_eq!(
        mask("Olen liisa@example.fi, hetu 131052-308T, maksoin 20 € 21.11.2026"),
        "Olen [email], hetu [personal_identity_code], maksoin 20 € 21.11.2026"
    );
}

#[test]
fn ranges_point_into_the_text() {
    let text = "Ä tilaus 12345 ja laskun 9876 sähköposti a@b.fi";
    let found = find(text);
    assert_eq!(found.iter().map(|entity| &text[entity.range.clone()]).collect::<Vec<_>>(), ["12345", "9876", "a@b.fi"]);
}
