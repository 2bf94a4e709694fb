//! Secrets that must be read back (TOTP keys, client secrets), encrypted with XChaCha20-Poly1305 under a key of the
//! installation. A stolen database without the installation's secret file does not give them away.

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use ennakoi_http::App;
use ennakoi_store::{Error, Result};

const NONCE: usize = 24;

fn cipher(app: &App, purpose: &str) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(app.secret.key(purpose)))
}

/// Nonce and ciphertext. `bound_to` must be the same when opening, so that a row cannot be copied to somebody else.
#[must_use]
pub fn seal(app: &App, purpose: &str, bound_to: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut nonce = [0u8; NONCE];
    app.environment.fill(&mut nonce);
    let payload = Payload { msg: secret, aad: bound_to };
    let sealed = cipher(app, purpose).encrypt(&XNonce::from(nonce), payload).expect("a short secret in memory can be encrypted");
    [nonce.as_slice(), &sealed].concat()
}

/// The secret again.
///
/// # Errors
/// It was sealed for something else, with another installation's secret, or was changed.
pub fn open(app: &App, purpose: &str, bound_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let broken = || Error::Decode(format!("a stored secret ({purpose}) cannot be opened; is this the right secret file?"));
    let (nonce, message) = sealed.split_at_checked(NONCE).ok_or_else(broken)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| broken())?;
    cipher(app, purpose).decrypt(&XNonce::from(nonce), Payload { msg: message, aad: bound_to }).map_err(|_| broken())
}
