//! How well the sensitive layer does on lines of the corpus that its judge has not seen, and the constants that follow from it.
//! With a path, also writes the weighed lines there (language, sensitive, filed, log-odds, reason, text).

use ennakoi_language::Language;
use ennakoi_language::safety::{Weighed, fit, rehearse, threshold};

const PARTS: usize = 3;
/// Share of everyday lines that may be stopped: these are filed by need, and some are sensitive all the same.
const TOLERATED: f64 = 0.07;

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
            "{language} with the built-in constants: recall {:.3}, false alarms {:.3}, look-alikes stopped {:.3}",
            share(&|line| line.sensitive),
            share(&|line| !line.sensitive && !line.near),
            share(&|line| line.near)
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
                    if line.near { "-near" } else { "" },
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

fn share_above(lines: &[(f32, &Weighed)], language: Language, of: &dyn Fn(&Weighed) -> bool, least: f32) -> f64 {
    let own: Vec<f32> = lines.iter().filter(|(_, line)| line.language == language && of(line)).map(|(value, _)| *value).collect();
    own.iter().filter(|value| **value >= least).count() as f64 / own.len().max(1) as f64
}

fn report(language: Language, lines: &[(f32, &Weighed)]) {
    let mut everyday: Vec<f32> = lines.iter().filter(|(_, line)| line.language == language && !line.sensitive && !line.near).map(|(value, _)| *value).collect();
    everyday.sort_by(|one, other| other.total_cmp(one));
    let least = everyday[(TOLERATED * everyday.len() as f64) as usize];
    let share = |of: &dyn Fn(&Weighed) -> bool| share_above(lines, language, of, least);
    let reason = |line: &Weighed| line.sensitive && ennakoi_language::safety::Reason::ALL.iter().any(|reason| reason.as_str() == line.filed);
    println!(
        "{language}: at threshold {least:.2}, {:.1} % of {} everyday lines stopped: recall {:.3} of reasons, {:.3} of sensitive needs; look-alikes stopped {:.3}; floor alone: recall {:.3}, false alarms {:.3}",
        TOLERATED * 100.0,
        everyday.len(),
        share(&reason),
        share(&|line| line.sensitive && !reason(line)),
        share(&|line| line.near),
        share_above(lines, language, &|line| line.sensitive, f32::INFINITY),
        share_above(lines, language, &|line| !line.sensitive, f32::INFINITY),
    );
}
