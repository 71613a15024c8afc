//! Every command in every state by every role, against the table of B.1 and B.2 that is kept by hand.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rexian::account::Role;
use rexian::ticket::command::Command;
use rexian::ticket::decide::By;
use rexian::ticket::decide::Context;
use rexian::ticket::decide::TicketError;
use rexian::ticket::decide::decide;
use rexian::ticket::model::State;

use crate::store::fold::command;
use crate::ticket::script::Script;
use crate::ticket::standing::With;
use crate::ticket::standing::instance;
use crate::ticket::standing::order;
use crate::ticket::standing::who;
use crate::ticket::standing::with;

const TABLE: &str = include_str!("../../data/transitions.csv");

/// A row of the table: the states and roles it allows, and the clause of its command.
struct Row {
    command: &'static str,
    clause: &'static str,
    states: Vec<State>,
    roles: Vec<Role>,
}

const OPEN: &[&str] = &[
    "pending_dispatch",
    "arbitration",
    "pending_sign",
    "handling",
    "review",
    "followup",
    "verify",
    "rework",
];

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.splitn(5, ',').collect();
        let states = cells[2].split(' ').flat_map(|word| match word {
            "open" => OPEN.iter().map(|code| State::parse(code).unwrap()).collect(),
            "begun" => State::ALL
                .iter()
                .copied()
                .filter(|it| *it != State::Intake)
                .collect(),
            code => vec![State::parse(code).unwrap()],
        });
        let roles = cells[3].split(' ').flat_map(|word| match word {
            "desk" => vec![Role::Agent, Role::Expert, Role::Supervisor],
            code => vec![code.parse().unwrap()],
        });
        Row {
            command: cells[0],
            clause: cells[1],
            states: states.collect(),
            roles: roles.collect(),
        }
    };
    lines.map(row).collect()
}

/// The allowed cells, and the clause of each command.
fn table() -> (Cells, BTreeMap<&'static str, &'static str>) {
    let (mut cells, mut clauses) = (BTreeSet::new(), BTreeMap::new());
    for row in rows() {
        assert_eq!(
            *clauses.entry(row.command).or_insert(row.clause),
            row.clause,
            "{}",
            row.command
        );
        for state in &row.states {
            for role in &row.roles {
                let cell = (*state, row.command, role.code());
                assert!(cells.insert(cell), "{cell:?} stands twice");
            }
        }
    }
    (cells, clauses)
}

fn ask(script: &Script, code: &str, role: Role) -> Result<(), TicketError> {
    let giver = who(code, role, script);
    let ctx = Context {
        now: script.now,
        by: By::User(&giver),
        reference: &script.reference,
        zone: &script.zone,
        known: &script.known,
    };
    decide(&script.ticket, &command(instance(code, role)), &ctx).map(|_| ())
}

type Cells = BTreeSet<(State, &'static str, &'static str)>;

/// Where what is decided is not what the table says, and how many cells were allowed.
fn differences(cells: &Cells, clauses: &BTreeMap<&'static str, &'static str>) -> (Vec<String>, usize) {
    let mut orders: BTreeMap<(State, With), Script> = BTreeMap::new();
    let (mut faults, mut allowed) = (Vec::new(), 0);
    for state in State::ALL.iter().copied() {
        for (code, clause) in clauses {
            for role in Role::ALL {
                let with = with(code, role);
                let script = orders.entry((state, with)).or_insert_with(|| order(state, with));
                assert_eq!(script.ticket.state, state, "{with:?}");
                let answer = ask(script, code, role);
                allowed += usize::from(answer.is_ok());
                let expected = cells.contains(&(state, *code, role.code()));
                if !is_as(&answer, expected, clause, state) {
                    faults.push(format!(
                        "{state} {code} {role}: page {expected}, decided {answer:?}"
                    ));
                }
            }
        }
    }
    (faults, allowed)
}

fn is_as(answer: &Result<(), TicketError>, expected: bool, clause: &str, state: State) -> bool {
    let Err(refusal) = answer else { return expected };
    // A refusal by state or role; of what hangs beside the state, an item of the inbox has nothing.
    let by_cell = matches!(
        refusal,
        TicketError::NotAllowed { .. } | TicketError::Forbidden { .. }
    );
    let named = refusal.clause() == Some(format!("DB1302/T 604—2025 {clause}"));
    !expected && named && (by_cell || state == State::Intake)
}

#[test]
fn every_cell_of_state_command_and_role_is_as_the_page_has_it() {
    let (cells, clauses) = table();
    let known: BTreeSet<&str> = clauses.keys().copied().collect();
    let outside: BTreeSet<&str> = Command::CODES.iter().copied().collect();
    assert_eq!(known, outside, "the table names every outside command");
    assert_eq!((State::ALL.len(), known.len(), Role::ALL.len()), (18, 61, 14));
    assert_eq!(cells.len(), 867, "allowed cells of {}", 18 * 61 * 14);
    let (faults, allowed) = differences(&cells, &clauses);
    assert!(
        faults.is_empty(),
        "{} cells:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert_eq!(allowed, 867, "nothing is allowed beside the table");
}

#[test]
fn a_cell_that_the_page_has_otherwise_is_found() {
    let (mut cells, mut clauses) = table();
    assert!(cells.remove(&(State::PendingDispatch, "dispatch", "dispatcher")));
    assert!(cells.insert((State::Review, "pass_review", "unit")));
    clauses.insert("sign", "7.4");
    let (faults, _) = differences(&cells, &clauses);
    let of = |code: &str| faults.iter().filter(|fault| fault.contains(code)).count();
    assert_eq!(
        (of(" dispatch dispatcher"), of(" pass_review unit")),
        (1, 1),
        "{faults:#?}"
    );
    // Each of the 250 cells of signing that are refused names another clause now.
    assert_eq!((of(" sign "), faults.len()), (250, 252));
}
