//! The log of what was taken out of the house: who, when, how much, what for.
//!
//! **Source.** DB1302/T 604—2025 8.4.1.3.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::page;
use crate::http::tickets::export::PURPOSE;

/// An export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportDto {
    /// Its id, as in its watermark.
    id: String,
    /// Who took it.
    user: String,
    /// His organ, as `hotline/ln`.
    organ: String,
    /// `csv` or `json`.
    format: String,
    /// How many orders.
    rows: u32,
    /// Whether there were more than it holds.
    bounded: bool,
    /// What narrowed it.
    #[schema(value_type = Object)]
    filter: serde_json::Value,
    /// What for.
    purpose: String,
    /// SHA-256 of what was handed out, hex.
    sha256: String,
    /// When.
    exported_at: Instant,
}

/// Exports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportPage)]
pub(crate) struct ExportPageDto {
    /// Newest first.
    items: Vec<ExportDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which exports.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Exports by people of the reader's organ and of those below it.
#[utoipa::path(get, path = "/exports", tag = "users", params(ExportQuery),
    responses((status = 200, body = ExportPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<ExportQuery>,
) -> Result<Json<ExportPageDto>, Problem> {
    let own = who.principal.organ.clone();
    web.permit(&who, Verb::ExportLog, &Object::of_organ("exports", own.clone()))
        .await?;
    let after = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit)?;
    let (rows, next) = web
        .engine
        .store()
        .exports(Some(&own), after.as_ref(), limit)
        .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let purpose = web.engine.audit().open(&row.purpose).await?;
        let purpose = purpose.and_then(|words| words.get(PURPOSE).map(str::to_owned));
        items.push(ExportDto {
            id: row.id.to_string(),
            user: row.account.to_string(),
            organ: row.organ.to_string(),
            format: row.format,
            rows: row.rows,
            bounded: row.bounded,
            filter: serde_json::from_str(&row.filter).unwrap_or_default(),
            purpose: purpose.unwrap_or_default(),
            sha256: row.sha256,
            exported_at: row.exported_at.into(),
        });
    }
    Ok(Json(ExportPageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}
