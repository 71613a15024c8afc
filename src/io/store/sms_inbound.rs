//! What citizens write to us by short message, kept until somebody has dealt with it.
//!
//! **Invariants.** A message stands here before its gateway is told that we have it; the same message again is not kept
//! twice. Sender and text stand only sealed.
//! **Not here.** What it means (`engine::outbox` hands it on).

use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::outbox::NotificationId;
use crate::io::store::outbox::sealed;
use crate::io::store::sql;
use crate::io::store::sql::Tx;
use crate::io::store::sql::json;
use crate::io::store::sql::values;

/// What a citizen wrote to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// Its id, drawn from gateway and gateway id.
    pub id: NotificationId,
    /// The gateway it came by.
    pub gateway: String,
    /// What the gateway calls it.
    pub gateway_id: String,
    /// Sender and text, sealed.
    pub sealed: Sealed,
    /// When it came.
    pub received_at: WallTime,
}

impl Store {
    /// What citizens wrote and nobody has dealt with, oldest first, received before `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn inbound_waiting(&self, before: WallTime, limit: u32) -> Result<Vec<InboundRow>, StoreError> {
        const SQL: &str = "SELECT id, gateway, gateway_id, sealed, received_at_us FROM sms_inbound
            WHERE handled_at_us IS NULL AND received_at_us < $1 ORDER BY received_at_us, id LIMIT $2";
        let limit = i64::from(limit.clamp(1, PAGE_ROWS_MAX));
        sql::read(self.database(), SQL, values![before, limit], |cells| {
            Ok(InboundRow {
                id: cells.id()?,
                gateway: cells.text()?,
                gateway_id: cells.text()?,
                sealed: sealed(cells)?,
                received_at: cells.instant()?,
            })
        })
        .await
    }
}

impl Tx {
    /// Keeps what a citizen wrote. Returns false when it is here already: gateways repeat what we did not confirm.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_inbound(&mut self, row: &InboundRow) -> Result<bool, StoreError> {
        const SQL: &str =
            "INSERT INTO sms_inbound (id, gateway, gateway_id, sealed, sender_tag, received_at_us)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = values![
            row.id.to_string(),
            &row.gateway,
            &row.gateway_id,
            json(&row.sealed),
            row.sealed.number_tag.as_deref(),
            row.received_at,
        ];
        Ok(self.execute(SQL, values).await? == 1)
    }

    /// Takes what a citizen wrote, inside the transaction that deals with it. Returns false when somebody has already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_inbound(&mut self, id: NotificationId, at: WallTime) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE sms_inbound SET handled_at_us = $2 WHERE id = $1 AND handled_at_us IS NULL";
        Ok(self.execute(SQL, values![id.to_string(), at]).await? == 1)
    }
}
