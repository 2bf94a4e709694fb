use super::*;

#[test]
fn polarity_negation_and_contrast() {
    assert_eq!(feel("Loistava palvelu, kiitos!", Language::Fi).polarity, Polarity::Positive);
    assert_eq!(feel("Ei ollut hyvä palvelu", Language::Fi).polarity, Polarity::Negative);
    assert_eq!(feel("Great shop, but the delivery was terrible", Language::En).polarity, Polarity::Negative);
    assert_eq!(feel("Var är mitt paket?", Language::Sv).polarity, Polarity::Neutral);
}

#[test]
fn emotion_and_intensity() {
    let calm = feel("Olen pettynyt tuotteeseen.", Language::Fi);
    let loud = feel("OLEN TODELLA PETTYNYT TUOTTEESEEN!!!", Language::Fi);
    assert_eq!(calm.emotion, Some(Emotion::Disappointment));
    assert!(loud.intensity > calm.intensity);
    assert_eq!(feel("I am so worried about my parcel", Language::En).emotion, Some(Emotion::Worry));
}

#[test]
fn learns_from_labelled_messages() {
    let example = |text: &str, polarity| (text.to_owned(), Language::Fi, polarity);
    let examples = [
        example("tuoli natisee", Polarity::Negative),
        example("pöytä natisee", Polarity::Negative),
        example("tuoli pehmeä", Polarity::Positive),
        example("sohva pehmeä", Polarity::Positive),
    ];
    let model = Model::train(&examples).expect("two polarities");
    assert_eq!(model.polarity("sohva natisee", Language::Fi), Polarity::Negative);
    assert_eq!(Model::train(&examples[..2]).map(|_| ()), Err(TrainingError::TooFewPolarities));
}
