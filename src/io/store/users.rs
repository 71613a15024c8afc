//! Accounts and signed-in sessions.
//!
//! **Invariants.** Passwords stand only as their hash, session tokens only as theirs. Roles are checked when they are
//! written: nobody holds two of admin, security and auditor.
//! **Not here.** Hashing and cookies (`http::auth`), what a role may do (`account::permission`).

use std::collections::BTreeSet;

use crate::account::Role;
use crate::account::organ::OrganPath;
use crate::account::parse_roles;
use crate::base::ids::AgentId;
use crate::base::ids::UserId;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::json;
use crate::io::store::sql::values;

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// It may.
    Active,
    /// An administrator closed it.
    Disabled,
}

impl AccountState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The state with this code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Active, Self::Disabled]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name at sign-in.
    pub id: UserId,
    /// 姓名.
    pub name: String,
    /// The password's hash in PHC form.
    pub password_hash: String,
    /// What the person may be.
    pub roles: BTreeSet<Role>,
    /// The organ he works for.
    pub organ: OrganPath,
    /// The agent he works as.
    pub agent: Option<AgentId>,
    /// Whether it may be used.
    pub state: AccountState,
    /// Failed sign-ins since the last good one.
    pub failed_sign_ins: u32,
    /// No sign-in before this instant.
    pub locked_until: Option<WallTime>,
    /// When it was made.
    pub created_at: WallTime,
    /// When the password was set.
    pub password_set_at: WallTime,
    /// 1 when made, one more with every change by people.
    pub version: i64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, {:?}, {:?})", self.id, self.roles, self.state)
    }
}

/// A signed-in session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSession {
    /// Hash of the token in the cookie.
    pub token_hash: String,
    /// Whose.
    pub account: UserId,
    /// When it began.
    pub created_at: WallTime,
    /// When it was last used, as far as it is written.
    pub last_seen: WallTime,
    /// When it ends at the latest.
    pub expires_at: WallTime,
}

macro_rules! columns {
    () => {
        "id, name, password_hash, roles, organ, agent, state, failed_sign_ins, locked_until_us, created_at_us,
         password_set_at_us, version"
    };
}

fn read(cells: &mut Cells) -> Result<Account, StoreError> {
    let (id, name, password_hash) = (cells.id()?, cells.text()?, cells.text()?);
    let codes: Vec<String> = cells.json_or_null()?.unwrap_or_default();
    let roles = parse_roles(codes.iter().map(String::as_str))
        .map_err(|error| StoreError::Corrupt(format!("roles of {id}: {error}")))?;
    let (organ, agent, state) = (cells.id()?, cells.id_or_null()?, cells.text()?);
    Ok(Account {
        id,
        name,
        password_hash,
        roles,
        organ,
        agent,
        state: AccountState::parse(&state).unwrap_or(AccountState::Disabled),
        failed_sign_ins: u32::try_from(cells.int()?).unwrap_or(u32::MAX),
        locked_until: cells.instant_or_null()?,
        created_at: cells.instant()?,
        password_set_at: cells.instant()?,
        version: cells.int()?,
    })
}

fn read_session(cells: &mut Cells) -> Result<WebSession, StoreError> {
    Ok(WebSession {
        token_hash: cells.text()?,
        account: cells.id()?,
        created_at: cells.instant()?,
        last_seen: cells.instant()?,
        expires_at: cells.instant()?,
    })
}

impl Store {
    /// Reads one account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM account WHERE id = $1");
        Ok(sql::read(self.database(), SQL, values![id.as_str()], read)
            .await?
            .pop())
    }

    /// Reads the account of the person who works as an agent.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_of_agent(&self, agent: &AgentId) -> Result<Option<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM account WHERE agent = $1");
        Ok(sql::read(self.database(), SQL, values![agent.as_str()], read)
            .await?
            .pop())
    }

    /// Lists every account by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM account ORDER BY id");
        sql::read(self.database(), SQL, [], read).await
    }

    /// Reads a session that has not ended at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn web_session(
        &self,
        token_hash: &str,
        now: WallTime,
    ) -> Result<Option<WebSession>, StoreError> {
        const SQL: &str = "SELECT token_hash, account, created_at_us, last_seen_us, expires_at_us
            FROM web_session WHERE token_hash = $1 AND expires_at_us > $2";
        Ok(
            sql::read(self.database(), SQL, values![token_hash, now], read_session)
                .await?
                .pop(),
        )
    }

    /// How many sessions have not ended at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn web_sessions_open(&self, now: WallTime) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM web_session WHERE expires_at_us > $1";
        let found = sql::read(self.database(), SQL, values![now], Cells::count).await?;
        Ok(found.into_iter().next().unwrap_or(0))
    }
}

impl Tx {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a name or an agent that is taken; [`StoreError::Database`].
    pub async fn insert_account(&mut self, account: &Account) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "INSERT INTO account (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
        );
        let values = values![
            account.id.as_str(),
            &account.name,
            &account.password_hash,
            json(&account.roles),
            account.organ.to_string(),
            account.agent.as_ref().map(AgentId::as_str),
            account.state.code(),
            i64::from(account.failed_sign_ins),
            account.locked_until,
            account.created_at,
            account.password_set_at,
            account.version,
        ];
        match self.execute(SQL, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Exists(account.id.to_string())),
        }
    }

    /// Writes what an administrator changed: name, roles, organ, agent, state.
    ///
    /// # Errors
    /// [`StoreError::Version`] when the row has another version than `account.version`; [`StoreError::Database`].
    pub async fn update_account(&mut self, account: &Account) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE account SET name = $3, roles = $4, organ = $5, agent = $6, state = $7,
            version = version + 1 WHERE id = $1 AND version = $2";
        let values = values![
            account.id.as_str(),
            account.version,
            &account.name,
            json(&account.roles),
            account.organ.to_string(),
            account.agent.as_ref().map(AgentId::as_str),
            account.state.code(),
        ];
        match self.execute(SQL, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Version { actual: 0 }),
        }
    }

    /// Sets a password, forgets failed sign-ins, and ends every session of the account but `keep`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_password(
        &mut self,
        id: &UserId,
        password_hash: &str,
        at: WallTime,
        keep: Option<&str>,
    ) -> Result<bool, StoreError> {
        const SQL: &str =
            "UPDATE account SET password_hash = $2, password_set_at_us = $3, failed_sign_ins = 0,
            locked_until_us = NULL, version = version + 1 WHERE id = $1";
        const END: &str = "DELETE FROM web_session WHERE account = $1 AND token_hash <> $2";
        let known = self.execute(SQL, values![id.as_str(), password_hash, at]).await? == 1;
        self.execute(END, values![id.as_str(), keep.unwrap_or("")])
            .await?;
        Ok(known)
    }

    /// Counts a failed sign-in and returns how many there are now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_failed_sign_in(&mut self, id: &UserId) -> Result<u32, StoreError> {
        const SQL: &str = "UPDATE account SET failed_sign_ins = failed_sign_ins + 1 WHERE id = $1
            RETURNING failed_sign_ins";
        let count = self
            .rows(SQL, values![id.as_str()], Cells::int)
            .await?
            .pop()
            .unwrap_or(0);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Locks the account until an instant and begins counting failures anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_account(&mut self, id: &UserId, until: WallTime) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE account SET locked_until_us = $2, failed_sign_ins = 0 WHERE id = $1";
        self.execute(SQL, values![id.as_str(), until]).await.map(|_| ())
    }

    /// Forgets failed sign-ins after a good one, and lifts a lock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clear_failed_sign_ins(&mut self, id: &UserId) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE account SET failed_sign_ins = 0, locked_until_us = NULL WHERE id = $1
            AND (failed_sign_ins <> 0 OR locked_until_us IS NOT NULL)";
        self.execute(SQL, values![id.as_str()]).await.map(|_| ())
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_web_session(&mut self, session: &WebSession) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO web_session (token_hash, account, created_at_us, last_seen_us, expires_at_us)
            VALUES ($1, $2, $3, $4, $5)";
        let values = values![
            &session.token_hash,
            session.account.as_str(),
            session.created_at,
            session.last_seen,
            session.expires_at
        ];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Writes that a session was used, and when it ends now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_web_session(
        &mut self,
        token_hash: &str,
        seen: WallTime,
        expires_at: WallTime,
    ) -> Result<(), StoreError> {
        const SQL: &str =
            "UPDATE web_session SET last_seen_us = $2, expires_at_us = $3 WHERE token_hash = $1";
        self.execute(SQL, values![token_hash, seen, expires_at])
            .await
            .map(|_| ())
    }

    /// Ends a session. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_web_session(&mut self, token_hash: &str) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM web_session WHERE token_hash = $1";
        Ok(self.execute(SQL, values![token_hash]).await? == 1)
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_web_sessions_of(&mut self, id: &UserId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM web_session WHERE account = $1", values![id.as_str()])
            .await
    }

    /// Throws away sessions that ended before `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_expired_web_sessions(&mut self, now: WallTime) -> Result<u64, StoreError> {
        self.execute("DELETE FROM web_session WHERE expires_at_us <= $1", values![now])
            .await
    }
}
