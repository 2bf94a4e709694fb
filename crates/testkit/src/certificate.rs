//! A certificate of nobody's authority, for servers that speak TLS in tests.

use std::{path::PathBuf, process::Command, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// Valid for `localhost`, signed by itself.
pub struct Certificate {
    folder: tempfile::TempDir,
}

impl Certificate {
    #[must_use]
    pub fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Self { folder };
        let (certificate, key) = (made.path().display().to_string(), made.key().display().to_string());
        let arguments = [
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ];
        let output = Command::new("openssl").args(arguments).output().expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    /// The certificate as PEM.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(self.path()).and_then(Iterator::collect).expect("the certificate is read");
        let key = PrivateKeyDer::from_pem_file(self.key()).expect("the key is read");
        let configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the usual versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the key fits");
        TlsAcceptor::from(Arc::new(configuration))
    }
}
