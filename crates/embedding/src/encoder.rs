//! The encoder: embeddings, layers of attention and feed-forward networks, mean pooling, length one.
//!
//! Source: Vaswani et al., "Attention Is All You Need" (2017), in the post-normalised form of BERT (Devlin et al., 2018).
//! The large products run on packed weights through `rten_gemm`, which picks kernels for the processor at run time.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use rten_vecmath::{ExtendInit, Gelu, MinMax, Normalize, NormalizeOptions, Quantize, Softmax, Sum, SumSquareSub};

use crate::Error;
use crate::container::{Kind, Tensor, Tensors, decode};

/// Sizes of a model, as its manifest gives them.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// Numbers of a vector.
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    /// Width of the feed-forward networks.
    pub inner: usize,
    /// Rows of the table of positions.
    pub positions: usize,
    /// The position of the first token: 0 in BERT, 2 in XLM-RoBERTa.
    pub first_position: usize,
    pub epsilon: f32,
}

impl Shape {
    /// Refuses sizes that no supported model has, before anything is allocated for them.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let sane = (1..=4_096).contains(&self.hidden)
            && (1..=64).contains(&self.layers)
            && (1..=self.hidden).contains(&self.heads)
            && self.hidden.is_multiple_of(self.heads)
            && (1..=16_384).contains(&self.inner)
            && (self.first_position + 3..=16_384).contains(&self.positions)
            && self.epsilon > 0.0
            && self.epsilon < 0.1;
        if sane { Ok(()) } else { Err(Error::broken("its sizes are of no supported kind")) }
    }
}

/// Most tokens of one text, whatever the model could take.
const TOKENS_READ: usize = 512;

pub(crate) struct Encoder {
    shape: Shape,
    /// The table of word pieces, as it is in the file: only the rows of a text's tokens are ever decoded.
    words: Vec<u8>,
    words_kind: Kind,
    word_bytes: usize,
    positions: Vec<f32>,
    kind: Vec<f32>,
    embedded: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values in one product.
    attend: Dense,
    attended: Dense,
    attended_norm: Norm,
    widen: Dense,
    narrow: Dense,
    narrowed_norm: Norm,
}

/// A linear layer on small whole numbers: the weights of one output share a scale, the inputs of one token share a scale and
/// an offset. A quarter of the memory of floats and several times as fast; vectors differ from those of floats by less than
/// those of 4-bit weights do from the original's.
struct Dense {
    weights: PackedBMatrix<i8>,
    steps: Vec<f32>,
    /// Sum of each output's whole weights: what the inputs' offset adds. Taken off here, because the product crate's own
    /// offsets (0.27) are those of the first rows for all rows.
    totals: Vec<i32>,
    bias: Vec<f32>,
}

/// The products that layers run on: floats for attention, whole numbers for the rest.
#[derive(Default)]
struct Products {
    float: GemmExecutor,
    whole: GemmExecutor<u8, i8, i32>,
}

/// Rows of inputs as whole numbers: `(value − zero) · step` is the input.
struct Whole {
    values: Vec<u8>,
    zeros: Vec<i32>,
    steps: Vec<f32>,
    width: usize,
}

struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl Encoder {
    pub(crate) fn load(shape: &Shape, tensors: &Tensors<'_>, pieces: usize) -> Result<Self, Error> {
        shape.check()?;
        let (hidden, inner) = (shape.hidden, shape.inner);
        let products = Products::default();
        let words = tensors
            .iter()
            .find(|(name, _)| *name == "embeddings.word_embeddings.weight")
            .map(|(_, tensor)| *tensor)
            .filter(|words| words.columns == hidden && words.rows >= pieces)
            .ok_or_else(|| Error::broken("the table of word pieces is missing or too small for the vocabulary"))?;
        let norm = |name: &str| Norm::load(tensors, name, shape);
        let dense = |names: &[&str], from: usize, to: usize| Dense::load(&products, tensors, names, from, to);
        let mut layers = Vec::with_capacity(shape.layers);
        for number in 0..shape.layers {
            let name = |part: &str| format!("encoder.layer.{number}.{part}");
            let attention = [name("attention.self.query"), name("attention.self.key"), name("attention.self.value")];
            layers.push(Layer {
                attend: dense(&attention.each_ref().map(String::as_str), hidden, hidden)?,
                attended: dense(&[&name("attention.output.dense")], hidden, hidden)?,
                attended_norm: norm(&name("attention.output.LayerNorm"))?,
                widen: dense(&[&name("intermediate.dense")], hidden, inner)?,
                narrow: dense(&[&name("output.dense")], inner, hidden)?,
                narrowed_norm: norm(&name("output.LayerNorm"))?,
            });
        }
        let kinds = tensors.iter().find(|(name, _)| *name == "embeddings.token_type_embeddings.weight").map(|(_, tensor)| tensor.floats());
        Ok(Self {
            positions: tensors.get("embeddings.position_embeddings.weight", shape.positions, hidden)?.floats(),
            kind: kinds.filter(|kinds| kinds.len() >= hidden).map_or_else(|| vec![0.0; hidden], |kinds| kinds[..hidden].to_vec()),
            embedded: norm("embeddings.LayerNorm")?,
            words: words.bytes.to_vec(),
            words_kind: words.kind,
            word_bytes: words.row_bytes(),
            shape: shape.clone(),
            layers,
        })
    }

    /// Most tokens of one sequence.
    pub(crate) fn longest(&self) -> usize {
        (self.shape.positions - self.shape.first_position).min(TOKENS_READ)
    }

    /// One vector per sequence of tokens; none may be empty or longer than [`Self::longest`].
    pub(crate) fn encode(&self, sequences: &[&[u32]]) -> Vec<Vec<f32>> {
        let hidden = self.shape.hidden;
        let mut ranges = Vec::with_capacity(sequences.len());
        let mut total = 0;
        for sequence in sequences {
            ranges.push(total..total + sequence.len());
            total += sequence.len();
        }
        let mut state = self.look_up(sequences, total);
        let mut attention = vec![0.0; total * 3 * hidden];
        let mut context = vec![0.0; total * hidden];
        let mut change = vec![0.0; total * hidden];
        let mut wide = vec![0.0; total * self.shape.inner];
        // Made for each call: they cost nothing and cannot be sent between threads, which a model must be.
        let products = Products::default();
        let mut sums = Vec::new();
        for layer in &self.layers {
            layer.attend.apply(&products, &state, &mut sums, &mut attention);
            for range in &ranges {
                self.attend(&products.float, &attention, range, &mut context);
            }
            layer.attended.apply(&products, &context, &mut sums, &mut change);
            layer.attended_norm.add(&mut state, &change);
            layer.widen.apply(&products, &state, &mut sums, &mut wide);
            Gelu {}.map_mut(&mut wide);
            layer.narrow.apply(&products, &wide, &mut sums, &mut change);
            layer.narrowed_norm.add(&mut state, &change);
        }
        ranges.into_iter().map(|range| pooled(&state[range.start * hidden..range.end * hidden], hidden)).collect()
    }

    /// The sum of word, position and kind of every token, normalised.
    fn look_up(&self, sequences: &[&[u32]], total: usize) -> Vec<f32> {
        let hidden = self.shape.hidden;
        let mut state = vec![0.0; total * hidden];
        let tokens = sequences.iter().flat_map(|sequence| sequence.iter().enumerate());
        for ((place, &token), out) in tokens.zip(state.chunks_exact_mut(hidden)) {
            let begin = token as usize * self.word_bytes;
            decode(self.words_kind, &self.words[begin..begin + self.word_bytes], out);
            let position = (place + self.shape.first_position) * hidden;
            for ((out, position), kind) in out.iter_mut().zip(&self.positions[position..position + hidden]).zip(&self.kind) {
                *out += position + kind;
            }
        }
        self.embedded.add(&mut state, &[]);
        state
    }

    /// What each token of one sequence takes from the others, head by head.
    fn attend(&self, gemm: &GemmExecutor, attention: &[f32], range: &std::ops::Range<usize>, context: &mut [f32]) {
        let (hidden, length) = (self.shape.hidden, range.len());
        let width = hidden / self.shape.heads;
        let rows = NdTensorView::from_data([length, 3 * hidden], &attention[range.start * 3 * hidden..range.end * 3 * hidden]);
        let mut weights = vec![0.0; length * length];
        let mut taken = vec![0.0; length * width];
        for head in 0..self.shape.heads {
            let part = |which: usize| {
                let begin = which * hidden + head * width;
                rows.slice((.., begin..begin + width))
            };
            let scaled = GemmOptions { alpha: 1.0 / (width as f32).sqrt(), ..GemmOptions::default() };
            let keys = part(1);
            let product = gemm.gemm(&mut weights, GemmInputA::Unpacked(part(0)), GemmInputB::Unpacked(keys.transposed()), scaled);
            product.expect("queries and keys have the same width");
            for row in weights.chunks_exact_mut(length) {
                Softmax::new_mut(row).dispatch();
            }
            let mixed = NdTensorView::from_data([length, length], weights.as_slice());
            let product = gemm.gemm(&mut taken, GemmInputA::Unpacked(mixed), GemmInputB::Unpacked(part(2)), GemmOptions::default());
            product.expect("there is one weight for each value");
            for (place, taken) in range.clone().zip(taken.chunks_exact(width)) {
                context[place * hidden + head * width..][..width].copy_from_slice(taken);
            }
        }
    }
}

impl Dense {
    /// Layers of `names` side by side, each `from` → `to`.
    fn load(products: &Products, tensors: &Tensors<'_>, names: &[&str], from: usize, to: usize) -> Result<Self, Error> {
        // Processors without the newer dot products add pairs in 16 bits: seven bits of weight never overflow these.
        let largest = if products.whole.may_saturate() { 63.0 } else { 127.0 };
        let outputs = names.len() * to;
        let (mut rows, mut steps, mut bias) = (Vec::<i8>::with_capacity(outputs * from), Vec::with_capacity(outputs), Vec::with_capacity(outputs));
        for name in names {
            for row in tensors.get(&format!("{name}.weight"), to, from)?.floats().chunks_exact(from) {
                let step = (row.iter().fold(0.0_f32, |most, weight| most.max(weight.abs())) / largest).max(f32::MIN_POSITIVE);
                rows.extend(row.iter().map(|weight| (weight / step).round() as i8));
                steps.push(step);
            }
            bias.extend(vector(tensors.get(&format!("{name}.bias"), 1, to)?));
        }
        let totals = rows.chunks_exact(from).map(|row| row.iter().map(|&weight| i32::from(weight)).sum()).collect();
        let weights = NdTensor::from_data([outputs, from], rows);
        Ok(Self { weights: products.whole.prepack_b(weights.transposed()), steps, totals, bias })
    }

    /// Writes one row of outputs for each row of inputs; `sums` is room that is used again.
    fn apply(&self, products: &Products, input: &[f32], sums: &mut Vec<i32>, out: &mut [f32]) {
        let input = Whole::of(input, self.weights.rows());
        let rows = input.steps.len();
        sums.resize(rows * self.steps.len(), 0);
        let values = NdTensorView::from_data([rows, input.width], input.values.as_slice());
        let product = products.whole.gemm(sums, GemmInputA::Unpacked(values), GemmInputB::Packed(&self.weights), GemmOptions::default());
        product.expect("sizes were checked when the model was loaded");
        let width = self.steps.len();
        let rows = out.chunks_exact_mut(width).zip(sums.chunks_exact(width));
        for ((out, sums), (zero, input_step)) in rows.zip(input.zeros.iter().zip(&input.steps)) {
            let outputs = self.totals.iter().zip(&self.steps).zip(&self.bias);
            for ((out, sum), ((total, step), bias)) in out.iter_mut().zip(sums).zip(outputs) {
                *out = (sum - zero * total) as f32 * (input_step * step) + bias;
            }
        }
    }
}

impl Whole {
    fn of(input: &[f32], width: usize) -> Self {
        let rows = input.len() / width;
        let mut whole = Self { values: Vec::with_capacity(rows * width), zeros: Vec::with_capacity(rows), steps: Vec::with_capacity(rows), width };
        for row in input.chunks_exact(width) {
            let (low, high) = MinMax::new(row).dispatch();
            let (low, high) = (low.min(0.0), high.max(0.0));
            let step = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-low / step).round() as u8;
            whole.values.extend_init(|room| Quantize::new(row, &mut room[..width], 1.0 / step, zero).dispatch());
            whole.zeros.push(i32::from(zero));
            whole.steps.push(step);
        }
        whole
    }
}

fn vector(tensor: Tensor<'_>) -> Vec<f32> {
    tensor.floats()
}

impl Norm {
    fn load(tensors: &Tensors<'_>, name: &str, shape: &Shape) -> Result<Self, Error> {
        let part = |part: &str| tensors.get(&format!("{name}.{part}"), 1, shape.hidden).map(vector);
        Ok(Self { scale: part("weight")?, shift: part("bias")?, epsilon: shape.epsilon })
    }

    /// Adds a change (none if empty) to every row and brings the row to mean 0 and deviation 1, then scales and shifts.
    fn add(&self, state: &mut [f32], change: &[f32]) {
        let width = self.scale.len();
        for (number, row) in state.chunks_exact_mut(width).enumerate() {
            if let Some(change) = change.get(number * width..(number + 1) * width) {
                row.iter_mut().zip(change).for_each(|(value, change)| *value += change);
            }
            let mean = Sum::new(row).dispatch() / width as f32;
            let variance = SumSquareSub::new(row, mean).dispatch() / width as f32;
            let options = NormalizeOptions {
                pre_scale_bias: mean,
                scale: 1.0 / (variance + self.epsilon).sqrt(),
                element_scale: Some(&self.scale),
                element_bias: Some(&self.shift),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(row, options).dispatch();
        }
    }
}

/// The mean of the rows, scaled to length one; zeros if that is impossible.
fn pooled(rows: &[f32], width: usize) -> Vec<f32> {
    let mut mean = vec![0.0_f32; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let length = mean.iter().map(|value| value * value).sum::<f32>().sqrt();
    if !length.is_finite() || length <= f32::MIN_POSITIVE {
        return vec![0.0; width];
    }
    mean.iter_mut().for_each(|value| *value /= length);
    mean
}
