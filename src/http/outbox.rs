//! Messages that leave the house: what waits, what was given up, and once more.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::TicketId;
use crate::engine::outbox::Outbox;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::io::notify::vocabulary::OutboxState;
use crate::io::store::outbox::NotificationId;
use crate::io::store::outbox::NotificationRow;
use crate::io::store::outbox::OutboxFilter;

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboxMessage)]
pub(crate) struct MessageDto {
    /// Its id.
    id: String,
    /// `sms`, `notice`, `webhook`.
    channel: String,
    /// What it says, as `accepted`.
    template: String,
    /// What the recipient's number is used for.
    purpose: String,
    /// `appellant`, `unit`, `user`, `duty_office`, `partner`.
    recipient_kind: String,
    /// Number masked, or the unit's or user's id; `***` for a confidential order; empty when it was erased.
    recipient: String,
    /// The order; absent for a confidential one.
    ticket: Option<String>,
    /// Its number; empty for a confidential one.
    ticket_number: String,
    /// Whether the order is confidential.
    confidential: bool,
    /// `queued`, `leased`, `sent`, `delivered`, `undelivered`, `dead`, `cancelled`.
    state: String,
    /// Attempts that count.
    attempts: u32,
    /// Attempts after one that may have reached the gateway.
    resends: u32,
    /// When it is tried next, while it waits.
    next_at: Option<Instant>,
    /// The gateway that took it.
    gateway: Option<String>,
    /// Why the last attempt failed, or what the network said.
    last_error: Option<String>,
    /// When it was asked for.
    created_at: Instant,
    /// When a gateway took it.
    sent_at: Option<Instant>,
    /// When it arrived or was given up.
    settled_at: Option<Instant>,
}

impl MessageDto {
    fn new(row: &NotificationRow, recipient: String) -> Self {
        let it = &row.notification;
        let waits = [OutboxState::Queued, OutboxState::Leased].contains(&row.state);
        Self {
            id: row.id.to_string(),
            channel: it.channel.to_string(),
            template: it.template.to_string(),
            purpose: row.purpose.to_string(),
            recipient_kind: it.recipient_kind.to_string(),
            recipient,
            ticket: it.ticket.map(|ticket| ticket.to_string()),
            ticket_number: it.ticket_number.clone(),
            confidential: it.confidential,
            state: row.state.to_string(),
            attempts: row.attempts,
            resends: row.resends,
            next_at: maybe(Some(row.next_at).filter(|_| waits)),
            gateway: row.gateway.clone(),
            last_error: row.last_error.clone(),
            created_at: it.created_at.into(),
            sent_at: maybe(row.sent_at),
            settled_at: maybe(row.settled_at),
        }
    }
}

/// How many messages wait or have failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboxCount)]
pub(crate) struct CountDto {
    /// `queued`, `leased`, `dead`, `undelivered`.
    state: String,
    /// How many.
    count: u64,
    /// When the oldest of them was asked for.
    oldest_at: Instant,
}

/// Messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboxPage)]
pub(crate) struct PageDto {
    /// Newest first.
    items: Vec<MessageDto>,
    /// Where the next page begins; absent at the end.
    cursor: Option<String>,
    /// Over all messages.
    counts: Vec<CountDto>,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutboxQuery {
    /// Only those in this state, as `dead`.
    state: Option<String>,
    /// Only those of this order.
    ticket: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Messages that leave the house, recipients masked.
#[utoipa::path(get, path = "/outbox", tag = "outbox", params(OutboxQuery),
    responses((status = 200, body = PageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<OutboxQuery>,
) -> Result<Json<PageDto>, Problem> {
    web.permit(&who, Verb::OutboxRead, &Object::of_centre("outbox"))
        .await?;
    let state = query.state.as_deref().map(|code| {
        OutboxState::parse(code).ok_or_else(|| Problem::invalid("state", "not a state of a message"))
    });
    let ticket = query.ticket.as_deref().map(|id| {
        id.parse::<TicketId>()
            .map_err(|_| Problem::invalid("ticket", "not the id of a work order"))
    });
    let filter = OutboxFilter {
        state: state.transpose()?,
        ticket: ticket.transpose()?,
        recipient_tag: None,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (store, audit) = (web.engine.store(), web.engine.audit());
    let (rows, end) = store.notifications(&filter).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let recipient = Outbox::masked_recipient(audit, row).await?;
        let mut dto = MessageDto::new(row, recipient);
        if row.notification.confidential {
            // Who watches over messages stands outside the circle.
            dto.ticket = None;
            dto.ticket_number = String::new();
        }
        items.push(dto);
    }
    let counts = store.outbox_counts().await?.into_iter().map(|it| CountDto {
        state: it.state.to_string(),
        count: it.count,
        oldest_at: it.oldest.into(),
    });
    Ok(Json(PageDto {
        items,
        cursor: end.map(|cursor| cursor.to_string()),
        counts: counts.collect(),
    }))
}

/// Puts a message that was given up back into the queue.
#[utoipa::path(post, path = "/outbox/{id}/requeue", tag = "outbox", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn requeue(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<NotificationId>,
) -> Result<StatusCode, Problem> {
    web.permit(
        &who,
        Verb::OutboxManage,
        &Object::of_centre(format!("outbox/{id}")),
    )
    .await?;
    if web.engine.outbox().requeue(&who.principal.user, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    match web.engine.store().notification(id).await? {
        Some(_) => Err(Problem::new(Code::NotAllowed)),
        None => Err(Problem::new(Code::NotFound)),
    }
}
