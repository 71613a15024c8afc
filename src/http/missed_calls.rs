//! Citizens who called and reached nobody: the list, and calling one back.
//!
//! **Invariants.** Numbers are masked; calling back needs none: it is opened here for the exchange alone. A record names its
//! first call and closes itself when the citizen is served.
//! **Not here.** What counts as missed and served (`report::missed`).
//! **Source.** DB1302/T 604—2025 5 a; `docs/conformance.md`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::InteractionId;
use crate::base::time::WallTime;
use crate::exchange::command::Command;
use crate::exchange::command::MakeCall;
use crate::exchange::profile::Profile;
use crate::fact::call::Direction;
use crate::fact::call::Purpose;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::caller;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::page;
use crate::http::tickets::call::CallMadeDto;
use crate::report::missed::Missed;
use crate::report::missed::missed;

/// Which missed calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MissedQuery {
    /// `today` or YYYY-MM-DD; today when nothing is said.
    day: Option<String>,
    /// `open`, `served` or `all`; open when nothing is said.
    state: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// A citizen who reached nobody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissedCall)]
pub(crate) struct MissedCallDto {
    /// His first call of the day, which names the record.
    interaction: String,
    /// His last.
    last: String,
    /// The citizen, masked; empty when it was erased.
    caller: String,
    /// How many calls.
    count: u32,
    /// When the first came.
    first_at: Instant,
    /// When the last came.
    last_at: Instant,
    /// The longest wait in queues.
    longest_wait_ms: u64,
    /// The queue of the last call; none when he hung up before one.
    queue: Option<String>,
    /// 队列名.
    queue_name: String,
    /// 线路名 of the last call.
    line_name: String,
    /// Calls of ours that did not reach him.
    attempts: u32,
    /// The call that served him; absent while he waits to be called back.
    served_by: Option<String>,
}

impl MissedCallDto {
    fn new(record: &Missed, caller: String, profile: &Profile) -> Self {
        let queue = record.queue.as_ref().and_then(|queue| profile.queues.get(queue));
        let line = record.line.as_ref().and_then(|line| profile.lines.get(line));
        Self {
            interaction: record.first.to_string(),
            last: record.last.to_string(),
            caller,
            count: record.count,
            first_at: record.first_at.into(),
            last_at: record.last_at.into(),
            longest_wait_ms: record.longest_wait_ms,
            queue: record.queue.as_ref().map(ToString::to_string),
            queue_name: queue.map(|queue| queue.name.clone()).unwrap_or_default(),
            line_name: line.map(|line| line.name.clone()).unwrap_or_default(),
            attempts: record.attempts,
            served_by: record.served_by.map(|call| call.to_string()),
        }
    }
}

/// Missed calls of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissedCalls)]
pub(crate) struct MissedCallsDto {
    /// Who waits longest first; after them those who were served.
    items: Vec<MissedCallDto>,
    /// How many there are in all, beside those that are shown.
    total: u64,
}

/// Citizens who called on a day and reached nobody, numbers masked.
#[utoipa::path(get, path = "/calls/missed", tag = "calls", params(MissedQuery),
    responses((status = 200, body = MissedCallsDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<MissedQuery>,
) -> Result<Json<MissedCallsDto>, Problem> {
    web.permit(&who, Verb::CallMissed, &Object::of_centre("calls"))
        .await?;
    let served = match query.state.as_deref() {
        None | Some("open") => Some(false),
        Some("served") => Some(true),
        Some("all") => None,
        Some(_) => return Err(Problem::invalid("state", "neither `open` nor `served` nor `all`")),
    };
    let limit = usize::try_from(page::limit(query.limit)?).unwrap_or(usize::MAX);
    let (from, to) = page::day(&web.engine, Some(query.day.as_deref().unwrap_or("today")))?;
    let span = (from.unwrap_or_default(), to.unwrap_or(WallTime::default()));
    let calls = web.engine.store().missed_calls(span).await?;
    let mut records = missed(&calls, |at| web.engine.zone().date_of(at));
    records.retain(|it| served.is_none_or(|served| it.served_by.is_some() == served));
    let profile = web.engine.profile();
    let mut items = Vec::with_capacity(limit.min(records.len()));
    for record in records.iter().take(limit) {
        let sealed = web.engine.store().caller_of(record.last).await?;
        let caller = caller(&web, sealed.as_ref()).await?;
        let caller = caller.map(|number| number.to_string()).unwrap_or_default();
        items.push(MissedCallDto::new(record, caller, &profile));
    }
    Ok(Json(MissedCallsDto {
        items,
        total: u64::try_from(records.len()).unwrap_or(u64::MAX),
    }))
}

/// Calls a citizen back who reached nobody: one's own phone rings first, then his.
#[utoipa::path(post, path = "/calls/missed/{id}/call", tag = "calls", params(("id" = String, Path)),
    responses((status = 202, body = CallMadeDto)))]
pub(crate) async fn call_back(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<InteractionId>,
) -> Result<(StatusCode, Json<CallMadeDto>), Problem> {
    let own = Object::of_agent(format!("call/{id}"), who.principal.agent.clone());
    web.permit(&who, Verb::CallMake, &own).await?;
    web.permit(&who, Verb::CallMissed, &Object::of_centre("calls"))
        .await?;
    let agent = who.principal.agent.clone();
    let agent = agent.ok_or_else(|| Problem::new(Code::NoAgent))?;
    let line = web.engine.store().call(id).await?;
    let record = line.ok_or_else(|| Problem::new(Code::NotFound))?.record;
    let missed = record.direction == Direction::Inbound
        && record.ended_at.is_some()
        && record.agent_answered_at.is_none();
    if !missed {
        return Err(Problem::new(Code::NotAllowed));
    }
    let number = caller(&web, record.caller.as_ref()).await?;
    let interaction = web.engine.tickets().draw_call();
    let call = MakeCall {
        interaction,
        agent,
        number: number.ok_or_else(|| Problem::new(Code::NoNumber))?,
        purpose: Purpose::Callback,
        ticket: None,
    };
    web.engine
        .command(&who.principal, Command::MakeCall(Box::new(call)))
        .await?;
    Ok((StatusCode::ACCEPTED, Json(CallMadeDto::new(interaction))))
}
