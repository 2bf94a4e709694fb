//! Encryption of the connection to PostgreSQL, asked for in the address as PostgreSQL's own programs do it: `sslmode`,
//! `sslrootcert`, `sslcert`, `sslkey`.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result, postgres::with_causes};

/// How far the server's certificate is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verification {
    /// Encrypted, but whoever sits in between is not noticed, unless the server asks for a SCRAM password: that is bound to the
    /// certificate.
    Nothing,
    /// Signed by a root certificate, whatever name it carries.
    Authority,
    /// And it carries the name that was called.
    Full,
}

/// What the address says about encryption, and the address without it.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    rest: String,
    mode: SslMode,
    verification: Verification,
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// The settings of the connection and its encryption.
pub(crate) fn configure(url: &str) -> Result<(tokio_postgres::Config, MakeRustlsConnect)> {
    let asked = parse(url)?;
    let mut config: tokio_postgres::Config =
        asked.rest.parse().map_err(|error: tokio_postgres::Error| Error::Unavailable(format!("database.url: {}", with_causes(&error))))?;
    config.ssl_mode(asked.mode);
    Ok((config, MakeRustlsConnect::new(client(&asked)?)))
}

fn parse(url: &str) -> Result<Asked> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut asked = Asked { rest: base.to_owned(), mode: SslMode::Prefer, verification: Verification::Nothing, roots: None, certificate: None, key: None };
    let (mut mode, mut others) = (None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
        match name {
            "sslmode" => mode = Some(value),
            "sslrootcert" => asked.roots = Some(value),
            "sslcert" => asked.certificate = Some(value),
            "sslkey" => asked.key = Some(value),
            _ => others.push(pair),
        }
    }
    if !others.is_empty() {
        asked.rest = format!("{base}?{}", others.join("&"));
    }
    (asked.mode, asked.verification) = match mode.as_deref() {
        Some("disable") => (SslMode::Disable, Verification::Nothing),
        None | Some("prefer") => (SslMode::Prefer, Verification::Nothing),
        // With a root certificate PostgreSQL's own library checks it here too.
        Some("require") if asked.roots.is_some() => (SslMode::Require, Verification::Authority),
        Some("require") => (SslMode::Require, Verification::Nothing),
        Some("verify-ca") => (SslMode::Require, Verification::Authority),
        Some("verify-full") => (SslMode::Require, Verification::Full),
        Some(other) => {
            return Err(Error::Unavailable(format!("database.url: sslmode is disable, prefer, require, verify-ca or verify-full, not {other:?}")));
        }
    };
    Ok(asked)
}

fn client(asked: &Asked) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let wrong = |error: rustls::Error| Error::Unavailable(format!("database.url: {error}"));
    let verifier: Arc<dyn ServerCertVerifier> = match asked.verification {
        Verification::Nothing => Arc::new(Trusting { provider: provider.clone(), authority: None }),
        verification => {
            let roots = Arc::new(roots(asked.roots.as_deref())?);
            let full = WebPkiServerVerifier::builder_with_provider(roots, provider.clone());
            let full = full.build().map_err(|error| Error::Unavailable(format!("database.url: sslrootcert: {error}")))?;
            if verification == Verification::Full { full } else { Arc::new(Trusting { provider: provider.clone(), authority: Some(full) }) }
        }
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    match (&asked.certificate, &asked.key) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| Error::Unavailable(format!("database.url: sslkey={key}: {error}")))?;
            builder.with_client_auth_cert(certificates("sslcert", certificate)?, key).map_err(wrong)
        }
        _ => Err(Error::Unavailable("database.url: sslcert and sslkey go together".to_owned())),
    }
}

/// From the named file; from the system's trusted ones when none or `system` is named.
fn roots(file: Option<&str>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) if file != "system" => {
            for certificate in certificates("sslrootcert", file)? {
                roots.add(certificate).map_err(|error| Error::Unavailable(format!("database.url: sslrootcert={file}: {error}")))?;
            }
        }
        _ => {
            let loaded = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(loaded.certs);
            if roots.is_empty() {
                return Err(Error::Unavailable("database.url: this system has no trusted root certificates; name a file with sslrootcert=".to_owned()));
            }
        }
    }
    Ok(roots)
}

fn certificates(what: &str, file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |error: rustls::pki_types::pem::Error| Error::Unavailable(format!("database.url: {what}={file}: {error}"));
    let found = CertificateDer::pem_file_iter(file).map_err(wrong)?.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if found.is_empty() {
        return Err(Error::Unavailable(format!("database.url: {what}={file} holds no certificate")));
    }
    Ok(found)
}

/// Accepts any name (`verify-ca`), or any certificate at all (`require`). That the server holds the certificate's key is checked in
/// every case.
#[derive(Debug)]
struct Trusting {
    provider: Arc<CryptoProvider>,
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        // The chain is judged before the name, so only the name is left to be wrong.
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_how() {
        let asked = parse("postgres://aino@host/name?connect_timeout=5&sslmode=verify-full&sslrootcert=%2Fetc%2Froot.pem").unwrap();
        assert_eq!(asked.rest, "postgres://aino@host/name?connect_timeout=5");
        assert_eq!((asked.mode, asked.verification, asked.roots.as_deref()), (SslMode::Require, Verification::Full, Some("/etc/root.pem")));
        let of = |query: &str| parse(&format!("postgres://host/name{query}")).map(|asked| (asked.mode, asked.verification));
        assert_eq!(of("").unwrap(), (SslMode::Prefer, Verification::Nothing));
        assert_eq!(of("?sslmode=disable").unwrap(), (SslMode::Disable, Verification::Nothing));
        assert_eq!(of("?sslmode=require").unwrap(), (SslMode::Require, Verification::Nothing));
        assert_eq!(of("?sslmode=require&sslrootcert=x").unwrap(), (SslMode::Require, Verification::Authority));
        assert_eq!(of("?sslmode=verify-ca&sslrootcert=x").unwrap(), (SslMode::Require, Verification::Authority));
        assert!(of("?sslmode=sometimes").unwrap_err().to_string().contains("verify-full"));
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let error = |url: &str| configure(url).map(|_| ()).unwrap_err().to_string();
        assert!(error("postgres://host/name?sslmode=verify-full&sslrootcert=/nowhere.pem").contains("sslrootcert=/nowhere.pem"));
        assert!(error("postgres://host/name?sslcert=/nowhere.pem").contains("go together"));
        assert!(error("postgres://host/name?sslmode=verify-ca&sslrootcert=/dev/null").contains("holds no certificate"));
        assert!(error("postgres://host/name?nonsense=1").contains("nonsense"));
    }
}
