//! Work orders as rows with a version, and the counter their numbers come from.
//!
//! **Invariants.** A row is written in the transaction that writes its facts; a change names the version it was decided
//! on, and nothing is written when the row has another. Personal values stand only sealed.
//! **Not here.** What a command does (`ticket::decide`); sealing and transactions (`engine::ticket_service`).

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::TicketId;
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
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Draft;
use crate::ticket::model::Place;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

/// An order as its row holds it: the personal fields of `ticket.draft` are empty here and stand in `sealed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// The order without its personal fields.
    pub ticket: Ticket,
    /// Eight digits the citizen asks with.
    pub query_code: String,
    /// The caller, sealed, with the search tag.
    pub caller: Option<Sealed>,
    /// Name, number to call back, content and address, sealed.
    pub sealed: Option<Sealed>,
    /// The key with which the submission was asked for, so that a repetition is recognised.
    pub submit_key: Option<String>,
}

/// Which orders are listed; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// Opened at or after.
    pub from: Option<WallTime>,
    /// Opened before.
    pub to: Option<WallTime>,
    /// Written by this agent.
    pub agent: Option<AgentId>,
    /// In this state.
    pub state: Option<State>,
    /// Keyed tag of the caller's number.
    pub caller_tag: Option<String>,
    /// With exactly this number.
    pub number: Option<String>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

macro_rules! columns {
    () => {
        "id, number, query_code, state, interaction, caller_sealed, line, queue, agent, recording, appellant_kind,
         appeal_type, category, category_version, urgency, place, region, draft_sealed, submit_key, version,
         created_at_us, updated_at_us, submitted_at_us"
    };
}

const ONE: &str = concat!("SELECT ", columns!(), " FROM ticket WHERE id = $1");
const OF_INTERACTION: &str = concat!("SELECT ", columns!(), " FROM ticket WHERE interaction = $1");
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM ticket WHERE created_at_us >= $1 AND created_at_us < $2
      AND (CAST($3 AS TEXT) IS NULL OR agent = $3)
      AND (CAST($4 AS TEXT) IS NULL OR state = $4)
      AND (CAST($5 AS TEXT) IS NULL OR caller_tag = $5)
      AND (CAST($6 AS TEXT) IS NULL OR number = $6)
      AND (created_at_us < $7 OR (created_at_us = $7 AND id < $8))
      ORDER BY created_at_us DESC, id DESC LIMIT $9"
);

fn read_code<T>(cells: &mut Cells, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
    let Some(code) = cells.text_or_null()? else {
        return Ok(None);
    };
    parse(&code)
        .map(Some)
        .ok_or_else(|| StoreError::Corrupt(format!("a work order's code {code}")))
}

fn read(cells: &mut Cells) -> Result<TicketRow, StoreError> {
    let (id, number, query_code) = (cells.id()?, cells.text()?, cells.text()?);
    let state =
        read_code(cells, State::parse)?.ok_or_else(|| StoreError::Corrupt("an order's state".into()))?;
    let interaction = cells.id()?;
    let caller = cells.json_or_null()?;
    let (line, queue, agent, recording) =
        (cells.id_or_null()?, cells.id()?, cells.id()?, cells.id_or_null()?);
    let mut draft = Draft {
        appellant_kind: read_code(cells, AppellantKind::parse)?,
        appeal_type: read_code(cells, AppealType::parse)?,
        category: cells.text_or_null()?.unwrap_or_default(),
        category_version: cells.int()?,
        urgency: read_code(cells, Urgency::parse)?,
        ..Draft::default()
    };
    let (place, region) = (cells.text_or_null()?, cells.text_or_null()?);
    draft.place = match place.as_deref() {
        Some("none") => Place::None,
        Some("at") => Place::At {
            region: region.unwrap_or_default(),
            address: String::new(),
        },
        _ => Place::Unset,
    };
    let (sealed, submit_key, version) = (cells.json_or_null()?, cells.text_or_null()?, cells.int()?);
    let ticket = Ticket {
        id,
        number,
        state,
        interaction,
        line,
        queue,
        agent,
        recording,
        draft,
        version,
        created_at: cells.instant()?,
        updated_at: cells.instant()?,
        submitted_at: cells.instant_or_null()?,
    };
    Ok(TicketRow {
        ticket,
        query_code,
        caller,
        sealed,
        submit_key,
    })
}

impl Store {
    /// Reads one order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket(&self, id: TicketId) -> Result<Option<TicketRow>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![id.to_string()], read)
            .await?
            .pop())
    }

    /// Reads the order that was opened by a call.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of(&self, interaction: InteractionId) -> Result<Option<TicketRow>, StoreError> {
        Ok(sql::read(
            self.database(),
            OF_INTERACTION,
            values![interaction.to_string()],
            read,
        )
        .await?
        .pop())
    }

    /// Lists orders, newest first, with where the page ended when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
    ) -> Result<(Vec<TicketRow>, Option<Cursor>), StoreError> {
        let limit = filter.limit.clamp(1, PAGE_ROWS_MAX);
        let values = values![
            filter.from.map_or(i64::MIN, WallTime::as_micros),
            filter.to.map_or(i64::MAX, WallTime::as_micros),
            filter.agent.as_ref().map(AgentId::as_str),
            filter.state.map(State::code),
            filter.caller_tag.as_deref(),
            filter.number.as_deref(),
            filter
                .after
                .as_ref()
                .map_or(i64::MAX, |cursor| cursor.at.as_micros()),
            filter.after.as_ref().map_or("", |cursor| cursor.id.as_str()),
            i64::from(limit),
        ];
        let rows = sql::read(self.database(), LIST, values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let last = rows.last().filter(|_| full);
        let end = last.map(|row| Cursor {
            at: row.ticket.created_at,
            id: row.ticket.id.to_string(),
        });
        Ok((rows, end))
    }
}

impl Tx {
    /// Takes the next `count` order numbers of a day (`YYYYMMDD`): the day and six digits each.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] after 999 999 orders of one day; [`StoreError::Database`].
    pub async fn next_order_numbers(&mut self, day: &str, count: usize) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "INSERT INTO ticket_counter (day, last) VALUES ($1, $2)
            ON CONFLICT (day) DO UPDATE SET last = ticket_counter.last + excluded.last RETURNING last";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(Vec::new());
        }
        let last = self
            .rows(SQL, values![day, count], Cells::int)
            .await?
            .pop()
            .unwrap_or(0);
        if !(count..=999_999).contains(&last) {
            return Err(StoreError::Corrupt(format!(
                "the order counter of {day} stands at {last}"
            )));
        }
        Ok((last - count + 1..=last)
            .map(|number| format!("{day}{number:06}"))
            .collect())
    }

    /// Which of these calls have an order already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn calls_with_ticket(
        &mut self,
        calls: &[InteractionId],
    ) -> Result<BTreeSet<InteractionId>, StoreError> {
        if calls.is_empty() {
            return Ok(BTreeSet::new());
        }
        let places: Vec<String> = (1..=calls.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT interaction FROM ticket WHERE interaction IN ({})",
            places.join(", ")
        );
        let values = calls.iter().map(|call| Value::from(call.to_string()));
        Ok(self
            .rows(AssertSqlSafe(sql), values, Cells::id)
            .await?
            .into_iter()
            .collect())
    }

    /// Reads an order inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.rows(ONE, values![id.to_string()], read).await?.pop())
    }

    /// Reads the order of a call inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of(&mut self, interaction: InteractionId) -> Result<Option<TicketRow>, StoreError> {
        Ok(self
            .rows(OF_INTERACTION, values![interaction.to_string()], read)
            .await?
            .pop())
    }

    /// Adds orders.
    ///
    /// # Errors
    /// [`StoreError::Database`], as when a call has one already.
    pub async fn insert_tickets(&mut self, rows: &[TicketRow]) -> Result<(), StoreError> {
        const HEAD: &str = concat!("INSERT INTO ticket (caller_tag, ", columns!(), ")");
        let mut values = Vec::with_capacity(rows.len() * 24);
        for row in rows {
            push_row(&mut values, row);
        }
        self.insert_many(HEAD, "", 24, values).await.map(|_| ())
    }

    /// Writes a changed order that was decided on version `expected`.
    ///
    /// # Errors
    /// [`StoreError::Version`] when the row has another version or is gone; [`StoreError::Database`].
    pub async fn update_ticket(&mut self, row: &TicketRow, expected: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE ticket SET state = $3, appellant_kind = $4, appeal_type = $5, category = $6,
            category_version = $7, urgency = $8, place = $9, region = $10, draft_sealed = $11, submit_key = $12,
            version = $13, updated_at_us = $14, submitted_at_us = $15 WHERE id = $1 AND version = $2";
        let ticket = &row.ticket;
        let (place, region) = place_codes(&ticket.draft.place);
        let values = values![
            ticket.id.to_string(),
            expected,
            ticket.state.code(),
            ticket.draft.appellant_kind.map(AppellantKind::code),
            ticket.draft.appeal_type.map(AppealType::code),
            or_null(&ticket.draft.category),
            ticket.draft.category_version,
            ticket.draft.urgency.map(Urgency::code),
            place,
            region,
            row.sealed.as_ref().map(json),
            row.submit_key.as_deref(),
            ticket.version,
            ticket.updated_at,
            ticket.submitted_at,
        ];
        if self.execute(SQL, values).await? == 1 {
            return Ok(());
        }
        let there = self.ticket(ticket.id).await?;
        Err(StoreError::Version {
            actual: there.map_or(0, |row| row.ticket.version),
        })
    }
}

fn place_codes(place: &Place) -> (Option<&str>, Option<&str>) {
    match place {
        Place::Unset => (None, None),
        Place::None => (Some("none"), None),
        Place::At { region, .. } => (Some("at"), Some(region)),
    }
}

fn or_null(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn push_row<'a>(values: &mut Vec<Value<'a>>, row: &'a TicketRow) {
    let ticket = &row.ticket;
    let (place, region) = place_codes(&ticket.draft.place);
    values.extend(values![
        row.caller
            .as_ref()
            .and_then(|caller| caller.number_tag.as_deref()),
        ticket.id.to_string(),
        &ticket.number,
        &row.query_code,
        ticket.state.code(),
        ticket.interaction.to_string(),
        row.caller.as_ref().map(json),
        ticket.line.as_ref().map(LineId::as_str),
        ticket.queue.as_str(),
        ticket.agent.as_str(),
        ticket.recording.map(|recording| recording.to_string()),
        ticket.draft.appellant_kind.map(AppellantKind::code),
        ticket.draft.appeal_type.map(AppealType::code),
        or_null(&ticket.draft.category),
        ticket.draft.category_version,
        ticket.draft.urgency.map(Urgency::code),
        place,
        region,
        row.sealed.as_ref().map(json),
        row.submit_key.as_deref(),
        ticket.version,
        ticket.created_at,
        ticket.updated_at,
        ticket.submitted_at,
    ]);
}
