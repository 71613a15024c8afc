//! Work orders as a table to take out: for spreadsheets (CSV) or programs (JSON).
//!
//! **Invariants.** Nothing leaves before its row in the log and its fact are on disk. An export shows what its taker may
//! see, persons masked whatever he may see, and of confidential orders only those in whose circle he is. Its first line
//! says who took it and when. No cell is a formula to a spreadsheet.
//! **Not here.** The log (`http::exports`).
//! **Source.** DB1302/T 604—2025 8.4.1.3, 8.4.2.1, 7.7.1.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::account::permission::Verb;
use crate::base::csv;
use crate::base::ids::ExportId;
use crate::base::limits::EXPORT_ROWS_MAX;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::fact::account::AccountFact;
use crate::fact::personal::Personal;
use crate::http::Web;
use crate::http::account_requests::seed;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::live_call::shown;
use crate::http::texts::text;
use crate::http::tickets::list::TicketQuery;
use crate::http::tickets::list::filter;
use crate::http::tickets::sight::Eyes;
use crate::http::tickets::sight::own;
use crate::io::files::digest;
use crate::io::store::exports::ExportRow;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::ticket::model::AppealType;
use crate::ticket::model::Urgency;
use crate::ticket::reference::Reference;

/// The name of what for, in what is sealed.
pub(crate) const PURPOSE: &str = "purpose";
/// Longest purpose, characters.
const PURPOSE_MAX: usize = 200;
/// Columns, by their codes in the table of texts.
const COLUMNS: [&str; 14] = [
    "number", "state", "kind", "category", "urgency", "channel", "region", "unit", "created", "accepted",
    "closed", "name", "caller", "content",
];

/// What is to be taken out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketExport)]
pub(crate) struct ExportDto {
    /// `csv` or `json`.
    format: String,
    /// What for, 2 to 200 characters.
    purpose: String,
    /// Which orders, as in the list; `cursor` and `interaction` are not for here, `limit` is 1 to 5000, which is what counts when nothing is said.
    #[serde(default)]
    filter: TicketQuery,
}

/// A line of the table.
type Cells = [String; 14];

/// Takes work orders out as a table; what it was for is kept.
#[utoipa::path(post, path = "/tickets/export", tag = "tickets", request_body = ExportDto,
    responses((status = 200, content_type = "text/csv", body = Vec<u8>)))]
pub(crate) async fn export(
    State(web): State<Web>,
    who: SignedIn,
    Json(mut body): Json<ExportDto>,
) -> Result<Response, Problem> {
    web.permit(&who, Verb::TicketExport, &own("tickets", &who.principal))
        .await?;
    let purpose = body.purpose.trim().to_owned();
    if !(2..=PURPOSE_MAX).contains(&purpose.chars().count()) {
        return Err(
            Problem::invalid("purpose", format!("2 to {PURPOSE_MAX} characters"))
                .clause(Some(CLAUSE.to_owned())),
        );
    }
    if !["csv", "json"].contains(&body.format.as_str()) {
        return Err(Problem::new(Code::Unknown).field("format"));
    }
    let most = body.filter.limit.take().unwrap_or(EXPORT_ROWS_MAX);
    if !(1..=EXPORT_ROWS_MAX).contains(&most) {
        return Err(Problem::invalid("limit", format!("not 1 to {EXPORT_ROWS_MAX}")));
    }
    if body.filter.cursor.is_some() || body.filter.interaction.is_some() {
        return Err(Problem::invalid("filter", "neither cursor nor interaction"));
    }
    let narrowed = body.filter.told();
    let mut filter = filter(&web, &who, body.filter)?;
    // Even who sees every confidential order takes out only those in whose circle he is.
    filter.reader = Some(who.principal.user.clone());
    let (lines, bounded) = lines(&web, &who, filter, most).await?;
    let now = web.engine.clock().now();
    let id = ExportId::new(now, &mut seed()?);
    let rows = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mark = watermark(&web, &who, id, (now.wall, rows));
    let bytes = match body.format.as_str() {
        "csv" => as_csv(&mark, &lines),
        _ => as_json(&mark, bounded, &lines),
    };
    let log = Log {
        id,
        format: body.format,
        rows,
        bounded,
        filter: narrowed.to_string(),
        purpose,
        sha256: digest(&bytes),
    };
    let kind = if log.format == "csv" {
        "text/csv; charset=utf-8"
    } else {
        "application/json"
    };
    let name = format!("attachment; filename=\"tickets-{id}.{}\"", log.format);
    log.keep(&web, &who, now).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    headers.insert(
        "x-rexian-bounded",
        HeaderValue::from_static(if bounded { "1" } else { "0" }),
    );
    Ok(response)
}

/// The clause behind purpose and log.
const CLAUSE: &str = "DB1302/T 604—2025 8.4.1.3";

/// What is written down of an export.
struct Log {
    id: ExportId,
    format: String,
    rows: u32,
    bounded: bool,
    filter: String,
    purpose: String,
    sha256: String,
}

impl Log {
    async fn keep(self, web: &Web, who: &SignedIn, now: Now) -> Result<(), Problem> {
        let audit = web.engine.audit();
        let fact = AccountFact::Exported {
            export: self.id,
            format: self.format.clone(),
            rows: self.rows,
            sha256: self.sha256.clone(),
        };
        let record = web.engine.account_record(&who.principal, "api:export", fact);
        let mut tx = web.engine.store().begin().await?;
        let purpose = Personal::default().with(PURPOSE, self.purpose);
        let row = ExportRow {
            id: self.id,
            account: who.principal.user.clone(),
            organ: who.principal.organ.clone(),
            format: self.format,
            rows: self.rows,
            bounded: self.bounded,
            filter: self.filter,
            purpose: audit.seal(&mut tx, &self.id.to_string(), &purpose).await?,
            sha256: self.sha256,
            exported_at: now.wall,
        };
        tx.insert_export(&row).await?;
        audit.append(&mut tx, &[record]).await?;
        Ok(tx.commit().await?)
    }
}

/// The lines that one person may take, newest first, and whether there are more.
async fn lines(
    web: &Web,
    who: &SignedIn,
    mut filter: TicketFilter,
    most: u32,
) -> Result<(Vec<Cells>, bool), Problem> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let reference = web.engine.tickets().reference();
    let mut lines = Vec::new();
    filter.limit = PAGE_ROWS_MAX;
    loop {
        let (rows, next) = web.engine.store().tickets(&filter).await?;
        for row in rows {
            let eyes = Eyes::on(&row.ticket, &who.principal, &reference);
            if !eyes.sight.is_seen() {
                continue;
            }
            if most <= lines.len() {
                return Ok((lines, true));
            }
            lines.push(line(web, row, &eyes, &reference).await?);
        }
        match next {
            Some(next) => filter.after = Some(next),
            None => return Ok((lines, false)),
        }
    }
}

async fn line(web: &Web, row: TicketRow, eyes: &Eyes<'_>, reference: &Reference) -> Result<Cells, Problem> {
    let opened = web.engine.tickets().open_row(row).await?;
    let (ticket, zone) = (&opened.row.ticket, web.engine.zone());
    let draft = &ticket.draft;
    let when = |at: Option<WallTime>| at.map(|at| zone.format(at)).unwrap_or_default();
    let path = |path: Option<&str>| path.unwrap_or_default().to_owned();
    let unit = ticket.unit().and_then(|unit| reference.organs.get(unit));
    let catalogue = &reference.catalogue;
    let region = draft.place.region().unwrap_or_default();
    let only = |shown: bool, words: String| if shown { words } else { String::new() };
    let (identity, matter) = (eyes.sight.shows_identity(), eyes.sight.shows_matter());
    let caller = opened.caller.as_ref().map(|number| shown(number, false));
    Ok([
        ticket.number.clone(),
        text("ticket_state", ticket.state.code()).to_owned(),
        text(
            "appeal_type",
            draft.appeal_type.map(AppealType::code).unwrap_or_default(),
        )
        .to_owned(),
        path(catalogue.categories.path(&draft.category)),
        text("urgency", draft.urgency.map(Urgency::code).unwrap_or_default()).to_owned(),
        text("document.channel", &ticket.origin.channel).to_owned(),
        path(catalogue.regions.path(region)),
        unit.map(|unit| unit.name.clone()).unwrap_or_default(),
        zone.format(ticket.created_at),
        when(ticket.accepted_at),
        when(ticket.closed_at),
        only(identity, masked_name(&draft.name)),
        only(identity, caller.unwrap_or_default()),
        only(matter, draft.content.clone()),
    ])
}

/// The first sign of a name and stars for the others.
fn masked_name(name: &str) -> String {
    let mut letters = name.trim().chars();
    let first: String = letters.next().into_iter().collect();
    first + &"*".repeat(letters.count())
}

fn watermark(web: &Web, who: &SignedIn, id: ExportId, (at, rows): (WallTime, u32)) -> String {
    text("export", "watermark")
        .replace("{user}", who.principal.user.as_str())
        .replace("{organ}", &who.principal.organ.to_string())
        .replace("{at}", &web.engine.zone().format(at))
        .replace("{rows}", &rows.to_string())
        .replace("{id}", &id.to_string())
}

/// With the mark of byte order by which spreadsheets know the letters.
fn as_csv(mark: &str, lines: &[Cells]) -> Vec<u8> {
    let head = COLUMNS.map(|code| text("export", code));
    let cells: Vec<Vec<String>> = lines
        .iter()
        .map(|line| line.iter().map(|cell| csv::harmless(cell)).collect())
        .collect();
    let table = [vec![mark], head.to_vec()]
        .into_iter()
        .chain(cells.iter().map(|line| line.iter().map(String::as_str).collect()));
    let mut text = "\u{feff}".to_owned();
    text.push_str(&csv::write(table));
    text.into_bytes()
}

fn as_json(mark: &str, bounded: bool, lines: &[Cells]) -> Vec<u8> {
    let item = |line: &Cells| -> Value {
        let pairs = COLUMNS.iter().zip(line);
        pairs
            .map(|(code, cell)| ((*code).to_owned(), Value::from(cell.as_str())))
            .collect::<serde_json::Map<String, Value>>()
            .into()
    };
    let items: Vec<Value> = lines.iter().map(item).collect();
    let whole = serde_json::json!({"watermark": mark, "bounded": bounded, "items": items});
    serde_json::to_vec(&whole).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_sign_alone() {
        assert_eq!(masked_name("欧阳女士"), "欧***");
        assert_eq!(masked_name("赵"), "赵");
        assert_eq!(masked_name(" "), "");
    }

    #[test]
    fn every_column_has_its_head() {
        for code in COLUMNS {
            assert_ne!(text("export", code), code);
        }
    }
}
