//! One fact of every kind of a work order's life and of what stands beside it, for the golden files.

use rexian::fact::Fact;
use rexian::fact::article::ArticleFact;
use rexian::fact::case::CaseFact;
use rexian::fact::ticket::TicketFact;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

const SHA: &str = "0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100";
const OTHER: &str = "0199f5c2-1000-7000-8000-000000000007";
const CALL: &str = "0199f5c2-1000-7000-8000-000000000008";
const CASE: &str = "0199f5c2-1000-7000-8000-000000000009";
const RECORDING: &str = "0199f5c2-1000-7000-8000-000000000004";
const AT: i64 = 1_795_486_222_000_456;
const LATER: i64 = 1_795_918_222_000_000;

fn file() -> Value {
    json!({"id": "f1", "sha256": SHA, "bytes": 20_480, "media_type": "image/jpeg"})
}

fn intake() -> Vec<(&'static str, Value)> {
    vec![
        (
            "matter_opened",
            json!({"number": "20261124000002", "agent": "1001", "first": OTHER, "matter": 2}),
        ),
        (
            "received",
            json!({"number": "20261124000003", "channel": "app", "platform": "province", "external": "HB-77",
            "deadline": LATER, "digest": SHA, "grid": false}),
        ),
        (
            "imported",
            json!({"number": "20261124000004", "old_number": "2019-113", "state": "closed",
            "accepted_at": AT, "closed_at": LATER}),
        ),
        ("claimed", json!({"agent": "1001"})),
        ("flagged", json!({"flag": "enterprise", "on": true})),
        (
            "circle_set",
            json!({"confidential": true, "circle": ["li", "zhao"]}),
        ),
        ("attached", json!({"file": file(), "purpose": "photo"})),
        (
            "call_linked",
            json!({"interaction": CALL, "purpose": "followup", "recording": RECORDING}),
        ),
        ("accepted", json!({"at": AT, "again": false})),
        (
            "answered",
            json!({"basis": "article", "article": {"id": "a-12", "version": 3}}),
        ),
        ("refused", json!({"reason": "b", "procedure": "litigation"})),
        ("caller_warned", json!({"step": 1})),
        ("invalid", json!({"disposition": "silent"})),
        (
            "referred",
            json!({"line": "110", "outcome": "connected", "partner_number": "110-5", "life_danger": true}),
        ),
        (
            "merged",
            json!({"master": OTHER, "same_appellant": true, "score": 870}),
        ),
        ("repeated", json!({"repeat": OTHER, "same_appellant": true})),
        ("repeat_undone", json!({"repeat": OTHER})),
        ("unmerged", json!({"master": OTHER})),
        ("refusal_overturned", json!({})),
        ("cancelled", json!({"withdrawn": true})),
        ("urgency_changed", json!({"from": "normal", "to": "urgent"})),
        ("type_changed", json!({"from": "help", "to": "complaint"})),
        (
            "category_changed",
            json!({"from": "010101", "to": "010102", "version": 1}),
        ),
        ("facts_added", json!({"by": "appellant"})),
    ]
}

fn dispatch() -> Vec<(&'static str, Value)> {
    vec![
        (
            "dispatched",
            json!({"cycle": 1, "unit": "cg", "basis": "territory", "rule": "r-7", "class": "complaint",
            "legal_basis": "DB1302/T 604—2025 7.5.1", "final_unit": false, "for_information": false}),
        ),
        ("sent_back", json!({})),
        (
            "arbitration_opened",
            json!({"returns": 2, "invited": ["bb", "sf"]}),
        ),
        ("arbitrated", json!({"unit": "cg", "secondary": ["ga"]})),
        (
            "redispatched",
            json!({"from": "t130202", "to": "t130202-130202001"}),
        ),
        ("signed", json!({"unit": "cg", "late": false})),
        ("duty_notified", json!({"attempt": 1, "unit": "cg"})),
        ("duty_acknowledged", json!({"unit": "cg"})),
        (
            "contacted",
            json!({"cycle": 1, "unit": "cg", "way": "phone", "outcome": "reached", "call": CALL, "opinion": true}),
        ),
        (
            "progressed",
            json!({"cycle": 1, "unit": "cg", "first_result": true, "public": true}),
        ),
        (
            "requested",
            json!({"request": 1, "what": "extension", "cycle": 1, "unit": "cg", "complex": false,
            "until": LATER, "told": "phone", "files": [file()], "overridden": false}),
        ),
        (
            "request_decided",
            json!({"request": 1, "state": "approved", "late": false, "complex": false, "until": LATER}),
        ),
        (
            "sub_opened",
            json!({"sub": 1, "cycle": 1, "unit": "ga", "request": 2}),
        ),
        (
            "sub_changed",
            json!({"sub": 1, "state": "done", "late": false, "cycle": 1}),
        ),
        (
            "fed_back",
            json!({"cycle": 1, "unit": "cg", "solved": true, "late": false, "warnings": ["citation:number"],
            "files": [file()]}),
        ),
    ]
}

fn after_feedback() -> Vec<(&'static str, Value)> {
    vec![
        ("review_passed", json!({"cycle": 1, "automatic": false})),
        (
            "review_sent_back",
            json!({"cycle": 1, "rules": ["basis", "citation"]}),
        ),
        (
            "followup_planned",
            json!({"cycle": 1, "modes": ["robot", "sms", "person"], "only_person": false}),
        ),
        (
            "followup_attempted",
            json!({"cycle": 1, "level": "city", "mode": "person", "attempt": 1, "reached": false,
            "daypart": 10, "call": CALL, "recording": RECORDING}),
        ),
        (
            "followup_recorded",
            json!({"cycle": 1, "level": "city", "mode": "person", "result": "solved",
            "satisfaction": "satisfied", "reached": true, "recording": RECORDING}),
        ),
        ("agent_rated", json!({"satisfaction": "satisfied"})),
        (
            "verify_proposed",
            json!({"cycle": 1, "verdict": "close", "by": "li"}),
        ),
        (
            "verified",
            json!({"cycle": 1, "verdict": "close", "excluded": true}),
        ),
        ("reworked", json!({"cycle": 2, "unit": "cg"})),
        ("closed", json!({"cycle": 1, "how": "followed_up"})),
        ("reopened", json!({})),
        ("archived", json!({"manifest": SHA, "missing": ["recording"]})),
        (
            "responsibility_fixed",
            json!({"primary": "cg", "secondary": ["ga"], "propose_rule": true}),
        ),
    ]
}

fn beside() -> Vec<(&'static str, Value)> {
    let clock = json!({"kind": "close", "cycle": 1, "subject": 0});
    vec![
        ("urged", json!({"by": "appellant", "notified": true})),
        ("instructed", json!({"no": 1})),
        (
            "supervised",
            json!({"no": 1, "cause": "b", "cycle": 1, "unit": "cg", "automatic": true}),
        ),
        ("supervision_changed", json!({"no": 1, "state": "read"})),
        ("key_supervised", json!({"case": CASE, "cause": "a"})),
        ("key_supervision_ended", json!({"case": CASE})),
        ("help_opened", json!({"no": 1, "departments": ["mz"]})),
        (
            "help_changed",
            json!({"no": 1, "state": "assigned", "seat": "1002", "files": [file()]}),
        ),
        (
            "clock_started",
            json!({"clock": {"kind": "close", "cycle": 1, "subject": 0, "start": AT, "deadline": LATER,
            "provisional": false, "rule": "5wd", "against": "unit", "basis": "DB1302/T 604—2025 7.5.1", "warnings": [LATER - 1]}}),
        ),
        (
            "clock_moved",
            json!({"clock": clock, "from": AT, "to": LATER, "provisional": false, "cause": "extension"}),
        ),
        (
            "clock_ended",
            json!({"clock": clock, "end": "met", "late": false}),
        ),
        ("clock_warned", json!({"clock": clock, "step": 1})),
        ("clock_breached", json!({"clock": clock})),
    ]
}

fn cases() -> Vec<(&'static str, Value)> {
    vec![
        (
            "submitted",
            json!({"case": CASE, "cause": "a", "orders": [OTHER], "units": ["cg"], "appellants": 12}),
        ),
        ("joined", json!({"case": CASE, "orders": [OTHER]})),
        ("taken", json!({"case": CASE})),
        ("sent_back", json!({"case": CASE})),
        (
            "rectification_ordered",
            json!({"case": CASE, "round": 1, "limit": LATER}),
        ),
        (
            "reported",
            json!({"case": CASE, "round": 1, "unit": "cg", "late": false, "all": true}),
        ),
        ("ineffective", json!({"case": CASE, "round": 1})),
        ("closed", json!({"case": CASE})),
        ("overdue", json!({"case": CASE, "round": 1})),
    ]
}

fn articles() -> Vec<(&'static str, Value)> {
    let (article, update) = (RECORDING, CALL);
    vec![
        (
            "written",
            json!({"article": article, "version": 1, "owner": "cg"}),
        ),
        ("approved", json!({"article": article, "version": 1})),
        ("retired", json!({"article": article, "version": 1})),
        (
            "update_asked",
            json!({"update": update, "article": article, "organ": "cg", "ticket": OTHER, "due": LATER}),
        ),
        (
            "update_done",
            json!({"update": update, "article": article, "version": 2, "late": false}),
        ),
        ("update_overdue", json!({"update": update, "organ": "cg"})),
    ]
}

fn read<T: DeserializeOwned>(family: &str, bodies: Vec<(&'static str, Value)>) -> Vec<T> {
    let one = |(kind, body): (&str, Value)| {
        let fact = json!({"kind": format!("{family}.{kind}"), "body": body});
        serde_json::from_value(fact).unwrap_or_else(|error| panic!("{family}.{kind}: {error}"))
    };
    bodies.into_iter().map(one).collect()
}

/// One fact of every kind about orders but those of the draft.
pub(crate) fn of_orders() -> Vec<Fact> {
    let all = [intake(), dispatch(), after_feedback(), beside()].concat();
    read::<TicketFact>("ticket", all)
        .into_iter()
        .map(Fact::Ticket)
        .collect()
}

/// One fact of every kind about cases and articles.
pub(crate) fn beside_orders() -> Vec<Fact> {
    let cases = read::<CaseFact>("case", cases()).into_iter().map(Fact::Case);
    let articles = read::<ArticleFact>("article", articles()).into_iter();
    cases.chain(articles.map(Fact::Article)).collect()
}
