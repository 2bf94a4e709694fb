use super::*;

fn text(mail: &str) -> String {
    strip(mail).text
}

#[test]
fn every_finnish_weekday_and_date_form() {
    for day in ["ma", "ti", "ke", "to", "pe", "la", "su"] {
        for lead in [
            format!("{day} 20. lokakuuta 2025 klo 17.50 Aspa <aspa@esimerkki.fi> kirjoitti:"),
            format!("{day} 20.10.2025 klo 17.50 Aspa (aspa@esimerkki.fi) kirjoitti:"),
            format!("{day} 20. lokak. 2025 klo 17.50 Aspa\n<aspa@esimerkki.fi> kirjoitti:"),
        ] {
            assert_eq!(text(&format!("Kiitos, sopii.\n\n{lead}\n> Hei\n> Sopiiko?\n")), "Kiitos, sopii.", "{lead}");
        }
    }
    assert_eq!(text("Joo\n\n3.1.2026 klo 9.05 Matti Meikäläinen kirjoitti:\n\nVanha"), "Joo");
    assert_eq!(text("Joo\n\nAspa kirjoitti 3.1.2026 klo 9.05:\n> Vanha"), "Joo");
}

#[test]
fn swedish_and_english_lead_ins() {
    assert_eq!(text("Tack!\n\nDen mån 20 okt. 2025 kl 17:50 skrev Kundtjänst <k@e.se>:\n> Hej"), "Tack!");
    assert_eq!(text("Tack!\n\nmån 20 okt. 2025 kl. 17:50 skrev Kundtjänst\n<k@e.se>:\n\n> Hej"), "Tack!");
    assert_eq!(text("Tack!\n\n20 okt. 2025 kl. 17:50 skrev K <k@e.se>:\n\n> Hej"), "Tack!");
    assert_eq!(text("Thanks\n\nOn Mon, Oct 20, 2025 at 5:50 PM Support <\ns@example.com> wrote:\n\n> Hi"), "Thanks");
}

#[test]
fn header_blocks_and_separators() {
    for (from, sent, to, subject) in
        [("From", "Sent", "To", "Subject"), ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"), ("Från", "Skickat", "Till", "Ämne")]
    {
        let mail = format!("Uusi\n\n________________________________\n{from}: A <a@b.fi>\n{sent}: 1.1.2026\n{to}: c@d.fi\n{subject}: x\n\nvanha");
        assert_eq!(text(&mail), "Uusi");
        let mail = format!("Uusi\n\n{from}: A <a@b.fi>\n{sent}: 1.1.2026\n{to}: c@d.fi\n{subject}: x\n\nvanha");
        assert_eq!(text(&mail), "Uusi");
    }
    assert_eq!(text("Uusi\n-----Alkuperäinen viesti-----\nvanha"), "Uusi");
    assert_eq!(text("Uusi\n-- Kirjoita vastauksesi tämän rivin yläpuolelle --\nvanha"), "Uusi");
}

#[test]
fn answers_below_and_between_are_kept() {
    assert_eq!(text("On 1.1.2026 A <a@b.fi> wrote:\n> Which size?\nL\n> Which colour?\nBlue"), "L\nBlue");
}

#[test]
fn signatures_and_footers_go_but_greetings_stay() {
    assert_eq!(text("Moi\nPaketti puuttuu.\nTerveisin\nLiisa\n-- \nLiisa V\n040 1234567"), "Moi\nPaketti puuttuu.\nTerveisin\nLiisa");
    assert_eq!(text("Kiitos!\n\nLähetetty iPhonesta"), "Kiitos!");
    assert_eq!(text("Tack\n\nSkickat från min iPhone\n\nDen 1 jan 2026 kl 9 skrev K <k@e.se>:\n> Hej"), "Tack");
}

#[test]
fn ordinary_sentences_are_not_lead_ins() {
    for mail in [
        "Myyjä kirjoitti kuittiin: ei palautusoikeutta",
        "On Monday I wrote to you and nobody answered",
        "From: the shop in Turku I bought two lamps",
        "Lähetetty tavara on väärä, mitä teen?",
        "Paketti lähetetty 20.10. mutta ei saapunut",
    ] {
        assert_eq!(text(mail), mail);
    }
}

#[test]
fn ranges_cover_the_mail_exactly() {
    let mail = "Hei\r\n\r\nOn 1 Jan 2026 A <a@b.fi> wrote:\r\n> x\r\n\r\n-- \r\nL";
    let stripped = strip(mail);
    let mut ranges: Vec<_> = stripped.kept.iter().cloned().chain(stripped.folded.iter().map(|(range, _)| range.clone())).collect();
    ranges.sort_by_key(|range| range.start);
    assert_eq!(ranges.iter().map(|range| &mail[range.clone()]).collect::<String>(), mail);
    assert_eq!(strip("> only quoted").text, "> only quoted");
}
