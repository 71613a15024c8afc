//! Orders that repeat another one, and the one that is repeated.

use rexian::ticket::command::Command;
use rexian::ticket::command::Merge;
use rexian::ticket::command::RecordRepeat;
use rexian::ticket::decide::REPEATS_MAX;
use rexian::ticket::decide::SCORE_MAX;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::State;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::answer;
use crate::ticket::desk::complete;
use crate::ticket::desk::id;
use crate::ticket::desk::master;
use crate::ticket::desk::written;
use crate::ticket::script::supervisor;

const MON: &str = "2026-11-23 09:00";

fn merge(no: u8) -> Command {
    Command::Merge(Merge {
        master: id(no),
        score: 870,
        told: "已在办理".into(),
    })
}

#[test]
fn ac_7_1_4_c_a_repeat_is_merged_and_makes_no_dispatch() {
    let mut script = written(MON, complete());
    assert_eq!(script.refused(MON, &agent(), merge(7)), "7.1.4 c: master: itself");
    assert_eq!(
        script.refused(MON, &agent(), merge(2)),
        "7.1.4 c: master: unknown"
    );
    script.known.master = Some(master(2, false));
    let facts = script.give(MON, &agent(), merge(2));
    assert!(facts[0].starts_with("merged master="), "{facts:?}");
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert_eq!(script.ticket.state, State::Merged);
    assert_eq!(script.due(ClockKind::Dispatch, 0), "-");
    assert!(script.ticket.accepted_at.is_some());
}

fn repeat(no: u8, same_appellant: bool, undone: bool) -> Command {
    Command::RecordRepeat(RecordRepeat {
        repeat: id(no),
        same_appellant,
        undone,
    })
}

#[test]
fn a_master_counts_each_repeat_once_and_forgets_one_that_is_taken_out() {
    let mut script = accepted(MON, complete());
    assert_eq!(script.system(MON, repeat(2, false, false)).len(), 1);
    assert_eq!(script.system(MON, repeat(2, false, false)), Vec::<String>::new());
    let facts = script.system(MON, repeat(3, true, false));
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert!(facts[1].starts_with("urged by=appellant"), "{facts:?}");
    assert_eq!(script.ticket.repeats.len(), 2);
    script.system(MON, repeat(2, false, true));
    assert_eq!(script.ticket.repeats, [(id(3), true)]);
    assert_eq!(script.system(MON, repeat(2, false, true)), Vec::<String>::new());
    assert_eq!(
        script.refused(MON, &supervisor(), repeat(4, false, false)),
        "7.1.4 c: role"
    );
}

#[test]
fn the_same_person_who_asks_for_a_finished_order_urges_nobody() {
    let mut script = written(MON, complete());
    let command = answer(&mut script);
    script.give(MON, &agent(), command);
    assert_eq!(script.system(MON, repeat(3, true, false)).len(), 1);
}

#[test]
fn an_order_that_others_repeat_is_not_merged_itself_and_a_likeness_has_an_end() {
    let mut script = written(MON, complete());
    script.known.master = Some(master(2, false));
    let much = Command::Merge(Merge {
        master: id(2),
        score: SCORE_MAX + 1,
        told: "".into(),
    });
    assert_eq!(
        script.refused(MON, &agent(), much),
        "7.1.4 c: score: out_of_range"
    );
    script.system(MON, repeat(3, false, false));
    assert_eq!(script.refused(MON, &agent(), merge(2)), "7.1.4 c: has_repeats");
}

#[test]
fn an_order_has_only_so_many_repeats() {
    let mut script = accepted(MON, complete());
    script.ticket.repeats = vec![(id(1), false); REPEATS_MAX];
    let by = rexian::ticket::decide::By::System;
    let refusal = script.by(MON, by, &repeat(2, false, false)).unwrap_err();
    assert_eq!(refusal.to_string(), "DB1302/T 604—2025 7.1.4 c: repeat_limit");
}
