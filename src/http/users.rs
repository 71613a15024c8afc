//! Accounts: the list, first accounts, and what may be done without a request.
//!
//! **Invariants.** Here rights are only taken away: roles by the security officer, an account closed by an administrator.
//! Whatever gives rights is asked for (`http::account_requests`), but for accounts without roles while the city's organ has
//! no security officer. Nobody reaches beyond his organ's subtree. A lost password is set anew, never shown. Every change
//! leaves a fact in the transaction of its row.
//! **Source.** DB1302/T 604—2025 8.4.1.1, 8.4.1.2; GB/T 22239—2019 8.1.5 (three officers apart).

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::RoleError;
use crate::account::organ::OrganPath;
use crate::account::parse_roles;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::account::request::CLAUSE_CHANGE;
use crate::account::request::CLAUSE_NEW;
use crate::account::request::RequestError;
use crate::base::ids::AgentId;
use crate::base::ids::UserId;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::auth;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Versioned;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;

/// Longest name of a person, characters.
pub(crate) const NAME_MAX: usize = 50;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserDto {
    /// Its name at sign-in.
    user: String,
    /// 姓名.
    name: String,
    /// Role codes.
    roles: Vec<&'static str>,
    /// The organ.
    organ: String,
    /// The agent he works as.
    agent: Option<String>,
    /// `active` or `disabled`.
    state: &'static str,
    /// No sign-in before.
    locked_until: Option<Instant>,
    /// When it was made.
    created_at: Instant,
    /// The row's version, for `If-Match`.
    version: i64,
}

impl From<&Account> for UserDto {
    fn from(account: &Account) -> Self {
        Self {
            user: account.id.to_string(),
            name: account.name.clone(),
            roles: account.roles.iter().map(|role| role.code()).collect(),
            organ: account.organ.to_string(),
            agent: account.agent.as_ref().map(ToString::to_string),
            state: account.state.code(),
            locked_until: maybe(account.locked_until),
            created_at: account.created_at.into(),
            version: account.version,
        }
    }
}

/// Accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserList)]
pub(crate) struct UserListDto {
    /// By name.
    items: Vec<UserDto>,
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(crate) struct NewUserDto {
    /// Its name at sign-in: 1 to 40 of a-z, 0-9 and `-`.
    user: String,
    /// 姓名, at most 50 characters.
    name: String,
    /// The first password.
    #[schema(format = Password)]
    password: String,
    /// The organ, as `tangshan/lunan`.
    organ: String,
    /// The agent he works as.
    #[serde(default)]
    agent: Option<String>,
}

/// The roles of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange)]
pub(crate) struct RoleChangeDto {
    /// All of them, by code.
    roles: Vec<String>,
}

/// Whether an account may be used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StateChange)]
pub(crate) struct StateChangeDto {
    /// `active` or `disabled`.
    state: String,
}

/// A new password for somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
pub(crate) struct NewPasswordDto {
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Accounts of the reader's organ and of those below it.
#[utoipa::path(get, path = "/users", tag = "users", responses((status = 200, body = UserListDto)))]
pub(crate) async fn list(State(web): State<Web>, who: SignedIn) -> Result<Json<UserListDto>, Problem> {
    let own = who.principal.organ.clone();
    web.permit(&who, Verb::UserList, &Object::of_organ("users", own.clone()))
        .await?;
    let accounts = web.engine.store().accounts().await?;
    let reached = accounts.iter().filter(|account| own.contains(&account.organ));
    Ok(Json(UserListDto {
        items: reached.map(UserDto::from).collect(),
    }))
}

/// Makes an account without roles, while the city's organ has no security officer; afterwards it is asked for.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUserDto,
    responses((status = 201, body = UserDto)))]
pub(crate) async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<NewUserDto>,
) -> Result<(StatusCode, Json<UserDto>), Problem> {
    let own = Object::of_organ("users", who.principal.organ.clone());
    web.permit(&who, Verb::UserManage, &own).await?;
    check_bootstrap(&web, &who).await?;
    let id: UserId = body
        .user
        .parse()
        .map_err(|_| Problem::invalid("user", "1 to 40 of a-z, 0-9 and -"))?;
    let organ: OrganPath = body
        .organ
        .parse()
        .map_err(|_| Problem::invalid("organ", "not a path of organs"))?;
    let agent = body.agent.as_deref().map(str::parse::<AgentId>).transpose();
    let agent = agent.map_err(|_| Problem::new(Code::Unknown).field("agent"))?;
    if body.name.trim().is_empty() || NAME_MAX < body.name.chars().count() {
        return Err(Problem::invalid("name", "1 to 50 characters"));
    }
    let password_hash = hash(&web, &id, body.password).await?;
    let now = web.engine.clock().now().wall;
    let account = Account {
        id: id.clone(),
        name: body.name.trim().to_owned(),
        password_hash,
        roles: std::collections::BTreeSet::new(),
        organ,
        agent,
        state: AccountState::Active,
        failed_sign_ins: 0,
        locked_until: None,
        created_at: now,
        password_set_at: now,
        version: 1,
    };
    let fact = AccountFact::Created {
        user: id,
        roles: Vec::new(),
    };
    let record = web.engine.account_record(&who.principal, "api:users", fact);
    let mut tx = web.engine.store().begin().await?;
    tx.insert_account(&account).await?;
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(UserDto::from(&account))))
}

/// Takes roles away; what gives rights is asked for.
#[utoipa::path(put, path = "/users/{user}/roles", tag = "users",
    params(("user" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted")),
    request_body = RoleChangeDto, responses((status = 200, body = UserDto)))]
pub(crate) async fn set_roles(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<UserId>,
    IfMatch(version): IfMatch,
    Json(body): Json<RoleChangeDto>,
) -> Result<Versioned<UserDto>, Problem> {
    let mut account = reached(&web, &who, Verb::UserGrant, &id).await?;
    let roles = parse_roles(body.roles.iter().map(String::as_str)).map_err(|error| match error {
        RoleError::Unknown(_) => Problem::new(Code::Unknown).field("roles"),
        RoleError::Apart(..) => Problem::invalid("roles", error.to_string()),
    })?;
    if !roles.is_subset(&account.roles) {
        return Err(RequestError::NeedsRequest(CLAUSE_CHANGE).into());
    }
    account.roles = roles;
    // The fact of a grant is the account's roles as they stand after it.
    let codes = account.roles.iter().map(|role| role.code().to_owned()).collect();
    let fact = AccountFact::RolesSet {
        user: id,
        roles: codes,
    };
    write(&web, &who, account, version, ("api:roles", fact)).await
}

/// Closes an account and ends its sessions; that it is opened again is asked for.
#[utoipa::path(put, path = "/users/{user}/state", tag = "users",
    params(("user" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted")),
    request_body = StateChangeDto, responses((status = 200, body = UserDto)))]
pub(crate) async fn set_state(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<UserId>,
    IfMatch(version): IfMatch,
    Json(body): Json<StateChangeDto>,
) -> Result<Versioned<UserDto>, Problem> {
    let mut account = reached(&web, &who, Verb::UserManage, &id).await?;
    let state = AccountState::parse(&body.state).ok_or_else(|| Problem::new(Code::Unknown).field("state"))?;
    if state == AccountState::Active {
        return Err(RequestError::NeedsRequest(CLAUSE_NEW).into());
    }
    account.state = state;
    let fact = AccountFact::StateSet {
        user: id,
        state: state.code().to_owned(),
    };
    write(&web, &who, account, version, ("api:disable", fact)).await
}

/// Sets somebody's password, lifts a lock and ends his sessions.
#[utoipa::path(put, path = "/users/{user}/password", tag = "users", params(("user" = String, Path)),
    request_body = NewPasswordDto, responses((status = 204)))]
pub(crate) async fn set_password(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<UserId>,
    Json(body): Json<NewPasswordDto>,
) -> Result<StatusCode, Problem> {
    reached(&web, &who, Verb::UserManage, &id).await?;
    let password_hash = hash(&web, &id, body.password).await?;
    let fact = AccountFact::PasswordSet { user: id.clone() };
    let record = web.engine.account_record(&who.principal, "api:password", fact);
    let mut tx = web.engine.store().begin().await?;
    if !tx
        .set_password(&id, &password_hash, record.now.wall, None)
        .await?
    {
        return Err(Problem::new(Code::NotFound));
    }
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn hash(web: &Web, id: &UserId, password: String) -> Result<String, Problem> {
    auth::check_password(id.as_str(), &password)
        .map_err(|error| Problem::invalid("password", error.to_string()))?;
    let hash = web.hashing(move || auth::hash_password(&password)).await?;
    hash.map_err(|error| Problem::internal(&error))
}

/// Whether the first accounts are being made: nobody of the city's organ could approve them.
async fn check_bootstrap(web: &Web, who: &SignedIn) -> Result<(), Problem> {
    let reference = web.engine.tickets().reference();
    let root = reference.organs.root().map(|root| &root.id);
    let accounts = web.engine.store().accounts().await?;
    let approves = |account: &Account| {
        account.state == AccountState::Active
            && account.organ.organ() == root
            && account.roles.contains(&Role::Security)
    };
    if who.principal.organ.organ() != root || accounts.iter().any(approves) {
        return Err(RequestError::NeedsRequest(CLAUSE_NEW).into());
    }
    Ok(())
}

/// An account of the asker's organ or one below it.
async fn reached(web: &Web, who: &SignedIn, verb: Verb, id: &UserId) -> Result<Account, Problem> {
    let account = web.engine.store().account(id).await?;
    let organ = account.as_ref().map(|account| account.organ.clone());
    let organ = organ.unwrap_or_else(|| who.principal.organ.clone());
    web.permit(who, verb, &Object::of_organ(format!("user/{id}"), organ))
        .await?;
    account.ok_or_else(|| Problem::new(Code::NotFound))
}

async fn write(
    web: &Web,
    who: &SignedIn,
    mut account: Account,
    version: i64,
    (cause, fact): (&'static str, AccountFact),
) -> Result<Versioned<UserDto>, Problem> {
    account.version = version;
    let record = web.engine.account_record(&who.principal, cause, fact);
    let mut tx = web.engine.store().begin().await?;
    tx.update_account(&account).await?;
    if account.state == AccountState::Disabled {
        tx.delete_web_sessions_of(&account.id).await?;
    }
    web.engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    account.version += 1;
    Ok(Versioned(account.version, UserDto::from(&account)))
}
