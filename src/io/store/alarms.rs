//! Alarms: raised, cleared, taken notice of.
//!
//! **Invariants.** At most one open alarm per (code, object): raising twice is raising once.
//! **Not here.** When an alarm is raised (`engine::alarms`).

use crate::base::ids::AlarmId;
use crate::base::ids::UserId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::system::Severity;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::code;
use crate::io::store::sql::values;

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// Its id.
    pub id: AlarmId,
    /// Its stable code, as `journal-full`.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// What it is about; empty for the program.
    pub object: String,
    /// When it was raised.
    pub raised_at: WallTime,
    /// When its cause was gone.
    pub cleared_at: Option<WallTime>,
    /// When somebody took notice.
    pub acknowledged_at: Option<WallTime>,
    /// Who did.
    pub acknowledged_by: Option<UserId>,
}

macro_rules! columns {
    () => {
        "SELECT id, code, severity, object, raised_at_us, cleared_at_us, acknowledged_at_us, acknowledged_by
         FROM alarm"
    };
}

fn read(cells: &mut Cells) -> Result<AlarmRow, StoreError> {
    Ok(AlarmRow {
        id: cells.id()?,
        code: cells.text()?,
        severity: sql::decode_code(&cells.text()?)?,
        object: cells.text()?,
        raised_at: cells.instant()?,
        cleared_at: cells.instant_or_null()?,
        acknowledged_at: cells.instant_or_null()?,
        acknowledged_by: cells.id_or_null()?,
    })
}

impl Store {
    /// Lists open alarms, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_alarms(&self) -> Result<Vec<AlarmRow>, StoreError> {
        const SQL: &str = concat!(
            columns!(),
            " WHERE cleared_at_us IS NULL ORDER BY raised_at_us, id"
        );
        sql::read(self.database(), SQL, [], read).await
    }

    /// Lists alarms, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn alarms(&self, limit: u32) -> Result<Vec<AlarmRow>, StoreError> {
        const SQL: &str = concat!(columns!(), " ORDER BY raised_at_us DESC, id DESC LIMIT $1");
        let values = values![i64::from(limit.clamp(1, PAGE_ROWS_MAX))];
        sql::read(self.database(), SQL, values, read).await
    }

    /// Reads one alarm.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn alarm(&self, id: AlarmId) -> Result<Option<AlarmRow>, StoreError> {
        const SQL: &str = concat!(columns!(), " WHERE id = $1");
        Ok(sql::read(self.database(), SQL, values![id.to_string()], read)
            .await?
            .pop())
    }
}

impl Tx {
    /// Raises an alarm. Returns false when one with this code and object is open already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn raise_alarm(&mut self, alarm: &AlarmRow) -> Result<bool, StoreError> {
        const SQL: &str =
            "INSERT INTO alarm (id, code, severity, object, raised_at_us) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
        let values = values![
            alarm.id.to_string(),
            &alarm.code,
            code(&alarm.severity),
            &alarm.object,
            alarm.raised_at
        ];
        Ok(self.execute(SQL, values).await? == 1)
    }

    /// Clears the open alarm with this code and object, and returns its id if there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clear_alarm(
        &mut self,
        code: &str,
        object: &str,
        at: WallTime,
    ) -> Result<Option<AlarmId>, StoreError> {
        const SQL: &str = "UPDATE alarm SET cleared_at_us = $3
            WHERE code = $1 AND object = $2 AND cleared_at_us IS NULL RETURNING id";
        Ok(self.rows(SQL, values![code, object, at], Cells::id).await?.pop())
    }

    /// Takes notice of an alarm. Returns false when somebody has already, or there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn acknowledge_alarm(
        &mut self,
        id: AlarmId,
        by: &UserId,
        at: WallTime,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE alarm SET acknowledged_at_us = $2, acknowledged_by = $3
            WHERE id = $1 AND acknowledged_at_us IS NULL";
        Ok(self
            .execute(SQL, values![id.to_string(), at, by.as_str()])
            .await?
            == 1)
    }
}
