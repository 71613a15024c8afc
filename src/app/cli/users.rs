//! `rexian users`: accounts from the command line, for the first ones and for when nobody can sign in.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::account::Role;
use crate::account::organ::OrganPath;
use crate::account::parse_roles;
use crate::app::build::os_random;
use crate::app::cli::base::Base;
use crate::app::credentials;
use crate::base::ids::AgentId;
use crate::base::ids::UserId;
use crate::fact::Fact;
use crate::fact::account::AccountFact;
use crate::http::auth;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;

/// Characters of a password that is made here.
const PASSWORD_LENGTH: usize = 14;

#[derive(Debug, Subcommand)]
pub(super) enum Users {
    /// Lists accounts.
    List,
    /// Makes an account and prints its password once.
    Add {
        /// Its name at sign-in.
        user: UserId,
        /// 姓名.
        #[arg(long)]
        name: String,
        /// Roles: agent, expert, supervisor, quality, auditor, security, admin …
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// The organ, as `tangshan/lunan`.
        #[arg(long, default_value = "hotline")]
        organ: String,
        /// The agent he works as.
        #[arg(long)]
        agent: Option<AgentId>,
        /// Reads the password from standard input instead of making one.
        #[arg(long)]
        stdin: bool,
    },
    /// Sets a new password, lifts a lock, ends his sessions, and prints the password once.
    Password {
        /// Whose.
        user: UserId,
        /// Reads the password from standard input instead of making one.
        #[arg(long)]
        stdin: bool,
    },
    /// Sets the roles.
    Roles {
        /// Whose.
        user: UserId,
        /// All of them.
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Opens a closed account.
    Enable {
        /// Whose.
        user: UserId,
    },
    /// Closes an account and ends its sessions.
    Disable {
        /// Whose.
        user: UserId,
    },
}

pub(super) async fn run(base: &Base, verb: Users) -> anyhow::Result<ExitCode> {
    match verb {
        Users::List => list(base).await?,
        Users::Add {
            user,
            name,
            roles,
            organ,
            agent,
            stdin,
        } => {
            let roles = parse_roles(roles.iter().map(String::as_str))?;
            add(base, (user, name), roles, (organ.parse()?, agent), stdin).await?;
        }
        Users::Password { user, stdin } => set_password(base, &user, stdin).await?,
        Users::Roles { user, roles } => {
            let roles = parse_roles(roles.iter().map(String::as_str))?;
            change(base, &user, |account| account.roles = roles).await?;
        }
        Users::Enable { user } => change(base, &user, |account| account.state = AccountState::Active).await?,
        Users::Disable { user } => {
            change(base, &user, |account| account.state = AccountState::Disabled).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn codes(roles: &BTreeSet<Role>) -> Vec<String> {
    roles.iter().map(|role| role.code().to_owned()).collect()
}

async fn list(base: &Base) -> anyhow::Result<()> {
    let rows: Vec<[String; 7]> = base
        .store
        .accounts()
        .await?
        .iter()
        .map(|account| {
            [
                account.id.to_string(),
                account.name.clone(),
                codes(&account.roles).join(","),
                account.organ.to_string(),
                account
                    .agent
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                account.state.code().to_owned(),
                base.local(account.locked_until.filter(|until| base.now().wall < *until)),
            ]
        })
        .collect();
    base.output.table(
        ["user", "name", "roles", "organ", "agent", "state", "locked_until"],
        &rows,
    )
}

/// The password with its hash: read from standard input, or made.
async fn password(user: &UserId, stdin: bool) -> anyhow::Result<(String, String)> {
    let password = if stdin {
        let mut text = String::new();
        std::io::stdin().take(1024).read_to_string(&mut text)?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        made(user)?
    };
    auth::check_password(user.as_str(), &password)?;
    let hash = credentials::hash_password(password.clone()).await?;
    Ok((password, hash))
}

/// A random password that the rules allow.
fn made(user: &UserId) -> anyhow::Result<String> {
    let mut random = os_random()?;
    std::iter::repeat_with(|| credentials::password(&mut random, PASSWORD_LENGTH))
        .take(100)
        .find(|password| auth::check_password(user.as_str(), password).is_ok())
        .context("no password could be made")
}

fn told(base: &Base, user: &UserId, password: &str, stdin: bool) -> anyhow::Result<()> {
    if stdin {
        base.output.text(&format!("{user}\n"))
    } else {
        base.output.text(&format!("{user}  {password}\n"))
    }
}

async fn add(
    base: &Base,
    (user, name): (UserId, String),
    roles: BTreeSet<Role>,
    (organ, agent): (OrganPath, Option<AgentId>),
    stdin: bool,
) -> anyhow::Result<()> {
    let (password, password_hash) = password(&user, stdin).await?;
    let now = base.now().wall;
    let fact = AccountFact::Created {
        user: user.clone(),
        roles: codes(&roles),
    };
    let account = Account {
        id: user.clone(),
        name,
        password_hash,
        roles,
        organ,
        agent,
        state: AccountState::Active,
        failed_sign_ins: 0,
        locked_until: None,
        created_at: now,
        password_set_at: now,
        version: 1,
    };
    let mut tx = base.store.begin().await?;
    tx.insert_account(&account).await?;
    base.audit
        .append(&mut tx, &[base.record(None, Fact::Account(fact))])
        .await?;
    tx.commit().await?;
    told(base, &user, &password, stdin)
}

async fn set_password(base: &Base, user: &UserId, stdin: bool) -> anyhow::Result<()> {
    let (password, hash) = password(user, stdin).await?;
    let fact = Fact::Account(AccountFact::PasswordSet { user: user.clone() });
    let mut tx = base.store.begin().await?;
    anyhow::ensure!(
        tx.set_password(user, &hash, base.now().wall, None).await?,
        "no account {user}"
    );
    base.audit.append(&mut tx, &[base.record(None, fact)]).await?;
    tx.commit().await?;
    told(base, user, &password, stdin)
}

async fn change(base: &Base, user: &UserId, work: impl FnOnce(&mut Account)) -> anyhow::Result<()> {
    let mut account = base
        .store
        .account(user)
        .await?
        .with_context(|| format!("no account {user}"))?;
    let before = account.state;
    work(&mut account);
    let fact = if account.state == before {
        AccountFact::RolesSet {
            user: user.clone(),
            roles: codes(&account.roles),
        }
    } else {
        AccountFact::StateSet {
            user: user.clone(),
            state: account.state.code().to_owned(),
        }
    };
    let mut tx = base.store.begin().await?;
    tx.update_account(&account).await?;
    if account.state == AccountState::Disabled {
        tx.delete_web_sessions_of(user).await?;
    }
    base.audit
        .append(&mut tx, &[base.record(None, Fact::Account(fact))])
        .await?;
    tx.commit().await?;
    base.output.text(&format!(
        "{user}  {}  {}\n",
        account.state.code(),
        codes(&account.roles).join(",")
    ))
}
