//! HTTPS with the certificate the server made for itself.

use std::sync::Arc;

use rexian::http::server;
use rexian::http::server::WebConfig;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::floor::Floor;
use super::floor::PASSWORD;

#[tokio::test]
async fn a_browser_that_trusts_our_certificate_signs_in_over_tls_with_a_secure_cookie() {
    let floor = Floor::open().await;
    let data = floor.folder.path().to_owned();
    let config = WebConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        hosts: Vec::new(),
        data: data.clone(),
    };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let started = server::start(floor.engine.clone(), config, stopped)
        .await
        .unwrap();

    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(data.join("certs/server.crt")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(started.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .unwrap();

    let body = format!(r#"{{"user": "agent", "password": "{PASSWORD}"}}"#);
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // The server may close the connection without a farewell.
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let cookie = answer
        .lines()
        .find(|line| line.starts_with("set-cookie: "))
        .unwrap();
    assert!(
        cookie.contains("; Secure") && cookie.contains("; HttpOnly"),
        "{cookie}"
    );

    stop.send_replace(true);
    tokio::time::timeout(std::time::Duration::from_secs(10), started.task)
        .await
        .unwrap()
        .unwrap();
    assert!(
        TcpStream::connect(started.address).await.is_err(),
        "nobody listens after the stop"
    );
}
