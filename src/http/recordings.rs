//! Recordings: the list, and listening to one.
//!
//! **Invariants.** Listening is written to the trail before the first byte leaves; one sitting of ten minutes is one fact.
//! A path from the database never leads outside the recordings root.
//! **Not here.** The container and its keys (`io::recording`).
//! **Source.** RFC 9110 §14 (ranges).

use std::collections::BTreeMap;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::RecordingId;
use crate::base::time::MonoTime;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::recording::RecordingFact;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::http::tickets::sight::hidden_calls;
use crate::io::recording::archive::ArchiveError;
use crate::io::recording::archive::RecordingReader;
use crate::io::store::recordings::RecordingRow;

/// One sitting: asking again within it is no new fact.
const SITTING: Duration = Duration::from_mins(10);
/// Most sittings remembered; forgetting one only writes one fact more.
const SITTINGS_MAX: usize = 1_024;
/// Bytes that are read and sent at once.
const PIECE: u64 = 64 * 1024;

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub(crate) struct RecordingDto {
    /// Its id.
    recording: String,
    /// The call.
    interaction: Option<String>,
    /// `open`, `stored`, `failed`.
    state: &'static str,
    /// When it began.
    opened_at: Instant,
    /// When its file was closed.
    closed_at: Option<Instant>,
    /// Its length.
    duration_ms: Option<u64>,
    /// Its size on disk.
    bytes: Option<u64>,
    /// How much is missing.
    gap_ms: Option<u64>,
    /// The last hash of its chain.
    digest: Option<String>,
    /// Whether a restart closed it.
    recovered: bool,
    /// Why it failed.
    error: Option<String>,
}

impl From<RecordingRow> for RecordingDto {
    fn from(row: RecordingRow) -> Self {
        Self {
            recording: row.id.to_string(),
            interaction: row.interaction.map(|interaction| interaction.to_string()),
            state: row.state.code(),
            opened_at: row.opened_at.into(),
            closed_at: maybe(row.closed_at),
            duration_ms: row.duration_ms,
            bytes: row.bytes,
            gap_ms: row.gap_ms,
            digest: row.digest,
            recovered: row.recovered,
            error: row.error,
        }
    }
}

/// A page of recordings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordingPage)]
pub(crate) struct RecordingPageDto {
    /// Newest first.
    items: Vec<RecordingDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which recordings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordingQuery {
    /// `today` or YYYY-MM-DD.
    day: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// Recordings, newest first.
#[utoipa::path(get, path = "/recordings", tag = "recordings", params(RecordingQuery),
    responses((status = 200, body = RecordingPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<RecordingQuery>,
) -> Result<Json<RecordingPageDto>, Problem> {
    web.permit(&who, Verb::RecordingList, &Object::of_centre("recordings"))
        .await?;
    let (from, to) = page::day(&web.engine, query.day.as_deref())?;
    let after = page::cursor(query.cursor.as_deref())?;
    let (rows, next) = web
        .engine
        .store()
        .recordings(from, to, after.as_ref(), page::limit(query.limit)?)
        .await?;
    let calls = rows.iter().filter_map(|row| row.interaction);
    let hidden = hidden_calls(&web, &who.principal, calls).await?;
    let shown = rows
        .into_iter()
        .filter(|row| row.interaction.is_none_or(|call| !hidden.contains(&call)));
    let items = shown.map(Into::into).collect();
    Ok(Json(RecordingPageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// A recording as WAV: left the citizen, right what he heard. Honours one `Range`.
#[utoipa::path(get, path = "/recordings/{id}/audio", tag = "recordings",
    params(("id" = String, Path), ("Range" = Option<String>, Header, description = "bytes=FIRST-LAST")),
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, content_type = "audio/wav", body = Vec<u8>)))]
pub(crate) async fn audio(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<RecordingId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = web.engine.store().recording(id).await?;
    let interaction = row.as_ref().and_then(|row| row.interaction);
    let agent = match interaction {
        Some(interaction) => web
            .engine
            .store()
            .call(interaction)
            .await?
            .and_then(|line| line.record.agent),
        None => None,
    };
    web.permit(
        &who,
        Verb::RecordingPlay,
        &Object::of_agent(format!("recording/{id}"), agent),
    )
    .await?;
    if !hidden_calls(&web, &who.principal, interaction).await?.is_empty() {
        return Err(Problem::new(Code::NotFound));
    }
    let path = row.as_ref().and_then(|row| row.path.as_deref());
    let path = path.and_then(|path| below(web.engine.recordings_root(), path));
    let path = path.ok_or_else(|| Problem::new(Code::NotFound))?;
    write_sitting(&web, &who, id, interaction).await?;
    let keys = web.engine.keys().clone();
    let opened = tokio::task::spawn_blocking(move || RecordingReader::open(&path, &keys)).await;
    let reader = opened
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| match error {
            ArchiveError::Io { error, .. } if error.kind() == std::io::ErrorKind::NotFound => {
                Problem::new(Code::NotFound)
            }
            error => Problem::internal(&error),
        })?;
    Ok(answer(reader, headers.get(header::RANGE)))
}

/// A path below the root, if it is one.
fn below(root: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| root.join(path))
}

/// Who listens to what since when.
#[derive(Debug, Default)]
pub(crate) struct Sittings(Mutex<BTreeMap<(String, RecordingId), MonoTime>>);

impl Sittings {
    /// Whether this is a new sitting.
    fn begin(&self, session: &str, recording: RecordingId, now: MonoTime) -> bool {
        let mut sittings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (session.to_owned(), recording);
        if sittings
            .get(&key)
            .is_some_and(|since| now.since(*since) < SITTING)
        {
            return false;
        }
        if SITTINGS_MAX <= sittings.len() {
            sittings.retain(|_, since| now.since(*since) < SITTING);
        }
        if SITTINGS_MAX <= sittings.len() {
            sittings.pop_first();
        }
        sittings.insert(key, now);
        true
    }

    fn forget(&self, session: &str, recording: RecordingId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(session.to_owned(), recording));
    }
}

async fn write_sitting(
    web: &Web,
    who: &SignedIn,
    recording: RecordingId,
    interaction: Option<crate::base::ids::InteractionId>,
) -> Result<(), Problem> {
    let now = web.engine.clock().now();
    let session = &who.session.token_hash;
    if !web.sittings.begin(session, recording, now.mono) {
        return Ok(());
    }
    let record = Record {
        now,
        interaction,
        ticket: None,
        actor: Actor::named(ActorKind::User, &who.principal.user),
        cause: "api:play",
        fact: Fact::Recording(RecordingFact::Read {
            recording,
            how: "play".to_owned(),
        }),
        personal: None,
    };
    let written = web.engine.audit().write(&[record]).await;
    if written.is_err() {
        web.sittings.forget(session, recording);
    }
    Ok(written?)
}

fn answer(reader: RecordingReader, range: Option<&HeaderValue>) -> Response {
    let length = reader.wav_len();
    let (status, from, to) = match range.map(|range| parse_range(range, length)) {
        None | Some(Range::Ignored) => (StatusCode::OK, 0, length),
        Some(Range::Part(from, to)) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(Range::Outside) => {
            let mut response = Problem::new(Code::RangeOutside).into_response();
            set(
                response.headers_mut(),
                header::CONTENT_RANGE,
                &format!("bytes */{length}"),
            );
            return response;
        }
    };
    let mut response = (status, Body::from_stream(pieces(reader, from, to))).into_response();
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "audio/wav");
    set(headers, header::ACCEPT_RANGES, "bytes");
    set(headers, header::CONTENT_LENGTH, &(to - from).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(
            headers,
            header::CONTENT_RANGE,
            &format!("bytes {from}-{}/{length}", to - 1),
        );
    }
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// Reads `from..to` piece by piece, each on a thread that may wait for the disk.
fn pieces(
    reader: RecordingReader,
    from: u64,
    to: u64,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((reader, from), move |(reader, at)| async move {
        if to <= at {
            return Ok(None);
        }
        let length = PIECE.min(to - at);
        let read = tokio::task::spawn_blocking(move || {
            let bytes = reader.read_wav(at, length);
            (reader, bytes)
        });
        let (reader, bytes) = read.await.map_err(std::io::Error::other)?;
        let bytes = bytes.map_err(std::io::Error::other)?;
        Ok(Some((Bytes::from(bytes), (reader, at + length))))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// None, several, or of another unit: the whole is answered.
    Ignored,
    /// From and to, the latter not included.
    Part(u64, u64),
    /// Nothing of it is there.
    Outside,
}

/// Reads `bytes=FIRST-LAST`, `bytes=FIRST-` and `bytes=-LENGTH`. Source: RFC 9110 §14.1.2.
fn parse_range(value: &HeaderValue, length: u64) -> Range {
    let Some(text) = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().strip_prefix("bytes="))
    else {
        return Range::Ignored;
    };
    let Some((first, last)) = text.split_once('-').filter(|_| !text.contains(',')) else {
        return Range::Ignored;
    };
    let (first, last) = (first.trim(), last.trim());
    let (from, to) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(last)) if from <= last => (from, last.saturating_add(1).min(length)),
        (Ok(from), Err(_)) if last.is_empty() => (from, length),
        (Err(_), Ok(tail)) if first.is_empty() => (length.saturating_sub(tail), length),
        _ => return Range::Ignored,
    };
    if from < to {
        Range::Part(from, to)
    } else {
        Range::Outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_players_write_it() {
        let parse = |text: &'static str| parse_range(&HeaderValue::from_static(text), 100);
        assert_eq!(parse("bytes=0-"), Range::Part(0, 100));
        assert_eq!(parse("bytes=10-19"), Range::Part(10, 20));
        assert_eq!(parse("bytes=90-200"), Range::Part(90, 100));
        assert_eq!(parse("bytes=-10"), Range::Part(90, 100));
        assert_eq!(parse("bytes=100-"), Range::Outside);
        assert_eq!(parse("bytes=-0"), Range::Outside);
        for ignored in [
            "bytes=5-2",
            "bytes=0-1,5-6",
            "seconds=1-2",
            "bytes=a-b",
            "bytes=-",
        ] {
            assert_eq!(parse(ignored), Range::Ignored, "{ignored}");
        }
    }

    #[test]
    fn a_path_of_a_row_stays_below_the_root() {
        let root = Path::new("/recordings");
        assert_eq!(
            below(root, "2026/11/24/a.rxr"),
            Some(PathBuf::from("/recordings/2026/11/24/a.rxr"))
        );
        for bad in ["../secret", "/etc/passwd", "2026/../../x", "./x/../.."] {
            assert_eq!(below(root, bad), None, "{bad}");
        }
    }

    #[test]
    fn asking_again_within_a_sitting_is_no_new_fact() {
        let sittings = Sittings::default();
        let (recording, now) = (RecordingId::default(), MonoTime::from_micros(0));
        assert!(sittings.begin("a", recording, now));
        assert!(!sittings.begin("a", recording, now + Duration::from_secs(599)));
        assert!(sittings.begin("b", recording, now));
        assert!(sittings.begin("a", recording, now + SITTING));
    }
}
