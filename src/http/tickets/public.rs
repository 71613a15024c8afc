//! What a citizen asks without an account: how his appeal stands, haste, something to add. Number and query code open it.
//!
//! ```text
//!  number + code ─► right: masked timeline │ wrong ×5: the order is locked for this way │ too fast: 429
//! ```
//!
//! **Invariants.** Nothing personal is ever answered, nor which of number and code was wrong. A stranger's tries are
//! bounded by address and altogether, and by order. A confidential order tells its state alone.
//! **Not here.** Calls and texts with a query code (the desk).
//! **Source.** DB1302/T 604—2025 8.2 (自助查询), 7.8 (催办), 7.1.2 (补充情况).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::TicketId;
use crate::base::time::MonoTime;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::OpenedTicket;
use crate::http::Web;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::ticket::command::AddFacts;
use crate::ticket::command::Command;
use crate::ticket::command::Text;
use crate::ticket::command::Urge;
use crate::ticket::model::State as TicketState;
use crate::ticket::model::Ticket;
use crate::ticket::model::UrgedBy;

/// Wrong codes before an order is locked for this way.
pub(crate) const TRIES_MAX: u32 = 5;
/// Requests of one address in [`WINDOW`].
pub(crate) const PER_ADDRESS_MAX: u32 = 20;
/// Requests altogether in [`WINDOW`].
pub(crate) const TOGETHER_MAX: u32 = 600;
/// Addresses remembered: more in one window find the door closed.
pub(crate) const ADDRESSES_MAX: usize = 10_000;
/// How long requests count.
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// Counts strangers' requests.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    since: MonoTime,
    together: u32,
    by_address: BTreeMap<IpAddr, u32>,
}

impl Gate {
    /// Counts a request; whether it may pass.
    fn pass(&self, from: Option<IpAddr>, now: MonoTime) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if WINDOW <= now.since(counts.since) {
            *counts = Counts {
                since: now,
                ..Counts::default()
            };
        }
        counts.together = counts.together.saturating_add(1);
        if TOGETHER_MAX < counts.together {
            return false;
        }
        let Some(from) = from.map(|from| from.to_canonical()) else {
            return true;
        };
        if ADDRESSES_MAX <= counts.by_address.len() && !counts.by_address.contains_key(&from) {
            return false;
        }
        let count = counts.by_address.entry(from).or_default();
        *count = count.saturating_add(1);
        *count <= PER_ADDRESS_MAX
    }
}

/// What opens an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicQuery)]
pub(crate) struct QueryDto {
    /// 工单编号.
    number: String,
    /// 查询码, eight digits.
    code: String,
}

/// What opens an order, with words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicWords)]
pub(crate) struct WordsDto {
    /// 工单编号.
    number: String,
    /// 查询码, eight digits.
    code: String,
    /// What is said.
    #[serde(default)]
    text: Text,
}

/// A step of an order that its appellant may know.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicStep)]
pub(crate) struct StepDto {
    /// `accepted`, `answered`, `dispatched`, `signed`, `fed_back`, `closed`.
    step: &'static str,
    /// When.
    at: Option<Instant>,
    /// The unit.
    unit: Option<String>,
    /// Words meant for him.
    text: Option<String>,
}

/// An order as its appellant may know it.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicTicket)]
pub(crate) struct PublicDto {
    /// 工单编号.
    number: String,
    /// Where it stands.
    state: &'static str,
    /// Until when it is to be handled.
    deadline: Option<Instant>,
    /// What happened, oldest first.
    steps: Vec<StepDto>,
}

type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

/// How an appeal stands.
#[utoipa::path(post, path = "/public/query", tag = "public", request_body = QueryDto,
    responses((status = 200, body = PublicDto)))]
pub(crate) async fn query(
    State(web): State<Web>,
    peer: Peer,
    Json(body): Json<QueryDto>,
) -> Result<Json<PublicDto>, Problem> {
    let opened = open(&web, peer, &body.number, &body.code).await?;
    Ok(Json(timeline(&web, &opened)))
}

/// Asks for haste.
#[utoipa::path(post, path = "/public/urge", tag = "public", request_body = WordsDto, responses((status = 204)))]
pub(crate) async fn urge(
    State(web): State<Web>,
    peer: Peer,
    Json(body): Json<WordsDto>,
) -> Result<StatusCode, Problem> {
    let id = open(&web, peer, &body.number, &body.code).await?.row.ticket.id;
    let command = Command::Urge(Urge {
        by: UrgedBy::Appellant,
        text: body.text,
    });
    give(&web, id, &command).await
}

/// Adds something to an appeal.
#[utoipa::path(post, path = "/public/facts", tag = "public", request_body = WordsDto, responses((status = 204)))]
pub(crate) async fn facts(
    State(web): State<Web>,
    peer: Peer,
    Json(body): Json<WordsDto>,
) -> Result<StatusCode, Problem> {
    let id = open(&web, peer, &body.number, &body.code).await?.row.ticket.id;
    let command = Command::AddFacts(AddFacts {
        by: UrgedBy::Appellant,
        text: body.text,
    });
    give(&web, id, &command).await
}

async fn give(web: &Web, id: TicketId, command: &Command) -> Result<StatusCode, Problem> {
    web.engine.tickets().give(Give::by_system(id, command)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Opens an order by number and code.
async fn open(web: &Web, peer: Peer, number: &str, code: &str) -> Result<OpenedTicket, Problem> {
    let from = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    if !web.public.pass(from, web.engine.clock().now().mono) {
        return Err(too_many());
    }
    let wrong = || Problem::new(Code::NotFound);
    if 32 < number.len() {
        return Err(wrong());
    }
    let row = web.engine.store().ticket_of_number(number.trim()).await?;
    let row = row.ok_or_else(wrong)?;
    if TRIES_MAX <= row.query_tries {
        return Err(too_many());
    }
    let right = !row.query_code.is_empty() && is_same(&row.query_code, code.trim());
    if !right || 0 < row.query_tries {
        let mut tx = web.engine.store().begin().await?;
        // Tries that came at once are counted one after the other.
        let tries = tx.count_query_try(row.ticket.id, right).await?;
        tx.commit().await?;
        if !right {
            let locked = u64::from(TRIES_MAX) <= tries;
            return Err(if locked { too_many() } else { wrong() });
        }
    }
    Ok(web.engine.tickets().open_row(row).await?)
}

fn too_many() -> Problem {
    Problem::new(Code::TooManyAttempts).retry_after(WINDOW.as_secs())
}

/// Compares in a time that does not tell where two texts differ.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let differ = one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

fn timeline(web: &Web, opened: &OpenedTicket) -> PublicDto {
    let ticket = &opened.row.ticket;
    let close = ticket.clock(crate::ticket::model::ClockKind::Close, 0);
    let mut dto = PublicDto {
        number: ticket.number.clone(),
        state: ticket.state.code(),
        deadline: close.and_then(|clock| clock.deadline).map(Instant::from),
        steps: Vec::new(),
    };
    if ticket.confidential {
        dto.deadline = None;
        return dto;
    }
    dto.steps
        .extend(ticket.accepted_at.map(|at| step("accepted", at)));
    for cycle in &ticket.cycles {
        let unit = cycle.unit.as_ref().map(|unit| {
            let reference = web.engine.tickets().reference();
            let organ = reference.organs.get(unit);
            organ.map(|organ| organ.name.clone()).unwrap_or_default()
        });
        let with_unit = |step: StepDto| StepDto {
            unit: unit.clone(),
            ..step
        };
        dto.steps
            .extend(cycle.dispatched_at.map(|at| with_unit(step("dispatched", at))));
        dto.steps
            .extend(cycle.signed_at.map(|at| with_unit(step("signed", at))));
        // A reply is his to read when its review let it pass. Source: 7.5.2.
        if let (Some(at), Some(_)) = (cycle.fed_back_at, cycle.reviewed_at) {
            let words = ticket.texts.get(&format!("reply.{}.public_reply", cycle.no));
            dto.steps.push(StepDto {
                text: Some(words.to_owned()).filter(|words| !words.is_empty()),
                ..with_unit(step("fed_back", at))
            });
        }
    }
    dto.steps.extend(answer(ticket));
    dto.steps.extend(ticket.closed_at.map(|at| step("closed", at)));
    dto
}

/// What he was told at once.
fn answer(ticket: &Ticket) -> Option<StepDto> {
    let words = ticket.texts.get("answer.1.reply");
    (ticket.state == TicketState::Answered || !words.is_empty()).then(|| StepDto {
        step: "answered",
        at: ticket.accepted_at.map(Instant::from),
        unit: None,
        text: Some(words.to_owned()).filter(|words| !words.is_empty()),
    })
}

fn step(step: &'static str, at: crate::base::time::WallTime) -> StepDto {
    StepDto {
        step,
        at: Some(at.into()),
        unit: None,
        text: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> MonoTime {
        MonoTime::from_micros(second * 1_000_000)
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn one_address_is_let_in_so_often_a_minute_and_others_beside_it() {
        let gate = Gate::default();
        let now = at(100);
        for _ in 0..PER_ADDRESS_MAX {
            assert!(gate.pass(Some(address(1)), now));
        }
        assert!(!gate.pass(Some(address(1)), now));
        assert!(gate.pass(Some(address(2)), now));
        assert!(gate.pass(Some(address(1)), at(161)), "a minute later");
    }

    #[test]
    fn all_addresses_together_are_let_in_so_often_a_minute() {
        let gate = Gate::default();
        let passed = (0..2 * TOGETHER_MAX).filter(|number| gate.pass(Some(address(*number)), at(100)));
        assert_eq!(passed.count(), usize::try_from(TOGETHER_MAX).unwrap());
        assert!(gate.0.lock().unwrap().by_address.len() <= ADDRESSES_MAX);
    }

    #[test]
    fn a_code_is_the_same_only_when_all_of_it_is() {
        assert!(is_same("12345678", "12345678"));
        for other in ["12345679", "1234567", "123456789", ""] {
            assert!(!is_same("12345678", other), "{other}");
        }
    }
}
