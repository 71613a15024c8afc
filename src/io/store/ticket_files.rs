//! Files of orders as rows: whose, how long, which digest. The bytes stand sealed in the data directory.
//!
//! **Not here.** Bytes (`io::files`); what a file is for (the order's own facts).

use crate::base::ids::FileId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::time::WallTime;
use crate::fact::ticket::FileRef;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

/// A file that was uploaded to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Which.
    pub id: FileId,
    /// Whose.
    pub ticket: TicketId,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// As `image/jpeg`.
    pub media_type: String,
    /// Who brought it.
    pub uploaded_by: UserId,
    /// When.
    pub uploaded_at: WallTime,
}

impl FileRow {
    /// The file as facts name it.
    pub fn reference(&self) -> FileRef {
        FileRef {
            id: self.id.to_string(),
            sha256: self.sha256.clone(),
            bytes: self.bytes,
            media_type: self.media_type.clone(),
        }
    }
}

fn read(cells: &mut Cells) -> Result<FileRow, StoreError> {
    Ok(FileRow {
        id: cells.id()?,
        ticket: cells.id()?,
        sha256: cells.text()?,
        bytes: cells.count()?,
        media_type: cells.text()?,
        uploaded_by: cells.id()?,
        uploaded_at: cells.instant()?,
    })
}

impl Store {
    /// Reads the files of an order, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_files(&self, ticket: TicketId) -> Result<Vec<FileRow>, StoreError> {
        const SQL: &str = "SELECT id, ticket, sha256, bytes, media_type, uploaded_by, uploaded_at_us
            FROM ticket_file WHERE ticket = $1 ORDER BY uploaded_at_us, id";
        sql::read(self.database(), SQL, values![ticket.to_string()], read).await
    }
}

impl Tx {
    /// Adds a file unless the order has `most` already. Returns whether it was added.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_ticket_file(&mut self, row: &FileRow, most: u32) -> Result<bool, StoreError> {
        const COUNT: &str = "SELECT COUNT(*) FROM ticket_file WHERE ticket = $1";
        const SQL: &str = "INSERT INTO ticket_file
            (id, ticket, sha256, bytes, media_type, uploaded_by, uploaded_at_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let there = self
            .rows(COUNT, values![row.ticket.to_string()], Cells::count)
            .await?;
        if u64::from(most) <= there.first().copied().unwrap_or(0) {
            return Ok(false);
        }
        let values = values![
            row.id.to_string(),
            row.ticket.to_string(),
            &row.sha256,
            row.bytes,
            &row.media_type,
            row.uploaded_by.as_str(),
            row.uploaded_at,
        ];
        self.execute(SQL, values).await.map(|_| true)
    }
}
