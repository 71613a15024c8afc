//! Facts about accounts, sign-ins, permissions and reads of personal data: the audit trail of people.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::UserId;

/// What happened around an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum AccountFact {
    /// An account was made.
    #[serde(rename = "user.created")]
    Created {
        /// Whose.
        user: UserId,
        /// Its roles.
        roles: Vec<String>,
    },
    /// Roles were given or taken.
    #[serde(rename = "user.roles_set")]
    RolesSet {
        /// Whose.
        user: UserId,
        /// All roles he has now.
        roles: Vec<String>,
    },
    /// An account was opened or closed.
    #[serde(rename = "user.state_set")]
    StateSet {
        /// Whose.
        user: UserId,
        /// `active` or `disabled`.
        state: String,
    },
    /// A password was set.
    #[serde(rename = "user.password_set")]
    PasswordSet {
        /// Whose.
        user: UserId,
    },
    /// Signed in to the web.
    #[serde(rename = "user.signed_in")]
    SignedIn {
        /// Who.
        user: UserId,
    },
    /// A sign-in failed. The name is not kept: it may be a password typed in the wrong field.
    #[serde(rename = "user.sign_in_failed")]
    SignInFailed {
        /// Whose, when such an account exists.
        user: Option<UserId>,
    },
    /// Signed out.
    #[serde(rename = "user.signed_out")]
    SignedOut {
        /// Who.
        user: UserId,
    },
    /// A command was refused for lack of permission.
    #[serde(rename = "permission.denied")]
    PermissionDenied {
        /// The permission that was missing, as `recording.play`.
        verb: String,
        /// What it was about.
        object: String,
    },
    /// Personal data was shown in clear.
    #[serde(rename = "personal.revealed")]
    Revealed {
        /// What it was about, as `call/<id>`.
        object: String,
        /// Which values, by name.
        fields: Vec<String>,
    },
}
