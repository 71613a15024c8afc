//! Recordings as rows: opened with the answer, closed by the file's own fact.
//!
//! **Invariants.** Paths carry ids only. A closed row never opens again.
//! **Not here.** The files (`io::recording`).

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::recording::RecordingFact;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

/// Where a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    /// Runs, or was never closed.
    Open,
    /// Complete and synced.
    Stored,
    /// Could not be written whole.
    Failed,
}

impl RecordingState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Stored => "stored",
            Self::Failed => "failed",
        }
    }

    fn parse(code: &str) -> Result<Self, StoreError> {
        let found = [Self::Open, Self::Stored, Self::Failed]
            .into_iter()
            .find(|state| state.code() == code);
        found.ok_or_else(|| StoreError::Corrupt(format!("recording state {code}")))
    }
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingRow {
    /// Its id.
    pub id: RecordingId,
    /// The call.
    pub interaction: Option<InteractionId>,
    /// Where it stands.
    pub state: RecordingState,
    /// When it began.
    pub opened_at: WallTime,
    /// When its file was closed.
    pub closed_at: Option<WallTime>,
    /// Its path below the recordings root.
    pub path: Option<String>,
    /// Its length, milliseconds.
    pub duration_ms: Option<u64>,
    /// Its size, bytes.
    pub bytes: Option<u64>,
    /// The last hash of its chain.
    pub digest: Option<String>,
    /// How much is missing, milliseconds.
    pub gap_ms: Option<u64>,
    /// Whether a restart closed it.
    pub recovered: bool,
    /// Why it failed.
    pub error: Option<String>,
}

macro_rules! columns {
    () => {
        "SELECT id, interaction, state, opened_at_us, closed_at_us, path, duration_ms, bytes, digest, gap_ms,
         recovered, error FROM recording"
    };
}

fn read(cells: &mut Cells) -> Result<RecordingRow, StoreError> {
    Ok(RecordingRow {
        id: cells.id()?,
        interaction: cells.id_or_null()?,
        state: RecordingState::parse(&cells.text()?)?,
        opened_at: cells.instant()?,
        closed_at: cells.instant_or_null()?,
        path: cells.text_or_null()?,
        duration_ms: cells.int_or_null()?.and_then(|value| value.try_into().ok()),
        bytes: cells.int_or_null()?.and_then(|value| value.try_into().ok()),
        digest: cells.text_or_null()?,
        gap_ms: cells.int_or_null()?.and_then(|value| value.try_into().ok()),
        recovered: cells.flag()?,
        error: cells.text_or_null()?,
    })
}

impl Store {
    /// Reads one recording.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn recording(&self, id: RecordingId) -> Result<Option<RecordingRow>, StoreError> {
        const SQL: &str = concat!(columns!(), " WHERE id = $1");
        Ok(sql::read(self.database(), SQL, values![id.to_string()], read)
            .await?
            .pop())
    }

    /// Lists recordings, newest first, with where the page ended when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn recordings(
        &self,
        from: Option<WallTime>,
        to: Option<WallTime>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<(Vec<RecordingRow>, Option<Cursor>), StoreError> {
        const SQL: &str = concat!(
            columns!(),
            " WHERE opened_at_us >= $1 AND opened_at_us < $2
              AND (opened_at_us < $3 OR (opened_at_us = $3 AND id < $4))
              ORDER BY opened_at_us DESC, id DESC LIMIT $5"
        );
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let values = values![
            from.map_or(i64::MIN, WallTime::as_micros),
            to.map_or(i64::MAX, WallTime::as_micros),
            after.map_or(i64::MAX, |cursor| cursor.at.as_micros()),
            after.map_or("", |cursor| cursor.id.as_str()),
            i64::from(limit),
        ];
        let rows = sql::read(self.database(), SQL, values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let last = rows.last().filter(|_| full);
        let end = last.map(|row| Cursor {
            at: row.opened_at,
            id: row.id.to_string(),
        });
        Ok((rows, end))
    }

    /// Recordings that were never closed, so that a start can look for their files.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_recordings(&self) -> Result<Vec<RecordingRow>, StoreError> {
        const SQL: &str = concat!(columns!(), " WHERE state = 'open' ORDER BY id");
        sql::read(self.database(), SQL, [], read).await
    }
}

impl RecordingRow {
    /// The row of a recording that begins with its call's answer.
    pub const fn opened(id: RecordingId, interaction: Option<InteractionId>, at: WallTime) -> Self {
        Self {
            id,
            interaction,
            state: RecordingState::Open,
            opened_at: at,
            closed_at: None,
            path: None,
            duration_ms: None,
            bytes: None,
            digest: None,
            gap_ms: None,
            recovered: false,
            error: None,
        }
    }

    /// Writes what the recording's own fact says.
    pub fn close(&mut self, at: WallTime, fact: &RecordingFact) {
        match fact {
            RecordingFact::Stored {
                path,
                duration_ms,
                bytes,
                digest,
                gap_ms,
                recovered,
                ..
            } => {
                self.state = RecordingState::Stored;
                self.closed_at = Some(at);
                self.path = Some(path.clone());
                self.duration_ms = Some(*duration_ms);
                self.bytes = Some(*bytes);
                self.digest = Some(digest.clone());
                self.gap_ms = Some(*gap_ms);
                self.recovered = *recovered;
            }
            RecordingFact::Imported {
                path,
                duration_ms,
                bytes,
                digest,
                ..
            } => {
                self.state = RecordingState::Stored;
                self.closed_at = Some(at);
                self.path = Some(path.clone());
                self.duration_ms = Some(*duration_ms);
                self.bytes = Some(*bytes);
                self.digest = Some(digest.clone());
                self.gap_ms = Some(0);
            }
            RecordingFact::Failed { error, .. } => {
                self.state = RecordingState::Failed;
                self.closed_at = Some(at);
                self.error = Some(error.clone());
            }
            RecordingFact::Read { .. } => (),
        }
    }
}

impl Tx {
    /// Writes rows; what a row says nothing about stays as it is, and a closed one does not open again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_recordings(&mut self, rows: &[RecordingRow]) -> Result<(), StoreError> {
        const HEAD: &str = "INSERT INTO recording (id, interaction, state, opened_at_us, closed_at_us, path,
            duration_ms, bytes, digest, gap_ms, recovered, error)";
        const TAIL: &str = "ON CONFLICT (id) DO UPDATE SET
            interaction = COALESCE(excluded.interaction, recording.interaction),
            state = CASE WHEN excluded.state = 'open' THEN recording.state ELSE excluded.state END,
            opened_at_us = CASE WHEN recording.opened_at_us < excluded.opened_at_us
                THEN recording.opened_at_us ELSE excluded.opened_at_us END,
            closed_at_us = COALESCE(excluded.closed_at_us, recording.closed_at_us),
            path = COALESCE(excluded.path, recording.path),
            duration_ms = COALESCE(excluded.duration_ms, recording.duration_ms),
            bytes = COALESCE(excluded.bytes, recording.bytes),
            digest = COALESCE(excluded.digest, recording.digest),
            gap_ms = COALESCE(excluded.gap_ms, recording.gap_ms),
            recovered = CASE WHEN excluded.state = 'open' THEN recording.recovered ELSE excluded.recovered END,
            error = COALESCE(excluded.error, recording.error)";
        let number = |value: Option<u64>| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
        let values = rows.iter().flat_map(|row| {
            values![
                row.id.to_string(),
                row.interaction.map(|interaction| interaction.to_string()),
                row.state.code(),
                row.opened_at,
                row.closed_at,
                row.path.as_deref(),
                number(row.duration_ms),
                number(row.bytes),
                row.digest.as_deref(),
                number(row.gap_ms),
                row.recovered,
                row.error.as_deref(),
            ]
        });
        let values = values.collect();
        self.insert_many(HEAD, TAIL, 12, values).await.map(|_| ())
    }
}
