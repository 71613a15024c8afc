//! Walks one caller through one flow: keys, ended prompts and timeouts go in, actions come out.
//!
//! ```text
//! Idle ─ start ─▶ Running ─ enqueue | hang up | fault ─▶ Over
//!                  │  ▲
//!                  └──┘ prompt ended, digit, timeout
//! ```
//! Driven by `call::machine`, which plays, arms the one timer and queues the caller. It gives the end of the latest
//! playback only; the late end of a playback that was cut is harmless.
//!
//! **Invariants.** One input visits at most [`FLOW_STEPS_MAX`] nodes: a flow that runs in circles ends the call. At
//! most one timer is armed. After `Over` nothing happens any more. Keys are kept within `DIGITS_MAX`.
//! **Not here.** What each verb does (`ivr::node`), whether a flow is sound (`ivr::validate`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::limits::FLOW_STEPS_MAX;
use crate::ivr::flow::Flow;
use crate::ivr::node::Phase;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// What happens to a caller in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The call is answered.
    Start,
    /// What was played ended.
    PromptEnded {
        /// To its end, not cut.
        whole: bool,
    },
    /// A key: `0-9 * # A-D`; anything else is ignored.
    Digit(char),
    /// The armed timer ran out.
    Timeout,
}

/// What the call must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play to the caller, once, in place of what he hears; its end comes back.
    Play {
        /// In order.
        prompts: Vec<PromptId>,
        /// The flow's notice is among them: that it was played is written down.
        notice: bool,
    },
    /// Stop what is played.
    StopPlay,
    /// Arm the one timer, in place of an armed one.
    SetTimer(Duration),
    /// Disarm it.
    StopTimer,
    /// The caller answered a question.
    Collected {
        /// Which.
        node: NodeId,
        /// His choice; empty when he keyed nothing, or nothing that is a choice.
        choice: String,
    },
    /// Put the caller into a queue; the flow is over.
    Enqueue {
        /// Which.
        queue: QueueId,
    },
    /// End the call; the flow is over. [`Interpreter::fault`] says whether the flow itself is the reason.
    HangUp,
}

/// Why a flow could not go on; a validated flow has none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// A node names a successor that the flow does not have.
    #[error("the flow has no node {0}")]
    NoNode(NodeId),
    /// Too many nodes were visited without waiting for anything.
    #[error("the flow runs in circles at node {0}")]
    Endless(NodeId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Running,
    Over,
}

/// One call's way through its flow.
#[derive(Debug)]
pub struct Interpreter {
    flow: Arc<Flow>,
    state: State,
    progress: Progress,
    fault: Option<FlowError>,
}

impl Interpreter {
    /// A call at the beginning of `flow`; `variables` is what a `branch` may read beside the caller's choice.
    pub fn new(flow: Arc<Flow>, variables: BTreeMap<String, String>) -> Self {
        let progress = Progress {
            node: flow.start.clone(),
            notice: flow.notice.clone(),
            phase: Phase::Speaking,
            ahead: String::new(),
            collected: String::new(),
            retries_left: 0,
            variables,
        };
        Self {
            flow,
            state: State::Idle,
            progress,
            fault: None,
        }
    }

    /// Advances the walk by one input; actions are added to `out` in the order in which they must happen.
    pub fn handle(&mut self, input: Input, out: &mut Vec<Action>) {
        let flow = Arc::clone(&self.flow);
        let step = match (&self.state, input) {
            (State::Idle, Input::Start) => {
                self.state = State::Running;
                Step::Go(flow.start.clone())
            }
            (State::Running, Input::Digit(digit)) if !is_key(digit) => Step::Wait,
            (State::Running, input) => match flow.nodes.get(&self.progress.node) {
                Some(node) => node.handle(input, &mut self.progress, out),
                None => Step::Wait,
            },
            (State::Idle | State::Over, _) => Step::Wait,
        };
        self.walk(&flow, step, out);
    }

    /// The node at which the caller is, or was when the flow ended.
    pub fn node(&self) -> &NodeId {
        &self.progress.node
    }

    /// Whether the flow has handed the caller on or ended the call.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Why the flow itself ended the call, if it did.
    pub fn fault(&self) -> Option<&FlowError> {
        self.fault.as_ref()
    }

    fn walk(&mut self, flow: &Flow, mut step: Step, out: &mut Vec<Action>) {
        for _ in 0..FLOW_STEPS_MAX {
            let next = match step {
                Step::Wait => return,
                Step::Over => {
                    self.state = State::Over;
                    return;
                }
                Step::Go(next) => next,
            };
            let Some(node) = flow.nodes.get(&next) else {
                return self.fail(FlowError::NoNode(next), out);
            };
            self.progress.node = next;
            step = node.enter(&mut self.progress, out);
        }
        match step {
            Step::Wait => {}
            Step::Over => self.state = State::Over,
            Step::Go(_) => self.fail(FlowError::Endless(self.progress.node.clone()), out),
        }
    }

    fn fail(&mut self, error: FlowError, out: &mut Vec<Action>) {
        self.state = State::Over;
        self.fault = Some(error);
        out.push(Action::HangUp);
    }
}

/// Whether a character is a key of a telephone. Source: RFC 4733 §3.2, table 3.
pub fn is_key(digit: char) -> bool {
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')
}
