//! Every route with every role, against the table that is kept by hand in `tests/data/permissions.csv`.

use rexian::account::Role;
use rexian::engine::alarms::AlarmCode;
use rexian::exchange::snapshot::CallState;
use rexian::http::openapi;
use serde_json::Value;
use serde_json::json;

use super::floor::Floor;
use super::floor::call_view;

/// What a role gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// No refusal for lack of permission.
    Yes,
    /// 403.
    No,
    /// 404: the thing is not for him, and he is not told that it is there.
    Hidden,
}

struct Row {
    method: String,
    path: String,
    cells: Vec<(Role, Cell)>,
}

fn table() -> Vec<Row> {
    let text = include_str!("../../data/permissions.csv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let roles: Vec<Role> = head[2..].iter().map(|code| code.parse().unwrap()).collect();
    assert_eq!(roles, Role::ALL);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        let allowed = roles.iter().zip(&cells[2..]).map(|(role, cell)| match *cell {
            "yes" => (*role, Cell::Yes),
            "no" => (*role, Cell::No),
            "hidden" => (*role, Cell::Hidden),
            other => panic!("{other} in {line}"),
        });
        Row {
            method: cells[0].into(),
            path: cells[1].into(),
            cells: allowed.collect(),
        }
    };
    lines.map(row).collect()
}

/// A body that a handler reads, so that the answer is about permission and not about form.
fn body(method: &str, path: &str) -> Option<Value> {
    Some(match (method, path) {
        ("PUT", "/session/password") => json!({"old": "x", "new": "Hotline-54321"}),
        ("POST", "/agent/sign-in") => json!({}),
        ("PUT", "/agent/presence" | "/agents/{agent}/presence") => json!({"state": "ready"}),
        ("POST", "/calls/search") => json!({"last4": "8000"}),
        ("PUT", "/tickets/{id}") => json!({}),
        ("PUT", "/reference/{kind}") => json!({}),
        ("POST", "/tickets") => json!({"channel": "visit", "original": "来访"}),
        ("POST", "/tickets/search") => json!({"last4": "8000"}),
        ("POST", "/tickets/duplicates") => json!({}),
        ("POST", "/tickets/proposals") => json!({"content": "路灯不亮"}),
        ("POST", "/tickets/{id}/call") => json!({"purpose": "contact"}),
        ("POST", "/tickets/{id}/commands") => json!({"command": "claim"}),
        ("POST", "/cases") => {
            json!({"cause": "d", "title": "供热不达标", "text": "多户反映", "orders": [], "units": []})
        }
        ("POST", "/cases/{id}/commands") => json!({"command": "take"}),
        ("POST", "/archives/search") => json!({"last4": "8000"}),
        ("POST", "/articles") | ("PUT", "/articles/{id}") => {
            json!({"title": "标题", "body": "正文", "owner": "hotline", "valid_from": "2020-01-01"})
        }
        ("POST", "/article-updates") => json!({"organ": "hotline", "reason": "政策已调整"}),
        ("POST", "/users") => {
            json!({"user": "new", "name": "新", "password": "Hotline-54321", "organ": "tangshan"})
        }
        ("POST", "/session/commitment") => json!({"version": 1, "sha256": ""}),
        ("POST", "/tickets/export") => json!({"format": "json", "purpose": "测试导出"}),
        ("POST", "/account-requests") => json!({"kind": "close", "user": "nobody-here", "reason": "离岗"}),
        ("POST", "/account-requests/{id}/refuse") => json!({"reason": "理由不充分"}),
        ("PUT", "/users/{user}/roles") => json!({"roles": ["unit"]}),
        ("PUT", "/users/{user}/state") => json!({"state": "active"}),
        ("PUT", "/users/{user}/password") => json!({"password": "Hotline-54321"}),
        _ => return None,
    })
}

#[test]
fn the_table_has_every_route_once() {
    let description: Value = serde_json::from_str(openapi::text()).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            routes.push(format!(
                "{} {}",
                method.to_uppercase(),
                path.strip_prefix("/api/v1").unwrap()
            ));
        }
    }
    // Before a sign-in there is no role, and a citizen has none.
    routes.retain(|route| route != "POST /session" && !route.starts_with("POST /public/"));
    let mut rows: Vec<String> = table()
        .iter()
        .map(|row| format!("{} {}", row.method, row.path))
        .collect();
    routes.sort();
    rows.sort();
    assert_eq!(routes, rows);
}

#[tokio::test]
async fn every_route_answers_every_role_as_the_table_says() {
    let floor = Floor::open().await;
    floor
        .views
        .apply(call_view(floor.call, CallState::Talking, Some("a1001")));
    floor.engine.alarms().raise(AlarmCode::DiskLow, "data");
    let alarm = floor.engine.alarms().open()[0].id.to_string();
    let mut denials = 0;
    let mut faults = Vec::new();
    for row in table() {
        let id = match row.path.split('/').nth(1).unwrap() {
            "tickets" => floor.ticket.to_string(),
            "recordings" => floor.recording.to_string(),
            "alarms" => alarm.clone(),
            _ => floor.call.to_string(),
        };
        let path = row
            .path
            .replace("{id}", &id)
            .replace("{agent}", "a1001")
            .replace("{kind}", "regions")
            .replace("{interaction}", &floor.call.to_string())
            .replace("{file}", &floor.call.to_string())
            .replace("{number}", "20260101000001")
            .replace("{part}", "order.json")
            .replace("{user}", "new");
        for (role, cell) in row.cells {
            let cookie = floor.session(role.code()).await;
            let request = floor.request(&row.method, &format!("/api/v1{path}"), Some(&cookie));
            let request = request.header("if-match", "\"1\"");
            let request = match body(&row.method, &row.path) {
                Some(body) => request.json(&body),
                None => request,
            };
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap_or_default();
            // A wrong old password is no lack of permission.
            let refused = status == 403 || (status == 401 && answer["code"] == "not_signed_in");
            denials += u32::from(refused);
            let as_told = match cell {
                Cell::Yes => !refused,
                Cell::No => refused,
                Cell::Hidden => status == 404,
            };
            if !as_told || status == 500 || status == 405 {
                faults.push(format!(
                    "{} {} as {role}: {status} {}",
                    row.method, row.path, answer["code"]
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let written = floor
        .trail()
        .await
        .iter()
        .filter(|kind| *kind == "permission.denied")
        .count();
    assert_eq!(
        u32::try_from(written).unwrap(),
        denials,
        "every refusal leaves a fact"
    );
}

#[tokio::test]
async fn without_a_session_no_route_answers() {
    let floor = Floor::open().await;
    for row in table() {
        let path = row
            .path
            .replace("{id}", &floor.call.to_string())
            .replace("{agent}", "a1001")
            .replace("{kind}", "regions")
            .replace("{interaction}", &floor.call.to_string())
            .replace("{file}", &floor.call.to_string())
            .replace("{number}", "20260101000001")
            .replace("{part}", "order.json");
        let request = floor.request(
            &row.method,
            &format!("/api/v1{path}").replace("{user}", "grid"),
            None,
        );
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{} {}", row.method, row.path);
    }
    // Figures are for this machine, or for the verb: a proxy of this machine does not count.
    assert_eq!(
        floor
            .request("GET", "/metrics", None)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let proxied = floor
        .request("GET", "/metrics", None)
        .header("x-forwarded-for", "192.0.2.1");
    assert_eq!(proxied.send().await.unwrap().status(), 401);
    let (admin, agent) = (floor.session("admin").await, floor.session("agent").await);
    let proxied = |cookie: &str| {
        floor
            .request("GET", "/metrics", Some(cookie))
            .header("x-forwarded-for", "192.0.2.1")
    };
    assert_eq!(proxied(&admin).send().await.unwrap().status(), 200);
    assert_eq!(proxied(&agent).send().await.unwrap().status(), 403);
}
