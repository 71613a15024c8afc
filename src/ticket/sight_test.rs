//! Every role against every side of an order, and what takes sight away.

use super::*;

use crate::base::ids::CaseId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::ticket::evolve::blank;
use crate::ticket::model::Cycle;

const UNIT: &str = "cg";

fn person(role: Role, organ: &str) -> Principal {
    Principal {
        user: format!("{role}-1").parse().unwrap(),
        roles: [role].into(),
        organ: organ.parse().unwrap(),
        agent: None,
        session: String::new(),
        commitment: crate::account::commitment::Commitment::Signed,
    }
}

fn organ(id: &str) -> OrganId {
    id.parse().unwrap()
}

fn handled() -> Ticket {
    let mut ticket = blank(TicketId::default(), WallTime::from_micros(1_790_000_000_000_000));
    ticket.state = State::Handling;
    ticket.cycles.push(Cycle {
        no: 1,
        unit: Some(organ(UNIT)),
        handler: Some(organ(UNIT)),
        ..Cycle::default()
    });
    ticket
}

fn sees(ticket: &Ticket, role: Role, organ: &str) -> Sight {
    sight(ticket, &person(role, organ), &Reference::shipped().unwrap())
}

#[test]
fn every_role_sees_what_its_row_grants() {
    use Sight::{Masked, Matter, Nothing, Personal, Whole};
    let table = [
        (Role::Agent, Whole, Personal, Nothing),
        (Role::Expert, Whole, Personal, Nothing),
        (Role::Supervisor, Whole, Personal, Nothing),
        (Role::Dispatcher, Whole, Personal, Nothing),
        (Role::Reviewer, Whole, Personal, Nothing),
        (Role::Followup, Whole, Personal, Nothing),
        (Role::Quality, Matter, Matter, Nothing),
        (Role::Analyst, Matter, Masked, Nothing),
        (Role::Unit, Nothing, Personal, Nothing),
        (Role::Grid, Nothing, Nothing, Nothing),
        (Role::Inspector, Nothing, Personal, Nothing),
        (Role::Auditor, Masked, Nothing, Nothing),
        (Role::Security, Nothing, Nothing, Nothing),
        (Role::Admin, Nothing, Nothing, Nothing),
    ];
    assert_eq!(table.len(), Role::ALL.len());
    let ticket = handled();
    for (role, city, handling, other) in table {
        let seen = ["hotline", "hotline/cg", "hotline/jy"].map(|organ| sees(&ticket, role, organ));
        assert_eq!(seen, [city, handling, other], "{role}");
    }
}

#[test]
fn a_unit_that_gave_the_order_back_sees_only_that_it_is() {
    let mut ticket = handled();
    ticket.state = State::PendingDispatch;
    assert_eq!(sees(&ticket, Role::Unit, "hotline/cg"), Sight::Masked);
    assert_eq!(sees(&ticket, Role::Dispatcher, "hotline/cg"), Sight::Masked);
    assert_eq!(sees(&ticket, Role::Unit, "hotline/jy"), Sight::Nothing);
}

#[test]
fn a_unit_does_not_see_who_complains_about_it() {
    let mut ticket = handled();
    ticket.draft.target_organ = Some(organ(UNIT));
    assert_eq!(sees(&ticket, Role::Unit, "hotline/cg"), Sight::Matter);
    assert_eq!(sees(&ticket, Role::Followup, "hotline"), Sight::Whole);
    // Whoever judges the unit speaks to the appellant.
    ticket.draft.target_organ = Some(organ("jy"));
    assert_eq!(sees(&ticket, Role::Unit, "hotline/cg"), Sight::Personal);
}

#[test]
fn who_asks_for_secrecy_is_not_named_to_units() {
    let mut ticket = handled();
    ticket.draft.secrecy = true;
    assert_eq!(sees(&ticket, Role::Unit, "hotline/cg"), Sight::Matter);
    assert_eq!(sees(&ticket, Role::Dispatcher, "hotline"), Sight::Whole);
}

#[test]
fn a_confidential_order_is_seen_by_its_circle_and_the_supervisors_of_the_city() {
    let mut ticket = handled();
    ticket.confidential = true;
    for role in Role::ALL {
        let expected = if role == Role::Supervisor {
            Sight::Whole
        } else {
            Sight::Nothing
        };
        assert_eq!(sees(&ticket, role, "hotline"), expected, "{role}");
        assert_eq!(sees(&ticket, role, "hotline/cg"), Sight::Nothing, "{role}");
    }
    ticket.circle = ["dispatcher-1", "unit-1"]
        .map(|user| user.parse().unwrap())
        .into();
    assert_eq!(sees(&ticket, Role::Dispatcher, "hotline"), Sight::Whole);
    assert_eq!(sees(&ticket, Role::Unit, "hotline/cg"), Sight::Matter);
    assert_eq!(sees(&ticket, Role::Unit, "hotline/jy"), Sight::Nothing);
}

#[test]
fn a_secret_that_was_refused_is_masked_to_all_but_the_supervisors_of_the_city() {
    let mut ticket = handled();
    (ticket.state, ticket.cycles) = (State::NotAccepted, Vec::new());
    let refused = |reason| {
        Some(Ending::NotAccepted {
            reason,
            procedure: None,
        })
    };
    ticket.ending = refused(RefusalReason::Secret);
    assert_eq!(sees(&ticket, Role::Agent, "hotline"), Sight::Masked);
    assert_eq!(sees(&ticket, Role::Quality, "hotline"), Sight::Masked);
    assert_eq!(sees(&ticket, Role::Supervisor, "hotline"), Sight::Whole);
    ticket.ending = refused(RefusalReason::OutsideCity);
    assert_eq!(sees(&ticket, Role::Agent, "hotline"), Sight::Whole);
}

#[test]
fn an_inspector_sees_the_orders_of_cases_and_no_others() {
    let mut ticket = handled();
    let dc = "hotline/dc";
    assert_eq!(sees(&ticket, Role::Inspector, dc), Sight::Nothing);
    ticket.cases.push((CaseId::default(), false));
    assert_eq!(sees(&ticket, Role::Inspector, dc), Sight::Whole);
    assert_eq!(sees(&ticket, Role::Unit, dc), Sight::Nothing);
    ticket.confidential = true;
    assert_eq!(sees(&ticket, Role::Inspector, dc), Sight::Nothing);
}

#[test]
fn a_grid_officer_sees_the_orders_of_his_grid() {
    let mut ticket = handled();
    let reference = Reference::shipped().unwrap();
    let grid = reference.grids.get("130202001-g01").unwrap();
    let cycle = ticket.cycles.first_mut().unwrap();
    (cycle.unit, cycle.handler) = (Some(grid.organ.clone()), Some(grid.organ.clone()));
    cycle.grid = Some(grid.id.clone());
    let mut officer = person(
        Role::Grid,
        &reference.organs.path(&grid.organ).unwrap().to_string(),
    );
    assert_eq!(sight(&ticket, &officer, &reference), Sight::Nothing);
    officer.user = grid.officer.clone().unwrap();
    assert_eq!(sight(&ticket, &officer, &reference), Sight::Personal);
}

#[test]
fn an_agent_writes_his_own_draft_whatever_is_said_in_it() {
    let mut ticket = handled();
    (ticket.state, ticket.cycles) = (State::Draft, Vec::new());
    ticket.agent = Some("1001".parse().unwrap());
    ticket.confidential = true;
    let mut agent = person(Role::Agent, "hotline");
    let reference = Reference::shipped().unwrap();
    assert_eq!(sight(&ticket, &agent, &reference), Sight::Nothing);
    agent.agent.clone_from(&ticket.agent);
    assert_eq!(sight(&ticket, &agent, &reference), Sight::Whole);
}

#[test]
fn each_sight_includes_the_one_before() {
    let shows = |it: Sight| {
        (
            it.is_seen(),
            it.shows_matter(),
            it.shows_identity(),
            it.shows_internal(),
        )
    };
    assert_eq!(shows(Sight::Nothing), (false, false, false, false));
    assert_eq!(shows(Sight::Masked), (true, false, false, false));
    assert_eq!(shows(Sight::Matter), (true, true, false, false));
    assert_eq!(shows(Sight::Personal), (true, true, true, false));
    assert_eq!(shows(Sight::Whole), (true, true, true, true));
}
