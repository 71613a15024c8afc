use super::*;
use crate::report::ratio_table::COLUMNS;
use crate::report::ratio_table::RATIOS;
use crate::report::ratio_table::ratio;

const NOW: WallTime = WallTime::from_micros(1_000);

fn period() -> Period {
    Period {
        from: WallTime::from_micros(0),
        to: WallTime::from_micros(500),
        now: NOW,
    }
}

fn row(cells: &[(&'static str, Bound)]) -> Row {
    cells.iter().cloned().collect()
}

#[test]
fn ids_are_unique_and_every_ratio_of_a_level_has_its_column() {
    let mut ids: Vec<&str> = RATIOS.iter().map(|it| it.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for it in RATIOS {
        for level in it.levels.iter().filter(|level| **level != Level::City) {
            assert!(it.base.key(*level).is_some(), "{} {}", it.id, level.code());
        }
        assert!(COLUMNS.contains(&it.anchor) && !it.anchor.is_text, "{}", it.id);
    }
}

#[test]
fn the_five_rates_of_the_shipped_settings_are_in_the_registry() {
    for id in ["sign_on_time", "close_on_time", "followup", "solved", "satisfied"] {
        assert!(
            ratio(id).is_some_and(|it| it.levels.contains(&Level::Unit)),
            "{id}"
        );
    }
}

#[test]
fn nothing_below_the_line_is_no_percentage() {
    assert_eq!(Figure::default().basis_points(), None);
    let figure = |n, d| Figure { n, d, excluded: 0 }.basis_points();
    assert_eq!(
        (figure(0, 7), figure(7, 7), figure(2, 3)),
        (Some(0), Some(10_000), Some(6_667))
    );
    assert_eq!(figure(1, 3), Some(3_333));
    let big = i64::MAX / 2;
    assert_eq!(figure(big, big), Some(10_000));
}

#[test]
fn a_late_signature_and_a_missed_one_lower_the_rate_and_a_future_deadline_does_not() {
    let sign = ratio("sign_on_time").unwrap();
    let cycle = |deadline: i64, signed: Option<(i64, i64)>| {
        let mut cells = vec![
            ("c.dispatched_at_us", Bound::Int(10)),
            ("c.sign_deadline_us", Bound::Int(deadline)),
            ("c.returns_approved", Bound::Int(0)),
            ("c.excluded", Bound::Int(0)),
        ];
        if let Some((at, late)) = signed {
            cells.push(("c.signed_at_us", Bound::Int(at)));
            cells.push(("c.signed_late", Bound::Int(late)));
        }
        row(&cells)
    };
    let rows = [
        cycle(100, Some((50, 0))),
        cycle(100, Some((150, 1))),
        cycle(100, None),
        cycle(5_000, None),
        cycle(5_000, Some((20, 0))),
    ];
    let figure = sign.count(&rows, period());
    assert_eq!((figure.n, figure.d), (2, 4));
    let missing = rows
        .iter()
        .filter(|row| sign.lists(Which::Missing, row, NOW))
        .count();
    assert_eq!(missing, 2);
}

#[test]
fn an_exempt_order_is_listed_as_left_out_and_counts_on_neither_side() {
    let followup = ratio("followup").unwrap();
    let order = |exempt: bool, followed: bool| {
        let mut cells = vec![
            ("t.closed_at_us", Bound::Int(10)),
            ("t.closing", Bound::Text("followed_up".into())),
        ];
        if exempt {
            cells.push(("t.exempt", Bound::Text("praise".into())));
        }
        if followed {
            cells.push(("t.followed_at_us", Bound::Int(9)));
        }
        row(&cells)
    };
    let rows = [
        order(false, true),
        order(false, false),
        order(true, false),
        order(true, true),
    ];
    let figure = followup.count(&rows, period());
    assert_eq!((figure.n, figure.d, figure.excluded), (1, 2, 2));
    assert_eq!(figure.basis_points(), Some(5_000));
}

#[test]
fn a_share_never_exceeds_the_whole_and_missing_is_what_is_left() {
    let mut random = crate::base::random::Random::from_number(7);
    for ratio in RATIOS {
        let rows: Vec<Row> = (0..200).map(|_| random_row(&mut random)).collect();
        let figure = ratio.count(&rows, period());
        if ratio.form != Form::Share {
            continue;
        }
        assert!(figure.n <= figure.d, "{}", ratio.id);
        let inside = |row: &&Row| int(row, ratio.anchor).is_some_and(|at| period().holds(at));
        let missing = rows
            .iter()
            .filter(inside)
            .filter(|row| ratio.lists(Which::Missing, row, NOW));
        assert_eq!(
            i64::try_from(missing.count()).unwrap(),
            figure.d - figure.n,
            "{}",
            ratio.id
        );
    }
}

#[test]
fn a_statement_binds_as_many_values_as_it_has_places() {
    for ratio in RATIOS {
        for which in Which::ALL {
            let mut out = Statement::new("");
            ratio.condition(which, &mut out, NOW);
            assert_eq!(out.sql.matches('$').count(), out.bound.len(), "{}", ratio.id);
            assert!(
                !out.sql.contains('\''),
                "{}: a value stands in the text",
                ratio.id
            );
        }
    }
}

fn random_row(random: &mut crate::base::random::Random) -> Row {
    const WORDS: [&str; 8] = [
        "answered",
        "article",
        "a",
        "person",
        "solved",
        "satisfied",
        "return",
        "phone",
    ];
    let mut row = Row::new();
    for column in COLUMNS {
        let value = match (random.below(3), column.is_text) {
            (0, _) => continue,
            (_, true) => Bound::Text(WORDS[usize::try_from(random.below(8)).unwrap()].to_owned()),
            (1, false) => Bound::Int(i64::try_from(random.below(3)).unwrap()),
            (_, false) => Bound::Int(i64::try_from(random.below(2_000)).unwrap()),
        };
        row.insert(column.name, value);
    }
    row
}
