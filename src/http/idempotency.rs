//! `Idempotency-Key` on POST: a repetition gets the first answer and does nothing again.
//!
//! ```text
//!  (new) ─first request─► Running ─answer─► Done ─10 min, or 4 096 newer─► forgotten
//!                           └─ repetition: 409 in_progress    └─ repetition: the same answer
//! ```
//!
//! **Invariants.** A key belongs to one session, method, path and body. Answers of 500 and above, and those too large to
//! keep, are forgotten: the request may be tried again.
//! **Not here.** Keys over restarts: a work order keeps the keys of its commands beside its row.
//! **Source.** draft-ietf-httpapi-idempotency-key-header-07.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use sha2::Digest as _;
use sha2::Sha256;

use crate::base::limits::API_BODY_BYTES_MAX;
use crate::base::time::MonoTime;
use crate::http::Web;
use crate::http::auth;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::idempotency_key;

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// Most answers kept.
const KEPT_MAX: usize = 4_096;
/// Largest answer kept, bytes.
const ANSWER_MAX: usize = 64 * 1024;

type Hash = [u8; 32];

#[derive(Clone, Debug)]
enum Kept {
    Running,
    Done {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
}

#[derive(Debug)]
struct Entry {
    request: Hash,
    at: MonoTime,
    kept: Kept,
}

/// Answers by key.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    entries: BTreeMap<Hash, Entry>,
    order: VecDeque<(MonoTime, Hash)>,
}

/// What is known of a key.
#[derive(Debug)]
enum Known {
    New,
    Running,
    Other,
    Done(Response),
}

impl Answers {
    fn begin(&self, key: Hash, request: Hash, now: MonoTime) -> Known {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forget(now);
        match shelf.entries.get(&key) {
            Some(entry) if entry.request != request => Known::Other,
            Some(Entry {
                kept: Kept::Running, ..
            }) => Known::Running,
            Some(Entry {
                kept:
                    Kept::Done {
                        status,
                        headers,
                        body,
                    },
                ..
            }) => {
                let mut response = (*status, body.clone()).into_response();
                *response.headers_mut() = headers.clone();
                Known::Done(response)
            }
            None => {
                shelf.entries.insert(
                    key,
                    Entry {
                        request,
                        at: now,
                        kept: Kept::Running,
                    },
                );
                shelf.order.push_back((now, key));
                Known::New
            }
        }
    }

    /// Keeps the answer, or forgets the key when there is none to keep.
    fn finish(&self, key: &Hash, kept: Option<Kept>) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept {
            Some(kept) => {
                if let Some(entry) = shelf.entries.get_mut(key) {
                    entry.kept = kept;
                }
            }
            None => {
                shelf.entries.remove(key);
            }
        }
    }
}

impl Shelf {
    fn forget(&mut self, now: MonoTime) {
        while let Some((at, key)) = self.order.front().copied() {
            if now.since(at) < KEPT_FOR && self.order.len() < KEPT_MAX {
                break;
            }
            self.order.pop_front();
            // A key that was forgotten and came again stands further back with a later time.
            if self.entries.get(&key).is_some_and(|entry| entry.at == at) {
                self.entries.remove(&key);
            }
        }
    }
}

/// Forgets a key whose request was given up before its answer.
struct Begun<'a> {
    answers: &'a Answers,
    key: Hash,
    answered: bool,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.answers.finish(&self.key, None);
        }
    }
}

/// Answers a repeated POST as before.
pub(crate) async fn repeat(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match idempotency_key(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            let key = key.to_owned();
            keyed(&web, &key, request, next)
                .await
                .unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(web: &Web, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, API_BODY_BYTES_MAX)
        .await
        .map_err(|_| Problem::new(Code::TooLarge))?;
    // Without a session there is nobody to keep answers for.
    let Some(session) = auth::token(&parts.headers) else {
        return Ok(next.run(Request::from_parts(parts, Body::from(body))).await);
    };
    let path = parts.uri.path();
    let key = digest(&[session.as_bytes(), path.as_bytes(), key.as_bytes()]);
    let version = parts
        .headers
        .get(header::IF_MATCH)
        .map_or(&b""[..], |value| value.as_bytes());
    let asked = digest(&[&body, version]);
    let answers = &web.answers;
    match answers.begin(key, asked, web.engine.clock().now().mono) {
        Known::Done(response) => return Ok(response),
        Known::Running => return Err(Problem::new(Code::InProgress)),
        Known::Other => return Err(Problem::new(Code::KeyReused)),
        Known::New => (),
    }
    let mut begun = Begun {
        answers,
        key,
        answered: false,
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (head, body) = response.into_parts();
    if head.status.is_server_error() {
        return Ok(Response::from_parts(head, body));
    }
    let body = to_bytes(body, ANSWER_MAX)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let kept = Kept::Done {
        status: head.status,
        headers: head.headers.clone(),
        body: body.clone(),
    };
    answers.finish(&begun.key, Some(kept));
    begun.answered = true;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn digest(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done() -> Kept {
        Kept::Done {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"1"),
        }
    }

    #[test]
    fn a_key_is_new_then_running_then_done_and_belongs_to_one_request() {
        let answers = Answers::default();
        let (key, request) = (digest(&[b"key"]), digest(&[b"request"]));
        let now = MonoTime::from_micros(1);
        assert!(matches!(answers.begin(key, request, now), Known::New));
        assert!(matches!(answers.begin(key, request, now), Known::Running));
        answers.finish(&key, Some(done()));
        assert!(matches!(answers.begin(key, request, now), Known::Done(_)));
        assert!(matches!(
            answers.begin(key, digest(&[b"other"]), now),
            Known::Other
        ));
        let later = now + KEPT_FOR;
        assert!(matches!(answers.begin(key, request, later), Known::New));
    }

    #[test]
    fn a_failed_request_may_be_tried_again() {
        let answers = Answers::default();
        let key = digest(&[b"key"]);
        assert!(matches!(answers.begin(key, key, MonoTime::default()), Known::New));
        drop(Begun {
            answers: &answers,
            key,
            answered: false,
        });
        assert!(matches!(answers.begin(key, key, MonoTime::default()), Known::New));
    }

    #[test]
    fn no_more_answers_are_kept_than_the_bound() {
        let answers = Answers::default();
        for number in 0..KEPT_MAX * 2 {
            let key = digest(&[&number.to_be_bytes()]);
            assert!(matches!(answers.begin(key, key, MonoTime::default()), Known::New));
        }
        assert!(answers.0.lock().unwrap().entries.len() <= KEPT_MAX);
    }
}
