//! What the first start makes: accounts with random passwords and phones with random secrets, told once in a file that
//! only its owner may read.
//!
//! **Invariants.** A SIP secret never equals a web password. Secrets are stored as digests: argon2 for accounts, sealed
//! HA1 for phones; the clear text stands in `<data>/credentials.json` alone, which may be deleted after reading. The
//! file is on disk before the database knows a secret, and all accounts are made at once: a start that is interrupted
//! leaves no account whose password nobody knows.
//! **Not here.** Changing accounts (`app::cli`, `http`), the secrets of phones themselves (`engine::devices`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde::Serialize;

use crate::account::Role;
use crate::account::organ::OrganPath;
use crate::base::ids::AgentId;
use crate::base::ids::UserId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::engine::audit::Audit;
use crate::engine::devices::Devices;
use crate::engine::devices::NewSecret;
pub use crate::engine::devices::password;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::http::auth;
use crate::io::store::Store;
use crate::io::store::users::Account;
use crate::io::store::users::AccountState;
use crate::sip::endpoint::DeviceAccount;

/// The file's name in the data folder.
pub const FILE: &str = "credentials.json";

/// Everything that was made at the first start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credentials {
    /// The digest realm, fixed from then on.
    pub realm: String,
    /// Accounts.
    pub users: Vec<UserCredential>,
    /// Phones.
    pub devices: Vec<DeviceCredential>,
}

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCredential {
    /// Name at sign-in.
    pub user: String,
    /// Password.
    pub password: String,
    /// What the person may be.
    pub roles: Vec<String>,
    /// The agent he works as.
    pub agent: Option<String>,
}

/// One phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceCredential {
    /// Which.
    pub device: String,
    /// User name.
    pub user: String,
    /// Password.
    pub secret: String,
}

impl From<NewSecret> for DeviceCredential {
    fn from(made: NewSecret) -> Self {
        Self {
            device: made.device.to_string(),
            user: made.user,
            secret: made.secret,
        }
    }
}

/// Accounts beside the agents': name, 姓名, role.
const OFFICES: [(&str, &str, Role); 5] = [
    ("banzhang", "值班班长", Role::Supervisor),
    ("admin", "系统管理员", Role::Admin),
    ("security", "安全管理员", Role::Security),
    ("auditor", "审计员", Role::Auditor),
    ("quality", "质检员", Role::Quality),
];

/// What the making of secrets needs.
pub struct FirstStart<'a> {
    /// The database.
    pub store: &'a Store,
    /// Its trail.
    pub audit: &'a Audit,
    /// Whose agents and phones.
    pub profile: &'a Profile,
    /// The digest realm.
    pub realm: &'a str,
    /// The folder of the file.
    pub data: &'a Path,
    /// The instant.
    pub now: Now,
}

impl FirstStart<'_> {
    /// Makes the accounts of the profile's agents and of the offices, when there is no account yet. Says whether it did.
    ///
    /// # Errors
    /// What the store, the hash or the file says.
    pub async fn make_accounts(&self, random: &mut Random) -> anyhow::Result<bool> {
        if !self.store.accounts().await?.is_empty() {
            return Ok(false);
        }
        let organ: OrganPath = OrganPath::top("hotline".parse()?);
        let mut people: BTreeMap<UserId, (String, Role, Option<AgentId>)> = BTreeMap::new();
        for (id, agent) in &self.profile.agents {
            people.insert(
                agent.user.clone(),
                (agent.name.clone(), Role::Agent, Some(id.clone())),
            );
        }
        for (user, name, role) in OFFICES {
            people.insert(user.parse()?, (name.to_owned(), role, None));
        }
        let (mut accounts, mut made) = (Vec::new(), Vec::new());
        for (user, (name, role, agent)) in people {
            let password = password(random, 12);
            accounts.push(Account {
                id: user.clone(),
                name,
                password_hash: hash_password(password.clone()).await?,
                roles: [role].into_iter().collect(),
                organ: organ.clone(),
                agent: agent.clone(),
                state: AccountState::Active,
                failed_sign_ins: 0,
                locked_until: None,
                created_at: self.now.wall,
                password_set_at: self.now.wall,
                version: 1,
            });
            made.push(UserCredential {
                user: user.to_string(),
                password,
                roles: vec![role.code().to_owned()],
                agent: agent.map(|it| it.to_string()),
            });
        }
        keep(self.data, self.realm, made, Vec::new())?;
        let mut tx = self.store.begin().await?;
        let mut records = Vec::new();
        for account in &accounts {
            tx.insert_account(account).await?;
            let roles = account.roles.iter().map(|role| role.code().to_owned());
            records.push(created(self.now, account.id.clone(), roles.collect()));
        }
        self.audit.append(&mut tx, &records).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes secrets for the phones of the profile that have none, and gives all phones as the SIP machine wants them,
    /// and whether secrets were made.
    ///
    /// # Errors
    /// What the store, the keys or the file say.
    pub async fn device_accounts(&self, random: &mut Random) -> anyhow::Result<(Vec<DeviceAccount>, bool)> {
        let mut devices = Devices::open(self.store, self.audit, self.realm, self.profile).await?;
        let made: Vec<DeviceCredential> = devices.make(random).into_iter().map(Into::into).collect();
        let is_new = !made.is_empty();
        keep(self.data, self.realm, Vec::new(), made)?;
        devices.store(self.now.wall).await?;
        Ok((devices.accounts(), is_new))
    }
}

fn created(now: Now, user: UserId, roles: Vec<String>) -> Record {
    Record {
        now,
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "first-start",
        fact: Fact::Account(AccountFact::Created { user, roles }),
        personal: None,
    }
}

/// Hashes a password with argon2id, off the runtime's threads.
///
/// # Errors
/// What the hash says.
pub async fn hash_password(password: String) -> anyhow::Result<String> {
    let hashed = tokio::task::spawn_blocking(move || auth::hash_password(&password));
    hashed
        .await?
        .map_err(|error| anyhow::anyhow!("password hash: {error}"))
}

/// Adds what was made to the file, which only its owner may read; what stood there for the same user or phone goes.
///
/// # Errors
/// The operating system's.
fn keep(
    data: &Path,
    realm: &str,
    users: Vec<UserCredential>,
    devices: Vec<DeviceCredential>,
) -> anyhow::Result<()> {
    if users.is_empty() && devices.is_empty() {
        return Ok(());
    }
    let mut all = read(data).unwrap_or_default();
    realm.clone_into(&mut all.realm);
    all.users
        .retain(|old| users.iter().all(|new| new.user != old.user));
    all.devices
        .retain(|old| devices.iter().all(|new| new.device != old.device));
    all.users.extend(users);
    all.devices.extend(devices);
    replace(&data.join(FILE), serde_json::to_string_pretty(&all)?.as_bytes())
}

/// Writes a file that only its owner may read: whole, or not at all.
///
/// # Errors
/// The operating system's, with the file's name.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    };
    write().with_context(|| path.display().to_string())
}

/// Reads the file, when it is still there.
pub fn read(data: &Path) -> Option<Credentials> {
    serde_json::from_slice(&std::fs::read(data.join(FILE)).ok()?).ok()
}
