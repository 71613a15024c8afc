//! Articles of the knowledge base, version by version, and requests to bring them up to date.
//!
//! ```text
//!  write ─► draft ─approve─► approved ─retire, or a newer version is approved─► retired
//!            └─write again─┘
//! ```
//!
//! **Invariants.** A version that was approved is never changed: what an answer rested on can be read for ever. Nobody
//! approves what he wrote. An answer may rest only on an approved version on a day it is valid.
//! **Not here.** Rows (`io::store::articles`), transactions and the limit of a request (`engine::articles`).
//! **Source.** DB1302/T 604—2025 8.3, 7.1.4 a, 7.8.1 d.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::base::civil::CivilDate;
use crate::base::ids::ArticleId;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;
use crate::base::time::WallTime;
use crate::fact::codes::codes;
use crate::ticket::refusal::TicketError;

/// The clause behind every rule here.
pub const CLAUSE: &str = "8.3";
/// Longest title, characters.
pub const TITLE_MAX: usize = 100;
/// Longest text, characters.
pub const BODY_MAX: usize = 20_000;
/// Shortest title and text, characters.
const WORDS_MIN: usize = 2;
/// Longest reason of a request, characters; the shortest is [`WORDS_MIN`].
pub const REASON_MAX: usize = 500;

codes! {
    /// Where a version stands.
    ArticleState {
        /// 待审核: being written.
        Draft = "draft",
        /// 已发布.
        Approved = "approved",
        /// 已停用.
        Retired = "retired",
    }
}

/// One version of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Which.
    pub id: ArticleId,
    /// 1, 2, 3 …
    pub version: i64,
    /// Raised by every change of this version, from 1 on.
    pub revision: i64,
    /// Where it stands.
    pub state: ArticleState,
    /// 标题.
    pub title: String,
    /// 正文.
    pub body: String,
    /// 责任单位.
    pub owner: OrganId,
    /// First day it counts.
    pub valid_from: CivilDate,
    /// Last day it counts; none when it has no end.
    pub valid_until: Option<CivilDate>,
    /// Who wrote it last.
    pub writer: UserId,
    /// Who approved it.
    pub approver: Option<UserId>,
    /// When this version was begun.
    pub created_at: WallTime,
    /// When it last changed.
    pub changed_at: WallTime,
    /// When it was approved.
    pub approved_at: Option<WallTime>,
}

/// What somebody writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// 标题, 2 to 100 characters.
    pub title: String,
    /// 正文, 2 to 20 000 characters.
    pub body: String,
    /// 责任单位.
    pub owner: OrganId,
    /// First day it counts.
    pub valid_from: CivilDate,
    /// Last day it counts.
    pub valid_until: Option<CivilDate>,
}

/// Who does it, and when.
#[derive(Clone, Copy, Debug)]
pub struct Hand<'a> {
    /// Who.
    pub user: &'a UserId,
    /// When.
    pub now: WallTime,
}

impl Article {
    /// Whether an answer of this day may rest on it. Source: 7.1.4 a, 8.3.
    pub fn is_valid(&self, day: CivilDate) -> bool {
        self.state == ArticleState::Approved
            && self.valid_from <= day
            && self.valid_until.is_none_or(|last| day <= last)
    }

    /// Writes the first version of an article.
    ///
    /// # Errors
    /// [`TicketError::Invalid`] names the field.
    pub fn first(id: ArticleId, words: Words, hand: Hand<'_>) -> Result<Self, TicketError> {
        Self::draft(id, 1, words, hand)
    }

    /// Writes the draft again, or begins the next version of what is published or retired.
    ///
    /// # Errors
    /// [`TicketError::Invalid`] names the field.
    pub fn write(&self, words: Words, hand: Hand<'_>) -> Result<Self, TicketError> {
        if self.state != ArticleState::Draft {
            return Self::draft(self.id, self.version.saturating_add(1), words, hand);
        }
        let new = Self::draft(self.id, self.version, words, hand)?;
        Ok(Self {
            revision: self.revision.saturating_add(1),
            created_at: self.created_at,
            ..new
        })
    }

    /// Publishes a draft.
    ///
    /// # Errors
    /// [`TicketError::Rule`] for what is no draft; [`TicketError::Forbidden`] for its own writer.
    pub fn approve(&self, hand: Hand<'_>) -> Result<Self, TicketError> {
        if self.state != ArticleState::Draft {
            return Err(rule("article_no_draft"));
        }
        if self.writer == *hand.user {
            return Err(TicketError::Forbidden {
                rule: "second_person",
                clause: CLAUSE,
            });
        }
        Ok(Self {
            approver: Some(hand.user.clone()),
            approved_at: Some(hand.now),
            ..self.moved(ArticleState::Approved, hand.now)
        })
    }

    /// Takes a version out of use.
    ///
    /// # Errors
    /// [`TicketError::Rule`] when it is out of use already.
    pub fn retire(&self, now: WallTime) -> Result<Self, TicketError> {
        if self.state == ArticleState::Retired {
            return Err(rule("article_retired"));
        }
        Ok(self.moved(ArticleState::Retired, now))
    }

    fn moved(&self, state: ArticleState, now: WallTime) -> Self {
        Self {
            state,
            revision: self.revision.saturating_add(1),
            changed_at: now,
            ..self.clone()
        }
    }

    fn draft(id: ArticleId, version: i64, words: Words, hand: Hand<'_>) -> Result<Self, TicketError> {
        let title = checked("title", &words.title, TITLE_MAX)?;
        let body = checked("body", &words.body, BODY_MAX)?;
        if words.valid_until.is_some_and(|last| last < words.valid_from) {
            return Err(invalid("valid_until", "out_of_range"));
        }
        Ok(Self {
            id,
            version,
            revision: 1,
            state: ArticleState::Draft,
            title,
            body,
            owner: words.owner,
            valid_from: words.valid_from,
            valid_until: words.valid_until,
            writer: hand.user.clone(),
            approver: None,
            created_at: hand.now,
            changed_at: hand.now,
            approved_at: None,
        })
    }
}

/// Reads why an update is asked for.
///
/// # Errors
/// [`TicketError::Invalid`].
pub fn reason(text: &str) -> Result<String, TicketError> {
    checked("reason", text, REASON_MAX)
}

fn checked(field: &'static str, text: &str, max: usize) -> Result<String, TicketError> {
    let text = text.trim();
    let kept = |letter: char| !letter.is_control() || letter == '\n';
    match text.chars().count() {
        0 => Err(invalid(field, "missing")),
        count if count < WORDS_MIN => Err(invalid(field, "too_short")),
        count if max < count => Err(invalid(field, "too_long")),
        _ if !text.chars().all(kept) => Err(invalid(field, "not_text")),
        _ => Ok(text.to_owned()),
    }
}

const fn invalid(field: &'static str, reason: &'static str) -> TicketError {
    TicketError::Invalid {
        field,
        reason,
        clause: CLAUSE,
    }
}

const fn rule(rule: &'static str) -> TicketError {
    TicketError::Rule { rule, clause: CLAUSE }
}

#[cfg(test)]
#[path = "article_test.rs"]
mod tests;
