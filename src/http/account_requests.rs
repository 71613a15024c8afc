//! Requests for accounts over HTTP: asking, the list, approving, refusing.
//!
//! **Invariants.** Every step leaves its facts in the transaction of its rows. A first password is made here and told
//! once, to who approves. Requests of one organ that wait are bounded.
//! **Not here.** Who decides and what needs no decision (`account::request`).
//! **Source.** DB1302/T 604—2025 8.4.1.1, 8.4.1.2.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::RoleError;
use crate::account::organ::OrganPath;
use crate::account::parse_roles;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::account::request;
use crate::account::request::RequestError;
use crate::account::request::RequestState;
use crate::account::request::Rights;
use crate::account::request::Standing;
use crate::account::request::Waiting;
use crate::account::request::Way;
use crate::account::request::Wish;
use crate::base::ids::AccountRequestId;
use crate::base::ids::AgentId;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;
use crate::base::limits::ACCOUNT_REQUESTS_OPEN_MAX;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::fact::account::AccountFact;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;
use crate::http::Web;
use crate::http::auth;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::http::users::NAME_MAX;
use crate::io::store::account_requests::AccountRequestFilter;
use crate::io::store::account_requests::AccountRequestRow;
use crate::io::store::sql::Tx;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;

/// Longest reason or answer, characters.
const REASON_MAX: usize = 500;
/// The name of its words in what is sealed.
const WORDS: &str = "reason";

/// What an account is to be allowed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountRights)]
pub(crate) struct RightsDto {
    /// Role codes.
    roles: Vec<&'static str>,
    /// The organ.
    organ: String,
    /// The agent.
    agent: Option<String>,
}

impl From<&Rights> for RightsDto {
    fn from(rights: &Rights) -> Self {
        Self {
            roles: rights.roles.iter().map(|role| role.code()).collect(),
            organ: rights.organ.to_string(),
            agent: rights.agent.as_ref().map(ToString::to_string),
        }
    }
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountRequest)]
pub(crate) struct RequestDto {
    /// Its id.
    id: String,
    /// `open`, `change`, `reopen`, `close`.
    kind: &'static str,
    /// `open`, `approved`, `refused`, `done` (took effect at once).
    state: &'static str,
    /// Whose account.
    user: String,
    /// 姓名, of a new account.
    name: Option<String>,
    /// What is asked for; absent for an account that is opened again or closed.
    rights: Option<RightsDto>,
    /// What it was allowed when this was asked.
    before: Option<RightsDto>,
    /// The organ that decides.
    approver: Option<String>,
    /// The clause that says so.
    clause: &'static str,
    /// Why.
    reason: String,
    /// Who asked.
    asked_by: String,
    /// The organ that asked, as `hotline/ln`.
    asking_organ: String,
    /// When.
    asked_at: Instant,
    /// Who decided.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<Instant>,
    /// What was said to it.
    answer: Option<String>,
    /// The first password; told once, to who approves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    password: Option<String>,
}

/// Requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountRequestPage)]
pub(crate) struct PageDto {
    /// Newest first.
    items: Vec<RequestDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestQuery {
    /// `open`, `approved`, `refused`, `done`.
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskAccount)]
pub(crate) struct AskDto {
    /// `open`, `change`, `reopen`, `close`.
    kind: String,
    /// Whose account: 1 to 40 of a-z, 0-9 and `-`.
    user: String,
    /// 姓名, of a new account.
    #[serde(default)]
    name: Option<String>,
    /// All roles it is to have; for `open` and `change`.
    #[serde(default)]
    roles: Vec<String>,
    /// The organ it is to work for, by id; for `open`, and for `change` when it is another.
    #[serde(default)]
    organ: Option<String>,
    /// The agent it is to work as; for `change` absent takes it away.
    #[serde(default)]
    agent: Option<String>,
    /// Why, 2 to 500 characters.
    reason: String,
}

/// A refusal in words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefuseAccount)]
pub(crate) struct RefuseDto {
    /// Why, 2 to 500 characters.
    reason: String,
}

/// Requests that the reader's organ asked, or that are for it or an organ below it.
#[utoipa::path(get, path = "/account-requests", tag = "users", params(RequestQuery),
    responses((status = 200, body = PageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<RequestQuery>,
) -> Result<Json<PageDto>, Problem> {
    let own = who.principal.organ.clone();
    let object = Object::of_organ("account-requests", own.clone());
    web.permit(&who, Verb::AccountRequest, &object).await?;
    let state = query
        .state
        .as_deref()
        .map(|code| RequestState::parse(code).ok_or_else(|| Problem::new(Code::Unknown).field("state")));
    let filter = AccountRequestFilter {
        below: Some(own),
        state: state.transpose()?,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web.engine.store().account_requests(&filter).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(dto(&web, row, None).await?);
    }
    Ok(Json(PageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// Asks for an account, for other rights, for one opened again or closed. What only takes away takes effect at once.
#[utoipa::path(post, path = "/account-requests", tag = "users", request_body = AskDto,
    responses((status = 200, body = RequestDto)))]
pub(crate) async fn ask(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<AskDto>,
) -> Result<Json<RequestDto>, Problem> {
    let user: UserId = body
        .user
        .parse()
        .map_err(|_| Problem::invalid("user", "1 to 40 of a-z, 0-9 and -"))?;
    let account = web.engine.store().account(&user).await?;
    let organs = [
        account.as_ref().map(|account| account.organ.clone()),
        asked_organ(&web, &body)?,
    ];
    // He must reach the organ whose it is and the one whose it becomes.
    let name = format!("user/{user}");
    for organ in organs.iter().flatten() {
        let object = Object::of_organ(name.clone(), organ.clone());
        web.permit(&who, Verb::AccountRequest, &object).await?;
    }
    if organs.iter().all(Option::is_none) {
        let object = Object::of_organ(name, who.principal.organ.clone());
        web.permit(&who, Verb::AccountRequest, &object).await?;
    }
    let reason = words(&body.reason)?;
    let standing = account.as_ref().map(standing).transpose()?;
    let wish = wish(&body, standing.as_ref())?;
    let way = request::way(&wish, standing.as_ref(), &web.engine.tickets().reference().organs)?;
    let [old, new] = organs;
    let organ = new.or(old).ok_or(RequestError::NoOrgan)?;
    let row = keep(&web, &who, (user, organ), (wish, way), (account, reason)).await?;
    Ok(Json(dto(&web, row, None).await?))
}

/// Approves a request: it takes effect. Of an account that is new or opened again the first password is told once.
#[utoipa::path(post, path = "/account-requests/{id}/approve", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = RequestDto)))]
pub(crate) async fn approve(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<AccountRequestId>,
) -> Result<Json<RequestDto>, Problem> {
    let mut row = waiting(&web, &who, id).await?;
    let account = web.engine.store().account(&row.account).await?;
    let now_stands = account.as_ref().map(standing).transpose()?;
    let before = row.before.clone().map(|rights| Standing {
        rights,
        active: !matches!(row.wish, Wish::Reopen),
    });
    if matches!(row.wish, Wish::Open { .. }) && account.is_some() {
        return Err(RequestError::Exists.into());
    }
    request::still_fits(&row.wish, before.as_ref(), now_stands.as_ref())?;
    let now = web.engine.clock().now();
    let first = !matches!(row.wish, Wish::Change { .. });
    let password = if first {
        Some(auth::make_password(row.account.as_str())?)
    } else {
        None
    };
    let hash = match password.clone() {
        Some(password) => {
            let hash = web.hashing(move || auth::hash_password(&password)).await?;
            Some(hash.map_err(|error| Problem::internal(&error))?)
        }
        None => None,
    };
    row.state = RequestState::Approved;
    row.decided_by = Some(who.principal.user.clone());
    row.decided_at = Some(now.wall);
    let mut tx = web.engine.store().begin().await?;
    if !tx.decide_account_request(&row).await? {
        return Err(RequestError::Decided.into());
    }
    let after = take_effect(&mut tx, &row, account, hash, now).await?;
    let codes = codes(&after.roles);
    let mut facts = vec![AccountFact::RequestApproved {
        request: id,
        user: row.account.clone(),
        roles: codes.clone(),
        organ: after.organ.to_string(),
    }];
    facts.push(effect(&row.wish, row.account.clone(), codes));
    append(&web, &who, &mut tx, "api:request_approve", facts).await?;
    tx.commit().await?;
    Ok(Json(dto(&web, row, password).await?))
}

/// Refuses a request: the account stays as it is.
#[utoipa::path(post, path = "/account-requests/{id}/refuse", tag = "users", params(("id" = String, Path)),
    request_body = RefuseDto, responses((status = 200, body = RequestDto)))]
pub(crate) async fn refuse(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<AccountRequestId>,
    Json(body): Json<RefuseDto>,
) -> Result<Json<RequestDto>, Problem> {
    let mut row = waiting(&web, &who, id).await?;
    let answer = words(&body.reason)?;
    row.state = RequestState::Refused;
    row.decided_by = Some(who.principal.user.clone());
    row.decided_at = Some(web.engine.clock().now().wall);
    let mut tx = web.engine.store().begin().await?;
    row.answer = Some(seal(&web, &mut tx, id, answer).await?);
    if !tx.decide_account_request(&row).await? {
        return Err(RequestError::Decided.into());
    }
    let fact = AccountFact::RequestRefused {
        request: id,
        user: row.account.clone(),
    };
    append(&web, &who, &mut tx, "api:request_refuse", vec![fact]).await?;
    tx.commit().await?;
    Ok(Json(dto(&web, row, None).await?))
}

/// A request that waits, for who may decide it.
async fn waiting(web: &Web, who: &SignedIn, id: AccountRequestId) -> Result<AccountRequestRow, Problem> {
    let object = Object::of_organ(format!("account-request/{id}"), who.principal.organ.clone());
    web.permit(who, Verb::AccountApprove, &object).await?;
    let row = web.engine.store().account_request(id).await?;
    let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
    let Some(approver) = row.approver.as_ref().filter(|_| row.state == RequestState::Open) else {
        return Err(RequestError::Decided.into());
    };
    let request = Waiting {
        wish: &row.wish,
        account: &row.account,
        asked_by: &row.asked_by,
        approver,
    };
    let reference = web.engine.tickets().reference();
    if let Err(error) = request::may_decide(request, &who.principal, &reference.organs) {
        let fact = AccountFact::PermissionDenied {
            verb: Verb::AccountApprove.code().to_owned(),
            object: object.name,
        };
        let record = web.engine.account_record(&who.principal, "api:denied", fact);
        web.engine.audit().write(&[record]).await?;
        return Err(error.into());
    }
    Ok(row)
}

/// Keeps a request, and does at once what only takes away.
async fn keep(
    web: &Web,
    who: &SignedIn,
    (user, organ): (UserId, OrganPath),
    (wish, way): (Wish, Way),
    (account, reason): (Option<Account>, String),
) -> Result<AccountRequestRow, Problem> {
    let now = web.engine.clock().now();
    let id = AccountRequestId::new(now, &mut seed()?);
    let at_once = way == Way::AtOnce;
    let before = account.as_ref().map(standing).transpose()?;
    let mut tx = web.engine.store().begin().await?;
    let row = AccountRequestRow {
        id,
        state: if at_once {
            RequestState::Done
        } else {
            RequestState::Open
        },
        account: user.clone(),
        organ: organ.clone(),
        wish,
        before: before.map(|standing| standing.rights),
        approver: match way {
            Way::AtOnce => None,
            Way::Decision(approver) => Some(approver),
        },
        asked_by: who.principal.user.clone(),
        asking_organ: who.principal.organ.clone(),
        asked_at: now.wall,
        reason: seal(web, &mut tx, id, reason).await?,
        decided_by: None,
        decided_at: at_once.then_some(now.wall),
        answer: None,
    };
    let mut roles = row.wish.rights().map(|rights| codes(&rights.roles));
    if roles.is_none() {
        roles = account.as_ref().map(|account| codes(&account.roles));
    }
    let roles = roles.unwrap_or_default();
    let mut facts = vec![AccountFact::Requested {
        request: id,
        user: user.clone(),
        what: row.wish.code().to_owned(),
        roles: roles.clone(),
        organ: organ.to_string(),
        at_once,
    }];
    if at_once {
        facts.push(effect(&row.wish, user, roles));
    }
    // The chain's row is held from here: requests that come at once are counted one after the other.
    append(web, who, &mut tx, "api:request", facts).await?;
    if at_once {
        take_effect(&mut tx, &row, account, None, now).await?;
    }
    tx.insert_account_request(&row).await?;
    let open = tx.account_requests_open(&who.principal.organ).await?;
    if usize::try_from(open).is_ok_and(|open| ACCOUNT_REQUESTS_OPEN_MAX < open) {
        return Err(RequestError::TooMany.into());
    }
    tx.commit().await?;
    Ok(row)
}

/// Writes the account as the request wants it.
async fn take_effect(
    tx: &mut Tx,
    row: &AccountRequestRow,
    account: Option<Account>,
    hash: Option<String>,
    now: Now,
) -> Result<Account, Problem> {
    if let Wish::Open { name, rights } = &row.wish {
        let account = Account {
            id: row.account.clone(),
            name: name.clone(),
            password_hash: hash.ok_or_else(|| Problem::internal(&"no first password"))?,
            roles: rights.roles.clone(),
            organ: row.organ.clone(),
            agent: rights.agent.clone(),
            state: AccountState::Active,
            failed_sign_ins: 0,
            locked_until: None,
            created_at: now.wall,
            password_set_at: now.wall,
            version: 1,
        };
        tx.insert_account(&account).await?;
        return Ok(account);
    }
    let mut account = account.ok_or(RequestError::NoAccount)?;
    match &row.wish {
        Wish::Change { rights } => {
            account.roles.clone_from(&rights.roles);
            account.agent.clone_from(&rights.agent);
            account.organ = row.organ.clone();
        }
        Wish::Close => account.state = AccountState::Disabled,
        Wish::Reopen | Wish::Open { .. } => account.state = AccountState::Active,
    }
    tx.update_account(&account).await?;
    if account.state == AccountState::Disabled {
        tx.delete_web_sessions_of(&account.id).await?;
    }
    if let Some(hash) = hash {
        tx.set_password(&account.id, &hash, now.wall, None).await?;
    }
    Ok(account)
}

/// The fact of what becomes of the account.
fn effect(wish: &Wish, user: UserId, roles: Vec<String>) -> AccountFact {
    let state = |user, state: AccountState| AccountFact::StateSet {
        user,
        state: state.code().to_owned(),
    };
    match wish {
        Wish::Open { .. } => AccountFact::Created { user, roles },
        Wish::Change { .. } => AccountFact::RolesSet { user, roles },
        Wish::Reopen => state(user, AccountState::Active),
        Wish::Close => state(user, AccountState::Disabled),
    }
}

async fn append(
    web: &Web,
    who: &SignedIn,
    tx: &mut Tx,
    cause: &'static str,
    facts: Vec<AccountFact>,
) -> Result<(), Problem> {
    let record = |fact| web.engine.account_record(&who.principal, cause, fact);
    let records: Vec<_> = facts.into_iter().map(record).collect();
    Ok(web.engine.audit().append(tx, &records).await?)
}

async fn seal(web: &Web, tx: &mut Tx, id: AccountRequestId, words: String) -> Result<Sealed, Problem> {
    let personal = Personal::default().with(WORDS, words);
    Ok(web.engine.audit().seal(tx, &id.to_string(), &personal).await?)
}

async fn opened(web: &Web, sealed: &Sealed) -> Result<String, Problem> {
    let personal = web.engine.audit().open(sealed).await?;
    let words = personal.and_then(|personal| personal.get(WORDS).map(str::to_owned));
    Ok(words.unwrap_or_default())
}

fn words(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (2..=REASON_MAX).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(
        "reason",
        format!("2 to {REASON_MAX} characters"),
    ))
}

fn codes(roles: &BTreeSet<Role>) -> Vec<String> {
    roles.iter().map(|role| role.code().to_owned()).collect()
}

/// An account as it stands.
pub(crate) fn standing(account: &Account) -> Result<Standing, Problem> {
    let organ = account.organ.organ().cloned();
    Ok(Standing {
        rights: Rights {
            roles: account.roles.clone(),
            organ: organ.ok_or(RequestError::NoOrgan)?,
            agent: account.agent.clone(),
        },
        active: account.state == AccountState::Active,
    })
}

/// The path of the organ that is named.
fn asked_organ(web: &Web, body: &AskDto) -> Result<Option<OrganPath>, Problem> {
    let Some(text) = &body.organ else { return Ok(None) };
    let organ: OrganId = text.parse().map_err(|_| RequestError::NoOrgan)?;
    let path = web.engine.tickets().reference().organs.path(&organ);
    Ok(Some(path.ok_or(RequestError::NoOrgan)?))
}

fn wish(body: &AskDto, standing: Option<&Standing>) -> Result<Wish, Problem> {
    let rights = || {
        let roles = parse_roles(body.roles.iter().map(String::as_str)).map_err(|error| match error {
            RoleError::Unknown(_) => Problem::new(Code::Unknown).field("roles"),
            RoleError::Apart(..) => Problem::invalid("roles", error.to_string()),
        })?;
        let organ = match (&body.organ, standing) {
            (Some(text), _) => text.parse().map_err(|_| RequestError::NoOrgan)?,
            (None, Some(standing)) => standing.rights.organ.clone(),
            (None, None) => return Err(Problem::new(Code::Incomplete).field("organ")),
        };
        let agent = body.agent.as_deref().map(str::parse::<AgentId>).transpose();
        let agent = agent.map_err(|_| Problem::new(Code::Unknown).field("agent"))?;
        Ok(Rights { roles, organ, agent })
    };
    match body.kind.as_str() {
        "open" => {
            let name = body.name.as_deref().map(str::trim).unwrap_or_default();
            if name.is_empty() || NAME_MAX < name.chars().count() {
                return Err(Problem::invalid("name", "1 to 50 characters"));
            }
            Ok(Wish::Open {
                name: name.to_owned(),
                rights: rights()?,
            })
        }
        "change" => Ok(Wish::Change { rights: rights()? }),
        "reopen" => Ok(Wish::Reopen),
        "close" => Ok(Wish::Close),
        _ => Err(Problem::new(Code::Unknown).field("kind")),
    }
}

async fn dto(web: &Web, row: AccountRequestRow, password: Option<String>) -> Result<RequestDto, Problem> {
    let reason = opened(web, &row.reason).await?;
    let answer = match &row.answer {
        Some(answer) => Some(opened(web, answer).await?),
        None => None,
    };
    let name = match &row.wish {
        Wish::Open { name, .. } => Some(name.clone()),
        Wish::Change { .. } | Wish::Reopen | Wish::Close => None,
    };
    Ok(RequestDto {
        id: row.id.to_string(),
        kind: row.wish.code(),
        state: row.state.code(),
        user: row.account.to_string(),
        name,
        rights: row.wish.rights().map(RightsDto::from),
        before: row.before.as_ref().map(RightsDto::from),
        approver: row.approver.map(|organ| organ.to_string()),
        clause: row.wish.clause(),
        reason,
        asked_by: row.asked_by.to_string(),
        asking_organ: row.asking_organ.to_string(),
        asked_at: row.asked_at.into(),
        decided_by: row.decided_by.map(|user| user.to_string()),
        decided_at: maybe(row.decided_at),
        answer,
        password,
    })
}

/// Randomness of the operating system.
pub(crate) fn seed() -> Result<Random, Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::internal(&error))?;
    Ok(Random::from_seed(seed))
}
