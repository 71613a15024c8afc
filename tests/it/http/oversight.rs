//! Cases, archives, figures and fixed responsibilities over HTTP: who may do and see what, what stands in the rows, in the
//! trail and in the refusal, and what differs when the rule's condition is not there.

use std::sync::Arc;
use std::time::Duration;

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::time::Clock;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::fact::FactNo;
use rexian::io::clock::SystemClock;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::rights::SCRIPT;
use rexian::ticket::model::KeyState;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use super::commands::person;
use super::floor::Floor;
use crate::pdf::text_of;
use crate::rights::as_role;
use crate::rights::run;

const UNIT: &str = "cg";
const CONTENT: &str = "小区门口长期占道经营，影响通行。";

/// A clock some days ahead.
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Now {
        let now = SystemClock::new().now();
        Now {
            wall: WallTime::from_micros(now.wall.as_micros() + self.0 * 86_400_000_000),
            ..now
        }
    }
}

async fn order(floor: &Floor, id: TicketId) -> rexian::ticket::model::Ticket {
    floor.engine.store().ticket(id).await.unwrap().unwrap().ticket
}

async fn give(floor: &Floor, cookie: &str, id: TicketId, command: &Value) -> (u16, Value) {
    let version = order(floor, id).await.version;
    post(
        floor,
        cookie,
        &format!("tickets/{id}/commands"),
        Some(version),
        command,
    )
    .await
}

async fn good(floor: &Floor, cookie: &str, id: TicketId, command: Value) -> Value {
    let (status, answer) = give(floor, cookie, id, &command).await;
    assert_eq!(status, 200, "{command} → {answer}");
    answer
}

async fn post(floor: &Floor, cookie: &str, path: &str, version: Option<i64>, body: &Value) -> (u16, Value) {
    let request = floor.request("POST", &format!("/api/v1/{path}"), Some(cookie));
    let request = match version {
        Some(version) => request.header("if-match", format!("\"{version}\"")),
        None => request,
    };
    let answer = request.json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn read(floor: &Floor, cookie: &str, path: &str) -> (u16, Value) {
    let answer = floor.get(&format!("/api/v1/{path}"), cookie).await;
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

fn fields(phone: &str) -> Value {
    json!({"name": "赵女士", "appellant_kind": "person", "appeal_type": "complaint", "category": "010401",
        "content": CONTENT, "urgency": "normal", "region": "130202001", "address": "学院路一号",
        "contact_phone": phone, "demand": "尽快清理"})
}

/// The floor's own order, which came by the call, waits for dispatch.
async fn submitted(floor: &Floor) -> TicketId {
    let agent = floor.session("agent").await;
    let mut save = fields("13900139000");
    save["command"] = "save_draft".into();
    good(floor, &agent, floor.ticket, save).await;
    good(floor, &agent, floor.ticket, json!({"command": "submit"})).await;
    floor.ticket
}

/// Another order, of whoever came in person.
async fn visit(floor: &Floor, phone: &str) -> TicketId {
    let agent = floor.session("agent").await;
    let body = json!({"channel": "visit", "original": CONTENT, "fields": fields(phone)});
    let (status, answer) = post(floor, &agent, "tickets", None, &body).await;
    assert_eq!(status, 200, "{answer}");
    let id: TicketId = answer["id"].as_str().unwrap().parse().unwrap();
    if order(floor, id).await.agent.is_none() {
        good(floor, &agent, id, json!({"command": "claim"})).await;
    }
    good(floor, &agent, id, json!({"command": "submit"})).await;
    id
}

async fn dispatched(floor: &Floor, id: TicketId) {
    let dispatcher = floor.session("dispatcher").await;
    let dispatch =
        json!({"command": "dispatch", "unit": UNIT, "basis": "judgement", "reason": "属于该单位职责范围"});
    good(floor, &dispatcher, id, dispatch).await;
}

/// The unit handles the order and the citizen is content.
async fn closed(floor: &Floor, officer: &str, id: TicketId) {
    let (reviewer, caller) = (floor.session("reviewer").await, floor.session("followup").await);
    good(floor, officer, id, json!({"command": "sign"})).await;
    let contact = json!({"command": "record_contact", "way": "visit", "outcome": "reached", "opinion": "希望尽快解决",
        "note": "已上门"});
    good(floor, officer, id, contact).await;
    let reply = json!({"command": "feed_back", "process": "接到工单后到现场调查核实。",
        "basis": "《中华人民共和国城乡规划法》第四十条。", "result": "已清理完毕，恢复通行。",
        "next_steps": "安排人员每日巡查。", "public_reply": "您反映的问题已经解决。", "solved": true,
        "citations": [{"title": "中华人民共和国城乡规划法", "number": "主席令第七十四号", "clause": "第四十条"}], "files": []});
    good(floor, officer, id, reply).await;
    good(floor, &reviewer, id, json!({"command": "pass_review"})).await;
    let word = json!({"command": "record_result", "level": "city", "mode": "person", "result": "solved",
        "satisfaction": "satisfied"});
    let done = good(floor, &caller, id, word).await;
    assert_eq!(done["state"], "closed", "{done}");
}

async fn officer(floor: &Floor) -> String {
    person(floor, "officer", Role::Unit, &format!("hotline/{UNIT}")).await
}

/// The floor's order is archived by its clock, as the server does it; its number.
async fn archived(floor: &Floor) -> String {
    let unit = officer(floor).await;
    submitted(floor).await;
    dispatched(floor, floor.ticket).await;
    closed(floor, &unit, floor.ticket).await;
    let archiver = floor.engine.archiver().clone();
    let (done, mut told) = tokio::sync::mpsc::channel(4);
    let running = tokio::spawn(archiver.clone().run(move |_, error| {
        done.try_send(error.map(ToString::to_string)).unwrap();
    }));
    let scheduler = Deadlines::new(DeadlineParts {
        store: floor.engine.store().clone(),
        tickets: floor.engine.tickets().clone(),
        cases: floor.engine.cases().clone(),
        clock: Arc::new(Ahead(10)),
        node: "n1".to_owned(),
        on_archive_due: Arc::new(move |ticket| archiver.is_due(ticket)),
    });
    scheduler.fire_due().await.unwrap();
    let error = tokio::time::timeout(Duration::from_secs(60), told.recv())
        .await
        .unwrap();
    assert_eq!(error, Some(None));
    running.abort();
    let row = order(floor, floor.ticket).await;
    assert_eq!(row.state, State::Archived);
    row.number
}

async fn facts(floor: &Floor, kind: &str) -> Vec<Value> {
    let node = floor.engine.audit().node().to_owned();
    let all = floor
        .engine
        .store()
        .facts_after(&node, FactNo(0), 10_000)
        .await
        .unwrap();
    let read = all
        .iter()
        .map(|(_, text)| serde_json::from_str::<Value>(text).unwrap());
    read.filter(|fact| fact["kind"] == kind).collect()
}

async fn is_refused_as(floor: &Floor, actor: &str) -> bool {
    let denied = facts(floor, "permission.denied").await;
    denied.iter().any(|it| it["actor"]["id"] == actor)
}

#[tokio::test]
async fn ac_3_4_the_exported_order_has_its_five_blocks_and_every_event_with_actor_and_time() {
    let floor = Floor::open().await;
    let unit = officer(&floor).await;
    let (boss, caller) = (floor.session("supervisor").await, floor.session("followup").await);
    let id = submitted(&floor).await;
    dispatched(&floor, id).await;
    let supervise = json!({"command": "supervise", "cause": "c", "text": "请按规定办理并答复"});
    good(&floor, &boss, id, supervise).await;
    closed(&floor, &unit, id).await;

    let path = format!("tickets/{id}/dossier");
    let (status, whole) = read(&floor, &boss, &path).await;
    assert_eq!(status, 200, "{whole}");
    assert_eq!(whole["appellant"]["name"], "赵女士");
    assert_eq!(whole["appeal"]["content"], CONTENT);
    assert_eq!(whole["handling"]["cycles"][0]["unit"], UNIT);
    assert_eq!(whole["supervision"]["supervisions"][0]["cause"], "c");
    assert_eq!(whole["followup"]["cycles"][0]["city"]["result"], "solved");
    let events = whole["events"].as_array().unwrap();
    let own = events
        .iter()
        .filter(|it| it["kind"].as_str().unwrap().starts_with("ticket."));
    let version = usize::try_from(order(&floor, id).await.version).unwrap();
    assert_eq!(own.count(), version, "every fact of the row is an event");
    for event in events {
        assert!(0 < event["at"].as_i64().unwrap(), "{event}");
        assert!(!event["actor"]["type"].as_str().unwrap().is_empty(), "{event}");
    }
    let signed = events.iter().find(|it| it["kind"] == "ticket.signed").unwrap();
    assert_eq!(signed["actor"], json!({"type": "user", "id": "officer"}));

    let paper = floor.get(&format!("/api/v1/{path}.pdf"), &caller).await;
    assert_eq!(
        (paper.status().as_u16(), &paper.headers()["content-type"]),
        (200, &"application/pdf".parse().unwrap())
    );
    let words = text_of(&paper.bytes().await.unwrap());
    for word in [CONTENT, "已清理完毕", "officer"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    let read_by = facts(&floor, "personal.revealed").await;
    let read_by: Vec<(&str, &Value)> = read_by
        .iter()
        .map(|it| (it["actor"]["id"].as_str().unwrap(), &it["body"]["fields"][0]))
        .collect();
    let (json_form, pdf_form) = (json!("dossier.json"), json!("dossier.pdf"));
    assert_eq!(read_by, [("supervisor", &json_form), ("followup", &pdf_form)]);

    let (status, problem) = read(&floor, &unit, &path).await;
    assert_eq!(status, 403, "what the organ noted is not the unit's");
    assert_eq!(problem["clause"], "DB1302/T 604—2025 8.4.2.1");
    assert!(is_refused_as(&floor, "officer").await);

    // The twin: an order that nobody handled has the blocks, and nothing in them.
    let other = visit(&floor, "13900139001").await;
    let (_, whole) = read(&floor, &boss, &format!("tickets/{other}/dossier")).await;
    assert_eq!(whole["supervision"]["supervisions"], json!([]));
    assert!(
        whole["followup"]["cycles"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["city"].is_null())
    );
    let events = whole["events"].as_array().unwrap();
    assert!(
        events.iter().all(|it| it["kind"] != "ticket.signed"),
        "{events:?}"
    );
}

#[tokio::test]
async fn ac_7_8_2_the_inspecting_body_sees_only_what_was_submitted_to_it_and_a_case_joins_many_orders() {
    let floor = Floor::open().await;
    let boss = floor.session("supervisor").await;
    let inspector = person(&floor, "ducha", Role::Inspector, "hotline/dc").await;
    let unit = officer(&floor).await;
    let (one, other, outside) = (
        submitted(&floor).await,
        visit(&floor, "13900139001").await,
        visit(&floor, "13900139002").await,
    );
    for id in [one, other, outside] {
        dispatched(&floor, id).await;
        let before = read(&floor, &inspector, &format!("tickets/{id}")).await.0;
        assert_eq!(
            before, 403,
            "before it is submitted it is not the inspection department's"
        );
    }
    let body = json!({"cause": "a", "title": "占道经营集中反映", "text": "多户反映长期未解决", "orders": [one, other],
        "units": [UNIT]});
    assert_eq!(
        post(&floor, &inspector, "cases", None, &body).await.0,
        403,
        "it does not submit to itself"
    );
    let (status, case) = post(&floor, &boss, "cases", None, &body).await;
    assert_eq!((status, case["appellants"].as_i64()), (200, Some(2)), "{case}");
    let path = format!("cases/{}", case["id"].as_str().unwrap());
    let sees = async |cookie: &str, id: TicketId| read(&floor, cookie, &format!("tickets/{id}")).await.0;
    assert_eq!(
        (sees(&inspector, one).await, sees(&inspector, other).await),
        (200, 200)
    );
    assert_eq!(
        sees(&inspector, outside).await,
        403,
        "the twin: an order that is in no case"
    );
    let (_, list) = read(&floor, &inspector, "cases").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);

    // A unit learns of it when it is taken; another unit never.
    let stranger = person(&floor, "stranger", Role::Unit, "hotline/jy").await;
    assert_eq!(read(&floor, &unit, &path).await.0, 403);
    assert_eq!(read(&floor, &unit, "cases").await.1["items"], json!([]));
    let act = async |cookie: &str, command: Value| {
        let version = read(&floor, &boss, &path).await.1["version"].as_i64();
        post(&floor, cookie, &format!("{path}/commands"), version, &command).await
    };
    let (status, problem) = act(&boss, json!({"command": "take"})).await;
    assert_eq!((status, problem["rule"].as_str()), (403, Some("role")));
    assert_eq!(problem["clause"], "DB1302/T 604—2025 7.8.2");
    assert!(is_refused_as(&floor, "supervisor").await);
    assert_eq!(act(&inspector, json!({"command": "take"})).await.0, 200);
    let (status, seen) = read(&floor, &unit, &path).await;
    assert_eq!(
        (status, seen["orders_total"].as_i64(), &seen["orders"]),
        (200, Some(2), &json!([]))
    );
    assert_eq!(
        seen["words"]["text"],
        Value::Null,
        "what the organ wrote to the inspection department"
    );
    assert_eq!(read(&floor, &stranger, &path).await.0, 403);

    // The demand goes down, the reply flows back, the case ends and lets its orders go.
    let limit = SystemClock::new().now().wall.as_micros() + 3_600_000_000;
    let demand = json!({"command": "order_rectification", "demand": "限期整改并报告", "limit": limit});
    assert_eq!(act(&inspector, demand).await.0, 200);
    let report = json!({"command": "report", "unit": UNIT, "report": "已组织联合整治"});
    assert_eq!(act(&stranger, report.clone()).await.0, 403);
    let early = json!({"command": "check", "effective": true, "text": "现场核查"});
    let (status, problem) = act(&inspector, early.clone()).await;
    assert_eq!(
        (status, problem["rule"].as_str()),
        (422, Some("case_state")),
        "before the report"
    );
    assert_eq!(act(&unit, report).await.0, 200);
    let (_, seen) = read(&floor, &inspector, &path).await;
    assert_eq!(
        (&seen["state"], &seen["words"]["report.1.cg"]),
        (&json!("check"), &json!("已组织联合整治"))
    );
    assert_eq!(act(&inspector, early).await.0, 200);

    let id = case["id"].as_str().unwrap().parse().unwrap();
    let row = floor.engine.store().key_case(id).await.unwrap().unwrap();
    assert_eq!(
        (row.case.state, row.case.orders),
        (KeyState::Closed, vec![one, other])
    );
    assert_eq!(order(&floor, one).await.cases, [(id, false)]);
    assert_eq!(order(&floor, outside).await.cases, []);
    for (kind, actor) in [
        ("case.submitted", "supervisor"),
        ("case.taken", "ducha"),
        ("case.reported", "officer"),
        ("case.closed", "ducha"),
    ] {
        let told = facts(&floor, kind).await;
        assert_eq!(
            (told.len(), &told[0]["actor"]["id"]),
            (1, &json!(actor)),
            "{kind}"
        );
    }
    assert_eq!(facts(&floor, "ticket.key_supervised").await.len(), 2);
    assert_eq!(facts(&floor, "ticket.key_supervision_ended").await.len(), 2);
    assert!(
        !floor.facts_text().await.contains("已组织联合整治"),
        "words stand sealed"
    );
    // An order enters with its case alone.
    let alone = json!({"command": "enter_case", "case": id, "cause": "a"});
    let (status, problem) = give(&floor, &boss, outside, &alone).await;
    assert_eq!(
        (status, problem["rule"].as_str()),
        (422, Some("by_case")),
        "{problem}"
    );
}

fn package(floor: &Floor, number: &str) -> std::path::PathBuf {
    let archives = floor.folder.path().join("archives");
    archives.join(&number[..4]).join(&number[4..6]).join(number)
}

/// A recording where the call's record says it is; that it is no real one is told as damage, not as absence.
async fn record(floor: &Floor) {
    let row = floor
        .engine
        .store()
        .recording(floor.recording)
        .await
        .unwrap()
        .unwrap();
    let path = floor.folder.path().join("recordings").join(row.path.unwrap());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"sound").unwrap();
}

#[tokio::test]
async fn ac_7_9_1_the_archive_package_is_verified_by_digest_and_a_removed_recording_shows() {
    let floor = Floor::open().await;
    record(&floor).await;
    let number = archived(&floor).await;
    let (reviewer, quality, admin) = (
        floor.session("reviewer").await,
        floor.session("quality").await,
        floor.session("admin").await,
    );
    let path = format!("archives/{number}");
    let (status, sound) = read(&floor, &reviewer, &path).await;
    assert_eq!((status, sound["sound"].as_bool()), (200, Some(true)), "{sound}");
    let recording = format!("recordings/{}.rxr", floor.recording);
    let names: Vec<&str> = sound["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    for name in ["order.json", "order.pdf", &recording] {
        assert!(names.contains(&name), "{names:?}");
    }
    let whole = floor
        .get(&format!("/api/v1/{path}/parts/order.json"), &reviewer)
        .await;
    let whole: Value = whole.json().await.unwrap();
    assert_eq!(
        (&whole["number"], &whole["appeal"]["content"]),
        (&json!(number), &json!(CONTENT))
    );
    assert_eq!(
        read(&floor, &admin, &path).await.0,
        403,
        "who administers reads no archive"
    );
    assert!(is_refused_as(&floor, "admin").await);
    let fact = facts(&floor, "ticket.archived").await;
    assert_eq!(
        (fact.len(), &fact[0]["body"]["manifest"]),
        (1, &sound["manifest"]),
        "the fact seals the package"
    );

    // The twin: without the recording the same package does not pass, and is not opened.
    std::fs::remove_file(package(&floor, &number).join(&recording)).unwrap();
    let (status, broken) = post(&floor, &quality, &format!("{path}/verify"), None, &json!({})).await;
    assert_eq!((status, broken["sound"].as_bool()), (200, Some(false)));
    let faults = broken["faults"].to_string();
    assert!(faults.contains(&floor.recording.to_string()), "{faults}");
    let row = floor.engine.store().archive(&number).await.unwrap().unwrap();
    assert_eq!(row.faults, Some(1), "the catalogue says so, too");
    assert_eq!(
        read(&floor, &reviewer, &format!("{path}/parts/order.json"))
            .await
            .0,
        409
    );
    let (_, damaged) = read(&floor, &reviewer, "archives?damaged=true").await;
    assert_eq!(damaged["items"][0]["number"], number.as_str());
}

#[tokio::test]
async fn ac_7_9_2_an_archive_is_found_by_number_telephone_last_four_digits_unit_and_text() {
    let floor = Floor::open().await;
    let number = archived(&floor).await;
    let (reviewer, boss, quality) = (
        floor.session("reviewer").await,
        floor.session("supervisor").await,
        floor.session("quality").await,
    );
    let year = &number[..4];
    // What finds it, and its twin, which does not.
    for (right, wrong) in [
        (format!("number={number}"), "number=20200101000001".to_owned()),
        (format!("unit={UNIT}"), "unit=jy".to_owned()),
        (format!("year={year}"), "year=2020".to_owned()),
        ("category=0104".to_owned(), "category=0201".to_owned()),
        ("region=130202".to_owned(), "region=130203".to_owned()),
    ] {
        for (query, many) in [(right, 1), (wrong, 0)] {
            let (status, found) = read(&floor, &reviewer, &format!("archives?{query}")).await;
            assert_eq!(status, 200, "{found}");
            assert_eq!(found["items"].as_array().unwrap().len(), many, "{query}: {found}");
        }
    }
    for (right, wrong) in [
        (json!({"phone": "138 0013 8000"}), json!({"phone": "13800138001"})),
        (json!({"phone": "13900139000"}), json!({"phone": "13900139001"})),
        (json!({"last4": "8000"}), json!({"last4": "8001"})),
        (json!({"text": "占道经营"}), json!({"text": "井盖缺失"})),
        (
            json!({"text": "占道经营", "filter": {"unit": UNIT}}),
            json!({"text": "占道经营", "filter": {"unit": "jy"}}),
        ),
    ] {
        for (body, many) in [(right, 1), (wrong, 0)] {
            let (status, found) = post(&floor, &boss, "archives/search", None, &body).await;
            assert_eq!(status, 200, "{found}");
            assert_eq!(found["items"].as_array().unwrap().len(), many, "{body}: {found}");
        }
    }
    let (status, problem) = post(&floor, &boss, "archives/search", None, &json!({})).await;
    assert_eq!((status, problem["field"].as_str()), (422, Some("text")));

    // Each consultation is a fact and stands in the list; who does not see everything is refused and consulted nothing.
    let path = format!("archives/{number}");
    let (_, none) = read(&floor, &reviewer, &format!("{path}/consultations")).await;
    assert_eq!(none["items"], json!([]));
    let paper = floor
        .get(&format!("/api/v1/{path}/parts/order.pdf"), &reviewer)
        .await;
    assert!(paper.bytes().await.unwrap().starts_with(b"%PDF"));
    let (status, problem) = read(&floor, &quality, &format!("{path}/parts/order.json")).await;
    assert_eq!(
        (status, problem["clause"].as_str()),
        (403, Some("DB1302/T 604—2025 8.4.2.1"))
    );
    let (_, one) = read(&floor, &boss, &format!("{path}/consultations")).await;
    let items = one["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{one}");
    assert_eq!(
        (&items[0]["actor"], &items[0]["parts"]),
        (&json!("reviewer"), &json!(["order.pdf"]))
    );
    let revealed = facts(&floor, "personal.revealed").await;
    assert_eq!(revealed[0]["body"]["object"], format!("archive/{number}"));
    assert!(is_refused_as(&floor, "quality").await);
    let row = floor.engine.store().archive(&number).await.unwrap().unwrap();
    assert_eq!(
        (row.unit.unwrap().as_str(), row.category.as_deref()),
        (UNIT, Some("010401"))
    );
}

#[tokio::test]
async fn ac_7_9_3_the_programs_database_user_cannot_change_an_audit_row_and_a_changed_one_breaks_the_chain() {
    let admin = crate::postgres::empty_database().await;
    run(&admin, SCRIPT).await.unwrap();
    let now = SystemClock::new().now().wall;
    let owner = Store::open(&Address::Postgres(as_role(&admin, "rexian_owner")), now).await;
    owner.unwrap().close().await;
    run(&admin, SCRIPT).await.unwrap();
    let app = as_role(&admin, "rexian_app");
    let floor = Floor::over(tempfile::tempdir().unwrap(), Address::Postgres(app.clone())).await;
    let id = submitted(&floor).await;
    dispatched(&floor, id).await;
    let boss = floor.session("supervisor").await;
    assert_eq!(
        post(&floor, &boss, &format!("tickets/{id}/reveal"), None, &json!({}))
            .await
            .0,
        200
    );
    let (status, problem) = give(&floor, &boss, id, &json!({"command": "sign"})).await;
    assert_eq!(
        (status, problem["clause"].as_str()),
        (403, Some("DB1302/T 604—2025 7.3"))
    );
    assert!(is_refused_as(&floor, "supervisor").await);
    let stored = order(&floor, id).await;
    assert_eq!(
        (stored.state, facts(&floor, "ticket.dispatched").await.len()),
        (State::PendingSign, 1)
    );

    for sql in [
        "UPDATE journal SET envelope = '' WHERE kind = 'ticket.dispatched'",
        "DELETE FROM journal WHERE kind = 'personal.revealed'",
        "TRUNCATE journal",
    ] {
        let error = run(&app, sql).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{sql}: {error}");
    }
    let audit = floor.engine.audit();
    let whole = audit.verify(audit.node()).await.unwrap();
    assert_eq!(whole.faults, []);
    assert!(10 < whole.facts);

    // The twin: whoever may change a row, as the database's own administrator, is found out by the chain.
    run(
        &admin,
        "UPDATE journal SET envelope = replace(envelope, '\"unit\":\"cg\"', '\"unit\":\"jy\"')
         WHERE kind = 'ticket.dispatched'",
    )
    .await
    .unwrap();
    let broken = audit.verify(audit.node()).await.unwrap();
    assert_eq!(
        (broken.facts, broken.faults.len()),
        (whole.facts, 1),
        "{:?}",
        broken.faults
    );
}

/// An order whose responsibility several units had to be asked for, closed; fixed on a unit with a rule or without.
async fn fixed(floor: &Floor, officer: &str, id: TicketId, propose: bool) {
    let (dispatcher, boss) = (
        floor.session("dispatcher").await,
        floor.session("supervisor").await,
    );
    good(
        floor,
        &dispatcher,
        id,
        json!({"command": "open_arbitration", "reason": "两家单位职责交叉"}),
    )
    .await;
    let decision = json!({"command": "arbitrate", "unit": UNIT, "decision": "经会商由市城市管理综合行政执法局主责办理，相关单位予以配合，形成长效机制。",
        "legal_basis": "城市市容和环境卫生管理条例第四条", "minutes": "会商纪要第一号"});
    good(floor, &dispatcher, id, decision).await;
    closed(floor, officer, id).await;
    let fix = json!({"command": "fix_responsibility", "primary": UNIT, "reason": "同类诉求今后由其首接", "propose_rule": propose});
    good(floor, &boss, id, fix).await;
}

#[tokio::test]
async fn ac_b_5_the_next_like_appeal_is_proposed_to_the_unit_so_fixed() {
    let floor = Floor::open().await;
    let unit = officer(&floor).await;
    let (boss, dispatcher, reviewer) = (
        floor.session("supervisor").await,
        floor.session("dispatcher").await,
        floor.session("reviewer").await,
    );
    let like = visit(&floor, "13900139001").await;
    let (_, before) = read(&floor, &dispatcher, &format!("tickets/{like}/route")).await;
    assert_ne!(before["unit"], UNIT, "the rules as shipped send it elsewhere");

    // The twin: fixed without a proposal, and proposed but not approved, nothing changes.
    let plain = visit(&floor, "13900139002").await;
    fixed(&floor, &unit, plain, false).await;
    assert_eq!(
        read(&floor, &dispatcher, "rule-proposals").await.1["items"],
        json!([])
    );
    let id = submitted(&floor).await;
    fixed(&floor, &unit, id, true).await;
    let (_, open) = read(&floor, &reviewer, "rule-proposals?open=true").await;
    assert_eq!(
        (&open["items"][0]["unit"], &open["items"][0]["proposed_by"]),
        (&json!(UNIT), &json!("supervisor"))
    );
    assert_eq!(
        read(&floor, &dispatcher, &format!("tickets/{like}/route"))
            .await
            .1,
        before
    );

    let path = format!("rule-proposals/{id}/approve");
    let (status, problem) = post(&floor, &boss, &path, None, &json!({})).await;
    assert_eq!((status, problem["rule"].as_str()), (403, Some("second_person")));
    assert_eq!(problem["clause"], "DB1302/T 604—2025 B.5");
    assert_eq!(post(&floor, &reviewer, &path, None, &json!({})).await.0, 403);
    let (status, done) = post(&floor, &dispatcher, &path, None, &json!({})).await;
    assert_eq!(
        (status, &done["state"], &done["rules_version"]),
        (200, &json!("approved"), &json!(2)),
        "{done}"
    );
    assert_eq!(
        post(&floor, &dispatcher, &path, None, &json!({})).await.0,
        422,
        "it is decided once"
    );

    let (_, after) = read(&floor, &dispatcher, &format!("tickets/{like}/route")).await;
    let rule = format!("b5-{}", order(&floor, id).await.number);
    assert_eq!((&after["unit"], &after["rule"]), (&json!(UNIT), &json!(rule)));
    let dispatch = json!({"command": "dispatch", "unit": UNIT, "basis": after["basis"]});
    good(&floor, &dispatcher, like, dispatch).await;
    let stored = order(&floor, like).await;
    let cycle = stored.cycle().unwrap();
    assert_eq!(
        (cycle.unit.as_ref().unwrap().as_str(), cycle.rule.as_deref()),
        (UNIT, Some(rule.as_str()))
    );

    let published = facts(&floor, "reference.published").await;
    let last = published.last().unwrap();
    assert_eq!(
        (&last["actor"]["id"], &last["body"]["document"]),
        (&json!("dispatcher"), &json!("rules"))
    );
    let decided = facts(&floor, "rule.decided").await;
    assert_eq!(
        (decided.len(), &decided[0]["body"]["approved"]),
        (1, &json!(true))
    );
    assert!(is_refused_as(&floor, "reviewer").await);
}

#[tokio::test]
async fn ratios_show_n_over_n_and_a_unit_reaches_its_own_subtree_alone() {
    let floor = Floor::open().await;
    let unit = officer(&floor).await;
    let (boss, agent) = (floor.session("supervisor").await, floor.session("agent").await);
    let id = submitted(&floor).await;
    dispatched(&floor, id).await;
    good(&floor, &unit, id, json!({"command": "sign"})).await;
    let stranger = person(&floor, "stranger", Role::Unit, "hotline/jy").await;
    let of = async |cookie: &str, query: &str| {
        let (status, all) = read(&floor, cookie, &format!("ratios?{query}")).await;
        assert_eq!(status, 200, "{all}");
        let items = all["items"].as_array().unwrap();
        let sign = items
            .iter()
            .find(|it| it["id"] == "sign_on_time")
            .unwrap()
            .clone();
        (items.len(), sign)
    };
    let (five, sign) = of(&unit, "five=true").await;
    assert_eq!(five, 5);
    assert_eq!(
        (&sign["label"], &sign["n"], &sign["N"], &sign["percentage"]),
        (&json!("按时签收率"), &json!(1), &json!(1), &json!("100.00"))
    );
    let (_, empty) = of(&stranger, "").await;
    assert_eq!(
        (&empty["N"], &empty["percentage"]),
        (&json!(0), &Value::Null),
        "nothing is no percentage"
    );
    let (_, city) = of(&boss, "").await;
    assert_eq!(city["N"], 1);
    assert_eq!(of(&boss, "level=unit&key=jy").await.1["N"], 0);
    for query in ["level=unit&key=jy", "level=city", "level=agent"] {
        assert_eq!(
            read(&floor, &unit, &format!("ratios?{query}")).await.0,
            403,
            "{query}"
        );
    }
    assert_eq!(read(&floor, &agent, "ratios").await.0, 403);
    assert!(is_refused_as(&floor, "officer").await);

    let (status, behind) = read(&floor, &unit, "ratios/sign_on_time/orders?which=numerator").await;
    assert_eq!((status, &behind["items"][0]["id"]), (200, &json!(id)), "{behind}");
    assert_eq!(
        behind["items"][0]["order"]["name"], "",
        "a list shows no personal field"
    );
    let none = read(&floor, &unit, "ratios/sign_on_time/orders?which=missing")
        .await
        .1;
    assert_eq!(none["items"], json!([]));
    assert_eq!(
        read(&floor, &stranger, "ratios/sign_on_time/orders").await.1["items"],
        json!([])
    );
    assert_eq!(read(&floor, &unit, "ratios/nothing/orders").await.0, 404);
}

#[tokio::test]
async fn the_conformance_report_names_clauses_and_a_period_is_bounded() {
    let floor = Floor::open().await;
    let (auditor, unit) = (floor.session("auditor").await, floor.session("unit").await);
    submitted(&floor).await;
    let (status, report) = read(&floor, &auditor, "conformance").await;
    assert_eq!((status, &report["standard"]), (200, &json!("DB1302/T 604—2025")));
    let clauses = report["clauses"].as_array().unwrap();
    assert!(clauses.iter().any(|it| it["clause"] == "7.3"), "{report}");
    assert_eq!(read(&floor, &unit, "conformance").await.0, 403);
    for query in [
        "from=2026-02-30",
        "from=2026-12-02&to=2026-12-01",
        "from=2020-01-01&to=2026-01-01",
    ] {
        assert_eq!(
            read(&floor, &auditor, &format!("conformance?{query}")).await.0,
            422,
            "{query}"
        );
    }
}
