//! Orders that may be the same fact: for an order, while an appeal is being written down, and the history of a caller.
//!
//! **Invariants.** Nothing is merged here: a person decides. Only orders the reader may see are proposed.
//! **Not here.** How likeness is measured (`ticket::likeness`), where candidates come from (`engine::search`).
//! **Source.** DB1302/T 604—2025 7.1.4 c.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::engine::ticket_service::OpenedTicket;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::tickets::dto::Light;
use crate::http::tickets::dto::TicketDto;
use crate::http::tickets::readable;
use crate::http::tickets::sight::Eyes;
use crate::http::tickets::sight::own;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::ticket::decide::CONTENT_MAX;
use crate::ticket::likeness;
use crate::ticket::likeness::Matter;
use crate::ticket::likeness::Reason;
use crate::ticket::likeness::WINDOW;
use crate::ticket::model::State as TicketState;

/// Candidates that are opened and compared at most.
const CANDIDATES_MAX: usize = 40;
/// Orders proposed at most.
const PROPOSED_MAX: usize = 10;
/// Characters of a proposed order's content that are shown.
const EXCERPT: usize = 60;
/// Last orders of a caller that are shown.
const LAST: usize = 5;
/// Orders of a caller that are looked at for open ones.
const LOOKED_AT: u32 = 50;

/// What is being written down.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TypedAppeal)]
pub(crate) struct TypedDto {
    /// 诉求内容 so far.
    content: String,
    /// 事件类型, if chosen.
    category: Option<String>,
    /// 区域, if chosen.
    region: Option<String>,
    /// The call, for its number.
    #[schema(value_type = Option<String>)]
    interaction: Option<InteractionId>,
}

/// Why an order is proposed.
#[derive(Serialize, ToSchema)]
#[schema(as = LikenessReason)]
pub(crate) struct ReasonDto {
    /// `same_caller`, `same_category`, `same_street`, `days`, `words` …
    code: &'static str,
    /// Days apart, or common words in thousandths.
    number: Option<u32>,
}

/// An order that may be the same fact.
#[derive(Serialize, ToSchema)]
#[schema(as = LikeTicket)]
pub(crate) struct LikeDto {
    /// The order as in lists.
    ticket: TicketDto,
    /// 0 to 1000.
    score: u32,
    /// Why, the weightiest first.
    reasons: Vec<ReasonDto>,
    /// The beginning of its content.
    excerpt: String,
}

/// Orders that may be the same fact.
#[derive(Serialize, ToSchema)]
#[schema(as = LikeTickets)]
pub(crate) struct LikesDto {
    /// The likeliest first.
    items: Vec<LikeDto>,
}

/// What a caller asked for before.
#[derive(Serialize, ToSchema)]
#[schema(as = CallerHistory)]
pub(crate) struct CallerHistoryDto {
    /// His last five orders, newest first.
    last: Vec<TicketDto>,
    /// His orders that are not ended.
    open: Vec<TicketDto>,
}

/// Orders that an order may repeat.
#[utoipa::path(get, path = "/tickets/{id}/duplicates", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = LikesDto)))]
pub(crate) async fn of_ticket(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<LikesDto>, Problem> {
    let opened = readable(&web, &who, id).await?;
    let probe = matter(&opened);
    alike(&web, &who, &probe, Some(id)).await
}

/// Orders that an appeal may repeat, while it is being written down.
#[utoipa::path(post, path = "/tickets/duplicates", tag = "tickets", request_body = TypedDto,
    responses((status = 200, body = LikesDto)))]
pub(crate) async fn of_typed(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<TypedDto>,
) -> Result<Json<LikesDto>, Problem> {
    web.permit(&who, Verb::TicketSearch, &own("tickets", &who.principal))
        .await?;
    let caller_tag = match body.interaction {
        Some(call) => caller_tag(&web, &who, call).await?,
        None => None,
    };
    let probe = Matter {
        caller_tag,
        category: body.category.unwrap_or_default(),
        region: body.region.unwrap_or_default(),
        at: web.engine.clock().now().wall,
        text: body.content.chars().take(CONTENT_MAX).collect(),
    };
    alike(&web, &who, &probe, None).await
}

/// What the caller of a call asked for before: his last orders and those that are open.
#[utoipa::path(get, path = "/callers/{interaction}/history", tag = "tickets",
    params(("interaction" = String, Path)), responses((status = 200, body = CallerHistoryDto)))]
pub(crate) async fn of_caller(
    State(web): State<Web>,
    who: SignedIn,
    Id(call): Id<InteractionId>,
) -> Result<Json<CallerHistoryDto>, Problem> {
    let Some(tag) = caller_tag(&web, &who, call).await? else {
        return Ok(Json(CallerHistoryDto {
            last: Vec::new(),
            open: Vec::new(),
        }));
    };
    let rows = of_number(&web, &who, tag).await?;
    let others: Vec<TicketRow> = rows
        .into_iter()
        .filter(|row| row.ticket.interaction != Some(call))
        .collect();
    let (profile, reference) = (web.engine.profile(), web.engine.tickets().reference());
    let light = Light {
        profile: &profile,
        reference: &reference,
        zone: web.engine.zone(),
        now: web.engine.clock().now().wall,
    };
    let seen = |row: &&TicketRow| Eyes::on(&row.ticket, &who.principal, &reference).sight.is_seen();
    let listed = |row: &TicketRow| TicketDto::listed(&row.ticket, &light);
    let open = |row: &&TicketRow| !row.ticket.is_ended() && row.ticket.state != TicketState::Answered;
    Ok(Json(CallerHistoryDto {
        last: others.iter().filter(seen).take(LAST).map(listed).collect(),
        open: others.iter().filter(seen).filter(open).map(listed).collect(),
    }))
}

/// The tag of the number that a call came from; the reader must be one who may read the call.
async fn caller_tag(web: &Web, who: &SignedIn, call: InteractionId) -> Result<Option<String>, Problem> {
    let live = web.engine.views().read(|it| {
        let call = it.calls.get(&call)?;
        Some((call.agent.clone(), call.caller.clone()))
    });
    let (agent, tag) = if let Some((agent, number)) = live {
        (agent, web.engine.keys().with(|ring| ring.number_tag(&number)))
    } else {
        let record = web.engine.store().call(call).await?.map(|line| line.record);
        let agent = record.as_ref().and_then(|record| record.agent.clone());
        (
            agent,
            record
                .and_then(|record| record.caller)
                .and_then(|caller| caller.number_tag),
        )
    };
    let object = Object::of_agent(format!("call/{call}"), agent);
    web.permit(who, Verb::CallRead, &object).await?;
    Ok(tag)
}

async fn of_number(web: &Web, who: &SignedIn, tag: String) -> Result<Vec<TicketRow>, Problem> {
    let filter = TicketFilter {
        caller_tag: Some(tag),
        reader: Some(who.principal.user.clone()),
        limit: LOOKED_AT,
        ..TicketFilter::default()
    };
    Ok(web.engine.store().tickets(&filter).await?.0)
}

async fn alike(
    web: &Web,
    who: &SignedIn,
    probe: &Matter,
    but: Option<TicketId>,
) -> Result<Json<LikesDto>, Problem> {
    let mut ids = web.engine.search().alike(&probe.text, CANDIDATES_MAX).await?;
    if let Some(tag) = &probe.caller_tag {
        let own = of_number(web, who, tag.clone()).await?;
        let own = own.iter().map(|row| row.ticket.id).take(CANDIDATES_MAX);
        ids.extend(own.collect::<Vec<TicketId>>());
    }
    ids.retain(|id| Some(*id) != but);
    ids.sort_unstable();
    ids.dedup();
    let reference = web.engine.tickets().reference();
    let mut opened = Vec::with_capacity(ids.len());
    for row in rows(web, who, ids).await? {
        let eyes = Eyes::on(&row.ticket, &who.principal, &reference);
        // A draft is being written by somebody; a repeat itself is no order to repeat.
        let counts = !matches!(
            row.ticket.state,
            TicketState::Draft | TicketState::Intake | TicketState::Merged | TicketState::Cancelled
        );
        if eyes.sight.shows_matter() && counts {
            opened.push(web.engine.tickets().open_row(row).await?);
        }
    }
    let candidates = opened.iter().filter(|it| !it.erased);
    let candidates: Vec<(TicketId, Matter)> = candidates.map(|it| (it.row.ticket.id, matter(it))).collect();
    let scored = likeness::rank(probe, &candidates, WINDOW);
    let profile = web.engine.profile();
    let light = Light {
        profile: &profile,
        reference: &reference,
        zone: web.engine.zone(),
        now: web.engine.clock().now().wall,
    };
    let like = |it: &likeness::Scored| {
        let order = opened.iter().find(|order| order.row.ticket.id == it.ticket)?;
        Some(LikeDto {
            ticket: TicketDto::listed(&order.row.ticket, &light),
            score: it.score,
            reasons: it.reasons.iter().map(reason).collect(),
            excerpt: order.row.ticket.draft.content.chars().take(EXCERPT).collect(),
        })
    };
    Ok(Json(LikesDto {
        items: scored.iter().take(PROPOSED_MAX).filter_map(like).collect(),
    }))
}

async fn rows(web: &Web, who: &SignedIn, ids: Vec<TicketId>) -> Result<Vec<TicketRow>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let filter = TicketFilter {
        limit: u32::try_from(ids.len()).unwrap_or(u32::MAX),
        ids,
        reader: Some(who.principal.user.clone()),
        ..TicketFilter::default()
    };
    Ok(web.engine.store().tickets(&filter).await?.0)
}

fn matter(opened: &OpenedTicket) -> Matter {
    let ticket = &opened.row.ticket;
    Matter {
        caller_tag: opened
            .row
            .caller
            .as_ref()
            .and_then(|caller| caller.number_tag.clone()),
        category: ticket.draft.category.clone(),
        region: ticket.draft.place.region().unwrap_or_default().to_owned(),
        at: ticket.created_at,
        text: ticket.draft.content.clone(),
    }
}

fn reason(reason: &Reason) -> ReasonDto {
    ReasonDto {
        code: reason.code(),
        number: match reason {
            Reason::Days(days) => Some(*days),
            Reason::Words { contained, .. } => Some(*contained),
            _ => None,
        },
    }
}
