//! The alarm list.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::AlarmId;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::code;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::http::texts::text;
use crate::io::store::alarms::AlarmRow;

/// An alarm.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alarm)]
pub(crate) struct AlarmDto {
    /// Its id.
    alarm: String,
    /// Its stable code, as `journal-full`.
    code: String,
    /// The code in Chinese.
    title: String,
    /// `info`, `warning`, `critical`.
    severity: String,
    /// What it is about; empty for the program.
    object: String,
    /// When it was raised.
    raised_at: Instant,
    /// When its cause was gone.
    cleared_at: Option<Instant>,
    /// When somebody took notice.
    acknowledged_at: Option<Instant>,
    /// Who did.
    acknowledged_by: Option<String>,
}

impl From<&AlarmRow> for AlarmDto {
    fn from(row: &AlarmRow) -> Self {
        Self {
            alarm: row.id.to_string(),
            code: row.code.clone(),
            title: text("alarm", &row.code).to_owned(),
            severity: code(&row.severity).unwrap_or_default(),
            object: row.object.clone(),
            raised_at: row.raised_at.into(),
            cleared_at: maybe(row.cleared_at),
            acknowledged_at: maybe(row.acknowledged_at),
            acknowledged_by: row.acknowledged_by.as_ref().map(ToString::to_string),
        }
    }
}

/// Alarms.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlarmList)]
pub(crate) struct AlarmListDto {
    /// Open ones oldest first; all of them newest first.
    items: Vec<AlarmDto>,
}

/// Which alarms.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmQuery {
    /// Only those that are open.
    #[serde(default)]
    open: bool,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Alarms: the open ones, or all.
#[utoipa::path(get, path = "/alarms", tag = "alarms", params(AlarmQuery),
    responses((status = 200, body = AlarmListDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<AlarmQuery>,
) -> Result<Json<AlarmListDto>, Problem> {
    web.permit(&who, Verb::AlarmList, &Object::of_centre("alarms"))
        .await?;
    let rows = if query.open {
        // From memory: the list is wanted most when the database is down.
        web.engine.alarms().open()
    } else {
        web.engine.store().alarms(page::limit(query.limit)?).await?
    };
    Ok(Json(AlarmListDto {
        items: rows.iter().map(AlarmDto::from).collect(),
    }))
}

/// Takes notice of an alarm.
#[utoipa::path(post, path = "/alarms/{id}/acknowledge", tag = "alarms", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn acknowledge(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<AlarmId>,
) -> Result<StatusCode, Problem> {
    web.permit(
        &who,
        Verb::AlarmAcknowledge,
        &Object::of_centre(format!("alarm/{id}")),
    )
    .await?;
    if !web.engine.alarms().acknowledge(&who.principal.user, id).await?
        && web.engine.store().alarm(id).await?.is_none()
    {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(StatusCode::NO_CONTENT)
}
