//! Ratios: what the database counts and lists is what the same filters say in memory, over random rows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rexian::base::random::Random;
use rexian::base::time::WallTime;
use rexian::io::store::calls::Cursor;
use rexian::io::store::ratios::BehindPage;
use rexian::io::store::ratios::Scope;
use rexian::report::ratio::Base;
use rexian::report::ratio::Bound;
use rexian::report::ratio::Column;
use rexian::report::ratio::Level;
use rexian::report::ratio::Period;
use rexian::report::ratio::Ratio;
use rexian::report::ratio::Row;
use rexian::report::ratio::Which;
use rexian::report::ratio::int;
use rexian::report::ratio_table::COLUMNS;
use rexian::report::ratio_table::RATIOS;

use crate::store::Bench;
use crate::store::on_both;

const KEYS: [Column; 8] = [
    Column::text("t.unit"),
    Column::text("t.agent"),
    Column::text("t.queue"),
    Column::text("c.unit"),
    Column::text("r.unit"),
    Column::text("s.unit"),
    Column::text("i.agent"),
    Column::text("i.queue"),
];
/// Columns that are never NULL.
const ALWAYS: &[&str] = &[
    "t.channel",
    "t.cycle",
    "t.enterprise",
    "t.excluded",
    "t.reworks",
    "t.repeats",
    "c.cycle",
    "c.excluded",
    "c.returns_asked",
    "c.returns_approved",
    "c.extensions_approved",
    "c.co_units",
    "c.co_late",
    "r.kind",
    "r.state",
    "r.unit",
    "r.asked_at_us",
    "r.decided_late",
    "s.cause",
    "s.unit",
    "s.sent_at_us",
    "i.offered_at_us",
    "i.talk_ms",
    "i.hold_ms",
    "i.wrapup_ms",
];

fn period() -> Period {
    Period {
        from: WallTime::from_micros(100),
        to: WallTime::from_micros(1_500),
        now: WallTime::from_micros(1_000),
    }
}

fn pick(random: &mut Random, many: usize) -> usize {
    usize::try_from(random.below(u64::try_from(many).unwrap())).unwrap()
}

fn words(column: &str) -> &'static [&'static str] {
    match column {
        "t.ending" => &[
            "answered",
            "invalid",
            "cancelled",
            "not_accepted",
            "referred",
            "merged",
        ],
        "t.ending_code" => &["article", "a", "b", "c", "d", "e", "f"],
        "t.appeal_type" => &["consult", "complaint"],
        "t.channel" => &["phone", "app"],
        "t.closing" => &["information", "imported", "followed_up"],
        "t.exempt" => &["grid", "praise"],
        "t.followed_mode" => &["person", "sms"],
        "t.final_result" | "c.result" => &["solved", "unsolved", "other"],
        "t.final_satisfaction" | "c.satisfaction" | "t.agent_rating" => {
            &["satisfied", "unsatisfied", "no_comment"]
        }
        "r.kind" => &["return", "extension", "co_handling"],
        "r.state" => &["open", "approved", "refused"],
        "s.cause" => &["a", "b", "c", "d"],
        "i.outcome" => &["answered", "abandoned", "short_abandoned"],
        _ => &["k1", "k2", "k3"],
    }
}

/// Random cells for the columns of a table.
fn cells(random: &mut Random, letter: &str) -> Row {
    let ours = |column: &&Column| column.name.starts_with(letter);
    let mut row = Row::new();
    for column in COLUMNS.iter().chain(&KEYS).filter(ours) {
        if random.below(4) == 0 && !ALWAYS.contains(&column.name) {
            continue;
        }
        let value = if column.is_text {
            let words = words(column.name);
            Bound::Text(words[pick(random, words.len())].to_owned())
        } else if column.name.ends_with("_us") {
            Bound::Int(i64::try_from(random.below(2_000)).unwrap())
        } else {
            Bound::Int(i64::try_from(random.below(2)).unwrap())
        };
        row.insert(column.name, value);
    }
    row
}

fn insert(sql: &mut String, table: &str, fixed: &[(&str, String)], row: &Row) {
    let literal = |value: &Bound| match value {
        Bound::Text(text) => format!("'{text}'"),
        Bound::Int(number) => number.to_string(),
    };
    let mut columns: Vec<(&str, String)> = fixed.to_vec();
    columns.extend(row.iter().map(|(name, value)| (&name[2..], literal(value))));
    let (names, values): (Vec<&str>, Vec<String>) = columns.into_iter().unzip();
    let _ = writeln!(
        sql,
        "INSERT INTO {table} ({}) VALUES ({});",
        names.join(", "),
        values.join(", ")
    );
}

/// Writes random rows; gives them by base, each with its id and its order's cells beside it.
async fn furnish(bench: &Bench, random: &mut Random) -> Vec<(Base, String, Row)> {
    let (mut sql, mut all) = (String::new(), Vec::new());
    let zero = || "0".to_owned();
    for no in 0..60 {
        let id = format!("018f0000-0000-7000-8000-{no:012}");
        let order = cells(random, "t.");
        let quoted = format!("'{id}'");
        let mut fixed = vec![
            ("id", quoted.clone()),
            ("number", format!("'2026{no:010}'")),
            ("query_code", "''".to_owned()),
            ("body", "'{}'".to_owned()),
            ("state", "'handling'".to_owned()),
            ("flags", "','".to_owned()),
        ];
        let zeros = [
            "query_tries",
            "version",
            "matter",
            "confidential",
            "created_at_us",
            "updated_at_us",
            "close_provisional",
            "returns_asked",
            "returns_approved",
            "extensions_asked",
            "extensions_approved",
            "reopened",
        ];
        fixed.extend(zeros.map(|name| (name, zero())));
        insert(&mut sql, "ticket", &fixed, &order);
        all.push((Base::Order, id.clone(), order.clone()));
        for part in 1..=random.below(3) {
            let mut cycle = cells(random, "c.");
            cycle.insert("c.cycle", Bound::Int(i64::try_from(part).unwrap()));
            let mut fixed = vec![("ticket", quoted.clone())];
            let zeros = [
                "enterprise",
                "close_provisional",
                "sent_back",
                "returns_refused",
                "extensions_asked",
                "attempts",
                "rework",
            ];
            fixed.extend(zeros.map(|name| (name, zero())));
            insert(&mut sql, "ticket_cycle", &fixed, &cycle);
            cycle.extend(order.clone());
            all.push((Base::Cycle, id.clone(), cycle));
            let mut request = cells(random, "r.");
            let fixed = [
                ("ticket", quoted.clone()),
                ("no", part.to_string()),
                ("cycle", zero()),
            ];
            insert(&mut sql, "ticket_request", &fixed, &request);
            request.extend(order.clone());
            all.push((Base::Request, id.clone(), request));
            let mut supervision = cells(random, "s.");
            let fixed = [
                ("ticket", quoted.clone()),
                ("no", part.to_string()),
                ("cycle", zero()),
                ("automatic", zero()),
                ("state", "'open'".to_owned()),
            ];
            insert(&mut sql, "ticket_supervision", &fixed, &supervision);
            supervision.extend(order.clone());
            all.push((Base::Supervision, id.clone(), supervision));
        }
        let call = cells(random, "i.");
        let fixed = [
            ("id", quoted),
            ("node", "'n1'".to_owned()),
            ("choices", "'[]'".to_owned()),
            ("wait_ms", zero()),
            ("version", zero()),
        ];
        insert(&mut sql, "interaction", &fixed, &call);
        all.push((Base::Call, id, call));
    }
    bench.meddle(&sql).await;
    all
}

/// The rows of a ratio's base that belong to those asked for.
fn of<'a>(ratio: &Ratio, scope: &Scope, all: &'a [(Base, String, Row)]) -> Vec<(&'a str, &'a Row)> {
    let key = ratio.base.key(scope.level);
    let ours = |row: &Row| match key {
        Some(key) if !scope.keys.is_empty() => match row.get(key.name) {
            Some(Bound::Text(text)) => scope.keys.contains(text),
            _ => false,
        },
        _ => true,
    };
    let found = all
        .iter()
        .filter(|(base, _, row)| *base == ratio.base && ours(row));
    found.map(|(_, id, row)| (id.as_str(), row)).collect()
}

async fn listed(bench: &Bench, ratio: &Ratio, scope: &Scope, which: Which) -> Vec<(String, i64)> {
    let (mut all, mut after): (Vec<(String, i64)>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = BehindPage {
            which,
            after,
            limit: 7,
        };
        let (rows, next) = bench
            .store
            .behind_ratio(ratio, scope, period(), &page)
            .await
            .unwrap();
        all.extend(rows.into_iter().map(|row| (row.id, row.at.as_micros())));
        let Some(next) = next else { return all };
        after = Some(next);
    }
}

#[test]
fn sql_counts_and_lists_every_ratio_as_its_filters_do_in_memory() {
    on_both(async |bench| {
        let mut random = Random::from_number(20_261_201);
        let all = furnish(bench, &mut random).await;
        let mut counted = 0;
        for ratio in RATIOS {
            for level in ratio.levels {
                for keys in [vec![], vec!["k1".to_owned(), "k3".to_owned()]] {
                    let scope = Scope { level: *level, keys };
                    let rows = of(ratio, &scope, &all);
                    let memory = ratio.count(rows.iter().map(|(_, row)| *row), period());
                    let sql = bench.store.ratio(ratio, &scope, period()).await.unwrap();
                    assert_eq!(sql, memory, "{} {scope:?} on {}", ratio.id, bench.kind);
                    counted += usize::from(0 < sql.d);
                    if *level == Level::City && !scope.keys.is_empty() {
                        continue;
                    }
                    for which in Which::ALL {
                        let inside = rows.iter().filter_map(|(id, row)| {
                            let at = int(row, ratio.anchor).filter(|at| period().holds(*at))?;
                            ratio
                                .lists(which, row, period().now)
                                .then(|| ((*id).to_owned(), at))
                        });
                        let memory: BTreeSet<(String, i64)> = inside.collect();
                        let sql = listed(bench, ratio, &scope, which).await;
                        let told = sql.len();
                        let sql: BTreeSet<(String, i64)> = sql.into_iter().collect();
                        assert_eq!(sql.len(), told, "{} tells nothing twice", ratio.id);
                        assert_eq!(sql, memory, "{} {} {scope:?}", ratio.id, which.code());
                    }
                }
            }
        }
        assert!(100 < counted, "the rows reach most ratios: {counted}");
    });
}
