//! With the weights that an operator has installed. Without them these tests have nothing to say.

use std::path::PathBuf;
use std::time::Instant;

use super::*;

fn installed() -> Option<Embedder> {
    let folder = PathBuf::from(std::env::var_os("ENNAKOI_MODEL_DIR")?);
    Some(Embedder::open(&folder).expect("the folder holds a model"))
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[test]
fn questions_are_near_what_answers_them_in_every_language() {
    let Some(embedder) = installed() else { return };
    let passages = embedder.embed(
        Side::Passage,
        &[
            "Seuraa lähetystäsi seurantakoodilla, jonka saat sähköpostiisi.",
            "Hyvityslasku maksetaan tilillesi neljäntoista päivän kuluessa.",
            "Sohvan päälliset voi pestä neljässäkymmenessä asteessa.",
        ],
    );
    for (question, right) in
        [("missä pakettini viipyy", 0), ("var är mitt paket", 0), ("when do I get my money back", 1), ("kissa oksensi tyynylle, meneekö se pilalle", 2)]
    {
        let vector = embedder.question(question);
        let scores: Vec<f32> = passages.iter().map(|passage| cosine(&vector, passage)).collect();
        let best = (0..3).max_by(|&left, &right| scores[left].total_cmp(&scores[right])).expect("three passages");
        assert_eq!(best, right, "{question}: {scores:?}");
    }
}

/// Prints what a question costs; asserts nothing, because a machine may be busy.
#[test]
fn timing() {
    let Some(embedder) = installed() else { return };
    for text in ["missä paketti", "missä minun pakettini oikein viipyy, tilasin sen viikko sitten", &"pitkä viesti asiasta jota ei ole ".repeat(60)] {
        let mut times: Vec<f64> = (0..30)
            .map(|_| {
                let begin = Instant::now();
                let _ = embedder.question(text);
                begin.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{} tokens: median {:.2} ms, best {:.2} ms", embedder.tokens(Side::Query, text).len(), times[15], times[0]);
    }
}
