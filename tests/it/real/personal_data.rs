//! No number, name or address of a citizen stands in clear in any file, table, header, log or file name.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::postgres;
use crate::real::peer::Phone;
use crate::real::server::Server;
use crate::real::server::Setup;
use crate::real::server::user_of;
use crate::real::sipp::agent;
use crate::real::wait;

const NUMBER: &str = "13987650421";
const BACK: &str = "13765430987";
const NAME: &str = "欧阳测试人";
const ADDRESS: &str = "机密路八十八号院";
const CONTENT: &str = "我家楼下的井盖夜里丢失";
/// Refused callers are citizens too.
const REFUSED: &str = "13876540912";

/// Every form in which a word may stand in a file.
fn forms(word: &str) -> Vec<Vec<u8>> {
    let url: String = word.bytes().map(|it| format!("%{it:02X}")).collect();
    let json: String = word.encode_utf16().map(|it| format!("\\u{it:04x}")).collect();
    let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        word.as_bytes().to_vec(),
        wide,
        url.to_lowercase().into_bytes(),
        url.into_bytes(),
        json.into_bytes(),
    ];
    forms.push(hex::encode(word).into_bytes());
    // The middle of base64 at each of its three alignments.
    for shift in 0..3 {
        let padded = [&vec![b' '; shift], word.as_bytes()].concat();
        let text = base64(&padded);
        let (from, to) = (shift.div_ceil(3) * 4, text.len().saturating_sub(4));
        if from + 6 <= to {
            forms.push(text.as_bytes()[from..to].to_vec());
        }
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |sum, it| sum << 8 | u32::from(*it)) << (8 * (3 - three.len()));
        for place in 0..4 {
            text.push(char::from(LETTERS[(number >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    let first = part[0];
    let mut at = 0;
    while let Some(next) = whole[at..].iter().position(|it| *it == first) {
        at += next;
        if whole[at..].starts_with(part) {
            return true;
        }
        at += 1;
    }
    false
}

/// Calls with an order, and a refused one.
fn calls(server: &Server) {
    let agent = agent(server, 1);
    let citizen = Phone::new(NUMBER, server.address(10), server.sip);
    citizen.call("12000");
    agent.wait_up();
    let desk = server.sign_in(&user_of(1));
    let draft = wait::until("the draft", Duration::from_secs(10), || {
        desk.get("/api/v1/tickets?day=today&agent=me")["items"]
            .as_array()?
            .first()
            .cloned()
    });
    let fields = json!({"name": NAME, "contact_phone": BACK, "address": ADDRESS, "content": CONTENT});
    let path = format!("/api/v1/tickets/{}", draft["id"].as_str().unwrap());
    let version = format!("\"{}\"", draft["version"]);
    let saved = desk
        .send("PUT", &path, &[("If-Match", &version)], Some(&fields))
        .good()
        .json();
    assert_eq!(saved["name"], NAME);
    wait::pause(Duration::from_millis(1_500));
    citizen.hang_up();
    let refused = Phone::new(REFUSED, server.address(10), server.sip);
    refused.call("19999");
    refused.wait_over(Duration::from_secs(5));
    let calls = server.ended_calls(2);
    let shown = calls[0]["caller"].as_str().unwrap();
    assert!(
        !shown.contains(NUMBER) && shown.contains("0421"),
        "masked in lists: {shown}"
    );
    let path = format!(
        "/api/v1/calls/{}/reveal",
        calls[0]["interaction"].as_str().unwrap()
    );
    let revealed = server.supervisor().post(&path, &json!({}));
    assert!(
        revealed.good().json()["number"]
            .as_str()
            .unwrap()
            .contains(NUMBER)
    );
    for list in ["/api/v1/tickets?day=today", "/api/v1/calls?day=today"] {
        let text = server.supervisor().get(list).to_string();
        assert!(
            ![NUMBER, BACK, NAME, ADDRESS, REFUSED]
                .iter()
                .any(|it| text.contains(it)),
            "{list}: {text}"
        );
    }
}

fn check(what: &str, bytes: &[u8]) {
    for word in [NUMBER, BACK, NAME, ADDRESS, CONTENT, REFUSED] {
        for form in forms(word) {
            assert!(
                !contains(bytes, &form),
                "{what} contains {word} as {:?}",
                String::from_utf8_lossy(&form)
            );
        }
    }
}

fn check_files(server: &mut Server) {
    // What is in memory only is written at the end.
    std::process::Command::new("kill")
        .args(["-TERM", &server.pid().to_string()])
        .status()
        .unwrap();
    server.stopped(Duration::from_secs(20));
    let mut found = Vec::new();
    for folder in [server.data(), server.recordings()] {
        files(&folder, &mut found);
    }
    assert!(
        found.iter().any(|it| it.to_string_lossy().contains("journal")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|it| it.extension().is_some_and(|it| it == "rxr")),
        "{found:?}"
    );
    for file in &found {
        check(
            &format!("the name {}", file.display()),
            file.to_string_lossy().as_bytes(),
        );
        check(&file.display().to_string(), &fs::read(file).unwrap());
    }
    check("the log", server.log().as_bytes());
}

#[test]
fn nothing_personal_stands_in_files_sqlite_recordings_or_logs() {
    assert!(contains(b"xx5LiA5Y2B", &forms("一十")[0]) || base64("一十".as_bytes()) == "5LiA5Y2B");
    let mut server = Server::start();
    calls(&server);
    check_files(&mut server);
}

#[test]
fn nothing_personal_stands_in_postgresql() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(postgres::empty_database());
    let mut server = Server::with(Setup {
        database: Some(database.clone()),
        ..Setup::default()
    });
    calls(&server);
    check_files(&mut server);
    let dump = postgres::dump(&database);
    assert!(contains(&dump, b"interaction"), "an empty dump");
    check("the dump", &dump);
}
