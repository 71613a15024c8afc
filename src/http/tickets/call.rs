//! Calling the appellant of an order: the agent's own phone rings first.
//!
//! **Invariants.** The number is opened here for the exchange alone and is shown to nobody. Who sees less of an order than
//! its appellant calls nobody; of a confidential one, who is not of its circle.
//! **Not here.** Whether the agent may call now (`exchange::make_call`); what becomes of the call (`engine::callouts`).
//! **Source.** DB1302/T 604—2025 7.3, 7.7.1, 8.4.2.1.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::phone_number::Number;
use crate::exchange::command::Command;
use crate::exchange::command::MakeCall;
use crate::fact::call::Purpose;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::tickets::readable;
use crate::http::tickets::sight::Eyes;
use crate::ticket::sight::Sight;

/// What a call to the appellant is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallRequest)]
pub(crate) struct CallRequestDto {
    /// `followup`, `contact`, `callback`.
    #[schema(value_type = String)]
    purpose: Purpose,
}

/// A call that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallMade)]
pub(crate) struct CallMadeDto {
    /// Its id; the live stream tells how it goes.
    interaction: String,
}

impl CallMadeDto {
    /// Tells a call that was begun.
    pub(crate) fn new(interaction: InteractionId) -> Self {
        Self {
            interaction: interaction.to_string(),
        }
    }
}

/// Calls the appellant: one's own phone rings first, then his.
#[utoipa::path(post, path = "/tickets/{id}/call", tag = "tickets", params(("id" = String, Path)),
    request_body = CallRequestDto, responses((status = 202, body = CallMadeDto)))]
pub(crate) async fn make(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    Json(body): Json<CallRequestDto>,
) -> Result<(StatusCode, Json<CallMadeDto>), Problem> {
    let own = Object::of_agent(format!("ticket/{id}"), who.principal.agent.clone());
    web.permit(&who, Verb::CallMake, &own).await?;
    let agent = who.principal.agent.clone();
    let agent = agent.ok_or_else(|| Problem::new(Code::NoAgent))?;
    let opened = readable(&web, &who, id).await?;
    let reference = web.engine.tickets().reference();
    let sight = Eyes::on(&opened.row.ticket, &who.principal, &reference).sight;
    let follows_up = who.principal.roles.contains(&Role::Followup);
    if sight < Sight::Personal || (body.purpose == Purpose::Followup && !follows_up) {
        return Err(Problem::new(Code::Forbidden));
    }
    let area = web.engine.profile().site.area_code.clone();
    let contact = opened.row.ticket.draft.contact_phone.as_str();
    let number = if contact.is_empty() {
        opened.caller.clone()
    } else {
        Some(Number::parse(contact, &area))
    };
    let interaction = web.engine.tickets().draw_call();
    let call = MakeCall {
        interaction,
        agent,
        number: number.ok_or_else(|| Problem::new(Code::NoNumber))?,
        purpose: body.purpose,
        ticket: Some(id),
    };
    web.engine
        .command(&who.principal, Command::MakeCall(Box::new(call)))
        .await?;
    Ok((StatusCode::ACCEPTED, Json(CallMadeDto::new(interaction))))
}
