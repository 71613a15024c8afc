//! The web side: the API, the live stream and the screens.
//!
//! ```text
//!  TLS ─► guard (origin, headers) ─► repeat (Idempotency-Key) ─► handler ─► permit ─► engine, store
//! ```
//!
//! **Invariants.** Every handler that reads or does something asks `Web::permit` or gives a command to the engine,
//! which asks itself; a test walks every route with every role. Domain types never leave as they are: each resource has
//! its own, beside its handlers.
//! **Not here.** Decisions. A handler checks permission, asks, and writes the answer down.

pub mod auth;
pub mod certificate;
pub mod error;
pub mod openapi;
pub mod server;

mod account_requests;
mod agents;
mod alarms;
mod archives;
mod articles;
mod assets;
mod calls;
mod cases;
mod commitment;
mod conformance;
mod exports;
mod extract;
mod guard;
mod health;
mod idempotency;
mod instant;
mod live_call;
mod missed_calls;
mod outbox;
mod page;
mod profiles;
mod queues;
mod ratios;
mod reconciliation;
mod recordings;
mod reference;
mod rule_proposals;
mod session;
mod statistics;
mod stream;
mod texts;
mod tickets;
mod users;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::IntoResponse as _;
use axum::routing::get;
use tokio::sync::Semaphore;
use tokio::sync::broadcast;
use tokio::sync::watch;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::UserId;
use crate::base::limits::API_BODY_BYTES_MAX;
use crate::engine::Engine;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::io::files::FILE_BYTES_MAX;

/// Sign-ins that a stream may lag behind; one that lags looks at its session all the same.
const REPLACED_WAITING: usize = 64;

/// What every handler has at hand; cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<WebParts>);

/// See [`Web`].
pub struct WebParts {
    engine: Engine,
    /// Whether cookies are for HTTPS only.
    secure: bool,
    /// Few passwords are hashed at once.
    hashes: Semaphore,
    /// Sign-ins are checked one by one.
    sign_ins: tokio::sync::Mutex<()>,
    /// Who was signed in, for when the database is down.
    recalled: auth::Recalled,
    answers: idempotency::Answers,
    sittings: recordings::Sittings,
    /// Strangers who ask about an order.
    public: tickets::public::Gate,
    stopping: watch::Sender<bool>,
    /// Accounts that have signed in anew, for the streams of their older sessions.
    replaced: broadcast::Sender<UserId>,
}

impl Deref for Web {
    type Target = WebParts;

    fn deref(&self) -> &WebParts {
        &self.0
    }
}

/// How browsers reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// With TLS: cookies never travel without it.
    Https,
    /// In clear: on this machine alone, or behind a proxy with TLS.
    Http,
}

impl Web {
    /// Makes the web side of an engine.
    pub fn new(engine: Engine, scheme: Scheme) -> Self {
        Self(Arc::new(WebParts {
            engine,
            secure: scheme == Scheme::Https,
            hashes: Semaphore::new(auth::HASHES_AT_ONCE),
            sign_ins: tokio::sync::Mutex::new(()),
            recalled: auth::Recalled::default(),
            answers: idempotency::Answers::default(),
            sittings: recordings::Sittings::default(),
            public: tickets::public::Gate::default(),
            stopping: watch::channel(false).0,
            replaced: broadcast::channel(REPLACED_WAITING).0,
        }))
    }

    /// Ends every live stream and tells load balancers to go elsewhere.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the program is stopping.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Checks a permission; a refusal is counted and written to the trail by the engine.
    async fn permit(&self, who: &SignedIn, verb: Verb, object: &Object) -> Result<(), Problem> {
        Ok(self.engine.authorize(&who.principal, verb, object).await?)
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let (api, _) = api().split_for_parts();
        Router::new()
            .merge(api)
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(health::metrics))
            .fallback(assets::serve)
            .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed).into_response() })
            .layer(middleware::from_fn_with_state(self.clone(), idempotency::repeat))
            .layer(DefaultBodyLimit::max(API_BODY_BYTES_MAX))
            .layer(middleware::from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }
}

/// The routes of the API, with their description.
fn api() -> OpenApiRouter<Web> {
    OpenApiRouter::with_openapi(openapi::Description::openapi()).nest("/api/v1", resources())
}

fn resources() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(session::show, session::sign_in, session::sign_out))
        .routes(routes!(session::set_password))
        .routes(routes!(commitment::show, commitment::sign))
        .routes(routes!(agents::show))
        .routes(routes!(agents::sign_in))
        .routes(routes!(agents::sign_out))
        .routes(routes!(agents::set_presence))
        .routes(routes!(agents::finish_wrapup))
        .routes(routes!(agents::reject_offer))
        .routes(routes!(agents::list))
        .routes(routes!(agents::force_presence))
        .routes(routes!(agents::force_sign_out))
        .routes(routes!(agents::force_wrapup))
        .routes(routes!(queues::list))
        .routes(routes!(profiles::names))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::activate))
        .routes(routes!(calls::list))
        .routes(routes!(calls::search))
        .routes(routes!(reconciliation::undisposed))
        .routes(routes!(reconciliation::reconciliation))
        .routes(routes!(missed_calls::list))
        .routes(routes!(missed_calls::call_back))
        .routes(routes!(calls::show))
        .routes(routes!(calls::reveal))
        .routes(routes!(calls::hang_up))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::audio))
        .merge(orders())
        .merge(knowledge())
        .merge(oversight())
        .routes(routes!(reference::show, reference::publish))
        .routes(routes!(reference::history))
        .routes(routes!(statistics::queues))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::acknowledge))
        .routes(routes!(outbox::list))
        .routes(routes!(outbox::requeue))
        .routes(routes!(account_requests::list, account_requests::ask))
        .routes(routes!(account_requests::approve))
        .routes(routes!(account_requests::refuse))
        .routes(routes!(exports::list))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::set_roles))
        .routes(routes!(users::set_state))
        .routes(routes!(users::set_password))
        .routes(routes!(stream::open))
        .route("/openapi.json", get(openapi::serve))
}

/// Work orders, and what citizens ask of them without an account.
fn orders() -> OpenApiRouter<Web> {
    let uploads = routes!(tickets::files::upload).layer(DefaultBodyLimit::max(FILE_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(tickets::list::list, tickets::create))
        .routes(routes!(tickets::list::search))
        .routes(routes!(tickets::export::export))
        .routes(routes!(tickets::duplicates::of_typed))
        .routes(routes!(tickets::proposals::of_words))
        .routes(routes!(tickets::show, tickets::save))
        .routes(routes!(tickets::submit))
        .routes(routes!(tickets::commands::give))
        .routes(routes!(tickets::call::make))
        .routes(routes!(tickets::add_matter))
        .routes(routes!(tickets::reveal))
        .routes(routes!(tickets::history::show))
        .routes(routes!(tickets::dossier::show))
        .routes(routes!(tickets::dossier::paper))
        .routes(routes!(tickets::dossier::route))
        .routes(routes!(tickets::duplicates::of_ticket))
        .routes(uploads)
        .routes(routes!(tickets::files::download))
        .routes(routes!(tickets::duplicates::of_caller))
        .routes(routes!(tickets::public::query))
        .routes(routes!(tickets::public::urge))
        .routes(routes!(tickets::public::facts))
}

/// The knowledge base.
fn knowledge() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(articles::list, articles::create))
        .routes(routes!(articles::show, articles::write))
        .routes(routes!(articles::approve))
        .routes(routes!(articles::retire))
        .routes(routes!(articles::updates, articles::ask))
}

/// Cases, archives, figures, and rules that come from what happened.
fn oversight() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(cases::list, cases::submit))
        .routes(routes!(cases::show))
        .routes(routes!(cases::give))
        .routes(routes!(cases::proposals))
        .routes(routes!(archives::list))
        .routes(routes!(archives::search))
        .routes(routes!(archives::show))
        .routes(routes!(archives::verify))
        .routes(routes!(archives::part))
        .routes(routes!(archives::consultations))
        .routes(routes!(ratios::list))
        .routes(routes!(ratios::behind))
        .routes(routes!(conformance::show))
        .routes(routes!(rule_proposals::list))
        .routes(routes!(rule_proposals::approve))
        .routes(routes!(rule_proposals::refuse))
}
