//! Counts ratios and lists the rows behind them.
//!
//! **Invariants.** Every value is bound. What a list shows is what the figure counted, at the same instant of looking.
//! **Not here.** What is counted (`report::ratio_table`), who may see it (`account::permission`).
//! **Source.** DB1302/T 604—2025 8.1.2.2 e.

use sqlx::AssertSqlSafe;

use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Value;
use crate::io::store::tickets::UNITS_MAX;
use crate::report::ratio::Bound;
use crate::report::ratio::Column;
use crate::report::ratio::Figure;
use crate::report::ratio::Level;
use crate::report::ratio::Part;
use crate::report::ratio::Period;
use crate::report::ratio::Quantity;
use crate::report::ratio::Ratio;
use crate::report::ratio::Statement;
use crate::report::ratio::Which;

/// For whom a ratio is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The level.
    pub level: Level,
    /// Which of the level: an agent, a queue, an organ with those below it; empty for all.
    pub keys: Vec<String>,
}

/// A row behind a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The order or the call.
    pub id: String,
    /// The instant by which it belongs to the period.
    pub at: WallTime,
}

/// Which page of the rows behind a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BehindPage {
    /// Which part.
    pub which: Which,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

impl Store {
    /// Counts a ratio in a period.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ratio(&self, ratio: &Ratio, scope: &Scope, period: Period) -> Result<Figure, StoreError> {
        let one = Part::rows(crate::report::ratio::Filter::Every);
        let mut out = Statement::new("SELECT ");
        let sides = [
            (Which::Numerator, ratio.numerator.quantity),
            (Which::Denominator, ratio.denominator.quantity),
            (Which::Excluded, one.quantity),
        ];
        for (at, (which, quantity)) in sides.into_iter().enumerate() {
            out.push(if at == 0 { "" } else { ", " });
            sum(&mut out, ratio, which, quantity, period.now);
        }
        out.push(" FROM ");
        out.push(ratio.base.tables());
        out.push(" WHERE ");
        within(&mut out, ratio, scope, period);
        let Statement { sql: text, bound } = out;
        let rows = sql::read(self.database(), AssertSqlSafe(text), bind(bound), |cells| {
            Ok(Figure {
                n: cells.int()?,
                d: cells.int()?,
                excluded: cells.int()?,
            })
        });
        Ok(rows.await?.pop().unwrap_or_default())
    }

    /// Lists the orders or calls behind a figure, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn behind_ratio(
        &self,
        ratio: &Ratio,
        scope: &Scope,
        period: Period,
        page: &BehindPage,
    ) -> Result<(Vec<Behind>, Option<Cursor>), StoreError> {
        let (id, anchor) = (ratio.base.id().name, ratio.anchor.name);
        let mut out = Statement::new("SELECT DISTINCT ");
        out.push(id);
        out.push(", ");
        out.push(anchor);
        out.push(" FROM ");
        out.push(ratio.base.tables());
        out.push(" WHERE ");
        within(&mut out, ratio, scope, period);
        out.push(" AND ");
        ratio.condition(page.which, &mut out, period.now);
        if let Some(after) = &page.after {
            let at = Bound::Int(after.at.as_micros());
            out.push(" AND (");
            out.push(anchor);
            out.push(" < ");
            out.bind(at.clone());
            out.push(" OR (");
            out.push(anchor);
            out.push(" = ");
            out.bind(at);
            out.push(" AND ");
            out.push(id);
            out.push(" < ");
            out.bind(Bound::Text(after.id.clone()));
            out.push("))");
        }
        let limit = page.limit.clamp(1, PAGE_ROWS_MAX);
        out.push(" ORDER BY 2 DESC, 1 DESC LIMIT ");
        out.bind(Bound::Int(i64::from(limit)));
        let Statement { sql: text, bound } = out;
        let rows = sql::read(self.database(), AssertSqlSafe(text), bind(bound), |cells| {
            Ok(Behind {
                id: cells.text()?,
                at: cells.instant()?,
            })
        });
        let rows = rows.await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.at,
            id: row.id.clone(),
        });
        Ok((rows, end))
    }
}

/// Writes what a side adds up to over the rows that stand in it.
fn sum(out: &mut Statement, ratio: &Ratio, which: Which, quantity: Quantity, now: WallTime) {
    out.push("CAST(COALESCE(SUM(CASE WHEN ");
    ratio.condition(which, out, now);
    out.push(" THEN ");
    match quantity {
        Quantity::Rows => out.push("1"),
        Quantity::Sum(column) => {
            out.push("COALESCE(");
            out.push(column.name);
            out.push(", 0)");
        }
        Quantity::Span(from, to) => {
            out.push("COALESCE(");
            out.push(to.name);
            out.push(" - ");
            out.push(from.name);
            out.push(", 0)");
        }
    }
    out.push(" ELSE 0 END), 0) AS BIGINT)");
}

/// Writes that a row's anchor lies in the period and that it belongs to those asked for.
fn within(out: &mut Statement, ratio: &Ratio, scope: &Scope, period: Period) {
    let anchor = ratio.anchor.name;
    out.push(anchor);
    out.push(" >= ");
    out.bind(Bound::Int(period.from.as_micros()));
    out.push(" AND ");
    out.push(anchor);
    out.push(" < ");
    out.bind(Bound::Int(period.to.as_micros()));
    let Some(Column { name, .. }) = ratio.base.key(scope.level) else {
        return;
    };
    if scope.keys.is_empty() {
        return;
    }
    out.push(" AND ");
    out.push(name);
    out.push(" IN (");
    for (at, key) in scope.keys.iter().take(UNITS_MAX).enumerate() {
        out.push(if at == 0 { "" } else { ", " });
        out.bind(Bound::Text(key.clone()));
    }
    out.push(")");
}

fn bind(bound: Vec<Bound>) -> Vec<Value<'static>> {
    let value = |bound| match bound {
        Bound::Text(text) => Value::from(text),
        Bound::Int(number) => Value::from(number),
    };
    bound.into_iter().map(value).collect()
}
