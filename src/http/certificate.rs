//! The certificate of the web side: the administrator's, or one we make ourselves at the first start.
//!
//! **Invariants.** What lies in the folder is used as it is and never overwritten. The key is readable by us alone.
//! **Source.** RFC 5280 §4.1 (validity), X.690 (DER), CA/Browser Forum 6.3.2 as of 2020 (825 days).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::base::time::WallTime;

/// Days that a certificate of our own making holds.
const DAYS: i64 = 825;
const DAY_US: i64 = 86_400_000_000;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file system said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: std::io::Error,
    },
    /// A file holds no certificate or key.
    #[error("{path}: {error}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: rustls_pki_types::pem::Error,
    },
    /// The certificate's dates cannot be read.
    #[error("{0}: no X.509 certificate")]
    NotX509(PathBuf),
    /// One cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// Key and certificate do not fit.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    /// Ours first, then those that sign it.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// When it ends.
    pub not_after: WallTime,
}

impl Certificate {
    /// Reads `server.crt` and `server.key` of a folder; when there is neither, makes both for `localhost` and `hosts`
    /// (names and addresses).
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn load_or_make(folder: &Path, hosts: &[String], now: WallTime) -> Result<Self, CertificateError> {
        let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
        if !certificate.exists() && !key.exists() {
            make(folder, hosts, now)?;
        }
        Self::load(&certificate, &key)
    }

    fn load(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let pem = |path: &Path| {
            let path = path.to_owned();
            move |error| CertificateError::Pem { path, error }
        };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(pem(certificate))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(pem(certificate))?;
        let not_after = chain.first().and_then(|first| not_after(first));
        let not_after = not_after.ok_or_else(|| CertificateError::NotX509(certificate.to_owned()))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
        Ok(Self {
            chain,
            key,
            not_after,
        })
    }

    /// Whole days until it ends; negative after it.
    pub fn days_left(&self, now: WallTime) -> i64 {
        (self.not_after.as_micros() - now.as_micros()).div_euclid(DAY_US)
    }

    /// What a TLS server needs.
    ///
    /// # Errors
    /// [`CertificateError::Tls`].
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn make(folder: &Path, hosts: &[String], now: WallTime) -> Result<(), CertificateError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(
        hosts
            .iter()
            .filter(|host| !names.contains(host))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let mut params = rcgen::CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Rexian");
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let day = |micros| {
        let at = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let part = |value: i8| u8::try_from(value).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    // A clock that is a little behind must not find the certificate not yet valid.
    params.not_before = day(now.as_micros() - DAY_US);
    params.not_after = day(now.as_micros() + DAYS * DAY_US);
    let key = rcgen::KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let fail = |error| CertificateError::Io {
        path: folder.to_owned(),
        error,
    };
    fs::create_dir_all(folder).map_err(fail)?;
    write(&folder.join("server.key"), 0o600, &key.serialize_pem()).map_err(fail)?;
    write(&folder.join("server.crt"), 0o644, &certificate.pem()).map_err(fail)
}

fn write(path: &Path, mode: u32, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The instant at which a certificate ends.
fn not_after(certificate: &[u8]) -> Option<WallTime> {
    let (certificate, _) = element(certificate, 0x30)?;
    let (mut body, _) = element(certificate, 0x30)?;
    // The version is optional, then serial number, algorithm, issuer, validity.
    if let Some((_, rest)) = element(body, 0xa0) {
        body = rest;
    }
    let (_, body) = element(body, 0x02)?;
    let (_, body) = element(body, 0x30)?;
    let (_, body) = element(body, 0x30)?;
    let (validity, _) = element(body, 0x30)?;
    let (_, after) = time(validity)?;
    let (text, _) = time(after)?;
    let text = str::from_utf8(text).ok()?;
    // UTCTime has two digits of the year: below 50 is this century. Source: RFC 5280 §4.1.2.5.1.
    let whole = match text.len() {
        13 if text < "5" => format!("20{text}"),
        13 => format!("19{text}"),
        15 => text.to_owned(),
        _ => return None,
    };
    let stamp = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", &whole).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(stamp).ok()?;
    Some(WallTime::from_micros(at.as_microsecond()))
}

/// Content and rest of a time of either form.
fn time(der: &[u8]) -> Option<(&[u8], &[u8])> {
    element(der, 0x17).or_else(|| element(der, 0x18))
}

/// Content and rest of the element at the beginning, if it has this tag.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => rest
            .split_first()
            .map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_holds_825_days() {
        let folder = tempfile::tempdir().unwrap();
        let now = WallTime::from_micros(1_795_486_222_000_000);
        let hosts = ["hotline.example".to_owned(), "192.0.2.1".to_owned()];
        let first = Certificate::load_or_make(folder.path(), &hosts, now).unwrap();
        assert_eq!(first.days_left(now), DAYS - 1);
        assert!(first.server_config().is_ok());
        let again = Certificate::load_or_make(folder.path(), &[], now).unwrap();
        assert_eq!(first.chain, again.chain);
        let mode =
            std::os::unix::fs::MetadataExt::mode(&fs::metadata(folder.path().join("server.key")).unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.crt"), "x").unwrap();
        fs::write(folder.path().join("server.key"), "x").unwrap();
        let error = Certificate::load_or_make(folder.path(), &[], WallTime::default()).unwrap_err();
        assert!(error.to_string().contains("server."), "{error}");
    }
}
