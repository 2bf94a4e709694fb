use jiff::civil::{Weekday, date, datetime, time};
use proptest::prelude::*;

use super::*;

/// Monday 30 November 2026, a quarter past ten. Work ends at five on weekdays; Sunday 6 December is Independence Day, the 24th to 26th are closed.
fn reader_at(now: DateTime) -> Reader<'static> {
    Reader {
        now,
        closes: &|day| {
            let closed = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || (day.month() == 12 && (24..=26).contains(&day.day()));
            (!closed).then(|| time(17, 0, 0, 0))
        },
    }
}

fn due(text: &str) -> Option<String> {
    let found = find(text, &reader_at(datetime(2026, 11, 30, 10, 15, 0, 0)));
    assert!(found.len() <= 1, "{text}: {found:?}");
    found.first().map(|one| one.due.strftime("%Y-%m-%dT%H:%M").to_string())
}

fn all(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, expected)| {
            let found = due(text);
            (found.as_deref() != Some(*expected)).then(|| format!("{text}: {found:?}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn finnish_promises_and_their_days() {
    all(&[
        ("Palaan asiaan perjantaina.", "2026-12-04T17:00"),
        ("Soitan sinulle huomenna klo 10", "2026-12-01T10:00"),
        ("Soitan sinulle huomenna klo 10.30.", "2026-12-01T10:30"),
        ("Kiitos viestistäsi! Selvitän asian ja palaan siihen viimeistään keskiviikkona.", "2026-12-02T17:00"),
        ("Palaamme asiaan keskiviikkoon mennessä.", "2026-12-02T17:00"),
        ("Ilmoitamme sinulle torstaihin klo 12 mennessä.", "2026-12-03T12:00"),
        ("Lähetän uuden laskun tänään.", "2026-11-30T17:00"),
        ("Lähetän sen vielä tämän päivän aikana.", "2026-11-30T17:00"),
        ("Vastaan sinulle iltapäivällä.", "2026-11-30T17:00"),
        ("Otan sinuun yhteyttä ylihuomenna.", "2026-12-02T17:00"),
        ("Olemme sinuun yhteydessä ensi viikolla.", "2026-12-11T17:00"),
        ("Palaan tähän ensi viikon alussa.", "2026-12-08T17:00"),
        ("Palaan tähän tämän viikon aikana.", "2026-12-04T17:00"),
        ("Korjaamme laskun viikon loppuun mennessä.", "2026-12-04T17:00"),
        ("Palaan asiaan ennen perjantaita.", "2026-12-03T17:00"),
        ("Hyvitämme summan kahden arkipäivän kuluessa.", "2026-12-02T17:00"),
        ("Hyvitämme summan 3–5 arkipäivän kuluessa.", "2026-12-07T17:00"),
        ("Käsittelemme palautuksesi 14 päivän sisällä.", "2026-12-14T17:00"),
        ("Vastaamme 24 tunnin sisällä.", "2026-12-01T10:15"),
        ("Soitan tunnin kuluttua.", "2026-11-30T11:15"),
        ("Soitan puolen tunnin sisällä.", "2026-11-30T10:45"),
        ("Palaan asiaan parin päivän päästä.", "2026-12-02T17:00"),
        ("Rahat palautetaan kahdessa päivässä.", "2026-12-02T17:00"),
        ("Toimitamme paketin viikon sisällä.", "2026-12-07T17:00"),
        ("Palaan asiaan 12.12. mennessä.", "2026-12-12T17:00"),
        ("Palaan asiaan pe 4.12. klo 9.", "2026-12-04T09:00"),
        ("Soitan pe klo 14.", "2026-12-04T14:00"),
        ("Palaan asiaan perjantaina 11.12.", "2026-12-11T17:00"),
        ("Toimitamme sen 15. joulukuuta.", "2026-12-15T17:00"),
        ("Vahvistamme ajan 8.1.2027 mennessä.", "2027-01-08T17:00"),
        ("Palaan asiaan 3.1. mennessä", "2027-01-03T17:00"),
        ("Soitan sinulle ensi maanantaina.", "2026-12-07T17:00"),
        ("Soitan sinulle maanantaina.", "2026-12-07T17:00"),
        ("Soitan ensi perjantaina.", "2026-12-11T17:00"),
        ("Soitan huomenaamulla.", "2026-12-01T10:00"),
        ("Soitan perjantaiaamuna.", "2026-12-04T10:00"),
        ("Palaan asiaan huomiseksi.", "2026-12-01T17:00"),
        ("Soitan huomenna klo 9–11.", "2026-12-01T11:00"),
        ("Soitan huomenna aamupäivällä.", "2026-12-01T12:00"),
        ("Palaan asiaan maanantaina tai tiistaina.", "2026-12-07T17:00"),
        ("Soitan klo 15.", "2026-11-30T15:00"),
        ("Soitan klo 9.", "2026-12-01T09:00"),
        ("Palaamme asiaan viikolla 50.", "2026-12-11T17:00"),
        ("Palaamme asiaan kuun loppuun mennessä.", "2026-11-30T17:00"),
        ("Saat vastauksen perjantaihin mennessä.", "2026-12-04T17:00"),
        ("Lupaan soittaa sinulle tiistaina.", "2026-12-01T17:00"),
        ("Huomenta, palaan asiaan perjantaina.", "2026-12-04T17:00"),
        ("Hei Liisa,\n\nsain viestisi eilen.\nPalaan asiaan torstaina.\n\nMukavaa viikonloppua!\nAino", "2026-12-03T17:00"),
    ]);
}

#[test]
fn every_finnish_weekday_in_every_form() {
    for (offset, (on, by, abbreviation)) in [
        ("tiistaina", "tiistaihin", "ti"),
        ("keskiviikkona", "keskiviikkoon", "ke"),
        ("torstaina", "torstaihin", "to"),
        ("perjantaina", "perjantaihin", "pe"),
        ("lauantaina", "lauantaihin", "la"),
        ("sunnuntaina", "sunnuntaihin", "su"),
        ("maanantaina", "maanantaihin", "ma"),
    ]
    .into_iter()
    .enumerate()
    {
        let day = date(2026, 12, 1 + i8::try_from(offset).expect("seven days"));
        let expected = Some(format!("{day}T17:00"));
        assert_eq!(due(&format!("Palaan asiaan {on}.")), expected);
        assert_eq!(due(&format!("Palaan asiaan viimeistään {on}")), expected);
        assert_eq!(due(&format!("Palaan asiaan {by} mennessä.")), expected);
        assert_eq!(due(&format!("Soitan sinulle {abbreviation} klo 8.15.")), Some(format!("{day}T08:15")));
        assert_eq!(due(&format!("Soitan sinulle {abbreviation} {}.{}.", day.day(), day.month())), expected);
        assert_eq!(due(&format!("Olen lomalla {by} asti.")), None);
    }
}

#[test]
fn swedish_promises_and_their_days() {
    all(&[
        ("Jag återkommer på måndag.", "2026-12-07T17:00"),
        ("Återkommer på fredag!", "2026-12-04T17:00"),
        ("På tisdag ringer jag dig.", "2026-12-01T17:00"),
        ("Jag ringer dig i morgon kl. 10.", "2026-12-01T10:00"),
        ("Vi ringer dig imorgon förmiddag.", "2026-12-01T12:00"),
        ("I morgon bitti ringer vi upp dig.", "2026-12-01T10:00"),
        ("Vi hör av oss senast fredag.", "2026-12-04T17:00"),
        ("Jag hör av mig i övermorgon.", "2026-12-02T17:00"),
        ("Jag ska undersöka saken och återkomma inom två arbetsdagar.", "2026-12-02T17:00"),
        ("Vi kommer att kontakta dig nästa vecka.", "2026-12-11T17:00"),
        ("Jag återkommer på måndag nästa vecka.", "2026-12-07T17:00"),
        ("Jag återkommer om en timme.", "2026-11-30T11:15"),
        ("Vi återbetalar pengarna inom 3–5 dagar.", "2026-12-05T17:00"),
        ("Du får svar senast på torsdag kl 12.", "2026-12-03T12:00"),
        ("Jag återkommer före fredag.", "2026-12-03T17:00"),
        ("Vi skickar en ny faktura den 12 december.", "2026-12-12T17:00"),
        ("Vi levererar 15/12.", "2026-12-15T17:00"),
        ("Jag kollar detta i dag.", "2026-11-30T17:00"),
        ("Vi återkommer under vecka 50.", "2026-12-11T17:00"),
        ("Jag ringer dig nästa fredag eftermiddag.", "2026-12-11T17:00"),
        ("Jag återkommer på måndag eller tisdag.", "2026-12-07T17:00"),
    ]);
}

#[test]
fn english_promises_and_their_days() {
    all(&[
        ("I'll get back to you by Friday.", "2026-12-04T17:00"),
        ("I’ll call you tomorrow at 10.", "2026-12-01T10:00"),
        ("We will call you tomorrow at 3 pm.", "2026-12-01T15:00"),
        ("I'll let you know by 5pm today.", "2026-11-30T17:00"),
        ("I will send you the invoice by end of day.", "2026-11-30T17:00"),
        ("I'll reply by end of day tomorrow.", "2026-12-01T17:00"),
        ("We'll refund you within two business days.", "2026-12-02T17:00"),
        ("We'll refund you within 3-5 business days.", "2026-12-07T17:00"),
        ("I'll be in touch within an hour.", "2026-11-30T11:15"),
        ("We'll get back to you next week.", "2026-12-11T17:00"),
        ("I'll call you early next week.", "2026-12-08T17:00"),
        ("I'll call you on Monday next week.", "2026-12-07T17:00"),
        ("I'll get back to you by the end of the week.", "2026-12-04T17:00"),
        ("I'll have an answer for you before Friday.", "2026-12-03T17:00"),
        ("You will hear from us by Thursday at noon.", "2026-12-03T12:00"),
        ("We will ship it on 12 December.", "2026-12-12T17:00"),
        ("We will ship it on December 12th.", "2026-12-12T17:00"),
        ("Let me check and get back to you the day after tomorrow.", "2026-12-02T17:00"),
        ("Good morning, I'll call you tomorrow.", "2026-12-01T17:00"),
        ("I'll call you tomorrow morning.", "2026-12-01T12:00"),
        ("I'll email you by 5 December.", "2026-12-05T17:00"),
        ("I'll look into it and let you know by Wed.", "2026-12-02T17:00"),
        ("We'll call you between 9 and 11 tomorrow.", "2026-12-01T11:00"),
        ("I'll follow up on Monday or Tuesday.", "2026-12-07T17:00"),
        ("I'll let you know by Friday if the part arrives.", "2026-12-04T17:00"),
    ]);
}

#[test]
fn what_is_no_promise_of_ours() {
    for text in [
        "",
        "Kiitos viestistäsi!",
        "Palaan asiaan pian.",
        "Soitanko sinulle huomenna klo 10?",
        "En voi luvata, että palaan asiaan perjantaina.",
        "Jos paketti ei tule, palaan asiaan perjantaina.",
        "Palaan lomalta maanantaina.",
        "Olen lomalla perjantaihin asti.",
        "Otamme vastaan palautuksia perjantaihin asti.",
        "Sain viestisi maanantaina.",
        "Hyvää perjantaita!",
        "> Palaan asiaan perjantaina.",
        "Toimitusaika on 2–4 arkipäivää.",
        "Palautimme rahat 12.11.2026.",
        "Voitko vastata perjantaihin mennessä?",
        "Jag återkommer inte före måndag.",
        "Om du inte har fått paketet på fredag, ringer vi dig.",
        "Jag återkommer från semestern på måndag.",
        "Kan jag ringa dig i morgon?",
        "Vi har öppet till fredag.",
        "I won't call you tomorrow.",
        "If you don't hear from us by Friday, we will call you on Monday.",
        "I will be on holiday until Monday.",
        "Shall I call you tomorrow?",
        "I'll be away until Friday.",
        "We shipped it on Friday.",
        "Please reply by Friday.",
        "We will get back to you as soon as possible.",
    ] {
        assert_eq!(due(text), None, "{text}");
    }
}

#[test]
fn the_end_of_the_day_is_before_midnight_when_work_has_ended() {
    let evening = reader_at(datetime(2026, 12, 4, 18, 0, 0, 0));
    assert_eq!(find("Palaan asiaan tänään.", &evening)[0].due, datetime(2026, 12, 4, 23, 59, 0, 0));
    assert_eq!(find("Palaan asiaan perjantaina.", &evening)[0].due, datetime(2026, 12, 11, 17, 0, 0, 0));
    // Friday evening: this week is over, and the next working day is Monday.
    assert_eq!(find("Hyvitämme sen yhden arkipäivän kuluessa.", &evening)[0].due, datetime(2026, 12, 7, 17, 0, 0, 0));
    // Christmas: the last working day of the week is its Wednesday.
    let before_christmas = reader_at(datetime(2026, 12, 21, 9, 0, 0, 0));
    assert_eq!(find("Palaan asiaan tämän viikon aikana.", &before_christmas)[0].due, datetime(2026, 12, 23, 17, 0, 0, 0));
}

#[test]
fn the_sentence_is_pointed_at_and_each_promise_is_one() {
    let text = "Hei! Soitan sinulle huomenna klo 10. Hyvitys maksetaan perjantaihin mennessä.\nTerveisin Aino";
    let found = find(text, &reader_at(datetime(2026, 11, 30, 10, 15, 0, 0)));
    let sentences: Vec<&str> = found.iter().map(|one| &text[one.range.clone()]).collect();
    assert_eq!(sentences, ["Soitan sinulle huomenna klo 10.", "Hyvitys maksetaan perjantaihin mennessä."]);
    assert_eq!(found.iter().map(|one| one.timed).collect::<Vec<_>>(), [true, false]);
}

proptest! {
    #[test]
    fn any_text_is_read_and_what_is_found_lies_ahead(text in "(?s).{0,200}") {
        let reader = reader_at(datetime(2026, 11, 30, 10, 15, 0, 0));
        for one in find(&text, &reader) {
            prop_assert!(one.due > reader.now && !text[one.range].trim().is_empty());
        }
    }

    #[test]
    fn numbers_of_any_size_do_no_harm(number in 0u64..=u64::MAX, unit in prop::sample::select(vec!["tunnin", "päivän", "arkipäivän", "viikon", "kuukauden"])) {
        let reader = reader_at(datetime(2026, 11, 30, 10, 15, 0, 0));
        let _ = find(&format!("Palaan asiaan {number} {unit} kuluessa, klo {number} ja {number}.{number}. viikolla {number}."), &reader);
    }
}
