//! Signing what leaves (RFC 6376), for senders of the domain that the configuration names.

use ennakoi_kernel::configuration;
use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256, SigningKey},
        headers::HeaderWriter,
    },
    dkim::DkimSigner,
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

/// Headers that a signature vouches for. Naming one that is absent keeps others from adding it.
const SIGNED: [&str; 14] = [
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "List-Unsubscribe",
];

enum Key {
    Rsa(PrivateKeyDer<'static>),
    Ed25519(Vec<u8>),
}

/// A key with where its public half is published.
pub(crate) struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

impl Signer {
    /// The signer of the configuration; `None` when none is named.
    ///
    /// # Errors
    /// The text says what is missing or cannot be read.
    pub(crate) fn load(mail: &configuration::Mail) -> Result<Option<Self>, String> {
        if mail.dkim_domain.is_empty() && mail.dkim_selector.is_empty() && mail.dkim_key_file.is_empty() {
            return Ok(None);
        }
        if mail.dkim_domain.is_empty() || mail.dkim_selector.is_empty() || mail.dkim_key_file.is_empty() {
            return Err("mail.dkim_domain, mail.dkim_selector and mail.dkim_key_file belong together".to_owned());
        }
        let pem = std::fs::read_to_string(&mail.dkim_key_file).map_err(|error| format!("mail.dkim_key_file: {error}"))?;
        let key = read_key(&pem).ok_or("mail.dkim_key_file: neither an RSA nor an Ed25519 private key in PEM")?;
        Ok(Some(Self { domain: mail.dkim_domain.to_ascii_lowercase(), selector: mail.dkim_selector.clone(), key }))
    }

    /// The mail with a signature before it, when its sender is of the signer's domain.
    pub(crate) fn sign(&self, sender: &str, mail: Vec<u8>) -> Result<Vec<u8>, String> {
        let domain = sender.rsplit('@').next().unwrap_or_default().to_lowercase();
        if domain != self.domain {
            return Ok(mail);
        }
        let header = match &self.key {
            Key::Rsa(der) => self.header(RsaKey::<Sha256>::from_key_der(der.clone_key()).map_err(|error| error.to_string())?, &mail),
            Key::Ed25519(der) => self.header(Ed25519Key::from_pkcs8_maybe_unchecked_der(der).map_err(|error| error.to_string())?, &mail),
        }?;
        Ok([header.as_bytes(), &mail].concat())
    }

    fn header(&self, key: impl SigningKey, mail: &[u8]) -> Result<String, String> {
        let signer = DkimSigner::from_key(key).domain(self.domain.as_str()).selector(self.selector.as_str()).headers(SIGNED);
        Ok(signer.sign(mail).map_err(|error| error.to_string())?.to_header())
    }
}

fn read_key(pem: &str) -> Option<Key> {
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    if RsaKey::<Sha256>::from_key_der(der.clone_key()).is_ok() {
        return Some(Key::Rsa(der));
    }
    let seed = der.secret_der().to_vec();
    Ed25519Key::from_pkcs8_maybe_unchecked_der(&seed).ok().map(|_| Key::Ed25519(seed))
}
