//! The web gateway against a server of our own.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::gateway::SubmitErrorKind;
use rexian::io::notify::http::HttpGateway;
use rexian::io::notify::http::HttpGatewayConfig;
use rexian::io::notify::http::signature;
use serde_json::Value;
use tokio::net::TcpListener;

use super::outgoing;

type Heard = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

fn config(url: String, ca: Option<PathBuf>) -> HttpGatewayConfig {
    HttpGatewayConfig {
        url,
        secret: "key".to_owned(),
        ca,
        timeout: Duration::from_millis(500),
    }
}

/// A server that answers with `status` and `body`; 0 is no answer at all.
async fn server(status: u16, body: &'static str) -> (String, Heard) {
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send?v=1", listener.local_addr().unwrap());
    let handler = {
        let heard = Arc::clone(&heard);
        move |headers: HeaderMap, bytes: Bytes| async move {
            heard.lock().unwrap().push((headers, bytes));
            if status == 0 {
                std::future::pending::<()>().await;
            }
            (StatusCode::from_u16(status).unwrap(), body)
        }
    };
    let router = Router::new().route("/send", post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, heard)
}

#[tokio::test]
async fn a_message_is_posted_with_a_signature_over_time_and_body() {
    let (url, heard) = server(200, r#"{"id":"m-1","more":true}"#).await;
    let gateway = HttpGateway::new(&config(url, None)).unwrap();
    let taken = gateway
        .submit(&outgoing("id-1", "13800138000", "您好"))
        .await
        .unwrap();
    assert_eq!(taken.ids, ["m-1"]);
    let (headers, body) = heard.lock().unwrap().pop().unwrap();
    let body = std::str::from_utf8(&body).unwrap();
    assert_eq!(headers["idempotency-key"], "id-1");
    assert_eq!(headers["x-rexian-timestamp"], "1795420800");
    assert_eq!(
        headers["x-rexian-signature"],
        signature("key", "1795420800", body)
    );
    let message: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&message["to"], &message["text"]),
        (&Value::from("13800138000"), &Value::from("您好"))
    );
}

#[test]
fn the_signature_is_hmac_sha256_of_rfc_4231() {
    // Test case 2: key "Jefe", data "what do ya want for nothing?", here cut at its dot.
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let whole = "what do ya want for nothing?";
    let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(b"Jefe").unwrap();
    hmac::Mac::update(&mut mac, whole.as_bytes());
    assert_eq!(hex::encode(hmac::Mac::finalize(mac).into_bytes()), expected);
    let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(b"Jefe").unwrap();
    hmac::Mac::update(&mut mac, b"17.{}");
    assert_eq!(
        signature("Jefe", "17", "{}"),
        hex::encode(hmac::Mac::finalize(mac).into_bytes())
    );
}

#[tokio::test]
async fn statuses_tell_what_may_be_tried_again() {
    for (status, kind) in [
        (400, SubmitErrorKind::Permanent),
        (403, SubmitErrorKind::Permanent),
        (301, SubmitErrorKind::Permanent),
        (429, SubmitErrorKind::Throttled),
        (500, SubmitErrorKind::Transient),
        (503, SubmitErrorKind::Transient),
        (504, SubmitErrorKind::Unanswered),
        (0, SubmitErrorKind::Unanswered),
    ] {
        let (url, _) = server(status, "").await;
        let gateway = HttpGateway::new(&config(url, None)).unwrap();
        let error = gateway
            .submit(&outgoing("1", "13800138000", "您好"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{status}");
    }
    let (url, _) = server(202, "taken").await;
    let gateway = HttpGateway::new(&config(url, None)).unwrap();
    let taken = gateway
        .submit(&outgoing("1", "13800138000", "您好"))
        .await
        .unwrap();
    assert_eq!(taken.ids, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_at_the_address_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let gateway = HttpGateway::new(&config(url, None)).unwrap();
    let error = gateway
        .submit(&outgoing("1", "13800138000", "您好"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (SubmitErrorKind::Down, "http-down")
    );
}

#[tokio::test]
async fn https_trusts_the_authority_that_is_named_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let good = certified(folder.path(), "good");
    let other = certified(folder.path(), "other");
    let url = tls_server(good.1, good.2).await;
    let message = outgoing("1", "13800138000", "您好");
    let gateway = HttpGateway::new(&config(url.clone(), Some(good.0))).unwrap();
    assert_eq!(gateway.submit(&message).await.unwrap().ids, ["t-1"]);
    let gateway = HttpGateway::new(&config(url.clone(), Some(other.0))).unwrap();
    assert_eq!(
        gateway.submit(&message).await.unwrap_err().kind,
        SubmitErrorKind::Down
    );
    assert!(
        HttpGateway::new(&config(url, None)).is_err(),
        "https without an authority"
    );
    assert!(HttpGateway::new(&config("ftp://x/".to_owned(), None)).is_err());
}

type Certified = (
    PathBuf,
    rustls_pki_types::CertificateDer<'static>,
    rustls_pki_types::PrivateKeyDer<'static>,
);

fn certified(folder: &Path, name: &str) -> Certified {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let path = folder.join(format!("{name}.pem"));
    std::fs::write(&path, made.cert.pem()).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    (path, made.cert.der().clone(), key)
}

async fn tls_server(
    certificate: rustls_pki_types::CertificateDer<'static>,
    key: rustls_pki_types::PrivateKeyDer<'static>,
) -> String {
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"id\":\"t-1\"}";
            stream.write_all(answer.as_bytes()).await.unwrap();
            // The client closes first or second: neither matters.
            let _ = stream.shutdown().await;
        }
    });
    url
}
