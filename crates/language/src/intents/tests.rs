use super::*;

fn examples() -> Vec<Example> {
    let parcels = ["missä paketti on", "paketti ei ole tullut", "koska paketti saapuu", "lähetyksen seuranta", "pakettini myöhässä"];
    let money = ["haluan rahat takaisin", "milloin hyvitys tulee", "rahojen palautus kestää", "hyvitystä ei näy tilillä", "palauttakaa rahani"];
    let label = |texts: &[&str], label: &str| texts.iter().map(|text| Example { text: (*text).to_owned(), label: Some(label.to_owned()) }).collect::<Vec<_>>();
    [label(&parcels, "parcel"), label(&money, "money")].concat()
}

#[test]
fn learns_from_few_examples() {
    let model = Trainer::default().train(&examples(), &[]).expect("two intents");
    let name = |text: &str| model.labels()[model.predict(text).label].as_str();
    assert_eq!(name("pakettia ei näy"), "parcel");
    assert_eq!(name("rahoja ei näy"), "money");
    assert!((0.0..=1.0).contains(&model.predict("").confidence));
}

#[test]
fn one_intent_is_an_error() {
    let one: Vec<Example> = examples().into_iter().take(5).collect();
    assert_eq!(Trainer::default().train(&one, &[]).map(|_| ()), Err(TrainingError::TooFewIntents));
}

#[test]
fn training_twice_gives_the_same_model() {
    let predict = || Trainer::default().train(&examples(), &[]).expect("two intents").predict("missä rahat");
    assert_eq!(predict(), predict());
}
