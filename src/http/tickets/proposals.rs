//! What the words of an appeal lead to: kind, event type, place, urgency and first unit, each with what decided it.
//!
//! **Invariants.** A proposal changes nothing: a person chooses. Where the site has not switched them on, none is made.
//! **Not here.** How they are made and how good they are (`ticket::proposal`).
//! **Source.** DB1302/T 604—2025 8.2.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::ticket::decide::CONTENT_MAX;
use crate::ticket::proposal::Guess;
use crate::ticket::proposal::Proposer;
use crate::ticket::settings_id::Id;

/// The words of an appeal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProposalRequest)]
pub(crate) struct ProposalRequestDto {
    /// 诉求内容 so far.
    content: String,
    /// 区域, if chosen; it leads to the units instead of what the words name.
    #[serde(default)]
    region: Option<String>,
}

/// A possibility.
#[derive(Serialize, ToSchema)]
#[schema(as = Guess)]
pub(crate) struct GuessDto {
    /// Its code.
    code: String,
    /// How clearly it stands out among the others, percent: a share, not a chance of being right.
    confidence: u8,
    /// The pieces of the text that decided, the weightiest first.
    words: Vec<String>,
}

/// A possible first unit.
#[derive(Serialize, ToSchema)]
#[schema(as = UnitGuess)]
pub(crate) struct UnitGuessDto {
    /// Its code.
    unit: String,
    /// The confidence of the event types that lead to it, percent.
    confidence: u8,
    /// The routing rule.
    rule: Option<String>,
    /// Codes of the explanation.
    reasons: Vec<String>,
}

/// What is proposed.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposals)]
pub(crate) struct ProposalsDto {
    /// 诉求类别.
    appeal_type: GuessDto,
    /// 事件类型, the best first; none when the words lead to none.
    categories: Vec<GuessDto>,
    /// 区域, when the words name one.
    region: Option<GuessDto>,
    /// 紧急程度.
    urgency: GuessDto,
    /// 首接负责单位, the best first.
    units: Vec<UnitGuessDto>,
}

impl From<Guess> for GuessDto {
    fn from(guess: Guess) -> Self {
        Self {
            code: guess.code,
            confidence: guess.confidence,
            words: guess.words,
        }
    }
}

/// What the words of an appeal lead to, where the site has it switched on (setting `proposals.on`).
#[utoipa::path(post, path = "/tickets/proposals", tag = "tickets", request_body = ProposalRequestDto,
    responses((status = 200, body = ProposalsDto)))]
pub(crate) async fn of_words(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<ProposalRequestDto>,
) -> Result<Json<ProposalsDto>, Problem> {
    let own = Object::of_agent("tickets", who.principal.agent.clone());
    web.permit(&who, Verb::TicketEdit, &own).await?;
    let reference = web.engine.tickets().reference();
    let now = web.engine.clock().now().wall;
    if !reference.settings.at(now).flag(Id::ProposalsOn) {
        return Err(Problem::new(Code::NotAllowed).field("proposals.on"));
    }
    if CONTENT_MAX < body.content.chars().count() {
        return Err(Problem::new(Code::TooLong).field("content"));
    }
    let day = web.engine.zone().date_of(now);
    // Describing every event type takes some milliseconds: not on a thread that serves.
    let found = tokio::task::spawn_blocking(move || {
        let proposer = Proposer::new(&reference.catalogue);
        proposer.propose(&body.content, body.region.as_deref(), &reference, day)
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    let unit = |it: crate::ticket::proposal::UnitGuess| UnitGuessDto {
        unit: it.unit.to_string(),
        confidence: it.confidence,
        rule: it.rule,
        reasons: it.words.into_iter().map(str::to_owned).collect(),
    };
    Ok(Json(ProposalsDto {
        appeal_type: found.appeal_type.into(),
        categories: found.categories.into_iter().map(GuessDto::from).collect(),
        region: found.region.map(GuessDto::from),
        urgency: found.urgency.into(),
        units: found.units.into_iter().map(unit).collect(),
    }))
}
