//! People and their rights after DB1302/T 604—2025 4.3.1, 4.3.3, 8.4.1: who may ask, approve, see and take out what.
//!
//! Each check has its twin: without the rule's condition the same question is answered the other way round.

mod accounts;
mod commitment;
mod confidential;
mod export;
mod sessions;

use std::collections::BTreeSet;

use rexian::account::Role;
use rexian::base::ids::UserId;
use rexian::io::store::users::Account;
use rexian::io::store::users::AccountState;
use serde_json::Value;

use super::floor::Floor;

/// An account of one role for an organ, as its row; and a session of it.
async fn person(floor: &Floor, name: &str, role: Role, organ: &str) -> String {
    let template = account(floor, "reviewer").await.unwrap();
    let row = Account {
        id: name.parse().unwrap(),
        name: format!("测试{name}"),
        roles: BTreeSet::from([role]),
        organ: organ.parse().unwrap(),
        agent: None,
        state: AccountState::Active,
        ..template
    };
    let mut tx = floor.engine.store().begin().await.unwrap();
    tx.insert_account(&row).await.unwrap();
    tx.commit().await.unwrap();
    floor.session(name).await
}

async fn account(floor: &Floor, name: &str) -> Option<Account> {
    let id: UserId = name.parse().unwrap();
    floor.engine.store().account(&id).await.unwrap()
}

/// The body of an answer, with its status.
async fn told(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn post(floor: &Floor, path: &str, cookie: &str, body: &Value) -> (u16, Value) {
    told(floor.send("POST", path, cookie, body).await).await
}

async fn get(floor: &Floor, path: &str, cookie: &str) -> (u16, Value) {
    told(floor.get(path, cookie).await).await
}

/// Facts of a kind in the trail, as they stand in the database.
async fn facts(floor: &Floor, kind: &str) -> Vec<Value> {
    let node = floor.engine.audit().node().to_owned();
    let rows = floor
        .engine
        .store()
        .facts_after(&node, rexian::fact::FactNo(0), 10_000)
        .await
        .unwrap();
    let facts = rows
        .iter()
        .map(|(_, text)| serde_json::from_str::<Value>(text).unwrap());
    facts.filter(|fact| fact["kind"] == kind).collect()
}
