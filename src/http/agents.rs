//! Agents live, and what an agent or his supervisor asks of the exchange.
//!
//! **Not here.** Whether the state allows it (`exchange`); who may (`engine` asks `account::permission`).

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;
use crate::exchange::command::Command;
use crate::exchange::snapshot::AgentView;
use crate::fact::agent::Presence;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::http::instant::maybe;

/// What an agent chose to be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Presence)]
pub(crate) struct PresenceDto {
    /// `offline`, `ready` or `not_ready`.
    state: &'static str,
    /// Why he is not ready: an id of the profile's reasons.
    reason: Option<String>,
}

impl From<&Presence> for PresenceDto {
    fn from(presence: &Presence) -> Self {
        match presence {
            Presence::Offline => Self {
                state: "offline",
                reason: None,
            },
            Presence::Ready => Self {
                state: "ready",
                reason: None,
            },
            Presence::NotReady(reason) => Self {
                state: "not_ready",
                reason: Some(reason.to_string()),
            },
        }
    }
}

/// A phone of an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentDevice)]
pub(crate) struct AgentDeviceDto {
    /// Its id.
    device: String,
    /// Whether it can be reached.
    registered: bool,
}

/// An agent as he is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub(crate) struct AgentDto {
    /// 工号.
    agent: String,
    /// 姓名.
    name: String,
    /// Where he sits.
    seat: Option<String>,
    /// What he chose.
    presence: PresenceDto,
    /// What he does: `idle`, `reserved`, `ringing`, `talking`, `holding`, `wrapup`.
    occupancy: &'static str,
    /// Since when both are so.
    since: Instant,
    /// What he becomes when he is idle again.
    next: Option<PresenceDto>,
    /// The call he is reserved for, talks in or wraps up.
    interaction: Option<String>,
    /// When his wrap-up ends at the latest.
    wrapup_until: Option<Instant>,
    /// His phones.
    devices: Vec<AgentDeviceDto>,
}

impl From<&AgentView> for AgentDto {
    fn from(view: &AgentView) -> Self {
        let devices = view.devices.iter();
        Self {
            agent: view.agent.to_string(),
            name: view.name.clone(),
            seat: view.seat.as_ref().map(ToString::to_string),
            presence: (&view.presence).into(),
            occupancy: view.occupancy.code(),
            since: view.since.into(),
            next: view.next.as_ref().map(Into::into),
            interaction: view.interaction.map(|interaction| interaction.to_string()),
            wrapup_until: maybe(view.wrapup_until),
            devices: devices
                .map(|(device, registered)| AgentDeviceDto {
                    device: device.to_string(),
                    registered: *registered,
                })
                .collect(),
        }
    }
}

/// Agents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentList)]
pub(crate) struct AgentListDto {
    /// By 工号.
    items: Vec<AgentDto>,
}

/// Where an agent begins to work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgentSignIn)]
pub(crate) struct AgentSignInDto {
    /// The seat.
    #[serde(default)]
    seat: Option<String>,
    /// Phones that shall ring; empty for those of the profile.
    #[serde(default)]
    devices: Vec<String>,
}

/// What an agent wants to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PresenceChange)]
pub(crate) struct PresenceChangeDto {
    /// `ready` or `not_ready`.
    state: String,
    /// Why not ready: an id of the profile's reasons.
    #[serde(default)]
    reason: Option<String>,
}

impl PresenceChangeDto {
    fn presence(&self) -> Result<Presence, Problem> {
        match (self.state.as_str(), &self.reason) {
            ("ready", _) => Ok(Presence::Ready),
            ("not_ready", Some(reason)) => {
                let reason: Result<ReasonId, _> = reason.parse();
                reason
                    .map(Presence::NotReady)
                    .map_err(|_| Problem::new(Code::Unknown).field("reason"))
            }
            ("not_ready", None) => Err(Problem::new(Code::Incomplete).field("reason")),
            _ => Err(Problem::new(Code::Unknown).field("state")),
        }
    }
}

fn own(who: &SignedIn) -> Result<AgentId, Problem> {
    who.principal
        .agent
        .clone()
        .ok_or_else(|| Problem::new(Code::NoAgent))
}

async fn own_permitted(web: &Web, who: &SignedIn) -> Result<AgentId, Problem> {
    let agent = who.principal.agent.clone();
    web.permit(who, Verb::AgentSelf, &Object::of_agent("agent/own", agent))
        .await?;
    own(who)
}

async fn give(web: &Web, who: &SignedIn, command: Command) -> Result<StatusCode, Problem> {
    web.engine.command(&who.principal, command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own agent as he is now.
#[utoipa::path(get, path = "/agent", tag = "agent", responses((status = 200, body = AgentDto)))]
pub(crate) async fn show(State(web): State<Web>, who: SignedIn) -> Result<Json<AgentDto>, Problem> {
    let agent = own_permitted(&web, &who).await?;
    let view = web
        .engine
        .views()
        .read(|snapshot| snapshot.agents.get(&agent).map(AgentDto::from));
    view.map(Json).ok_or_else(|| Problem::new(Code::NoAgent))
}

/// Begins to work at a seat with phones; one is not ready then.
#[utoipa::path(post, path = "/agent/sign-in", tag = "agent", request_body = AgentSignInDto,
    responses((status = 204)))]
pub(crate) async fn sign_in(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<AgentSignInDto>,
) -> Result<StatusCode, Problem> {
    let agent = own_permitted(&web, &who).await?;
    let seat = body.seat.as_deref().map(str::parse::<SeatId>).transpose();
    let seat = seat.map_err(|_| Problem::new(Code::Unknown).field("seat"))?;
    let devices = body
        .devices
        .iter()
        .map(|device| device.parse::<DeviceId>())
        .collect::<Result<Vec<_>, _>>();
    let devices = devices.map_err(|_| Problem::new(Code::Unknown).field("devices"))?;
    give(&web, &who, Command::SignIn { agent, seat, devices }).await
}

/// Ends one's work.
#[utoipa::path(post, path = "/agent/sign-out", tag = "agent", responses((status = 204)))]
pub(crate) async fn sign_out(State(web): State<Web>, who: SignedIn) -> Result<StatusCode, Problem> {
    let agent = own_permitted(&web, &who).await?;
    give(&web, &who, Command::SignOut { agent }).await
}

/// Sets one's presence, or the next one while one is busy.
#[utoipa::path(put, path = "/agent/presence", tag = "agent", request_body = PresenceChangeDto,
    responses((status = 204)))]
pub(crate) async fn set_presence(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<PresenceChangeDto>,
) -> Result<StatusCode, Problem> {
    let agent = own_permitted(&web, &who).await?;
    let presence = body.presence()?;
    give(&web, &who, Command::SetPresence { agent, presence }).await
}

/// Ends one's wrap-up before its time.
#[utoipa::path(post, path = "/agent/wrapup/finish", tag = "agent", responses((status = 204)))]
pub(crate) async fn finish_wrapup(State(web): State<Web>, who: SignedIn) -> Result<StatusCode, Problem> {
    let agent = own_permitted(&web, &who).await?;
    give(&web, &who, Command::FinishWrapup { agent }).await
}

/// Declines the call that rings.
#[utoipa::path(post, path = "/agent/offer/reject", tag = "agent", responses((status = 204)))]
pub(crate) async fn reject_offer(State(web): State<Web>, who: SignedIn) -> Result<StatusCode, Problem> {
    let agent = own_permitted(&web, &who).await?;
    give(&web, &who, Command::RejectOffer { agent }).await
}

/// Every agent as he is now.
#[utoipa::path(get, path = "/agents", tag = "agents", responses((status = 200, body = AgentListDto)))]
pub(crate) async fn list(State(web): State<Web>, who: SignedIn) -> Result<Json<AgentListDto>, Problem> {
    web.permit(&who, Verb::AgentList, &Object::of_centre("agents"))
        .await?;
    let items = web
        .engine
        .views()
        .read(|snapshot| snapshot.agents.values().map(AgentDto::from).collect());
    Ok(Json(AgentListDto { items }))
}

/// Sets another agent's presence.
#[utoipa::path(put, path = "/agents/{agent}/presence", tag = "agents", params(("agent" = String, Path)),
    request_body = PresenceChangeDto, responses((status = 204)))]
pub(crate) async fn force_presence(
    State(web): State<Web>,
    who: SignedIn,
    Id(agent): Id<AgentId>,
    Json(body): Json<PresenceChangeDto>,
) -> Result<StatusCode, Problem> {
    forced(&web, &who, &agent).await?;
    let presence = body.presence()?;
    give(&web, &who, Command::SetPresence { agent, presence }).await
}

/// Ends another agent's work.
#[utoipa::path(post, path = "/agents/{agent}/sign-out", tag = "agents", params(("agent" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn force_sign_out(
    State(web): State<Web>,
    who: SignedIn,
    Id(agent): Id<AgentId>,
) -> Result<StatusCode, Problem> {
    forced(&web, &who, &agent).await?;
    give(&web, &who, Command::SignOut { agent }).await
}

/// Ends another agent's wrap-up.
#[utoipa::path(post, path = "/agents/{agent}/wrapup/finish", tag = "agents", params(("agent" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn force_wrapup(
    State(web): State<Web>,
    who: SignedIn,
    Id(agent): Id<AgentId>,
) -> Result<StatusCode, Problem> {
    forced(&web, &who, &agent).await?;
    give(&web, &who, Command::FinishWrapup { agent }).await
}

async fn forced(web: &Web, who: &SignedIn, agent: &AgentId) -> Result<(), Problem> {
    let object = Object::of_agent(format!("agent/{agent}"), Some(agent.clone()));
    web.permit(who, Verb::AgentForce, &object).await
}
