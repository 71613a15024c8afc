//! Articles of the knowledge base by version, and requests to bring them up to date.
//!
//! **Invariants.** A row is changed only from the revision its writer had before his eyes. Why an update is asked for
//! stands sealed.
//! **Not here.** What may be written and approved (`ticket::article`); facts (`engine::articles`).

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::base::civil::CivilDate;
use crate::base::ids::ArticleId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UpdateId;
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
use crate::io::store::sql::code;
use crate::io::store::sql::json;
use crate::io::store::sql::values;
use crate::ticket::article::Article;
use crate::ticket::article::ArticleState;

/// Letters of a search in titles at most.
pub const TITLE_QUERY_MAX: usize = 50;

macro_rules! columns {
    () => {
        "id, version, revision, state, title, body, owner, valid_from, valid_until, writer, approver,
         created_at_us, changed_at_us, approved_at_us"
    };
}
macro_rules! update_columns {
    () => {
        "id, article, organ, ticket, reason_sealed, asked_by, asked_at_us, due_us, done_at_us,
         done_version, overdue_at_us"
    };
}

const VERSIONS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM article WHERE id = $1 ORDER BY version DESC"
);
const UPDATE_ONE: &str = concat!("SELECT ", update_columns!(), " FROM article_update WHERE id = $1");

/// A request to bring an article up to date, or to write one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateRow {
    /// Which.
    pub id: UpdateId,
    /// The article; none when there is none yet.
    pub article: Option<ArticleId>,
    /// Who is asked.
    pub organ: OrganId,
    /// The order whose inquiry found no article.
    pub ticket: Option<TicketId>,
    /// Why, sealed.
    pub reason: Sealed,
    /// Who asked.
    pub asked_by: UserId,
    /// When.
    pub asked_at: WallTime,
    /// On time is before this instant.
    pub due: WallTime,
    /// When a version was approved for it.
    pub done_at: Option<WallTime>,
    /// That version.
    pub done_version: Option<i64>,
    /// When its lateness was told.
    pub overdue_at: Option<WallTime>,
}

/// Which articles are listed; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleFilter {
    /// Letters of the title.
    pub title: Option<String>,
    /// Where the newest version stands.
    pub state: Option<ArticleState>,
    /// Only versions an answer of this day may rest on.
    pub valid_on: Option<CivilDate>,
    /// Whose.
    pub owner: Option<OrganId>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

/// Which requests are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateFilter {
    /// Of these organs; empty does not narrow.
    pub organs: Vec<OrganId>,
    /// Only those that are not done.
    pub open: bool,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

fn date(text: &str) -> Result<CivilDate, StoreError> {
    CivilDate::parse(text).map_err(|error| StoreError::Corrupt(format!("{text}: {error}")))
}

fn read(cells: &mut Cells) -> Result<Article, StoreError> {
    Ok(Article {
        id: cells.id()?,
        version: cells.int()?,
        revision: cells.int()?,
        state: sql::decode_code(&cells.text()?)?,
        title: cells.text()?,
        body: cells.text()?,
        owner: cells.id()?,
        valid_from: date(&cells.text()?)?,
        valid_until: cells.text_or_null()?.as_deref().map(date).transpose()?,
        writer: cells.id()?,
        approver: cells.id_or_null()?,
        created_at: cells.instant()?,
        changed_at: cells.instant()?,
        approved_at: cells.instant_or_null()?,
    })
}

fn read_update(cells: &mut Cells) -> Result<UpdateRow, StoreError> {
    Ok(UpdateRow {
        id: cells.id()?,
        article: cells.id_or_null()?,
        organ: cells.id()?,
        ticket: cells.id_or_null()?,
        reason: cells
            .json_or_null()?
            .ok_or_else(|| StoreError::Corrupt("a request without its reason".to_owned()))?,
        asked_by: cells.id()?,
        asked_at: cells.instant()?,
        due: cells.instant()?,
        done_at: cells.instant_or_null()?,
        done_version: cells.int_or_null()?,
        overdue_at: cells.instant_or_null()?,
    })
}

/// A statement in the making: conditions with numbered places.
struct Query<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Query<'a> {
    fn place(&mut self, value: Value<'a>) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// Adds the end of the page before, the order and the limit, newest first by `column`.
    fn page(mut self, column: &str, after: Option<&'a Cursor>, limit: u32) -> (String, Vec<Value<'a>>, u32) {
        if let Some(after) = after {
            let at = self.place(after.at.into());
            let id = self.place(after.id.as_str().into());
            let _ = write!(
                self.sql,
                " AND ({column} < {at} OR ({column} = {at} AND id < {id}))"
            );
        }
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let rows = self.place(i64::from(limit).into());
        let _ = write!(self.sql, " ORDER BY {column} DESC, id DESC LIMIT {rows}");
        (self.sql, self.values, limit)
    }
}

impl Store {
    /// Reads every version of an article, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_versions(&self, id: ArticleId) -> Result<Vec<Article>, StoreError> {
        sql::read(self.database(), VERSIONS, values![id.to_string()], read).await
    }

    /// Reads one version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article(&self, id: ArticleId, version: i64) -> Result<Option<Article>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM article WHERE id = $1 AND version = $2"
        );
        let rows = sql::read(self.database(), SQL, values![id.to_string(), version], read);
        Ok(rows.await?.pop())
    }

    /// Lists articles, those that changed last first: the version valid on a day, or else the newest one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn articles(
        &self,
        filter: &ArticleFilter,
    ) -> Result<(Vec<Article>, Option<Cursor>), StoreError> {
        let mut query = Query {
            sql: concat!("SELECT ", columns!(), " FROM article AS one WHERE 1 = 1").to_owned(),
            values: Vec::new(),
        };
        if let Some(day) = filter.valid_on {
            let day = query.place(day.to_string().into());
            let _ = write!(
                query.sql,
                " AND state = 'approved' AND valid_from <= {day} AND (valid_until IS NULL OR {day} <= valid_until)"
            );
        } else {
            query.sql.push_str(
                " AND version = (SELECT MAX(version) FROM article AS all_of WHERE all_of.id = one.id)",
            );
        }
        if let Some(state) = filter.state {
            let state = query.place(state.code().into());
            let _ = write!(query.sql, " AND state = {state}");
        }
        if let Some(owner) = &filter.owner {
            let owner = query.place(owner.as_str().into());
            let _ = write!(query.sql, " AND owner = {owner}");
        }
        if let Some(title) = &filter.title {
            let letters: String = title.chars().take(TITLE_QUERY_MAX).collect();
            let letters = query.place(format!("%{}%", escaped(&letters)).into());
            let _ = write!(query.sql, " AND title LIKE {letters} ESCAPE '!'");
        }
        let (sql, values, limit) = query.page("changed_at_us", filter.after.as_ref(), filter.limit);
        let rows = sql::read(self.database(), AssertSqlSafe(sql), values, read).await?;
        let end = end_of(&rows, limit, |row| (row.changed_at, row.id.to_string()));
        Ok((rows, end))
    }

    /// Lists requests, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_updates(
        &self,
        filter: &UpdateFilter,
    ) -> Result<(Vec<UpdateRow>, Option<Cursor>), StoreError> {
        let mut query = Query {
            sql: concat!("SELECT ", update_columns!(), " FROM article_update WHERE 1 = 1").to_owned(),
            values: Vec::new(),
        };
        if filter.open {
            query.sql.push_str(" AND done_at_us IS NULL");
        }
        if !filter.organs.is_empty() {
            let mut places = Vec::with_capacity(filter.organs.len());
            for organ in &filter.organs {
                places.push(query.place(organ.as_str().into()));
            }
            let _ = write!(query.sql, " AND organ IN ({})", places.join(", "));
        }
        let (sql, values, limit) = query.page("asked_at_us", filter.after.as_ref(), filter.limit);
        let rows = sql::read(self.database(), AssertSqlSafe(sql), values, read_update).await?;
        let end = end_of(&rows, limit, |row| (row.asked_at, row.id.to_string()));
        Ok((rows, end))
    }

    /// Requests whose limit has passed and whose lateness was not told, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn overdue_article_updates(
        &self,
        now: WallTime,
        limit: u32,
    ) -> Result<Vec<UpdateRow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            update_columns!(),
            " FROM article_update WHERE due_us <= $1 AND done_at_us IS NULL AND overdue_at_us IS NULL
             ORDER BY due_us LIMIT $2"
        );
        sql::read(self.database(), SQL, values![now, i64::from(limit)], read_update).await
    }
}

/// Takes the signs of a LIKE pattern by their letter.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(letter);
    }
    out
}

fn end_of<T>(rows: &[T], limit: u32, place: impl Fn(&T) -> (WallTime, String)) -> Option<Cursor> {
    let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    rows.last().filter(|_| full).map(|row| {
        let (at, id) = place(row);
        Cursor { at, id }
    })
}

impl Tx {
    /// Reads every version of an article inside the transaction, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_versions(&mut self, id: ArticleId) -> Result<Vec<Article>, StoreError> {
        self.rows(VERSIONS, values![id.to_string()], read).await
    }

    /// Writes a version: a new one, or one whose revision is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Version`] when it has another; [`StoreError::Database`].
    pub async fn put_article(&mut self, row: &Article, expected: Option<i64>) -> Result<(), StoreError> {
        const INSERT: &str = concat!(
            "INSERT INTO article (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (id, version) DO NOTHING"
        );
        const UPDATE: &str = concat!(
            "UPDATE article SET (",
            columns!(),
            ") = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             WHERE id = $1 AND version = $2 AND revision = $15"
        );
        let mut values = values![
            row.id.to_string(),
            row.version,
            row.revision,
            code(&row.state),
            &row.title,
            &row.body,
            row.owner.as_str(),
            row.valid_from.to_string(),
            row.valid_until.map(|day| day.to_string()),
            row.writer.as_str(),
            row.approver.as_ref().map(UserId::as_str),
            row.created_at,
            row.changed_at,
            row.approved_at,
        ]
        .to_vec();
        let sql = if let Some(expected) = expected {
            values.push(expected.into());
            UPDATE
        } else {
            INSERT
        };
        if self.execute(sql, values).await? == 1 {
            return Ok(());
        }
        let versions = self.article_versions(row.id).await?;
        let there = versions.iter().find(|it| it.version == row.version);
        Err(StoreError::Version {
            actual: there.map_or(0, |it| it.revision),
        })
    }

    /// Adds a request.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_article_update(&mut self, row: &UpdateRow) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "INSERT INTO article_update (",
            update_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        );
        let values = values![
            row.id.to_string(),
            row.article.map(|id| id.to_string()),
            row.organ.as_str(),
            row.ticket.map(|id| id.to_string()),
            json(&row.reason),
            row.asked_by.as_str(),
            row.asked_at,
            row.due,
            row.done_at,
            row.done_version,
            row.overdue_at,
        ];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Reads a request inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_update(&mut self, id: UpdateId) -> Result<Option<UpdateRow>, StoreError> {
        Ok(self
            .rows(UPDATE_ONE, values![id.to_string()], read_update)
            .await?
            .pop())
    }

    /// Names the article of a request that had none. Returns whether it had none and is open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_update_article(&mut self, id: UpdateId, article: ArticleId) -> Result<bool, StoreError> {
        const SQL: &str =
            "UPDATE article_update SET article = $2 WHERE id = $1 AND article IS NULL AND done_at_us IS NULL";
        Ok(self
            .execute(SQL, values![id.to_string(), article.to_string()])
            .await?
            == 1)
    }

    /// Ends the open requests for an article and gives them as they are then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish_article_updates(
        &mut self,
        article: ArticleId,
        version: i64,
        now: WallTime,
    ) -> Result<Vec<UpdateRow>, StoreError> {
        const SQL: &str = concat!(
            "UPDATE article_update SET done_at_us = $3, done_version = $2 WHERE article = $1 AND done_at_us IS NULL
             RETURNING ",
            update_columns!()
        );
        self.rows(SQL, values![article.to_string(), version, now], read_update)
            .await
    }

    /// Marks that a request's lateness is told. Returns whether it was not yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tell_update_overdue(&mut self, id: UpdateId, now: WallTime) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE article_update SET overdue_at_us = $2
            WHERE id = $1 AND overdue_at_us IS NULL AND done_at_us IS NULL";
        Ok(self.execute(SQL, values![id.to_string(), now]).await? == 1)
    }
}
