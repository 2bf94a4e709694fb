//! TLS with the certificates of the system and those that the configuration adds.

use std::{sync::Arc, time::Duration};

use ennakoi_http::App;
use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use super::{Trouble, Wire};

const HANDSHAKE: Duration = Duration::from_secs(15);

/// Protects a connection.
pub(crate) async fn wrap(app: &App, wire: Wire, host: &str) -> Result<Wire, Trouble> {
    let connector = TlsConnector::from(configuration(app)?);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Trouble::new("host_unknown", "not the name of a server"))?;
    let wrapped = tokio::time::timeout(HANDSHAKE, connector.connect(name, wire)).await;
    match wrapped {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => {
            let untrusted = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>())
                .is_some_and(|inner| matches!(inner, rustls::Error::InvalidCertificate(_)));
            Err(Trouble::new(if untrusted { "certificate_untrusted" } else { "tls_failed" }, error.to_string()))
        }
        Err(_) => Err(Trouble::new("timeout", "the handshake took too long")),
    }
}

fn configuration(app: &App) -> Result<Arc<ClientConfig>, Trouble> {
    let broken = |error: String| Trouble::new("tls_failed", error);
    let provider = Arc::new(ring::default_provider());
    let file = &app.configuration.mail.trusted_certificates;
    let added: Vec<CertificateDer<'static>> = if file.is_empty() {
        Vec::new()
    } else {
        let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
        found.map_err(|error| broken(format!("mail.trusted_certificates: {error}")))?
    };
    let verifier = Verifier::new_with_extra_roots(added, provider.clone()).map_err(|error| broken(error.to_string()))?;
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(configuration))
}
