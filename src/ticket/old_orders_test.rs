use std::fmt::Write as _;

use super::*;
use crate::ticket::decide::By;
use crate::ticket::decide::Known;
use crate::ticket::reference::Reference;

fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

fn shipped() -> WordMap {
    let mut words = WordMap::default();
    words.add(SHIPPED_WORDS).unwrap();
    words
}

/// Reads and checks on 2026-11-23.
fn checked(text: &str, form: Form) -> (Vec<OldOrder>, Vec<String>) {
    let (orders, mut faults) = read(text, form, &shipped(), &zone());
    let reference = Reference::shipped().unwrap();
    let zone = zone();
    let ctx = Context {
        now: WallTime::from_micros(1_795_420_800_000_000),
        by: By::System,
        reference: &reference,
        zone: &zone,
        known: &Known::default(),
    };
    check(&orders, &ctx, &mut faults);
    (orders, faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_table_with_words_of_there_becomes_codes_of_here() {
    let text = "工单编号,受理时间,办结时间,工单状态,承办单位,满意程度,办理结果,诉求内容,是否保密\n\
        JD-1,2024-08-15 09:30:05,2024/8/20,已归档,cg,基本满意,已解决,\"路灯,\n不亮\",是\n\
        JD-2,2024-08-15T01:30:00Z,2024-08-20 10:00,,,不满意,未解决,,\n";
    let (orders, faults) = checked(text, Form::Csv);
    assert_eq!(faults, Vec::<String>::new());
    let first = &orders[0].import;
    assert_eq!(first.old_number, "JD-1");
    assert_eq!(first.satisfaction, Some(Satisfaction::Satisfied));
    assert_eq!(first.result, Some(FollowupResult::Solved));
    assert_eq!(first.fields.content.as_deref(), Some("路灯,\n不亮"));
    assert_eq!(first.fields.secrecy, Some(true));
    assert_eq!(zone().format(first.closed_at), "2024-08-20 00:00:00");
    assert_eq!(first.accepted_at.as_micros() % 60_000_000, 5_000_000);
    let second = &orders[1].import;
    assert_eq!(zone().format(second.accepted_at), "2024-08-15 09:30:00");
    assert_eq!(second.satisfaction, Some(Satisfaction::Unsatisfied));
    assert_eq!(second.unit, None);
}

#[test]
fn every_fault_of_every_line_is_told_by_the_files_own_names() {
    let text = "工单编号,受理时间,办结时间,工单状态,unit,满意程度,region,category,credit_code\n\
        A-1,2024-08-15 09:30,2024-08-14,办理中,nobody,一般,999,no,short\n\
        ,soon,2024-08-14,,,,,,\n\
        A-1,2024-08-15 09:30,2030-08-14,,,,,,,more\n\
        A 3,2024-08-15 25:30,2024-13-14,,Not An Id,,,,\n";
    let (_, faults) = checked(text, Form::Csv);
    let expected = [
        "line 2, column 工单状态: 办理中: only closed orders are taken over",
        "line 2, column 满意程度: 一般: none of satisfied, unsatisfied, no_comment",
        "line 3, column 工单编号: is missing",
        "line 3, column 受理时间: no instant",
        "line 4, column 工单编号: stands already at line 2, column 工单编号",
        "line 5, column 办结时间: no instant",
    ];
    for words in expected {
        assert!(
            faults.iter().any(|it| it.starts_with(words)),
            "{words}: {faults:#?}"
        );
    }
    for place in [
        "line 2, column 办结时间",
        "line 2, column unit",
        "line 2, column region",
        "line 2, column category",
        "line 2, column credit_code",
        "line 4: has more cells",
        "line 4, column 办结时间",
        "line 5, column 工单编号",
        "line 5, column 受理时间",
        "line 5, column unit",
    ] {
        assert!(
            faults.iter().any(|it| it.starts_with(place)),
            "{place}: {faults:#?}"
        );
    }
    let places: BTreeSet<&String> = faults.iter().collect();
    assert_eq!(places.len(), faults.len(), "none is told twice: {faults:#?}");
}

#[test]
fn a_head_is_told_whole_before_any_row() {
    let (orders, faults) = checked("old_number,strange,old_number\n1,2,3\n", Form::Csv);
    assert!(orders.is_empty());
    assert_eq!(
        faults,
        [
            "line 1, column strange: is not known here; name it with --map, or take it away",
            "line 1, column old_number: stands twice",
            "line 1, column accepted_at: is missing",
            "line 1, column closed_at: is missing",
        ]
    );
}

#[test]
fn json_is_told_by_its_places() {
    let text = r#"{"orders": [
        {"old_number": 17, "accepted_at": "2024-08-15", "closed_at": "2024-08-16", "secrecy": false, "满意程度": "满意"},
        {"old_number": "18", "accepted_at": "2024-08-15", "closed_at": [1], "odd": 1},
        3]}"#;
    let (orders, faults) = checked(text, Form::Json);
    assert_eq!(orders[0].import.old_number, "17");
    assert_eq!(
        faults,
        [
            "orders[1].closed_at: no text",
            "orders[1].odd: is not known here",
            "orders[2]: no object",
            "orders[1].closed_at: is missing",
        ]
    );
    assert_eq!(checked("{", Form::Json).1, ["line 1, column 1: not JSON"]);
    assert_eq!(checked("3", Form::Json).1, ["neither a list nor an object"]);
}

#[test]
fn a_map_of_ones_own_stands_above_the_shipped_one_and_is_checked() {
    let mut words = shipped();
    words
        .add("column,there,here\nsatisfaction,一般,no_comment\nunit,城管局,cg\nhead,Nr,old_number\n")
        .unwrap();
    let text = "Nr,accepted_at,closed_at,unit,satisfaction\n1,2024-01-01,2024-01-02,城管局,一般\n";
    let (orders, faults) = read(text, Form::Csv, &words, &zone());
    assert_eq!(faults, []);
    assert_eq!(orders[0].import.satisfaction, Some(Satisfaction::NoComment));
    assert_eq!(orders[0].import.unit.as_ref().map(OrganId::as_str), Some("cg"));
    let faults = words
        .add("satisfaction,一般,so so\nhead,x,y\nname,x,y\nonly,two\n")
        .unwrap_err();
    let places: Vec<&str> = faults.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(places, ["line 1", "line 2", "line 3", "line 4"]);
}

#[test]
fn more_orders_than_a_file_may_hold_are_refused_at_once() {
    let mut text = String::from("old_number,accepted_at,closed_at\n");
    for number in 0..=ORDERS_MAX {
        let _ = writeln!(text, "{number},2024-01-01,2024-01-02");
    }
    let (orders, faults) = read(&text, Form::Csv, &WordMap::default(), &zone());
    assert!(orders.is_empty());
    assert_eq!(faults.len(), 1);
}
