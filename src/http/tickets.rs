//! Work orders at the desk: the list, one order, saving the draft, submitting it.
//!
//! **Invariants.** A list shows no personal field. The writer of a draft sees it whole; whoever else reads an order sees
//! the caller's number masked.
//! **Not here.** Rules (`ticket::decide`), transactions (`engine::ticket_service`).
//! **Source.** DB1302/T 604—2025 7.1.2 a.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketServiceError;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::narrowed;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::extract::Versioned;
use crate::http::extract::idempotency_key;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::live_call::shown;
use crate::http::page;
use crate::io::store::tickets::TicketFilter;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::command::DraftFields;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Place;
use crate::ticket::model::State as TicketState;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

/// A work order.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketDto {
    /// Its id.
    id: String,
    /// 工单编号, `YYYYMMDD` and six digits.
    number: String,
    /// `draft` or `pending_dispatch`.
    state: &'static str,
    /// The call it was opened by.
    interaction: String,
    /// The dialled line.
    line: Option<String>,
    /// 线路名.
    line_name: String,
    /// The queue of the call.
    queue: String,
    /// 队列名.
    queue_name: String,
    /// Who writes it.
    agent: String,
    /// 姓名.
    agent_name: String,
    /// The recording of the call.
    recording: Option<String>,
    /// Who called; empty in lists and when it was withheld or erased.
    caller: String,
    /// Whether the number is in clear.
    caller_clear: bool,
    /// 诉求人姓名或称呼; empty in lists.
    name: String,
    /// 诉求人类别: `person`, `legal_person`, `organization`.
    appellant_kind: Option<&'static str>,
    /// Another number to call back; empty in lists.
    contact_phone: String,
    /// 诉求类别: `consult`, `help`, `complaint`, `report`, `praise`, `suggestion`.
    appeal_type: Option<&'static str>,
    /// 事件类型: a code of the tree.
    category: String,
    /// Its names from the top down, `/` between them.
    category_path: String,
    /// The version of the tree it was chosen from.
    category_version: i64,
    /// 诉求内容; empty in lists.
    content: String,
    /// 紧急程度: `normal`, `urgent`, `critical`.
    urgency: Option<&'static str>,
    /// 地点: `none` (无地点), `at`, or absent while nothing is said.
    place: Option<&'static str>,
    /// 区域: a code of the tree.
    region: String,
    /// Its names from the top down.
    region_path: String,
    /// 详细地址; empty in lists.
    address: String,
    /// The row's version, for `If-Match`.
    version: i64,
    /// When it was opened.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// When it was submitted.
    submitted_at: Option<Instant>,
}

impl TicketDto {
    fn new(ticket: &Ticket, profile: &Profile) -> Self {
        let draft = &ticket.draft;
        let catalogue = Catalogue::shipped();
        let (place, region, address) = match &draft.place {
            Place::Unset => (None, "", ""),
            Place::None => (Some("none"), "", ""),
            Place::At { region, address } => (Some("at"), region.as_str(), address.as_str()),
        };
        let name_of_line = ticket.line.as_ref().and_then(|line| profile.lines.get(line));
        let name_of_queue = profile.queues.get(&ticket.queue);
        let name_of_agent = profile.agents.get(&ticket.agent);
        Self {
            id: ticket.id.to_string(),
            number: ticket.number.clone(),
            state: ticket.state.code(),
            interaction: ticket.interaction.to_string(),
            line: ticket.line.as_ref().map(ToString::to_string),
            line_name: name_of_line.map(|line| line.name.clone()).unwrap_or_default(),
            queue: ticket.queue.to_string(),
            queue_name: name_of_queue.map(|queue| queue.name.clone()).unwrap_or_default(),
            agent: ticket.agent.to_string(),
            agent_name: name_of_agent.map(|agent| agent.name.clone()).unwrap_or_default(),
            recording: ticket.recording.map(|recording| recording.to_string()),
            caller: String::new(),
            caller_clear: false,
            name: draft.name.clone(),
            appellant_kind: draft.appellant_kind.map(AppellantKind::code),
            contact_phone: draft.contact_phone.clone(),
            appeal_type: draft.appeal_type.map(AppealType::code),
            category: draft.category.clone(),
            category_path: catalogue
                .categories
                .path(&draft.category)
                .unwrap_or_default()
                .to_owned(),
            category_version: draft.category_version,
            content: draft.content.clone(),
            urgency: draft.urgency.map(Urgency::code),
            place,
            region: region.to_owned(),
            region_path: catalogue.regions.path(region).unwrap_or_default().to_owned(),
            address: address.to_owned(),
            version: ticket.version,
            created_at: ticket.created_at.into(),
            updated_at: ticket.updated_at.into(),
            submitted_at: maybe(ticket.submitted_at),
        }
    }

    fn whole(opened: &OpenedTicket, who: &SignedIn, profile: &Profile) -> Self {
        let ticket = &opened.row.ticket;
        let writes =
            ticket.state == TicketState::Draft && who.principal.agent.as_ref() == Some(&ticket.agent);
        let caller = opened
            .caller
            .as_ref()
            .map(|number| shown(number, writes))
            .unwrap_or_default();
        Self {
            caller,
            caller_clear: writes && opened.caller.is_some(),
            ..Self::new(ticket, profile)
        }
    }
}

/// A page of work orders.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(crate) struct TicketPageDto {
    /// Newest first, personal fields empty.
    items: Vec<TicketDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// What the form says: a field that is left out stays, an empty text clears.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DraftFields)]
pub(crate) struct DraftFieldsDto {
    /// 诉求人姓名或称呼, at most 50 characters.
    name: Option<String>,
    /// 诉求人类别.
    appellant_kind: Option<String>,
    /// Another number to call back, at most 32 characters.
    contact_phone: Option<String>,
    /// 诉求类别.
    appeal_type: Option<String>,
    /// 事件类型: a code of the tree.
    category: Option<String>,
    /// 诉求内容, at most 4 000 characters.
    content: Option<String>,
    /// 紧急程度.
    urgency: Option<String>,
    /// `none` (无地点), `at`, or empty.
    place: Option<String>,
    /// 区域: a code of the tree; setting it makes the place `at`.
    region: Option<String>,
    /// 详细地址, at most 200 characters.
    address: Option<String>,
}

impl From<DraftFieldsDto> for DraftFields {
    fn from(dto: DraftFieldsDto) -> Self {
        let DraftFieldsDto {
            name,
            appellant_kind,
            contact_phone,
            appeal_type,
            category,
            content,
            urgency,
            place,
            region,
            address,
        } = dto;
        Self {
            name,
            appellant_kind,
            contact_phone,
            appeal_type,
            category,
            content,
            urgency,
            place,
            region,
            address,
        }
    }
}

/// Which work orders.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketQuery {
    /// `today` or YYYY-MM-DD.
    day: Option<String>,
    /// `me` or an agent's id.
    agent: Option<String>,
    /// `draft` or `pending_dispatch`.
    state: Option<String>,
    /// A whole order number.
    number: Option<String>,
    /// The order of this call; the others do not narrow then.
    interaction: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Work orders, newest first, without personal fields.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = TicketPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<TicketQuery>,
) -> Result<Json<TicketPageDto>, Problem> {
    let profile = web.engine.profile();
    if let Some(interaction) = &query.interaction {
        let interaction: InteractionId = interaction
            .parse()
            .map_err(|_| Problem::new(Code::Unknown).field("interaction"))?;
        let row = web.engine.store().ticket_of(interaction).await?;
        let agent = row
            .as_ref()
            .map(|row| row.ticket.agent.clone())
            .or_else(|| who.principal.agent.clone());
        web.permit(&who, Verb::TicketList, &Object::of_agent("tickets", agent))
            .await?;
        let items = row
            .iter()
            .map(|row| TicketDto::new(&row.ticket, &profile))
            .collect();
        return Ok(Json(TicketPageDto { items, next: None }));
    }
    let agent = narrowed(&who, Verb::TicketList, query.agent.as_deref())?;
    web.permit(
        &who,
        Verb::TicketList,
        &Object::of_agent("tickets", agent.clone()),
    )
    .await?;
    let state =
        |code: &str| TicketState::parse(code).ok_or_else(|| Problem::new(Code::Unknown).field("state"));
    let (from, to) = page::day(&web.engine, query.day.as_deref())?;
    let filter = TicketFilter {
        from,
        to,
        agent,
        state: query.state.as_deref().map(state).transpose()?,
        caller_tag: None,
        number: query.number,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web.engine.store().tickets(&filter).await?;
    let items = rows
        .iter()
        .map(|row| TicketDto::new(&row.ticket, &profile))
        .collect();
    Ok(Json(TicketPageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// One order; its `ETag` is the version that a change must name.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = TicketDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Versioned<TicketDto>, Problem> {
    let opened = match web.engine.tickets().ticket(id).await {
        Ok(opened) => Some(opened),
        Err(TicketServiceError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let agent = opened.as_ref().map(|opened| opened.row.ticket.agent.clone());
    web.permit(
        &who,
        Verb::TicketRead,
        &Object::of_agent(format!("ticket/{id}"), agent),
    )
    .await?;
    let opened = opened.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(answer(&web, &who, &opened))
}

/// Saves fields of a draft.
#[utoipa::path(put, path = "/tickets/{id}", tag = "tickets",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted")),
    request_body = DraftFieldsDto, responses((status = 200, body = TicketDto)))]
pub(crate) async fn save(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    IfMatch(version): IfMatch,
    Json(body): Json<DraftFieldsDto>,
) -> Result<Versioned<TicketDto>, Problem> {
    permit_write(&web, &who, id, Verb::TicketEdit).await?;
    let opened = web
        .engine
        .tickets()
        .save(&actor(&who), id, body.into(), version)
        .await?;
    Ok(answer(&web, &who, &opened))
}

/// Submits a draft for dispatch.
#[utoipa::path(post, path = "/tickets/{id}/submit", tag = "tickets",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted"),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key again gives the same answer")),
    responses((status = 200, body = TicketDto)))]
pub(crate) async fn submit(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    IfMatch(version): IfMatch,
    headers: HeaderMap,
) -> Result<Versioned<TicketDto>, Problem> {
    permit_write(&web, &who, id, Verb::TicketSubmit).await?;
    let key = idempotency_key(&headers)?;
    let opened = web
        .engine
        .tickets()
        .submit(&actor(&who), id, version, key)
        .await?;
    web.engine
        .metrics()
        .tickets_submitted
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Ok(answer(&web, &who, &opened))
}

async fn permit_write(web: &Web, who: &SignedIn, id: TicketId, verb: Verb) -> Result<(), Problem> {
    let row = web.engine.store().ticket(id).await?;
    let agent = row.map(|row| row.ticket.agent);
    web.permit(who, verb, &Object::of_agent(format!("ticket/{id}"), agent))
        .await
}

fn actor(who: &SignedIn) -> Actor {
    match &who.principal.agent {
        Some(agent) => Actor::named(ActorKind::Agent, agent),
        None => Actor::named(ActorKind::User, &who.principal.user),
    }
}

fn answer(web: &Web, who: &SignedIn, opened: &OpenedTicket) -> Versioned<TicketDto> {
    Versioned(
        opened.row.ticket.version,
        TicketDto::whole(opened, who, &web.engine.profile()),
    )
}
