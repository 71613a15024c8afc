use super::*;

fn principal(roles: &[Role], organ: &str, agent: Option<&str>) -> Principal {
    Principal {
        user: "wang".parse().unwrap(),
        roles: roles.iter().copied().collect(),
        organ: organ.parse().unwrap(),
        agent: agent.map(|agent| agent.parse().unwrap()),
        session: String::new(),
        commitment: crate::account::commitment::Commitment::Signed,
    }
}

fn call_of(agent: Option<&str>) -> Object {
    Object::of_agent("call/1", agent.map(|agent| agent.parse().unwrap()))
}

#[test]
fn an_agent_reads_his_own_calls_and_nobody_elses() {
    let agent = principal(&[Role::Agent], "tangshan", Some("1001"));
    assert!(authorize(&agent, Verb::CallRead, &call_of(Some("1001"))).is_ok());
    let denied = authorize(&agent, Verb::CallRead, &call_of(Some("1002"))).unwrap_err();
    assert_eq!(denied.to_string(), "no permission call.read on call/1");
    assert!(
        authorize(&agent, Verb::CallRead, &call_of(None)).is_err(),
        "a call without agent is nobody's own"
    );
}

#[test]
fn somebody_who_is_no_agent_owns_no_call() {
    let stranger = principal(&[Role::Agent], "tangshan", None);
    assert!(authorize(&stranger, Verb::CallRead, &call_of(None)).is_err());
}

#[test]
fn a_supervisor_reaches_his_subtree_only() {
    let county = principal(&[Role::Supervisor], "tangshan/lunan", None);
    let of = |organ: &str| Object {
        organ: Some(organ.parse().unwrap()),
        ..call_of(Some("1001"))
    };
    assert!(authorize(&county, Verb::CallRead, &of("tangshan/lunan")).is_ok());
    assert!(authorize(&county, Verb::CallRead, &of("tangshan/lunan/xueyuan")).is_ok());
    assert!(authorize(&county, Verb::CallRead, &of("tangshan/lubei")).is_err());
    assert!(authorize(&county, Verb::CallRead, &of("tangshan")).is_err());
}

#[test]
fn several_roles_add_up() {
    let both = principal(&[Role::Agent, Role::Supervisor], "tangshan", Some("1001"));
    assert!(authorize(&both, Verb::CallRead, &call_of(Some("1002"))).is_ok());
    assert!(authorize(&both, Verb::AgentSelf, &call_of(Some("1001"))).is_ok());
    assert_eq!(reach_of(&both, Verb::CallList), Some(Reach::Organ));
    assert_eq!(
        reach_of(&principal(&[Role::Agent], "t", None), Verb::CallList),
        Some(Reach::Own)
    );
}

#[test]
fn everybody_may_end_his_session_and_nobody_without_a_role_may_anything() {
    for role in Role::ALL {
        assert!(reach(role, Verb::SessionSelf).is_some(), "{role}");
    }
    let nobody = principal(&[], "tangshan", None);
    for verb in Verb::ALL {
        assert!(authorize(&nobody, *verb, &call_of(None)).is_err(), "{verb}");
    }
}

#[test]
fn who_administers_hears_no_citizen_and_who_audits_changes_nothing() {
    for verb in [
        Verb::CallReveal,
        Verb::RecordingPlay,
        Verb::RecordingExport,
        Verb::TicketRead,
        Verb::UserGrant,
    ] {
        assert_eq!(reach(Role::Admin, verb), None, "{verb}");
    }
    for verb in Verb::ALL {
        let reads = matches!(verb.code().rsplit_once('.'), Some((_, "read" | "list")));
        let everybodys = EVERYBODY.contains(verb);
        assert!(
            reads || everybodys || reach(Role::Auditor, *verb).is_none(),
            "{verb}"
        );
    }
}

#[test]
fn a_unit_sees_what_stands_in_its_subtree_and_nothing_of_the_centre() {
    let unit = principal(&[Role::Unit], "hotline/dc", None);
    let order = |organ: &str| Object::of_organ("ticket/1", organ.parse().unwrap());
    for verb in [Verb::TicketRead, Verb::TicketList, Verb::RecordingPlay] {
        assert!(authorize(&unit, verb, &order("hotline/dc")).is_ok(), "{verb}");
        assert!(authorize(&unit, verb, &order("hotline/bb")).is_err(), "{verb}");
        assert!(authorize(&unit, verb, &order("hotline")).is_err(), "{verb}");
        assert!(
            authorize(&unit, verb, &Object::of_centre("tickets")).is_err(),
            "{verb}: what names no organ is the centre's"
        );
    }
}

#[test]
fn who_asks_for_rights_does_not_approve_them_by_the_same_role() {
    for role in Role::ALL {
        let approves = reach(role, Verb::AccountApprove).is_some();
        assert_eq!(approves, role == Role::Security, "{role}");
    }
    for role in [Role::Agent, Role::Expert, Role::Grid, Role::Auditor] {
        assert_eq!(reach(role, Verb::AccountRequest), None, "{role}");
    }
}

#[test]
fn before_the_commitment_is_signed_no_verb_that_shows_appellants_is_allowed_and_others_are() {
    let signed = principal(&[Role::Supervisor, Role::Agent], "hotline", Some("1001"));
    let unsigned = Principal {
        commitment: Commitment::Missing,
        ..signed.clone()
    };
    let own = call_of(Some("1001"));
    for verb in SHOWS_APPELLANTS {
        let denied = authorize(&unsigned, *verb, &own).unwrap_err();
        let granted = authorize(&signed, *verb, &own);
        let lack = granted.map_or_else(|denied| denied.lack, |()| Lack::Commitment);
        assert_eq!(denied.lack, lack, "{verb}");
    }
    for verb in [
        Verb::SessionSelf,
        Verb::CommitmentSign,
        Verb::StatisticsRead,
        Verb::ReferenceRead,
    ] {
        assert_eq!(authorize(&unsigned, verb, &own), Ok(()), "{verb}");
    }
}
