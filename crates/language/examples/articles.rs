//! How the articles under `tests/articles` do on held-out lines of the corpus.

use ennakoi_language::answers::{ArticleText, rehearse};
use ennakoi_language::learn::measures::auroc;
use ennakoi_language::Language;

fn main() {
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
        let mut all = Vec::new();
        for part in 0..2 {
            all.extend(rehearse(&articles, &serves, 5, part));
        }
        let inside: Vec<_> = all.iter().filter(|one| !one.right.is_empty()).collect();
        let within = |limit: usize| {
            inside.iter().filter(|one| one.ranked.iter().take(limit).any(|id| one.right.contains(id))).count() as f64 / inside.len() as f64
        };
        print!("{language}: {} in, {} out, first {:.3}, three {:.3}, auroc", inside.len(), all.len() - inside.len(), within(1), within(3));
        let truth: Vec<bool> = all.iter().map(|one| !one.right.is_empty()).collect();
        for place in 0..all[0].evidence.len() {
            let scores: Vec<f32> = all.iter().map(|one| one.evidence[place]).collect();
            print!(" {:.3}", auroc(&scores, &truth).unwrap_or(0.5));
        }
        println!();
    }
}
