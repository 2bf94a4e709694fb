//! The bot's test questions: enough of them, spread wide, never a line that the program learned from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ennakoi_language::needs::Corpus;
use ennakoi_language::{Language, safety, text};

/// One question of `data/bot_questions.tsv`.
struct Question {
    text: &'static str,
    language: Language,
    /// The id of a need, `oos`, or `person:` and a reason.
    label: &'static str,
}

fn questions() -> Vec<Question> {
    let mut rows = include_str!("data/bot_questions.tsv").lines();
    assert_eq!(rows.next(), Some("text\tlanguage\tlabel"));
    rows.map(|row| {
        let [text, language, label] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {row}") };
        let language = Language::ALL.into_iter().find(|known| known.to_string() == language).unwrap_or_else(|| panic!("language of: {row}"));
        Question { text, language, label }
    })
    .collect()
}

/// Letters and digits only: a line that differs in punctuation or case is the same line.
fn bare(line: &str) -> String {
    let normalised = text::normalise(line);
    text::tokens(&normalised).collect::<Vec<_>>().join(" ")
}

/// Every string of the corpus: its array's name, the line, and its file.
fn corpus() -> Vec<(String, String, String)> {
    let mut lines = Vec::new();
    for folder in ["needs", "out_of_scope", "safety"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
        for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
            let path = entry.expect("an entry").path();
            let table: toml::Table = std::fs::read_to_string(&path).expect("readable").parse().expect("TOML");
            for (name, value) in &table {
                for line in value.as_array().into_iter().flatten().filter_map(toml::Value::as_str) {
                    let unmarked = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(line, |(_, text)| text);
                    lines.push((name.clone(), unmarked.to_owned(), path.display().to_string()));
                }
            }
        }
    }
    lines
}

#[test]
fn the_set_is_large_and_wide() {
    let questions = questions();
    assert!(questions.len() >= 600, "{} questions", questions.len());
    for language in Language::ALL {
        let own = questions.iter().filter(|question| question.language == language);
        let needs: BTreeSet<&str> = own.clone().map(|question| question.label).filter(|label| *label != "oos" && !label.starts_with("person:")).collect();
        let outside = own.clone().filter(|question| question.label == "oos").count();
        assert!(own.count() >= 150, "{language}: too few questions");
        assert!(needs.len() >= 40, "{language}: {} needs", needs.len());
        assert!(outside >= 20, "{language}: {outside} outside all needs");
        for reason in safety::Reason::ALL {
            let label = format!("person:{}", reason.as_str());
            let lines = questions.iter().filter(|question| question.language == language && question.label == label).count();
            assert!(lines >= 3, "{language}: {lines} lines of {label}");
        }
    }
}

#[test]
fn labels_exist() {
    let corpus = Corpus::built_in();
    for question in questions() {
        let known = match question.label.split_once(':') {
            Some(("person", name)) => safety::Reason::ALL.into_iter().any(|reason| reason.as_str() == name),
            Some(_) => false,
            None => question.label == "oos" || corpus.find(question.label).is_some(),
        };
        assert!(known, "{}: {}", question.label, question.text);
    }
}

#[test]
fn no_line_was_learned_or_is_there_twice() {
    let learned: BTreeMap<String, String> = corpus().into_iter().map(|(_, line, file)| (bare(&line), file)).collect();
    assert!(learned.len() > 30_000, "only {} lines of the corpus were read", learned.len());
    let mut seen = BTreeSet::new();
    for question in questions() {
        let line = bare(question.text);
        assert!(!line.is_empty(), "nothing left of: {}", question.text);
        assert!(!learned.contains_key(&line), "{} is also in {}", question.text, learned[&line]);
        assert!(seen.insert(line), "twice: {}", question.text);
    }
}

/// What corpus/README.md promises of every need and every reason.
#[test]
fn every_file_is_large_enough() {
    let mut sizes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (name, _, file) in corpus() {
        *sizes.entry((file, name)).or_default() += 1;
    }
    for ((file, name), size) in sizes {
        let least = match (Path::new(&file).parent().is_some_and(|folder| folder.ends_with("safety")), name.as_str()) {
            (true, "fi") => 150,
            (true, "sv" | "en") => 120,
            (false, "fi") => 60,
            (false, "sv" | "en") => 30,
            _ => 0,
        };
        assert!(size >= least, "{size} lines of {name} in {file}");
    }
}

/// A line filed twice teaches nothing, or two things at once. Articles may say what customers say.
#[test]
fn no_line_of_a_customer_is_filed_twice() {
    let mut seen = BTreeMap::new();
    let customers = corpus().into_iter().filter(|(name, line, _)| !name.starts_with("articles_") && !bare(line).is_empty());
    for (name, line, file) in customers {
        let language = name.trim_start_matches("near_").to_owned();
        if let Some(before) = seen.insert((language, bare(&line)), file.clone()) {
            panic!("{line} is in {before} and in {file}");
        }
    }
}

/// The figures are printed (`--nocapture`); the bounds only catch a layer that broke.
#[test]
fn sensitive_questions_reach_a_person() {
    for language in Language::ALL {
        let [mut person, mut bot] = [(0_usize, 0_usize); 2];
        for question in questions().into_iter().filter(|question| question.language == language) {
            let found = safety::screen(question.text, language);
            let wanted = question.label.starts_with("person:");
            let slot = if wanted { &mut person } else { &mut bot };
            slot.0 += 1;
            slot.1 += usize::from(found.is_some());
            if wanted != found.is_some() {
                println!("{language} {}: {} ({found:?})", question.label, question.text);
            }
        }
        println!("{language}: recall {}/{}, false alarms {}/{}", person.1, person.0, bot.1, bot.0);
        assert!(person.1 * 2 >= person.0, "{language}: {} of {} reach a person", person.1, person.0);
        assert!(bot.1 * 4 <= bot.0, "{language}: {} of {} everyday lines are stopped", bot.1, bot.0);
    }
}
