use super::*;

const SHIPPED: &str = include_str!("../ticket/data/organs.json");

fn id(text: &str) -> OrganId {
    text.parse().unwrap()
}

fn faults(rows: &str) -> Vec<String> {
    let text = format!(r#"{{"organs": [{rows}]}}"#);
    let faults = Organs::parse(&text).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

const TOP: &str = r#"{"id": "hotline", "name": "h", "kind": "hotline"}"#;

#[test]
fn the_shipped_tree_hangs_on_the_hotline_organ() {
    let organs = Organs::parse(SHIPPED).unwrap();
    assert_eq!(organs.len(), 84);
    assert_eq!(organs.root().unwrap().id, id("hotline"));
    let street = id("t130283-130283004");
    assert_eq!(
        organs.path(&street).unwrap().to_string(),
        "hotline/t130283/t130283-130283004"
    );
    assert!(organs.is_below(&street, &id("t130283")));
    assert!(organs.is_below(&street, &street));
    assert!(!organs.is_below(&id("t130283"), &street));
    assert!(!organs.is_below(&street, &id("t130203")));
    assert_eq!(organs.upper(&street), Some(&id("t130283")));
    assert_eq!(organs.upper(&id("hotline")), None);
    assert_eq!(organs.children(&id("t130283")).len(), 9);
    assert_eq!(organs.inspection().unwrap().id, id("dc"));
    let arbiters: Vec<&str> = organs.arbiters().map(|organ| organ.id.as_str()).collect();
    assert_eq!(arbiters, ["bb", "sf"]);
    assert_eq!(organs.hotline_of("130203").unwrap().id, id("t130203"));
    assert_eq!(organs.hotline_of("1302X1").unwrap().id, id("t1302x1"));
    assert_eq!(organs.of_street("130203001").unwrap().id, id("t130203-130203001"));
}

#[test]
fn every_fault_of_a_tree_is_told_at_once() {
    let rows = format!(
        r#"{TOP}, {{"id": "a", "name": "", "kind": "x", "parent": "nobody"}}, {{"id": "a", "name": "a", "kind": "arbiter",
        "parent": "hotline", "duty_phone": "call me"}}, {{"id": "b", "name": "b", "kind": "hotline"}},
        {{"id": "c", "name": "c", "kind": "township", "parent": "d"}},
        {{"id": "d", "name": "d", "kind": "township", "parent": "c"}}"#
    );
    assert_eq!(
        faults(&rows),
        [
            "organs[1].kind: no kind of organ",
            "organs[1].name: is missing",
            "organs[1].parent: there is no organ nobody",
            "organs[2].duty_phone: not a number of 3 to 15 digits, as 0315-12345",
            "organs[2].id: stands already at organs[1].id",
            "organs[3].kind: `hotline` and no other is of the kind hotline",
            "organs[3].parent: is missing; `hotline` alone stands at the top",
            "organs[4].parent: in a ring, or deeper than 8",
            "organs[5].parent: in a ring, or deeper than 8",
        ]
    );
}

#[test]
fn a_ring_alone_and_a_tree_without_a_top_are_refused() {
    let ring = r#"{"id": "c", "name": "c", "kind": "township", "parent": "c"}"#;
    assert_eq!(
        faults(&format!("{TOP},{ring}")),
        ["organs[1].parent: in a ring, or deeper than 8"]
    );
    assert_eq!(faults(""), ["organs: there is no `hotline` at the top"]);
}

#[test]
fn a_tree_may_be_eight_deep_and_no_deeper() {
    let mut rows = vec![TOP.to_owned()];
    for depth in 1..8 {
        let parent = if depth == 1 {
            "hotline".to_owned()
        } else {
            format!("o{}", depth - 1)
        };
        rows.push(format!(
            r#"{{"id": "o{depth}", "name": "o", "kind": "township", "parent": "{parent}"}}"#
        ));
    }
    let text = |rows: &[String]| format!(r#"{{"organs": [{}]}}"#, rows.join(","));
    assert!(Organs::parse(&text(&rows)).is_ok());
    rows.push(r#"{"id": "o8", "name": "o", "kind": "township", "parent": "o7"}"#.to_owned());
    assert_eq!(
        Organs::parse(&text(&rows)).unwrap_err(),
        [Fault::new("organs[8].parent", "in a ring, or deeper than 8")]
    );
}

#[test]
fn a_retired_organ_gets_no_orders() {
    let organs = Organs::parse(&format!(
        r#"{{"organs": [{TOP}, {{"id": "a", "name": "a", "kind": "township", "parent": "hotline", "valid_to": "2026-01-31"}}]}}"#
    ))
    .unwrap();
    let day = |text: &str| CivilDate::parse(text).unwrap();
    assert!(organs.get(&id("a")).unwrap().is_active(day("2026-01-31")));
    assert!(!organs.get(&id("a")).unwrap().is_active(day("2026-02-01")));
}
