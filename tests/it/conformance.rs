//! The conformance ledger `docs/conformance.md` holds each promised row once and names only tests that exist.
//!
//! **Invariants.** No id of `tests/data/conformance/ids.txt` is missing, none stands twice, none is unlisted; a proof is
//! `open` or a list of test functions below `tests/` and `src/`.
//! **Not here.** Whether a test proves its row: that is for the reader of the test.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

const LEDGER: &str = include_str!("../../docs/conformance.md");
const IDS: &str = include_str!("../data/conformance/ids.txt");

/// A row: line number from 1, id, proofs (none: open), and what is wrong with its shape.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    line: usize,
    id: &'a str,
    proofs: Vec<&'a str>,
    fault: Option<&'static str>,
}

#[test]
fn every_promised_id_stands_in_the_ledger_exactly_once() {
    let promised: Vec<&str> = IDS.lines().filter(|it| !it.starts_with('#')).collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows(LEDGER) {
        if let Some(first) = seen.insert(row.id, row.line) {
            faults.push(format!(
                "line {}: {} stands in line {first} already",
                row.line, row.id
            ));
        }
    }
    let listed: BTreeSet<&str> = promised.iter().copied().collect();
    assert_eq!(
        listed.len(),
        promised.len(),
        "an id stands twice in tests/data/conformance/ids.txt"
    );
    faults.extend(
        promised
            .iter()
            .filter(|id| !seen.contains_key(*id))
            .map(|id| format!("{id} is missing")),
    );
    faults.extend(
        seen.keys()
            .filter(|id| !listed.contains(*id))
            .map(|id| format!("{id} is not in the list of ids")),
    );
    assert!(faults.is_empty(), "docs/conformance.md:\n{}", faults.join("\n"));
}

#[test]
fn every_row_of_the_ledger_has_words_and_a_proof_cell() {
    let faults: Vec<String> = rows(LEDGER)
        .into_iter()
        .filter_map(|row| {
            row.fault
                .map(|fault| format!("line {}: {}: {fault}", row.line, row.id))
        })
        .collect();
    assert!(faults.is_empty(), "docs/conformance.md:\n{}", faults.join("\n"));
}

#[test]
fn every_proof_in_the_ledger_is_a_test_that_exists() {
    let tests = all_tests();
    let mut faults = Vec::new();
    for row in rows(LEDGER) {
        for proof in &row.proofs {
            if !names_a_test(proof, &tests) {
                faults.push(format!("line {}: {}: no test `{proof}`", row.line, row.id));
            }
        }
    }
    assert!(faults.is_empty(), "docs/conformance.md:\n{}", faults.join("\n"));
}

#[test]
fn the_ledger_reader_sees_open_rows_proofs_and_broken_rows() {
    let text = "| id | what | proof |\n| --- | --- | --- |\n| A-1 | x | open |\n| A-2 | y | `it::a::b`, it::c |\n\
                | A-3 |  | open |\n| A-4 | z |  |\n| A-5 | z |\n";
    let seen: Vec<_> = rows(text)
        .into_iter()
        .map(|row| (row.id, row.proofs.len(), row.fault))
        .collect();
    let expected = vec![
        ("A-1", 0, None),
        ("A-2", 2, None),
        ("A-3", 0, Some("no words")),
        ("A-4", 0, Some("no proof: write open")),
        ("A-5", 0, Some("not three cells")),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_proof_is_found_in_its_own_module_and_nowhere_else() {
    let tests = all_tests();
    assert!(names_a_test(
        "it::conformance::a_proof_is_found_in_its_own_module_and_nowhere_else",
        &tests
    ));
    assert!(!names_a_test(
        "it::prompts::a_proof_is_found_in_its_own_module_and_nowhere_else",
        &tests
    ));
    assert!(
        !names_a_test("it::conformance::rows", &tests),
        "a helper is no test"
    );
    assert!(!names_a_test("it::conformance::no_such_test", &tests));
    assert!(!names_a_test("", &tests));
}

/// Reads the rows of the ledger's tables: those whose first cell looks like an id.
fn rows(text: &str) -> Vec<Row<'_>> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| row(index + 1, line))
        .collect()
}

fn row(line: usize, text: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = text
        .strip_prefix('|')?
        .trim_end()
        .strip_suffix('|')?
        .split('|')
        .map(str::trim)
        .collect();
    let id = *cells.first()?;
    let (family, rest) = id.split_once('-')?;
    if family.is_empty() || !family.chars().all(|it| it.is_ascii_uppercase()) || rest.is_empty() {
        return None;
    }
    let (proofs, fault) = match cells.as_slice() {
        [_, "", _] => (Vec::new(), Some("no words")),
        [_, _, ""] => (Vec::new(), Some("no proof: write open")),
        [_, _, "open"] => (Vec::new(), None),
        [_, _, proof] => (
            proof.split(',').map(|it| it.trim().trim_matches('`')).collect(),
            None,
        ),
        _ => (Vec::new(), Some("not three cells")),
    };
    Some(Row {
        line,
        id,
        proofs,
        fault,
    })
}

/// Whether `proof`, as `it::module::name`, is among the tests; a unit test's `tests` module may be left out.
fn names_a_test(proof: &str, tests: &BTreeSet<String>) -> bool {
    let segments: Vec<&str> = proof.split("::").filter(|it| *it != "tests").collect();
    1 < segments.len() && tests.contains(&segments.join("::"))
}

/// Lists every test function as `it::…`, `sim::…` or `rexian::…` by file and name.
fn all_tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for (folder, name) in [("src", "rexian"), ("tests/it", "it"), ("tests/sim", "sim")] {
        let folder = root.join(folder);
        for file in rust_files(&folder) {
            let module = module_of(&folder, &file, name);
            let text = fs::read_to_string(&file).unwrap();
            tests.extend(
                tests_in(&text)
                    .into_iter()
                    .map(|test| format!("{module}::{test}")),
            );
        }
    }
    tests
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for path in entries.map(|it| it.unwrap().path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module a file holds: `src/acd/queue_test.rs` is `rexian::acd::queue`.
fn module_of(folder: &Path, file: &Path, name: &str) -> String {
    let inner = file.strip_prefix(folder).unwrap().with_extension("");
    let mut segments = vec![name.to_owned()];
    segments.extend(
        inner
            .iter()
            .map(|it| it.to_str().unwrap().trim_end_matches("_test").to_owned()),
    );
    segments.retain(|it| !matches!(it.as_str(), "mod" | "main" | "lib" | "tests"));
    segments.join("::")
}

/// The names of the functions that carry a test attribute.
fn tests_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(rest) = line
            .strip_prefix("fn ")
            .or_else(|| line.strip_prefix("async fn "))
        {
            if marked && let Some((name, _)) = rest.split_once('(') {
                names.push(name);
            }
            marked = false;
        } else if line.ends_with('}') {
            marked = false;
        }
    }
    names
}
