//! `model.safetensors`, `tokenizer.json` and `config.json`, as model hubs publish them.

use super::Files;
use crate::Error;
use crate::container::{self, Kind, Tensor, Tensors, Written, to_half};
use crate::encoder::Shape;
use crate::tokenizer::{self, Special};

#[derive(serde::Deserialize)]
struct Config {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "usual_epsilon")]
    layer_norm_eps: f32,
    #[serde(default = "usual_activation")]
    hidden_act: String,
}

fn usual_epsilon() -> f32 {
    1e-12
}

fn usual_activation() -> String {
    "gelu".to_owned()
}

#[derive(serde::Deserialize)]
struct Published {
    model: Unigram,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(serde::Deserialize)]
struct Unigram {
    #[serde(rename = "type", default)]
    kind: String,
    unk_id: u32,
    vocab: Vec<(String, f32)>,
}

#[derive(serde::Deserialize)]
struct Added {
    id: u32,
    content: String,
}

/// Reads a published model; its weights are installed in half precision.
///
/// # Errors
/// A file is damaged, or the model is of a family that is not supported.
pub fn from_hub(weights: &[u8], tokenizer: &[u8], config: &[u8]) -> Result<Files, Error> {
    let config: Config = serde_json::from_slice(config).map_err(|error| Error::broken(format!("config.json cannot be read: {error}")))?;
    let first_position = match config.model_type.as_str() {
        "bert" => 0,
        "xlm-roberta" | "roberta" => 2,
        other => return Err(Error::broken(format!("models of the family `{other}` are not supported; use one of BERT or XLM-RoBERTa"))),
    };
    if config.hidden_act != "gelu" {
        return Err(Error::broken(format!("its activation `{}` is not supported", config.hidden_act)));
    }
    let shape = Shape {
        hidden: config.hidden_size,
        layers: config.num_hidden_layers,
        heads: config.num_attention_heads,
        inner: config.intermediate_size,
        positions: config.max_position_embeddings,
        first_position,
        epsilon: config.layer_norm_eps,
    };
    shape.check()?;
    let tensors = Tensors::parse(weights)?;
    let written: Vec<Written> = tensors.iter().filter_map(|(name, tensor)| needed(name).map(|name| halved(name, tensor))).collect();
    Ok(Files { shape, weights: container::write(&written), vocabulary: vocabulary(tokenizer)? })
}

/// A tensor's name without the prefix of its family; `None` for what the encoder does not need.
fn needed(name: &str) -> Option<&str> {
    let name = ["bert.", "roberta.", "model."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    (name.starts_with("embeddings.") || name.starts_with("encoder.layer.")).then_some(name)
}

fn halved(name: &str, tensor: &Tensor<'_>) -> Written {
    let (kind, bytes) = match tensor.kind {
        Kind::F16 | Kind::Q4 => (tensor.kind, tensor.bytes.to_vec()),
        Kind::F32 | Kind::Bf16 => (Kind::F16, tensor.floats().into_iter().flat_map(|value| to_half(value).to_le_bytes()).collect()),
    };
    Written { name: name.to_owned(), kind, rows: tensor.rows, columns: tensor.columns, bytes }
}

fn vocabulary(published: &[u8]) -> Result<Vec<u8>, Error> {
    let published: Published = serde_json::from_slice(published).map_err(|error| Error::broken(format!("tokenizer.json cannot be read: {error}")))?;
    if !matches!(published.model.kind.as_str(), "Unigram" | "") {
        return Err(Error::broken(format!("its tokenizer is `{}`; only SentencePiece's unigram is supported", published.model.kind)));
    }
    let marks = &published.added_tokens;
    let mark = |content: &str| marks.iter().find(|added| added.content == content).map(|added| added.id);
    let (Some(begin), Some(end)) = (mark("<s>"), mark("</s>")) else {
        return Err(Error::broken("its tokenizer has no marks of begin and end"));
    };
    let pieces: Vec<(Vec<u8>, f32)> = published
        .model
        .vocab
        .into_iter()
        .enumerate()
        .map(|(number, (piece, score))| (if marks.iter().any(|added| added.id == number as u32) { Vec::new() } else { piece.into_bytes() }, score))
        .collect();
    Ok(tokenizer::write(Special { begin, end, unknown: published.model.unk_id }, &pieces))
}
