//! Lists of orders: what narrows them, page by page, newest first.
//!
//! **Invariants.** A confidential order stands in a list only of somebody of its circle, or of one who may see them all.
//! What a filter holds is bound, never written into the statement.
//! **Not here.** Who may list what (`account::permission`, `ticket::sight`); search by words (`engine::search`).

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Value;
use crate::io::store::tickets::row::TicketRow;
use crate::io::store::tickets::row::read;
use crate::io::store::tickets::row::read_columns;
use crate::ticket::model::AppealType;
use crate::ticket::model::Flag;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;

/// Units, states and orders that one filter names at most.
pub const UNITS_MAX: usize = 500;

/// Which orders are listed by their close deadline, of those that are not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadlines {
    /// It lies before this instant and after now: near.
    Between(WallTime, WallTime),
    /// It lies before this instant: overdue.
    Before(WallTime),
}

/// Which orders are listed; what is `None` or empty does not narrow.
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
    /// In one of these states.
    pub states: Vec<State>,
    /// Keyed tag of the caller's number, or of the number to call back.
    pub caller_tag: Option<String>,
    /// Keyed tag of the last four digits of either.
    pub last4_tag: Option<String>,
    /// With exactly this number.
    pub number: Option<String>,
    /// By this channel.
    pub channel: Option<String>,
    /// 诉求类别.
    pub appeal_type: Option<AppealType>,
    /// 事件类型: this code and those below it.
    pub category: Option<String>,
    /// 区域: this code and those below it.
    pub region: Option<String>,
    /// 紧急程度.
    pub urgency: Option<Urgency>,
    /// With this flag.
    pub flag: Option<Flag>,
    /// An enterprise's, or not.
    pub enterprise: Option<bool>,
    /// Handled now by one of these.
    pub handlers: Vec<OrganId>,
    /// In the hands of one of these, in whatever part: the reach of a unit.
    pub organs: Vec<OrganId>,
    /// By their close deadline.
    pub due: Option<Deadlines>,
    /// These orders alone, as a search found them.
    pub ids: Vec<TicketId>,
    /// Who asks: confidential orders are left out but those in whose circle he is; none for the program.
    pub reader: Option<UserId>,
    /// Only confidential ones, or only others.
    pub confidential: Option<bool>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

/// A statement in the making.
struct Query<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Query<'a> {
    /// Adds a condition; each `?` of it takes the next value.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value<'a>>) {
        self.sql.push_str(" AND ");
        let mut parts = condition.split('?');
        self.sql.push_str(parts.next().unwrap_or_default());
        for (value, part) in values.into_iter().zip(parts) {
            self.values.push(value);
            let _ = write!(self.sql, "${}{part}", self.values.len());
        }
    }

    /// Adds `column IN (…)` unless the list is empty.
    fn within(&mut self, before: &str, list: Vec<Value<'a>>, after: &str) {
        if list.is_empty() {
            return;
        }
        let places = vec!["?"; list.len()].join(", ");
        self.and(&format!("{before} IN ({places}){after}"), list);
    }

    fn equal(&mut self, column: &str, value: Option<impl Into<Value<'a>>>) {
        if let Some(value) = value {
            self.and(&format!("{column} = ?"), [value.into()]);
        }
    }

    /// Adds that a code of a tree is this one or below it.
    fn below(&mut self, column: &str, code: Option<&'a str>) {
        if let Some(code) = code {
            self.and(&format!("{column} LIKE ?"), [format!("{code}%").into()]);
        }
    }
}

impl TicketFilter {
    fn query(&self) -> Query<'_> {
        let mut query = Query {
            sql: concat!("SELECT ", read_columns!(), " FROM ticket WHERE 1 = 1").to_owned(),
            values: Vec::new(),
        };
        if let Some(from) = self.from {
            query.and("created_at_us >= ?", [from.into()]);
        }
        if let Some(to) = self.to {
            query.and("created_at_us < ?", [to.into()]);
        }
        query.equal("agent", self.agent.as_ref().map(AgentId::as_str));
        query.equal("state", self.state.map(State::code));
        let states = self.states.iter().take(UNITS_MAX);
        query.within("state", states.map(|it| Value::from(it.code())).collect(), "");
        query.equal("number", self.number.as_deref());
        query.equal("channel", self.channel.as_deref());
        query.equal("appeal_type", self.appeal_type.map(AppealType::code));
        query.equal("urgency", self.urgency.map(Urgency::code));
        query.equal("enterprise", self.enterprise);
        query.below("category", self.category.as_deref());
        query.below("region", self.region.as_deref());
        if let Some(flag) = self.flag {
            query.and("flags LIKE ?", [format!("%,{flag},%").into()]);
        }
        self.whose(&mut query);
        query.equal("confidential", self.confidential);
        self.when(&mut query);
        query
    }

    fn whose<'a>(&'a self, query: &mut Query<'a>) {
        let both = |tag: &'a str| [Value::from(tag), Value::from(tag)];
        if let Some(tag) = &self.caller_tag {
            query.and("(caller_tag = ? OR contact_tag = ?)", both(tag));
        }
        if let Some(tag) = &self.last4_tag {
            query.and("(caller_last4_tag = ? OR contact_last4_tag = ?)", both(tag));
        }
        let list = |organs: &'a [OrganId]| {
            let organs = organs.iter().take(UNITS_MAX);
            organs.map(|organ| Value::from(organ.as_str())).collect()
        };
        query.within("handler", list(&self.handlers), "");
        let of_organ = "id IN (SELECT ticket FROM ticket_unit WHERE organ";
        query.within(of_organ, list(&self.organs), ")");
        let ids = self.ids.iter().take(UNITS_MAX);
        query.within("id", ids.map(|id| Value::from(id.to_string())).collect(), "");
        if let Some(reader) = &self.reader {
            let circle = "(confidential = 0 OR id IN (SELECT ticket FROM ticket_circle WHERE account = ?))";
            query.and(circle, [reader.as_str().into()]);
        }
    }

    fn when<'a>(&'a self, query: &mut Query<'a>) {
        match self.due {
            Some(Deadlines::Between(from, to)) => query.and(
                "closed_at_us IS NULL AND close_deadline_us >= ? AND close_deadline_us < ?",
                [from.into(), to.into()],
            ),
            Some(Deadlines::Before(at)) => {
                query.and("closed_at_us IS NULL AND close_deadline_us < ?", [at.into()]);
            }
            None => (),
        }
        if let Some(after) = &self.after {
            let condition = "(created_at_us < ? OR (created_at_us = ? AND id < ?))";
            query.and(
                condition,
                [after.at.into(), after.at.into(), after.id.as_str().into()],
            );
        }
    }
}

impl Store {
    /// Confidential orders of any of these calls (at most 500), of which they were opened or to which they were linked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn confidential_tickets_of(
        &self,
        calls: &[InteractionId],
    ) -> Result<Vec<TicketRow>, StoreError> {
        const LINKED_MAX: usize = 8;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query {
            sql: concat!("SELECT ", read_columns!(), " FROM ticket WHERE confidential = 1").to_owned(),
            values: Vec::new(),
        };
        let ids: Vec<Value<'_>> = calls
            .iter()
            .take(UNITS_MAX)
            .map(|id| id.to_string().into())
            .collect();
        if calls.len() <= LINKED_MAX {
            // Calls that were linked later stand in the order's body alone; a list looks at the first call only.
            let places = vec!["?"; ids.len()].join(", ");
            let bodies = vec!["body LIKE ?"; ids.len()].join(" OR ");
            let likes = calls.iter().map(|id| Value::from(format!("%{id}%")));
            query.and(
                &format!("(interaction IN ({places}) OR {bodies})"),
                ids.into_iter().chain(likes),
            );
        } else {
            query.within("interaction", ids, "");
        }
        sql::read(self.database(), AssertSqlSafe(query.sql), query.values, read).await
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
        let Query { mut sql, mut values } = filter.query();
        values.push(i64::from(limit).into());
        let _ = write!(
            sql,
            " ORDER BY created_at_us DESC, id DESC LIMIT ${}",
            values.len()
        );
        let rows = sql::read(self.database(), AssertSqlSafe(sql), values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let last = rows.last().filter(|_| full);
        let end = last.map(|row| Cursor {
            at: row.ticket.created_at,
            id: row.ticket.id.to_string(),
        });
        Ok((rows, end))
    }
}
