//! Queues live.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::exchange::snapshot::QueueView;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::http::instant::maybe;

/// A queue as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub(crate) struct QueueDto {
    /// Its id.
    queue: String,
    /// 队列名.
    name: String,
    /// Callers waiting.
    waiting: u32,
    /// Since when the oldest waits.
    oldest_since: Option<Instant>,
    /// Members that could take a call now.
    ready: u32,
    /// Members signed in.
    signed_in: u32,
}

impl From<&QueueView> for QueueDto {
    fn from(view: &QueueView) -> Self {
        Self {
            queue: view.queue.to_string(),
            name: view.name.clone(),
            waiting: view.waiting,
            oldest_since: maybe(view.oldest_since),
            ready: view.ready,
            signed_in: view.signed_in,
        }
    }
}

/// Queues.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueList)]
pub(crate) struct QueueListDto {
    /// By id.
    items: Vec<QueueDto>,
}

/// Every queue as it is now.
#[utoipa::path(get, path = "/queues", tag = "queues", responses((status = 200, body = QueueListDto)))]
pub(crate) async fn list(State(web): State<Web>, who: SignedIn) -> Result<Json<QueueListDto>, Problem> {
    web.permit(&who, Verb::QueueList, &Object::of_centre("queues"))
        .await?;
    let items = web
        .engine
        .views()
        .read(|snapshot| snapshot.queues.values().map(QueueDto::from).collect());
    Ok(Json(QueueListDto { items }))
}
