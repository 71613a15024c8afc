//! The journal in the database: every fact of every node, in order, and how far its readers have come.
//!
//! **Invariants.** Rows are only added; (node, fact_no) is unique, so that copying twice is copying once.
//! **Not here.** The local file that facts are written to first (`io::journal`); folds (`engine::projector`).

use serde::Deserialize;
use sqlx::AssertSqlSafe;

use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::fact::FactNo;
use crate::fact::codec::FIRST_HASH;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;

/// The head of an envelope: what the table has columns for.
#[derive(Debug, Deserialize)]
struct Head {
    fact_no: u64,
    at_us: i64,
    kind: String,
    #[serde(default)]
    interaction: Option<String>,
    #[serde(default)]
    ticket: Option<String>,
    actor: HeadActor,
}

#[derive(Debug, Deserialize)]
struct HeadActor {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
}

/// What the next envelope points back to.
#[derive(Debug, Deserialize)]
struct Tail {
    hash: String,
}

/// Where a node's chain stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The last fact; 0 before the first.
    pub fact_no: FactNo,
    /// Its hash with the algorithm in front; [`FIRST_HASH`] before the first.
    pub hash: String,
}

impl ChainHead {
    /// Before the first fact.
    pub fn first() -> Self {
        Self {
            fact_no: FactNo(0),
            hash: FIRST_HASH.to_owned(),
        }
    }
}

/// Numbered envelopes as the one row of [`numbered`]: a row costs a wake-up of two threads, a line costs nothing. An
/// envelope is one line of JSON.
macro_rules! gathered {
    ($rows:literal) => {
        concat!(
            "SELECT string_agg(CAST(fact_no AS TEXT) || ' ' || envelope, '\n' ORDER BY fact_no) FROM (",
            $rows,
            ") AS facts"
        )
    };
}

/// Reads what `gathered!` put into one row.
fn numbered(rows: &[Option<String>]) -> Result<Vec<(FactNo, String)>, StoreError> {
    let lines = rows.iter().flatten().flat_map(|text| text.lines());
    lines
        .map(|line| {
            let parts = line.split_once(' ');
            let fact = parts.and_then(|(no, envelope)| Some((FactNo(no.parse().ok()?), envelope.to_owned())));
            fact.ok_or_else(|| StoreError::Corrupt("a fact without a number".into()))
        })
        .collect()
}

impl Store {
    /// The last fact of `node` that is in the database; 0 when none is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_fact(&self, node: &str) -> Result<FactNo, StoreError> {
        const SQL: &str = "SELECT COALESCE(MAX(fact_no), 0) FROM journal WHERE node = $1";
        let last = sql::read(self.database(), SQL, values![node], sql::Cells::count).await?;
        Ok(FactNo(last.into_iter().next().unwrap_or(0)))
    }

    /// Reads envelopes of `node` after a fact, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn facts_after(
        &self,
        node: &str,
        after: FactNo,
        limit: u32,
    ) -> Result<Vec<(FactNo, String)>, StoreError> {
        const SQL: &str = gathered!(
            "SELECT fact_no, envelope FROM journal WHERE node = $1 AND fact_no > $2 ORDER BY fact_no LIMIT $3"
        );
        let values = values![node, after.0, i64::from(limit)];
        numbered(&sql::read(self.database(), SQL, values, sql::Cells::text_or_null).await?)
    }

    /// Reads the envelopes of one kind of `node` after a fact, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn facts_of_kind_after(
        &self,
        node: &str,
        after: FactNo,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<(FactNo, String)>, StoreError> {
        const SQL: &str = gathered!(
            "SELECT fact_no, envelope FROM journal
             WHERE node = $1 AND fact_no > $2 AND kind = $3 ORDER BY fact_no LIMIT $4"
        );
        let values = values![node, after.0, kind, i64::from(limit)];
        numbered(&sql::read(self.database(), SQL, values, sql::Cells::text_or_null).await?)
    }

    /// Reads `node`'s envelopes about one interaction, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn facts_of_interaction(
        &self,
        node: &str,
        interaction: InteractionId,
    ) -> Result<Vec<(FactNo, String)>, StoreError> {
        const SQL: &str =
            "SELECT fact_no, envelope FROM journal WHERE interaction = $1 AND node = $2 ORDER BY fact_no";
        let values = values![interaction.to_string(), node];
        sql::read(self.database(), SQL, values, |cells| {
            Ok((FactNo(cells.count()?), cells.text()?))
        })
        .await
    }

    /// Reads how interactions began: their offers and answers, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn beginnings(&self, calls: &[InteractionId]) -> Result<Vec<String>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (1..=calls.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT string_agg(envelope, '\n') FROM journal WHERE interaction IN ({})
             AND kind IN ('call.offered', 'call.answered')",
            places.join(", ")
        );
        let values = calls.iter().map(|call| Value::from(call.to_string()));
        let gathered = sql::read(
            self.database(),
            AssertSqlSafe(sql),
            values,
            sql::Cells::text_or_null,
        )
        .await?;
        let lines = gathered.iter().flatten().flat_map(|text| text.lines());
        Ok(lines.map(ToOwned::to_owned).collect())
    }

    /// Which of these calls were made for a work order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn calls_of_orders(&self, calls: &[InteractionId]) -> Result<Vec<InteractionId>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (1..=calls.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT interaction FROM journal WHERE interaction IN ({}) AND kind = 'call.offered' AND ticket IS NOT NULL",
            places.join(", ")
        );
        let values = calls.iter().map(|call| Value::from(call.to_string()));
        let found = sql::read(self.database(), AssertSqlSafe(sql), values, sql::Cells::text).await?;
        let found: std::collections::BTreeSet<String> = found.into_iter().collect();
        let made = calls.iter().filter(|call| found.contains(&call.to_string()));
        Ok(made.copied().collect())
    }

    /// Reads the envelopes about one work order, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn facts_of_ticket(&self, ticket: TicketId) -> Result<Vec<(FactNo, String)>, StoreError> {
        const SQL: &str = "SELECT fact_no, envelope FROM journal WHERE ticket = $1 ORDER BY node, fact_no";
        let values = values![ticket.to_string()];
        sql::read(self.database(), SQL, values, |cells| {
            Ok((FactNo(cells.count()?), cells.text()?))
        })
        .await
    }

    /// How far a reader of `node`'s facts has come.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn checkpoint(&self, name: &str, node: &str) -> Result<FactNo, StoreError> {
        const SQL: &str = "SELECT fact_no FROM checkpoint WHERE name = $1 AND node = $2";
        let found = sql::read(self.database(), SQL, values![name, node], sql::Cells::count).await?;
        Ok(FactNo(found.into_iter().next().unwrap_or(0)))
    }

    /// Every node that has facts here.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn nodes(&self) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT DISTINCT node FROM journal ORDER BY node";
        sql::read(self.database(), SQL, [], sql::Cells::text).await
    }

    /// The last fact of `node` and its hash; 0 and [`FIRST_HASH`] before the first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_hash(&self, node: &str) -> Result<ChainHead, StoreError> {
        const SQL: &str =
            "SELECT fact_no, envelope FROM journal WHERE node = $1 ORDER BY fact_no DESC LIMIT 1";
        let last = sql::read(self.database(), SQL, values![node], |cells| {
            Ok((cells.count()?, cells.text()?))
        });
        let Some((fact_no, envelope)) = last.await?.pop() else {
            return Ok(ChainHead::first());
        };
        let tail: Tail = serde_json::from_str(&envelope)
            .map_err(|error| StoreError::Corrupt(format!("an envelope of {node}: {error}")))?;
        Ok(ChainHead {
            fact_no: FactNo(fact_no),
            hash: tail.hash,
        })
    }

    /// Where a node's chain in the database stands.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn chain_head(&self, node: &str) -> Result<ChainHead, StoreError> {
        const SQL: &str = "SELECT fact_no, hash FROM chain_head WHERE node = $1";
        let found = sql::read(self.database(), SQL, values![node], read_head).await?;
        Ok(found.into_iter().next().unwrap_or_else(ChainHead::first))
    }
}

fn read_head(cells: &mut sql::Cells) -> Result<ChainHead, StoreError> {
    Ok(ChainHead {
        fact_no: FactNo(cells.count()?),
        hash: cells.text()?,
    })
}

impl Tx {
    /// Adds envelopes of `node`; those that are there already are left alone. Returns how many were new.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that is no envelope; [`StoreError::Database`].
    pub async fn append_journal<'a>(
        &mut self,
        node: &str,
        envelopes: impl IntoIterator<Item = &'a str>,
    ) -> Result<u64, StoreError> {
        const HEAD: &str = "INSERT INTO journal
            (node, fact_no, at_us, kind, interaction, ticket, actor_type, actor_id, envelope)";
        const TAIL: &str = "ON CONFLICT (node, fact_no) DO NOTHING";
        let mut values = Vec::new();
        for envelope in envelopes {
            let head: Head = serde_json::from_str(envelope)
                .map_err(|error| StoreError::Corrupt(format!("an envelope of {node}: {error}")))?;
            values.extend(values![
                node,
                head.fact_no,
                head.at_us,
                head.kind,
                head.interaction,
                head.ticket,
                head.actor.kind,
                head.actor.id,
                envelope,
            ]);
        }
        self.insert_many(HEAD, TAIL, 9, values).await
    }

    /// Moves a reader's checkpoint from where he believes it stands; false, and nothing moved, when it stands elsewhere.
    /// Nobody else moves it until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn move_checkpoint(
        &mut self,
        name: &str,
        node: &str,
        from: FactNo,
        to: FactNo,
    ) -> Result<bool, StoreError> {
        const MOVE: &str =
            "UPDATE checkpoint SET fact_no = $4 WHERE name = $1 AND node = $2 AND fact_no = $3";
        const MAKE: &str = "INSERT INTO checkpoint (name, node, fact_no) VALUES ($1, $2, $3)
            ON CONFLICT (name, node) DO NOTHING";
        if self.execute(MOVE, values![name, node, from.0, to.0]).await? == 1 {
            return Ok(true);
        }
        Ok(from == FactNo(0) && self.execute(MAKE, values![name, node, to.0]).await? == 1)
    }

    /// Sets every checkpoint of a reader back to the beginning.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reset_checkpoint(&mut self, name: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM checkpoint WHERE name = $1", values![name])
            .await
            .map(|_| ())
    }

    /// Reads the head of a chain and keeps others from adding to it until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_chain(&mut self, node: &str) -> Result<ChainHead, StoreError> {
        const MAKE: &str = "INSERT INTO chain_head (node, fact_no, hash) VALUES ($1, 0, $2)
            ON CONFLICT (node) DO NOTHING";
        const LOCK: &str = "UPDATE chain_head SET fact_no = fact_no WHERE node = $1 RETURNING fact_no, hash";
        let mut found = self.rows(LOCK, values![node], read_head).await?;
        if found.is_empty() {
            // Two may make it at once: whoever is second waits here for the first.
            self.execute(MAKE, values![node, FIRST_HASH]).await?;
            found = self.rows(LOCK, values![node], read_head).await?;
        }
        Ok(found.pop().unwrap_or_else(ChainHead::first))
    }

    /// Writes the head of a chain that is locked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_chain(&mut self, node: &str, head: &ChainHead) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE chain_head SET fact_no = $2, hash = $3 WHERE node = $1";
        let values: [Value<'_>; 3] = values![node, head.fact_no.0, &head.hash];
        self.execute(SQL, values).await.map(|_| ())
    }
}
