//! The house rules that a compiler does not know: layers, purity, links, and words that do not belong here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules", ".git", "dist", "data"].contains(&name.as_str()) {
            files_below(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

struct Layer {
    pure: bool,
    may_use: BTreeSet<String>,
}

/// The table between the `layers` marks of the architecture page.
fn layers() -> BTreeMap<String, Layer> {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let table = text
        .split("<!-- layers -->")
        .nth(1)
        .unwrap()
        .split("<!-- /layers -->")
        .next()
        .unwrap();
    let mut layers = BTreeMap::new();
    for row in table.lines().filter(|row| row.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let may_use = cells[3]
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        layers.insert(
            cells[0].to_owned(),
            Layer {
                pure: cells[1] == "pure",
                may_use,
            },
        );
    }
    layers
}

/// What a pure module must not name.
const IMPURE: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::thread",
    "std::process",
    "std::env",
    "Instant::now",
    "SystemTime",
    ".await",
    "async fn",
    "Mutex",
    "RwLock",
    "sqlx::",
    "axum::",
    "getrandom",
    "libc::",
    "println!",
    "eprintln!",
    "unsafe ",
];

/// Product code of a file: comments and unit tests are left out.
fn code_of(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    product
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether `code` has `word`, and not as the beginning of a longer name.
fn names(code: &str, word: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let open_ended = word.ends_with(|last: char| !last.is_alphanumeric());
    code.match_indices(word)
        .any(|(at, _)| open_ended || !goes_on(&code[at + word.len()..]))
}

#[test]
fn every_module_uses_only_what_its_layer_allows() {
    let layers = layers();
    let mut faults = Vec::new();
    for (name, layer) in &layers {
        let mut files = Vec::new();
        files_below(&root().join("src").join(name), ".rs", &mut files);
        assert!(
            !files.is_empty(),
            "the table names `{name}`, which does not exist"
        );
        for file in files
            .iter()
            .filter(|file| !file.to_string_lossy().ends_with("_test.rs"))
        {
            let code = code_of(&fs::read_to_string(file).unwrap());
            for used in code.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if used != *name && !layer.may_use.contains(&used) {
                    faults.push(format!("{}: `{name}` may not use `{used}`", file.display()));
                }
            }
            for word in IMPURE.iter().filter(|word| layer.pure && names(&code, word)) {
                faults.push(format!("{}: `{word}` in a pure module", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_of_the_crate_stands_in_the_layer_table() {
    let layers = layers();
    for entry in fs::read_dir(root().join("src")).unwrap().flatten() {
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(
                layers.contains_key(&name),
                "src/{name} has no row in docs/ARCHITECTURE.md"
            );
        }
    }
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let mut files = Vec::new();
    files_below(&root().join("src"), ".rs", &mut files);
    for file in files
        .iter()
        .filter(|file| !file.starts_with(root().join("src/io/store")))
    {
        let code = code_of(&fs::read_to_string(file).unwrap());
        for word in ["INSERT INTO ", "SELECT ", "DELETE FROM ", "CREATE TABLE "] {
            let named = code.contains(word) && !file.ends_with("src/engine/audit.rs");
            assert!(!named, "{}: `{word}` outside io/store", file.display());
        }
    }
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("README.zh-CN.md")];
    files_below(&root().join("docs"), ".md", &mut pages);
    for page in pages.iter().filter(|page| page.exists()) {
        let text = fs::read_to_string(page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            assert!(
                page.parent().unwrap().join(path).exists(),
                "{}: dead link {target}",
                page.display()
            );
        }
    }
}

#[test]
fn no_test_sleeps_or_is_ignored() {
    let mut files = Vec::new();
    files_below(&root().join("tests"), ".rs", &mut files);
    for file in files.iter().filter(|file| !file.ends_with("tidy.rs")) {
        let text = fs::read_to_string(file).unwrap();
        for word in ["thread::sleep", "time::sleep", "#[ignore"] {
            assert!(!text.contains(word), "{}: `{word}`", file.display());
        }
    }
}

#[test]
fn crates_have_licences_that_a_city_may_run() {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let good = [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "0BSD",
        "CC0-1.0",
        "MPL-2.0",
        "Unlicense",
        "CDLA-Permissive-2.0",
        "BSL-1.0",
    ];
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("");
        assert!(
            good.iter().any(|it| licence.contains(it)),
            "{name}: licence `{licence}`"
        );
        assert!(
            !["openssl", "native-tls", "rsip", "time-macros-stub"].contains(&name),
            "{name} is not to be used"
        );
    }
}
