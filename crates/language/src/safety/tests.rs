use super::*;

#[test]
fn a_person_in_any_wording() {
    for (text, language) in [
        ("Haluan puhua ihmisen kanssa", Language::Fi),
        ("saisko oikean ihmisen linjoille, oikeaa ihmistä kaipaan", Language::Fi),
        ("Kan jag få prata med en människa?", Language::Sv),
        ("let me talk to a real person please", Language::En),
    ] {
        assert_eq!(screen(text, language), Some(Reason::Person), "{text}");
    }
}

#[test]
fn the_most_urgent_reason_wins() {
    assert_eq!(screen("laite syttyi palamaan, haluan puhua ihmisen kanssa", Language::Fi), Some(Reason::Emergency));
}

#[test]
fn everyday_questions_pass() {
    for text in ["missä pakettini on", "mitä toimitus maksaa", "miten vaihdan salasanan"] {
        assert_eq!(screen(text, Language::Fi), None, "{text}");
    }
}

#[test]
fn a_workspace_adds_but_never_removes() {
    let extension = Extension::default().phrase(Reason::Emergency, "Vesi* vuotaa");
    assert_eq!(inspect("vesihana vuotaa lattialle", Language::Fi, &extension).map(|finding| finding.reason), Some(Reason::Emergency));
    assert_eq!(
        screen("asianajajani ottaa yhteyttä", Language::Fi),
        inspect("asianajajani ottaa yhteyttä", Language::Fi, &extension).map(|finding| finding.reason)
    );
}
