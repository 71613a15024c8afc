//! What the entries of a profile say of each other: names that must exist, numbers that must be one's own.
//!
//! **Not here.** Form and range of single fields (`app::config::form`).

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::acd::order::Order;
use crate::acd::order::PRIORITY_MAX;
use crate::acd::relaxation;
use crate::acd::relaxation::Action;
use crate::acd::requirement::Requirement;
use crate::app::config::Files;
use crate::app::config::document::Document;
use crate::app::config::form::Entries;
use crate::app::config::manifest::Kind;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::FlowId;
use crate::base::ids::LineId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;
use crate::base::ids::SkillId;
use crate::base::ids::TrunkId;
use crate::base::phone_number::Canonical;
use crate::base::phone_number::Number;
use crate::exchange::profile::Agent;
use crate::exchange::profile::Device;
use crate::exchange::profile::Line;
use crate::exchange::profile::Queue;
use crate::exchange::profile::Seat;
use crate::exchange::profile::Site;
use crate::exchange::profile::Trunk;
use crate::ivr::flow::Flow;
use crate::ivr::validate::suggest;

/// Reasons that the program itself sets.
const OWN_REASONS: [&str; 4] = ["login", "rona", "rejects", "device"];

/// Every entry that was read, faulty ones by their id.
pub(super) struct Parts {
    pub(super) site: Option<Site>,
    pub(super) trunks: Entries<TrunkId, Trunk>,
    pub(super) lines: Entries<LineId, Line>,
    pub(super) order: Order,
    pub(super) queues: Entries<QueueId, Queue>,
    pub(super) skills: BTreeMap<SkillId, String>,
    pub(super) reasons: BTreeMap<ReasonId, String>,
    pub(super) agents: Entries<AgentId, Agent>,
    pub(super) devices: Entries<DeviceId, Device>,
    pub(super) seats: Entries<SeatId, Seat>,
    pub(super) flows: Entries<FlowId, Flow>,
    pub(super) prompts: Entries<PromptId, Kind>,
}

/// Finds every fault between entries.
pub(super) fn check(parts: &Parts, files: &Files) {
    trunks(parts, &files.trunk);
    lines(parts, &files.site);
    queues(parts, &files.queues);
    agents(parts, &files.agents);
    phones(parts, &files.devices);
}

/// Remembers who holds each value; a second holder is a fault.
struct Owners<'a> {
    document: &'a Document<'a>,
    what: &'static str,
    held: BTreeMap<String, String>,
}

impl<'a> Owners<'a> {
    fn new(document: &'a Document<'a>, what: &'static str) -> Self {
        Self {
            document,
            what,
            held: BTreeMap::new(),
        }
    }

    fn claim(&mut self, path: &str, value: impl Display, owner: impl Display) {
        let (what, value) = (self.what, value.to_string());
        if let Some(first) = self.held.get(&value) {
            let problem = format!("{what} `{value}` is that of `{first}` already");
            self.document
                .fault(path, problem, format!("give `{owner}` another {what}"));
        } else {
            self.held.insert(value, owner.to_string());
        }
    }
}

fn known<K: Ord + Display, V>(document: &Document, path: &str, what: &str, id: &K, names: &BTreeMap<K, V>) {
    if !names.contains_key(id) {
        let listed: Vec<String> = names.keys().map(ToString::to_string).collect();
        let fix = suggest(&id.to_string(), listed.iter().map(String::as_str));
        document.fault(path, format!("there is no {what} `{id}`"), fix);
    }
}

fn sound<K, V>(entries: &Entries<K, V>) -> impl Iterator<Item = (&K, &V)> {
    entries
        .iter()
        .filter_map(|(id, entry)| entry.as_ref().map(|entry| (id, entry)))
}

fn trunks(parts: &Parts, document: &Document) {
    let mut addresses = Owners::new(document, "address");
    for (id, trunk) in sound(&parts.trunks) {
        for (at, address) in trunk.addresses.iter().enumerate() {
            addresses.claim(&format!("trunks.{id}.addresses.{at}"), address.to_canonical(), id);
        }
    }
    if parts.trunks.is_empty() {
        document.fault(
            "trunks",
            "there is no trunk",
            "add [trunks.carrier]: without one no call arrives",
        );
    }
}

fn lines(parts: &Parts, document: &Document) {
    let area = parts.site.as_ref().map_or("", |site| site.area_code.as_str());
    let mut numbers = Owners::new(document, "number");
    for (id, line) in sound(&parts.lines) {
        known(
            document,
            &format!("lines.{id}.flow"),
            "flow",
            &line.flow,
            &parts.flows,
        );
        numbers.claim(&format!("lines.{id}.number"), canonical(&line.number, area), id);
    }
    if parts.lines.is_empty() {
        document.fault(
            "lines",
            "there is no line",
            "add [lines.hotline]: without one no number leads to us",
        );
    }
}

fn queues(parts: &Parts, document: &Document) {
    for (id, queue) in sound(&parts.queues) {
        for skill in queue.skills.keys() {
            known(
                document,
                &format!("queues.{id}.skills.{skill}"),
                "skill",
                skill,
                &parts.skills,
            );
        }
        distribution(parts, document, id, queue);
        let path = format!("queues.{id}.music");
        known(document, &path, "prompt", &queue.music, &parts.prompts);
        if parts.prompts.get(&queue.music) == Some(&Some(Kind::Speech)) {
            let music = sound(&parts.prompts)
                .filter(|(_, kind)| **kind != Kind::Speech)
                .map(|(id, _)| id.as_str());
            document.fault(
                &path,
                format!("`{}` is speech and would be repeated", queue.music),
                suggest("", music),
            );
        }
    }
    for reason in OWN_REASONS {
        if !parts.reasons.keys().any(|id| id.as_str() == reason) {
            let path = format!("reasons.{reason}");
            document.fault(
                &path,
                format!("the reason `{reason}` is missing"),
                format!("add {reason} = \"…\""),
            );
        }
    }
}

/// What a queue says of who gets its items: names that must be there, levels within bounds, a plan that only widens.
fn distribution(parts: &Parts, document: &Document, id: &QueueId, queue: &Queue) {
    let how = &queue.distribution;
    let path = |field: &str| format!("queues.{id}.distribution.{field}");
    let least = Requirement::from_levels(&queue.skills);
    let requires = match &how.requires {
        Some(more) => Requirement::All(vec![least, more.clone()]),
        None => least,
    };
    if let Some(fault) = requires.fault() {
        document.fault(
            &path("requires"),
            fault,
            "write a smaller tree with levels within bounds",
        );
    }
    let named = how.requires.iter().flat_map(Requirement::skills);
    for skill in named.chain(how.preferred.iter().map(|liked| &liked.skill)) {
        known(document, &path("requires"), "skill", skill, &parts.skills);
    }
    for (at, words) in relaxation::faults(&requires, &how.relaxation) {
        document.fault(
            &path(&format!("relaxation.{at}")),
            words,
            "correct the step or leave it out",
        );
    }
    for (at, step) in how.relaxation.iter().enumerate() {
        let path = path(&format!("relaxation.{at}"));
        match &step.action {
            Action::AddQueue(other) => known(document, &path, "queue", other, &parts.queues),
            Action::AllowAgents(agents) => {
                for agent in agents {
                    known(document, &path, "agent", agent, &parts.agents);
                }
            }
            Action::AddAlternative(tree) => {
                for skill in tree.skills() {
                    known(document, &path, "skill", skill, &parts.skills);
                }
            }
            Action::Lower { .. } | Action::Drop(_) | Action::Ring(_) | Action::AnyInQueue => {}
        }
    }
    let within = how.priority <= PRIORITY_MAX
        && how.ageing.cap <= PRIORITY_MAX
        && how.ageing.step_s != 0
        && (1..=100).contains(&how.weight)
        && how.match_weight <= 100;
    if !within {
        document.fault(
            &format!("queues.{id}.distribution"),
            "priority and ageing.cap are 0 to 9, ageing.step_s at least 1, weight 1 to 100, match_weight 0 to 100",
            "write numbers within",
        );
    }
}

fn agents(parts: &Parts, document: &Document) {
    let mut users = Owners::new(document, "user");
    for (id, agent) in sound(&parts.agents) {
        users.claim(&format!("agents.{id}.user"), &agent.user, id);
        for skill in agent.skills.keys() {
            known(
                document,
                &format!("agents.{id}.skills.{skill}"),
                "skill",
                skill,
                &parts.skills,
            );
        }
        for (at, device) in agent.devices.iter().enumerate() {
            known(
                document,
                &format!("agents.{id}.devices.{at}"),
                "device",
                device,
                &parts.devices,
            );
        }
        for (at, name) in agent.queues.iter().enumerate() {
            let path = format!("agents.{id}.queues.{at}");
            known(document, &path, "queue", name, &parts.queues);
            let Some(Some(queue)) = parts.queues.get(name) else {
                continue;
            };
            for (skill, least) in queue
                .skills
                .iter()
                .filter(|(skill, _)| parts.skills.contains_key(*skill))
            {
                let level = agent.skills.get(skill).copied().unwrap_or(0);
                if level < *least {
                    let problem =
                        format!("`{name}` asks for {skill} {least}, `{id}` has {level}: no call would come");
                    document.fault(
                        &path,
                        problem,
                        format!("raise {skill} to {least} or leave `{name}` out"),
                    );
                }
            }
        }
    }
}

fn phones(parts: &Parts, document: &Document) {
    let area = parts.site.as_ref().map_or("", |site| site.area_code.as_str());
    let mut users = Owners::new(document, "user");
    let mut extensions = Owners::new(document, "extension");
    for (id, line) in sound(&parts.lines) {
        extensions.held.insert(line.number.clone(), format!("line {id}"));
        extensions
            .held
            .insert(canonical(&line.number, area), format!("line {id}"));
    }
    for (id, device) in sound(&parts.devices) {
        users.claim(&format!("devices.{id}.user"), &device.user, id);
        if let Some(extension) = &device.extension {
            extensions.claim(&format!("devices.{id}.extension"), extension, id);
        }
    }
    let mut desks = Owners::new(document, "device");
    for (id, seat) in sound(&parts.seats) {
        if let Some(device) = &seat.device {
            let path = format!("seats.{id}.device");
            known(document, &path, "device", device, &parts.devices);
            desks.claim(&path, device, id);
        }
    }
}

/// The form in which numbers are compared.
fn canonical(number: &str, area: &str) -> String {
    let number = Number::parse(number, area);
    match &number.canonical {
        Canonical::E164(_) | Canonical::Short(_) => number.canonical_text().to_owned(),
        Canonical::Anonymous | Canonical::Invalid => number.raw,
    }
}
