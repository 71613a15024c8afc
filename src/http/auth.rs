//! Who asks: passwords, session cookies, and the signed-in person behind a request.
//!
//! ```text
//!  POST /session ─► Active ──60 min unused, 12 h old, signed out, password set, signed in elsewhere──► gone
//! ```
//!
//! **Invariants.** The database holds only hashes: Argon2id of passwords, SHA-256 of tokens. A sign-in always makes a
//! new token. A wrong name costs as much time as a wrong password. Few passwords are hashed at once, so that a flood of
//! sign-ins takes no core from calls. An account has one session: a newer sign-in ends the older one and says so.
//! **Not here.** What he may do (`account::permission`), rows (`io::store::users`).
//! **Source.** RFC 6265 §4.1 (cookies), RFC 9106 (Argon2), GB/T 22239—2019 8.1.4.1 (identity, lock-out).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use argon2::Argon2;
use argon2::PasswordHasher as _;
use argon2::PasswordVerifier as _;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;
use sha2::Sha256;

use crate::account::Principal;
use crate::account::commitment::Commitment;
use crate::base::limits::WEB_SESSIONS_MAX;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::http::Web;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;
use crate::io::store::users::WebSession;

/// The cookie's name.
pub const COOKIE: &str = "rexian_session";
/// A session ends after so long without use.
pub const SESSION_IDLE: Duration = Duration::from_hours(1);
/// A session ends so long after its sign-in.
pub const SESSION_LENGTH: Duration = Duration::from_hours(12);
/// Use is written down this often at most.
const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// How long a person is remembered while the database is down.
const RECALLED_FOR: Duration = Duration::from_mins(15);
/// Passwords hashed at once: each takes 19 MiB and 20 ms.
pub const HASHES_AT_ONCE: usize = 2;
/// Shortest and longest password, characters.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;
/// The hash of nobody's password, checked when there is no such account.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5aXNoZXJlMDEyMw$1xyjH8Vn4fEXWKyfqYQRMQ9HzSgfnmqVxWZ3yTr1tpA";

/// A signed-in person.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, with roles.
    pub principal: Principal,
    /// 姓名.
    pub name: String,
    /// The session.
    pub session: WebSession,
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let token = token(&parts.headers).ok_or_else(|| Problem::new(Code::NotSignedIn))?;
        identify(web, &hash_token(token)).await
    }
}

/// Finds the person behind the hash of a token, and keeps his session alive.
///
/// While the database is down, a person it has told of within [`RECALLED_FOR`] is still himself: calls go on, and their
/// agents with them.
///
/// # Errors
/// [`Code::NotSignedIn`]; [`Code::SessionReplaced`]; [`Code::Unavailable`] while the database is down and he is not remembered.
pub async fn identify(web: &Web, token_hash: &str) -> Result<SignedIn, Problem> {
    let now = web.engine.clock().now();
    match look_up(web, token_hash, now.wall).await {
        Ok(who) => {
            web.recalled.keep(&who, now.mono);
            Ok(who)
        }
        Err(problem) if problem.code() == Code::Unavailable.as_str() => {
            web.recalled.find(token_hash, now).ok_or(problem)
        }
        Err(problem) => {
            web.recalled.forget(token_hash);
            Err(problem)
        }
    }
}

async fn look_up(web: &Web, token_hash: &str, now: WallTime) -> Result<SignedIn, Problem> {
    let store = web.engine.store();
    let gone = || Problem::new(Code::NotSignedIn);
    let Some(mut session) = store.web_session(token_hash, now).await? else {
        let replaced = store.is_session_replaced(token_hash, now).await?;
        let code = if replaced {
            Code::SessionReplaced
        } else {
            Code::NotSignedIn
        };
        return Err(Problem::new(code));
    };
    let account = store.account(&session.account).await?.ok_or_else(gone)?;
    if account.state != AccountState::Active {
        return Err(gone());
    }
    if TOUCH_EVERY < now.since(session.last_seen) {
        session.last_seen = now;
        session.expires_at = expiry(session.created_at, now);
        let mut tx = store.begin().await?;
        tx.touch_web_session(token_hash, now, session.expires_at).await?;
        tx.commit().await?;
    }
    let signed = store.commitment(&account.id).await?.map(|row| row.version);
    Ok(SignedIn {
        principal: principal(&account, token_hash, Commitment::of(signed)),
        name: account.name,
        session,
    })
}

/// Who was signed in when the database last said so, by the hash of his token.
#[derive(Debug, Default)]
pub(crate) struct Recalled(Mutex<BTreeMap<String, (MonoTime, SignedIn)>>);

impl Recalled {
    fn keep(&self, who: &SignedIn, now: MonoTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if WEB_SESSIONS_MAX <= known.len() {
            known.retain(|_, (at, _)| now.since(*at) < RECALLED_FOR);
        }
        if known.len() < WEB_SESSIONS_MAX {
            known.insert(who.session.token_hash.clone(), (now, who.clone()));
        }
    }

    fn find(&self, token_hash: &str, now: Now) -> Option<SignedIn> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, who) = known.get(token_hash)?;
        let holds = now.mono.since(*at) < RECALLED_FOR && now.wall < who.session.expires_at;
        holds.then(|| who.clone())
    }

    /// Forgets a session that has ended.
    pub(crate) fn forget(&self, token_hash: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(token_hash);
    }
}

/// The person of an account.
pub fn principal(account: &Account, session: &str, commitment: Commitment) -> Principal {
    Principal {
        user: account.id.clone(),
        roles: account.roles.clone(),
        organ: account.organ.clone(),
        agent: account.agent.clone(),
        session: session.to_owned(),
        commitment,
    }
}

/// When a session ends that began at `created_at` and is used at `now`.
pub fn expiry(created_at: WallTime, now: WallTime) -> WallTime {
    (now + SESSION_IDLE).min(created_at + SESSION_LENGTH)
}

/// The token in a request's cookies.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let lines = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token)
        .filter(|token| token.len() == 43)
}

/// Draws a new token: 256 bits of the operating system in 43 characters.
///
/// # Errors
/// The operating system has no randomness.
pub fn new_token() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What the database holds of a token.
pub fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The line that sets the cookie, or takes it away when `token` is none.
pub fn cookie(token: Option<&str>, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    match token {
        Some(token) => format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"),
        None => format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"),
    }
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has 8 to 128 characters")]
    Length,
    /// Too simple.
    #[error("a password has three of: small letters, capitals, digits, other characters")]
    Simple,
    /// It holds the account's name.
    #[error("a password does not hold the account's name")]
    Name,
}

/// Checks a new password against the rules.
///
/// # Errors
/// [`PasswordError`]. Source: GB/T 22239—2019 8.1.4.1 a.
pub fn check_password(user: &str, password: &str) -> Result<(), PasswordError> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let kinds = [
        password.chars().any(|letter| letter.is_ascii_lowercase()),
        password.chars().any(|letter| letter.is_ascii_uppercase()),
        password.chars().any(|letter| letter.is_ascii_digit()),
        password.chars().any(|letter| !letter.is_ascii_alphanumeric()),
    ];
    if kinds.into_iter().filter(|there| *there).count() < 3 {
        return Err(PasswordError::Simple);
    }
    if password.to_lowercase().contains(&user.to_lowercase()) {
        return Err(PasswordError::Name);
    }
    Ok(())
}

/// Letters and digits of a password that is made: none that is taken for another.
const MADE_OF: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a password that is made.
const MADE_LENGTH: usize = 14;

/// Makes a first password that the rules allow.
///
/// # Errors
/// The operating system has no randomness.
pub fn make_password(user: &str) -> Result<String, Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::internal(&error))?;
    let mut random = Random::from_seed(seed);
    let mut letter = || {
        let at = usize::try_from(random.next_u64() % MADE_OF.len() as u64).unwrap_or(0);
        MADE_OF.get(at).copied().map_or('x', char::from)
    };
    let mut made = std::iter::repeat_with(|| (0..MADE_LENGTH).map(|_| letter()).collect::<String>());
    let good = made
        .by_ref()
        .take(1_000)
        .find(|made| check_password(user, made).is_ok());
    good.ok_or_else(|| Problem::internal(&"no password could be made"))
}

/// Hashes a password, in PHC form. Takes 20 ms and 19 MiB: not on a thread that serves.
///
/// # Errors
/// The operating system has no randomness, in its words.
pub fn hash_password(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| error.to_string())
}

/// Whether a password fits a hash; none stands for an account that does not exist. As slow as [`hash_password`].
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    let fits = Argon2::default()
        .verify_password(password.as_bytes(), hash.unwrap_or(NOBODY))
        .is_ok();
    fits && hash.is_some()
}

impl Web {
    /// Hashes or verifies on a thread of its own, few at once.
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _permit = self
            .hashes
            .acquire()
            .await
            .map_err(|error| Problem::internal(&error))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let hash = hash_password("Hotline-12345").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password("Hotline-12345", Some(&hash)));
        assert!(!verify_password("hotline-12345", Some(&hash)));
        assert!(!verify_password("Hotline-12345", None));
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let real = hash_password("x").unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(NOBODY), cost(&real));
        // A hash that does not parse would be refused at once and tell that the account does not exist.
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn a_password_is_long_enough_mixed_and_not_the_name() {
        assert_eq!(check_password("wang", "Ab1"), Err(PasswordError::Length));
        assert_eq!(check_password("wang", "abcdefgh12"), Err(PasswordError::Simple));
        assert_eq!(check_password("wang", "Wang-12345"), Err(PasswordError::Name));
        assert_eq!(check_password("wang", "Hotline-12345"), Ok(()));
        assert_eq!(check_password("wang", "热线一二三四Ab"), Ok(()));
    }

    #[test]
    fn a_made_password_is_one_that_the_rules_allow() {
        let (one, other) = (make_password("wang").unwrap(), make_password("wang").unwrap());
        assert_eq!((check_password("wang", &one), one.len()), (Ok(()), MADE_LENGTH));
        assert_ne!(one, other);
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        let token_text = "a".repeat(43);
        headers.insert(
            header::COOKIE,
            format!("x=1; rexian_session={token_text}; y=2").parse().unwrap(),
        );
        assert_eq!(token(&headers), Some(token_text.as_str()));
        headers.insert(header::COOKIE, "rexian_session=short".parse().unwrap());
        assert_eq!(token(&headers), None);
    }

    #[test]
    fn a_session_in_use_ends_twelve_hours_after_its_sign_in() {
        let created = WallTime::from_micros(0);
        let hour = |hours: u64| created + Duration::from_hours(hours);
        assert_eq!(expiry(created, hour(1)), hour(2));
        assert_eq!(
            expiry(created, created + Duration::from_mins(11 * 60 + 30)),
            hour(12)
        );
    }
}
