use super::*;
use crate::account::commitment::Commitment;

fn organs() -> Organs {
    Organs::parse(
        r#"{"organs": [
            {"id": "hotline", "name": "市", "kind": "hotline"},
            {"id": "ln", "name": "县", "kind": "county_hotline", "parent": "hotline"},
            {"id": "jy", "name": "局", "kind": "county_department", "parent": "ln"},
            {"id": "so", "name": "所", "kind": "township", "parent": "jy"},
            {"id": "ga", "name": "市局", "kind": "city_department", "parent": "hotline"},
            {"id": "gone", "name": "旧", "kind": "city_department", "parent": "hotline", "active": false}
        ]}"#,
    )
    .unwrap()
}

fn id(text: &str) -> OrganId {
    text.parse().unwrap()
}

fn rights(roles: &[Role], organ: &str) -> Rights {
    Rights {
        roles: roles.iter().copied().collect(),
        organ: id(organ),
        agent: None,
    }
}

fn open(organ: &str) -> Wish {
    Wish::Open {
        name: "张三".to_owned(),
        rights: rights(&[Role::Unit], organ),
    }
}

fn standing(roles: &[Role], organ: &str) -> Standing {
    Standing {
        rights: rights(roles, organ),
        active: true,
    }
}

fn person(user: &str, organ: &str) -> Principal {
    Principal {
        user: user.parse().unwrap(),
        roles: [Role::Security].into(),
        organ: organ.parse().unwrap(),
        agent: None,
        session: String::new(),
        commitment: Commitment::Signed,
    }
}

#[test]
fn a_new_account_is_decided_by_the_nearest_12345_organ_above() {
    let organs = organs();
    for (organ, upper) in [
        ("so", "ln"),
        ("jy", "ln"),
        ("ln", "hotline"),
        ("ga", "hotline"),
        ("hotline", "hotline"),
    ] {
        let way = way(&open(organ), None, &organs);
        assert_eq!(way, Ok(Way::Decision(id(upper))), "{organ}");
    }
    for organ in ["nowhere", "gone"] {
        assert_eq!(way(&open(organ), None, &organs), Err(RequestError::NoOrgan));
    }
    let there = standing(&[Role::Unit], "jy");
    assert_eq!(way(&open("jy"), Some(&there), &organs), Err(RequestError::Exists));
}

#[test]
fn other_rights_are_decided_by_the_city_and_fewer_take_effect_at_once() {
    let organs = organs();
    let now = standing(&[Role::Unit, Role::Grid], "jy");
    let change = |roles: &[Role], organ: &str| {
        let rights = rights(roles, organ);
        way(&Wish::Change { rights }, Some(&now), &organs)
    };
    let city = Ok(Way::Decision(id("hotline")));
    assert_eq!(change(&[Role::Unit], "jy"), Ok(Way::AtOnce));
    assert_eq!(change(&[], "jy"), Ok(Way::AtOnce));
    assert_eq!(change(&[Role::Unit, Role::Grid, Role::Quality], "jy"), city);
    assert_eq!(change(&[Role::Quality], "jy"), city, "one taken, one given");
    assert_eq!(
        change(&[Role::Unit], "so"),
        city,
        "another organ is another scope"
    );
    assert_eq!(
        change(&[Role::Unit, Role::Grid], "jy"),
        Err(RequestError::Unchanged)
    );
    assert_eq!(way(&Wish::Close, Some(&now), &organs), Ok(Way::AtOnce));
    assert_eq!(
        way(&Wish::Reopen, Some(&now), &organs),
        Err(RequestError::State("active"))
    );
    let closed = Standing { active: false, ..now };
    assert_eq!(
        way(&Wish::Reopen, Some(&closed), &organs),
        Ok(Way::Decision(id("ln")))
    );
    assert_eq!(way(&Wish::Close, None, &organs), Err(RequestError::NoAccount));
}

#[test]
fn an_agent_number_given_is_no_reduction() {
    let before = rights(&[Role::Agent], "hotline");
    let with = Rights {
        agent: Some("a1".parse().unwrap()),
        ..before.clone()
    };
    assert!(!is_reduction(&before, &with));
    assert!(is_reduction(&with, &before));
}

#[test]
fn who_asks_whom_it_is_about_and_who_stands_below_do_not_decide() {
    let organs = organs();
    let wish = open("ln");
    let (account, asker, city) = ("new".parse().unwrap(), "li".parse().unwrap(), id("hotline"));
    let request = Waiting {
        wish: &wish,
        account: &account,
        asked_by: &asker,
        approver: &city,
    };
    let decide = |user, organ| may_decide(request, &person(user, organ), &organs);
    assert_eq!(decide("wang", "hotline"), Ok(()));
    let four = Err(RequestError::FourEyes(CLAUSE_NEW));
    assert_eq!(decide("li", "hotline"), four);
    assert_eq!(decide("new", "hotline"), four);
    let below = Err(RequestError::NotUpper(id("hotline"), CLAUSE_NEW));
    assert_eq!(decide("wang", "hotline/ln"), below);
    assert_eq!(decide("wang", "hotline/ga"), below, "no 12345 organ");
    let county = id("ln");
    let request = Waiting {
        approver: &county,
        ..request
    };
    assert_eq!(
        may_decide(request, &person("wang", "hotline/ln"), &organs),
        Ok(())
    );
    assert_eq!(may_decide(request, &person("wang", "hotline"), &organs), Ok(()));
}

#[test]
fn an_approval_does_not_undo_what_happened_meanwhile() {
    let before = standing(&[Role::Unit, Role::Grid], "jy");
    let cut = standing(&[Role::Unit], "jy");
    let wish = Wish::Change {
        rights: rights(&[Role::Unit, Role::Grid, Role::Quality], "jy"),
    };
    assert_eq!(still_fits(&wish, Some(&before), Some(&before)), Ok(()));
    assert_eq!(
        still_fits(&wish, Some(&before), Some(&cut)),
        Err(RequestError::Stale(CLAUSE_CHANGE))
    );
}
