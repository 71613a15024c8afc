//! Requests for accounts: AC-8.4.1.1 and AC-8.4.1.2, four eyes, what takes effect at once, bounds.

use rexian::account::Role;
use rexian::base::limits::ACCOUNT_REQUESTS_OPEN_MAX;
use rexian::io::store::users::AccountState;
use serde_json::Value;
use serde_json::json;

use super::account;
use super::facts;
use super::get;
use super::person;
use super::post;
use crate::http::floor::Floor;

const COUNTY: &str = "hotline/t130203";
const DEPARTMENT: &str = "hotline/t130203/t130203-zj";
const REQUESTS: &str = "/api/v1/account-requests";
const NEW: &str = "DB1302/T 604—2025 8.4.1.1";
const CHANGE: &str = "DB1302/T 604—2025 8.4.1.2";

fn wish_for(user: &str, organ: &str, roles: &[&str]) -> Value {
    json!({"kind": "open", "user": user, "name": "张三", "roles": roles, "organ": organ, "reason": "新到岗人员"})
}

async fn ask(floor: &Floor, cookie: &str, wish: &Value) -> Value {
    let (status, asked) = post(floor, REQUESTS, cookie, wish).await;
    assert_eq!(status, 200, "{asked}");
    asked
}

async fn decide(floor: &Floor, cookie: &str, asked: &Value, how: &str) -> (u16, Value) {
    let path = format!("{REQUESTS}/{}/{how}", asked["id"].as_str().unwrap());
    post(floor, &path, cookie, &json!({"reason": "理由不充分"})).await
}

async fn approve(floor: &Floor, cookie: &str, asked: &Value) -> (u16, Value) {
    let path = format!("{REQUESTS}/{}/approve", asked["id"].as_str().unwrap());
    let answer = floor.request("POST", &path, Some(cookie)).send().await.unwrap();
    super::told(answer).await
}

fn refused_by(answer: &(u16, Value), rule: &str, clause: &str) {
    let (status, problem) = answer;
    assert_eq!(
        (*status, problem["rule"].as_str(), problem["clause"].as_str()),
        (403, Some(rule), Some(clause)),
        "{problem}"
    );
}

#[tokio::test]
async fn ac_8_4_1_1_a_new_account_is_approved_by_the_upper_12345_organ_and_never_by_its_own() {
    let floor = Floor::open().await;
    let city = floor.session("security").await;
    let county_admin = person(&floor, "county-admin", Role::Admin, COUNTY).await;
    let county_security = person(&floor, "county-security", Role::Security, COUNTY).await;

    let asked = ask(
        &floor,
        &county_admin,
        &wish_for("zhang", "t130203", &["dispatcher"]),
    )
    .await;
    assert_eq!(
        (
            asked["state"].as_str(),
            asked["approver"].as_str(),
            asked["clause"].as_str()
        ),
        (Some("open"), Some("hotline"), Some(NEW))
    );
    assert!(
        account(&floor, "zhang").await.is_none(),
        "nothing before the approval"
    );
    refused_by(
        &approve(&floor, &county_security, &asked).await,
        "not_upper_organ",
        NEW,
    );
    assert!(account(&floor, "zhang").await.is_none());
    let denied = facts(&floor, "permission.denied").await;
    assert_eq!(denied.last().unwrap()["body"]["verb"], "account.approve");
    assert_eq!(denied.last().unwrap()["actor"]["id"], "county-security");
    // A city-level account is beyond a county's reach from the beginning.
    let (status, problem) = post(
        &floor,
        REQUESTS,
        &county_admin,
        &wish_for("wang", "hotline", &["supervisor"]),
    )
    .await;
    assert_eq!((status, problem["code"].as_str()), (403, Some("forbidden")));

    let (status, approved) = approve(&floor, &city, &asked).await;
    assert_eq!(
        (
            status,
            approved["state"].as_str(),
            approved["decided_by"].as_str()
        ),
        (200, Some("approved"), Some("security")),
        "{approved}"
    );
    let row = account(&floor, "zhang").await.unwrap();
    assert_eq!(
        (row.roles, row.organ.to_string(), row.state),
        ([Role::Dispatcher].into(), COUNTY.to_owned(), AccountState::Active)
    );
    let fact = facts(&floor, "user.request_approved").await.remove(0);
    assert_eq!(
        (&fact["body"]["request"], fact["actor"]["id"].as_str()),
        (&asked["id"], Some("security"))
    );
    assert_eq!(facts(&floor, "user.created").await[0]["body"]["user"], "zhang");
    assert_eq!(facts(&floor, "user.requested").await[0]["body"]["organ"], COUNTY);
    // Its first password is told once, and works.
    let password = approved["password"].as_str().unwrap();
    let (_, listed) = get(&floor, REQUESTS, &city).await;
    assert!(!listed.to_string().contains(password), "{listed}");
    let body = json!({"user": "zhang", "password": password});
    let signed_in = floor.request("POST", "/api/v1/session", None).json(&body);
    assert_eq!(signed_in.send().await.unwrap().status(), 200);
    assert_eq!(approve(&floor, &city, &asked).await.0, 409, "once");

    // The twin: for a department below it, the county's organ is the upper one.
    let asked = ask(&floor, &county_admin, &wish_for("liu", "t130203-zj", &["unit"])).await;
    assert_eq!(asked["approver"], "t130203");
    assert_eq!(approve(&floor, &county_security, &asked).await.0, 200);
    assert_eq!(
        account(&floor, "liu").await.unwrap().organ.to_string(),
        DEPARTMENT
    );
}

#[tokio::test]
async fn who_asks_does_not_approve_and_a_second_person_does() {
    let floor = Floor::open().await;
    let city = floor.session("security").await;
    let other = person(&floor, "security-2", Role::Security, "hotline").await;
    let asked = ask(&floor, &city, &wish_for("zhang", "ga", &["unit"])).await;
    refused_by(&approve(&floor, &city, &asked).await, "four_eyes", NEW);
    refused_by(&decide(&floor, &city, &asked, "refuse").await, "four_eyes", NEW);
    assert!(account(&floor, "zhang").await.is_none());
    assert_eq!(
        approve(&floor, &other, &asked).await.0,
        200,
        "the twin: another person"
    );
    // Nobody decides about himself either.
    let admin = floor.session("admin").await;
    let own =
        json!({"kind": "change", "user": "security", "roles": ["security", "quality"], "reason": "兼质检"});
    let asked = ask(&floor, &admin, &own).await;
    refused_by(&approve(&floor, &city, &asked).await, "four_eyes", CHANGE);
    let (status, refused) = decide(&floor, &other, &asked, "refuse").await;
    assert_eq!(
        (status, refused["state"].as_str(), refused["answer"].as_str()),
        (200, Some("refused"), Some("理由不充分"))
    );
    assert_eq!(
        account(&floor, "security").await.unwrap().roles,
        [Role::Security].into()
    );
    assert_eq!(facts(&floor, "user.request_refused").await.len(), 1);
}

#[tokio::test]
async fn ac_8_4_1_2_other_rights_are_approved_by_the_city_alone_and_the_old_stay_until_then() {
    let floor = Floor::open().await;
    let city = floor.session("security").await;
    let county_admin = person(&floor, "county-admin", Role::Admin, COUNTY).await;
    let county_security = person(&floor, "county-security", Role::Security, COUNTY).await;
    let officer = person(&floor, "officer", Role::Unit, DEPARTMENT).await;
    let change =
        |roles: &[&str]| json!({"kind": "change", "user": "officer", "roles": roles, "reason": "岗位调整"});

    let asked = ask(&floor, &county_admin, &change(&["unit", "quality"])).await;
    assert_eq!(
        (
            asked["state"].as_str(),
            asked["approver"].as_str(),
            asked["clause"].as_str()
        ),
        (Some("open"), Some("hotline"), Some(CHANGE))
    );
    refused_by(
        &approve(&floor, &county_security, &asked).await,
        "not_upper_organ",
        CHANGE,
    );
    assert_eq!(
        account(&floor, "officer").await.unwrap().roles,
        [Role::Unit].into()
    );
    assert_eq!(
        get(&floor, "/api/v1/tickets", &officer).await.0,
        200,
        "the old rights"
    );
    assert_eq!(
        get(&floor, "/api/v1/recordings", &officer).await.0,
        403,
        "and no new ones"
    );
    let (status, problem) = post(&floor, REQUESTS, &county_admin, &change(&["unit", "grid"])).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (409, Some("exists")),
        "one at a time"
    );

    assert_eq!(approve(&floor, &city, &asked).await.0, 200);
    let both = [Role::Unit, Role::Quality].into();
    assert_eq!(account(&floor, "officer").await.unwrap().roles, both);
    assert_eq!(get(&floor, "/api/v1/recordings", &officer).await.0, 200);
    let approved = facts(&floor, "user.request_approved").await.remove(0);
    assert_eq!(approved["body"]["roles"], json!(["quality", "unit"]));

    // The twin: what only takes away needs no approval and is recorded as such.
    let done = ask(&floor, &county_admin, &change(&["unit"])).await;
    assert_eq!(
        (done["state"].as_str(), &done["approver"]),
        (Some("done"), &Value::Null)
    );
    assert_eq!(
        account(&floor, "officer").await.unwrap().roles,
        [Role::Unit].into()
    );
    assert_eq!(get(&floor, "/api/v1/recordings", &officer).await.0, 403);
    assert_eq!(
        facts(&floor, "user.requested").await.last().unwrap()["body"]["at_once"],
        true
    );
    let close = json!({"kind": "close", "user": "officer", "reason": "离岗"});
    assert_eq!(ask(&floor, &county_admin, &close).await["state"], "done");
    assert_eq!(
        get(&floor, "/api/v1/session", &officer).await.0,
        401,
        "his session ends with it"
    );
    let reopen = json!({"kind": "reopen", "user": "officer", "reason": "返岗"});
    let asked = ask(&floor, &county_admin, &reopen).await;
    assert_eq!(asked["approver"], "t130203", "as a new one");
    let (status, approved) = approve(&floor, &county_security, &asked).await;
    assert_eq!(
        (status, approved["password"].is_string()),
        (200, true),
        "{approved}"
    );
    assert_eq!(
        account(&floor, "officer").await.unwrap().state,
        AccountState::Active
    );
}

#[tokio::test]
async fn an_approval_does_not_give_back_what_was_cut_meanwhile() {
    let floor = Floor::open().await;
    let (admin, city) = (floor.session("admin").await, floor.session("security").await);
    let more =
        json!({"kind": "change", "user": "quality", "roles": ["quality", "analyst"], "reason": "兼分析"});
    let asked = ask(&floor, &admin, &more).await;
    let none = json!({"kind": "change", "user": "quality", "roles": [], "reason": "停岗"});
    assert_eq!(ask(&floor, &admin, &none).await["state"], "done");
    let (status, problem) = approve(&floor, &city, &asked).await;
    assert_eq!(
        (status, problem["rule"].as_str(), problem["clause"].as_str()),
        (422, Some("account_changed"), Some(CHANGE))
    );
    assert!(account(&floor, "quality").await.unwrap().roles.is_empty());
}

#[tokio::test]
async fn requests_of_an_organ_that_wait_are_bounded_and_listed_page_by_page() {
    let floor = Floor::open().await;
    let (admin, city) = (floor.session("admin").await, floor.session("security").await);
    let other = person(&floor, "county-admin", Role::Admin, COUNTY).await;
    let mut last = Value::Null;
    for number in 0..ACCOUNT_REQUESTS_OPEN_MAX {
        last = ask(
            &floor,
            &admin,
            &wish_for(&format!("new-{number}"), "ga", &["unit"]),
        )
        .await;
    }
    let one_more = wish_for("one-more", "ga", &["unit"]);
    let (status, problem) = post(&floor, REQUESTS, &admin, &one_more).await;
    assert_eq!(
        (status, problem["rule"].as_str()),
        (422, Some("too_many_requests"))
    );
    assert_eq!(
        facts(&floor, "user.requested").await.len(),
        ACCOUNT_REQUESTS_OPEN_MAX
    );
    assert_eq!(
        post(
            &floor,
            REQUESTS,
            &other,
            &wish_for("of-county", "t130203-zj", &["unit"])
        )
        .await
        .0,
        200,
        "another organ has its own bound"
    );
    assert_eq!(decide(&floor, &city, &last, "refuse").await.0, 200);
    ask(&floor, &admin, &one_more).await;

    let mut seen = Vec::new();
    let mut path = format!("{REQUESTS}?state=open&limit=20");
    loop {
        let (_, page) = get(&floor, &path, &admin).await;
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["user"].to_string()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("{REQUESTS}?state=open&limit=20&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), ACCOUNT_REQUESTS_OPEN_MAX + 1);
    let (_, of_county) = get(&floor, REQUESTS, &other).await;
    let users: Vec<&Value> = of_county["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["user"])
        .collect();
    assert_eq!(users, ["of-county"], "a county sees its own");
}

#[tokio::test]
async fn a_county_reaches_no_account_beyond_its_subtree() {
    let floor = Floor::open().await;
    let county_admin = person(&floor, "county-admin", Role::Admin, COUNTY).await;
    person(&floor, "officer", Role::Unit, DEPARTMENT).await;
    let (_, listed) = get(&floor, "/api/v1/users", &county_admin).await;
    let users: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["user"])
        .collect();
    assert_eq!(users, ["county-admin", "officer"]);
    let set = |user: &str| {
        let path = format!("/api/v1/users/{user}/password");
        floor
            .request("PUT", &path, Some(&county_admin))
            .json(&json!({"password": "Hotline-54321"}))
            .send()
    };
    assert_eq!(set("supervisor").await.unwrap().status(), 403);
    assert_eq!(set("officer").await.unwrap().status(), 204);
}
