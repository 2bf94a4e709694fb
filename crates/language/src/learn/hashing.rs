//! A fast, stable hash for n-grams. The standard library's hasher is seeded per process; models and stored indexes need
//! the same value everywhere.

use std::hash::{BuildHasherDefault, Hasher};

const PRIME: u64 = 0x0000_0100_0000_01b3;
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over bytes with a seed that separates kinds of features, finished by a multiply-xor so that the low bits are
/// well mixed.
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    finish(bytes.iter().fold(start(seed), |state, &byte| step(state, byte)))
}

/// The state of a running hash, to be extended byte by byte with [`step`] and read with [`finish`].
pub(crate) const fn start(seed: u64) -> u64 {
    OFFSET ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

pub(crate) const fn step(state: u64, byte: u8) -> u64 {
    (state ^ byte as u64).wrapping_mul(PRIME)
}

pub(crate) const fn finish(state: u64) -> u64 {
    let mixed = (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

/// Takes a key that is already a good hash as its own hash.
#[derive(Default, Clone, Copy)]
pub(crate) struct PassThrough(u64);

impl Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(self.0, bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(crate) type PassThroughHasher = BuildHasherDefault<PassThrough>;
