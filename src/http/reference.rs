//! Reference data: reading the documents that count, their history, and publishing the next version.
//!
//! **Invariants.** A document is published whole with the version its writer had before his eyes, or refused with every
//! fault; what is published leaves a fact in the transaction of its row.
//! **Not here.** What is a fault (`ticket::reference`).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::fault::Fault;
use crate::engine::reference::Publication;
use crate::engine::reference::Publisher;
use crate::engine::reference::ReferenceError;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::extract::Versioned;
use crate::http::instant::Instant;
use crate::io::store::reference::PublishedDocument;
use crate::ticket::reference::Kind;
use crate::ticket::table;

/// Most faults told at once.
const FAULTS_MAX: usize = 200;
/// Versions a page of the history has.
const HISTORY_MAX: i64 = 100;

/// A document of reference data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferenceDocument)]
pub(crate) struct DocumentDto {
    /// `organs`, `categories`, `regions`, `rules`, `grids`, `grid_list`, `calendar`, `settings`, `emergency_lines`,
    /// `risky_words`.
    kind: &'static str,
    /// 1, 2, 3 …; for `If-Match`.
    version: i64,
    /// Columns of its table, none when it has none.
    columns: Option<Vec<&'static str>>,
    /// The document.
    #[schema(value_type = Object)]
    document: serde_json::Value,
}

/// How a document is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The version; the newest when none is given.
    version: Option<i64>,
    /// `json` or `csv`.
    format: Option<String>,
}

/// A published version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferenceVersion)]
pub(crate) struct VersionDto {
    /// 1, 2, 3 …
    version: i64,
    /// Hex SHA-256 of the document.
    sha256: String,
    /// When.
    published_at: Instant,
    /// By whom.
    published_by: String,
}

impl From<PublishedDocument> for VersionDto {
    fn from(row: PublishedDocument) -> Self {
        Self {
            version: row.version,
            sha256: row.sha256,
            published_at: row.published_at.into(),
            published_by: row.published_by,
        }
    }
}

/// The versions of a kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferenceHistory)]
pub(crate) struct HistoryDto {
    /// Newest first, at most 100.
    items: Vec<VersionDto>,
    /// Give this as `before` for older ones; none when these are all.
    next_before: Option<i64>,
}

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Older {
    /// Versions below this one.
    before: Option<i64>,
}

/// A field that differs from the version before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferenceChange)]
pub(crate) struct ChangeDto {
    /// Which, as `organs.t130203.name`.
    place: String,
    /// What it was; empty when it was not there.
    before: String,
    /// What it is; empty when it is no longer there.
    after: String,
}

/// What a publication came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferencePublication)]
pub(crate) struct PublicationDto {
    /// The version that counts now.
    version: i64,
    /// Hex SHA-256 of the document.
    sha256: String,
    /// Rows that are new.
    added: Vec<String>,
    /// Rows that are gone.
    removed: Vec<String>,
    /// Fields that differ.
    changed: Vec<ChangeDto>,
}

impl From<Publication> for PublicationDto {
    fn from(done: Publication) -> Self {
        let changed = done.changes.changed.into_iter().map(|it| ChangeDto {
            place: it.place,
            before: it.before,
            after: it.after,
        });
        Self {
            version: done.version,
            sha256: done.sha256,
            added: done.changes.added,
            removed: done.changes.removed,
            changed: changed.collect(),
        }
    }
}

impl From<ReferenceError> for Problem {
    fn from(error: ReferenceError) -> Self {
        match error {
            ReferenceError::Store(error) => error.into(),
            ReferenceError::Audit(error) => error.into(),
            ReferenceError::Faults(faults) => refused(&faults),
        }
    }
}

/// Every fault with its place, and the places as the fields at fault.
fn refused(faults: &[Fault]) -> Problem {
    let mut words: Vec<String> = faults.iter().take(FAULTS_MAX).map(ToString::to_string).collect();
    if FAULTS_MAX < faults.len() {
        words.push(format!("and {} more", faults.len() - FAULTS_MAX));
    }
    let problem = Problem::new(Code::Invalid).detail(words.join("\n"));
    let places = faults.iter().take(FAULTS_MAX).map(|fault| fault.place.clone());
    places.fold(problem, Problem::field)
}

/// A document of reference data: the one that counts, or an earlier version of it.
#[utoipa::path(get, path = "/reference/{kind}", tag = "reference", params(("kind" = String, Path), Wanted),
    responses((status = 200, body = DocumentDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(kind): Id<Kind>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    web.permit(&who, Verb::ReferenceRead, &object(kind)).await?;
    let references = web.engine.references();
    let (version, text) = match wanted.version {
        None => {
            let current = references.current();
            (current.version(kind), current.document(kind).to_owned())
        }
        Some(version) => {
            let row = references.version(kind, version).await?;
            let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
            (row.version, row.document)
        }
    };
    match wanted.format.as_deref() {
        Some("csv") => {
            let csv = table::to_csv(kind, &text).ok_or_else(|| Problem::new(Code::NotFound))?;
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response())
        }
        None | Some("json") => {
            let document = serde_json::from_str(&text).map_err(|error| Problem::internal(&error))?;
            let body = DocumentDto {
                kind: kind.code(),
                version,
                columns: table::columns(kind).map(<[&str]>::to_vec),
                document,
            };
            Ok(Versioned(version, body).into_response())
        }
        Some(_) => Err(Problem::new(Code::Unknown).field("format")),
    }
}

/// The versions of a kind, newest first.
#[utoipa::path(get, path = "/reference/{kind}/history", tag = "reference", params(("kind" = String, Path), Older),
    responses((status = 200, body = HistoryDto)))]
pub(crate) async fn history(
    State(web): State<Web>,
    who: SignedIn,
    Id(kind): Id<Kind>,
    Query(older): Query<Older>,
) -> Result<Json<HistoryDto>, Problem> {
    web.permit(&who, Verb::ReferenceRead, &object(kind)).await?;
    let rows = web
        .engine
        .references()
        .history(kind, older.before, HISTORY_MAX)
        .await?;
    let last = rows.last().map(|row| row.version);
    Ok(Json(HistoryDto {
        items: rows.into_iter().map(VersionDto::from).collect(),
        next_before: last.filter(|version| 1 < *version),
    }))
}

/// Publishes a document as the next version: JSON, or a table as `text/csv`. The same content again changes nothing.
#[utoipa::path(put, path = "/reference/{kind}", tag = "reference",
    params(("kind" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted")),
    request_body = Object, responses((status = 200, body = PublicationDto)))]
pub(crate) async fn publish(
    State(web): State<Web>,
    who: SignedIn,
    Id(kind): Id<Kind>,
    IfMatch(expected): IfMatch,
    headers: HeaderMap,
    text: String,
) -> Result<Versioned<PublicationDto>, Problem> {
    web.permit(&who, Verb::ReferencePublish, &object(kind)).await?;
    let references = web.engine.references();
    let by = Publisher {
        actor: Actor::named(ActorKind::User, &who.principal.user),
        name: who.principal.user.to_string(),
        cause: "api:reference",
        now: web.engine.clock().now(),
    };
    let content = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let done = if content.starts_with("text/csv") {
        let current = references.current();
        let read = table::from_csv(kind, &text, current.document(kind)).map_err(|faults| refused(&faults))?;
        let done = references.publish(kind, &read.document, Some(expected), by).await;
        done.map_err(|error| match error {
            ReferenceError::Faults(faults) => ReferenceError::Faults(read.in_lines(faults)),
            other => other,
        })?
    } else if content.starts_with("application/json") {
        references.publish(kind, &text, Some(expected), by).await?
    } else {
        return Err(Problem::new(Code::Malformed).detail("the body must be application/json or text/csv"));
    };
    Ok(Versioned(done.version, done.into()))
}

fn object(kind: Kind) -> Object {
    Object::of_centre(format!("reference/{kind}"))
}
