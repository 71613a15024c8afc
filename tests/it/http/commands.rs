//! Commands to orders over HTTP: desk, organ and unit hand an order on; who sees what; files; history; strangers.

use std::collections::BTreeSet;

use rexian::account::Role;
use rexian::io::store::users::Account;
use rexian::io::store::users::AccountState;
use rexian::ticket::reference::Reference;
use serde_json::Value;
use serde_json::json;

use super::floor::Floor;

/// A unit of the shipped organs that handles orders, below a county, and its path.
fn unit() -> (String, String) {
    let reference = Reference::shipped().unwrap();
    let root = reference.organs.root().unwrap().id.clone();
    let leaf = reference.organs.iter().find(|organ| {
        !organ.kind.is_hotline() && organ.parent.as_ref() == Some(&root) && organ.kind.code() == "department"
    });
    let leaf = leaf.or_else(|| {
        reference
            .organs
            .iter()
            .find(|organ| !organ.kind.is_hotline() && organ.parent.is_some())
    });
    let id = leaf.unwrap().id.clone();
    (id.to_string(), reference.organs.path(&id).unwrap().to_string())
}

pub(super) async fn person(floor: &Floor, name: &str, role: Role, organ: &str) -> String {
    let template = floor
        .engine
        .store()
        .account(&"reviewer".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let account = Account {
        id: name.parse().unwrap(),
        name: format!("测试{name}"),
        roles: BTreeSet::from([role]),
        organ: organ.parse().unwrap(),
        agent: None,
        state: AccountState::Active,
        ..template
    };
    let mut tx = floor.engine.store().begin().await.unwrap();
    tx.insert_account(&account).await.unwrap();
    tx.commit().await.unwrap();
    floor.session(name).await
}

pub(super) async fn version(floor: &Floor) -> i64 {
    floor
        .engine
        .store()
        .ticket(floor.ticket)
        .await
        .unwrap()
        .unwrap()
        .ticket
        .version
}

pub(super) async fn give_at(floor: &Floor, cookie: &str, version: i64, command: &Value) -> (u16, Value) {
    let path = format!("/api/v1/tickets/{}/commands", floor.ticket);
    let request = floor
        .request("POST", &path, Some(cookie))
        .header("if-match", format!("\"{version}\""));
    let answer = request.json(command).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

pub(super) async fn give(floor: &Floor, cookie: &str, command: &Value) -> (u16, Value) {
    let version = version(floor).await;
    give_at(floor, cookie, version, command).await
}

/// Saves a whole draft, unless it is saved already.
pub(super) async fn saved(floor: &Floor, agent: &str) {
    let fields = json!({"command": "save_draft", "name": "赵女士", "appellant_kind": "person",
        "appeal_type": "complaint", "category": "010401", "content": "小区门口长期占道经营，影响通行。",
        "urgency": "normal", "region": "130202001", "address": "学院路一号",
        "contact_phone": "13900139000", "demand": "尽快清理"});
    let (status, answer) = give(floor, agent, &fields).await;
    assert_eq!(status, 200, "{answer}");
}

/// Dispatches the floor's order to a unit; the unit and a session of its officer.
async fn dispatched(floor: &Floor, secrecy: bool) -> (String, String) {
    let (agent, dispatcher) = (floor.session("agent").await, floor.session("dispatcher").await);
    saved(floor, &agent).await;
    if secrecy {
        assert_eq!(
            give(floor, &agent, &json!({"command": "save_draft", "secrecy": true}))
                .await
                .0,
            200
        );
    }
    assert_eq!(give(floor, &agent, &json!({"command": "submit"})).await.0, 200);
    let (unit, path) = unit();
    let dispatch =
        json!({"command": "dispatch", "unit": unit, "basis": "judgement", "reason": "属于该单位职责范围"});
    let (status, answer) = give(floor, &dispatcher, &dispatch).await;
    assert_eq!(
        (status, answer["state"].as_str()),
        (200, Some("pending_sign")),
        "{answer}"
    );
    assert_eq!(answer["unit"]["id"], unit);
    let officer = person(floor, "officer", Role::Unit, &path).await;
    (unit, officer)
}

#[tokio::test]
async fn an_order_goes_from_the_desk_to_its_unit_and_its_history_tells_who_did_what_by_which_clause() {
    let floor = Floor::open().await;
    let (unit, officer) = dispatched(&floor, false).await;
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let seen: Value = floor.get(&path, &officer).await.json().await.unwrap();
    assert_eq!(
        (seen["sight"].as_str(), seen["name"].as_str()),
        (Some("personal"), Some("赵女士"))
    );
    assert_eq!(seen["caller_clear"], false);
    assert!(!seen.to_string().contains("13800138000"), "{seen}");
    assert_eq!(seen["limit"]["kind"], "close");
    assert!(
        seen["limit"]["words"].as_str().unwrap().starts_with("剩余"),
        "{}",
        seen["limit"]
    );

    let (status, signed) = give(&floor, &officer, &json!({"command": "sign"})).await;
    assert_eq!(
        (status, signed["state"].as_str()),
        (200, Some("handling")),
        "{signed}"
    );
    let history: Value = floor
        .get(&format!("{path}/history"), &officer)
        .await
        .json()
        .await
        .unwrap();
    let items = history["items"].as_array().unwrap();
    let of = |kind: &str| items.iter().find(|it| it["kind"] == kind).unwrap();
    let sign = of("ticket.signed");
    assert_eq!(
        (sign["actor_id"].as_str(), sign["title"].as_str()),
        (Some("officer"), Some("签收"))
    );
    assert_eq!(sign["clause"], "DB1302/T 604—2025 7.3");
    assert_eq!(sign["detail"]["unit"], unit);
    let saved = of("ticket.draft_saved");
    let content = saved["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "content")
        .unwrap();
    assert_eq!(
        (content["before"].as_str(), content["after"].as_str()),
        (Some(""), Some("小区门口长期占道经营，影响通行。"))
    );
    assert!(
        !history.to_string().contains("13900139000"),
        "a number is revealed, never listed"
    );
    assert_eq!(
        items.len(),
        usize::try_from(version(&floor).await).unwrap(),
        "every fact is told"
    );
}

#[tokio::test]
async fn a_refusal_names_rule_field_and_clause_and_what_only_the_program_asks_never_comes_in() {
    let floor = Floor::open().await;
    let (_, officer) = dispatched(&floor, false).await;
    let reviewer = floor.session("reviewer").await;
    let (status, problem) = give(&floor, &reviewer, &json!({"command": "sign"})).await;
    assert_eq!((status, problem["rule"].as_str()), (403, Some("role")));
    assert_eq!(problem["clause"], "DB1302/T 604—2025 7.3");
    let (status, problem) = give(&floor, &officer, &json!({"command": "feed_back", "solved": true})).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (409, Some("not_allowed")),
        "{problem}"
    );
    assert!(
        problem["clause"]
            .as_str()
            .unwrap()
            .starts_with("DB1302/T 604—2025 7.5.2")
    );
    for internal in [
        "clock_due",
        "archive",
        "record_repeat",
        "recompute",
        "notify_duty",
        "nothing",
    ] {
        assert_eq!(
            give(&floor, &officer, &json!({"command": internal})).await.0,
            400,
            "{internal}"
        );
    }
    let path = format!("/api/v1/tickets/{}/commands", floor.ticket);
    let bare = floor
        .send("POST", &path, &officer, &json!({"command": "sign"}))
        .await;
    assert_eq!(bare.status(), 428, "without the version that was read");
    let denials = floor
        .trail()
        .await
        .iter()
        .filter(|kind| *kind == "permission.denied")
        .count();
    assert_eq!(denials, 1);
}

#[tokio::test]
async fn another_unit_is_not_told_that_the_order_exists_and_secrecy_hides_who_asks() {
    let floor = Floor::open().await;
    let (unit, officer) = dispatched(&floor, true).await;
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let seen: Value = floor.get(&path, &officer).await.json().await.unwrap();
    assert_eq!(
        (
            seen["sight"].as_str(),
            seen["name"].as_str(),
            seen["caller"].as_str()
        ),
        (Some("matter"), Some(""), Some(""))
    );
    assert_eq!(seen["content"], "小区门口长期占道经营，影响通行。");
    let reveal = floor
        .request("POST", &format!("{path}/reveal"), Some(&officer))
        .send()
        .await
        .unwrap();
    assert_eq!(reveal.status(), 403);
    let reference = Reference::shipped().unwrap();
    let other = reference.organs.iter().find(|organ| {
        organ.parent.is_some()
            && organ.id.as_str() != unit
            && !organ.kind.is_hotline()
            && !reference
                .organs
                .path(&organ.id)
                .unwrap()
                .to_string()
                .contains(&unit)
    });
    let other = reference.organs.path(&other.unwrap().id).unwrap().to_string();
    let stranger = person(&floor, "stranger", Role::Unit, &other).await;
    assert!([403, 404].contains(&floor.get(&path, &stranger).await.status().as_u16()));
    assert_eq!(give(&floor, &stranger, &json!({"command": "sign"})).await.0, 404);
    for (cookie, rows) in [(&stranger, 0), (&officer, 1)] {
        let list: Value = floor.get("/api/v1/tickets", cookie).await.json().await.unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), rows, "{list}");
        let search = json!({"text": "占道经营"});
        let found: Value = floor
            .send("POST", "/api/v1/tickets/search", cookie, &search)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(found["items"].as_array().unwrap().len(), rows, "{found}");
    }
    let hidden = json!({"text": "赵女士"});
    let found: Value = floor
        .send("POST", "/api/v1/tickets/search", &officer, &hidden)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        found["items"],
        json!([]),
        "what he may not see he does not find either"
    );
}

#[tokio::test]
async fn lists_are_narrowed_by_state_unit_limit_number_and_words() {
    let floor = Floor::open().await;
    let (unit, officer) = dispatched(&floor, false).await;
    let supervisor = floor.session("supervisor").await;
    let count = async |query: &str, cookie: &str| {
        let answer = floor.get(&format!("/api/v1/tickets?{query}"), cookie).await;
        assert_eq!(answer.status(), 200, "{query}");
        let list: Value = answer.json().await.unwrap();
        assert!(
            !list.to_string().contains("赵女士"),
            "no personal field in a list"
        );
        list["items"].as_array().unwrap().len()
    };
    for (query, rows) in [
        ("state=pending_sign,handling", 1),
        ("state=closed", 0),
        ("kind=complaint&category=010400&region=130202", 1),
        ("category=010000", 1),
        ("category=020000", 0),
        ("urgency=normal&channel=phone", 1),
        ("due=overdue", 0),
        ("confidential=true", 0),
        ("flag=enterprise", 0),
    ] {
        assert_eq!(count(query, &supervisor).await, rows, "{query}");
    }
    assert_eq!(count(&format!("unit={unit}"), &supervisor).await, 1);
    assert_eq!(count("handler=me", &officer).await, 1);
    assert_eq!(
        floor
            .get("/api/v1/tickets?state=nowhere", &supervisor)
            .await
            .status(),
        422
    );
    let found = async |body: Value| {
        let answer = floor
            .send("POST", "/api/v1/tickets/search", &supervisor, &body)
            .await;
        answer.json::<Value>().await.unwrap()["items"]
            .as_array()
            .map_or(9, Vec::len)
    };
    assert_eq!(
        found(json!({"phone": "+86 138 0013 8000"})).await,
        1,
        "the caller's number"
    );
    assert_eq!(
        found(json!({"phone": "13900139000"})).await,
        1,
        "the number to call back"
    );
    assert_eq!(found(json!({"last4": "8000"})).await, 1);
    assert_eq!(found(json!({"last4": "8001"})).await, 0);
    assert_eq!(found(json!({"text": "占道 通行"})).await, 1);
    assert_eq!(
        found(json!({"text": "占道", "filter": {"state": "closed"}})).await,
        0
    );
    assert_eq!(found(json!({"text": "供暖"})).await, 0);
}

#[tokio::test]
async fn a_file_is_stored_sealed_and_a_command_names_only_what_was_uploaded_to_its_order() {
    let floor = Floor::open().await;
    let (_, officer) = dispatched(&floor, false).await;
    let path = format!("/api/v1/tickets/{}/files", floor.ticket);
    let upload = async |bytes: Vec<u8>| {
        let request = floor
            .request("POST", &path, Some(&officer))
            .header("content-type", "application/octet-stream");
        let answer = request.body(bytes).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap_or_default(),
        )
    };
    let bytes = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 3 << 20]].concat();
    let (status, file) = upload(bytes.clone()).await;
    assert_eq!(
        (status, file["media_type"].as_str()),
        (200, Some("application/pdf")),
        "{file}"
    );
    let (status, problem) = upload(b"<html><script>".to_vec()).await;
    assert_eq!((status, problem["field"].as_str()), (422, Some("file")));
    assert_eq!(problem["clause"], "DB1302/T 604—2025 7.9.1");
    assert_eq!(upload(vec![b'x'; (20 << 20) + 1]).await.0, 413);

    let attach = |file: &Value| json!({"command": "attach", "file": file, "name": "现场照片.pdf", "purpose": "evidence"});
    let mut forged = file.clone();
    forged["sha256"] = json!("00".repeat(32));
    let (status, problem) = give(&floor, &officer, &attach(&forged)).await;
    assert_eq!(
        (status, problem["field"].as_str()),
        (422, Some("file")),
        "{problem}"
    );
    let (status, order) = give(&floor, &officer, &attach(&file)).await;
    assert_eq!(status, 200, "{order}");
    assert_eq!(order["parts"]["files"][0]["name"], "现场照片.pdf");
    let one = format!("{path}/{}", file["id"].as_str().unwrap());
    let read = floor.get(&one, &officer).await;
    assert_eq!(read.headers()["content-disposition"], "attachment");
    assert_eq!(read.bytes().await.unwrap(), bytes);
    assert_eq!(
        floor.get(&one, &floor.session("expert").await).await.status(),
        403
    );
}

#[tokio::test]
async fn an_order_holds_so_many_files_and_no_more() {
    let floor = Floor::open().await;
    let supervisor = floor.session("supervisor").await;
    let path = format!("/api/v1/tickets/{}/files", floor.ticket);
    let mut last = Value::Null;
    for at in 0..=rexian::io::files::FILES_MAX {
        let answer = floor
            .request("POST", &path, Some(&supervisor))
            .body(&b"%PDF-1.4"[..])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status() == 200, at < rexian::io::files::FILES_MAX, "{at}");
        last = answer.json().await.unwrap();
    }
    assert_eq!(
        (last["rule"].as_str(), last["clause"].as_str()),
        (Some("file_limit"), Some("DB1302/T 604—2025 7.9.1"))
    );
}

#[tokio::test]
async fn an_appeal_by_hand_is_taken_down_once_by_its_number_and_claimed() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    let body = json!({"channel": "visit", "external": "lf-2026-1", "original": "来访人反映楼道堆放杂物。",
        "fields": {"name": "钱先生", "contact_phone": "13900139000"}});
    let first: Value = floor
        .send("POST", "/api/v1/tickets", &agent, &body)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (first["state"].as_str(), first["channel"].as_str()),
        (Some("intake"), Some("visit")),
        "{first}"
    );
    let again: Value = floor
        .send("POST", "/api/v1/tickets", &agent, &body)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(again["id"], first["id"]);
    let path = format!("/api/v1/tickets/{}/commands", first["id"].as_str().unwrap());
    let claim = floor
        .request("POST", &path, Some(&agent))
        .header("if-match", format!("\"{}\"", first["version"]));
    let claimed: Value = claim
        .json(&json!({"command": "claim"}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (claimed["state"].as_str(), claimed["agent"].as_str()),
        (Some("draft"), Some("a1001")),
        "{claimed}"
    );
    assert_eq!(
        claimed["parts"]["words"]["original.text"],
        "来访人反映楼道堆放杂物。"
    );
}

#[tokio::test]
async fn another_matter_of_a_call_takes_over_who_asks_and_never_what() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    saved(&floor, &agent).await;
    let path = format!("/api/v1/tickets/{}/matters", floor.ticket);
    let second: Value = floor
        .request("POST", &path, Some(&agent))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (second["matter"].as_i64(), second["name"].as_str()),
        (Some(2), Some("赵女士")),
        "{second}"
    );
    assert_eq!(
        (second["content"].as_str(), second["interaction"].as_str()),
        (Some(""), Some(&*floor.call.to_string()))
    );
    let of_call: Value = floor
        .get(&format!("/api/v1/tickets?interaction={}", floor.call), &agent)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(of_call["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_repetition_is_proposed_with_its_reasons_while_it_is_written() {
    let floor = Floor::open().await;
    dispatched(&floor, false).await;
    let agent = floor.session("agent").await;
    let typed = json!({"content": "小区门口长期有人占道经营，影响通行", "category": "010401", "region": "130202001",
        "interaction": floor.call});
    let likes: Value = floor
        .send("POST", "/api/v1/tickets/duplicates", &agent, &typed)
        .await
        .json()
        .await
        .unwrap();
    let like = &likes["items"][0];
    assert_eq!(like["ticket"]["id"], floor.ticket.to_string(), "{likes}");
    assert!(600 < like["score"].as_u64().unwrap());
    let codes: BTreeSet<&str> = like["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.is_superset(&BTreeSet::from([
            "same_caller",
            "same_category",
            "same_street",
            "words"
        ])),
        "{codes:?}"
    );
    let own: Value = floor
        .get(&format!("/api/v1/tickets/{}/duplicates", floor.ticket), &agent)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(own["items"], json!([]), "an order is no repetition of itself");
    let caller: Value = floor
        .get(&format!("/api/v1/callers/{}/history", floor.call), &agent)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        caller["last"],
        json!([]),
        "the order of this very call is no history"
    );
    let other = floor.session("expert").await;
    assert_eq!(
        floor
            .get(&format!("/api/v1/callers/{}/history", floor.call), &other)
            .await
            .status(),
        403
    );
}

#[tokio::test]
async fn numbers_are_revealed_with_a_fact_that_names_the_order() {
    let floor = Floor::open().await;
    let (_, officer) = dispatched(&floor, false).await;
    let path = format!("/api/v1/tickets/{}/reveal", floor.ticket);
    let clear: Value = floor
        .request("POST", &path, Some(&officer))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (clear["caller"].as_str(), clear["contact_phone"].as_str()),
        (Some("+8613800138000"), Some("13900139000"))
    );
    let text = floor.facts_text().await;
    assert!(text.contains(&format!("ticket/{}", floor.ticket)) && text.contains("personal.revealed"));
}

async fn ask(floor: &Floor, what: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v1/public/{what}");
    let answer = floor
        .request("POST", &path, None)
        .json(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_citizen_asks_with_number_and_code_and_learns_nothing_personal() {
    let floor = Floor::open().await;
    let (unit, _) = dispatched(&floor, false).await;
    let row = floor.engine.store().ticket(floor.ticket).await.unwrap().unwrap();
    let mut body = json!({"number": row.ticket.number, "code": row.query_code});
    let (status, order) = ask(&floor, "query", &body).await;
    assert_eq!((status, order["state"].as_str()), (200, Some("pending_sign")));
    let steps: Vec<&str> = order["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["accepted", "dispatched"]);
    for personal in ["赵女士", "13800138000", "13900139000", "学院路", "占道"] {
        assert!(!order.to_string().contains(personal), "{personal}");
    }
    assert!(
        !order.to_string().contains(&format!("\"{unit}\"")),
        "the unit by its name"
    );
    body["text"] = json!("请尽快处理，已经影响出行。");
    assert_eq!(ask(&floor, "urge", &body).await.0, 204);
    assert_eq!(ask(&floor, "facts", &body).await.0, 204);
    let facts = floor.trail().await;
    for kind in ["ticket.urged", "ticket.facts_added"] {
        assert!(facts.iter().any(|it| it == kind), "{kind}");
    }
}

#[tokio::test]
async fn five_wrong_codes_lock_an_order_and_a_stranger_is_let_in_so_often_a_minute() {
    let floor = Floor::open().await;
    let row = floor.engine.store().ticket(floor.ticket).await.unwrap().unwrap();
    let right = json!({"number": row.ticket.number, "code": row.query_code});
    let wrong = json!({"number": row.ticket.number, "code": "x"});
    let nobody = json!({"number": "20000101000001", "code": "x"});
    assert_eq!(ask(&floor, "query", &right).await.0, 200);
    assert_eq!(
        ask(&floor, "query", &nobody).await,
        ask(&floor, "query", &wrong).await,
        "not which was wrong"
    );
    assert_eq!(ask(&floor, "query", &right).await.0, 200, "a right code forgives");
    for at in 1..=5 {
        assert_eq!(
            ask(&floor, "query", &wrong).await.0,
            if at < 5 { 404 } else { 429 }
        );
    }
    assert_eq!(
        ask(&floor, "query", &right).await.0,
        429,
        "locked, whatever the code"
    );
    let mut last = 0;
    for _ in 0..20 {
        last = ask(&floor, "query", &nobody).await.0;
    }
    assert_eq!(last, 429, "twenty a minute of one address");
    let _ = floor.engine.clock().now();
}
