//! Requests for accounts and rights.
//!
//! **Invariants.** One request of an account waits at a time. A decided row is never changed. Why it was asked and how it
//! was answered stand sealed.
//! **Not here.** Who decides (`account::request`), facts (`http::account_requests`).
//! **Source.** DB1302/T 604—2025 8.4.1.1, 8.4.1.2.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::account::organ::OrganPath;
use crate::account::request::RequestState;
use crate::account::request::Rights;
use crate::account::request::Wish;
use crate::base::ids::AccountRequestId;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::json;
use crate::io::store::sql::values;

macro_rules! columns {
    () => {
        "id, state, account, organ, wish, before, approver, asked_by, asking_organ, asked_at_us, reason_sealed,
         decided_by, decided_at_us, answer_sealed"
    };
}

const ONE: &str = concat!("SELECT ", columns!(), " FROM account_request WHERE id = $1");

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRequestRow {
    /// Which.
    pub id: AccountRequestId,
    /// Where it stands.
    pub state: RequestState,
    /// Whose account.
    pub account: UserId,
    /// The organ it is for.
    pub organ: OrganPath,
    /// What is asked.
    pub wish: Wish,
    /// The account's rights when it was asked; none for a new one.
    pub before: Option<Rights>,
    /// The organ that decides; none when it took effect at once.
    pub approver: Option<OrganId>,
    /// Who asked.
    pub asked_by: UserId,
    /// The organ that asked.
    pub asking_organ: OrganPath,
    /// When.
    pub asked_at: WallTime,
    /// Why, sealed.
    pub reason: Sealed,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<WallTime>,
    /// What was said to it, sealed.
    pub answer: Option<Sealed>,
}

/// Which requests are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountRequestFilter {
    /// For organs at or below this one, or asked by one of them; none does not narrow.
    pub below: Option<OrganPath>,
    /// In this state.
    pub state: Option<RequestState>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

fn read(cells: &mut Cells) -> Result<AccountRequestRow, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("a request without its {what}"));
    Ok(AccountRequestRow {
        id: cells.id()?,
        state: sql::decode_code(&cells.text()?)?,
        account: cells.id()?,
        organ: cells.id()?,
        wish: cells.json_or_null()?.ok_or_else(|| corrupt("wish"))?,
        before: cells.json_or_null()?,
        approver: cells.id_or_null()?,
        asked_by: cells.id()?,
        asking_organ: cells.id()?,
        asked_at: cells.instant()?,
        reason: cells.json_or_null()?.ok_or_else(|| corrupt("reason"))?,
        decided_by: cells.id_or_null()?,
        decided_at: cells.instant_or_null()?,
        answer: cells.json_or_null()?,
    })
}

impl Store {
    /// Reads one request.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_request(
        &self,
        id: AccountRequestId,
    ) -> Result<Option<AccountRequestRow>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![id.to_string()], read)
            .await?
            .pop())
    }

    /// Lists requests, newest first, with where the page ended when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_requests(
        &self,
        filter: &AccountRequestFilter,
    ) -> Result<(Vec<AccountRequestRow>, Option<Cursor>), StoreError> {
        let mut sql = concat!("SELECT ", columns!(), " FROM account_request WHERE 1 = 1").to_owned();
        let mut values: Vec<Value<'_>> = Vec::new();
        let mut place = |value: Value<'static>| {
            values.push(value);
            format!("${}", values.len())
        };
        if let Some(below) = &filter.below {
            let (own, under) = (
                place(below.to_string().into()),
                place(format!("{below}/%").into()),
            );
            let _ = write!(
                sql,
                " AND (organ = {own} OR organ LIKE {under} OR asking_organ = {own} OR asking_organ LIKE {under})"
            );
        }
        if let Some(state) = filter.state {
            let _ = write!(sql, " AND state = {}", place(state.code().into()));
        }
        if let Some(after) = &filter.after {
            let (at, id) = (place(after.at.into()), place(after.id.clone().into()));
            let _ = write!(
                sql,
                " AND (asked_at_us < {at} OR (asked_at_us = {at} AND id < {id}))"
            );
        }
        let limit = filter.limit.clamp(1, PAGE_ROWS_MAX);
        let rows = place(i64::from(limit).into());
        let _ = write!(sql, " ORDER BY asked_at_us DESC, id DESC LIMIT {rows}");
        let rows = sql::read(self.database(), AssertSqlSafe(sql), values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.asked_at,
            id: row.id.to_string(),
        });
        Ok((rows, end))
    }
}

impl Tx {
    /// Keeps a request.
    ///
    /// # Errors
    /// [`StoreError::Exists`] while another of the account waits; [`StoreError::Database`].
    pub async fn insert_account_request(&mut self, row: &AccountRequestRow) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "INSERT INTO account_request (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING"
        );
        let values = values![
            row.id.to_string(),
            row.state.code(),
            row.account.as_str(),
            row.organ.to_string(),
            json(&row.wish),
            row.before.as_ref().map(json),
            row.approver.as_ref().map(OrganId::as_str),
            row.asked_by.as_str(),
            row.asking_organ.to_string(),
            row.asked_at,
            json(&row.reason),
            row.decided_by.as_ref().map(UserId::as_str),
            row.decided_at,
            row.answer.as_ref().map(json),
        ];
        match self.execute(SQL, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Exists(row.account.to_string())),
        }
    }

    /// How many requests of an organ wait.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_requests_open(&mut self, asking: &OrganPath) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM account_request WHERE asking_organ = $1 AND state = 'open'";
        let found = self.rows(SQL, values![asking.to_string()], Cells::count).await?;
        Ok(found.into_iter().next().unwrap_or(0))
    }

    /// Writes a decision. Returns whether the request still waited for it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn decide_account_request(&mut self, row: &AccountRequestRow) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE account_request SET state = $2, decided_by = $3, decided_at_us = $4,
            answer_sealed = $5 WHERE id = $1 AND state = 'open'";
        let values = values![
            row.id.to_string(),
            row.state.code(),
            row.decided_by.as_ref().map(UserId::as_str),
            row.decided_at,
            row.answer.as_ref().map(json),
        ];
        Ok(self.execute(SQL, values).await? == 1)
    }
}
