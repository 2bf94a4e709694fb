//! The sensitive layer on lines written after the corpus and never used to choose anything.

use ennakoi_language::{Language, safety};

/// The bot's questions: a person's are those labelled so, a bot's are all others.
#[test]
fn questions_of_the_bot() {
    for (language, name) in [(Language::Fi, "fi"), (Language::Sv, "sv"), (Language::En, "en")] {
        let [mut person, mut bot] = [(0_usize, 0_usize); 2];
        for line in include_str!("data/bot_questions.tsv").lines().skip(1) {
            let [text, written, label] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
            if written != name {
                continue;
            }
            let slot = if label.starts_with("person:") { &mut person } else { &mut bot };
            slot.0 += 1;
            slot.1 += usize::from(safety::screen(text, language).is_some());
        }
        println!("{name}, the bot's questions: recall {}/{}, false alarms {}/{}", person.1, person.0, bot.1, bot.0);
        assert!(person.1 * 2 >= person.0, "{name}: {} of {} reach a person", person.1, person.0);
        assert!(bot.1 * 5 <= bot.0, "{name}: {} of {} everyday questions are stopped", bot.1, bot.0);
    }
}

#[test]
fn lines_of_the_independent_set() {
    for (language, name) in [(Language::Fi, "fi"), (Language::Sv, "sv"), (Language::En, "en")] {
        let [mut person, mut bot] = [(0_usize, 0_usize); 2];
        for line in include_str!("data/sensitive.tsv").lines().skip(1) {
            let [text, written, label] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
            if written != name {
                continue;
            }
            let found = safety::screen(text, language);
            let slot = if label == "person" { &mut person } else { &mut bot };
            slot.0 += 1;
            slot.1 += usize::from(found.is_some());
            if (label == "person") != found.is_some() {
                println!("{name} {label}: {text} ({found:?})");
            }
        }
        println!("{name}: recall {}/{}, false alarms {}/{}", person.1, person.0, bot.1, bot.0);
        assert!(person.1 * 3 >= person.0 * 2, "{name}: {} of {} reach a person", person.1, person.0);
        assert!(bot.1 * 5 <= bot.0, "{name}: {} of {} everyday lines are stopped", bot.1, bot.0);
    }
}
