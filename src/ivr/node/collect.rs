//! `collect`: asks, listens for keys, and goes where they lead.
//!
//! ```text
//!            keys ahead                    wrong, retries left
//! enter ───────────────────▶ choose ◀─────────────────────────┐
//!   │                          ▲  │ └─ choice | default        │
//!   ▼         prompt ended     │  └───────────────────▶ Speaking
//! Speaking ─────────────▶ Listening ─ timer, no key ─▶ timeout
//!   └─ key (interruptible) ──▶ │
//! ```
//! **Invariants.** A silent caller leaves by `timeout` after the first question; wrong keys lead to `default` once
//! the retries are used. Only keys that are a choice are reported: what else a caller keys is written nowhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::base::limits::DIGITS_MAX;
use crate::ivr::flow::CHOICE;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input;
use crate::ivr::node::Edge;
use crate::ivr::node::Phase;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// The fields of `collect`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The question, in order; empty asks nothing and listens at once.
    #[serde(default)]
    pub prompts: Vec<PromptId>,
    /// A key cuts the question and counts; so it is unless told.
    #[serde(default = "yes")]
    pub interruptible: bool,
    /// Most keys of an answer (1–32), 1 unless told; with more than one, `#` ends the answer early.
    #[serde(default = "one")]
    pub digits: u8,
    /// How long we wait for each key after the question, milliseconds (1000–30000), 3000 unless told.
    #[serde(default = "three_seconds")]
    pub timeout_ms: u32,
    /// Said before the question is asked again.
    #[serde(default)]
    pub invalid: Vec<PromptId>,
    /// How often a wrong key makes us ask again (0–5), once unless told.
    #[serde(default = "one")]
    pub retries: u8,
    /// Where each answer leads, as `"1" = "enterprise"`.
    pub choices: BTreeMap<String, NodeId>,
    /// Where a caller goes who keyed something else once too often.
    pub default: NodeId,
    /// Where a caller goes who keyed nothing.
    pub timeout: NodeId,
}

const fn yes() -> bool {
    true
}

const fn one() -> u8 {
    1
}

const fn three_seconds() -> u32 {
    3000
}

impl Collect {
    pub(super) fn edges(&self) -> Vec<Edge<'_>> {
        let choices = self.choices.iter().map(|(key, to)| Edge {
            field: format!("choices.{key}"),
            to,
            silent: false,
        });
        let mut edges: Vec<_> = choices.collect();
        edges.push(Edge {
            field: "default".to_owned(),
            to: &self.default,
            silent: false,
        });
        edges.push(Edge {
            field: "timeout".to_owned(),
            to: &self.timeout,
            silent: true,
        });
        edges
    }

    pub(super) fn enter(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        progress.retries_left = self.retries;
        progress.collected.clear();
        if progress.ahead.is_empty() {
            return self.ask(&[], progress, out);
        }
        self.take_ahead(progress, out)
    }

    pub(super) fn handle(&self, input: Input, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        match (progress.phase, input) {
            (Phase::Speaking, Input::PromptEnded { .. }) if progress.ahead.is_empty() => {
                self.listen(progress, out)
            }
            (Phase::Speaking, Input::PromptEnded { .. }) => self.take_ahead(progress, out),
            (Phase::Speaking, Input::Digit(digit)) => {
                progress.keep(digit);
                if !self.interruptible {
                    return Step::Wait;
                }
                out.push(Action::StopPlay);
                self.take_ahead(progress, out)
            }
            (Phase::Listening, Input::Digit(digit)) => {
                out.push(Action::StopTimer);
                if self.take(digit, progress) {
                    self.choose(progress, out)
                } else {
                    self.listen(progress, out)
                }
            }
            (Phase::Listening, Input::Timeout) if progress.collected.is_empty() => {
                leave("", &self.timeout, progress, out)
            }
            (Phase::Listening, Input::Timeout) => self.choose(progress, out),
            // The end of a prompt that a key has cut, or a timer whose stop was in flight.
            (Phase::Listening, Input::PromptEnded { .. })
            | (Phase::Speaking, Input::Timeout)
            | (_, Input::Start) => Step::Wait,
        }
    }

    fn ask(&self, before: &[PromptId], progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        let prompts = [before, &self.prompts].concat();
        if prompts.is_empty() {
            return self.listen(progress, out);
        }
        progress.speak(prompts, out);
        Step::Wait
    }

    fn listen(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        progress.phase = Phase::Listening;
        out.push(Action::SetTimer(Duration::from_millis(u64::from(
            self.timeout_ms,
        ))));
        Step::Wait
    }

    /// Takes keys that were pressed before we listened; those that the answer does not need are kept.
    fn take_ahead(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        let ahead = std::mem::take(&mut progress.ahead);
        let mut keys = ahead.chars();
        while let Some(digit) = keys.next() {
            if self.take(digit, progress) {
                keys.as_str().clone_into(&mut progress.ahead);
                return self.choose(progress, out);
            }
        }
        self.listen(progress, out)
    }

    /// Adds a key to the answer; whether the answer is complete.
    fn take(&self, digit: char, progress: &mut Progress) -> bool {
        if digit == '#' && 1 < self.digits {
            return true;
        }
        let wanted = usize::from(self.digits).min(DIGITS_MAX);
        progress.collected.push(digit);
        wanted <= progress.collected.len()
    }

    fn choose(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        let answer = std::mem::take(&mut progress.collected);
        if let Some(to) = self.choices.get(&answer) {
            return leave(&answer, to, progress, out);
        }
        progress.ahead.clear();
        match progress.retries_left.checked_sub(1) {
            Some(left) => {
                progress.retries_left = left;
                self.ask(&self.invalid, progress, out)
            }
            None => leave("", &self.default, progress, out),
        }
    }
}

/// Reports the answer and goes where it leads.
fn leave(choice: &str, to: &NodeId, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
    progress.variables.insert(CHOICE.to_owned(), choice.to_owned());
    out.push(Action::Collected {
        node: progress.node.clone(),
        choice: choice.to_owned(),
    });
    Step::Go(to.clone())
}
