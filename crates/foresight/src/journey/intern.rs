//! Numbers for names, fast and compact: an open-addressing table that holds short names itself, and all bytes in an arena.
//!
//! With events of many cases in turn every look-up misses the cache: a name of up to sixteen bytes is found in one line of
//! the table, without looking at the arena.

/// Names in order of first appearance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    arena: Vec<u8>,
    /// End of each name in the arena.
    ends: Vec<usize>,
    slots: Vec<Slot>,
}

/// A name by its key and length; `number` is one more than the name's, zero in a free slot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Slot {
    key: [u64; 2],
    length: u32,
    number: u32,
}

/// A name to be looked up, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    slot: Slot,
    place: usize,
}

/// Longest name that its key tells apart for certain.
const INLINE: usize = 16;

/// First and last eight bytes, which may overlap; of a shorter name all bytes; of a longer one two hashes.
fn key(name: &[u8]) -> [u64; 2] {
    if name.len() > INLINE {
        return [hash(name), hash(&name[1..])];
    }
    if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
    }
    [name.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0]
}

impl Slot {
    fn place(&self) -> usize {
        (mix(self.key[0] ^ mix(self.key[1] ^ (u64::from(self.length) << 56) ^ 0x9E37_79B9_7F4A_7C15)) >> 32) as usize
    }
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn name(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.arena[start..self.ends[number]]
    }

    /// What to look a name up by; `None` when it is longer than 2³²−1 bytes.
    pub(crate) fn wanted(name: &[u8]) -> Option<Wanted> {
        let slot = Slot { key: key(name), length: u32::try_from(name.len()).ok()?, number: 0 };
        Some(Wanted { place: slot.place(), slot })
    }

    /// The number of a short name that stands where it is looked for first. Most do; the others, and new names, are for
    /// [`Interner::number`]. Nothing here waits for anything before it, so that many look-ups share one wait for memory.
    pub(crate) fn glance(&self, wanted: &Wanted) -> Option<u32> {
        let slot = self.slots.get(wanted.place & self.slots.len().wrapping_sub(1))?;
        let same = slot.key == wanted.slot.key && slot.length == wanted.slot.length && wanted.slot.length as usize <= INLINE;
        (same && slot.number != 0).then(|| slot.number - 1)
    }

    /// The number of a name, a new one if needed; `None` when there are more than 2³²−2 names or the name is longer than
    /// 2³²−1 bytes.
    pub(crate) fn number(&mut self, name: &[u8]) -> Option<u32> {
        if self.ends.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let wanted = Slot { key: key(name), length: u32::try_from(name.len()).ok()?, number: 0 };
        let mask = self.slots.len() - 1;
        let mut place = wanted.place() & mask;
        loop {
            let slot = self.slots[place];
            if slot.number == 0 {
                let number = u32::try_from(self.ends.len()).ok().filter(|n| *n < u32::MAX - 1)?;
                self.slots[place] = Slot { number: number + 1, ..wanted };
                self.arena.extend_from_slice(name);
                self.ends.push(self.arena.len());
                return Some(number);
            }
            let number = slot.number - 1;
            if slot.key == wanted.key && slot.length == wanted.length && (name.len() <= INLINE || self.name(number as usize) == name) {
                return Some(number);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let mut slots = vec![Slot::default(); size];
        // The key says where a name belongs: the arena is not read again.
        for slot in self.slots.iter().filter(|s| s.number != 0) {
            let mut place = slot.place() & (size - 1);
            while slots[place].number != 0 {
                place = (place + 1) & (size - 1);
            }
            slots[place] = *slot;
        }
        self.slots = slots;
    }
}

/// Eight bytes at a time through a folded 128-bit product.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut tail = [0_u8; 8];
    tail[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(tail))
}

pub(crate) fn mix(value: u64) -> u64 {
    let product = u128::from(value) * 0xD6E8_FEB8_6659_FD93_u128;
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers_through_growth() {
        let mut interner = Interner::default();
        for n in 0..10_000_u32 {
            assert_eq!(interner.number(format!("case-{n}").as_bytes()), Some(n));
        }
        for n in 0..10_000_u32 {
            assert_eq!(interner.number(format!("case-{n}").as_bytes()), Some(n));
            assert_eq!(interner.name(n as usize), format!("case-{n}").as_bytes());
        }
        assert_eq!(interner.number(b""), Some(10_000));
        assert_eq!(interner.number(b"\0"), Some(10_001));
    }

    #[test]
    fn names_of_every_length_are_told_apart() {
        let mut interner = Interner::default();
        let names: Vec<Vec<u8>> = (0..40).flat_map(|length| [vec![b'a'; length], vec![0; length], [vec![b'b'; length], vec![b'c']].concat()]).collect();
        let mut distinct = names.clone();
        distinct.sort();
        distinct.dedup();
        let numbers: Vec<u32> = names.iter().map(|n| interner.number(n).expect("few names")).collect();
        assert_eq!(interner.len(), distinct.len());
        for (name, number) in names.iter().zip(numbers) {
            assert_eq!((interner.number(name), interner.name(number as usize)), (Some(number), name.as_slice()));
        }
    }
}
