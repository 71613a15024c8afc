//! The report on how the standard was kept, over HTTP.
//!
//! **Not here.** What counts (`report::conformance`), reading it (`engine::conformance`).

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::civil::CivilDate;
use crate::engine::conformance;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::report::conformance::Clause;
use crate::ticket::refusal::STANDARD;

/// Longest period, days.
pub(crate) const DAYS_MAX: i32 = 400;

/// From a first to a last day, both of it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Days {
    /// First day, YYYY-MM-DD; today when nothing is said.
    from: Option<String>,
    /// Last day, YYYY-MM-DD; today when nothing is said.
    to: Option<String>,
}

/// How the standard was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = ConformanceReport)]
pub(crate) struct ReportDto {
    /// The standard.
    standard: &'static str,
    /// First day.
    from: String,
    /// Last day.
    to: String,
    /// When it was counted.
    made_at: Instant,
    /// Clause by clause: counts, exceptions by number, settings that decided.
    #[schema(value_type = Vec<Object>)]
    clauses: Vec<Clause>,
}

/// Reads the days of a period; a day that is not said is today.
///
/// # Errors
/// Not days, the last before the first, or more than [`DAYS_MAX`].
pub(crate) fn days(
    web: &Web,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(CivilDate, CivilDate), Problem> {
    let today = web.engine.zone().date_of(web.engine.clock().now().wall);
    let day = |field: &str, text: Option<&str>| match text {
        None => Ok(today),
        Some(text) => CivilDate::parse(text).map_err(|_| Problem::invalid(field, "not a day as YYYY-MM-DD")),
    };
    let (first, last) = (day("from", from)?, day("to", to)?);
    if last < first {
        return Err(Problem::invalid("to", "before `from`"));
    }
    if first.add_days(DAYS_MAX) < last {
        return Err(Problem::invalid(
            "to",
            format!("more than {DAYS_MAX} days after `from`"),
        ));
    }
    Ok((first, last))
}

/// How the standard was kept in a period, clause by clause.
#[utoipa::path(get, path = "/conformance", tag = "reports", params(Days),
    responses((status = 200, body = ReportDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<Days>,
) -> Result<Json<ReportDto>, Problem> {
    web.permit(&who, Verb::ConformanceReport, &Object::of_centre("conformance"))
        .await?;
    let days = days(&web, query.from.as_deref(), query.to.as_deref())?;
    let now = web.engine.clock().now().wall;
    let reference = web.engine.tickets().reference();
    let period = conformance::period(web.engine.zone(), days, now);
    let clauses = conformance::clauses(web.engine.store(), &reference, period).await?;
    Ok(Json(ReportDto {
        standard: STANDARD,
        from: days.0.to_string(),
        to: days.1.to_string(),
        made_at: now.into(),
        clauses,
    }))
}
