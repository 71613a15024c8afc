//! Work orders over HTTP: one order, the desk's draft, orders by other channels, numbers in clear.
//!
//! **Invariants.** Who may not see an order is not told that it exists. A command names the version its giver read. What
//! is shown of an order follows from [`crate::ticket::sight`] alone.
//! **Not here.** Rules (`ticket::decide`), transactions (`engine::ticket_service`).
//! **Source.** DB1302/T 604—2025 3.4, 7.1 to 7.9, 8.4.2.1.

pub(crate) mod call;
pub(crate) mod commands;
pub(crate) mod dossier;
pub(crate) mod dto;
pub(crate) mod duplicates;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod parts;
pub(crate) mod proposals;
pub(crate) mod public;
pub(crate) mod sight;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::civil::from_rfc3339;
use crate::base::ids::TicketId;
use crate::base::phone_number::Number;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Versioned;
use crate::http::extract::idempotency_key;
use crate::http::live_call::shown;
use crate::http::tickets::dto::Light;
use crate::http::tickets::dto::TicketDto;
use crate::http::tickets::sight::Eyes;
use crate::io::files::digest;
use crate::ticket::command::DraftFields;
use crate::ticket::command::OpenMatter;
use crate::ticket::command::Opening;
use crate::ticket::command::Receive;
use crate::ticket::command::Text;
use crate::ticket::decide::By;

/// An appeal that came by another way than a call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceivedAppeal)]
pub(crate) struct ReceivedDto {
    /// The channel, as `visit`, `mail`, `app`.
    channel: String,
    /// The other platform, if one handed it over.
    platform: Option<String>,
    /// Its own number.
    external: Option<String>,
    /// Its own deadline, RFC 3339.
    deadline: Option<String>,
    /// What was written or said, to the letter; never changed afterwards.
    original: Text,
    /// What can be read into the form.
    #[serde(default)]
    fields: DraftFields,
}

/// Numbers and codes of an order in clear.
#[derive(Serialize, ToSchema)]
#[schema(as = RevealedTicket)]
pub(crate) struct RevealedDto {
    /// Who called.
    caller: String,
    /// Another number to call back.
    contact_phone: String,
    /// 统一社会信用代码.
    credit_code: String,
}

/// One order; its `ETag` is the version that a change must name.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = TicketDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Versioned<TicketDto>, Problem> {
    let opened = readable(&web, &who, id).await?;
    Ok(answer(&web, &who, &opened))
}

/// Saves fields of a draft.
#[utoipa::path(put, path = "/tickets/{id}", tag = "tickets",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted")),
    request_body = DraftFields, responses((status = 200, body = TicketDto)))]
pub(crate) async fn save(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    IfMatch(version): IfMatch,
    Json(body): Json<DraftFields>,
) -> Result<Versioned<TicketDto>, Problem> {
    permit_write(&web, &who, id, Verb::TicketEdit).await?;
    let opened = web
        .engine
        .tickets()
        .save(&who.principal, id, body, version)
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
        .submit(&who.principal, id, version, key)
        .await?;
    count_submitted(&web);
    Ok(answer(&web, &who, &opened))
}

/// Takes down an appeal that came by another way than a call; the same channel and number again gives the same order.
#[utoipa::path(post, path = "/tickets", tag = "tickets", request_body = ReceivedDto,
    responses((status = 200, body = TicketDto)))]
pub(crate) async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<ReceivedDto>,
) -> Result<Versioned<TicketDto>, Problem> {
    let object = Object::of_agent("tickets", who.principal.agent.clone());
    web.permit(&who, Verb::TicketEdit, &object).await?;
    let deadline = body.deadline.as_deref().map(|text| {
        from_rfc3339(text).map_err(|_| Problem::invalid("deadline", "not an instant as RFC 3339 writes it"))
    });
    let opening = Opening::Received(Receive {
        number: String::new(),
        channel: body.channel,
        platform: body.platform,
        external: body.external,
        deadline: deadline.transpose()?,
        digest: digest(body.original.0.as_bytes()),
        grid: false,
        original: body.original,
        fields: body.fields,
    });
    let opened = web
        .engine
        .tickets()
        .open(By::User(&who.principal), &opening)
        .await?;
    Ok(answer(&web, &who, &opened))
}

/// Opens an order for another matter of the same call.
#[utoipa::path(post, path = "/tickets/{id}/matters", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = TicketDto)))]
pub(crate) async fn add_matter(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Versioned<TicketDto>, Problem> {
    permit_write(&web, &who, id, Verb::TicketEdit).await?;
    let first = readable(&web, &who, id).await?;
    let writer = who.principal.agent.clone().or(first.row.ticket.agent.clone());
    let opening = Opening::Matter(OpenMatter {
        number: String::new(),
        agent: writer.ok_or_else(|| Problem::new(Code::NoAgent))?,
        matter: 0,
        // The third matter of a call hangs on its first as the second does.
        first: first.row.ticket.first.unwrap_or(id),
        interaction: None,
        recording: None,
        appellant: DraftFields::default(),
    });
    let opened = web
        .engine
        .tickets()
        .open(By::User(&who.principal), &opening)
        .await?;
    Ok(answer(&web, &who, &opened))
}

/// Numbers of an order in clear; written to the trail first.
#[utoipa::path(post, path = "/tickets/{id}/reveal", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = RevealedDto)))]
pub(crate) async fn reveal(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<RevealedDto>, Problem> {
    let opened = readable(&web, &who, id).await?;
    let reference = web.engine.tickets().reference();
    let eyes = Eyes::on(&opened.row.ticket, &who.principal, &reference);
    if !eyes.sight.shows_identity() {
        let object = format!("ticket/{id}");
        web.engine
            .note_denied(&who.principal, "ticket.reveal", &object)
            .await;
        return Err(Problem::new(Code::Forbidden)
            .rule("identity_hidden")
            .clause(Some("DB1302/T 604—2025 8.4.2.1".to_owned())));
    }
    let fields = ["caller", "contact_phone", "credit_code"];
    let fact = AccountFact::Revealed {
        object: format!("ticket/{id}"),
        fields: fields.map(str::to_owned).to_vec(),
    };
    let mut record = web.engine.account_record(&who.principal, "api:reveal", fact);
    record.ticket = Some(id);
    web.engine.audit().write(&[record]).await?;
    let draft = opened.row.ticket.draft;
    let in_clear = |number: &Number| shown(number, true);
    Ok(Json(RevealedDto {
        caller: opened.caller.as_ref().map(in_clear).unwrap_or_default(),
        contact_phone: draft.contact_phone,
        credit_code: draft.credit_code,
    }))
}

/// Reads an order for somebody who may see it.
///
/// # Errors
/// [`Code::Forbidden`] for who may read no such order; [`Code::NotFound`] for one that is not there, or not for him.
pub(crate) async fn readable(web: &Web, who: &SignedIn, id: TicketId) -> Result<OpenedTicket, Problem> {
    let opened = match web.engine.tickets().ticket(id).await {
        Ok(opened) => Some(opened),
        Err(TicketServiceError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let reference = web.engine.tickets().reference();
    // A confidential order outside its circle is as one that is not there.
    let opened = opened.filter(|opened| !sight::is_hidden(&opened.row.ticket, &who.principal, &reference));
    let object = match &opened {
        Some(opened) => sight::object(&opened.row.ticket, &who.principal, &reference),
        None => sight::own(&format!("ticket/{id}"), &who.principal),
    };
    web.permit(who, Verb::TicketRead, &object).await?;
    let seen = |opened: &OpenedTicket| {
        Eyes::on(&opened.row.ticket, &who.principal, &reference)
            .sight
            .is_seen()
    };
    opened.filter(seen).ok_or_else(|| Problem::new(Code::NotFound))
}

async fn permit_write(web: &Web, who: &SignedIn, id: TicketId, verb: Verb) -> Result<(), Problem> {
    let row = web.engine.store().ticket(id).await?;
    let reference = web.engine.tickets().reference();
    if let Some(row) = &row
        && sight::is_hidden(&row.ticket, &who.principal, &reference)
    {
        web.permit(who, verb, &sight::own(&format!("ticket/{id}"), &who.principal))
            .await?;
        return Err(Problem::new(Code::NotFound));
    }
    let agent = row.and_then(|row| row.ticket.agent);
    web.permit(who, verb, &Object::of_agent(format!("ticket/{id}"), agent))
        .await
}

fn count_submitted(web: &Web) {
    web.engine
        .metrics()
        .tickets_submitted
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}

/// The order as this person may see it.
pub(crate) fn answer(web: &Web, who: &SignedIn, opened: &OpenedTicket) -> Versioned<TicketDto> {
    let (profile, reference) = (web.engine.profile(), web.engine.tickets().reference());
    let light = Light {
        profile: &profile,
        reference: &reference,
        zone: web.engine.zone(),
        now: web.engine.clock().now().wall,
    };
    let eyes = Eyes::on(&opened.row.ticket, &who.principal, &reference);
    let dto = TicketDto::seen(opened, &eyes, &light);
    Versioned(opened.row.ticket.version, dto)
}
