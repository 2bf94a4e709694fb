//! Numbers for names, fast and compact: bytes in one arena, an open-addressing table of numbers.

/// Names in order of first appearance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    arena: Vec<u8>,
    /// End of each name in the arena.
    ends: Vec<usize>,
    /// Upper half of the hash and number + 1; zero is a free slot.
    slots: Vec<u64>,
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn name(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.arena[start..self.ends[number]]
    }

    /// The number of a name, a new one if needed; `None` when there are more than 2³²−2 names.
    pub(crate) fn number(&mut self, name: &[u8]) -> Option<u32> {
        if self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(name);
        let mask = self.slots.len() - 1;
        let mut place = (hash >> 32) as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                let number = u32::try_from(self.ends.len()).ok().filter(|n| *n < u32::MAX - 1)?;
                self.slots[place] = (hash & 0xFFFF_FFFF_0000_0000) | u64::from(number + 1);
                self.arena.extend_from_slice(name);
                self.ends.push(self.arena.len());
                return Some(number);
            }
            let number = (slot as u32 - 1) as usize;
            if (slot ^ hash) >> 32 == 0 && self.name(number) == name {
                return Some(number as u32);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let mut slots = vec![0_u64; size];
        // The place comes from the half of the hash that is kept: no name is read again, and two runs through the new
        // table follow one run through the old.
        for &slot in self.slots.iter().filter(|s| **s != 0) {
            let mut place = (slot >> 32) as usize & (size - 1);
            while slots[place] != 0 {
                place = (place + 1) & (size - 1);
            }
            slots[place] = slot;
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
}
