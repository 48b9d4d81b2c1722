//! Where a PostgreSQL server is, and how it is spoken with: over TLS or plainly.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{fmt, sync::Arc};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What connections are made with.
#[derive(Clone)]
pub struct Server {
    pub config: Config,
    /// Asked for nothing when `config` says that TLS is off.
    pub tls: MakeRustlsConnect,
}

/// Why a server cannot be spoken with over TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("it has no certificate in PEM form")]
    NoCertificate,
    #[error("one of its certificates cannot be read")]
    Certificate(#[from] rustls::Error),
    #[error("it is not in PEM form")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("this machine trusts no authority, and none is given")]
    NobodyTrusted,
}

impl Server {
    /// Always over TLS. The server's certificate has to be for the name of its host, and signed by one of
    /// `authorities` (PEM), or without them by one that this machine trusts.
    pub fn over_tls(mut config: Config, authorities: Option<&str>) -> Result<Self, TlsError> {
        config.ssl_mode(SslMode::Require);
        let trusted = match authorities {
            Some(given) => given_roots(given)?,
            None => roots_of_this_machine()?,
        };
        Ok(Self { config, tls: connector(trusted) })
    }
}

impl From<Config> for Server {
    /// Plainly.
    fn from(mut config: Config) -> Self {
        config.ssl_mode(SslMode::Disable);
        Self { config, tls: connector(RootCertStore::empty()) }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It does not show the password.
        self.config.fmt(f)
    }
}

fn given_roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err(TlsError::NoCertificate) } else { Ok(roots) }
}

/// Those that cannot be read are left out, as everybody does who reads them.
fn roots_of_this_machine() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NobodyTrusted) } else { Ok(roots) }
}

/// With a provider of its own: one for the whole process would stop the client of EventStoreDB.
fn connector(trusted: RootCertStore) -> MakeRustlsConnect {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has the usual protocols")
        .with_root_certificates(trusted)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_not_trusted() {
        let tried = |pem| Server::over_tls(Config::new(), Some(pem)).unwrap_err().to_string();
        assert_eq!(tried("nothing"), "it has no certificate in PEM form");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(tried(broken), "one of its certificates cannot be read");
    }

    #[test]
    fn what_is_not_asked_to_be_private_is_plain() {
        let server = Server::from("host=db sslmode=prefer".parse::<Config>().unwrap());
        assert_eq!(server.config.get_ssl_mode(), SslMode::Disable);
    }
}
