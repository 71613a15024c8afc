//! What the program's own user of the database may do with what is only ever added to.
//!
//! **Invariants.** Asking changes nothing. A file of SQLite has no users: who may write it may change it, which only the
//! heads kept outside the database show.
//! **Source.** DB1302/T 604—2025 7.9.3.

use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;

/// The script that makes the two roles.
pub const SCRIPT: &str = include_str!("rights.sql");

/// What the program's user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Its name; empty for a file.
    pub user: String,
    /// What it may do with the journal that it must not: `update`, `delete`, `truncate`, `owner`, `superuser`.
    pub excess: Vec<&'static str>,
}

const SQL: &str = "SELECT CAST(current_user AS TEXT),
    CASE WHEN has_table_privilege('journal', 'UPDATE') OR has_any_column_privilege('journal', 'UPDATE')
        THEN 1::BIGINT ELSE 0::BIGINT END,
    CASE WHEN has_table_privilege('journal', 'DELETE') THEN 1::BIGINT ELSE 0::BIGINT END,
    CASE WHEN has_table_privilege('journal', 'TRUNCATE') THEN 1::BIGINT ELSE 0::BIGINT END,
    CASE WHEN pg_has_role(t.relowner, 'MEMBER') THEN 1::BIGINT ELSE 0::BIGINT END,
    CASE WHEN r.rolsuper THEN 1::BIGINT ELSE 0::BIGINT END
    FROM pg_class t, pg_roles r WHERE t.oid = 'journal'::regclass AND r.rolname = current_user";

impl Store {
    /// What the program's user may do with the journal; none when the database has no users.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rights(&self) -> Result<Option<Rights>, StoreError> {
        if !self.has_users() {
            return Ok(None);
        }
        Ok(sql::read(self.database(), SQL, [], read).await?.pop())
    }
}

fn read(cells: &mut Cells) -> Result<Rights, StoreError> {
    let user = cells.text()?;
    let mut excess = Vec::new();
    for what in ["update", "delete", "truncate", "owner", "superuser"] {
        if cells.flag()? {
            excess.push(what);
        }
    }
    Ok(Rights { user, excess })
}
