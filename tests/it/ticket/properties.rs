//! What holds in every life of an order: thousands of random ones, and planted faults that must be found.

use std::collections::BTreeMap;
use std::sync::Arc;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::random::Random;
use rexian::base::time::WallTime;
use rexian::fact::ticket::ClockRef;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::Archive;
use rexian::ticket::command::ClockDue;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::OpenDraft;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::decide::By;
use rexian::ticket::decide::Context;
use rexian::ticket::decide::TicketError;
use rexian::ticket::decide::decide;
use rexian::ticket::decide::open;
use rexian::ticket::evolve::evolve;
use rexian::ticket::model::ClockCause;
use rexian::ticket::model::ClockEnd;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::HelpState;
use rexian::ticket::model::RequestKind;
use rexian::ticket::model::RouteBasis;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use rexian::ticket::permission;
use rexian::ticket::reference::Kind;
use rexian::ticket::reference::Reference;
use serde_json::Value;
use serde_json::json;

use crate::store::fold::command;
use crate::store::fold::next;
use crate::ticket::desk::by_call;
use crate::ticket::desk::complete;
use crate::ticket::desk::desk;
use crate::ticket::desk::id;
use crate::ticket::desk::item;
use crate::ticket::desk::text;
use crate::ticket::script::Script;
use crate::ticket::script::at;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::standing::With;
use crate::ticket::standing::instance;
use crate::ticket::standing::order;
use crate::ticket::standing::who;
use crate::ticket::watch::Step;
use crate::ticket::watch::Watch;

const LIVES: u64 = 3_000;
const STEPS: u32 = 45;
const HOUR_US: u64 = 3_600_000_000;

/// The shipped readings and others: nothing may depend on one of them.
fn references() -> Vec<Arc<Reference>> {
    let shipped = Reference::shipped().unwrap();
    let with = |changes: &[(&str, Value)]| {
        let mut document: Value = serde_json::from_str(shipped.document(Kind::Settings)).unwrap();
        for (name, value) in changes {
            let rows = document["entries"].as_array_mut().unwrap();
            let row = rows.iter_mut().find(|row| row["id"] == *name).unwrap();
            row["value"] = value.clone();
        }
        Arc::new(shipped.with(Kind::Settings, &document.to_string()).unwrap())
    };
    vec![
        Arc::clone(&shipped),
        with(&[
            ("close_start", "signed".into()),
            ("return_start", "signed".into()),
            ("co.deadline", "own".into()),
            ("extension.on_review_timeout", "approve".into()),
        ]),
        with(&[
            ("close_start", "accepted".into()),
            ("review.on", false.into()),
            ("return.critical", true.into()),
            ("key.blocks_close", false.into()),
            ("raise.start", "dispatched".into()),
        ]),
        with(&[
            ("credit_review_time", false.into()),
            ("extension.pending_not_late", false.into()),
            ("extension.on_review_timeout", "reject".into()),
            ("rework_limit", "urgent".into()),
            ("instant_rating.is_followup", false.into()),
            ("reclass.start", "changed".into()),
        ]),
    ]
}

/// One life: commands of people and of the program in virtual time.
struct Life {
    script: Script,
    watch: Watch,
    /// How many were taken, and refused, of each command.
    taken: BTreeMap<&'static str, u32>,
    co_unit_refused: u32,
}

impl Life {
    fn begin(seed: u64, reference: &Arc<Reference>, random: &mut Random) -> Self {
        let start =
            at("2026-01-05 09:00").as_micros() + i64::try_from(random.below(8_500 * HOUR_US)).unwrap();
        // The script brings what commands refer to: an article, another order, a call.
        let mut script = order(State::Intake, With::Nothing);
        script.now = WallTime::from_micros(start);
        script.reference = Arc::clone(reference);
        let opening = match random.below(4) {
            0 => Opening::Received(Receive {
                grid: random.below(3) == 0,
                ..item("app")
            }),
            _ => by_call(),
        };
        let opening = match opening {
            Opening::Draft(it) => Opening::Draft(OpenDraft {
                number: format!("2026{seed:010}"),
                ..it
            }),
            other => other,
        };
        let ctx = context(&script, By::System);
        let outcome = open(id(7), &opening, &ctx).unwrap();
        let mut life = Self {
            script,
            watch: Watch::default(),
            taken: BTreeMap::new(),
            co_unit_refused: 0,
        };
        let mut before = outcome.ticket.clone();
        before.clocks.clear();
        let facts = outcome.decisions.into_iter().map(|it| it.fact).collect();
        life.watch.step(&Step {
            facts,
            before,
            after: outcome.ticket.clone(),
            recompute: false,
        });
        life.script.ticket = outcome.ticket;
        life
    }

    fn give(&mut self, by: By<'_>, command: &Command) -> Result<usize, TicketError> {
        let ctx = context(&self.script, by);
        let outcome = decide(&self.script.ticket, command, &ctx)?;
        let facts: Vec<TicketFact> = outcome.decisions.into_iter().map(|it| it.fact).collect();
        let count = facts.len();
        let before = std::mem::replace(&mut self.script.ticket, outcome.ticket);
        let after = self.script.ticket.clone();
        let recompute = *command == Command::Recompute;
        self.watch.step(&Step {
            facts: facts.clone(),
            before,
            after,
            recompute,
        });
        *self.taken.entry(command.code()).or_default() += 1;
        assert!(
            self.watch.faults.is_empty(),
            "{command:?}: {:#?}\n{facts:#?}",
            self.watch.faults
        );
        Ok(count)
    }

    /// The scheduler comes for all that is due, and the archive for what waits for it.
    fn fire(&mut self) {
        for _ in 0..200 {
            let now = self.script.now;
            let clocks = self.script.ticket.clocks.iter();
            let due = clocks
                .filter(|it| it.next_due().is_some_and(|due| due <= now))
                .min_by_key(|it| it.next_due());
            let Some(clock) = due.map(|it| it.clock) else {
                return;
            };
            let given = if clock.kind == ClockKind::Archive {
                let (manifest, missing) = ("ab".repeat(32), Vec::new());
                self.give(
                    By::System,
                    &Command::Archive(Archive {
                        manifest,
                        missing,
                        explanation: "".into(),
                    }),
                )
            } else {
                self.give(By::System, &Command::ClockDue(ClockDue { clock }))
            };
            assert!(
                given.is_ok_and(|facts| 0 < facts),
                "{clock:?} is due and nothing is done"
            );
        }
        panic!("the scheduler finds no end");
    }

    /// Somebody wants something: what may come next, or anything of anybody.
    fn turn(&mut self, random: &mut Random) {
        let ticket = &self.script.ticket;
        let part = ticket
            .subs
            .iter()
            .find(|it| matches!(it.state, SubState::Handling | SubState::Rework));
        if let Some(unit) = part.map(|it| it.unit.clone()).filter(|_| random.below(4) == 0) {
            let co_unit = person("co", Role::Unit, &format!("hotline/{unit}"));
            let code = ["feed_back", "record_contact"][usize::from(random.below(2) == 0)];
            let refused = self
                .give(By::User(&co_unit), &command(instance(code, Role::Unit)))
                .is_err();
            self.co_unit_refused += u32::from(refused);
            return;
        }
        let (giver, command) = if random.below(3) == 0 {
            self.anything(random)
        } else {
            next(ticket, self.script.now, random)
        };
        let _refused = self.give(By::User(&giver), &command);
    }

    fn anything(&self, random: &mut Random) -> (Principal, Command) {
        let ticket = &self.script.ticket;
        let pick = |count: usize, random: &mut Random| usize::try_from(random.below(count as u64)).unwrap();
        // What hangs beside the state is rare by chance alone.
        let beside = [
            "ask_extension",
            "decide_extension",
            "ask_co_handling",
            "redispatch",
            "unmerge",
            "reply_supervision",
            "judge_supervision",
            "set_flag",
            "open_help",
            "assign_help",
            "check_in",
            "end_help",
            "report_help",
            "close_help",
        ];
        let code = match (random.below(3), pressing(&self.script, random)) {
            (0, Some(code)) => code,
            (0 | 1, _) => beside[pick(beside.len(), random)],
            _ => Command::CODES[pick(Command::CODES.len(), random)],
        };
        // Mostly somebody who may; the rest are refused by the role.
        let may = permission::roles(&command(instance(code, Role::Agent)));
        let role = match random.below(8) {
            0 => Role::ALL[pick(Role::ALL.len(), random)],
            _ => may[pick(may.len(), random)],
        };
        let mut body = instance(code, role);
        let last = |count: usize| json!(count.max(1));
        match code {
            "decide_return" | "decide_extension" | "decide_co_handling" => {
                body["request"] = last(ticket.requests.len());
                body["approve"] = (random.below(3) != 0).into();
            }
            "change_urgency" => body["to"] = ["normal", "urgent", "critical"][pick(3, random)].into(),
            "change_type" => body["to"] = ["consult", "help", "complaint", "praise"][pick(4, random)].into(),
            "change_category" => body["to"] = ["010101", "140403", "010202"][pick(3, random)].into(),
            "set_flag" => body["flag"] = ["vulnerable", "group", "complex"][pick(3, random)].into(),
            "dispatch" => body["unit"] = ["ga", "t130203", "jj"][pick(3, random)].into(),
            "redispatch" => body["to"] = ["t130203-zj", "t130203-cg"][pick(2, random)].into(),
            "ask_co_handling" => {
                body["units"][0]["unit"] = ["jj", "t130203-cg", "jy"][pick(3, random)].into()
            }
            "read_supervision" | "reply_supervision" | "judge_supervision" => {
                body["no"] = last(ticket.supervisions.len());
            }
            "ask_extension" => {
                let days = 2 + i32::try_from(random.below(6)).unwrap();
                body["until"] = self
                    .script
                    .zone
                    .date_of(self.script.now)
                    .add_days(days)
                    .to_string()
                    .into();
            }
            "record_contact" | "feed_back" if random.below(2) == 0 => body["co_summary"] = Value::Null,
            _ => (),
        }
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        (who(code, role, &self.script), command(body))
    }
}

/// The next step of what hangs on the order, or a way that is seldom gone.
fn pressing(script: &Script, random: &mut Random) -> Option<&'static str> {
    let ticket = &script.ticket;
    if ticket.open_request(RequestKind::Extension, None).is_some() {
        return Some("decide_extension");
    }
    let help = ticket.helps.last().map(|it| it.state);
    let step = help.and_then(|state| match state {
        HelpState::Created => Some("assign_help"),
        HelpState::Assigned => Some("check_in"),
        HelpState::OnSite => Some("end_help"),
        HelpState::ReportDue => Some("report_help"),
        HelpState::Reported => Some("close_help"),
        HelpState::Closed => None,
    });
    if step.is_some() {
        return step;
    }
    match ticket.state {
        State::Draft => ["answer", "merge", "refer", "set_flag"]
            .get(usize::try_from(random.below(4)).unwrap())
            .copied(),
        State::PendingDispatch => Some("dispatch"),
        State::PendingSign => Some("redispatch"),
        _ => None,
    }
}

fn context<'a>(script: &'a Script, by: By<'a>) -> Context<'a> {
    Context {
        now: script.now,
        by,
        reference: &script.reference,
        zone: &script.zone,
        known: &script.known,
    }
}

fn loaded(reference: &Reference) -> Arc<Reference> {
    let mut calendar: Value = serde_json::from_str(reference.document(Kind::Calendar)).unwrap();
    calendar["years"]["2027"] = json!({"papers": ["https://www.gov.cn/x"], "off": ["2027-01-01", "2027-01-04", "2027-05-01",
        "2027-05-02", "2027-10-01", "2027-10-02", "2027-10-03"], "work": []});
    Arc::new(reference.with(Kind::Calendar, &calendar.to_string()).unwrap())
}

#[test]
fn no_life_loses_a_clock_a_unit_or_a_followup_and_no_deadline_moves_by_itself() {
    let mut references = references();
    let later: Vec<_> = references.iter().map(|it| loaded(it)).collect();
    let (mut taken, mut reached, mut refused) =
        (BTreeMap::<&str, u32>::new(), BTreeMap::<&str, u32>::new(), 0);
    for seed in 0..LIVES {
        let mut random = Random::from_number(seed);
        let which = usize::try_from(seed).unwrap() % references.len();
        let mut life = Life::begin(seed, &references[which], &mut random);
        let urgency = ["normal", "normal", "urgent", "critical"][usize::try_from(random.below(4)).unwrap()];
        for turn in 0..STEPS {
            let pause = [HOUR_US, 12 * HOUR_US, 60 * HOUR_US][usize::try_from(random.below(3)).unwrap()];
            let passed = i64::try_from(1 + random.below(pause)).unwrap();
            life.script.now = WallTime::from_micros(life.script.now.as_micros() + passed);
            life.fire();
            if turn == 0 || (life.script.ticket.state == State::Draft && random.below(4) == 0) {
                let fields = DraftFields {
                    urgency: text(urgency),
                    ..complete()
                };
                let _early = life.give(
                    By::User(&desk("agent-1", Role::Agent, "1001")),
                    &Command::SaveDraft(fields),
                );
            }
            if random.below(40) == 0 {
                life.script.reference = Arc::clone(&later[which]);
                life.give(By::System, &Command::Recompute).unwrap();
            }
            life.turn(&mut random);
            let state = life.script.ticket.state;
            if state == State::Archived && random.below(3) == 0 {
                break;
            }
            *reached.entry(state.code()).or_default() += 1;
            assert!(
                life.watch.faults.is_empty(),
                "SEED={seed} turn {turn}: {:#?}",
                life.watch.faults
            );
        }
        refused += life.co_unit_refused;
        for (code, count) in life.taken {
            *taken.entry(code).or_default() += count;
        }
    }
    references.clear();
    println!("{reached:?}\n{taken:?}\nco-units refused {refused}");
    assert_eq!(reached.len(), State::ALL.len(), "every state: {reached:?}");
    let all = Command::CODES.iter().filter(|code| !taken.contains_key(**code));
    let never: Vec<_> = all.collect();
    assert!(never.is_empty(), "no life had these: {never:?}");
    assert!(
        100 < refused,
        "co-units that wanted to answer were refused {refused} times"
    );
}

/// The faults that a watch finds when these facts follow on a good order.
fn planted(state: State, with: With, facts: Vec<TicketFact>) -> Vec<String> {
    let script = order(state, with);
    let mut watch = Watch::of(&script.ticket);
    let before = script.ticket.clone();
    let mut after = before.clone();
    for fact in &facts {
        evolve(&mut after, script.now, fact, None);
    }
    watch.step(&Step {
        facts,
        before,
        after,
        recompute: false,
    });
    watch.faults.into_iter().collect()
}

fn clock(kind: ClockKind, cycle: u32) -> ClockRef {
    ClockRef {
        kind,
        cycle,
        subject: 0,
    }
}

#[test]
fn a_good_order_of_every_state_has_no_fault() {
    for state in State::ALL {
        assert_eq!(
            planted(*state, With::Nothing, Vec::new()),
            Vec::<String>::new(),
            "{state}"
        );
    }
}

#[test]
fn a_clock_that_is_lost_doubled_or_ended_twice_is_found() {
    let ended = |cycle| TicketFact::ClockEnded {
        clock: clock(ClockKind::Sign, cycle),
        end: ClockEnd::Met,
        late: false,
    };
    let twice = planted(State::Handling, With::Nothing, vec![ended(1)]);
    assert!(
        twice.contains(&"sign ended and does not run".to_owned()),
        "{twice:?}"
    );
    let lost = planted(State::PendingSign, With::Nothing, vec![ended(1)]);
    assert_eq!(lost, ["pending_sign waits by no clock"]);
    let close = clock(ClockKind::Close, 1);
    let lost = TicketFact::ClockEnded {
        clock: close,
        end: ClockEnd::Void,
        late: false,
    };
    assert_eq!(
        planted(State::Handling, With::Nothing, vec![lost]),
        ["a unit works without a limit"]
    );
    let citizen = TicketFact::ClockEnded {
        clock: clock(ClockKind::Citizen, 0),
        end: ClockEnd::Met,
        late: false,
    };
    let found = planted(State::Review, With::Nothing, vec![citizen]);
    assert_eq!(found, ["the citizen's clock runs: false, in review"]);
    let body = rexian::fact::ticket::ClockBody {
        clock: close,
        start: at("2026-11-24 10:00"),
        deadline: None,
        provisional: false,
        rule: String::new(),
        against: "unit".to_owned(),
        basis: String::new(),
        warnings: Vec::new(),
    };
    let doubled = planted(
        State::Handling,
        With::Nothing,
        vec![TicketFact::ClockStarted { clock: body }],
    );
    assert!(
        doubled.contains(&"close started while it runs".to_owned()),
        "{doubled:?}"
    );
    let breached = TicketFact::ClockBreached {
        clock: clock(ClockKind::Verify, 1),
    };
    assert_eq!(
        planted(State::Handling, With::Nothing, vec![breached]),
        ["verify breached and does not run"]
    );
}

#[test]
fn a_second_first_unit_is_found() {
    let second = TicketFact::Dispatched {
        cycle: 1,
        unit: organ("jj"),
        basis: RouteBasis::Judgement,
        rule: None,
        grid: None,
        class: "other".to_owned(),
        legal_basis: String::new(),
        final_unit: false,
        secondary: Vec::new(),
        for_information: false,
    };
    let found = planted(State::PendingSign, With::Nothing, vec![second]);
    assert_eq!(found, ["a second first unit in one cycle"]);
    let skipped = TicketFact::Reworked {
        cycle: 3,
        unit: organ("ga"),
    };
    let found = planted(State::Handling, With::Nothing, vec![skipped]);
    assert_eq!(found, ["cycles [1, 3], each with its first unit"]);
}

#[test]
fn a_co_unit_that_answers_the_citizen_is_found() {
    let answer = |unit: &str| TicketFact::FedBack {
        cycle: 1,
        unit: organ(unit),
        solved: true,
        late: false,
        warnings: Vec::new(),
        files: Vec::new(),
    };
    let found = planted(State::Handling, With::PartHandling, vec![answer("jj")]);
    assert!(
        found.contains(&"jj, a co-unit, speaks to the citizen".to_owned()),
        "{found:?}"
    );
    let found = planted(State::Handling, With::PartHandling, vec![answer("ga")]);
    assert!(
        !found.contains(&"jj, a co-unit, speaks to the citizen".to_owned()),
        "{found:?}"
    );
}

#[test]
fn an_order_that_is_closed_without_a_word_is_found() {
    let closed = |how| vec![TicketFact::Closed { cycle: 1, how }];
    for how in [
        Closing::FollowedUp,
        Closing::Verified,
        Closing::Exempt,
        Closing::Information,
    ] {
        let found = planted(State::Followup, With::Nothing, closed(how));
        let expected = format!("closed as {how} and neither followed up nor exempt");
        assert!(found.contains(&expected), "{found:?}");
    }
    // 不满意 does not close by itself.
    let found = planted(State::Verify, With::Nothing, closed(Closing::FollowedUp));
    assert!(
        found.iter().any(|fault| fault.contains("neither followed up")),
        "{found:?}"
    );
}

#[test]
fn a_deadline_that_moves_by_itself_is_found() {
    let script = order(State::Handling, With::Nothing);
    let from = script.running(ClockKind::Close, 0).unwrap().deadline.unwrap();
    let moved = |days: i64, cause| {
        vec![TicketFact::ClockMoved {
            clock: clock(ClockKind::Close, 1),
            from,
            to: WallTime::from_micros(from.as_micros() + days * 24 * i64::try_from(HOUR_US).unwrap()),
            provisional: false,
            cause,
            warnings: Vec::new(),
            limit: None,
            basis: None,
        }]
    };
    for cause in ClockCause::ALL {
        let found = planted(State::Handling, With::Nothing, moved(1, *cause));
        assert_eq!(
            found,
            [format!("close moved later by {cause} and no decision says so")]
        );
        assert!(planted(State::Handling, With::Nothing, moved(-1, *cause)).is_empty());
    }
}
