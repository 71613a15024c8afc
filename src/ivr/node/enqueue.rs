//! `enqueue`: hands the caller to a queue, where the flow ends.
//!
//! **Not here.** Music and announcements of the queue (`exchange::profile::Queue`), who answers (`acd`).

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// The fields of `enqueue`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enqueue {
    /// The queue.
    pub queue: QueueId,
    /// Said first, uninterruptible; the wait in the queue begins after it. Usually empty: a person is better.
    #[serde(default)]
    pub prompts: Vec<PromptId>,
}

impl Enqueue {
    pub(super) fn enter(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        if self.prompts.is_empty() {
            return self.leave(out);
        }
        progress.speak(self.prompts.clone(), out);
        Step::Wait
    }

    pub(super) fn handle(&self, input: Input, out: &mut Vec<Action>) -> Step {
        match input {
            Input::PromptEnded { .. } => self.leave(out),
            Input::Start | Input::Digit(_) | Input::Timeout => Step::Wait,
        }
    }

    fn leave(&self, out: &mut Vec<Action>) -> Step {
        out.push(Action::Enqueue {
            queue: self.queue.clone(),
        });
        Step::Over
    }
}
