//! From the hash of a feature to its column, in little memory: half a hash map's, and quicker, since the hashes are good already.

use super::compact::{put_length, put_words, take_length, take_words};

/// Entries sorted into buckets by the upper bits of the hash; its lower 32 bits tell them apart within one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// How far a hash is shifted to give its bucket.
    shift: u32,
    /// For each bucket where its entries begin, and one more.
    starts: Vec<u32>,
    /// (lower half of the hash, column).
    entries: Vec<(u32, u32)>,
}

/// Fewest buckets (as a power of two): together with the lower 32 bits of the hash they make mistaking one n-gram for another
/// unheard of.
const LEAST_BITS: u32 = 12;
const MOST_BITS: u32 = 24;

impl Table {
    /// The column of a hash is its place in `hashes`.
    pub(crate) fn build(hashes: &[u64]) -> Self {
        let bits = (usize::BITS - hashes.len().leading_zeros()).clamp(LEAST_BITS, MOST_BITS);
        let shift = u64::BITS - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for hash in hashes {
            starts[(hash >> shift) as usize + 1] += 1;
        }
        for bucket in 1..starts.len() {
            starts[bucket] += starts[bucket - 1];
        }
        let mut fill = starts.clone();
        let mut entries = vec![(0, 0); hashes.len()];
        for (column, hash) in hashes.iter().enumerate() {
            let place = &mut fill[(hash >> shift) as usize];
            entries[*place as usize] = (*hash as u32, column as u32);
            *place += 1;
        }
        Self { shift, starts, entries }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The column of a hash.
    pub(crate) fn get(&self, hash: u64) -> Option<u32> {
        let bucket = (hash >> self.shift) as usize;
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        entries.iter().find(|(lower, _)| *lower == hash as u32).map(|&(_, column)| column)
    }

    /// The lower half of every hash by column.
    pub(crate) fn lower_halves(&self) -> Vec<u32> {
        let mut halves = vec![0; self.entries.len()];
        for &(lower, column) in &self.entries {
            halves[column as usize] = lower;
        }
        halves
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_length(out, self.shift as usize);
        put_words(out, self.starts.iter().copied());
        put_words(out, self.entries.iter().map(|entry| entry.0));
        put_words(out, self.entries.iter().map(|entry| entry.1));
    }

    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let shift = u32::try_from(take_length(input)?).ok()?;
        let (starts, lower, columns) = (take_words(input)?, take_words(input)?, take_words(input)?);
        let bits = u64::BITS.checked_sub(shift).filter(|bits| (LEAST_BITS..=MOST_BITS).contains(bits))?;
        let ordered = starts.is_sorted() && starts.first() == Some(&0) && starts.last().is_some_and(|end| *end as usize == lower.len());
        let within = columns.iter().all(|column| (*column as usize) < columns.len());
        let whole = starts.len() == (1 << bits) + 1 && lower.len() == columns.len() && ordered && within;
        whole.then(|| Self { shift, starts, entries: lower.into_iter().zip(columns).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_found_and_no_other() {
        let hash = |number: u64| super::super::hashing::hash_bytes(5, &number.to_le_bytes());
        let hashes: Vec<u64> = (0..10_000).map(hash).collect();
        let table = Table::build(&hashes);
        assert!(hashes.iter().enumerate().all(|(column, hash)| table.get(*hash) == Some(column as u32)));
        assert!((10_000..20_000).all(|number| table.get(hash(number)).is_none()));
        let mut bytes = Vec::new();
        table.write(&mut bytes);
        assert_eq!(Table::read(&mut bytes.as_slice()), Some(table));
        assert_eq!(Table::build(&[]).get(7), None);
    }
}
