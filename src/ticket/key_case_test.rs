use super::*;
use crate::base::civil::SiteZone;
use crate::ticket::decide::Known;

const HOUR: i64 = 3_600_000_000;

fn at(hour: i64) -> WallTime {
    WallTime::from_micros(1_790_000_000_000_000 + hour * HOUR)
}

fn person(role: Role, organ: &str) -> Principal {
    Principal {
        user: "somebody".parse().unwrap(),
        roles: [role].into(),
        organ: organ.parse().unwrap(),
        agent: None,
        session: String::new(),
        commitment: crate::account::commitment::Commitment::Signed,
    }
}

fn order(no: u8) -> TicketId {
    TicketId::from_bytes([no; 16])
}

fn submission() -> SubmitCase {
    SubmitCase {
        cause: KeyCause::ManyAppeals,
        title: "供热不达标".into(),
        text: "多户反映温度不足".into(),
        orders: vec![order(1), order(2), order(1)],
        units: vec!["zj".parse().unwrap(), "cg".parse().unwrap()],
        appellants: 12,
    }
}

/// A case in virtual time.
struct Script {
    case: KeyCase,
    reference: Reference,
}

impl Script {
    fn submitted() -> Self {
        let reference = Reference::shipped().unwrap().as_ref().clone();
        let who = person(Role::Supervisor, "hotline");
        let outcome = with(&reference, 0, By::User(&who), |ctx| {
            submit(CaseId::default(), &submission(), ctx)
        });
        Self {
            case: outcome.unwrap().case,
            reference,
        }
    }

    fn give(&mut self, hour: i64, by: By<'_>, command: &CaseCommand) -> Result<usize, String> {
        let outcome = with(&self.reference, hour, by, |ctx| decide(&self.case, command, ctx));
        let outcome = outcome.map_err(|error| error.to_string().replace("DB1302/T 604—2025 ", ""))?;
        let mut folded = self.case.clone();
        for decision in &outcome.decisions {
            evolve(&mut folded, at(hour), &decision.fact, decision.personal.as_ref());
        }
        assert_eq!(folded, outcome.case);
        self.case = outcome.case;
        Ok(outcome.decisions.len())
    }

    fn inspector(&mut self, hour: i64, command: &CaseCommand) -> Result<usize, String> {
        self.give(hour, By::User(&person(Role::Inspector, "hotline/dc")), command)
    }
}

fn with<T>(reference: &Reference, hour: i64, by: By<'_>, act: impl FnOnce(&Context<'_>) -> T) -> T {
    act(&Context {
        now: at(hour),
        by,
        reference,
        zone: &SiteZone::new("Asia/Shanghai").unwrap(),
        known: &Known::default(),
    })
}

fn rectification(hour: i64) -> CaseCommand {
    CaseCommand::OrderRectification {
        demand: "限期整改".into(),
        limit: at(hour),
    }
}

fn report(unit: &str) -> CaseCommand {
    CaseCommand::Report {
        unit: unit.parse().unwrap(),
        report: "已整改".into(),
    }
}

fn check(effective: bool, limit: Option<i64>) -> CaseCommand {
    CaseCommand::Check {
        effective,
        text: "现场核查".into(),
        limit: limit.map(at),
    }
}

#[test]
fn a_case_goes_from_submission_to_a_rectification_that_had_an_effect() {
    let mut script = Script::submitted();
    assert_eq!(script.case.orders, [order(1), order(2)]);
    assert_eq!(
        script.inspector(1, &rectification(48)),
        Err("7.8.2: case_state".to_owned())
    );
    script.inspector(1, &CaseCommand::Take {}).unwrap();
    script.inspector(2, &rectification(48)).unwrap();
    let zj = person(Role::Unit, "hotline/zj");
    let cg = person(Role::Unit, "hotline/cg");
    let not_yours = Err("7.8.2: not_your_unit".to_owned());
    assert_eq!(script.give(3, By::User(&zj), &report("cg")), not_yours);
    script.give(3, By::User(&zj), &report("zj")).unwrap();
    assert_eq!(
        script.give(3, By::User(&zj), &report("zj")),
        Err("7.8.2: already_recorded".to_owned())
    );
    assert_eq!(script.case.state, KeyState::Rectify);
    // The limit passes once, then the last unit reports late.
    assert_eq!(script.give(47, By::System, &CaseCommand::LimitPassed {}), Ok(0));
    assert_eq!(script.give(48, By::System, &CaseCommand::LimitPassed {}), Ok(1));
    assert_eq!(script.give(49, By::System, &CaseCommand::LimitPassed {}), Ok(0));
    script.give(50, By::User(&cg), &report("cg")).unwrap();
    assert_eq!(script.case.state, KeyState::Check);
    assert_eq!(
        script.inspector(51, &check(false, None)),
        Err("7.8.2: missing limit".to_owned())
    );
    assert_eq!(
        script.inspector(51, &check(false, Some(51))),
        Err("7.8.2: limit: not_later".to_owned())
    );
    script.inspector(51, &check(false, Some(72))).unwrap();
    assert_eq!((script.case.state, script.case.round), (KeyState::Rectify, 2));
    assert!(script.case.reported.is_empty() && !script.case.overdue);
    script.give(60, By::User(&zj), &report("zj")).unwrap();
    script.give(60, By::User(&cg), &report("cg")).unwrap();
    script.inspector(61, &check(true, None)).unwrap();
    assert_eq!(script.case.state, KeyState::Closed);
    assert_eq!(script.case.texts.get("report.1.cg"), "已整改");
    assert_eq!(script.case.texts.get("conclusion"), "现场核查");
}

#[test]
fn only_the_citys_organ_submits_and_only_the_inspection_takes() {
    let reference = Reference::shipped().unwrap();
    let ask = |who: &Principal, submission: &SubmitCase| {
        let outcome = with(&reference, 0, By::User(who), |ctx| {
            submit(CaseId::default(), submission, ctx)
        });
        outcome.map_err(|error| error.to_string()).map(|_| ())
    };
    let refused = |what: &str| Err(format!("DB1302/T 604—2025 7.8.2: {what}"));
    assert_eq!(
        ask(&person(Role::Supervisor, "hotline/t130203"), &submission()),
        refused("city_organ")
    );
    assert_eq!(
        ask(&person(Role::Agent, "hotline"), &submission()),
        refused("role")
    );
    let organ = person(Role::Supervisor, "hotline");
    let nobody = SubmitCase {
        units: Vec::new(),
        ..submission()
    };
    assert_eq!(ask(&organ, &nobody), refused("missing units"));
    let nothing = SubmitCase {
        orders: Vec::new(),
        ..submission()
    };
    assert_eq!(ask(&organ, &nothing), refused("missing orders"));
    let mut script = Script::submitted();
    assert_eq!(
        script.give(1, By::User(&organ), &CaseCommand::Take {}),
        Err("7.8.2: role".to_owned())
    );
    let back = CaseCommand::SendBack {
        reason: "材料不足".into(),
    };
    script.inspector(1, &back).unwrap();
    assert_eq!(script.case.state, KeyState::SentBack);
    assert_eq!(
        script.inspector(2, &CaseCommand::Take {}),
        Err("7.8.2: case_state".to_owned())
    );
}

#[test]
fn a_case_grows_by_orders_once_each_up_to_its_bound() {
    let organ = person(Role::Supervisor, "hotline");
    let mut script = Script::submitted();
    let join = |orders: Vec<TicketId>| CaseCommand::Join { orders };
    assert_eq!(script.give(1, By::User(&organ), &join(vec![order(2)])), Ok(0));
    assert_eq!(
        script.give(1, By::User(&organ), &join(vec![order(2), order(3)])),
        Ok(1)
    );
    assert_eq!(script.case.orders.len(), 3);
    let many =
        (0..u128::try_from(ORDERS_MAX).unwrap()).map(|no| TicketId::from_bytes((no << 64).to_be_bytes()));
    assert_eq!(
        script.give(1, By::User(&organ), &join(many.collect())),
        Err("7.8.2: case_limit".to_owned())
    );
}

#[test]
fn ac_7_8_2_a_unit_sees_its_own_cases_once_they_were_taken() {
    let mut script = Script::submitted();
    let sees = |script: &Script, role, organ: &str| {
        is_visible(&script.case, &person(role, organ), &script.reference)
    };
    assert!(sees(&script, Role::Inspector, "hotline/dc"));
    assert!(sees(&script, Role::Reviewer, "hotline"));
    assert!(!sees(&script, Role::Unit, "hotline/zj"));
    script.inspector(1, &CaseCommand::Take {}).unwrap();
    assert!(sees(&script, Role::Unit, "hotline/zj"));
    assert!(!sees(&script, Role::Unit, "hotline/ga"));
    assert!(!sees(&script, Role::Reviewer, "hotline/zj"));
}

#[test]
fn facts_of_a_case_survive_their_json() {
    let facts = [
        CaseFact::Taken {
            case: CaseId::default(),
        },
        CaseFact::RectificationOrdered {
            case: CaseId::default(),
            round: 2,
            limit: at(3),
        },
    ];
    for fact in facts {
        let text = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<CaseFact>(&text).unwrap(), fact);
        assert_eq!(fact.case(), CaseId::default());
    }
}
