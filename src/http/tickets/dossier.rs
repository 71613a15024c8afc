//! An order as a whole: its five blocks and every event, as data and on paper; and where the rules would send it.
//!
//! **Invariants.** A dossier holds everything and is for those who see everything; it leaves a fact before it is given.
//! **Not here.** What stands in it (`io::archive::dossier`, `io::archive::paper`).
//! **Source.** DB1302/T 604—2025 3.4, 7.2 b, 7.9.3, 8.4.2.1.

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::TicketId;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::archives::attached;
use crate::http::archives::permit_whole;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::tickets::readable;
use crate::http::tickets::sight::Eyes;
use crate::io::archive::dossier::Dossier;
use crate::ticket::routing::Question;

/// Where the rules would send an order.
#[derive(Serialize, ToSchema)]
#[schema(as = RouteProposal)]
pub(crate) struct RouteDto {
    /// 首接负责单位; none when the rules do not say: the matter is one for 会商定责.
    unit: Option<String>,
    /// 机构名称.
    unit_name: String,
    /// The rule.
    rule: Option<String>,
    /// `territory` or `industry`.
    basis: Option<&'static str>,
    /// Whom else a dispatcher might choose or ask to help.
    alternatives: Vec<String>,
}

/// The order with its five blocks of 3.4 and every event; written to the trail first.
#[utoipa::path(get, path = "/tickets/{id}/dossier", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = Object)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Response, Problem> {
    let dossier = dossier(&web, &who, id, "dossier.json").await?;
    Ok(axum::Json(dossier.to_json()).into_response())
}

/// The same on paper.
#[utoipa::path(get, path = "/tickets/{id}/dossier.pdf", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub(crate) async fn paper(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Response, Problem> {
    let dossier = dossier(&web, &who, id, "dossier.pdf").await?;
    let bytes = web.engine.archiver().draw(dossier).await?;
    Ok(attached(bytes, "application/pdf"))
}

/// Where the rules of today would send the order first; a dispatcher decides.
#[utoipa::path(get, path = "/tickets/{id}/route", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = RouteDto)))]
pub(crate) async fn route(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<RouteDto>, Problem> {
    let opened = readable(&web, &who, id).await?;
    let reference = web.engine.tickets().reference();
    if !Eyes::on(&opened.row.ticket, &who.principal, &reference)
        .sight
        .shows_matter()
    {
        return Err(Problem::new(Code::NotFound));
    }
    let draft = &opened.row.ticket.draft;
    let proposal = reference.propose(Question {
        category: &draft.category,
        region: draft.place.region(),
        target: draft.target_organ.as_ref(),
        day: web.engine.zone().date_of(web.engine.clock().now().wall),
    });
    let unit = proposal.as_ref().and_then(|it| reference.organs.get(&it.unit));
    Ok(Json(RouteDto {
        unit: unit.map(|unit| unit.id.to_string()),
        unit_name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
        rule: proposal.as_ref().map(|it| it.rule.clone()),
        basis: proposal.as_ref().map(|it| it.basis.code()),
        alternatives: proposal
            .iter()
            .flat_map(|it| &it.alternatives)
            .map(ToString::to_string)
            .collect(),
    }))
}

async fn dossier(web: &Web, who: &SignedIn, id: TicketId, form: &str) -> Result<Dossier, Problem> {
    let opened = readable(web, who, id).await?;
    permit_whole(web, who, &opened.row.ticket, format!("ticket/{id}")).await?;
    let fact = AccountFact::Revealed {
        object: format!("ticket/{id}"),
        fields: vec![form.to_owned()],
    };
    let mut record = web.engine.account_record(&who.principal, "api:dossier", fact);
    record.ticket = Some(id);
    web.engine.audit().write(&[record]).await?;
    let row = web.engine.store().ticket(id).await?;
    let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
    let made_by = who.principal.user.to_string();
    Ok(web.engine.archiver().dossier(row, &made_by).await?)
}
