//! Embeds lines of standard input as queries and prints what a text costs: for looking at a model, and for measuring.
//!
//! `cargo run -p ennakoi-embedding --example embed -- FOLDER < lines.txt > vectors.f32`

use std::io::{Read, Write};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the model's folder")?;
    let embedder = ennakoi_embedding::Embedder::open(folder.as_ref())?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let begin = Instant::now();
    for lines in lines.chunks(256) {
        for vector in embedder.embed(ennakoi_embedding::Side::Query, lines) {
            for value in vector {
                out.write_all(&value.to_le_bytes())?;
            }
        }
    }
    out.flush()?;
    eprintln!("{} texts, {:.2} ms each", lines.len(), begin.elapsed().as_secs_f64() * 1e3 / lines.len().max(1) as f64);
    Ok(())
}
