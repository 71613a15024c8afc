//! Call records with their segments and offers: written by the projector, listed newest first for people.
//!
//! **Invariants.** One row per interaction; written whole whenever its record changed; `version` counts the writes.
//! **Not here.** How facts become a record (`report::cdr`).

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::ids::TicketId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::call::Outcome;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::code;
use crate::io::store::sql::json;
use crate::io::store::sql::values;
use crate::report::cdr::CallRecord;
use crate::report::cdr::Notice;
use crate::report::cdr::OfferRecord;
use crate::report::cdr::Refusal;
use crate::report::cdr::Segment;
use crate::report::cdr::SegmentKind;

/// Where a page of a list ended: the next begins after this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The instant the list is ordered by.
    pub at: WallTime,
    /// The row's id.
    pub id: String,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.as_micros(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = crate::base::ids::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('.').ok_or(crate::base::ids::IdError::Uuid)?;
        let at = at.parse().map_err(|_| crate::base::ids::IdError::Uuid)?;
        // Every list that is paged is keyed by a UUID.
        let id = id.parse::<InteractionId>()?.to_string();
        Ok(Self {
            at: WallTime::from_micros(at),
            id,
        })
    }
}

/// Which calls are listed; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Offered at or after.
    pub from: Option<WallTime>,
    /// Offered before.
    pub to: Option<WallTime>,
    /// Talked with this agent.
    pub agent: Option<AgentId>,
    /// Came to this queue.
    pub queue: Option<QueueId>,
    /// Came to this end.
    pub outcome: Option<Outcome>,
    /// Keyed tag of the caller's number.
    pub caller_tag: Option<String>,
    /// Keyed tag of its last four digits.
    pub last4_tag: Option<String>,
    /// Answered calls to us that became this, as things stand at an instant.
    pub became: Option<(Became, Cutoff)>,
    /// Only those that are over, or only those that are not.
    pub ended: Option<bool>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

/// What became of an answered call: the end of its first order (`answered`, `not_accepted`, `invalid` …), `order` for one
/// that went on, `undisposed` for a draft or nothing, `pending` while the agent may still write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Became(pub String);

impl Became {
    /// Nothing, though there was time.
    pub fn undisposed() -> Self {
        Self("undisposed".to_owned())
    }
}

/// Calls whose work after the call ended later than this may still become something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoff(pub WallTime);

/// A call in a list: the record without segments and offers, and its work order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// The record.
    pub record: CallRecord,
    /// The order opened for it, by id and number.
    pub ticket: Option<(TicketId, String)>,
}

/// The columns of a record, in the order of [`read_line`].
macro_rules! columns {
    () => {
        "i.id, i.trunk, i.line, i.flow, i.caller_sealed, i.offered_at_us, i.answered_at_us, i.queued_at_us,
         i.agent_answered_at_us, i.ended_at_us, i.queue, i.agent, i.outcome, i.ended_by, i.status, i.refusal, i.q850,
         i.recording, i.notice_prompt, i.notice_whole, i.notice_played_ms, i.choices,
         i.wait_ms, i.talk_ms, i.hold_ms, i.wrapup_ms, i.direction, i.purpose, t.id, t.number
         FROM interaction i LEFT JOIN ticket t ON t.interaction = i.id AND t.matter = 1"
    };
}

/// What became of an answered call, with the cutoff's placeholder.
macro_rules! became {
    ($cutoff:literal) => {
        concat!(
            "CASE WHEN t.id IS NOT NULL AND t.state NOT IN ('intake', 'draft') THEN COALESCE(t.ending, 'order')
             WHEN i.ended_at_us IS NULL OR i.ended_at_us + i.wrapup_ms * 1000 > CAST(",
            $cutoff,
            " AS BIGINT) THEN 'pending' ELSE 'undisposed' END"
        )
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE i.offered_at_us >= $1 AND i.offered_at_us < $2
      AND (CAST($3 AS TEXT) IS NULL OR i.agent = $3)
      AND (CAST($4 AS TEXT) IS NULL OR i.queue = $4)
      AND (CAST($5 AS TEXT) IS NULL OR i.outcome = $5)
      AND (CAST($6 AS TEXT) IS NULL OR i.caller_tag = $6)
      AND (CAST($7 AS TEXT) IS NULL OR i.caller_last4_tag = $7)
      AND (CAST($8 AS BIGINT) IS NULL OR (CASE WHEN i.ended_at_us IS NULL THEN 0 ELSE 1 END) = $8)
      AND (CAST($11 AS TEXT) IS NULL OR (i.direction = 'inbound' AND i.agent_answered_at_us IS NOT NULL AND ",
    became!("$12"),
    " = $11))
      AND (i.offered_at_us < $9 OR (i.offered_at_us = $9 AND i.id < $10))
      ORDER BY i.offered_at_us DESC, i.id DESC LIMIT $13"
);
const BY_CALLER: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE i.caller_tag = $1 ORDER BY i.offered_at_us DESC, i.id DESC LIMIT $2"
);
const ONE: &str = concat!("SELECT ", columns!(), " WHERE i.id = $1");

impl Store {
    /// Lists calls, newest first, with where the page ended when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn calls(&self, filter: &CallFilter) -> Result<(Vec<CallLine>, Option<Cursor>), StoreError> {
        let limit = filter.limit.clamp(1, PAGE_ROWS_MAX);
        let (at, id) = match &filter.after {
            Some(cursor) => (cursor.at.as_micros(), cursor.id.as_str()),
            None => (i64::MAX, ""),
        };
        let values = values![
            filter.from.map_or(i64::MIN, WallTime::as_micros),
            filter.to.map_or(i64::MAX, WallTime::as_micros),
            filter.agent.as_ref().map(AgentId::as_str),
            filter.queue.as_ref().map(QueueId::as_str),
            filter.outcome.as_ref().map(code),
            filter.caller_tag.as_deref(),
            filter.last4_tag.as_deref(),
            filter.ended.map(i64::from),
            at,
            id,
            filter.became.as_ref().map(|(became, _)| became.0.as_str()),
            filter
                .became
                .as_ref()
                .map_or(i64::MAX, |(_, cutoff)| cutoff.0.as_micros()),
            i64::from(limit),
        ];
        let lines = sql::read(self.database(), LIST, values, read_line).await?;
        let full = u32::try_from(lines.len()).is_ok_and(|rows| rows == limit);
        let end = lines.last().filter(|_| full).map(|line| Cursor {
            at: line.record.offered_at,
            id: line.record.interaction.to_string(),
        });
        Ok((lines, end))
    }

    /// Counts what became of the answered calls to us that came in `[from, to)`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn dispositions(
        &self,
        (from, to): (WallTime, WallTime),
        cutoff: Cutoff,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        const SQL: &str = concat!(
            "SELECT b.became, COUNT(*) FROM (SELECT ",
            became!("$3"),
            " AS became FROM interaction i LEFT JOIN ticket t ON t.interaction = i.id AND t.matter = 1
             WHERE i.offered_at_us >= $1 AND i.offered_at_us < $2 AND i.direction = 'inbound'
             AND i.agent_answered_at_us IS NOT NULL) b GROUP BY b.became ORDER BY b.became"
        );
        let values = values![from, to, cutoff.0];
        let rows = sql::read(self.database(), SQL, values, |cells| {
            Ok((cells.text()?, cells.count()?))
        });
        Ok(rows.await?.into_iter().collect())
    }

    /// When the first call came that is on record.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn first_call_at(&self) -> Result<Option<WallTime>, StoreError> {
        const SQL: &str = "SELECT offered_at_us FROM interaction ORDER BY offered_at_us LIMIT 1";
        Ok(sql::read(self.database(), SQL, [], sql::Cells::instant)
            .await?
            .pop())
    }

    /// The last civil day that was closed, as `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_day_closed(&self) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT day FROM day_close ORDER BY day DESC LIMIT 1";
        Ok(sql::read(self.database(), SQL, [], sql::Cells::text).await?.pop())
    }

    /// When a day was closed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn day_closed_at(&self, day: &str) -> Result<Option<WallTime>, StoreError> {
        const SQL: &str = "SELECT closed_at_us FROM day_close WHERE day = $1";
        Ok(sql::read(self.database(), SQL, values![day], sql::Cells::instant)
            .await?
            .pop())
    }

    /// Lists the latest calls of a number by its keyed tag.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn calls_of_caller(&self, caller_tag: &str, limit: u32) -> Result<Vec<CallLine>, StoreError> {
        let values = values![caller_tag, i64::from(limit.clamp(1, PAGE_ROWS_MAX))];
        sql::read(self.database(), BY_CALLER, values, read_line).await
    }

    /// Reads one call whole, with segments and offers.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn call(&self, interaction: InteractionId) -> Result<Option<CallLine>, StoreError> {
        const SEGMENTS: &str = "SELECT kind, from_us, to_us, lasted_ms, queue, agent
            FROM segment WHERE interaction = $1 ORDER BY no";
        const OFFERS: &str = "SELECT id, agent, queue, offered_at_us, outcome, lasted_ms
            FROM offer WHERE interaction = $1 ORDER BY offered_at_us, id";
        let id = interaction.to_string();
        let Some(mut line) = sql::read(self.database(), ONE, values![&id], read_line)
            .await?
            .pop()
        else {
            return Ok(None);
        };
        line.record.segments = sql::read(self.database(), SEGMENTS, values![&id], read_segment).await?;
        line.record.offers = sql::read(self.database(), OFFERS, values![&id], read_offer).await?;
        Ok(Some(line))
    }

    /// The interactions of `node` that have no end yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_interactions(&self, node: &str) -> Result<Vec<InteractionId>, StoreError> {
        const SQL: &str = "SELECT id FROM interaction WHERE node = $1 AND ended_at_us IS NULL ORDER BY id";
        sql::read(self.database(), SQL, values![node], sql::Cells::id).await
    }
}

fn read_line(cells: &mut Cells) -> Result<CallLine, StoreError> {
    let interaction = cells.id()?;
    let mut record = CallRecord::empty(interaction, WallTime::default());
    record.trunk = cells.id_or_null()?;
    record.line = cells.id_or_null()?;
    record.flow = cells.id_or_null()?;
    record.caller = cells.json_or_null()?;
    record.offered_at = cells.instant()?;
    record.answered_at = cells.instant_or_null()?;
    record.queued_at = cells.instant_or_null()?;
    record.agent_answered_at = cells.instant_or_null()?;
    record.ended_at = cells.instant_or_null()?;
    record.queue = cells.id_or_null()?;
    record.agent = cells.id_or_null()?;
    record.outcome = cells.code_or_null()?;
    record.ended_by = cells.code_or_null()?;
    record.status = cells.int_or_null()?.and_then(|status| u16::try_from(status).ok());
    let reason = cells.code_or_null()?;
    let q850 = cells.int_or_null()?.and_then(|cause| u8::try_from(cause).ok());
    record.refusal = reason.map(|reason| Refusal { reason, q850 });
    record.recording = cells.id_or_null()?;
    let prompt = cells.id_or_null()?;
    let whole = cells.int_or_null()?;
    let played_ms = cells
        .int_or_null()?
        .and_then(|played| u64::try_from(played).ok())
        .unwrap_or(0);
    record.notice = prompt.map(|prompt| Notice {
        prompt,
        whole: whole == Some(1),
        played_ms,
    });
    record.choices = cells.json_or_null()?.unwrap_or_default();
    record.wait_ms = cells.count()?;
    record.talk_ms = cells.count()?;
    record.hold_ms = cells.count()?;
    record.wrapup_ms = cells.count()?;
    record.direction = cells.code_or_null()?.unwrap_or_default();
    record.purpose = cells.code_or_null()?;
    let (ticket, number) = (cells.id_or_null()?, cells.text_or_null()?);
    Ok(CallLine {
        record,
        ticket: ticket.zip(number),
    })
}

fn read_segment(cells: &mut Cells) -> Result<Segment, StoreError> {
    let kind = cells.text()?;
    Ok(Segment {
        kind: SegmentKind::parse(&kind).ok_or_else(|| StoreError::Corrupt(format!("segment kind {kind}")))?,
        from: cells.instant()?,
        to: cells.instant()?,
        lasted_ms: cells.count()?,
        queue: cells.id_or_null()?,
        agent: cells.id_or_null()?,
    })
}

fn read_offer(cells: &mut Cells) -> Result<OfferRecord, StoreError> {
    Ok(OfferRecord {
        offer: cells.id()?,
        agent: cells.id()?,
        queue: cells.id_or_null()?,
        offered_at: cells.instant()?,
        outcome: cells.code_or_null()?,
        lasted_ms: cells.count()?,
    })
}

/// What of a record is to be written.
#[derive(Clone, Copy, Debug)]
pub struct CallChange<'a> {
    /// The record as it is now.
    pub record: &'a CallRecord,
    /// Segments before this one are written already.
    pub segments_from: usize,
    /// Offers before this one are written and closed already.
    pub offers_from: usize,
}

impl Tx {
    /// Notes that a day is closed; false when somebody has.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn close_day(
        &mut self,
        day: &str,
        at: WallTime,
        sums: &BTreeMap<String, u64>,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "INSERT INTO day_close (day, closed_at_us, answered, undisposed, sums)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (day) DO NOTHING";
        let answered: u64 = sums.values().sum();
        let undisposed = sums.get("undisposed").copied().unwrap_or(0);
        let values = values![day, at, answered, undisposed, json(sums)];
        Ok(self.execute(SQL, values).await? == 1)
    }

    /// Writes changed records of `node`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_calls(&mut self, node: &str, changes: &[CallChange<'_>]) -> Result<(), StoreError> {
        const HEAD: &str = "INSERT INTO interaction (id, node, trunk, line, flow, caller_sealed, caller_tag,
            caller_last4_tag, offered_at_us, answered_at_us, queued_at_us, agent_answered_at_us, ended_at_us, queue,
            agent, outcome, ended_by, status, refusal, q850, recording, notice_prompt, notice_whole,
            notice_played_ms, choices, wait_ms, talk_ms, hold_ms, wrapup_ms, direction, purpose,
            version)";
        const TAIL: &str = "ON CONFLICT (id) DO UPDATE SET trunk = excluded.trunk, line = excluded.line,
            flow = excluded.flow, caller_sealed = excluded.caller_sealed, caller_tag = excluded.caller_tag,
            caller_last4_tag = excluded.caller_last4_tag, answered_at_us = excluded.answered_at_us,
            queued_at_us = excluded.queued_at_us, agent_answered_at_us = excluded.agent_answered_at_us,
            ended_at_us = excluded.ended_at_us, queue = excluded.queue, agent = excluded.agent,
            outcome = excluded.outcome, ended_by = excluded.ended_by, status = excluded.status,
            refusal = excluded.refusal, q850 = excluded.q850, recording = excluded.recording,
            notice_prompt = excluded.notice_prompt, notice_whole = excluded.notice_whole,
            notice_played_ms = excluded.notice_played_ms, choices = excluded.choices, wait_ms = excluded.wait_ms,
            talk_ms = excluded.talk_ms, hold_ms = excluded.hold_ms, wrapup_ms = excluded.wrapup_ms,
            direction = excluded.direction, purpose = excluded.purpose, version = interaction.version + 1";
        let mut rows = Vec::with_capacity(changes.len() * 32);
        for CallChange { record, .. } in changes {
            push_record(&mut rows, node, record);
        }
        self.insert_many(HEAD, TAIL, 32, rows).await?;
        self.put_segments(changes).await?;
        self.put_offers(changes).await
    }

    async fn put_segments(&mut self, changes: &[CallChange<'_>]) -> Result<(), StoreError> {
        const HEAD: &str =
            "INSERT INTO segment (interaction, no, kind, from_us, to_us, lasted_ms, queue, agent)";
        const TAIL: &str = "ON CONFLICT (interaction, no) DO NOTHING";
        let mut rows = Vec::new();
        for CallChange {
            record,
            segments_from,
            ..
        } in changes
        {
            for (no, segment) in record.segments.iter().enumerate().skip(*segments_from) {
                rows.extend(values![
                    record.interaction.to_string(),
                    i64::try_from(no).unwrap_or(i64::MAX),
                    segment.kind.code(),
                    segment.from,
                    segment.to,
                    segment.lasted_ms,
                    segment.queue.as_ref().map(QueueId::as_str),
                    segment.agent.as_ref().map(AgentId::as_str),
                ]);
            }
        }
        self.insert_many(HEAD, TAIL, 8, rows).await.map(|_| ())
    }

    async fn put_offers(&mut self, changes: &[CallChange<'_>]) -> Result<(), StoreError> {
        const HEAD: &str =
            "INSERT INTO offer (id, interaction, agent, queue, offered_at_us, outcome, lasted_ms)";
        const TAIL: &str = "ON CONFLICT (id) DO UPDATE SET
            outcome = excluded.outcome, lasted_ms = excluded.lasted_ms";
        let mut rows = Vec::new();
        for CallChange {
            record, offers_from, ..
        } in changes
        {
            for offer in record.offers.iter().skip(*offers_from) {
                rows.extend(values![
                    offer.offer.to_string(),
                    record.interaction.to_string(),
                    offer.agent.as_str(),
                    offer.queue.as_ref().map(QueueId::as_str),
                    offer.offered_at,
                    offer.outcome.as_ref().map(code),
                    offer.lasted_ms,
                ]);
            }
        }
        self.insert_many(HEAD, TAIL, 7, rows).await.map(|_| ())
    }

    /// Throws away everything that is folded from facts, to be folded again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clear_calls(&mut self) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM interaction",
            "DELETE FROM segment",
            "DELETE FROM offer",
            "DELETE FROM queue_interval",
            "DELETE FROM recording",
            "DELETE FROM refusal_minute",
        ] {
            self.execute(sql, []).await?;
        }
        Ok(())
    }
}

fn push_record<'a>(rows: &mut Vec<sql::Value<'a>>, node: &'a str, record: &'a CallRecord) {
    let caller = record.caller.as_ref();
    rows.extend(values![
        record.interaction.to_string(),
        node,
        record.trunk.as_ref().map(crate::base::ids::TrunkId::as_str),
        record.line.as_ref().map(crate::base::ids::LineId::as_str),
        record.flow.as_ref().map(crate::base::ids::FlowId::as_str),
        caller.map(json),
        caller.and_then(|caller| caller.number_tag.as_deref()),
        caller.and_then(|caller| caller.last4_tag.as_deref()),
        record.offered_at,
        record.answered_at,
        record.queued_at,
        record.agent_answered_at,
        record.ended_at,
        record.queue.as_ref().map(QueueId::as_str),
        record.agent.as_ref().map(AgentId::as_str),
        record.outcome.as_ref().map(code),
        record.ended_by.as_ref().map(code),
        record.status.map(i64::from),
        record.refusal.as_ref().map(|refusal| code(&refusal.reason)),
        record.refusal.and_then(|refusal| refusal.q850).map(i64::from),
        record.recording.map(|recording| recording.to_string()),
        record.notice.as_ref().map(|notice| notice.prompt.as_str()),
        record.notice.as_ref().map(|notice| i64::from(notice.whole)),
        record
            .notice
            .as_ref()
            .map(|notice| i64::try_from(notice.played_ms).unwrap_or(i64::MAX)),
        json(&record.choices),
        record.wait_ms,
        record.talk_ms,
        record.hold_ms,
        record.wrapup_ms,
        code(&record.direction),
        record.purpose.as_ref().map(code),
        1_i64,
    ]);
}
