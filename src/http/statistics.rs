//! Queue figures of a day.
//!
//! **Not here.** What is counted when (`report::interval`).

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
use crate::http::page;

/// What happened in a queue on a day; calls count for the day they entered the queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueFigures)]
pub(crate) struct QueueFiguresDto {
    /// Its id.
    queue: String,
    /// 队列名.
    name: String,
    /// Calls that entered.
    offered: i64,
    /// Answered by an agent.
    answered: i64,
    /// Hung up while waiting, short ones left out.
    abandoned: i64,
    /// Hung up at once.
    short_abandoned: i64,
    /// Answered within 15 seconds.
    answered_15s: i64,
    /// Answered within 20 seconds.
    answered_20s: i64,
    /// Waiting of those answered, all together.
    answered_wait_ms: i64,
    /// Waiting of those who hung up.
    abandoned_wait_ms: i64,
    /// Talk.
    talk_ms: i64,
    /// Hold.
    hold_ms: i64,
    /// Wrap-up.
    wrapup_ms: i64,
    /// Offers nobody picked up.
    no_answers: i64,
    /// The longest wait.
    wait_max_ms: i64,
}

/// Figures of queues.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueFiguresList)]
pub(crate) struct QueueFiguresListDto {
    /// By queue.
    items: Vec<QueueFiguresDto>,
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// `today` or YYYY-MM-DD; today when nothing is said.
    day: Option<String>,
}

/// Figures of every queue on a day.
#[utoipa::path(get, path = "/statistics/queues", tag = "statistics", params(DayQuery),
    responses((status = 200, body = QueueFiguresListDto)))]
pub(crate) async fn queues(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<DayQuery>,
) -> Result<Json<QueueFiguresListDto>, Problem> {
    web.permit(
        &who,
        Verb::StatisticsRead,
        &Object::of_centre("statistics/queues"),
    )
    .await?;
    let (from, to) = page::day(&web.engine, Some(query.day.as_deref().unwrap_or("today")))?;
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Json(QueueFiguresListDto { items: Vec::new() }));
    };
    let profile = web.engine.profile();
    let totals = web.engine.store().queue_totals(from, to).await?;
    let items = totals.into_iter().map(|(queue, row)| QueueFiguresDto {
        name: profile
            .queues
            .get(&queue)
            .map(|queue| queue.name.clone())
            .unwrap_or_default(),
        queue: queue.to_string(),
        offered: row.offered,
        answered: row.answered,
        abandoned: row.abandoned,
        short_abandoned: row.short_abandoned,
        answered_15s: row.answered_15s,
        answered_20s: row.answered_20s,
        answered_wait_ms: row.answered_wait_ms,
        abandoned_wait_ms: row.abandoned_wait_ms,
        talk_ms: row.talk_ms,
        hold_ms: row.hold_ms,
        wrapup_ms: row.wrapup_ms,
        no_answers: row.no_answers,
        wait_max_ms: row.wait_max_ms,
    });
    Ok(Json(QueueFiguresListDto {
        items: items.collect(),
    }))
}
