//! Days, cursors and limits of lists.

use crate::base::civil::CivilDate;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::engine::Engine;
use crate::http::error::Problem;
use crate::io::store::calls::Cursor;

/// Rows of a page when nothing is said.
const ROWS: u32 = 100;

/// Reads `limit`.
///
/// # Errors
/// Not 1 to 500.
pub(crate) fn limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit {
        None => Ok(ROWS),
        Some(rows) if (1..=PAGE_ROWS_MAX).contains(&rows) => Ok(rows),
        Some(_) => Err(Problem::invalid("limit", format!("not 1 to {PAGE_ROWS_MAX}"))),
    }
}

/// Reads `cursor`.
///
/// # Errors
/// Not one that a page gave.
pub(crate) fn cursor(cursor: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| Problem::invalid("cursor", "not one that a page gave"))
    };
    cursor.map(parse).transpose()
}

/// Reads `day`: `today`, or a civil day of the site as `YYYY-MM-DD`; none is all days. Gives its first instant and the
/// first instant of the next day.
///
/// # Errors
/// Not a day.
pub(crate) fn day(
    engine: &Engine,
    day: Option<&str>,
) -> Result<(Option<WallTime>, Option<WallTime>), Problem> {
    let zone = engine.zone();
    let date = match day {
        None => return Ok((None, None)),
        Some("today") => zone.date_of(engine.clock().now().wall),
        Some(text) => {
            CivilDate::parse(text).map_err(|_| Problem::invalid("day", "neither `today` nor YYYY-MM-DD"))?
        }
    };
    Ok((Some(zone.start_of(date)), Some(zone.end_of(date))))
}
