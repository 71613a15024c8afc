//! Says whether a flow is sound: everything it names exists, and every caller gets somewhere.
//!
//! **Invariants.** All faults are found at once, each with the field it stands in and a sentence that says what to
//! do. Of a flow without faults: a caller who keys nothing reaches a person or an end, and nobody reaches a queue
//! without having heard the flow's notice.
//! **Not here.** The form of the file, its lines (`app::config`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Display;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::limits::DIGITS_MAX;
use crate::ivr::flow::Flow;
use crate::ivr::flow::VARIABLES;
use crate::ivr::interpreter::is_key;
use crate::ivr::node::Node;
use crate::ivr::node::collect::Collect;

/// Least and most time a caller is given for a key, milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 1_000..=30_000;
/// How often a question may be asked again.
const RETRIES_MAX: u8 = 5;
/// Most names that a fix lists when none is near.
const NAMES_LISTED: usize = 8;

/// What is wrong with a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowFault {
    /// The field, as `nodes.menu.choices.1`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// What a flow may name.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Prompts of the manifest.
    pub prompts: BTreeSet<PromptId>,
    /// Queues of the profile.
    pub queues: BTreeSet<QueueId>,
}

/// Finds every fault of `flow`; none means that it may be published.
pub fn validate(flow: &Flow, world: &World) -> Vec<FlowFault> {
    let mut check = Check {
        flow,
        world,
        faults: Vec::new(),
    };
    check.names();
    for (id, node) in &flow.nodes {
        check.node(id, node);
    }
    // Paths are judged only when every name leads somewhere: else a slip of the pen would be told twice.
    let whole = |node: &Node| node.edges().iter().all(|edge| flow.nodes.contains_key(edge.to));
    if flow.nodes.contains_key(&flow.start) && flow.nodes.values().all(whole) {
        check.ways();
        check.notice();
    }
    check.faults
}

/// The name that `word` was probably meant to be: the nearest by edit distance, if near enough.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let near = names.into_iter().map(|name| (distance(word, name), name));
    near.filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// What to do about a name that does not exist.
pub fn suggest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if let Some(name) = nearest(word, names.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    let listed: Vec<String> = names
        .iter()
        .take(NAMES_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match (listed.is_empty(), NAMES_LISTED < names.len()) {
        (true, _) => "there is none yet: add it".to_owned(),
        (false, false) => format!("write one of {}", listed.join(", ")),
        (false, true) => format!(
            "write one of {} or {} more",
            listed.join(", "),
            names.len() - NAMES_LISTED
        ),
    }
}

/// Levenshtein's distance: how many characters must be put in, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, have) in one.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (want, cell) in other.chars().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(have != want);
            diagonal = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

struct Check<'a> {
    flow: &'a Flow,
    world: &'a World,
    faults: Vec<FlowFault>,
}

impl Check<'_> {
    fn fault(&mut self, path: impl Display, problem: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(FlowFault {
            path: path.to_string(),
            problem: problem.into(),
            fix: fix.into(),
        });
    }

    fn suggest_node(&self, word: &NodeId) -> String {
        suggest(word.as_str(), self.flow.nodes.keys().map(NodeId::as_str))
    }

    fn prompt(&mut self, path: impl Display, prompt: &PromptId) {
        if !self.world.prompts.contains(prompt) {
            let fix = suggest(prompt.as_str(), self.world.prompts.iter().map(PromptId::as_str));
            self.fault(path, format!("the manifest has no prompt `{prompt}`"), fix);
        }
    }

    fn names(&mut self) {
        let flow = self.flow;
        if flow.name.trim().is_empty() {
            self.fault(
                "name",
                "the flow has no name",
                "write the name that screens show, as `主流程`",
            );
        }
        if !flow.nodes.contains_key(&flow.start) {
            let fix = self.suggest_node(&flow.start);
            self.fault("start", format!("the flow has no node `{}`", flow.start), fix);
        }
        if let Some(notice) = &flow.notice {
            self.prompt("notice", notice);
        }
    }

    fn node(&mut self, id: &NodeId, node: &Node) {
        let at = format!("nodes.{id}");
        for edge in node.edges() {
            if !self.flow.nodes.contains_key(edge.to) {
                let fix = self.suggest_node(edge.to);
                self.fault(
                    format!("{at}.{}", edge.field),
                    format!("the flow has no node `{}`", edge.to),
                    fix,
                );
            }
        }
        for spoken in node.spoken() {
            self.prompt(format!("{at}.{}", spoken.field), spoken.prompt);
        }
        match node {
            Node::Play(play) if play.prompts.is_empty() => {
                self.fault(
                    format!("{at}.prompts"),
                    "nothing is played",
                    "name a prompt or leave the node out",
                );
            }
            Node::Collect(collect) => self.collect(&at, collect),
            Node::Branch(branch) if !VARIABLES.contains(&branch.on.as_str()) => {
                let fix = suggest(&branch.on, VARIABLES);
                self.fault(
                    format!("{at}.on"),
                    format!("there is no variable `{}`", branch.on),
                    fix,
                );
            }
            Node::Enqueue(enqueue) if !self.world.queues.contains(&enqueue.queue) => {
                let fix = suggest(
                    enqueue.queue.as_str(),
                    self.world.queues.iter().map(QueueId::as_str),
                );
                self.fault(
                    format!("{at}.queue"),
                    format!("there is no queue `{}`", enqueue.queue),
                    fix,
                );
            }
            Node::Play(_) | Node::Branch(_) | Node::Enqueue(_) | Node::Hangup(_) => {}
        }
    }

    fn collect(&mut self, at: &str, collect: &Collect) {
        let digits = usize::from(collect.digits);
        if !(1..=DIGITS_MAX).contains(&digits) {
            self.fault(
                format!("{at}.digits"),
                format!("{digits} is out of range"),
                format!("write 1 to {DIGITS_MAX}"),
            );
        }
        if !TIMEOUT_MS.contains(&collect.timeout_ms) {
            let fix = format!(
                "write {} to {} milliseconds",
                TIMEOUT_MS.start(),
                TIMEOUT_MS.end()
            );
            self.fault(
                format!("{at}.timeout_ms"),
                format!("{} ms is out of range", collect.timeout_ms),
                fix,
            );
        }
        if RETRIES_MAX < collect.retries {
            let problem = format!("{} is out of range", collect.retries);
            self.fault(
                format!("{at}.retries"),
                problem,
                format!("write 0 to {RETRIES_MAX}"),
            );
        }
        if collect.choices.is_empty() {
            self.fault(
                format!("{at}.choices"),
                "no key leads anywhere",
                "name a key, as \"1\" = \"enterprise\"",
            );
        }
        for key in collect.choices.keys() {
            let keys = key.chars().count();
            let ends_early = 1 < digits && key.contains('#');
            if keys == 0 || digits < keys || !key.chars().all(is_key) || ends_early {
                let fix = match (digits, ends_early) {
                    (_, true) => "`#` ends an answer of several keys: leave it out".to_owned(),
                    (0 | 1, _) => "write one of 0 to 9, * and #".to_owned(),
                    (most, _) => format!("write 1 to {most} of 0 to 9 and *"),
                };
                self.fault(
                    format!("{at}.choices.{key}"),
                    format!("`{key}` cannot be keyed"),
                    fix,
                );
            }
        }
    }

    /// Who gets where: unreachable nodes, dead ends, circles.
    fn ways(&mut self) {
        let flow = self.flow;
        let reached = reach(flow, &flow.start, |_| true, |_| true);
        for id in flow.nodes.keys().filter(|id| !reached.contains(*id)) {
            self.fault(
                format!("nodes.{id}"),
                format!("no path leads to `{id}`"),
                "lead a path to it or leave it out",
            );
        }
        let mut circling = BTreeSet::new();
        for id in &reached {
            let onward = reach(flow, id, |_| true, |_| true);
            if !onward
                .iter()
                .any(|id| flow.nodes.get(id).is_some_and(Node::is_end))
            {
                let problem = format!("from `{id}` no path leads to a person or an end");
                self.fault(
                    format!("nodes.{id}"),
                    problem,
                    "lead a path to an enqueue or hangup node",
                );
            } else if let Some(field) = self.circle(id, &mut circling) {
                let problem = format!("a caller who keys nothing may run in circles through `{id}`");
                self.fault(
                    format!("nodes.{id}.{field}"),
                    problem,
                    "lead it to an enqueue or hangup node",
                );
            }
        }
    }

    /// The field by which a silent caller leaves `id` and comes back; each circle is told once.
    fn circle(&self, id: &NodeId, told: &mut BTreeSet<NodeId>) -> Option<String> {
        let node = self.flow.nodes.get(id)?;
        let edges = node.edges();
        let mut back = edges.iter().filter(|edge| edge.silent).filter_map(|edge| {
            let way = reach(self.flow, edge.to, |_| true, |silent| silent);
            way.contains(id).then_some((edge.field.clone(), way))
        });
        let (field, way) = back.next()?;
        let new = !told.contains(id);
        told.extend(way);
        new.then_some(field)
    }

    /// Every path to a queue passes the notice, and no key cuts it.
    fn notice(&mut self) {
        let flow = self.flow;
        let Some(notice) = &flow.notice else { return };
        let plays = |node: &Node| node.prompts().contains(notice);
        let players: BTreeMap<&NodeId, &Node> = flow.nodes.iter().filter(|(_, node)| plays(node)).collect();
        if players.is_empty() {
            let fix = "play it before the first queue, or leave `notice` out";
            return self.fault("notice", format!("no node plays the notice `{notice}`"), fix);
        }
        for (id, _) in players.iter().filter(|(_, node)| node.interruptible()) {
            let problem = format!("a key cuts the notice `{notice}`");
            self.fault(
                format!("nodes.{id}.interruptible"),
                problem,
                "write interruptible = false",
            );
        }
        for id in reach(flow, &flow.start, |node| !plays(node), |_| true) {
            if let Some(node @ Node::Enqueue(_)) = flow.nodes.get(&id)
                && !plays(node)
            {
                let problem = format!("`{id}` is reached by a path without the notice `{notice}`");
                self.fault(
                    format!("nodes.{id}"),
                    problem,
                    "play the notice on every path before it",
                );
            }
        }
    }
}

/// Every existing node that is reached from `from`, itself included: onward through nodes that are `open`, by edges
/// whose silence is wanted.
fn reach(
    flow: &Flow,
    from: &NodeId,
    open: impl Fn(&Node) -> bool,
    wanted: impl Fn(bool) -> bool,
) -> BTreeSet<NodeId> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(id) = waiting.pop() {
        let Some((id, node)) = flow.nodes.get_key_value(id) else {
            continue;
        };
        if reached.insert(id.clone()) && open(node) {
            waiting.extend(
                node.edges()
                    .into_iter()
                    .filter(|edge| wanted(edge.silent))
                    .map(|edge| edge.to),
            );
        }
    }
    reached
}
