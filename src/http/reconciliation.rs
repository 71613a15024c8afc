//! What answered calls have become: the list of those that became nothing, and the sums of a day.
//!
//! **Invariants.** Every sum can be opened: `GET /calls?day=…&became=…` lists its calls. Numbers are masked.
//! **Not here.** Closing days and the alarm (`engine::dispositions`).
//! **Source.** DB1302/T 604—2025 7.1.2, 8.5 a.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::time::Clock as _;
use crate::base::time::WallTime;
use crate::engine::dispositions::grace;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::CallPageDto;
use crate::http::calls::found;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::io::store::calls::Became;
use crate::io::store::calls::CallFilter;
use crate::io::store::calls::Cutoff;

/// Where a page begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndisposedQuery {
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Which day.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// `today` or YYYY-MM-DD; today when nothing is said.
    day: Option<String>,
}

/// How many calls became the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Disposition)]
pub(crate) struct DispositionDto {
    /// `order` for one that went on, else how it ended: `answered`, `not_accepted`, `referred`, `merged`, `invalid`,
    /// `cancelled`; `undisposed` for a draft or nothing, `pending` while there is time.
    became: String,
    /// How many calls.
    calls: u64,
}

/// A day's answered calls and what became of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub(crate) struct ReconciliationDto {
    /// The day's first instant.
    from: Instant,
    /// The next day's.
    to: Instant,
    /// Calls of the day that an agent answered: the sum of `items`.
    answered: u64,
    /// By what became of them.
    items: Vec<DispositionDto>,
    /// When the day was closed; absent while it is open.
    closed_at: Option<Instant>,
}

/// Until when work after a call must have ended for it to be told as undisposed.
pub(crate) fn cutoff(web: &Web) -> Cutoff {
    let now = web.engine.clock().now().wall;
    Cutoff(now - grace(&web.engine.tickets().reference(), now))
}

/// Answered calls that became nothing, newest first, numbers masked; their draft, when there is one, is their order.
#[utoipa::path(get, path = "/calls/undisposed", tag = "calls", params(UndisposedQuery),
    responses((status = 200, body = CallPageDto)))]
pub(crate) async fn undisposed(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<UndisposedQuery>,
) -> Result<Json<CallPageDto>, Problem> {
    web.permit(&who, Verb::CallReconcile, &Object::of_centre("calls"))
        .await?;
    let filter = CallFilter {
        became: Some((Became::undisposed(), cutoff(&web))),
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
        ..CallFilter::default()
    };
    found(&web, &filter).await
}

/// What became of a day's answered calls.
#[utoipa::path(get, path = "/calls/reconciliation", tag = "calls", params(DayQuery),
    responses((status = 200, body = ReconciliationDto)))]
pub(crate) async fn reconciliation(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<DayQuery>,
) -> Result<Json<ReconciliationDto>, Problem> {
    web.permit(&who, Verb::CallReconcile, &Object::of_centre("calls"))
        .await?;
    let (from, to) = page::day(&web.engine, Some(query.day.as_deref().unwrap_or("today")))?;
    let span = (from.unwrap_or_default(), to.unwrap_or(WallTime::default()));
    let sums = web.engine.store().dispositions(span, cutoff(&web)).await?;
    let day = web.engine.zone().date_of(span.0).to_string();
    let items = sums
        .into_iter()
        .map(|(became, calls)| DispositionDto { became, calls });
    let items: Vec<DispositionDto> = items.collect();
    Ok(Json(ReconciliationDto {
        from: span.0.into(),
        to: span.1.into(),
        answered: items.iter().map(|item| item.calls).sum(),
        items,
        closed_at: maybe(web.engine.store().day_closed_at(&day).await?),
    }))
}
