//! Calls: the list, one call whole, the caller's number in clear, and ending a call.
//!
//! **Invariants.** Numbers are masked here unless the reader is the agent whom the call rings or who talks in it;
//! anybody else reveals, which is written to the trail before the number leaves. Of a call whose order is confidential
//! nobody outside its circle is told caller, order or recording.
//! **Not here.** Changes as they happen (`http::stream`).
//! **Source.** DB1302/T 604—2025 8.4.2.1 (secrecy of callers).

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Reach;
use crate::account::permission::Verb;
use crate::account::permission::reach_of;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::phone_number::Number;
use crate::exchange::command::Command;
use crate::exchange::profile::Profile;
use crate::fact::account::AccountFact;
use crate::fact::personal::Sealed;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::live_call::shown;
use crate::http::page;
use crate::http::reconciliation::cutoff;
use crate::http::tickets::sight::hidden_calls;
use crate::io::store::calls::Became;
use crate::io::store::calls::CallFilter;
use crate::io::store::calls::CallLine;
use crate::report::cdr::CallRecord;

/// A work order's id and number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketRef)]
pub(crate) struct TicketRefDto {
    /// Its id.
    id: String,
    /// 工单编号.
    number: String,
}

/// A call record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub(crate) struct CallDto {
    /// Its id.
    interaction: String,
    /// Who called whom: `inbound`, `outbound`.
    direction: Option<String>,
    /// What a call of ours was for: `followup`, `contact`, `callback`.
    purpose: Option<String>,
    /// The citizen, masked; empty when it was erased.
    caller: String,
    /// The dialled line.
    line: Option<String>,
    /// 线路名.
    line_name: String,
    /// The last queue.
    queue: Option<String>,
    /// 队列名.
    queue_name: String,
    /// Who answered.
    agent: Option<String>,
    /// 姓名.
    agent_name: String,
    /// What became of it; absent while it goes on: `answered`, `abandoned`, `short_abandoned`, `ended_in_ivr`,
    /// `cancelled`, `refused`, `failed`; of a call of ours also `busy`, `no_answer`, `declined`, `unreachable`,
    /// `agent_no_answer`.
    outcome: Option<String>,
    /// Who or what ended it.
    ended_by: Option<String>,
    /// Why it was refused.
    refusal: Option<String>,
    /// When it came in.
    offered_at: Instant,
    /// When we answered.
    answered_at: Option<Instant>,
    /// When it began to wait.
    queued_at: Option<Instant>,
    /// When the agent answered.
    agent_answered_at: Option<Instant>,
    /// When it ended.
    ended_at: Option<Instant>,
    /// Time in queues.
    wait_ms: u64,
    /// Time with the agent, holds left out.
    talk_ms: u64,
    /// Time on hold.
    hold_ms: u64,
    /// Wrap-up after it.
    wrapup_ms: u64,
    /// Its recording.
    recording: Option<String>,
    /// The work order opened for it.
    ticket: Option<TicketRefDto>,
}

impl CallDto {
    fn new(line: &CallLine, caller: Option<&Number>, profile: &Profile) -> Self {
        let CallLine { record, ticket } = line;
        let name_of_agent = record.agent.as_ref().and_then(|agent| profile.agents.get(agent));
        let name_of_queue = record.queue.as_ref().and_then(|queue| profile.queues.get(queue));
        let name_of_line = record.line.as_ref().and_then(|line| profile.lines.get(line));
        Self {
            interaction: record.interaction.to_string(),
            direction: code(&record.direction),
            purpose: record.purpose.as_ref().and_then(code),
            caller: caller.map(ToString::to_string).unwrap_or_default(),
            line: record.line.as_ref().map(ToString::to_string),
            line_name: name_of_line.map(|line| line.name.clone()).unwrap_or_default(),
            queue: record.queue.as_ref().map(ToString::to_string),
            queue_name: name_of_queue.map(|queue| queue.name.clone()).unwrap_or_default(),
            agent: record.agent.as_ref().map(ToString::to_string),
            agent_name: name_of_agent.map(|agent| agent.name.clone()).unwrap_or_default(),
            outcome: record.outcome.as_ref().and_then(code),
            ended_by: record.ended_by.as_ref().and_then(code),
            refusal: record.refusal.as_ref().and_then(|refusal| code(&refusal.reason)),
            offered_at: record.offered_at.into(),
            answered_at: maybe(record.answered_at),
            queued_at: maybe(record.queued_at),
            agent_answered_at: maybe(record.agent_answered_at),
            ended_at: maybe(record.ended_at),
            wait_ms: record.wait_ms,
            talk_ms: record.talk_ms,
            hold_ms: record.hold_ms,
            wrapup_ms: record.wrapup_ms,
            recording: record.recording.map(|recording| recording.to_string()),
            ticket: ticket.as_ref().map(|(id, number)| TicketRefDto {
                id: id.to_string(),
                number: number.clone(),
            }),
        }
    }

    /// The call without what leads to its order.
    fn bare(self) -> Self {
        Self {
            caller: String::new(),
            recording: None,
            ticket: None,
            ..self
        }
    }
}

/// The stable code of a value, as facts write it.
pub(crate) fn code<T: Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => Some(code),
        _ => None,
    }
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPage)]
pub(crate) struct CallPageDto {
    /// Newest first.
    items: Vec<CallDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// An interval of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
pub(crate) struct SegmentDto {
    /// `setup`, `ivr`, `queue`, `talk`, `hold`.
    kind: &'static str,
    /// Where it begins.
    from: Instant,
    /// Where it ends and the next begins.
    to: Instant,
    /// Its length.
    lasted_ms: u64,
    /// The queue.
    queue: Option<String>,
    /// The agent.
    agent: Option<String>,
}

/// An attempt to give a call to an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub(crate) struct OfferDto {
    /// Its id.
    offer: String,
    /// To whom.
    agent: String,
    /// From which queue; none for a call that the agent made.
    queue: Option<String>,
    /// When.
    offered_at: Instant,
    /// How it ended: `accepted`, `rejected`, `no_answer`, `failed`, `cancelled`, `preempted`, `lost_race`, `expired`.
    outcome: Option<String>,
    /// How long it rang.
    lasted_ms: u64,
}

/// The notice of recording.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub(crate) struct NoticeDto {
    /// The prompt.
    prompt: String,
    /// Whether it was heard to its end.
    whole: bool,
    /// How much of it.
    played_ms: u64,
}

/// A call whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallDetail)]
pub(crate) struct CallDetailDto {
    /// The record.
    call: CallDto,
    /// The trunk it came by.
    trunk: Option<String>,
    /// The flow that ran.
    flow: Option<String>,
    /// The SIP status that was seen or sent.
    status: Option<u16>,
    /// Menu choices, in order.
    choices: Vec<ChoiceDto>,
    /// The notice of recording.
    notice: Option<NoticeDto>,
    /// The caller's time, without gap.
    segments: Vec<SegmentDto>,
    /// Attempts to give it to agents, in order.
    offers: Vec<OfferDto>,
}

/// A choice in a menu.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Choice)]
pub(crate) struct ChoiceDto {
    /// The node that asked.
    node: String,
    /// The key; empty when none came in time.
    choice: String,
}

impl CallDetailDto {
    fn new(call: CallDto, record: &CallRecord) -> Self {
        let segment = |it: &crate::report::cdr::Segment| SegmentDto {
            kind: it.kind.code(),
            from: it.from.into(),
            to: it.to.into(),
            lasted_ms: it.lasted_ms,
            queue: it.queue.as_ref().map(ToString::to_string),
            agent: it.agent.as_ref().map(ToString::to_string),
        };
        let offer = |it: &crate::report::cdr::OfferRecord| OfferDto {
            offer: it.offer.to_string(),
            agent: it.agent.to_string(),
            queue: it.queue.as_ref().map(ToString::to_string),
            offered_at: it.offered_at.into(),
            outcome: it.outcome.as_ref().and_then(code),
            lasted_ms: it.lasted_ms,
        };
        let notice = record.notice.as_ref();
        let choices = record.choices.iter();
        Self {
            call,
            trunk: record.trunk.as_ref().map(ToString::to_string),
            flow: record.flow.as_ref().map(ToString::to_string),
            status: record.status,
            choices: choices
                .map(|(node, choice)| ChoiceDto {
                    node: node.to_string(),
                    choice: choice.clone(),
                })
                .collect(),
            notice: notice.map(|it| NoticeDto {
                prompt: it.prompt.to_string(),
                whole: it.whole,
                played_ms: it.played_ms,
            }),
            segments: record.segments.iter().map(segment).collect(),
            offers: record.offers.iter().map(offer).collect(),
        }
    }
}

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallQuery {
    /// `today` or YYYY-MM-DD.
    day: Option<String>,
    /// `me` or an agent's id.
    agent: Option<String>,
    /// A queue's id.
    queue: Option<String>,
    /// An outcome's code.
    outcome: Option<String>,
    /// What answered calls became, as `/calls/reconciliation` counts them.
    became: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// A search by number. It stands in the body, since addresses are kept by browsers and proxies.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallSearch)]
pub(crate) struct CallSearchDto {
    /// A whole number in any usual form.
    #[serde(default)]
    number: Option<String>,
    /// Its last four digits.
    #[serde(default)]
    last4: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// A caller's number in clear.
#[derive(Serialize, ToSchema)]
#[schema(as = RevealedNumber)]
pub(crate) struct RevealedDto {
    /// The number.
    number: String,
}

/// Which agent a list is about: with reach over his own alone, a reader gets his own.
pub(crate) fn narrowed(who: &SignedIn, verb: Verb, agent: Option<&str>) -> Result<Option<AgentId>, Problem> {
    let own = who.principal.agent.clone();
    let asked = match agent {
        None => None,
        Some("me") => Some(own.clone().ok_or_else(|| Problem::new(Code::NoAgent))?),
        Some(text) => Some(
            text.parse()
                .map_err(|_| Problem::new(Code::Unknown).field("agent"))?,
        ),
    };
    match reach_of(&who.principal, verb) {
        Some(Reach::Organ) => Ok(asked),
        _ => Ok(asked.or(own)),
    }
}

/// Calls, newest first, numbers masked.
#[utoipa::path(get, path = "/calls", tag = "calls", params(CallQuery), responses((status = 200, body = CallPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<CallQuery>,
) -> Result<Json<CallPageDto>, Problem> {
    let agent = narrowed(&who, Verb::CallList, query.agent.as_deref())?;
    web.permit(&who, Verb::CallList, &Object::of_agent("calls", agent.clone()))
        .await?;
    let (from, to) = page::day(&web.engine, query.day.as_deref())?;
    let queue = query.queue.as_deref().map(str::parse).transpose();
    let outcome = query
        .outcome
        .map(|code| serde_json::from_value(serde_json::Value::String(code)))
        .transpose();
    let filter = CallFilter {
        from,
        to,
        agent,
        queue: queue.map_err(|_| Problem::new(Code::Unknown).field("queue"))?,
        outcome: outcome.map_err(|_| Problem::new(Code::Unknown).field("outcome"))?,
        became: query.became.map(|became| (Became(became), cutoff(&web))),
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
        ..CallFilter::default()
    };
    found(&web, &who, &filter, Hidden::Bare).await
}

/// Calls of a number, newest first.
#[utoipa::path(post, path = "/calls/search", tag = "calls", request_body = CallSearchDto,
    responses((status = 200, body = CallPageDto)))]
pub(crate) async fn search(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<CallSearchDto>,
) -> Result<Json<CallPageDto>, Problem> {
    let agent = narrowed(&who, Verb::CallList, None)?;
    web.permit(&who, Verb::CallList, &Object::of_agent("calls", agent.clone()))
        .await?;
    let area = web.engine.profile().site.area_code.clone();
    let keys = web.engine.keys();
    let mut filter = CallFilter {
        agent,
        after: page::cursor(body.cursor.as_deref())?,
        limit: 100,
        ..CallFilter::default()
    };
    match (body.number, body.last4) {
        (Some(number), _) => {
            let tag = keys.with(|ring| ring.number_tag(&Number::parse(&number, &area)));
            filter.caller_tag = Some(tag.ok_or_else(|| Problem::invalid("number", "not a number"))?);
        }
        (None, Some(last4)) if last4.len() == 4 && last4.bytes().all(|digit| digit.is_ascii_digit()) => {
            filter.last4_tag = Some(keys.with(|ring| ring.last4_tag(&last4)));
        }
        (None, Some(_)) => return Err(Problem::invalid("last4", "not four digits")),
        (None, None) => return Err(Problem::new(Code::Incomplete).field("number")),
    }
    found(&web, &who, &filter, Hidden::LeftOut).await
}

/// What becomes of a call in a list, of whose confidential order the reader may not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// It is there without order, recording and caller.
    Bare,
    /// It is not there: whoever looks for a number learns nothing of it.
    LeftOut,
}

pub(crate) async fn found(
    web: &Web,
    who: &SignedIn,
    filter: &CallFilter,
    how: Hidden,
) -> Result<Json<CallPageDto>, Problem> {
    let (lines, next) = web.engine.store().calls(filter).await?;
    let calls = lines.iter().map(|line| line.record.interaction);
    let hidden = hidden_calls(web, &who.principal, calls).await?;
    let profile = web.engine.profile();
    let mut items = Vec::with_capacity(lines.len());
    for line in &lines {
        if !hidden.contains(&line.record.interaction) {
            let caller = caller(web, line.record.caller.as_ref()).await?;
            items.push(CallDto::new(line, caller.as_ref(), &profile));
        } else if how == Hidden::Bare {
            items.push(CallDto::new(line, None, &profile).bare());
        }
    }
    Ok(Json(CallPageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// Opens a sealed caller; none when the key was erased.
pub(crate) async fn caller(web: &Web, sealed: Option<&Sealed>) -> Result<Option<Number>, Problem> {
    let Some(sealed) = sealed else { return Ok(None) };
    Ok(web
        .engine
        .audit()
        .open(sealed)
        .await?
        .and_then(|personal| personal.number))
}

/// One call whole, the number masked.
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = CallDetailDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<InteractionId>,
) -> Result<Json<CallDetailDto>, Problem> {
    let line = web.engine.store().call(id).await?;
    let agent = line.as_ref().and_then(|line| line.record.agent.clone());
    web.permit(
        &who,
        Verb::CallRead,
        &Object::of_agent(format!("call/{id}"), agent),
    )
    .await?;
    let line = line.ok_or_else(|| Problem::new(Code::NotFound))?;
    let call = if hidden_calls(&web, &who.principal, [id]).await?.is_empty() {
        let caller = caller(&web, line.record.caller.as_ref()).await?;
        CallDto::new(&line, caller.as_ref(), &web.engine.profile())
    } else {
        CallDto::new(&line, None, &web.engine.profile()).bare()
    };
    Ok(Json(CallDetailDto::new(call, &line.record)))
}

/// The caller's number in clear; written to the trail first.
#[utoipa::path(post, path = "/calls/{id}/reveal", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = RevealedDto)))]
pub(crate) async fn reveal(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<InteractionId>,
) -> Result<Json<RevealedDto>, Problem> {
    let live = web.engine.views().read(|it| {
        it.calls
            .get(&id)
            .map(|call| (call.agent.clone(), call.caller.clone()))
    });
    let (agent, number) = if let Some((agent, number)) = live {
        (agent, Some(number))
    } else {
        let record = web.engine.store().call(id).await?.map(|line| line.record);
        let number = caller(&web, record.as_ref().and_then(|record| record.caller.as_ref())).await?;
        (record.and_then(|record| record.agent), number)
    };
    let object = Object::of_agent(format!("call/{id}"), agent);
    web.permit(&who, Verb::CallReveal, &object).await?;
    if !hidden_calls(&web, &who.principal, [id]).await?.is_empty() {
        return Err(Problem::new(Code::NotFound));
    }
    let number = number.ok_or_else(|| Problem::new(Code::NotFound))?;
    let fact = AccountFact::Revealed {
        object: object.name,
        fields: vec!["caller".to_owned()],
    };
    let mut record = web.engine.account_record(&who.principal, "api:reveal", fact);
    record.interaction = Some(id);
    web.engine.audit().write(&[record]).await?;
    Ok(Json(RevealedDto {
        number: shown(&number, true),
    }))
}

/// Ends a call in progress.
#[utoipa::path(post, path = "/calls/{id}/hangup", tag = "calls", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn hang_up(
    State(web): State<Web>,
    who: SignedIn,
    Id(interaction): Id<InteractionId>,
) -> Result<StatusCode, Problem> {
    web.engine
        .command(&who.principal, Command::HangUp { interaction })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
