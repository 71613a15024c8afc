//! A small HTTPS client with a cookie, over blocking sockets.

use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::DigitallySignedStruct;
use rustls::SignatureScheme;
use rustls::StreamOwned;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::UnixTime;
use serde_json::Value;

/// Takes the certificate that a server made for itself.
#[derive(Debug)]
struct SelfMade(Arc<CryptoProvider>);

impl ServerCertVerifier for SelfMade {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// This answer when it is a success.
    pub(crate) fn good(self) -> Self {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

/// A person's session.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    cookie: String,
}

impl Client {
    /// Nobody yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(SelfMade(provider)))
            .with_no_client_auth();
        Self {
            address,
            tls: Arc::new(tls),
            cookie: String::new(),
        }
    }

    /// Signs in, and signs the secrecy commitment when it is due.
    pub(crate) fn sign_in(address: SocketAddr, user: &str, password: &str) -> Self {
        let mut client = Self::new(address);
        let answer = client
            .post(
                "/api/v1/session",
                &serde_json::json!({"user": user, "password": password}),
            )
            .good();
        let cookie = answer.header("set-cookie").expect("a session cookie");
        cookie.split(';').next().unwrap().clone_into(&mut client.cookie);
        if answer.json()["commitment_due"] == true {
            let text = client.get("/api/v1/session/commitment");
            let signature = serde_json::json!({"version": text["version"], "sha256": text["sha256"]});
            client.post("/api/v1/session/commitment", &signature).good();
        }
        client
    }

    /// Whether the server still knows this session.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.send("GET", "/api/v1/session", &[], None).status == 200
    }

    /// GET, as JSON.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.send("GET", path, &[], None).good().json()
    }

    /// POST of JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body))
    }

    /// PUT of JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], Some(body))
    }

    /// Any request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        if !self.cookie.is_empty() {
            request += &format!("Cookie: {}\r\n", self.cookie);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            request += &format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            );
        } else if method != "GET" {
            request += "Content-Length: 0\r\n";
        }
        request += "\r\n";
        request += &body.unwrap_or_default();
        parse(&self.exchange(request.as_bytes()))
    }

    fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let socket = TcpStream::connect_timeout(&self.address, Duration::from_secs(5)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let name = ServerName::from(self.address.ip());
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        stream.write_all(request).unwrap();
        stream.flush().unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            // Some servers close the connection without saying so in TLS; the lengths below tell a cut answer.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => panic!("{}: {error}", self.address),
        }
        answer
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let head_length = bytes
        .windows(4)
        .position(|it| it == b"\r\n\r\n")
        .expect("the end of the headers");
    let head = String::from_utf8_lossy(&bytes[..head_length]);
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    let rest = &bytes[head_length + 4..];
    answer.body = if answer.header("transfer-encoding") == Some("chunked") {
        unchunk(rest)
    } else {
        let length = answer
            .header("content-length")
            .map_or(rest.len(), |length| length.parse().unwrap());
        assert!(
            length <= rest.len(),
            "the answer is cut: {} of {length} bytes",
            rest.len()
        );
        rest[..length].to_vec()
    };
    answer
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = rest
            .windows(2)
            .position(|it| it == b"\r\n")
            .expect("a chunk's length");
        let length = usize::from_str_radix(String::from_utf8_lossy(&rest[..line]).trim(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + length]);
        rest = &rest[line + 4 + length..];
    }
}
