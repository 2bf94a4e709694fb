//! How the articles under `tests/articles` do on held-out lines of the corpus, and the constants of `answers/combine.rs` that follow.

use ennakoi_language::Language;
use ennakoi_language::answers::{ArticleText, Rehearsed, fit, rehearse};
use ennakoi_language::learn::measures::{auroc, expected_calibration_error};

fn main() {
    let mut sets = Vec::new();
    for (language, table) in [
        (Language::Fi, include_str!("../tests/articles/fi.tsv")),
        (Language::Sv, include_str!("../tests/articles/sv.tsv")),
        (Language::En, include_str!("../tests/articles/en.tsv")),
    ] {
        let (mut articles, mut serves) = (Vec::new(), Vec::new());
        for line in table.lines().skip(1) {
            let mut fields = line.split('\t');
            let mut field = || fields.next().unwrap_or("").to_owned();
            let needs = field();
            serves.push(needs.split(',').map(str::to_owned).collect::<Vec<_>>());
            articles.push(ArticleText { id: needs, language, title: field(), questions: Vec::new(), body: field() });
        }
        sets.push((articles, serves));
    }
    let mut all: Vec<Vec<_>> = vec![Vec::new(); sets.len()];
    for part in 0..2 {
        for (all, one) in all.iter_mut().zip(rehearse(&sets, 5, part)) {
            all.extend(one);
        }
    }
    for (set, (articles, _)) in sets.iter().enumerate() {
        report(&all[set], articles[0].language);
        // Constants fitted on the other sets: what a help centre of another language and size gets.
        let others: Vec<&[Rehearsed]> = all.iter().enumerate().filter(|(other, _)| *other != set).map(|(_, one)| one.as_slice()).collect();
        let (right, inside) = fit(&others);
        sureness(&all[set], &right, &inside);
    }
    let (right, inside) = fit(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    println!("RIGHT {right:?}\nINSIDE {inside:?}");
}

/// Figures of probabilities. Questions are counted so that a quarter are outside, as the set has it or not.
fn sureness(all: &[Rehearsed], right: &[f32], inside: &[f32]) {
    let truth: Vec<(bool, bool)> = all.iter().map(Rehearsed::truth).collect();
    let answered = truth.iter().filter(|(_, inside)| *inside).count();
    let values: Vec<f32> = all.iter().map(|one| one.inside(inside)).collect();
    println!("  auroc {:.3}", auroc(&values, &truth.iter().map(|one| one.1).collect::<Vec<_>>()).unwrap_or(0.5));
    let outside = all.len() - answered;
    // Every so many-th question of the larger part is left out.
    let thinned = |index: usize, numerator: usize, denominator: usize| index * numerator / denominator != (index + 1) * numerator / denominator;
    let kept = |index: usize| match truth[index].1 {
        true => 3 * outside >= answered || thinned(index, 3 * outside, answered),
        false => 3 * outside <= answered || thinned(index, answered, 3 * outside),
    };
    let indexes: Vec<usize> = (0..all.len()).filter(|&index| kept(index)).collect();
    let sure = |index: usize| all[index].confidence(right);
    let confidences: Vec<f32> = indexes.iter().map(|&index| sure(index)).collect();
    let outcomes: Vec<bool> = indexes.iter().map(|&index| truth[index].0).collect();
    let error = expected_calibration_error(&confidences, &outcomes);
    let share = |of: &dyn Fn(usize) -> bool, among: usize| (0..all.len()).filter(|&index| of(index)).count() as f64 / among as f64;
    println!(
        "  with the constants of the others: ece {error:.3}, answered right {:.3}, wrong {:.3}, outside answered {:.3}",
        share(&|index| truth[index].0 && sure(index) >= 2.0 / 3.0, answered),
        share(&|index| truth[index].1 && !truth[index].0 && sure(index) >= 2.0 / 3.0, answered),
        share(&|index| !truth[index].1 && sure(index) >= 2.0 / 3.0, outside)
    );
}

fn report(all: &[Rehearsed], language: Language) {
    let inside: Vec<_> = all.iter().filter(|one| !one.right.is_empty()).collect();
    let within = |limit: usize| inside.iter().filter(|one| one.ranked.iter().take(limit).any(|id| one.right.contains(id))).count() as f64 / inside.len() as f64;
    print!("{language}: {} in, {} out, first {:.3}, three {:.3}, auroc", inside.len(), all.len() - inside.len(), within(1), within(3));
    let truth: Vec<bool> = all.iter().map(|one| !one.right.is_empty()).collect();
    for place in 0..all[0].evidence.len() {
        let scores: Vec<f32> = all.iter().map(|one| one.evidence[place]).collect();
        print!(" {:.3}", auroc(&scores, &truth).unwrap_or(0.5));
    }
    println!();
}
