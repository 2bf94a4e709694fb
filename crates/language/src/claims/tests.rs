use super::*;

const RETURNS: &str = "Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa. Palautus on maksuton. Alennettuja tuotteita ei voi palauttaa.";

fn flaw(sentence: &str, source: &str, language: Language) -> Option<Flaw> {
    support(sentence, source, language, None).flaw
}

#[test]
fn what_the_source_says_holds_in_other_words_too() {
    for (sentence, source, language) in [
        ("Käyttämättömän tuotteen voi palauttaa 30 päivän kuluessa.", RETURNS, Language::Fi),
        ("Palautus on sinulle maksuton.", RETURNS, Language::Fi),
        ("Alennettuja tuotteita ei valitettavasti voi palauttaa.", RETURNS, Language::Fi),
        ("Lahjakortti on voimassa 2 vuotta.", "Syötä lahjakortin koodi kassalla. Kortti on voimassa kaksi vuotta.", Language::Fi),
        ("The refund is paid within 14 days.", "We pay the refund to the same card within fourteen days of the return.", Language::En),
        ("Du får pengarna tillbaka inom 3–5 arbetsdagar.", "Pengarna är tillbaka på kortet inom 3-5 arbetsdagar.", Language::Sv),
    ] {
        assert_eq!(flaw(sentence, source, language), None, "{sentence} {:?}", support(sentence, source, language, None));
    }
}

#[test]
fn what_the_source_does_not_say_is_refused_with_the_reason() {
    for (sentence, expected) in [
        ("Voit palauttaa käyttämättömän tuotteen 60 päivän kuluessa.", Flaw::Quantity),
        ("Voit palauttaa käyttämättömän tuotteen 30 viikon kuluessa.", Flaw::Quantity),
        ("Alennettuja tuotteita voi palauttaa.", Flaw::Negation),
        ("Et voi palauttaa käyttämätöntä tuotetta 30 päivän kuluessa.", Flaw::Negation),
        ("Palautus on maksullinen.", Flaw::Decisive),
        ("Voit aina palauttaa käyttämättömän tuotteen.", Flaw::Decisive),
        ("Saat lahjaksi uuden puhelimen ja matkan Pariisiin.", Flaw::Words),
        ("Ja on.", Flaw::Empty),
        ("", Flaw::Empty),
    ] {
        assert_eq!(flaw(sentence, RETURNS, Language::Fi), Some(expected), "{sentence}");
    }
}

#[test]
fn a_models_closeness_lowers_the_bar_for_words_and_for_nothing_else() {
    let sentence = "Käyttämätön ostos kelpaa takaisin 30 päivän kuluessa.";
    let far = support(sentence, RETURNS, Language::Fi, None);
    assert_eq!(far.flaw, Some(Flaw::Words), "{far:?}");
    let wrong = "Käyttämätön ostos kelpaa takaisin 90 päivän kuluessa.";
    assert_eq!(support(wrong, RETURNS, Language::Fi, Some(0.99)).flaw, Some(Flaw::Quantity));
}

#[test]
fn quantities_have_one_form_and_their_unit() {
    let found = |text: &str, language| quantities(text, language).into_iter().map(|quantity| (quantity.value, quantity.unit)).collect::<Vec<_>>();
    assert_eq!(found("hinta 1 290,00 €", Language::Fi), [("1290".to_owned(), Some(Unit::Euro))]);
    assert_eq!(found("€59.90 or 10 %", Language::En), [("59.9".to_owned(), Some(Unit::Euro)), ("10".to_owned(), Some(Unit::Percent))]);
    assert_eq!(found("3–5 arkipäivää", Language::Fi), [("3".to_owned(), Some(Unit::BusinessDay)), ("5".to_owned(), Some(Unit::BusinessDay))]);
    assert_eq!(found("within five working days", Language::En), [("5".to_owned(), Some(Unit::BusinessDay))]);
    assert_eq!(found("1.12.2026 klo 14:30", Language::Fi), [("1.12.2026".to_owned(), None), ("14:30".to_owned(), None)]);
    assert_eq!(found("inom två veckor", Language::Sv), [("2".to_owned(), Some(Unit::Week))]);
    assert!(found("ei mitään", Language::Fi).is_empty());
}

#[test]
fn conflicts_are_of_one_matter() {
    let numbers = conflict("Palautusaika on 14 päivää toimituksesta.", "Tuotteen palautusaika on 30 päivää toimituksesta.", Language::Fi);
    assert_eq!(numbers, Some(Conflict::Quantities { left: vec!["14".to_owned()], right: vec!["30".to_owned()] }));
    let negation = conflict("Alennettuja tuotteita voi palauttaa kauppaan.", "Alennettuja tuotteita ei voi palauttaa kauppaan.", Language::Fi);
    assert_eq!(negation, Some(Conflict::Negation));
    assert_eq!(conflict("Palautusaika on 14 päivää.", "Takuuaika on 24 kuukautta ostosta.", Language::Fi), None);
    assert_eq!(conflict("The delivery costs 5 euros by post.", "By post the delivery costs 5 euros.", Language::En), None);
}

#[test]
fn any_text_is_survived() {
    for text in ["\u{0}\u{202e}", "🧵🧵🧵", "9".repeat(100_000).as_str(), &"ei ".repeat(20_000), "1 2 3 4,,,...:::"] {
        for language in Language::ALL {
            let _ = (support(text, text, language, None), quantities(text, language), conflict(text, text, language));
        }
    }
}
