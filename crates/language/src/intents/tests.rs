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

#[test]
fn names_teach_where_examples_are_few() {
    let named =
        |label: &str, count: usize| (0..count).map(|number| Example { text: format!("line {number}"), label: Some(label.to_owned()) }).collect::<Vec<_>>();
    let few = [named("cardArrival", 3), named("top_up?", 3), named("17", 3)].concat();
    let texts: Vec<(String, Option<String>)> = names(&few).into_iter().map(|name| (name.text, name.label)).collect();
    assert_eq!(texts, [("card arrival".to_owned(), Some("cardArrival".to_owned())), ("top up".to_owned(), Some("top_up?".to_owned()))]);
    assert!(names(&[named("one", 50), named("two", 50)].concat()).is_empty());
    let model = Trainer::default().train(&[examples(), named("lost_luggage", 5)].concat(), &[]).expect("three intents");
    assert_eq!(model.labels()[model.predict("my luggage").label], "lost_luggage");
}

#[test]
fn rehearsals_judge_what_their_models_have_not_seen() {
    let names: Vec<String> = (0..12).map(|number| format!("intent {number:02}")).collect();
    let labels: Vec<Option<&str>> = (0..120).map(|number| Some(names[number % 12].as_str())).collect();
    for leave_out in [false, true] {
        let plan = rehearsal::plan(&names, &labels, leave_out);
        assert!(plan.iter().any(|one| one.shows.rightness()));
        assert_eq!(plan.iter().any(|one| one.known.len() < names.len()), leave_out);
        for one in plan {
            assert!(one.judged.iter().all(|index| !one.kept.contains(index)));
            assert_eq!(one.judged.len() + one.kept.len(), labels.len());
            assert!(one.kept.iter().all(|&index| one.known.iter().any(|known| Some(known.as_str()) == labels[index])));
            // Each intent that is known gives its share and no more.
            let judged = |name: &String| one.judged.iter().filter(|&&index| labels[index] == Some(name)).count();
            assert!(one.known.iter().all(|name| (1..=2).contains(&judged(name))));
        }
    }
}
