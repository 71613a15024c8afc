//! `hangup`: says goodbye and ends the call.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::PromptId;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// The fields of `hangup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hangup {
    /// Said first, uninterruptible.
    #[serde(default)]
    pub prompts: Vec<PromptId>,
}

impl Hangup {
    pub(super) fn enter(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        if self.prompts.is_empty() {
            out.push(Action::HangUp);
            return Step::Over;
        }
        progress.speak(self.prompts.clone(), out);
        Step::Wait
    }
}

pub(super) fn handle(input: Input, out: &mut Vec<Action>) -> Step {
    match input {
        Input::PromptEnded { .. } => {
            out.push(Action::HangUp);
            Step::Over
        }
        Input::Start | Input::Digit(_) | Input::Timeout => Step::Wait,
    }
}
