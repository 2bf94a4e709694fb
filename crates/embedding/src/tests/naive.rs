//! The encoder written out as the papers have it, number by number, to compare the fast one with.

use super::{SHAPE, files, noise, tensors};
use crate::container::Tensors;
use crate::encoder::Encoder;

type Matrix = Vec<Vec<f32>>;

fn matrix(name: &str) -> Matrix {
    let all = tensors(&SHAPE);
    let (seed, (_, rows, columns)) = all.iter().enumerate().find(|(_, entry)| entry.0 == name).expect("a tensor of the model");
    noise(seed as u64 + 1, rows * columns).chunks(*columns).map(<[f32]>::to_vec).collect()
}

fn dense(name: &str, input: &Matrix) -> Matrix {
    let (weights, bias) = (matrix(&format!("{name}.weight")), matrix(&format!("{name}.bias")));
    let apply = |row: &Vec<f32>| {
        weights.iter().zip(&bias[0]).map(|(weights, bias)| bias + weights.iter().zip(row).map(|(left, right)| left * right).sum::<f32>()).collect()
    };
    input.iter().map(apply).collect()
}

fn norm(name: &str, left: &Matrix, right: &Matrix) -> Matrix {
    let (scale, shift) = (matrix(&format!("{name}.weight")), matrix(&format!("{name}.bias")));
    left.iter()
        .zip(right)
        .map(|(left, right)| {
            let row: Vec<f32> = left.iter().zip(right).map(|(left, right)| left + right).collect();
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / row.len() as f32;
            row.iter().enumerate().map(|(place, value)| (value - mean) / (variance + SHAPE.epsilon).sqrt() * scale[0][place] + shift[0][place]).collect()
        })
        .collect()
}

/// The error function by its Taylor series; good for the small arguments of this model.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..60 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn encode(tokens: &[u32]) -> Vec<f32> {
    let (words, positions, kinds) =
        (matrix("embeddings.word_embeddings.weight"), matrix("embeddings.position_embeddings.weight"), matrix("embeddings.token_type_embeddings.weight"));
    let words: Matrix = tokens.iter().map(|&token| words[token as usize].clone()).collect();
    let places: Matrix = (0..tokens.len()).map(|place| positions[place].iter().zip(&kinds[0]).map(|(left, right)| left + right).collect()).collect();
    let mut state = norm("embeddings.LayerNorm", &words, &places);
    for layer in 0..SHAPE.layers {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let [queries, keys, values] = ["query", "key", "value"].map(|part| dense(&name(&format!("attention.self.{part}")), &state));
        let width = SHAPE.hidden / SHAPE.heads;
        let mut context = vec![vec![0.0; SHAPE.hidden]; tokens.len()];
        for head in 0..SHAPE.heads {
            let part = head * width..(head + 1) * width;
            for (place, query) in queries.iter().enumerate() {
                let product =
                    |key: &Vec<f32>| key[part.clone()].iter().zip(&query[part.clone()]).map(|(left, right)| left * right).sum::<f32>() / (width as f32).sqrt();
                let weights: Vec<f32> = keys.iter().map(|key| product(key).exp()).collect();
                let total: f32 = weights.iter().sum();
                for (weight, value) in weights.iter().zip(&values) {
                    for column in part.clone() {
                        context[place][column] += weight / total * value[column];
                    }
                }
            }
        }
        state = norm(&name("attention.output.LayerNorm"), &state, &dense(&name("attention.output.dense"), &context));
        let mut wide = dense(&name("intermediate.dense"), &state);
        for value in wide.iter_mut().flatten() {
            *value = (0.5 * f64::from(*value) * (1.0 + erf(f64::from(*value) / std::f64::consts::SQRT_2))) as f32;
        }
        state = norm(&name("output.LayerNorm"), &state, &dense(&name("output.dense"), &wide));
    }
    let mut mean: Vec<f32> = (0..SHAPE.hidden).map(|column| state.iter().map(|row| row[column]).sum()).collect();
    let length = mean.iter().map(|value| value * value).sum::<f32>().sqrt();
    mean.iter_mut().for_each(|value| *value /= length);
    mean
}

#[test]
fn the_fast_encoder_computes_what_the_papers_say() {
    let files = files();
    let encoder = Encoder::load(&SHAPE, &Tensors::parse(&files.weights).expect("tensors"), 14).expect("an encoder");
    // Long enough that every kernel has several full tiles of rows.
    let long: Vec<u32> = (0..40).map(|place| place * 7 % 14).collect();
    let sequences: [&[u32]; 4] = [&[0, 10, 11, 2], &[0, 2], &[0, 4, 6, 7, 8, 9, 12, 13, 13, 12, 5, 6, 3, 3, 7, 2], &long];
    for (tokens, vector) in sequences.iter().zip(encoder.encode(&sequences)) {
        // The fast one works on eight bits, so the direction is the same, not each digit.
        let cosine: f32 = vector.iter().zip(encode(tokens)).map(|(fast, naive)| fast * naive).sum();
        assert!(cosine > 0.9995, "{tokens:?}: {cosine}");
    }
}
