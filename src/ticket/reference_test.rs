use super::*;
use crate::base::civil::CivilDate;
use crate::base::ids::OrganId;

fn id(text: &str) -> OrganId {
    text.parse().unwrap()
}

fn ask<'a>(category: &'a str, region: Option<&'a str>) -> Question<'a> {
    Question {
        category,
        region,
        target: None,
        day: CivilDate::parse("2026-11-24").unwrap(),
    }
}

fn told(kind: Kind, text: &str) -> Vec<String> {
    let faults = Reference::shipped().unwrap().with(kind, text).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_documents_are_one_whole() {
    let shipped = Reference::shipped().unwrap();
    for kind in Kind::ALL {
        assert_eq!(shipped.version(kind), 1, "{kind}");
        assert_eq!(kind.code().parse::<Kind>(), Ok(kind));
        assert!(!shipped.document(kind).is_empty());
    }
    assert_eq!(shipped.organs.len(), 84);
    assert_eq!(shipped.emergency_lines.len(), 4);
}

#[test]
fn every_matter_of_the_lowest_level_has_a_way_with_and_without_a_place() {
    let shipped = Reference::shipped().unwrap();
    for category in shipped.catalogue.all_categories().filter(|it| it.route.is_some()) {
        for region in [None, Some("130203"), Some("130283004")] {
            assert!(
                shipped.propose(ask(&category.code, region)).is_some(),
                "{} {region:?}",
                category.code
            );
        }
    }
}

#[test]
fn what_stands_on_the_grid_list_goes_straight_to_the_grid_of_its_street() {
    let shipped = Reference::shipped().unwrap();
    let grid = shipped.grid_of(ask("010203", Some("130203006")), "").unwrap();
    assert_eq!((grid.street.as_str(), &grid.organ), ("130203006", &id("t130203")));
    assert!(grid.officer.is_some());
    assert_eq!(
        shipped.grid_of(ask("010202", Some("130203006")), ""),
        None,
        "not on the list"
    );
    assert_eq!(
        shipped.grid_of(ask("010203", Some("130203")), ""),
        None,
        "no street"
    );
    assert_eq!(shipped.grid_of(ask("010203", None), ""), None, "no place");
    let target = id("t130203");
    let about = Question {
        target: Some(&target),
        ..ask("010203", Some("130203006"))
    };
    assert_eq!(shipped.grid_of(about, ""), None, "it would judge itself");
}

#[test]
fn a_grid_list_counts_from_its_first_day_to_its_last() {
    let list = r#"{"grid_list": [{"id": "a", "category": "010200", "area": "130203", "from": "2026-11-24",
        "to": "2026-11-25"}]}"#;
    let reference = Reference::shipped().unwrap().with(Kind::GridList, list).unwrap();
    assert_eq!(reference.version(Kind::GridList), 2);
    let on = |day: &str, region| {
        let question = Question {
            day: CivilDate::parse(day).unwrap(),
            ..ask("010203", Some(region))
        };
        reference.grid_of(question, "").is_some()
    };
    assert!(!on("2026-11-23", "130203006"));
    assert!(on("2026-11-24", "130203006") && on("2026-11-25", "130203006"));
    assert!(!on("2026-11-26", "130203006"));
    assert!(!on("2026-11-24", "130202001"), "another county");
}

#[test]
fn a_document_that_others_stand_on_cannot_lose_what_they_name() {
    let organs = Kind::Organs.shipped();
    let renamed = organs.replace("\"id\": \"gjj\"", "\"id\": \"gjj2\"");
    let told_of = told(Kind::Organs, &renamed);
    assert_eq!(
        told_of,
        [
            "categories[42].dept: there is no organ gjj",
            "categories[43].dept: there is no organ gjj"
        ],
    );
    let first = Reference::shipped().unwrap();
    let more = organs.replace(
        "{\"id\": \"bb\",",
        "{\"id\": \"new\", \"name\": \"n\", \"kind\": \"township\", \"parent\": \"hotline\"},\n{\"id\": \"bb\",",
    );
    let second = first.with(Kind::Organs, &more).unwrap();
    let faults = second.with(Kind::Organs, organs).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].reason.contains("retire it"), "{faults:?}");
    let bad_place = organs.replacen(
        "\"region\": \"130200\"",
        "\"region\": \"7\", \"street\": \"8\"",
        1,
    );
    assert_eq!(
        told(Kind::Organs, &bad_place),
        [
            "organs[0].region: there is no such region",
            "organs[0].street: there is no such street in the region"
        ]
    );
}

#[test]
fn rules_and_grids_name_what_there_is() {
    let rules = r#"{"rules": [{"id": "a", "category": "*", "region": "*", "target": "nobody", "basis": "industry"}]}"#;
    assert_eq!(
        told(Kind::Rules, rules),
        ["rules[0].target: there is no organ nobody"]
    );
    let grids = r#"{"grids": [{"id": "a", "street": "1", "name": "n", "organ": "nobody"}]}"#;
    assert_eq!(
        told(Kind::Grids, grids),
        [
            "grids[0].street: there is no such region",
            "grids[0].organ: there is no organ nobody"
        ]
    );
    let list = r#"{"grid_list": [{"id": "a", "category": "1", "area": "2"}]}"#;
    assert_eq!(
        told(Kind::GridList, list),
        [
            "grid_list[0].category: there is no such category",
            "grid_list[0].area: there is no such region"
        ]
    );
    let long = " ".repeat(DOCUMENT_MAX + 1);
    assert_eq!(told(Kind::Rules, &long), ["rules: longer than 4194304 bytes"]);
}

#[test]
fn risky_words_are_told_by_their_use() {
    let shipped = Reference::shipped().unwrap();
    let flags: Vec<&str> = shipped
        .risky("我不想活了，再不给就去堵门", WordUse::Appeal)
        .map(|it| it.flag.as_str())
        .collect();
    assert_eq!(flags, ["life_danger", "group"]);
    assert_eq!(shipped.risky("此事不归我们管", WordUse::Reply).count(), 1);
    assert_eq!(shipped.risky("此事不归我们管", WordUse::Appeal).count(), 0);
}

#[test]
fn a_rule_is_switched_off_by_the_program_alone_and_stays_off_in_the_next_whole() {
    let shipped = Reference::shipped().unwrap();
    assert!(!shipped.suspends("state"));
    let without = (*shipped).clone().without(&["state", "role"]);
    let next = without.with(Kind::Regions, Kind::Regions.shipped()).unwrap();
    for it in [&without, &next] {
        assert!(it.suspends("state") && it.suspends("role") && !it.suspends("content"));
    }
    assert!(
        Kind::ALL
            .iter()
            .all(|kind| without.document(*kind) == shipped.document(*kind))
    );
}
