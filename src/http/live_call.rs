//! A call in progress as a reader may see it.
//!
//! **Invariants.** The number is in clear for the agent whom a call to us rings or who talks in it, masked for everybody else;
//! whom an agent calls through an order is dialled for him and shown to nobody.
//! **Source.** DB1302/T 604—2025 8.4.2.1 (secrecy of callers).

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::AgentId;
use crate::base::phone_number::Number;
use crate::exchange::snapshot::CallView;
use crate::fact::call::Direction;
use crate::http::calls::code;
use crate::http::instant::Instant;
use crate::http::instant::maybe;

/// A call in progress.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCall)]
pub(crate) struct LiveCallDto {
    /// Its id.
    interaction: String,
    /// `setup`, `ivr`, `dialling`, `queued`, `ringing`, `talking`, `held`.
    state: &'static str,
    /// Who calls whom: `inbound`, `outbound`.
    direction: Option<String>,
    /// The citizen.
    caller: String,
    /// Whether the number is in clear.
    caller_clear: bool,
    /// The dialled line.
    line: Option<String>,
    /// 线路名.
    line_name: String,
    /// The queue it waits in or came from.
    queue: Option<String>,
    /// 队列名.
    queue_name: String,
    /// The agent it rings or who talks.
    agent: Option<String>,
    /// The offer that rings.
    offer: Option<String>,
    /// When it came in.
    offered_at: Instant,
    /// When it began to wait.
    queued_at: Option<Instant>,
    /// When the agent answered.
    talk_at: Option<Instant>,
    /// The recording that runs.
    recording: Option<String>,
}

impl LiveCallDto {
    /// The call as `reader` may see it.
    pub(crate) fn new(view: &CallView, reader: Option<&AgentId>) -> Self {
        let own = view.agent.is_some() && view.agent.as_ref() == reader;
        let caller_clear = own && view.direction == Direction::Inbound;
        Self {
            interaction: view.interaction.to_string(),
            state: view.state.code(),
            direction: code(&view.direction),
            caller: shown(&view.caller, caller_clear),
            caller_clear,
            line: view.line.as_ref().map(ToString::to_string),
            line_name: view.line_name.clone(),
            queue: view.queue.as_ref().map(ToString::to_string),
            queue_name: view.queue_name.clone(),
            agent: view.agent.as_ref().map(ToString::to_string),
            offer: view.offer.map(|offer| offer.to_string()),
            offered_at: view.offered_at.into(),
            queued_at: maybe(view.queued_at),
            talk_at: maybe(view.talk_at),
            recording: view.recording.map(|recording| recording.to_string()),
        }
    }
}

/// A number in clear or masked.
pub(crate) fn shown(number: &Number, clear: bool) -> String {
    if clear {
        number.canonical_text().to_owned()
    } else {
        number.to_string()
    }
}
