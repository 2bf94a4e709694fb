//! How well the sensitive layer does on lines of the corpus that its judge has not seen, and the constants that follow from it.
//! With a path, also writes the weighed lines there (language, sensitive, filed, log-odds, reason, text).

use ennakoi_language::Language;
use ennakoi_language::safety::{Weighed, fit, rehearse, threshold};

const PARTS: usize = 3;
/// Share of everyday lines that may be stopped, those that could be meant either way not counted.
const TOLERATED: f64 = 0.06;

fn main() {
    let parts: Vec<Vec<Weighed>> = (0..PARTS).map(|part| rehearse(PARTS, part)).collect();
    let others = |part: usize| parts.iter().enumerate().filter(move |(other, _)| *other != part).flat_map(|(_, lines)| lines);
    let crossed: Vec<(f32, &Weighed)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, lines)| {
            let weights = fit(others(part));
            lines.iter().map(move |line| (line.log_odds(Some(&weights)), line)).collect::<Vec<_>>()
        })
        .collect();
    for language in Language::ALL {
        report(language, &crossed);
    }
    let now: Vec<(f32, &Weighed)> = parts.iter().flatten().map(|line| (line.log_odds(None) - threshold(line.language), line)).collect();
    for language in Language::ALL {
        let share = |of: &dyn Fn(&Weighed) -> bool| share_above(&now, language, of, 0.0);
        println!(
            "{language} with the built-in constants: recall {:.3}, false alarms {:.3}, look-alikes stopped {:.3}, either way {:.3}",
            share(&|line| line.sensitive),
            share(&|line| self::everyday(line)),
            share(&|line| line.near),
            share(&|line| line.either)
        );
    }
    println!("weights {:?}", fit(parts.iter().flatten()));
    if let Some(path) = std::env::args().nth(1) {
        let rows: Vec<String> = crossed
            .iter()
            .map(|(value, line)| {
                format!(
                    "{}\t{}\t{}{}\t{value:.3}\t{}\t{}",
                    line.language,
                    u8::from(line.sensitive),
                    line.filed,
                    match (line.near, line.either) {
                        (true, _) => "-near",
                        (_, true) => "-either",
                        _ => "",
                    },
                    line.reason.as_str(),
                    line.text
                )
            })
            .collect();
        if let Err(error) = std::fs::write(&path, rows.join("\n")) {
            eprintln!("cannot write {path}: {error}");
        }
    }
}

/// A line that is the bot's without doubt, and does not look like a person's.
fn everyday(line: &Weighed) -> bool {
    !(line.sensitive || line.near || line.either)
}

fn share_above(lines: &[(f32, &Weighed)], language: Language, of: &dyn Fn(&Weighed) -> bool, least: f32) -> f64 {
    let own: Vec<f32> = lines.iter().filter(|(_, line)| line.language == language && of(line)).map(|(value, _)| *value).collect();
    own.iter().filter(|value| **value >= least).count() as f64 / own.len().max(1) as f64
}

fn report(language: Language, lines: &[(f32, &Weighed)]) {
    let mut everyday: Vec<f32> = lines.iter().filter(|(_, line)| line.language == language && everyday(line)).map(|(value, _)| *value).collect();
    everyday.sort_by(|one, other| other.total_cmp(one));
    let least = everyday[(TOLERATED * everyday.len() as f64) as usize];
    let share = |of: &dyn Fn(&Weighed) -> bool| share_above(lines, language, of, least);
    let reason = |line: &Weighed| line.sensitive && ennakoi_language::safety::Reason::ALL.iter().any(|reason| reason.as_str() == line.filed);
    println!(
        "{language}: at threshold {least:.2}, {:.1} % of {} everyday lines stopped: recall {:.3} of reasons, {:.3} of sensitive needs; look-alikes stopped {:.3}, either way {:.3}; floor alone: recall {:.3}, false alarms {:.3}",
        TOLERATED * 100.0,
        everyday.len(),
        share(&reason),
        share(&|line| line.sensitive && !reason(line)),
        share(&|line| line.near),
        share(&|line| line.either),
        share_above(lines, language, &|line| line.sensitive, f32::INFINITY),
        share_above(lines, language, &|line| self::everyday(line), f32::INFINITY),
    );
}
