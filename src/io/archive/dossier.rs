//! Everything an order's package says, opened: the five blocks of 3.4 and every fact.
//!
//! **Invariants.** The history is folded from the facts themselves: each event shows the state and the words before and
//! after it. `Debug` shows no word.
//! **Not here.** Reading it from the database (`engine::archiver`).
//! **Source.** DB1302/T 604—2025 3.4, 7.9.3.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::base::civil::SiteZone;
use crate::base::time::WallTime;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::codec::Envelope;
use crate::fact::personal::Personal;
use crate::io::archive::manifest::Missing;
use crate::io::archive::manifest::Sound;
use crate::ticket::evolve;
use crate::ticket::model::FileRef;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;

/// Everything about an order.
#[derive(Clone)]
pub struct Dossier {
    /// The order; draft and texts are complete.
    pub ticket: Ticket,
    /// The caller's number in full.
    pub caller: Option<String>,
    /// Whether the words were erased with their key.
    pub erased: bool,
    /// Every fact, oldest first.
    pub events: Vec<Event>,
    /// The hash of the last fact in its chain.
    pub last_fact: String,
    /// Recordings; none as a path when the file is not there.
    pub sounds: Vec<(Sound, Option<PathBuf>)>,
    /// Files somebody added: purpose and, when they are there, bytes.
    pub files: Vec<Attachment>,
    /// What is known to be missing before anything is packed.
    pub missing: Vec<Missing>,
    /// Names of codes.
    pub names: Names,
    /// Who packs or looks, as the watermark shows him.
    pub made_by: String,
    /// When.
    pub made_at: WallTime,
    /// The site's zone, for people.
    pub zone: SiteZone,
}

/// A file of the order.
#[derive(Clone)]
pub struct Attachment {
    /// Its id, hash, length and type.
    pub file: FileRef,
    /// What it shows.
    pub purpose: String,
    /// Its bytes.
    pub bytes: Option<Vec<u8>>,
}

/// Names of codes for people; what has no name is shown as its code.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Organs by id.
    pub organs: BTreeMap<String, String>,
    /// The event type with what is above it.
    pub category: String,
    /// The region with what is above it.
    pub region: String,
}

/// A fact of the order.
#[derive(Clone, PartialEq, Serialize)]
pub struct Event {
    /// The chain it is in.
    pub node: String,
    /// Its place there.
    pub fact_no: u64,
    /// When.
    pub at: WallTime,
    /// What, as `ticket.signed`.
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// By which way, as `api:sign`.
    pub cause: String,
    /// Codes, numbers, instants, ids.
    pub body: Value,
    /// The state before it; none before the first.
    pub before: Option<State>,
    /// The state after it.
    pub after: State,
    /// The order's version after it.
    pub version: i64,
    /// Words and fields it changed.
    pub changed: Vec<Change>,
    /// Whether words were there and their key was erased.
    pub erased: bool,
    /// Its hash in the chain.
    pub hash: String,
}

/// A field before and after.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which.
    pub name: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

impl fmt::Debug for Dossier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dossier({}, {} facts)", self.ticket.number, self.events.len())
    }
}

/// The history of an order from its envelopes, oldest first, each with its words opened. Facts of other kinds that name
/// the order (calls, reads) are listed without a change.
pub fn history(ticket: &Ticket, envelopes: &[(Envelope, Option<Personal>)]) -> Vec<Event> {
    let mut folded: Option<Ticket> = None;
    let mut events = Vec::with_capacity(envelopes.len());
    for (envelope, personal) in envelopes {
        let at = WallTime::from_micros(envelope.at_us);
        let before = folded.as_ref().map(|it| (it.state, fields(it)));
        if let Ok(Some(Fact::Ticket(fact))) = envelope.fact() {
            let now = folded.get_or_insert_with(|| Ticket {
                interaction: ticket.interaction,
                ..evolve::blank(ticket.id, at)
            });
            evolve::evolve(now, at, &fact, personal.as_ref());
        }
        let (state, words) = before.clone().unzip();
        let words = words.unwrap_or_default();
        let now = folded.as_ref();
        events.push(Event {
            node: envelope.node.clone(),
            fact_no: envelope.fact_no.0,
            at,
            kind: envelope.kind.clone(),
            actor: envelope.actor.clone(),
            cause: envelope.cause.clone(),
            body: envelope.body.clone(),
            before: state,
            after: now.map_or(State::Draft, |it| it.state),
            version: now.map_or(0, |it| it.version),
            changed: now.map(|it| changes(&words, &fields(it))).unwrap_or_default(),
            erased: envelope.sealed.is_some() && personal.is_none(),
            hash: envelope.hash.clone(),
        });
    }
    events
}

fn fields(ticket: &Ticket) -> BTreeMap<String, String> {
    let mut all = evolve::values(&ticket.draft);
    all.extend(ticket.texts.0.clone());
    all
}

fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let old = |name: &str| before.get(name).cloned().unwrap_or_default();
    after
        .iter()
        .filter(|(name, value)| old(name) != **value)
        .map(|(name, value)| Change {
            name: name.clone(),
            before: old(name),
            after: value.clone(),
        })
        .collect()
}

impl Dossier {
    /// The order as data: the five blocks of 3.4, then every event.
    pub fn to_json(&self) -> Value {
        let ticket = &self.ticket;
        let draft = evolve::values(&ticket.draft);
        let field = |name: &str| draft.get(name).cloned().unwrap_or_default();
        let words = |prefixes: &[&str]| {
            let ours = |name: &str| prefixes.iter().any(|it| name.split('.').next() == Some(it));
            let found = ticket.texts.0.iter().filter(|(name, _)| ours(name));
            found
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        json!({
            "number": ticket.number, "ticket": ticket.id, "state": ticket.state, "version": ticket.version,
            "made_at": self.made_at, "made_by": self.made_by, "erased": self.erased,
            "appellant": {
                "name": field("name"), "kind": field("appellant_kind"), "caller": self.caller,
                "contact_phone": field("contact_phone"), "contact_time": field("contact_time"),
                "company": field("company"), "credit_code": field("credit_code"), "secrecy": ticket.draft.secrecy,
            },
            "appeal": {
                "origin": ticket.origin, "appeal_type": field("appeal_type"), "category": field("category"),
                "category_name": self.names.category, "urgency": field("urgency"), "region": field("region"),
                "region_name": self.names.region, "address": field("address"), "content": field("content"),
                "demand": field("demand"), "target": field("target"), "target_organ": field("target_organ"),
                "flags": ticket.flags, "created_at": ticket.created_at, "accepted_at": ticket.accepted_at,
                "ending": ticket.ending, "repeats": ticket.repeats, "words": self.appeal_words(),
            },
            "handling": {
                "cycles": ticket.cycles, "requests": ticket.requests, "co_units": ticket.subs,
                "clocks": ticket.clocks, "responsibility": ticket.responsibility, "words": words(HANDLING),
            },
            "supervision": {
                "supervisions": ticket.supervisions, "cases": ticket.cases, "urges": ticket.urges,
                "instructions": ticket.instructions, "words": words(SUPERVISION),
            },
            "followup": {
                "cycles": ticket.cycles.iter().map(|it| json!({
                    "cycle": it.no, "plan": it.plan, "attempts": it.attempts, "city": it.city, "county": it.county,
                    "verdict": it.verdict, "excluded": it.excluded,
                })).collect::<Vec<_>>(),
                "exempt": ticket.exempt, "closing": ticket.closing, "closed_at": ticket.closed_at,
                "agent_rating": ticket.agent_rating, "words": words(FOLLOWUP),
            },
            "recordings": self.sounds.iter().map(|(sound, _)| sound).collect::<Vec<_>>(),
            "files": self.files.iter().map(|it| json!({"file": it.file, "purpose": it.purpose})).collect::<Vec<_>>(),
            "missing": self.missing,
            "events": self.events,
        })
    }

    /// Words that belong to no other block.
    pub(super) fn appeal_words(&self) -> BTreeMap<&str, &str> {
        let elsewhere = |name: &str| {
            let first = name.split('.').next().unwrap_or_default();
            [HANDLING, SUPERVISION, FOLLOWUP]
                .iter()
                .any(|it| it.contains(&first))
        };
        let texts = self.ticket.texts.0.iter().filter(|(name, _)| !elsewhere(name));
        texts.map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }
}

/// First parts of names of words, by block.
pub(super) const HANDLING: &[&str] = &[
    "reply",
    "contact",
    "progress",
    "return",
    "extension",
    "co_handling",
    "sub",
    "dispatch",
    "redispatch",
    "arbitration",
    "review",
    "send_back",
    "responsibility",
    "duty",
];
pub(super) const SUPERVISION: &[&str] = &["supervision", "instruction", "urge", "case", "help"];
pub(super) const FOLLOWUP: &[&str] = &[
    "followup",
    "county_followup",
    "verify",
    "rework",
    "reopen",
    "archive",
];
