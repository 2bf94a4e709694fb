//! On a tiny random model made here, and on real weights where `ENNAKOI_MODEL_DIR` names some.

mod naive;
mod real;

use super::*;
use crate::container::{Kind, Written};
use crate::folder::{Manifest, Shape};
use crate::import::{Files, from_hub, from_packed};
use crate::tokenizer::Special;
use proptest::prelude::*;

pub(crate) const SHAPE: Shape = Shape { hidden: 32, layers: 2, heads: 4, inner: 64, positions: 40, first_position: 0, epsilon: 1e-6 };
const PIECES: [(&str, f32); 14] = [
    ("", 0.0),
    ("", 0.0),
    ("", 0.0),
    ("", 0.0),
    ("▁query", -2.0),
    ("▁passage", -2.0),
    (":", -1.0),
    ("▁", -3.0),
    ("▁pa", -4.0),
    ("ketti", -4.5),
    ("▁paketti", -6.0),
    ("ssa", -3.0),
    ("s", -5.0),
    ("a", -5.0),
];
const SPECIAL: Special = Special { begin: 0, end: 2, unknown: 3 };

/// Numbers that look random and are the same every time.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / 16_777_216.0 - 0.5) * 0.8
        })
        .collect()
}

/// Names and sizes of everything a model holds.
fn tensors(shape: &Shape) -> Vec<(String, usize, usize)> {
    let (hidden, inner) = (shape.hidden, shape.inner);
    let mut all = vec![
        ("embeddings.word_embeddings.weight".to_owned(), 16, hidden),
        ("embeddings.position_embeddings.weight".to_owned(), shape.positions, hidden),
        ("embeddings.token_type_embeddings.weight".to_owned(), 2, hidden),
        ("embeddings.LayerNorm.weight".to_owned(), 1, hidden),
        ("embeddings.LayerNorm.bias".to_owned(), 1, hidden),
    ];
    for layer in 0..shape.layers {
        for (part, from, to) in [
            ("attention.self.query", hidden, hidden),
            ("attention.self.key", hidden, hidden),
            ("attention.self.value", hidden, hidden),
            ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", hidden, inner),
            ("output.dense", inner, hidden),
        ] {
            all.push((format!("encoder.layer.{layer}.{part}.weight"), to, from));
            all.push((format!("encoder.layer.{layer}.{part}.bias"), 1, to));
        }
        for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
            all.push((format!("encoder.layer.{layer}.{part}.weight"), 1, hidden));
            all.push((format!("encoder.layer.{layer}.{part}.bias"), 1, hidden));
        }
    }
    all
}

pub(crate) fn files() -> Files {
    let written: Vec<Written> = tensors(&SHAPE)
        .into_iter()
        .enumerate()
        .map(|(seed, (name, rows, columns))| {
            let bytes = noise(seed as u64 + 1, rows * columns).into_iter().flat_map(f32::to_le_bytes).collect();
            Written { name, kind: Kind::F32, rows, columns, bytes }
        })
        .collect();
    let pieces: Vec<(Vec<u8>, f32)> = PIECES.iter().map(|(piece, score)| (piece.as_bytes().to_vec(), *score)).collect();
    Files { shape: SHAPE, weights: container::write(&written), vocabulary: tokenizer::write(SPECIAL, &pieces) }
}

pub(crate) fn embedder() -> Embedder {
    let files = files();
    let manifest = Manifest::new("tiny", "made by a test", "", &files);
    files.try_out(&manifest).expect("the tiny model works");
    Embedder::from_parts(manifest, &files.weights, &files.vocabulary).expect("the tiny model loads")
}

/// Stops compiling if a model could not be shared between threads.
#[test]
fn a_model_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&embedder());
}

#[test]
fn words_are_cut_into_the_likeliest_pieces() {
    let files = files();
    let tokenizer = Tokenizer::read(&files.vocabulary).expect("vocabulary");
    // "▁paketti" costs 6.0, "▁pa" + "ketti" 8.5; what no piece covers is one unknown however long.
    assert_eq!(tokenizer.encode("paketti", 40), [0, 10, 2]);
    assert_eq!(tokenizer.encode("  paketti\u{200b}ssa\n", 40), [0, 10, 7, 11, 2]);
    assert_eq!(tokenizer.encode("日本語", 40), [0, 7, 3, 2]);
    assert_eq!(tokenizer.encode("</s>", 40), [0, 7, 3, 12, 3, 2], "a mark in a text is no mark");
    assert_eq!(tokenizer.encode("ﬀ ✂", 4), [0, 7, 3, 2]);
    assert_eq!(tokenizer.encode("", 40), [0, 2]);
}

#[test]
fn a_batch_changes_nothing() {
    let embedder = embedder();
    let texts = ["paketti", "", "paketti passa paketissa", "s a s a s a s a"];
    let together = embedder.embed(Side::Query, &texts);
    for (text, vector) in texts.iter().zip(&together) {
        let alone = embedder.question(text);
        assert!(vector.iter().zip(&alone).all(|(left, right)| (left - right).abs() < 1e-5), "{text}");
        let length: f32 = vector.iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-4);
    }
    assert_ne!(embedder.embed(Side::Passage, &texts[..1]), together[..1].to_vec());
    assert!(embedder.embed(Side::Query, &[]).is_empty());
}

#[test]
fn a_model_installed_from_a_hub_gives_the_same_vectors() {
    let original = embedder();
    let files = files();
    let vocabulary: Vec<serde_json::Value> = PIECES.iter().map(|(piece, score)| serde_json::json!([piece, score])).collect();
    let tokenizer = serde_json::json!({
        "model": { "type": "Unigram", "unk_id": 3, "vocab": vocabulary },
        "added_tokens": [{ "id": 0, "content": "<s>" }, { "id": 2, "content": "</s>" }],
    });
    let config = serde_json::json!({
        "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "max_position_embeddings": 40, "layer_norm_eps": 1e-6,
    });
    let hub = from_hub(&files.weights, tokenizer.to_string().as_bytes(), config.to_string().as_bytes()).expect("a model");
    let manifest = Manifest::new("tiny", "hub", "", &hub);
    let installed = Embedder::from_parts(manifest, &hub.weights, &hub.vocabulary).expect("it loads");
    let (left, right) = (original.question("paketti passa"), installed.question("paketti passa"));
    let cosine: f32 = left.iter().zip(&right).map(|(left, right)| left * right).sum();
    assert!(cosine > 0.999, "half precision changed the vector: {cosine}");
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let files = files();
    let manifest = Manifest::new("tiny", "", "", &files);
    for cut in (0..files.weights.len()).step_by(977) {
        assert!(Embedder::from_parts(manifest.clone(), &files.weights[..cut], &files.vocabulary).is_err());
    }
    for cut in 0..files.vocabulary.len() {
        assert!(Tokenizer::read(&files.vocabulary[..cut]).is_err());
    }
    for bytes in [b"".as_slice(), b"E5S1", b"E5S1\x01\0\0\0\xff\xff\xff\xff", &[0xff; 200]] {
        assert!(from_packed(bytes).is_err());
        assert!(from_hub(bytes, bytes, bytes).is_err());
    }
    let folder = std::env::temp_dir().join(format!("ennakoi-no-model-{}", std::process::id()));
    assert!(matches!(Embedder::open(&folder), Err(Error::Missing(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_a_vector(text in ".*", times in 1_usize..40) {
        let embedder = embedder();
        let vector = embedder.question(&text.repeat(times));
        prop_assert_eq!(vector.len(), 32);
        prop_assert!(vector.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn half_precision_is_read_as_it_was_written(value in -70_000.0_f32..70_000.0) {
        let back = container::half(container::to_half(value));
        let most = value.clamp(-65_504.0, 65_504.0);
        prop_assert!((back - most).abs() <= most.abs() / 1_024.0 + 1e-7);
    }
}
