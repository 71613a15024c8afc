//! The form of a flow's file: which fields each verb has.
//!
//! **Not here.** Whether the flow is sound (`ivr::validate`).

use std::collections::BTreeMap;

use crate::app::config::document::Document;
use crate::app::config::document::Table;
use crate::app::config::form::entries;
use crate::base::ids::NodeId;
use crate::ivr::flow::Flow;
use crate::ivr::node::Node;
use crate::ivr::node::branch::Branch;
use crate::ivr::node::collect::Collect;
use crate::ivr::node::enqueue::Enqueue;
use crate::ivr::node::hangup::Hangup;
use crate::ivr::node::play::Play;
use crate::ivr::validate::World;
use crate::ivr::validate::suggest;
use crate::ivr::validate::validate;

const VERBS: [&str; 5] = ["play", "collect", "branch", "enqueue", "hangup"];

/// Reads a flow and, when its form is right and it is known what it may name, checks its soundness; `None` after a
/// fault.
pub(super) fn flow(document: &Document<'_>, world: Option<&World>) -> Option<Flow> {
    let root = document.root();
    let name = root.required("name");
    let start = root.required("start");
    let notice = root.optional("notice");
    let nodes = entries(&root, "nodes", node);
    root.finish();
    let flow = Flow {
        name: name?,
        start: start?,
        notice,
        nodes: whole(nodes)?,
    };
    if let Some(world) = world.filter(|_| document.is_sound()) {
        for fault in validate(&flow, world) {
            document.fault(&fault.path, fault.problem, fault.fix);
        }
    }
    document.is_sound().then_some(flow)
}

/// Every entry, if none is faulty.
fn whole(nodes: BTreeMap<NodeId, Option<Node>>) -> Option<BTreeMap<NodeId, Node>> {
    nodes
        .into_iter()
        .map(|(id, node)| node.map(|node| (id, node)))
        .collect()
}

fn node(table: &Table<'_>) -> Option<Node> {
    let Some(verb) = table.required::<String>("verb") else {
        table.ask_all();
        return None;
    };
    match verb.as_str() {
        "play" => play(table).map(Node::Play),
        "collect" => collect(table).map(Node::Collect),
        "branch" => branch(table).map(Node::Branch),
        "enqueue" => enqueue(table).map(Node::Enqueue),
        "hangup" => Some(Node::Hangup(Hangup {
            prompts: table.list("prompts"),
        })),
        other => {
            table.fault(
                "verb",
                format!("there is no verb `{other}`"),
                suggest(other, VERBS),
            );
            table.ask_all();
            None
        }
    }
}

fn play(table: &Table<'_>) -> Option<Play> {
    let prompts = table.list("prompts");
    let interruptible = table.or("interruptible", false);
    let next = table.required("next");
    Some(Play {
        prompts,
        interruptible,
        next: next?,
    })
}

fn collect(table: &Table<'_>) -> Option<Collect> {
    let choices = table.map::<String, NodeId>("choices").into_iter().collect();
    let default = table.required("default");
    let timeout = table.required("timeout");
    let collect = Collect {
        prompts: table.list("prompts"),
        interruptible: table.or("interruptible", true),
        digits: table.or("digits", 1),
        timeout_ms: table.or("timeout_ms", 3000),
        invalid: table.list("invalid"),
        retries: table.or("retries", 1),
        choices,
        default: default?,
        timeout: timeout?,
    };
    Some(collect)
}

fn branch(table: &Table<'_>) -> Option<Branch> {
    let on = table.required("on");
    let cases = table.map::<String, NodeId>("cases").into_iter().collect();
    let otherwise = table.required("otherwise");
    Some(Branch {
        on: on?,
        cases,
        otherwise: otherwise?,
    })
}

fn enqueue(table: &Table<'_>) -> Option<Enqueue> {
    let queue = table.required("queue");
    let prompts = table.list("prompts");
    Some(Enqueue {
        queue: queue?,
        prompts,
    })
}
