//! Any text at all: no panic, results inside their bounds, the same answer twice, time that grows with the length only.

use ennakoi_language::answers::{ArticleText, Index, Options};
use ennakoi_language::{Language, clusters, detect, entities, feeling, intents, quotes, retrieval, safety, summary, text};
use proptest::prelude::*;

/// Text of all kinds: any characters, words of our languages, marks that parsers care about.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[a-zåäö ]{0,40}",
        "[0-9 +.,€:-]{0,40}",
        Just("\u{202e}שלום עולם\u{200f} مرحبا 你好 👩‍👩‍👧‍👦🇫🇮 e\u{301}\u{308}\u{30a}".to_owned()),
        Just("\nOn 1.1.2026 A <a@b.fi> wrote:\n> ma 20. lokakuuta 2025 klo 9 kirjoitti:\n-- \nFrom: x\nSent: y\nTo: z\n".to_owned()),
        Just("FI21 1234 5600 0007 85 4111 1111 1111 1111 131052-308T #12345 31.2.2026 1 234,50 €".to_owned()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn index() -> &'static Index {
    static INDEX: std::sync::LazyLock<Index> = std::sync::LazyLock::new(|| {
        let article = |id: &str, title: &str, body: &str| ArticleText {
            id: id.into(),
            language: Language::Fi,
            title: title.into(),
            questions: Vec::new(),
            body: body.into(),
        };
        let articles =
            [article("a", "Tilauksen seuranta", "Seurantakoodi tulee sähköpostiisi."), article("b", "Palautus", "Palauta tuote 30 päivän kuluessa.")];
        Index::build(&articles, Options::default())
    });
    &INDEX
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn normalising_is_idempotent_and_tokens_are_its_parts(raw in any_text()) {
        let once = text::normalise(&raw);
        prop_assert_eq!(&text::normalise(&once), &once);
        let mut rest = once.as_str();
        for token in text::tokens(&once) {
            prop_assert!(!token.is_empty());
            let place = rest.find(token);
            prop_assert!(place.is_some());
            rest = &rest[place.unwrap_or(0) + token.len()..];
        }
    }

    #[test]
    fn entities_are_ordered_inside_the_text_and_masked(raw in any_text()) {
        let found = entities::find(&raw);
        prop_assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        for entity in &found {
            prop_assert!(raw.get(entity.range.clone()).is_some());
        }
        let masked = entities::mask(&raw);
        for entity in found.iter().filter(|entity| entity.kind == entities::EntityKind::Email) {
            prop_assert!(!masked.contains(&raw[entity.range.clone()]) || raw.matches(&raw[entity.range.clone()]).count() > 1);
        }
    }

    #[test]
    fn stripping_loses_nothing(raw in any_text()) {
        let stripped = quotes::strip(&raw);
        let mut ranges: Vec<_> = stripped.kept.iter().cloned().chain(stripped.folded.iter().map(|(range, _)| range.clone())).collect();
        ranges.sort_by_key(|range| range.start);
        let whole: String = ranges.iter().map(|range| &raw[range.clone()]).collect();
        prop_assert_eq!(whole, raw);
    }

    #[test]
    fn every_judge_answers_within_bounds_and_twice_the_same(raw in any_text()) {
        for language in Language::ALL {
            let detection = detect(&raw, Some(language), &[]);
            prop_assert!((0.0..=1.0).contains(&detection.confidence));
            prop_assert_eq!(safety::screen(&raw, language), safety::screen(&raw, language));
            let feeling = feeling::feel(&raw, language);
            prop_assert!((-1.0..=1.0).contains(&feeling.valence) && (0.0..=1.0).contains(&feeling.intensity));
            prop_assert!(summary::extract(&raw, language, 2).len() <= 2);
            let answer = index().ask(&raw, language);
            prop_assert!((0.0..=1.0).contains(&answer.in_scope));
            prop_assert!(answer.candidates.iter().all(|candidate| (0.0..=1.0).contains(&candidate.confidence)));
            prop_assert_eq!(&answer, &index().ask(&raw, language));
        }
    }

    #[test]
    fn clustering_places_each_text_once_at_most(texts in prop::collection::vec(any_text(), 0..12), limit in 0_usize..5) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let clusters = clusters::cluster(&texts, None, limit);
        prop_assert!(clusters.len() <= limit);
        let mut members: Vec<usize> = clusters.iter().flat_map(|cluster| cluster.members.clone()).collect();
        members.sort_unstable();
        let count = members.len();
        members.dedup();
        prop_assert_eq!(members.len(), count);
        prop_assert!(members.iter().all(|&member| member < texts.len()));
    }
}

#[test]
fn a_megabyte_on_one_line_is_read_by_everything() {
    let example = |text: &str, label: &str| intents::Example { text: text.to_owned(), label: Some(label.to_owned()) };
    let examples = [example("missä paketti", "parcel"), example("rahat takaisin", "money"), example("paketti tuli", "parcel"), example("raha tuli", "money")];
    let model = intents::Trainer::default().train(&examples, &[]).expect("two intents");
    for unit in ["a", "> ", "1", "é\u{301}", "👩‍👧", "a@", "On 1 ", "\u{202e}ש", ". ", "-", "\n>", "\n", "kirjoitti: "] {
        let long = unit.repeat((1 << 20) / unit.len());
        assert!(text::tokens(&text::normalise(&long)).count() <= long.len());
        assert!(entities::find(&long).len() <= long.len());
        assert!(quotes::strip(&long).text.len() <= long.len());
        let answer = index().ask(&long, Language::Fi);
        assert!(answer.candidates.len() <= 2);
        assert!(model.predict(&long).label < 2);
        assert!(detect(&long, None, &[]).confidence <= 1.0);
        assert!(feeling::feel(&long, Language::Sv).intensity <= 1.0);
        assert!(summary::extract(&long, Language::En, 3).len() <= 3);
        assert_eq!(safety::screen(&long, Language::Fi), safety::screen(&long, Language::Fi));
        let retriever = retrieval::Retriever::build([(Language::Fi, long.as_str())]);
        assert!(retriever.scores("paketti", Language::Fi)[0].is_finite());
    }
}

/// Doubling the text must not do more than a few times the work: counted, not timed.
#[test]
fn work_grows_with_length_only() {
    for unit in ["On 1 Jan A <a@b.fi>\n", "From: a\n", "> x\ny\n", "1 2 3 4 "] {
        let short = quotes::strip(&unit.repeat(2_000));
        let long = quotes::strip(&unit.repeat(4_000));
        assert!(long.kept.len() <= 2 * short.kept.len() + 2, "{unit:?}");
        assert!(long.folded.len() <= 2 * short.folded.len() + 2, "{unit:?}");
    }
}
