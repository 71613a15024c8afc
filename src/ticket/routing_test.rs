use super::*;
use crate::ticket::grids::Grids;

const ORGANS: &str = include_str!("data/organs.json");
const RULES: &str = include_str!("data/rules.json");
const GRIDS: &str = include_str!("data/grids.json");
const APPEALS: &str = include_str!("../../tests/data/appeals.json");

fn id(text: &str) -> OrganId {
    text.parse().unwrap()
}

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

fn ask<'a>(category: &'a str, region: Option<&'a str>) -> Question<'a> {
    Question {
        category,
        region,
        target: None,
        day: day("2026-11-24"),
    }
}

fn rules(rows: &str) -> Rules {
    Rules::parse(&format!(r#"{{"rules": [{rows}]}}"#)).unwrap()
}

/// Asks with the shipped organs and categories.
fn propose(rules: &Rules, question: Question<'_>) -> Option<Proposal> {
    let organs = Organs::parse(ORGANS).unwrap();
    let catalogue = Catalogue::shipped();
    rules.propose(
        question,
        Lists {
            organs: &organs,
            catalogue,
        },
    )
}

fn shipped(question: Question<'_>) -> Option<Proposal> {
    propose(&Rules::parse(RULES).unwrap(), question)
}

#[test]
fn a_matter_of_a_place_goes_to_the_hotline_organ_of_its_county() {
    let proposal = shipped(ask("010501", Some("130203009"))).unwrap();
    assert_eq!(proposal.unit, id("t130203"));
    assert_eq!(proposal.basis, RouteBasis::Territory);
    assert_eq!(proposal.words, ["territory"]);
    assert_eq!(proposal.rule, "r-010500");
    assert_eq!(proposal.alternatives, [id("st")], "the trade may help");
    let street = shipped(ask("010101", Some("130203001"))).unwrap();
    assert_eq!(street.alternatives, [id("t130203-130203001"), id("cg")]);
}

#[test]
fn a_matter_of_a_trade_goes_to_its_department_wherever_it_is() {
    let proposal = shipped(ask("030301", Some("130281108"))).unwrap();
    assert_eq!((proposal.unit, proposal.basis), (id("dl"), RouteBasis::Industry));
    assert_eq!(proposal.alternatives, [id("t130281")]);
}

#[test]
fn a_matter_of_a_place_without_one_goes_to_the_department() {
    let proposal = shipped(ask("130103", None)).unwrap();
    assert_eq!(proposal.unit, id("sp"));
    assert_eq!(proposal.words, ["no_region"]);
    let city = shipped(ask("130103", Some("130200"))).unwrap();
    assert_eq!(city.unit, id("sp"), "the whole city is no territory");
}

#[test]
fn the_longest_rule_wins_and_the_choice_is_total() {
    let table = rules(
        r#"{"id": "all", "category": "*", "region": "*", "target": "hotline", "basis": "territory"},
        {"id": "field", "category": "010000", "region": "130203001", "target": "cg", "basis": "industry"},
        {"id": "kind", "category": "010100", "region": "*", "target": "lh", "basis": "industry"},
        {"id": "county", "category": "010100", "region": "130203", "target": "st", "basis": "industry"},
        {"id": "later", "category": "010100", "region": "130203", "target": "zj", "basis": "industry",
         "from": "2026-12-01"}"#,
    );
    let unit = |category, region: Option<&'static str>, on: &str| {
        let question = Question {
            day: day(on),
            ..ask(category, region)
        };
        propose(&table, question).unwrap().unit.to_string()
    };
    assert_eq!(unit("010101", Some("130203001"), "2026-11-24"), "st");
    assert_eq!(unit("010101", Some("130203001"), "2026-12-01"), "zj");
    assert_eq!(unit("010101", Some("130202001"), "2026-11-24"), "lh");
    assert_eq!(unit("010201", Some("130203001"), "2026-11-24"), "cg");
    assert_eq!(unit("010201", None, "2026-11-24"), "hotline");
}

#[test]
fn where_no_rule_speaks_the_matter_is_for_arbitration() {
    let table = rules(
        r#"{"id": "a", "category": "010100", "region": "*", "target": "cg", "basis": "industry", "to": "2026-01-31"}"#,
    );
    assert_eq!(propose(&table, ask("010101", None)), None, "the rule has ended");
    assert_eq!(propose(&table, ask("020101", None)), None, "none speaks");
}

#[test]
fn a_complaint_about_an_organ_goes_to_the_one_above_it() {
    let organs = Organs::parse(ORGANS).unwrap();
    let decided = |target: &str, unit: &str| {
        conflict(Some(&id(target)), &id(unit), &organs).map(|it| it.decided_by.to_string())
    };
    assert_eq!(decided("t130203", "t130203"), Some("hotline".to_owned()));
    assert_eq!(
        decided("t130203", "t130203-sc"),
        Some("hotline".to_owned()),
        "one below judges no better"
    );
    assert_eq!(decided("t130203-sc", "t130203-sc"), Some("t130203".to_owned()));
    assert_eq!(decided("t130203-sc", "t130203"), None);
    assert_eq!(decided("hotline", "hotline"), Some("dc".to_owned()));
    assert_eq!(decided("dc", "dc"), Some("hotline".to_owned()));
    assert_eq!(conflict(None, &id("sc"), &organs), None);
    let target = id("t130203");
    let proposal = shipped(Question {
        target: Some(&target),
        ..ask("140102", Some("130203001"))
    })
    .unwrap();
    assert_eq!(proposal.unit, id("hotline"));
    assert_eq!(proposal.words, ["territory", "conflict"]);
    assert_eq!(proposal.alternatives, [id("dc")], "none below the county");
}

#[test]
fn about_the_hotline_itself_the_inspection_organ_decides() {
    let target = id("hotline");
    let proposal = shipped(Question {
        target: Some(&target),
        ..ask("140201", None)
    })
    .unwrap();
    assert_eq!(proposal.unit, id("dc"));
    assert!(proposal.alternatives.is_empty(), "all others stand below it");
}

#[test]
fn an_organ_that_is_retired_hands_up() {
    let text = ORGANS.replace(
        r#""id": "t130203", "name""#,
        r#""id": "t130203", "active": false, "name""#,
    );
    let organs = Organs::parse(&text).unwrap();
    let lists = Lists {
        organs: &organs,
        catalogue: Catalogue::shipped(),
    };
    let proposal = Rules::parse(RULES)
        .unwrap()
        .propose(ask("010101", Some("130203001")), lists)
        .unwrap();
    assert_eq!(proposal.unit, id("hotline"));
    assert_eq!(proposal.words, ["territory", "retired"]);
}

#[test]
fn a_rule_that_names_what_is_not_there_is_told_with_its_place() {
    let table = rules(
        r#"{"id": "a", "category": "99", "region": "88", "target": "nobody", "basis": "industry"},
        {"id": "b", "category": "*", "region": "*", "target": "industry", "basis": "industry", "to": "2026-06-30"},
        {"id": "c", "category": "*", "region": "*", "target": "territory", "basis": "territory", "from": "2026-06-30"}"#,
    );
    let organs = Organs::parse(ORGANS).unwrap();
    let mut faults = Vec::new();
    table.check(
        Lists {
            organs: &organs,
            catalogue: Catalogue::shipped(),
        },
        &mut faults,
    );
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "rules[0].category: there is no such category",
            "rules[0].region: there is no such region",
            "rules[0].target: there is no organ nobody",
            "rules[2].category: b says where this goes on the same days",
        ]
    );
    let bad = Rules::parse(
        r#"{"rules": [{"id": "A", "category": "", "target": "X", "basis": "boat"}, {"id": "a", "category": "*",
        "region": "*", "target": "cg", "basis": "industry"}, {"id": "a", "category": "*", "region": "*",
        "target": "cg", "basis": "industry"}]}"#,
    )
    .unwrap_err();
    assert_eq!(bad.len(), 6, "{bad:?}");
}

#[test]
fn the_grid_of_an_address_is_found_by_what_it_names() {
    let grids = Grids::parse(GRIDS).unwrap();
    assert_eq!(grids.iter().count(), 500);
    assert_eq!(grids.at("130203006", "").unwrap().id, "130203006-g01");
    assert_eq!(grids.at("999", ""), None);
    let named = GRIDS.replace(
        r#""id": "130203006-g02","#,
        r#""id": "130203006-g02", "places": ["学院路"],"#,
    );
    let grids = Grids::parse(&named).unwrap();
    assert_eq!(
        grids.at("130203006", "机场路和学院路口").unwrap().id,
        "130203006-g02"
    );
    let faults = Grids::parse(r#"{"grids": [{"id": "a b", "street": "", "officer": "X"}]}"#).unwrap_err();
    assert_eq!(faults.len(), 5, "{faults:?}");
}

/// The unit of the answer key, as an id.
fn expected(code: &str) -> String {
    match code {
        "HL" => "hotline".to_owned(),
        code => code.replace('.', "-").to_lowercase(),
    }
}

#[test]
fn the_table_agrees_with_the_answer_key_where_a_dispatcher_need_not_think() {
    let key: serde_json::Value = serde_json::from_str(APPEALS).unwrap();
    let (mut right, mut wrong) = (0, Vec::new());
    for item in key["items"].as_array().unwrap() {
        let answer = &item["expected"];
        if answer["path"] != "dispatch" {
            continue;
        }
        let place = answer["street"].as_str().or(answer["region"].as_str());
        let proposal = shipped(ask(answer["category"].as_str().unwrap(), place));
        let unit = proposal.map(|it| it.unit.to_string()).unwrap_or_default();
        if unit == expected(answer["unit"].as_str().unwrap()) {
            right += 1;
        } else {
            wrong.push(item["id"].as_str().unwrap().to_owned());
        }
    }
    // An inquiry, a complaint about an inspection, praise and a suggestion go by what they say, not by their kind.
    assert_eq!(wrong, ["AP004", "AP060", "AP083", "AP084"]);
    assert_eq!(right, 31);
}
