//! Facts about accounts, sign-ins, permissions and reads of personal data: the audit trail of people.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AccountRequestId;
use crate::base::ids::ExportId;
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
    /// A newer sign-in of the account ended older sessions.
    #[serde(rename = "user.session_replaced")]
    SessionReplaced {
        /// Whose.
        user: UserId,
        /// How many.
        sessions: u32,
    },
    /// The secrecy commitment (保密承诺) was signed.
    #[serde(rename = "user.commitment_signed")]
    CommitmentSigned {
        /// By whom.
        user: UserId,
        /// Which version of its text.
        version: i64,
        /// SHA-256 of the text, hex.
        sha256: String,
    },
    /// An account, other rights or an end of them were asked for.
    #[serde(rename = "user.requested")]
    Requested {
        /// Which request.
        request: AccountRequestId,
        /// Whose account.
        user: UserId,
        /// `open`, `change`, `reopen`, `close`.
        what: String,
        /// All roles he is to have.
        roles: Vec<String>,
        /// The organ he is to work for, as `hotline/ln`.
        organ: String,
        /// Whether it took effect at once, since it only takes rights away.
        at_once: bool,
    },
    /// What was asked for an account was approved and took effect.
    #[serde(rename = "user.request_approved")]
    RequestApproved {
        /// Which request.
        request: AccountRequestId,
        /// Whose account.
        user: UserId,
        /// All roles he has now.
        roles: Vec<String>,
        /// The organ he works for now, as `hotline/ln`.
        organ: String,
    },
    /// What was asked for an account was refused.
    #[serde(rename = "user.request_refused")]
    RequestRefused {
        /// Which request.
        request: AccountRequestId,
        /// Whose account.
        user: UserId,
    },
    /// Work orders were taken out as a table. What for stands sealed beside it.
    #[serde(rename = "data.exported")]
    Exported {
        /// Which export.
        export: ExportId,
        /// `csv` or `json`.
        format: String,
        /// How many orders.
        rows: u32,
        /// SHA-256 of what was handed out, hex.
        sha256: String,
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
