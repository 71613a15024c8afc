//! The live stream: hello, snapshot, changes by role, numbers without a gap, lag, the end of a session.

use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use rexian::base::ids::InteractionId;
use rexian::base::random::Random;
use rexian::base::time::Now;
use rexian::engine::alarms::AlarmCode;
use rexian::exchange::snapshot::CallState;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::floor::Floor;
use super::floor::agent_view;
use super::floor::call_view;
use super::floor::queue_view;

const PATIENCE: Duration = Duration::from_secs(20);

struct Screen {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: u64,
}

async fn connect(floor: &Floor, cookie: &str, origin: Option<&str>) -> Result<Screen, Error> {
    let mut request = format!("ws://{}/api/v1/stream", floor.address)
        .into_client_request()
        .unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let (socket, _) = tokio_tungstenite::connect_async(request).await?;
    Ok(Screen { socket, seq: 0 })
}

impl Screen {
    /// A screen of `user` that has its hello and its first snapshot.
    async fn of(floor: &Floor, user: &str) -> (Self, Value) {
        let cookie = floor.session(user).await;
        let mut screen = connect(floor, &cookie, None).await.unwrap();
        let hello = screen.next().await;
        assert_eq!(
            (hello["type"].as_str(), hello["v"].as_u64()),
            (Some("hello"), Some(1))
        );
        assert!(hello["data"]["server_time"].as_str().unwrap().ends_with('Z'));
        let snapshot = screen.next().await;
        assert_eq!(snapshot["type"], "snapshot");
        (screen, snapshot["data"].clone())
    }

    /// The next message; checks that no number is left out.
    async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            let Message::Text(text) = message else { continue };
            let value: Value = serde_json::from_str(&text).unwrap();
            if let Some(seq) = value["seq"].as_u64() {
                assert_eq!(seq, self.seq + 1, "a gap");
                self.seq = seq;
            }
            if value["type"] != "heartbeat" {
                return value;
            }
        }
    }
}

fn another_call() -> InteractionId {
    InteractionId::new(Now::default(), &mut Random::from_number(9))
}

#[tokio::test]
async fn an_agent_sees_himself_the_queues_and_his_own_calls() {
    let floor = Floor::open().await;
    floor.views.apply(agent_view("a1001", Occupancy::Idle));
    floor.views.apply(agent_view("a1002", Occupancy::Idle));
    floor.views.apply(queue_view(2));
    floor
        .views
        .apply(call_view(another_call(), CallState::Queued, None));
    let (mut screen, snapshot) = Screen::of(&floor, "agent").await;
    assert_eq!(snapshot["agent"]["agent"], "a1001");
    assert_eq!(
        snapshot["agents"],
        serde_json::json!([]),
        "his colleagues are not his business"
    );
    assert_eq!(snapshot["queues"][0]["waiting"], 2);
    assert_eq!(
        snapshot["calls"],
        serde_json::json!([]),
        "nor are calls that are not his"
    );

    // A call comes to him, is answered, and ends; what happens to others is not told.
    floor.views.apply(agent_view("a1002", Occupancy::Ringing));
    floor.views.apply(call_view(floor.call, CallState::Queued, None));
    floor
        .views
        .apply(call_view(floor.call, CallState::Ringing, Some("a1001")));
    floor.views.apply(agent_view("a1001", Occupancy::Ringing));
    floor.views.apply(queue_view(1));
    floor.views.apply(ViewChange::CallGone(another_call()));
    floor.views.apply(ViewChange::CallGone(floor.call));
    let call = screen.next().await;
    assert_eq!(
        (call["type"].as_str(), call["data"]["state"].as_str()),
        (Some("call"), Some("ringing"))
    );
    assert_eq!(
        call["data"]["caller"], "+8613800138000",
        "his own caller is in clear"
    );
    assert_eq!(call["data"]["caller_clear"], true);
    assert_eq!(screen.next().await["data"]["occupancy"], "ringing");
    assert_eq!(screen.next().await["data"]["waiting"], 1);
    let gone = screen.next().await;
    assert_eq!(gone["type"], "call_gone");
    assert_eq!(gone["data"]["interaction"], floor.call.to_string());
}

#[tokio::test]
async fn a_call_that_goes_on_to_another_agent_is_gone_for_the_first() {
    let floor = Floor::open().await;
    floor
        .views
        .apply(call_view(floor.call, CallState::Ringing, Some("a1001")));
    let (mut first, snapshot) = Screen::of(&floor, "agent").await;
    assert_eq!(snapshot["calls"][0]["interaction"], floor.call.to_string());
    floor
        .views
        .apply(call_view(floor.call, CallState::Ringing, Some("a1002")));
    assert_eq!(first.next().await["type"], "call_gone");
}

#[tokio::test]
async fn a_supervisor_sees_everything_with_masked_numbers_and_alarms() {
    let floor = Floor::open().await;
    floor.views.apply(agent_view("a1001", Occupancy::Talking));
    floor
        .views
        .apply(call_view(floor.call, CallState::Talking, Some("a1001")));
    floor.engine.alarms().raise(AlarmCode::DatabaseDown, "db");
    let (mut screen, snapshot) = Screen::of(&floor, "supervisor").await;
    assert_eq!(snapshot["agent"], Value::Null);
    assert_eq!(snapshot["agents"][0]["agent"], "a1001");
    assert_eq!(snapshot["calls"][0]["caller_clear"], false);
    assert!(!snapshot.to_string().contains("13800138000"), "{snapshot}");
    assert_eq!(snapshot["alarms"][0]["code"], "database-down");
    assert_eq!(snapshot["alarms"][0]["title"], "数据库连接中断");
    floor.engine.alarms().clear(AlarmCode::DatabaseDown, "db");
    let alarms = screen.next().await;
    assert_eq!(
        (alarms["type"].as_str(), &alarms["data"]),
        (Some("alarms"), &serde_json::json!([]))
    );
}

#[tokio::test]
async fn a_screen_that_lags_or_asks_gets_a_new_snapshot() {
    let floor = Floor::open().await;
    floor.views.apply(queue_view(0));
    let (mut screen, _) = Screen::of(&floor, "agent").await;
    // More than may wait, before the server's task runs again.
    for waiting in 1..=3_000 {
        floor.views.apply(queue_view(waiting));
    }
    let caught_up = screen.next().await;
    assert_eq!(caught_up["type"], "snapshot");
    assert_eq!(caught_up["data"]["queues"][0]["waiting"], 3_000);
    screen
        .socket
        .send(Message::text(r#"{"type": "resync"}"#))
        .await
        .unwrap();
    let mut again = screen.next().await;
    while again["type"] != "snapshot" {
        again = screen.next().await;
    }
    floor.views.apply(queue_view(7));
    assert_eq!(screen.next().await["data"]["waiting"], 7);
}

#[tokio::test]
async fn an_opened_draft_is_told_to_its_writer() {
    let floor = Floor::open().await;
    let (mut screen, _) = Screen::of(&floor, "agent").await;
    let cookie = floor.session("agent").await;
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let save = floor
        .request("PUT", &path, Some(&cookie))
        .header("if-match", "\"1\"");
    assert_eq!(
        save.json(&serde_json::json!({"name": "赵"}))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let told = screen.next().await;
    assert_eq!(
        (told["type"].as_str(), told["data"]["version"].as_i64()),
        (Some("ticket"), Some(2))
    );
    assert_eq!(told["data"]["interaction"], floor.call.to_string());
}

#[tokio::test]
async fn a_foreign_page_opens_no_stream_and_a_stop_closes_it() {
    let floor = Floor::open().await;
    let cookie = floor.session("agent").await;
    match connect(&floor, &cookie, Some("https://evil.example")).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{:?}", other.map(|_| ())),
    }
    match connect(&floor, "rexian_session=nothing", None).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 401),
        other => panic!("{:?}", other.map(|_| ())),
    }
    let own = format!("http://{}", floor.address);
    let mut screen = connect(&floor, &cookie, Some(&own)).await.unwrap();
    screen.next().await;
    screen.next().await;
    floor.web.stop();
    let closed = loop {
        match tokio::time::timeout(PATIENCE, screen.socket.next())
            .await
            .unwrap()
        {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => (),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed, 1001);
}
