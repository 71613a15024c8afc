//! What machines ask: does it live, does it take calls, its figures.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::engine::alarms::AlarmCode;
use crate::http::Web;
use crate::http::auth;
use crate::http::error::Code;
use crate::http::error::Problem;

/// Whether calls are taken.
#[derive(Debug, Serialize)]
struct ReadyDto {
    ready: bool,
    /// Why not: alarm codes, or `stopping`.
    reasons: Vec<&'static str>,
}

/// The program lives.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The program takes calls. A database that is down does not stop calls and is told only by its alarm.
pub(crate) async fn readyz(State(web): State<Web>) -> Response {
    let alarms = web.engine.alarms();
    let blocking = [AlarmCode::JournalFailed, AlarmCode::JournalFull];
    let mut reasons: Vec<&str> = blocking
        .into_iter()
        .filter(|code| alarms.is_open(*code))
        .map(AlarmCode::code)
        .collect();
    if web.is_stopping() {
        reasons.push("stopping");
    }
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, axum::Json(ReadyDto { ready, reasons })).into_response()
}

/// Figures for Prometheus: for this machine itself, or with the verb.
pub(crate) async fn metrics(
    State(web): State<Web>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let local = peer.is_some_and(|axum::Extension(ConnectInfo(peer))| peer.ip().to_canonical().is_loopback());
    // Behind a proxy of this machine everybody is local: then only with the verb.
    let proxied = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    if !local || proxied {
        let token = auth::token(&headers).ok_or_else(|| Problem::new(Code::NotSignedIn))?;
        let who = auth::identify(&web, &auth::hash_token(token)).await?;
        web.permit(&who, Verb::MetricsRead, &Object::of_centre("metrics"))
            .await?;
    }
    let text = web.engine.metrics().render();
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response())
}
