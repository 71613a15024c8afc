//! Facts about articles of the knowledge base: who wrote, approved and retired what, and what is to be brought up to date.
//!
//! **Invariants.** Each body names its article or request. Why an update is asked for may speak of a case: it travels
//! beside the fact as a personal value. What an article says is public and stands in its row.
//! **Not here.** Which fact follows from which act (`ticket::article`).
//! **Source.** DB1302/T 604—2025 8.3, 7.8.1 d.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::ArticleId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UpdateId;
use crate::base::time::WallTime;

/// What happened to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ArticleFact {
    /// A draft was written, or written again.
    #[serde(rename = "article.written")]
    Written {
        /// Which.
        article: ArticleId,
        /// The version that is being written.
        version: i64,
        /// Whose it is.
        owner: OrganId,
    },
    /// A version counts from now on; the one before is retired.
    #[serde(rename = "article.approved")]
    Approved {
        /// Which.
        article: ArticleId,
        /// The version.
        version: i64,
    },
    /// A version counts no more.
    #[serde(rename = "article.retired")]
    Retired {
        /// Which.
        article: ArticleId,
        /// The version.
        version: i64,
    },
    /// An organ is asked to bring the knowledge base up to date. Personal: reason.
    #[serde(rename = "article.update_asked")]
    UpdateAsked {
        /// The request.
        update: UpdateId,
        /// Which article; none when there is none yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<ArticleId>,
        /// Who is asked.
        organ: OrganId,
        /// The order whose inquiry found no article.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<TicketId>,
        /// On time is before this instant.
        due: WallTime,
    },
    /// A request was met by a version that was approved.
    #[serde(rename = "article.update_done")]
    UpdateDone {
        /// The request.
        update: UpdateId,
        /// The article.
        article: ArticleId,
        /// Its version.
        version: i64,
        /// After the limit.
        late: bool,
    },
    /// A request was not met in time: 督办 d.
    #[serde(rename = "article.update_overdue")]
    UpdateOverdue {
        /// The request.
        update: UpdateId,
        /// Who was asked.
        organ: OrganId,
    },
}
