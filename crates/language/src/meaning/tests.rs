//! With vectors made up here: what a real model adds is measured by `ennakoi eval … --tier meaning`.

use std::sync::Arc;

use super::*;
use crate::Language;
use crate::answers::{ArticleText, Options, Verdict};
use crate::feeling::Polarity;
use crate::intents::{Example, Trainer};

/// A vector that leans towards one of a few directions.
fn leaning(direction: usize, number: usize) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..6).map(|place| 0.4 + ((number * 7 + place * 13) as f32).sin() * 0.05).collect();
    vector[direction % 6] += 0.8;
    dense::unit(vector)
}

#[test]
fn intents_that_share_no_word_are_told_apart_by_meaning() {
    let labels = ["parcel", "refund", "account"];
    let (mut examples, mut vectors) = (Vec::new(), Vec::new());
    for number in 0..60 {
        // The texts say nothing: only vectors tell the intents.
        examples.push(Example { text: format!("sentence {}", number % 7), label: Some(labels[number % 3].to_owned()) });
        vectors.push(leaning(number % 3, number));
    }
    let model = intents::train(&Trainer::default(), &intents::told(&examples, &vectors), &[], &[]).expect("three intents");
    for (direction, label) in labels.iter().enumerate() {
        let prediction = model.predict("something new", &leaning(direction, 500));
        assert_eq!(model.labels()[prediction.label], *label);
        assert!((0.0..=1.0).contains(&prediction.confidence) && (0.0..=1.0).contains(&prediction.in_scope));
    }
    let nothing = model.predict("", &[0.0; 6]);
    assert!(nothing.in_scope.is_finite());
    assert!(intents::train(&Trainer::default(), &intents::told(&examples[..1], &vectors), &[], &[]).is_err());
}

#[test]
fn pairs_and_feeling_and_gaps_use_both() {
    let texts = ["missä paketti", "rahat takaisin", "tunnus lukossa"];
    let vectors: Vec<Vec<f32>> = (0..3).map(|direction| leaning(direction, direction)).collect();
    let finder = pairs::Finder::build(texts.map(|text| (Language::Fi, text)), &vectors);
    let scores = finder.scores("hukassa koko lähetys", Language::Fi, &leaning(0, 9));
    assert!(scores[0] > scores[1] && scores[0] > scores[2]);
    let examples: Vec<(String, Language, Polarity)> =
        (0..40).map(|number| (format!("rivi {}", number % 5), Language::Fi, if number % 2 == 0 { Polarity::Positive } else { Polarity::Negative })).collect();
    let vectors: Vec<Vec<f32>> = (0..40).map(|number| leaning(number % 2, number)).collect();
    let model = feeling::Model::train(&examples, &vectors).expect("two polarities");
    assert_eq!(model.polarity("aivan muuta", Language::Fi, &leaning(0, 77)), Polarity::Positive);
    assert_eq!(model.polarity("aivan muuta", Language::Fi, &leaning(1, 77)), Polarity::Negative);
    let asked: Vec<String> = (0..40).map(|number| format!("kysymys {number}")).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let clusters = gaps::cluster(&asked, &vectors, &[], Some(Language::Fi), 2);
    assert!(clusters.iter().all(|cluster| cluster.members.iter().all(|member| member % 2 == cluster.members[0] % 2)));
    assert!(gaps::cluster(&[], &[], &[], None, 3).is_empty());
}

#[test]
fn answers_survive_missing_vectors() {
    let lines = answers::lines();
    let vectors: Vec<Vec<f32>> = (0..lines.len()).map(|number| leaning(number, number)).collect();
    let needs = answers::Needs::learn(&vectors);
    let bytes = needs.to_bytes();
    assert!(answers::Needs::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    let needs = Arc::new(answers::Needs::from_bytes(&bytes).expect("what was written"));
    let article = |id: &str, title: &str, body: &str| ArticleText {
        id: id.into(),
        language: Language::Fi,
        title: title.into(),
        questions: vec!["mites tämä".into()],
        body: body.into(),
    };
    let articles =
        [article("a", "Palautus", "Palauta tuote 30 päivän kuluessa. Tarra on paketissa."), article("b", "Laskun maksaminen", "Eräpäivä on 14 päivää.")];
    assert_eq!(answers::pieces(&articles[0]).iter().filter(|piece| piece.question).count(), 1);
    let read = vec![answers::pieces(&articles[0]).iter().map(|_| leaning(0, 1)).collect(), Vec::new()];
    let index = answers::Index::build(needs.clone(), &articles, read, Options::default());
    for vector in [leaning(0, 2), vec![0.0; 6], Vec::new()] {
        let answer = index.ask("miten maksan laskun", Language::Fi, &vector);
        assert_eq!(answer.candidates.len(), 2);
        assert!(answer.candidates.iter().all(|candidate| candidate.confidence.is_finite() && candidate.score.is_finite()));
        assert_eq!(answer.candidates[0].article, "b", "{vector:?}");
    }
    assert_eq!(index.ask("?!", Language::Fi, &leaning(0, 2)).verdict, Verdict::Reject);
    assert!(answers::Index::build(needs, &[], Vec::new(), Options::default()).ask("missä", Language::Fi, &leaning(0, 1)).candidates.is_empty());
}
