//! What becomes of messages while a node sends them: leases, attempts, receipts.
//!
//! **Invariants.** A message is one node's until its lease ends; an attempt after one whose end nobody knows is counted.
//! A receipt may come before its submission is known: it waits. A text of several parts has arrived when all have.
//! **Not here.** The rows and their states (`io::store::outbox`); when an attempt is made (`engine::outbox`).

use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::io::notify::gateway::Receipt;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::OutboxState;
use crate::io::store::StoreError;
use crate::io::store::outbox::NotificationId;
use crate::io::store::outbox::NotificationRow;
use crate::io::store::outbox::outbox_columns;
use crate::io::store::outbox::read;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

/// What a short message has come to when it has arrived. Source: CMPP 3.0 status reports.
const ARRIVED: &str = "DELIVRD";
/// The outbox of a receipt whose submission is not known yet.
const NOBODY: &str = "";

/// What becomes of a message whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Tried again then; the attempt counts.
    Retry(WallTime),
    /// Tried again then; the gateway was not to be had, which is no fault of the message.
    Postpone(WallTime),
    /// Not tried again by itself.
    Dead,
    /// Not to be sent any more: what it says cannot be read.
    Cancel,
}

/// A failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Stable code, as `cmpp-13`.
    pub error: &'a str,
    /// Whether the gateway may have it all the same: its answer never came.
    pub unanswered: bool,
    /// What becomes of it.
    pub after: AfterFailure,
}

impl Tx {
    /// Takes at most `limit` messages of a channel whose time has come, until `until` for `node`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lease_due(
        &mut self,
        channel: Channel,
        now: WallTime,
        (node, until): (&str, WallTime),
        limit: u32,
    ) -> Result<Vec<NotificationRow>, StoreError> {
        // The condition stands twice: who waited for another node's lease looks again before he takes.
        const SQL: &str = concat!(
            "UPDATE outbox SET state = 'leased', attempts = attempts + 1, next_at_us = $3, lease_until_us = $3,
             lease_node = $4, resends = resends + CASE WHEN state = 'leased' THEN 1 ELSE 0 END
             WHERE state IN ('queued', 'leased') AND next_at_us <= $2 AND id IN
             (SELECT id FROM outbox WHERE channel = $1 AND state IN ('queued', 'leased') AND next_at_us <= $2
              ORDER BY next_at_us, id LIMIT $5) RETURNING ",
            outbox_columns!()
        );
        let limit = i64::from(limit.clamp(1, PAGE_ROWS_MAX));
        let mut rows = self
            .rows(SQL, values![channel.code(), now, until, node, limit], read)
            .await?;
        rows.sort_by_key(|row| (row.notification.created_at, row.id));
        Ok(rows)
    }

    /// Notes that a gateway took a message, as one short message or several.
    ///
    /// Returns where the message stands then: receipts may have come before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark_sent(
        &mut self,
        id: NotificationId,
        gateway: &str,
        gateway_ids: &[String],
        at: WallTime,
    ) -> Result<OutboxState, StoreError> {
        // Gateways use their ids again after a year: what an older message came to is not this one's.
        const PART: &str =
            "INSERT INTO outbox_part (gateway, gateway_id, outbox, at_us) VALUES ($1, $2, $3, $4)
            ON CONFLICT (gateway, gateway_id) DO UPDATE SET outbox = excluded.outbox, at_us = excluded.at_us,
            status = CASE WHEN outbox_part.outbox = '' THEN outbox_part.status ELSE NULL END";
        const SQL: &str = "UPDATE outbox SET state = 'sent', gateway = $2, gateway_id = $3, sent_at_us = $4,
            last_error = NULL, lease_until_us = NULL, lease_node = NULL
            WHERE id = $1 AND state IN ('queued', 'leased')";
        let text = id.to_string();
        for gateway_id in gateway_ids {
            self.execute(PART, values![gateway, gateway_id, &text, at])
                .await?;
        }
        let first = gateway_ids.first().map(String::as_str);
        self.execute(SQL, values![&text, gateway, first, at]).await?;
        Ok(self.settle(&text, at).await?.unwrap_or(OutboxState::Sent))
    }

    /// Notes what became of a short message. Returns the message and its state when all of it is known now; none when
    /// nobody sent it (yet), or more is to come.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark_delivered(
        &mut self,
        receipt: &Receipt,
        at: WallTime,
    ) -> Result<Option<(NotificationId, OutboxState)>, StoreError> {
        const PART: &str = "INSERT INTO outbox_part (gateway, gateway_id, outbox, status, at_us)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (gateway, gateway_id) DO UPDATE SET status = excluded.status
            RETURNING outbox";
        let values = values![&receipt.gateway, &receipt.gateway_id, NOBODY, &receipt.status, at];
        let outbox = self.rows(PART, values, Cells::text).await?;
        let Some(outbox) = outbox.into_iter().next().filter(|outbox| outbox != NOBODY) else {
            return Ok(None);
        };
        let Some(state) = self.settle(&outbox, at).await? else {
            return Ok(None);
        };
        let id = outbox
            .parse()
            .map_err(|_| StoreError::Corrupt("a part of no message".to_owned()))?;
        Ok(Some((id, state)))
    }

    /// Gives a message its last state when every part of it is known. Callers hold the part they changed, then the
    /// message: the second of two receipts sees the first.
    async fn settle(&mut self, outbox: &str, at: WallTime) -> Result<Option<OutboxState>, StoreError> {
        const LOCK: &str = "UPDATE outbox SET settled_at_us = settled_at_us WHERE id = $1 AND state = 'sent'";
        const PARTS: &str = "SELECT status FROM outbox_part WHERE outbox = $1 ORDER BY gateway_id";
        const SQL: &str = "UPDATE outbox SET state = $2, settled_at_us = $3, last_error = $4 WHERE id = $1";
        if self.execute(LOCK, values![outbox]).await? == 0 {
            return Ok(None);
        }
        let parts = self.rows(PARTS, values![outbox], Cells::text_or_null).await?;
        let lost = parts.iter().flatten().find(|status| *status != ARRIVED);
        let state = match lost {
            Some(_) => OutboxState::Undelivered,
            None if !parts.is_empty() && parts.iter().all(Option::is_some) => OutboxState::Delivered,
            None => return Ok(None),
        };
        let values = values![outbox, state.code(), at, lost.map(String::as_str)];
        self.execute(SQL, values).await?;
        Ok(Some(state))
    }

    /// Notes that the attempt of `node` failed. Returns false when the message is not that node's any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark_failed(
        &mut self,
        id: NotificationId,
        node: &str,
        failure: &Failure<'_>,
        at: WallTime,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = $3, next_at_us = $4, attempts = attempts - $5,
            resends = resends + $6, last_error = $7, settled_at_us = $8, lease_until_us = NULL, lease_node = NULL
            WHERE id = $1 AND state = 'leased' AND lease_node = $2";
        let (state, next_at, uncounted, settled) = match failure.after {
            AfterFailure::Retry(next_at) => (OutboxState::Queued, next_at, 0, None),
            AfterFailure::Postpone(next_at) => (OutboxState::Queued, next_at, 1, None),
            AfterFailure::Dead => (OutboxState::Dead, at, 0, Some(at)),
            AfterFailure::Cancel => (OutboxState::Cancelled, at, 0, Some(at)),
        };
        // What is given up is not sent again.
        let resent = failure.unanswered && state == OutboxState::Queued;
        let values = values![
            id.to_string(),
            node,
            state.code(),
            next_at,
            i64::from(uncounted),
            resent,
            failure.error,
            settled
        ];
        Ok(self.execute(SQL, values).await? == 1)
    }

    /// Notes that a notice stands on its recipient's screen. Returns false when it is not `node`'s any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark_shown(&mut self, id: NotificationId, at: WallTime) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = 'delivered', gateway = 'desk', sent_at_us = $2,
            settled_at_us = $2, last_error = NULL, lease_until_us = NULL, lease_node = NULL
            WHERE id = $1 AND state IN ('queued', 'leased')";
        Ok(self.execute(SQL, values![id.to_string(), at]).await? == 1)
    }

    /// Forgets parts that were written before `before`: no receipt comes after days. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_parts(&mut self, before: WallTime) -> Result<u64, StoreError> {
        self.execute("DELETE FROM outbox_part WHERE at_us < $1", values![before])
            .await
    }
}
