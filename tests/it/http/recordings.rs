//! Listening over HTTP: ranges, the fact of listening, and files that are not there.

use rexian::io::recording::container::ChunkHead;
use rexian::io::recording::container::ChunkWriter;
use rexian::io::recording::container::Flags;
use rexian::io::recording::container::Header;

use super::floor::Floor;

/// A-law samples of one second, both channels, different in every second.
fn second(number: u8) -> Vec<u8> {
    (0..16_000_u32)
        .map(|at| u8::try_from(at % 251).unwrap() ^ number)
        .collect()
}

/// Writes the floor's recording: two seconds and a half.
fn write_recording(floor: &Floor) {
    let keys = floor.engine.keys();
    let (key, record) = keys
        .with(|ring| ring.fresh(&floor.recording.to_string()))
        .unwrap();
    let header = Header {
        recording: floor.recording,
        interaction: floor.call,
        opened_at_us: 0,
        key: record,
    };
    let mut bytes = header.encode();
    let mut writer = ChunkWriter::new(key, floor.recording, &bytes);
    let head = |number: u32, samples: u16| ChunkHead {
        number,
        rtp_start: 0,
        wall_start_us: 1 + i64::from(number),
        samples,
        flags: Flags::default(),
        gap_ms: 0,
        length: 0,
        before: [0; 32],
    };
    for (number, samples) in [(0, 8_000), (1, 8_000), (2, 4_000)] {
        let audio = second(u8::try_from(number).unwrap());
        let chunk = writer
            .encode(head(number, samples), &audio[..usize::from(samples) * 2])
            .unwrap();
        writer.accept(&chunk);
        bytes.extend(chunk);
    }
    bytes.extend(writer.encode(ChunkHead::closing(3, 0), &[]).unwrap());
    let folder = floor.folder.path().join("recordings/2026/11/24");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{}.rxr", floor.recording)), bytes).unwrap();
}

#[tokio::test]
async fn a_recording_is_a_wav_and_every_range_of_it_is_the_same_bytes() {
    let floor = Floor::open().await;
    write_recording(&floor);
    let cookie = floor.session("agent").await;
    let path = format!("/api/v1/recordings/{}/audio", floor.recording);
    let whole = floor.get(&path, &cookie).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()["content-type"], "audio/wav");
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let whole = whole.bytes().await.unwrap();
    assert_eq!(&whole[..4], b"RIFF");
    assert_eq!(whole.len(), 56 + 20_000 * 4);

    for (range, from, to) in [
        ("bytes=0-", 0, whole.len()),
        ("bytes=0-1", 0, 2),
        ("bytes=30000-70000", 30_000, 70_001),
        ("bytes=79000-999999", 79_000, whole.len()),
        ("bytes=-100", whole.len() - 100, whole.len()),
    ] {
        let response = floor
            .request("GET", &path, Some(&cookie))
            .header("range", range)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 206, "{range}");
        let said = response.headers()["content-range"].to_str().unwrap().to_owned();
        assert_eq!(said, format!("bytes {from}-{}/{}", to - 1, whole.len()));
        assert_eq!(response.bytes().await.unwrap(), whole[from..to], "{range}");
    }
    let outside = floor
        .request("GET", &path, Some(&cookie))
        .header("range", "bytes=999999-")
        .send()
        .await
        .unwrap();
    assert_eq!(outside.status(), 416);
    assert_eq!(
        outside.headers()["content-range"],
        format!("bytes */{}", whole.len())
    );
}

#[tokio::test]
async fn a_sitting_is_one_fact_however_often_the_player_asks() {
    let floor = Floor::open().await;
    write_recording(&floor);
    let path = format!("/api/v1/recordings/{}/audio", floor.recording);
    let (agent, quality) = (floor.session("agent").await, floor.session("quality").await);
    for _ in 0..3 {
        assert_eq!(floor.get(&path, &agent).await.status(), 200);
    }
    assert_eq!(floor.get(&path, &quality).await.status(), 200);
    assert_eq!(
        floor.get(&path, &floor.session("expert").await).await.status(),
        403
    );
    let read = floor
        .trail()
        .await
        .iter()
        .filter(|kind| *kind == "recording.read")
        .count();
    assert_eq!(read, 2, "one a listener");
}

#[tokio::test]
async fn a_recording_whose_file_is_gone_is_not_found() {
    let floor = Floor::open().await;
    let path = format!("/api/v1/recordings/{}/audio", floor.recording);
    let response = floor.get(&path, &floor.session("quality").await).await;
    assert_eq!(response.status(), 404);
    let list: serde_json::Value = floor
        .get("/api/v1/recordings?day=today", &floor.session("quality").await)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"][0]["recording"], floor.recording.to_string());
    assert_eq!(list["items"][0]["duration_ms"], 2_500);
}
