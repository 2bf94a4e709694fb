//! Named tensors in one file, in the *safetensors* format: the length of a JSON header (8 bytes, little-endian), the header
//! (name → dtype, shape, byte range), then the data.
//!
//! Beside the format's floats, a two-dimensional `U8` tensor whose rows are whole 18-byte blocks holds 4-bit weights:
//! each block is a half-precision scale and 32 weights, the low halves of its 16 bytes first, then the high ones, each
//! eight more than its value (the layout known as Q4_0).

use std::collections::BTreeMap;

use crate::Error;

/// Longest header that is read.
const HEADER_LIMIT: usize = 4 << 20;
/// Bytes of a block of 4-bit weights, and how many weights it holds.
pub(crate) const BLOCK_BYTES: usize = 18;
pub(crate) const BLOCK_WEIGHTS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    F32,
    F16,
    Bf16,
    /// Blocks of 4-bit weights.
    Q4,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// One tensor of a file: numbers in rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tensor<'file> {
    pub(crate) kind: Kind,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) bytes: &'file [u8],
}

/// The tensors of one file.
pub(crate) struct Tensors<'file> {
    tensors: BTreeMap<String, Tensor<'file>>,
}

impl<'file> Tensors<'file> {
    /// Reads the header and checks every range against the file; tensors of other dtypes are left out.
    pub(crate) fn parse(file: &'file [u8]) -> Result<Self, Error> {
        let cut_short = || Error::broken("the file of weights is cut short");
        let (length, rest) = file.split_first_chunk::<8>().ok_or_else(cut_short)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|&length| length <= HEADER_LIMIT);
        let length = length.ok_or_else(|| Error::broken("this is no file of weights"))?;
        let (header, data) = rest.split_at_checked(length).ok_or_else(cut_short)?;
        let header: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|error| Error::broken(format!("the header of the weights cannot be read: {error}")))?;
        let mut tensors = BTreeMap::new();
        for (name, entry) in header {
            if name == "__metadata__" {
                continue;
            }
            let entry: Header = serde_json::from_value(entry).map_err(|error| Error::broken(format!("`{name}` cannot be read: {error}")))?;
            if let Some(tensor) = tensor(&name, &entry, data)? {
                tensors.insert(name, tensor);
            }
        }
        Ok(Self { tensors })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<'file>)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// A tensor of known shape.
    pub(crate) fn get(&self, name: &str, rows: usize, columns: usize) -> Result<Tensor<'file>, Error> {
        let tensor = self.tensors.get(name).ok_or_else(|| Error::broken(format!("`{name}` is missing")))?;
        if (tensor.rows, tensor.columns) != (rows, columns) {
            return Err(Error::broken(format!("`{name}` is {} × {}, expected {rows} × {columns}", tensor.rows, tensor.columns)));
        }
        Ok(*tensor)
    }
}

fn tensor<'file>(name: &str, entry: &Header, data: &'file [u8]) -> Result<Option<Tensor<'file>>, Error> {
    let (begin, end) = entry.data_offsets;
    let bytes = data.get(begin..end).ok_or_else(|| Error::broken(format!("`{name}` lies outside the file")))?;
    let (rows, width) = match entry.shape[..] {
        [width] => (1, width),
        [rows, width] => (rows, width),
        _ => return Ok(None),
    };
    let (kind, size) = match entry.dtype.as_str() {
        "F32" => (Kind::F32, 4),
        "F16" => (Kind::F16, 2),
        "BF16" => (Kind::Bf16, 2),
        "U8" if width % BLOCK_BYTES == 0 => (Kind::Q4, 1),
        _ => return Ok(None),
    };
    if rows.checked_mul(width).and_then(|count| count.checked_mul(size)) != Some(bytes.len()) {
        return Err(Error::broken(format!("`{name}` has {} bytes, which its shape does not explain", bytes.len())));
    }
    let columns = if kind == Kind::Q4 { width / BLOCK_BYTES * BLOCK_WEIGHTS } else { width };
    Ok(Some(Tensor { kind, rows, columns, bytes }))
}

impl Tensor<'_> {
    /// Bytes of one row.
    pub(crate) const fn row_bytes(&self) -> usize {
        match self.kind {
            Kind::F32 => self.columns * 4,
            Kind::F16 | Kind::Bf16 => self.columns * 2,
            Kind::Q4 => self.columns / BLOCK_WEIGHTS * BLOCK_BYTES,
        }
    }

    /// All numbers, row by row.
    pub(crate) fn floats(&self) -> Vec<f32> {
        let mut floats = vec![0.0; self.rows * self.columns];
        if self.columns > 0 {
            for (row, out) in self.bytes.chunks_exact(self.row_bytes()).zip(floats.chunks_exact_mut(self.columns)) {
                decode(self.kind, row, out);
            }
        }
        floats
    }
}

/// Writes the numbers of one row into `out`.
pub(crate) fn decode(kind: Kind, row: &[u8], out: &mut [f32]) {
    match kind {
        Kind::F32 => row.as_chunks::<4>().0.iter().zip(out).for_each(|(bytes, out)| *out = f32::from_le_bytes(*bytes)),
        Kind::F16 => row.as_chunks::<2>().0.iter().zip(out).for_each(|(bytes, out)| *out = half(u16::from_le_bytes(*bytes))),
        Kind::Bf16 => row.as_chunks::<2>().0.iter().zip(out).for_each(|(bytes, out)| *out = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16)),
        Kind::Q4 => {
            for (block, out) in row.as_chunks::<BLOCK_BYTES>().0.iter().zip(out.as_chunks_mut::<BLOCK_WEIGHTS>().0) {
                let scale = half(u16::from_le_bytes([block[0], block[1]]));
                for (place, byte) in block[2..].iter().enumerate() {
                    out[place] = (f32::from(byte & 15) - 8.0) * scale;
                    out[place + 16] = (f32::from(byte >> 4) - 8.0) * scale;
                }
            }
        }
    }
}

/// The number that a half-precision pattern stands for.
pub(crate) fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

/// The half-precision pattern nearest to a number; what is too large becomes the largest.
pub(crate) fn to_half(value: f32) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let size = value.abs().min(65_504.0);
    if size < 2.0_f32.powi(-14) {
        return sign | (size * 2.0_f32.powi(24)).round_ties_even() as u16;
    }
    let exponent = (size.to_bits() >> 23) as i32 - 127;
    let fraction = (size / 2.0_f32.powi(exponent) - 1.0) * 1024.0;
    // A fraction that rounds up to 1024 carries into the exponent, as it should.
    sign | ((((exponent + 15) as u16) << 10) + fraction.round_ties_even() as u16)
}

/// A tensor to be written.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) bytes: Vec<u8>,
}

/// The file of some tensors.
pub(crate) fn write(tensors: &[Written]) -> Vec<u8> {
    // In one order whatever serde_json was built with: the file's hash is the model's version.
    let mut header = BTreeMap::new();
    let mut end = 0;
    for tensor in tensors {
        let begin = end;
        end += tensor.bytes.len();
        let (dtype, width) = match tensor.kind {
            Kind::F32 => ("F32", tensor.columns),
            Kind::F16 => ("F16", tensor.columns),
            Kind::Bf16 => ("BF16", tensor.columns),
            Kind::Q4 => ("U8", tensor.columns / BLOCK_WEIGHTS * BLOCK_BYTES),
        };
        header.insert(&tensor.name, Header { dtype: dtype.to_owned(), shape: vec![tensor.rows, width], data_offsets: (begin, end) });
    }
    let header = serde_json::to_string(&header).expect("names and numbers can always be written");
    let mut file = Vec::with_capacity(8 + header.len() + end);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    for tensor in tensors {
        file.extend_from_slice(&tensor.bytes);
    }
    file
}
