//! What every request passes: the page it comes from, the headers of every answer, counting.
//!
//! **Invariants.** A request that writes, and the WebSocket, come from our own origin or from a program. No answer lets
//! a page run a script that is not ours, be framed, or be kept by a cache where it may hold personal data.
//! **Source.** RFC 6454 (origin), W3C Content Security Policy Level 3, Fetch Metadata.

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;

use crate::http::Web;
use crate::http::error::Code;
use crate::http::error::Problem;

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Guards a request and dresses its answer.
pub(crate) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/api/");
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    let mut response = if (writes || upgrades) && !is_ours(request.headers(), request.uri().host()) {
        Problem::new(Code::WrongOrigin).into_response()
    } else {
        next.run(request).await
    };
    web.engine.metrics().count_answer(response.status().as_u16());
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if of_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether a request comes from our own page or from a program.
///
/// Browsers say where a writing request comes from; programs say nothing. `authority` is that of the request line in
/// HTTP/2, where there is no Host.
fn is_ours(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let Some(host) = text(header::HOST).or(authority) else {
        return false;
    };
    let asked = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    asked.is_some_and(|asked| asked.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_ours(&headers.collect(), None)
    }

    #[test]
    fn our_own_page_and_programs_pass_and_foreign_pages_do_not() {
        assert!(ours(&[("host", "a:8443"), ("origin", "https://a:8443")]));
        assert!(ours(&[("host", "a:8443")]));
        assert!(ours(&[
            ("host", "a:8443"),
            ("origin", "https://a:8443"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!ours(&[("host", "a:8443"), ("origin", "https://b:8443")]));
        assert!(!ours(&[("host", "a:8443"), ("origin", "https://a")]));
        assert!(!ours(&[("host", "a:8443"), ("origin", "null")]));
        assert!(!ours(&[("host", "a:8443"), ("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("host", "a:8443"), ("sec-fetch-site", "same-site")]));
    }
}
