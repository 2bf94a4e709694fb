//! What the constants of `language/src/meaning/answers/combine.rs` are fitted from: the simulated help centres asked with
//! held-out lines of the corpus, read by words and meaning. One JSON object a question on standard output.
//!
//! `cargo run -p ennakoi-evaluate --example meaning -- MODELS VECTORS > evidence.jsonl`, where VECTORS is a file that keeps the
//! corpus's vectors between runs.

use std::path::Path;

use ennakoi_embedding::{Embedder, Side};
use ennakoi_language::Language;
use ennakoi_language::answers::ArticleText;
use ennakoi_language::meaning::answers::{lines, pieces, rehearse};
use serde_json::json;

const CENTRES: [(Language, &str); 3] = [
    (Language::Fi, include_str!("../../language/tests/articles/fi.tsv")),
    (Language::Sv, include_str!("../../language/tests/articles/sv.tsv")),
    (Language::En, include_str!("../../language/tests/articles/en.tsv")),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (models, kept) = (arguments.next().ok_or("name the folder of models")?, arguments.next().ok_or("name a file for vectors")?);
    let embedder = Embedder::open(models.as_ref())?;
    let vectors = corpus_vectors(&embedder, kept.as_ref())?;
    let centres: Vec<_> = CENTRES
        .iter()
        .map(|&(language, table)| {
            let (mut articles, mut serves, mut vectors) = (Vec::new(), Vec::new(), Vec::new());
            for line in table.lines().skip(1) {
                let mut fields = line.split('\t');
                let mut field = || fields.next().unwrap_or("").to_owned();
                let needs = field();
                serves.push(needs.split(',').map(str::to_owned).collect::<Vec<_>>());
                let article = ArticleText { id: needs, language, title: field(), questions: Vec::new(), body: field() };
                let pieces = pieces(&article);
                vectors.push(embedder.embed(Side::Passage, &pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>()));
                articles.push(article);
            }
            (articles, serves, vectors)
        })
        .collect();
    for part in 0..2 {
        for (centre, rehearsed) in rehearse(&centres, &vectors, 5, part).into_iter().enumerate() {
            for one in rehearsed {
                let articles: Vec<_> = one.articles.iter().map(|(score, likeness)| [*score, likeness.title, likeness.best]).collect();
                let (words, meaning, need) = one.need;
                println!(
                    "{}",
                    json!({ "centre": centre, "right": one.right, "articles": articles, "evidence": one.evidence, "words": words, "meaning": meaning, "need": need })
                );
            }
        }
    }
    Ok(())
}

fn corpus_vectors(embedder: &Embedder, kept: &Path) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error>> {
    let (texts, width) = (lines(), embedder.dimension());
    if let Ok(bytes) = std::fs::read(kept)
        && bytes.len() == texts.len() * width * 4
    {
        let rows = bytes.chunks_exact(width * 4);
        return Ok(rows.map(|row| row.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()).collect());
    }
    let vectors = embedder.embed(Side::Query, &texts);
    std::fs::write(kept, vectors.iter().flatten().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    Ok(vectors)
}
