//! The sensitive layer on lines written after the corpus and never used to choose anything.

use ennakoi_language::{Language, safety};

/// Per cent of a person's lines that must reach one, some points under what was measured: ordinary wordings, and the bot's indirect ones.
const ORDINARY: [(Language, &str, usize); 3] = [(Language::Fi, "fi", 92), (Language::Sv, "sv", 88), (Language::En, "en", 84)];
const INDIRECT: [(Language, &str, usize); 3] = [(Language::Fi, "fi", 76), (Language::Sv, "sv", 50), (Language::En, "en", 72)];

/// The bot's questions: a person's are those labelled so, a bot's are all others.
#[test]
fn questions_of_the_bot() {
    for (language, name, least) in INDIRECT {
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
        assert!(person.1 * 100 >= person.0 * least, "{name}: {} of {} reach a person", person.1, person.0);
        assert!(bot.1 * 12 <= bot.0, "{name}: {} of {} everyday questions are stopped", bot.1, bot.0);
    }
}

#[test]
fn lines_of_the_independent_set() {
    for (language, name, least) in ORDINARY {
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
        assert!(person.1 * 100 >= person.0 * least, "{name}: {} of {} reach a person", person.1, person.0);
        assert!(bot.1 * 14 <= bot.0, "{name}: {} of {} everyday lines are stopped", bot.1, bot.0);
    }
}
