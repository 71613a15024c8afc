//! What a check says to its city: what time it is, who does what, and what then stands in the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use argon2::PasswordHasher as _;
use reqwest::Client;
use reqwest::Method;
use reqwest::Response;
use rexian::account::Role;
use rexian::account::commitment;
use rexian::base::civil::CivilDate;
use rexian::base::civil::DayTime;
use rexian::base::ids::InteractionId;
use rexian::base::ids::OrganId;
use rexian::base::ids::RecordingId;
use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::base::time::Clock as _;
use rexian::base::time::WallTime;
use rexian::engine::Engine;
use rexian::engine::ticket_service::DraftRequest;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::personal::Personal;
use rexian::io::store::Address;
use rexian::io::store::calls::CallChange;
use rexian::io::store::commitments::CommitmentRow;
use rexian::io::store::outbox::NotificationRow;
use rexian::io::store::outbox::OutboxFilter;
use rexian::io::store::recordings::RecordingRow;
use rexian::io::store::recordings::RecordingState;
use rexian::io::store::tickets::TicketRow;
use rexian::io::store::users::Account;
use rexian::io::store::users::AccountState;
use rexian::report::cdr::CallRecord;
use rexian::report::ratio::Bound;
use rexian::report::ratio::Statement;
use rexian::report::ratio::Which;
use rexian::ticket::model::ClockKind;
use serde_json::Value;
use serde_json::json;

use super::house::CityClock;
use super::house::House;
use super::house::NODE;
use super::house::Site;
use super::house::zone;

const PASSWORD: &str = "Hotline-12345";
/// The organ that all others stand below.
pub(crate) const HOTLINE: &str = "hotline";

/// A city.
pub(crate) struct City {
    /// `SQLite` or `PostgreSQL`.
    pub(crate) kind: &'static str,
    site: Site,
    data: tempfile::TempDir,
    house: House,
    http: Client,
    /// Cookies by user; who was signed out by time signs in again.
    sessions: Mutex<BTreeMap<String, String>>,
    seeds: AtomicU64,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: String,
}

/// An answered call with its recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) id: InteractionId,
    pub(crate) recording: RecordingId,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A fact as it stands in the chain.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: String,
    /// `user:unit-cg`, `agent:a1001`, `system:` …
    pub(crate) actor: String,
    pub(crate) at: WallTime,
    pub(crate) body: Value,
}

/// Runs a script in a city on SQLite, then in one on PostgreSQL.
pub(crate) fn in_a_city<F: AsyncFn(&mut City)>(script: F) {
    run(&["SQLite", "PostgreSQL"], script);
}

pub(super) fn run<F: AsyncFn(&mut City)>(kinds: &[&'static str], script: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for kind in kinds {
            println!("on {kind}");
            let mut city = City::open(kind).await;
            script(&mut city).await;
            city.house.close().await;
        }
    });
}

/// `2026-11-24 09:40`, `2026-11-24 09:40:59` or `2026-11-24 24:00` in Tangshan.
pub(crate) fn instant(text: &str) -> WallTime {
    let (day, time) = text.split_once(' ').unwrap();
    let (minutes, seconds) = match time.matches(':').count() {
        2 => time.rsplit_once(':').unwrap(),
        _ => (time, "0"),
    };
    let at = zone().at(CivilDate::parse(day).unwrap(), DayTime::parse(minutes).unwrap());
    WallTime::from_micros(at.as_micros() + seconds.parse::<i64>().unwrap() * 1_000_000)
}

impl City {
    async fn open(kind: &'static str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let address = match kind {
            "SQLite" => Address::Sqlite(data.path().join("rexian.db")),
            _ => Address::Postgres(crate::postgres::empty_database().await),
        };
        let site = Site {
            address,
            clock: Arc::new(CityClock::new()),
            suspended: Arc::default(),
        };
        site.clock.set(instant("2026-01-05 09:00"));
        let house = House::open(&site, data.path(), 12_345).await;
        Self {
            kind,
            site,
            data,
            house,
            http: Client::builder().build().unwrap(),
            sessions: Mutex::default(),
            seeds: AtomicU64::new(20_000),
        }
    }

    /// Stops the server and starts it on the same files and the same database.
    pub(crate) async fn reopen(&mut self) {
        self.house.close().await;
        let seed = self.seeds.fetch_add(1, Ordering::Relaxed);
        self.house = House::open(&self.site, self.data.path(), seed).await;
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.house.engine
    }

    pub(crate) fn archiver(&self) -> &rexian::engine::archiver::Archiver {
        &self.house.archiver
    }

    // ---- time ----

    /// Sets the time.
    pub(crate) fn at(&self, text: &str) {
        self.site.clock.set(instant(text));
    }

    pub(crate) fn now(&self) -> WallTime {
        self.site.clock.now().wall
    }

    /// Fires what is due, and archives what the clocks told of; how many firings changed an order.
    pub(crate) async fn run_clocks(&self) -> usize {
        let fired = self.house.deadlines.fire_due().await.unwrap();
        let due = std::mem::take(&mut *self.house.archive_due.lock().unwrap());
        for ticket in due {
            self.house.archiver.archive(ticket).await.unwrap();
        }
        fired.changed
    }

    /// Lets time pass until an instant: every clock fires when it is due, as with a scheduler that never sleeps too long.
    pub(crate) async fn pass_until(&self, text: &str) {
        let end = instant(text);
        loop {
            let next = self.engine().store().next_clock_at().await.unwrap();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            if self.now() < next {
                self.site.clock.set(next);
            }
            self.run_clocks().await;
        }
        self.site.clock.set(end);
    }

    /// Switches rules off, each by the code of its refusal.
    pub(crate) fn suspend(&self, rules: &[&'static str]) {
        self.site.suspended.lock().unwrap().extend(rules);
    }

    // ---- people ----

    /// Somebody with a role at an organ, named after both; made when first asked for.
    pub(crate) async fn person(&self, role: Role, organ: &str) -> Person {
        self.named(&format!("{role}-{organ}"), role, organ).await
    }

    /// The officer of a grid.
    pub(crate) async fn grid_officer(&self, grid: &str) -> Person {
        let reference = self.engine().references().current();
        let grid = reference.grids.get(grid).unwrap();
        let officer = grid.officer.clone().unwrap();
        self.named(officer.as_str(), Role::Grid, grid.organ.as_str())
            .await
    }

    /// Somebody of a certain name.
    pub(crate) async fn named(&self, user: &str, role: Role, organ: &str) -> Person {
        let store = self.engine().store();
        if store.account(&user.parse().unwrap()).await.unwrap().is_none() {
            let reference = self.engine().references().current();
            let organ: OrganId = organ.parse().unwrap();
            let path = reference
                .organs
                .path(&organ)
                .unwrap_or_else(|| panic!("no organ {organ}"));
            let account = account(user, role, &path.to_string(), self.now());
            let mut tx = store.begin().await.unwrap();
            tx.insert_account(&account).await.unwrap();
            let signed = CommitmentRow {
                version: commitment::VERSION,
                sha256: "00".repeat(32),
                signed_at: self.now(),
            };
            tx.insert_commitment(&account.id, &signed).await.unwrap();
            tx.commit().await.unwrap();
        }
        Person {
            user: user.to_owned(),
        }
    }

    async fn cookie(&self, who: &Person) -> String {
        if let Some(cookie) = self.sessions.lock().unwrap().get(&who.user) {
            return cookie.clone();
        }
        let url = format!("http://{}/api/v1/session", self.house.socket);
        let body = json!({"user": who.user, "password": PASSWORD});
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{} signs in", who.user);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.sessions
            .lock()
            .unwrap()
            .insert(who.user.clone(), cookie.clone());
        cookie
    }

    /// Forgets a session, as a browser that crashed.
    pub(crate) fn forget_session(&self, who: &Person) {
        self.sessions.lock().unwrap().remove(&who.user);
    }

    // ---- requests ----

    /// Sends a request; who is signed out by time signs in and sends it again.
    pub(crate) async fn send(
        &self,
        who: &Person,
        (method, path): (&str, &str),
        version: Option<i64>,
        body: Option<reqwest::Body>,
    ) -> Response {
        let bytes = body.map(|body| body.as_bytes().unwrap().to_vec());
        let kind = match &bytes {
            Some(bytes) if bytes.first() != Some(&b'{') => "application/octet-stream",
            _ => "application/json",
        };
        for _ in 0..2 {
            let cookie = self.cookie(who).await;
            let url = format!("http://{}/api/v1{path}", self.house.socket);
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut request = self.http.request(method, url).header("cookie", cookie);
            if let Some(version) = version {
                request = request.header("if-match", format!("\"{version}\""));
            }
            if let Some(bytes) = &bytes {
                request = request.header("content-type", kind).body(bytes.clone());
            }
            let answer = request.send().await.unwrap();
            if answer.status() != 401 {
                return answer;
            }
            self.forget_session(who);
        }
        panic!("{} cannot sign in", who.user);
    }

    async fn answer(&self, response: Response) -> Answer {
        let status = response.status().as_u16();
        let body = response.json().await.unwrap_or_default();
        Answer { status, body }
    }

    pub(crate) async fn get(&self, who: &Person, path: &str) -> Answer {
        self.answer(self.send(who, ("GET", path), None, None).await).await
    }

    pub(crate) async fn post(&self, who: &Person, path: &str, body: &Value) -> Answer {
        let body = Some(body.to_string().into());
        self.answer(self.send(who, ("POST", path), None, body).await)
            .await
    }

    /// Gives an order a command, on the version that stands in the database.
    pub(crate) async fn give(&self, who: &Person, ticket: TicketId, command: Value) -> Answer {
        let version = self.ticket(ticket).await.ticket.version;
        let path = format!("/tickets/{ticket}/commands");
        let body = Some(command.to_string().into());
        let sent = self.send(who, ("POST", &path), Some(version), body).await;
        self.answer(sent).await
    }

    /// Gives a command that is taken; the order as the giver sees it.
    pub(crate) async fn done(&self, who: &Person, ticket: TicketId, command: Value) -> Value {
        let answer = self.give(who, ticket, command.clone()).await;
        assert_eq!(
            answer.status, 200,
            "{} gives {command}: {}",
            who.user, answer.body
        );
        answer.body
    }

    /// Publishes another value of a setting, from the first day on.
    pub(crate) async fn set(&self, id: &str, value: Value) {
        let admin = self.person(Role::Admin, HOTLINE).await;
        let current = self.get(&admin, "/reference/settings").await.body;
        let mut document = current["document"].clone();
        let entries = document["entries"].as_array_mut().unwrap();
        let entry = entries.iter_mut().find(|it| it["id"] == id).unwrap();
        entry["value"] = value;
        self.publish(&admin, "settings", &current["version"], &document)
            .await;
    }

    /// Publishes a table without one of its rows.
    pub(crate) async fn drop_row(&self, kind: &str, id: &str) {
        let admin = self.person(Role::Admin, HOTLINE).await;
        let current = self.get(&admin, &format!("/reference/{kind}")).await.body;
        let mut document = current["document"].clone();
        document[kind]
            .as_array_mut()
            .unwrap()
            .retain(|row| row["id"] != id);
        self.publish(&admin, kind, &current["version"], &document).await;
    }

    /// Publishes a document.
    pub(crate) async fn publish(&self, who: &Person, kind: &str, version: &Value, document: &Value) {
        let path = format!("/reference/{kind}");
        let body = Some(document.to_string().into());
        let sent = self.send(who, ("PUT", &path), version.as_i64(), body).await;
        let answer = self.answer(sent).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.body);
    }

    /// Uploads a file to an order; how commands name it.
    pub(crate) async fn upload(&self, who: &Person, ticket: TicketId) -> Value {
        let path = format!("/tickets/{ticket}/files");
        let seed = self.seeds.fetch_add(1, Ordering::Relaxed);
        let bytes = format!("%PDF-1.7\n{seed}").into_bytes();
        let sent = self.send(who, ("POST", &path), None, Some(bytes.into())).await;
        let answer = self.answer(sent).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    // ---- calls and orders ----

    /// A call that agent a1001 answered, recorded, ended.
    pub(crate) async fn call(&self, from: &str) -> Call {
        self.call_of(from, true).await
    }

    /// A call that nobody picked up.
    pub(crate) async fn call_without_answer(&self, from: &str) -> Call {
        self.call_of(from, false).await
    }

    async fn call_of(&self, from: &str, answered: bool) -> Call {
        let engine = self.engine();
        let now = engine.clock().now();
        let mut random = Random::from_number(self.seeds.fetch_add(1, Ordering::Relaxed));
        let (id, recording) = (
            InteractionId::new(now, &mut random),
            RecordingId::new(now, &mut random),
        );
        let personal = Personal {
            number: Some(Number::parse(from, "315")),
            ..Personal::default()
        };
        let mut tx = engine.store().begin().await.unwrap();
        let sealed = engine
            .audit()
            .seal(&mut tx, &id.to_string(), &personal)
            .await
            .unwrap();
        let mut record = CallRecord::empty(id, now.wall);
        record.line = Some("main".parse().unwrap());
        record.queue = Some("general".parse().unwrap());
        record.caller = Some(sealed);
        record.ended_at = Some(now.wall);
        record.ended_by = Some(EndedBy::Caller);
        record.outcome = Some(Outcome::Abandoned);
        if answered {
            record.agent = Some("a1001".parse().unwrap());
            record.recording = Some(recording);
            record.agent_answered_at = Some(now.wall);
            record.outcome = Some(Outcome::Answered);
            record.talk_ms = 61_000;
        }
        let change = CallChange {
            record: &record,
            segments_from: 0,
            offers_from: 0,
        };
        tx.put_calls(NODE, &[change]).await.unwrap();
        if answered {
            tx.put_recordings(&[recording_row(id, recording, now.wall)])
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        Call { id, recording }
    }

    /// The draft that a call opens at its agent's desk.
    pub(crate) async fn draft(&self, call: Call) -> TicketId {
        let engine = self.engine();
        let caller = engine.store().call(call.id).await.unwrap().unwrap();
        let request = DraftRequest {
            interaction: call.id,
            line: Some("main".parse().unwrap()),
            queue: "general".parse().unwrap(),
            agent: "a1001".parse().unwrap(),
            recording: Some(call.recording),
            caller: caller.record.caller,
        };
        let mut tx = engine.store().begin().await.unwrap();
        let changes = engine.tickets().open_drafts(&mut tx, &[request]).await.unwrap();
        tx.commit().await.unwrap();
        changes[0].ticket
    }

    /// A call and a draft with these fields, saved by its agent.
    pub(crate) async fn written(&self, from: &str, fields: &Value) -> TicketId {
        let agent = self.person(Role::Agent, HOTLINE).await;
        let ticket = self.draft(self.call(from).await).await;
        let mut save = fields.clone();
        save["command"] = json!("save_draft");
        self.done(&agent, ticket, save).await;
        ticket
    }

    /// An order that was accepted by telephone.
    pub(crate) async fn accepted(&self, from: &str, fields: &Value) -> TicketId {
        let agent = self.person(Role::Agent, HOTLINE).await;
        let ticket = self.written(from, fields).await;
        self.done(&agent, ticket, json!({"command": "submit"})).await;
        ticket
    }

    /// Dispatches an order on the dispatcher's judgement.
    pub(crate) async fn dispatch(&self, ticket: TicketId, unit: &str) -> Value {
        let dispatcher = self.person(Role::Dispatcher, HOTLINE).await;
        let command =
            json!({"command": "dispatch", "unit": unit, "basis": "judgement", "reason": "属于该单位职责"});
        self.done(&dispatcher, ticket, command).await
    }

    /// The unit signs, speaks to the appellant and hears him.
    pub(crate) async fn signed_and_heard(&self, unit: &Person, ticket: TicketId) {
        self.done(unit, ticket, json!({"command": "sign"})).await;
        self.heard(unit, ticket).await;
    }

    /// The unit speaks to the appellant and hears him.
    pub(crate) async fn heard(&self, unit: &Person, ticket: TicketId) {
        let call = self.call("13800138000").await.id;
        let contact = json!({"command": "record_contact", "way": "phone", "outcome": "reached",
            "number": "13800138000", "opinion": "同意处理意见", "call": call.to_string()});
        self.done(unit, ticket, contact).await;
    }

    // ---- what stands in the database ----

    /// The stored row.
    pub(crate) async fn ticket(&self, id: TicketId) -> TicketRow {
        self.engine().store().ticket(id).await.unwrap().unwrap()
    }

    /// The facts of an order, in order.
    pub(crate) async fn facts(&self, id: TicketId) -> Vec<Seen> {
        let facts = self.engine().store().facts_of_ticket(id).await.unwrap();
        facts.iter().map(|(_, text)| seen(text)).collect()
    }

    /// The last fact of a kind, given without `ticket.`.
    pub(crate) async fn fact(&self, id: TicketId, kind: &str) -> Option<Seen> {
        let name = format!("ticket.{kind}");
        self.facts(id).await.into_iter().rev().find(|it| it.kind == name)
    }

    /// Every fact of the trail of a kind, whatever it is about.
    pub(crate) async fn trail(&self, kind: &str) -> Vec<Seen> {
        let none = rexian::fact::FactNo(0);
        let store = self.engine().store();
        let node = self.engine().audit().node();
        let facts = store.facts_after(node, none, 10_000).await.unwrap();
        let all = facts.iter().map(|(_, text)| seen(text));
        all.filter(|it| it.kind == kind).collect()
    }

    /// When a running clock ends, as people read it (`2026-11-24 24:00`); `none` for one that only counts, `-` for none.
    pub(crate) async fn due(&self, id: TicketId, kind: ClockKind) -> String {
        let row = self.ticket(id).await;
        let Some(clock) = row.ticket.clock(kind, 0) else {
            return "-".to_owned();
        };
        clock
            .deadline
            .map_or("none".to_owned(), |at| zone().format_end(at))
    }

    /// A share of the registry as the database counts it now: above and below the line.
    pub(crate) async fn share(&self, ratio: &str) -> (i64, i64) {
        let ratio = rexian::report::ratio_table::ratio(ratio).unwrap();
        let mut counts = [0, 0];
        for (count, which) in counts.iter_mut().zip([Which::Numerator, Which::Denominator]) {
            let mut statement =
                Statement::new(format!("SELECT COUNT(*) FROM {} WHERE ", ratio.base.tables()));
            ratio.condition(which, &mut statement, self.now());
            *count = self.count(statement).await;
        }
        (counts[0], counts[1])
    }

    async fn count(&self, statement: Statement) -> i64 {
        use sqlx::Connection as _;
        macro_rules! count {
            ($connection:expr) => {{
                let mut connection = $connection.await.unwrap();
                let mut query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(statement.sql));
                for value in statement.bound {
                    query = match value {
                        Bound::Text(text) => query.bind(text),
                        Bound::Int(number) => query.bind(number),
                    };
                }
                query.fetch_one(&mut connection).await.unwrap()
            }};
        }
        match &self.site.address {
            Address::Sqlite(path) => {
                count!(sqlx::SqliteConnection::connect(&format!(
                    "sqlite:{}",
                    path.display()
                )))
            }
            Address::Postgres(url) => count!(sqlx::PgConnection::connect(url)),
        }
    }

    /// Messages that were queued about an order, oldest first.
    pub(crate) async fn messages(&self, id: TicketId) -> Vec<NotificationRow> {
        let filter = OutboxFilter {
            state: None,
            ticket: Some(id),
            recipient_tag: None,
            after: None,
            limit: 500,
        };
        let (mut rows, _) = self.engine().store().notifications(&filter).await.unwrap();
        rows.reverse();
        rows
    }
}

impl Answer {
    /// What is refused, as `status rule-or-code field clause` without the standard's name.
    pub(crate) fn refusal(&self) -> String {
        let of = |name: &str| self.body[name].as_str().unwrap_or("-").to_owned();
        let rule = match &self.body["rule"] {
            Value::String(rule) => rule.clone(),
            _ => of("code"),
        };
        let clause = of("clause").replace("DB1302/T 604—2025 ", "");
        format!("{} {rule} {} {clause}", self.status, of("field"))
    }
}

fn seen(text: &str) -> Seen {
    let envelope: Value = serde_json::from_str(text).unwrap();
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let actor = &envelope["actor"];
    Seen {
        kind: of(&envelope["kind"]),
        actor: format!("{}:{}", of(&actor["type"]), of(&actor["id"])),
        at: WallTime::from_micros(envelope["at_us"].as_i64().unwrap()),
        body: envelope["body"].clone(),
    }
}

fn recording_row(call: InteractionId, recording: RecordingId, at: WallTime) -> RecordingRow {
    RecordingRow {
        id: recording,
        interaction: Some(call),
        state: RecordingState::Stored,
        opened_at: at,
        closed_at: Some(at),
        path: Some(format!("2026/11/24/{recording}.rxr")),
        duration_ms: Some(2_500),
        bytes: Some(1),
        digest: Some("sha256:00".into()),
        gap_ms: Some(0),
        recovered: false,
        error: None,
    }
}

/// The password is hashed with the cost of a test: what is checked is the flow, not the cost.
fn account(user: &str, role: Role, organ: &str, now: WallTime) -> Account {
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let hasher = argon2::Argon2::from(params);
    let hash = hasher
        .hash_password_with_salt(PASSWORD.as_bytes(), b"a-salt-for-tests")
        .unwrap();
    let agent = match (role, user) {
        (Role::Agent, "agent-hotline") => Some("a1001"),
        (Role::Expert, "expert-hotline") => Some("a1002"),
        _ => None,
    };
    Account {
        id: user.parse().unwrap(),
        name: format!("测试{user}"),
        password_hash: hash.to_string(),
        roles: [role].into(),
        organ: organ.parse().unwrap(),
        agent: agent.map(|agent| agent.parse().unwrap()),
        state: AccountState::Active,
        failed_sign_ins: 0,
        locked_until: None,
        created_at: now,
        password_set_at: now,
        version: 1,
    }
}

/// A complete reply of a unit.
pub(crate) fn reply() -> Value {
    json!({"command": "feed_back", "process": "已到现场查看并处理", "basis": "按照职责办理", "result": "已处理完毕",
        "next_steps": "加强巡查", "public_reply": "您反映的问题已处理", "solved": true})
}
