//! `play`: says something, then goes on.
//!
//! **Invariants.** A key cuts the prompt only where the node allows it; in either case the key is kept and answers
//! the next question. A prompt is not interruptible unless the flow says so, so that a notice is heard whole.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// The fields of `play`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// What is said, in order; at least one.
    pub prompts: Vec<PromptId>,
    /// A key cuts it; it does not unless told.
    #[serde(default)]
    pub interruptible: bool,
    /// Where the flow goes on.
    pub next: NodeId,
}

impl Play {
    pub(super) fn enter(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        if self.prompts.is_empty() || (self.interruptible && !progress.ahead.is_empty()) {
            return Step::Go(self.next.clone());
        }
        progress.speak(self.prompts.clone(), out);
        Step::Wait
    }

    pub(super) fn handle(&self, input: Input, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        match input {
            Input::PromptEnded { .. } => Step::Go(self.next.clone()),
            Input::Digit(digit) => {
                progress.keep(digit);
                if self.interruptible {
                    out.push(Action::StopPlay);
                    return Step::Go(self.next.clone());
                }
                Step::Wait
            }
            Input::Start | Input::Timeout => Step::Wait,
        }
    }
}
