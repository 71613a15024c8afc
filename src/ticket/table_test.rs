use super::*;
use crate::ticket::reference::Reference;

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn every_shipped_document_survives_its_table_and_its_written_form() {
    for kind in Kind::ALL.into_iter().filter(|kind| columns(*kind).is_some()) {
        let shipped = kind.shipped();
        let csv = to_csv(kind, shipped).unwrap();
        let table = from_csv(kind, &csv, shipped).unwrap();
        let form = canonical(kind, shipped);
        assert_eq!(canonical(kind, &table.document), form, "{kind}");
        assert_eq!(canonical(kind, &form), form, "{kind}");
        assert_eq!(to_csv(kind, &form).unwrap(), csv, "{kind}");
        assert!(changes(kind, shipped, &table.document).is_empty(), "{kind}");
    }
    assert_eq!(to_csv(Kind::Settings, Kind::Settings.shipped()), None);
    assert_eq!(from_csv(Kind::Settings, "id\n", "").unwrap_err().len(), 1);
}

#[test]
fn the_written_form_means_the_same() {
    let shipped = Reference::shipped().unwrap();
    for kind in Kind::ALL {
        let form = canonical(kind, kind.shipped());
        assert!(shipped.with(kind, &form).is_ok(), "{kind}");
    }
}

#[test]
fn a_fault_of_a_table_is_told_by_line_and_column() {
    let shipped = Reference::shipped().unwrap();
    let csv = "id,category,region,target,basis\r\na,\"010100\",*,nobody,industry\r\n\r\nB,99,*,cg,boat\r\n";
    let table = from_csv(Kind::Rules, csv, "").unwrap();
    let faults = shipped.with(Kind::Rules, &table.document).unwrap_err();
    assert_eq!(
        told(&table.in_lines(faults)),
        [
            "line 4, column basis: neither territory (属地) nor industry (行业主管), 7.2 b",
            "line 4, column id: not 1 to 40 of a-z, 0-9 and -",
        ]
    );
    let csv = csv.replace("B,99,*,cg,boat", "b,99,*,cg,industry");
    let table = from_csv(Kind::Rules, &csv, "").unwrap();
    let faults = shipped.with(Kind::Rules, &table.document).unwrap_err();
    assert_eq!(
        told(&table.in_lines(faults)),
        [
            "line 2, column target: there is no organ nobody",
            "line 4, column category: there is no such category",
        ]
    );
}

#[test]
fn a_head_that_does_not_fit_is_told() {
    let faults = from_csv(Kind::Regions, "code,code,colour\n1,2,3,4\n", "").unwrap_err();
    assert_eq!(
        told(&faults),
        [
            "line 1, column code: stands twice",
            "line 1, column colour: is not known here; there are code, name, parent",
            "line 2: has more cells than the head",
        ]
    );
    assert_eq!(from_csv(Kind::Regions, "\n", "").unwrap_err()[0].place, "line 1");
}

#[test]
fn a_day_that_is_none_is_told_by_its_line() {
    let shipped = Reference::shipped().unwrap();
    let csv = to_csv(Kind::Calendar, Kind::Calendar.shipped()).unwrap();
    let at = csv.lines().position(|line| line.contains("2026-02-16")).unwrap() + 1;
    let bad = csv.replace("2026-02-16", "2026-02-30");
    let table = from_csv(Kind::Calendar, &bad, Kind::Calendar.shipped()).unwrap();
    let faults = table.in_lines(shipped.with(Kind::Calendar, &table.document).unwrap_err());
    assert!(faults[0].place.starts_with(&format!("line {at}")), "{faults:?}");
    let typo = from_csv(Kind::Calendar, "year,kind,value\n2026,free,2026-01-01\n", "").unwrap_err();
    assert_eq!(
        told(&typo),
        ["line 2, column kind: not paper, off, work or local_off"]
    );
}

#[test]
fn what_differs_is_told_row_by_row() {
    let before = r#"{"regions": [{"code": "1", "name": "a"}, {"code": "2", "name": "b"}, {"code": "4", "name": "d"}]}"#;
    let after = r#"{"note": "n", "regions": [{"code": "4", "name": "d"}, {"code": "2", "name": "c", "parent": "1"},
        {"code": "3", "name": "c"}]}"#;
    let found = changes(Kind::Regions, before, after);
    assert_eq!(found.removed, ["regions.1"]);
    assert_eq!(found.added, ["note", "regions.3"]);
    let fields: Vec<String> = found
        .changed
        .iter()
        .map(|it| format!("{} {}>{}", it.place, it.before, it.after))
        .collect();
    assert_eq!(fields, ["regions.2.name b>c", "regions.2.parent >1"]);
    let shipped = Kind::Calendar.shipped();
    let calendar = changes(Kind::Calendar, shipped, &shipped.replace("\"2026-01-04\",", ""));
    assert_eq!(calendar.changed.len(), 1);
    assert_eq!(calendar.changed[0].place, "years.2026.work");
    let settings = |value: &str| {
        format!(
            r#"{{"entries": [{{"id": "sign", "from": "2025-01-01", "value": "1wd"}},
            {{"id": "sign", "from": "2026-01-01", "value": "{value}"}}]}}"#
        )
    };
    let found = changes(Kind::Settings, &settings("1wd"), &settings("2wd"));
    assert_eq!(found.changed[0].place, "entries.sign@2026-01-01.value");
}
