//! How the articles under `tests/articles` do on held-out lines of the corpus. With a path, also writes the evidence of
//! each question there (set, inside, right, evidence), from which the constants of `answers/combine.rs` are fitted.

use ennakoi_language::Language;
use ennakoi_language::answers::{ArticleText, Rehearsed, rehearse};
use ennakoi_language::learn::measures::auroc;

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
    if let Some(path) = std::env::args().nth(1) {
        let lines = all.iter().enumerate().flat_map(|(set, all)| all.iter().map(move |one| (set, one)));
        let rows: Vec<String> = lines
            .map(|(set, one)| {
                let right = one.ranked.first().is_some_and(|id| one.right.contains(id));
                format!("{set}\t{}\t{right}\t{:?}", !one.right.is_empty(), one.evidence)
            })
            .collect();
        if let Err(error) = std::fs::write(&path, rows.join("\n")) {
            eprintln!("cannot write {path}: {error}");
        }
    }
    for (all, (articles, _)) in all.iter().zip(&sets) {
        report(all, articles[0].language);
    }
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
