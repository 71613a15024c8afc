//! Signing in and out, and who one is.
//!
//! **Invariants.** Every sign-in, good or bad, leaves a fact. Five wrong passwords lock the account for 15 minutes. An
//! account has one session: a newer sign-in ends every older one, leaves a fact, and the older browser is told why.
//! **Source.** GB/T 22239—2019 8.1.4.1 b (lock-out after failures); DB1302/T 604—2025 4.3.3 (an account is one person's).

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::commitment::Commitment;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::account::permission::reach;
use crate::base::ids::UserId;
use crate::base::limits::WEB_SESSIONS_MAX;
use crate::base::time::WallTime;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::auth;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;
use crate::io::store::users::WebSession;

/// Wrong passwords before an account is locked.
const FAILURES_MAX: u32 = 5;
/// How long it is locked.
const LOCKED_FOR: Duration = Duration::from_mins(15);

/// A sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
pub(crate) struct SignInDto {
    /// The account's name.
    user: String,
    /// Its password.
    #[schema(format = Password)]
    password: String,
}

/// A new password for oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub(crate) struct PasswordChangeDto {
    /// The present one.
    #[schema(format = Password)]
    old: String,
    /// The new one.
    #[schema(format = Password)]
    new: String,
}

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionDto {
    /// The account's name.
    user: String,
    /// 姓名.
    name: String,
    /// Role codes.
    roles: Vec<&'static str>,
    /// The organ he works for, as `tangshan/lunan`.
    organ: String,
    /// The agent he works as.
    agent: Option<String>,
    /// Verbs that one of his roles grants.
    permissions: Vec<&'static str>,
    /// Now.
    server_time: Instant,
    /// When the session ends unless it is used.
    expires_at: Instant,
    /// Whether the secrecy commitment is to be signed before anything of an appellant is shown.
    commitment_due: bool,
}

impl SessionDto {
    fn new(who: &SignedIn, now: WallTime) -> Self {
        let roles = &who.principal.roles;
        let granted = |verb: &&Verb| roles.iter().any(|role| reach(*role, **verb).is_some());
        Self {
            user: who.principal.user.to_string(),
            name: who.name.clone(),
            roles: roles.iter().copied().map(Role::code).collect(),
            organ: who.principal.organ.to_string(),
            agent: who.principal.agent.as_ref().map(ToString::to_string),
            permissions: Verb::ALL.iter().filter(granted).map(|verb| verb.code()).collect(),
            server_time: now.into(),
            expires_at: who.session.expires_at.into(),
            commitment_due: who.principal.commitment == Commitment::Missing,
        }
    }
}

/// Signs in and sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInDto,
    responses((status = 200, body = SessionDto)))]
pub(crate) async fn sign_in(
    State(web): State<Web>,
    headers: HeaderMap,
    Json(body): Json<SignInDto>,
) -> Result<impl IntoResponse, Problem> {
    let account = check(&web, body).await?;
    let old = auth::token(&headers).map(auth::hash_token);
    let token = auth::new_token()?;
    let who = begin(&web, &account, &token, old.as_deref()).await?;
    let cookie = auth::cookie(Some(&token), web.secure);
    let session = SessionDto::new(&who, web.engine.clock().now().wall);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(session)))
}

/// Who one is, and what one may do.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = SessionDto)))]
pub(crate) async fn show(State(web): State<Web>, who: SignedIn) -> Result<Json<SessionDto>, Problem> {
    web.permit(&who, Verb::SessionSelf, &Object::of_centre("session"))
        .await?;
    Ok(Json(SessionDto::new(&who, web.engine.clock().now().wall)))
}

/// Signs out and takes the cookie away.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub(crate) async fn sign_out(State(web): State<Web>, who: SignedIn) -> Result<impl IntoResponse, Problem> {
    web.permit(&who, Verb::SessionSelf, &Object::of_centre("session"))
        .await?;
    let fact = AccountFact::SignedOut {
        user: who.principal.user.clone(),
    };
    let record = web.engine.account_record(&who.principal, "api:sign_out", fact);
    let mut tx = web.engine.store().begin().await?;
    tx.delete_web_session(&who.session.token_hash).await?;
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    web.recalled.forget(&who.session.token_hash);
    let cookie = auth::cookie(None, web.secure);
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, cookie)]),
    ))
}

/// Sets one's own password; every other session of the account ends.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = PasswordChangeDto,
    responses((status = 204)))]
pub(crate) async fn set_password(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<PasswordChangeDto>,
) -> Result<StatusCode, Problem> {
    web.permit(&who, Verb::SessionSelf, &Object::of_centre("session"))
        .await?;
    let user = who.principal.user.clone();
    auth::check_password(user.as_str(), &body.new)
        .map_err(|error| Problem::invalid("new", error.to_string()))?;
    check(
        &web,
        SignInDto {
            user: user.to_string(),
            password: body.old,
        },
    )
    .await
    .map_err(|problem| problem.field("old"))?;
    let hash = web.hashing(move || auth::hash_password(&body.new)).await?;
    let hash = hash.map_err(|error| Problem::internal(&error))?;
    let fact = AccountFact::PasswordSet { user: user.clone() };
    let record = web.engine.account_record(&who.principal, "api:password", fact);
    let mut tx = web.engine.store().begin().await?;
    tx.set_password(&user, &hash, record.now.wall, Some(&who.session.token_hash))
        .await?;
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks name and password, counting failures.
async fn check(web: &Web, body: SignInDto) -> Result<Account, Problem> {
    let SignInDto { user, password } = body;
    let store = web.engine.store();
    // One at a time from here: who tries many passwords at once meets the lock all the same.
    let _turn = web.sign_ins.lock().await;
    let account = match user.parse::<UserId>() {
        Ok(id) => store.account(&id).await?,
        Err(_) => None,
    };
    let now = web.engine.clock().now().wall;
    if let Some(until) = account
        .as_ref()
        .and_then(|account| account.locked_until)
        .filter(|until| now < *until)
    {
        return Err(Problem::new(Code::TooManyAttempts).retry_after(until.since(now).as_secs() + 1));
    }
    let usable = account.filter(|account| account.state == AccountState::Active);
    let hash = usable.as_ref().map(|account| account.password_hash.clone());
    let fits = web
        .hashing(move || auth::verify_password(&password, hash.as_deref()))
        .await?;
    match usable {
        Some(account) if fits => Ok(account),
        other => Err(failed(web, other.map(|account| account.id)).await?),
    }
}

/// Counts a failure and writes it to the trail.
async fn failed(web: &Web, user: Option<UserId>) -> Result<Problem, Problem> {
    web.engine
        .metrics()
        .sign_ins_failed
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now = web.engine.clock().now();
    let mut problem = Problem::new(Code::WrongPassword);
    let mut tx = web.engine.store().begin().await?;
    if let Some(user) = &user
        && FAILURES_MAX <= tx.count_failed_sign_in(user).await?
    {
        tx.lock_account(user, now.wall + LOCKED_FOR).await?;
        problem = Problem::new(Code::TooManyAttempts).retry_after(LOCKED_FOR.as_secs());
    }
    let fact = Fact::Account(AccountFact::SignInFailed { user });
    let (actor, cause) = (Actor::system(), "api:sign_in");
    let record = Record {
        now,
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact,
        personal: None,
    };
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    Ok(problem)
}

/// Begins a session in place of the one the browser may still have, and of every other one of the account.
async fn begin(web: &Web, account: &Account, token: &str, old: Option<&str>) -> Result<SignedIn, Problem> {
    let engine = &web.engine;
    let now = engine.clock().now();
    let open = engine.store().web_sessions_open(now.wall).await?;
    if usize::try_from(open).is_ok_and(|open| WEB_SESSIONS_MAX <= open) {
        return Err(Problem::new(Code::Unavailable)
            .detail("too many sessions")
            .retry_after(60));
    }
    let session = WebSession {
        token_hash: auth::hash_token(token),
        account: account.id.clone(),
        created_at: now.wall,
        last_seen: now.wall,
        expires_at: auth::expiry(now.wall, now.wall),
    };
    let user = account.id.clone();
    let mut tx = engine.store().begin().await?;
    tx.clear_failed_sign_ins(&account.id).await?;
    tx.delete_expired_web_sessions(now.wall).await?;
    if let Some(old) = old {
        tx.delete_web_session(old).await?;
    }
    let replaced = tx.replace_web_sessions(&account.id, now.wall).await?;
    tx.insert_web_session(&session).await?;
    let mut facts = Vec::new();
    if !replaced.is_empty() {
        let sessions = u32::try_from(replaced.len()).unwrap_or(u32::MAX);
        let user = user.clone();
        facts.push(AccountFact::SessionReplaced { user, sessions });
    }
    facts.push(AccountFact::SignedIn { user: user.clone() });
    let records: Vec<Record> = facts
        .into_iter()
        .map(|fact| Record {
            now,
            interaction: None,
            ticket: None,
            actor: Actor::named(ActorKind::User, &user),
            cause: "api:sign_in",
            fact: Fact::Account(fact),
            personal: None,
        })
        .collect();
    engine.audit().append(&mut tx, &records).await?;
    tx.commit().await?;
    for hash in &replaced {
        web.recalled.forget(hash);
    }
    // Nobody listens while no stream is open.
    let _ = web.replaced.send(user);
    engine
        .metrics()
        .sign_ins
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let signed = engine.store().commitment(&account.id).await?;
    let commitment = Commitment::of(signed.map(|row| row.version));
    Ok(SignedIn {
        principal: auth::principal(account, &session.token_hash, commitment),
        name: account.name.clone(),
        session,
    })
}
