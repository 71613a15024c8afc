//! The screens, built into the program.
//!
//! **Invariants.** A file whose name carries its digest is kept by browsers for ever, everything else is asked for anew.
//! A path that is no file is one of the screens' own: it gets the page.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::http::error::Code;
use crate::http::error::Problem;

#[derive(rust_embed::Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Screens;

/// What is shown when the program was built without its screens.
const BARE: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>12345</title>\
    <p>本程序构建时未包含界面：请在 web 目录运行 npm run build 后重新构建。</p></html>";

/// Gives a file of the screens, or their page.
pub(crate) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(Code::MethodNotAllowed).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::new(Code::NotFound).into_response();
    }
    if let Some(file) = Screens::get(path).filter(|_| !path.is_empty()) {
        return answer(path, &file, request.headers());
    }
    // A missing picture is missing; a path without an ending is a screen.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) && path != "index.html" {
        return Problem::new(Code::NotFound).into_response();
    }
    match Screens::get("index.html") {
        Some(page) => answer("index.html", &page, request.headers()),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], BARE).into_response(),
    }
}

fn answer(path: &str, file: &rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let kept = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let head = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, kept.to_owned()),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let kind = [(header::CONTENT_TYPE, media_type(path))];
    (head, kind, file.data.clone().into_owned()).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        "wav" => "audio/wav",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
