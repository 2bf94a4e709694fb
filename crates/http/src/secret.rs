//! The installation's secret and what is derived from it. Each use has its own key, so that one leak opens one door.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// 32 bytes that only this installation knows.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose: HMAC-SHA-256 of the purpose under the installation's secret.
    #[must_use]
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        sign(&self.0, purpose.as_bytes())
    }

    /// HMAC-SHA-256 of `message` under the key of `purpose`.
    #[must_use]
    pub fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        sign(&self.key(purpose), message)
    }

    /// Checks a signature made by [`Secret::sign`] in constant time.
    #[must_use]
    pub fn verify(&self, purpose: &str, message: &[u8], signature: &[u8]) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key(purpose)).expect("HMAC takes keys of any length");
        mac.update(message);
        mac.verify_slice(signature).is_ok()
    }

    /// How a token is kept in the database: only its SHA-256, so that a stolen backup signs nobody in. Tokens are long and
    /// random, which is why no slow hash is needed.
    #[must_use]
    pub fn token_hash(token: &str) -> String {
        Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
