//! Signing in and out, lock-outs, refusals in their form, origins.

use serde_json::Value;
use serde_json::json;

use super::floor::Floor;
use super::floor::PASSWORD;

async fn sign_in(floor: &Floor, user: &str, password: &str) -> reqwest::Response {
    let body = json!({"user": user, "password": password});
    floor
        .request("POST", "/api/v1/session", None)
        .json(&body)
        .send()
        .await
        .unwrap()
}

fn cookie_of(response: &reqwest::Response) -> String {
    response.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_with_the_sign_out() {
    let floor = Floor::open().await;
    let response = sign_in(&floor, "agent", PASSWORD).await;
    assert_eq!(response.status(), 200);
    let line = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        line.contains("HttpOnly") && line.contains("SameSite=Strict"),
        "{line}"
    );
    let cookie = cookie_of(&response);
    let me: Value = floor.get("/api/v1/session", &cookie).await.json().await.unwrap();
    assert_eq!(me["user"], "agent");
    assert_eq!(me["agent"], "a1001");
    assert_eq!(me["roles"], json!(["agent"]));
    assert!(
        me["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("ticket.submit"))
    );
    assert!(
        !me["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("user.manage"))
    );
    assert_eq!(
        floor
            .request("DELETE", "/api/v1/session", Some(&cookie))
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let refused = floor.get("/api/v1/session", &cookie).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(
        floor
            .trail()
            .await
            .iter()
            .filter(|kind| kind.starts_with("user."))
            .collect::<Vec<_>>(),
        ["user.signed_in", "user.signed_out"]
    );
}

#[tokio::test]
async fn a_new_sign_in_ends_the_session_the_browser_had() {
    let floor = Floor::open().await;
    let first = cookie_of(&sign_in(&floor, "agent", PASSWORD).await);
    let body = json!({"user": "agent", "password": PASSWORD});
    let again = floor
        .request("POST", "/api/v1/session", Some(&first))
        .json(&body)
        .send()
        .await
        .unwrap();
    let second = cookie_of(&again);
    assert_ne!(first, second);
    assert_eq!(floor.get("/api/v1/session", &first).await.status(), 401);
    assert_eq!(floor.get("/api/v1/session", &second).await.status(), 200);
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account_even_for_the_right_one() {
    let floor = Floor::open().await;
    for attempt in 1..=5 {
        let response = sign_in(&floor, "agent", "Wrong-12345").await;
        let expected = if attempt < 5 {
            (401, "wrong_password")
        } else {
            (429, "too_many_attempts")
        };
        let status = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        assert_eq!((status, problem["code"].as_str().unwrap()), expected);
    }
    let locked = sign_in(&floor, "agent", PASSWORD).await;
    assert_eq!(locked.status(), 429);
    let wait: u64 = locked.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=901).contains(&wait), "{wait}");
    assert_eq!(
        sign_in(&floor, "supervisor", PASSWORD).await.status(),
        200,
        "others are not locked"
    );
    let failures = floor
        .trail()
        .await
        .iter()
        .filter(|kind| *kind == "user.sign_in_failed")
        .count();
    assert_eq!(failures, 5);
}

#[tokio::test]
async fn an_unknown_name_is_refused_like_a_wrong_password() {
    let floor = Floor::open().await;
    for name in ["nobody", "No Name!", ""] {
        let response = sign_in(&floor, name, PASSWORD).await;
        assert_eq!(response.status(), 401, "{name}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "wrong_password");
    }
}

#[tokio::test]
async fn a_refusal_is_a_problem_document_in_chinese() {
    let floor = Floor::open().await;
    let response = floor.request("GET", "/api/v1/calls", None).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["title"], "请先登录");
    assert_eq!(problem["code"], "not_signed_in");
    assert_eq!(problem["status"], 401);
    assert_eq!(problem["type"], "urn:rexian:problem:not_signed_in");

    let cookie = floor.session("agent").await;
    for (method, path, body, status, code) in [
        ("GET", "/api/v1/nothing", "", 404, "not_found"),
        ("GET", "/api/v1/calls/not-an-id", "", 404, "not_found"),
        ("GET", "/api/v1/calls?colour=red", "", 400, "malformed"),
        ("GET", "/api/v1/calls?limit=501", "", 422, "invalid"),
        ("GET", "/api/v1/calls?day=yesterday", "", 422, "invalid"),
        ("GET", "/api/v1/calls?cursor=x", "", 422, "invalid"),
        ("PATCH", "/api/v1/calls", "", 405, "method_not_allowed"),
        ("PUT", "/api/v1/agent/presence", "{", 400, "malformed"),
        (
            "PUT",
            "/api/v1/agent/presence",
            r#"{"state": "ready", "x": 1}"#,
            400,
            "malformed",
        ),
        (
            "PUT",
            "/api/v1/agent/presence",
            r#"{"state": "asleep"}"#,
            422,
            "unknown",
        ),
        (
            "PUT",
            "/api/v1/agent/presence",
            r#"{"state": "not_ready"}"#,
            422,
            "incomplete",
        ),
    ] {
        let request = floor.request(method, path, Some(&cookie));
        let response = request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{method} {path} {body}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], code, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    let floor = Floor::open().await;
    let cookie = floor.session("agent").await;
    let body = json!({"name": "x".repeat(1 << 20)});
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let response = floor
        .request("PUT", &path, Some(&cookie))
        .header("if-match", "\"1\"")
        .json(&body)
        .send()
        .await;
    assert_eq!(response.unwrap().status(), 413);
}

#[tokio::test]
async fn a_foreign_page_cannot_write() {
    let floor = Floor::open().await;
    let cookie = floor.session("agent").await;
    let reject = |origin: &'static str| {
        floor
            .request("POST", "/api/v1/agent/offer/reject", Some(&cookie))
            .header("origin", origin)
            .send()
    };
    let response = reject("https://evil.example").await.unwrap();
    assert_eq!(response.status(), 403);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "wrong_origin");
    assert!(floor.asked.lock().unwrap().is_empty());
    let own = format!("http://{}", floor.address);
    let request = floor
        .request("POST", "/api/v1/agent/offer/reject", Some(&cookie))
        .header("origin", own);
    assert_eq!(request.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn an_answer_lets_no_foreign_script_run() {
    let floor = Floor::open().await;
    for path in ["/", "/api/v1/session", "/healthz"] {
        let response = floor.request("GET", path, None).send().await.unwrap();
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_closed_account_has_no_session_any_more() {
    let floor = Floor::open().await;
    let (admin, agent) = (floor.session("admin").await, floor.session("agent").await);
    let users: Value = floor.get("/api/v1/users", &admin).await.json().await.unwrap();
    let row = users["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user"] == "agent")
        .unwrap();
    let version = format!("\"{}\"", row["version"]);
    let close = floor
        .request("PUT", "/api/v1/users/agent/state", Some(&admin))
        .json(&json!({"state": "disabled"}));
    assert_eq!(
        close.send().await.unwrap().status(),
        428,
        "the version must be named"
    );
    let close = floor
        .request("PUT", "/api/v1/users/agent/state", Some(&admin))
        .json(&json!({"state": "disabled"}));
    assert_eq!(
        close.header("if-match", version).send().await.unwrap().status(),
        200
    );
    assert_eq!(floor.get("/api/v1/session", &agent).await.status(), 401);
    assert_eq!(sign_in(&floor, "agent", PASSWORD).await.status(), 401);
}

#[tokio::test]
async fn first_accounts_are_made_directly_only_while_nobody_could_approve_them() {
    let floor = Floor::open().await;
    let (admin, security) = (floor.session("admin").await, floor.session("security").await);
    let body = json!({"user": "zhang", "name": "张三", "password": "Hotline-98765", "organ": "hotline"});
    let refused = floor.send("POST", "/api/v1/users", &admin, &body).await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(
        (problem["rule"].as_str(), problem["clause"].as_str()),
        (Some("needs_request"), Some("DB1302/T 604—2025 8.4.1.1"))
    );
    // Without a security officer of the city's organ the first accounts are made here, without roles.
    let close = floor.request("PUT", "/api/v1/users/security/state", Some(&admin));
    let close = close
        .header("if-match", "\"1\"")
        .json(&json!({"state": "disabled"}));
    assert_eq!(close.send().await.unwrap().status(), 200);
    assert_eq!(floor.get("/api/v1/session", &security).await.status(), 401);
    let made = floor.send("POST", "/api/v1/users", &admin, &body).await;
    assert_eq!(made.status(), 201);
    assert_eq!(made.json::<Value>().await.unwrap()["roles"], json!([]));
    assert_eq!(
        floor.send("POST", "/api/v1/users", &admin, &body).await.status(),
        409,
        "the name is taken"
    );
    let weak = json!({"user": "li", "name": "李四", "password": "12345678", "organ": "hotline"});
    let refused: Value = floor
        .send("POST", "/api/v1/users", &admin, &weak)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (refused["code"].as_str(), refused["field"].as_str()),
        (Some("invalid"), Some("password"))
    );
}

#[tokio::test]
async fn a_security_officer_takes_roles_away_at_once_and_gives_none() {
    let floor = Floor::open().await;
    let security = floor.session("security").await;
    let set = |roles: Value, version: &'static str| {
        let request = floor.request("PUT", "/api/v1/users/quality/roles", Some(&security));
        request
            .header("if-match", version)
            .json(&json!({"roles": roles}))
            .send()
    };
    let apart = set(json!(["admin", "auditor"]), "\"1\"").await.unwrap();
    assert_eq!(apart.status(), 422);
    let more: Value = set(json!(["quality", "supervisor"]), "\"1\"")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (more["rule"].as_str(), more["clause"].as_str()),
        (Some("needs_request"), Some("DB1302/T 604—2025 8.4.1.2"))
    );
    assert_eq!(set(json!([]), "\"7\"").await.unwrap().status(), 412);
    assert_eq!(set(json!([]), "\"1\"").await.unwrap().status(), 200);
    let account = floor
        .engine
        .store()
        .account(&"quality".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert!(account.roles.is_empty());
}

#[tokio::test]
async fn an_administrator_makes_accounts_and_the_security_officer_gives_roles() {
    let floor = Floor::open().await;
    let (admin, security) = (floor.session("admin").await, floor.session("security").await);
    let wish = json!({"kind": "open", "user": "zhang", "name": "张三", "roles": ["supervisor"], "organ": "hotline",
        "reason": "新到岗人员"});
    let asked = floor
        .send("POST", "/api/v1/account-requests", &admin, &wish)
        .await;
    assert_eq!(asked.status(), 200);
    let asked: Value = asked.json().await.unwrap();
    let path = format!(
        "/api/v1/account-requests/{}/approve",
        asked["id"].as_str().unwrap()
    );
    let approve = |cookie: &str| floor.request("POST", &path, Some(cookie)).send();
    assert_eq!(
        approve(&admin).await.unwrap().status(),
        403,
        "who makes accounts gives no roles"
    );
    let made = floor.send("POST", "/api/v1/users", &security, &json!({})).await;
    assert_ne!(made.status(), 201, "and who gives roles makes no accounts");
    assert_eq!(approve(&security).await.unwrap().status(), 200);
    let account = floor
        .engine
        .store()
        .account(&"zhang".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(account.roles, [rexian::account::Role::Supervisor].into());
}
