//! The verbs of a flow, one file each, and what they share while a call runs through them.
//!
//! **Invariants.** A verb changes nothing but the `Progress` it is handed and the actions it adds.
//! **Not here.** The walk from node to node and its bound (`ivr::interpreter`).

pub mod branch;
pub mod collect;
pub mod enqueue;
pub mod hangup;
pub mod play;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::base::limits::DIGITS_MAX;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input;
use crate::ivr::node::branch::Branch;
use crate::ivr::node::collect::Collect;
use crate::ivr::node::enqueue::Enqueue;
use crate::ivr::node::hangup::Hangup;
use crate::ivr::node::play::Play;

/// One node: a verb with its fields; `verb = "play"` and so on names it in files and documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "lowercase")]
pub enum Node {
    /// Says something and goes on.
    Play(Play),
    /// Asks for keys.
    Collect(Collect),
    /// Chooses by a variable.
    Branch(Branch),
    /// Hands the caller to a queue: the end of the flow.
    Enqueue(Enqueue),
    /// Ends the call.
    Hangup(Hangup),
}

/// An edge out of a node, with the field that names it as `choices.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge<'a> {
    /// The field of the node that names the successor.
    pub field: String,
    /// The successor.
    pub to: &'a NodeId,
    /// Taken by a caller who keys nothing.
    pub silent: bool,
}

/// A prompt that a node plays, with the field that names it as `prompts.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken<'a> {
    /// The field of the node that names the prompt.
    pub field: String,
    /// The prompt.
    pub prompt: &'a PromptId,
}

impl Node {
    /// Every successor.
    pub fn edges(&self) -> Vec<Edge<'_>> {
        match self {
            Self::Play(play) => vec![Edge {
                field: "next".to_owned(),
                to: &play.next,
                silent: true,
            }],
            Self::Collect(collect) => collect.edges(),
            Self::Branch(branch) => branch.edges(),
            Self::Enqueue(_) | Self::Hangup(_) => Vec::new(),
        }
    }

    /// What a caller hears when he enters the node.
    pub fn prompts(&self) -> &[PromptId] {
        match self {
            Self::Play(Play { prompts, .. })
            | Self::Collect(Collect { prompts, .. })
            | Self::Enqueue(Enqueue { prompts, .. })
            | Self::Hangup(Hangup { prompts }) => prompts,
            Self::Branch(_) => &[],
        }
    }

    /// Every prompt that the node may play.
    pub fn spoken(&self) -> Vec<Spoken<'_>> {
        let name = |field: &str, prompts: &'_ [PromptId]| {
            let field = field.to_owned();
            (0..prompts.len())
                .map(move |at| format!("{field}.{at}"))
                .collect::<Vec<_>>()
        };
        let first = self.prompts();
        let invalid = if let Self::Collect(collect) = self {
            collect.invalid.as_slice()
        } else {
            &[]
        };
        let fields = name("prompts", first).into_iter().chain(name("invalid", invalid));
        fields
            .zip(first.iter().chain(invalid))
            .map(|(field, prompt)| Spoken { field, prompt })
            .collect()
    }

    /// Whether a key cuts what the caller hears on entry.
    pub fn interruptible(&self) -> bool {
        match self {
            Self::Play(play) => play.interruptible,
            Self::Collect(collect) => collect.interruptible,
            Self::Branch(_) | Self::Enqueue(_) | Self::Hangup(_) => false,
        }
    }

    /// Whether the flow ends here.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Enqueue(_) | Self::Hangup(_))
    }

    /// Begins the node.
    pub(super) fn enter(&self, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        match self {
            Self::Play(play) => play.enter(progress, out),
            Self::Collect(collect) => collect.enter(progress, out),
            Self::Branch(branch) => branch.enter(progress),
            Self::Enqueue(enqueue) => enqueue.enter(progress, out),
            Self::Hangup(hangup) => hangup.enter(progress, out),
        }
    }

    /// Advances the node by one input.
    pub(super) fn handle(&self, input: Input, progress: &mut Progress, out: &mut Vec<Action>) -> Step {
        match self {
            Self::Play(play) => play.handle(input, progress, out),
            Self::Collect(collect) => collect.handle(input, progress, out),
            Self::Branch(_) => Step::Wait,
            Self::Enqueue(enqueue) => enqueue.handle(input, out),
            Self::Hangup(_) => hangup::handle(input, out),
        }
    }
}

/// What follows a step of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until the next input.
    Wait,
    /// Another node begins.
    Go(NodeId),
    /// The flow is over.
    Over,
}

/// Whether a node speaks or listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A prompt plays.
    Speaking,
    /// The caller has the word; a timer runs.
    Listening,
}

/// Where one call stands within its flow.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// The node.
    pub node: NodeId,
    /// The flow's notice, to mark the playback that carries it.
    pub notice: Option<PromptId>,
    /// Speaking or listening.
    pub phase: Phase,
    /// Keys pressed ahead of the question, at most [`DIGITS_MAX`].
    pub ahead: String,
    /// Keys of the answer so far, at most the node's `digits`.
    pub collected: String,
    /// How often the node may still ask again.
    pub retries_left: u8,
    /// What a `branch` reads.
    pub variables: BTreeMap<String, String>,
}

impl Progress {
    /// Plays `prompts`; the node speaks until they end.
    pub(super) fn speak(&mut self, prompts: Vec<PromptId>, out: &mut Vec<Action>) {
        self.phase = Phase::Speaking;
        let notice = self
            .notice
            .as_ref()
            .is_some_and(|notice| prompts.contains(notice));
        out.push(Action::Play { prompts, notice });
    }

    /// Keeps a key for the next question; keys beyond the bound are dropped.
    pub(super) fn keep(&mut self, digit: char) {
        if self.ahead.len() < DIGITS_MAX {
            self.ahead.push(digit);
        }
    }
}
