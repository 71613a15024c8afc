//! The archive over HTTP: the catalogue, one archive with its parts, who consulted it, and its check.
//!
//! **Invariants.** Whoever is shown an archive could see its order; its parts hold everything and are for those who see
//! everything. A consultation leaves its fact before anything is shown. Words and numbers that are looked for travel in the
//! body, never in the address.
//! **Not here.** Packing and opening (`engine::archiver`), statements (`io::store::archives`).
//! **Source.** DB1302/T 604—2025 7.9.1, 7.9.2, 8.4.2.1.

use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::engine::archiver::ArchiverError;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::http::tickets::list::found_by_words;
use crate::http::tickets::list::tags;
use crate::http::tickets::sight::Eyes;
use crate::io::archive::PackageError;
use crate::io::archive::manifest::Part;
use crate::io::archive::package::SEALED;
use crate::io::store::archives::ArchiveFilter;
use crate::io::store::archives::ArchiveRow;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::ticket::model::Ticket;
use crate::ticket::sight::Sight;

/// An archive in the catalogue.
#[derive(Serialize, ToSchema)]
#[schema(as = Archive)]
pub(crate) struct ArchiveDto {
    /// The order's number.
    number: String,
    /// The order.
    ticket: String,
    /// The year of its number.
    year: String,
    /// 诉求类别.
    appeal_type: Option<String>,
    /// 事件类型.
    category: Option<String>,
    /// The region or street.
    region: Option<String>,
    /// 首接负责单位.
    unit: Option<String>,
    /// 机构名称.
    unit_name: String,
    /// How many files.
    files: u64,
    /// How many bytes.
    bytes: u64,
    /// How many parts are missing.
    missing: u64,
    /// When it was packed.
    packed_at: Instant,
    /// The last check.
    checked_at: Option<Instant>,
    /// Faults it found.
    faults: Option<i64>,
}

/// Archives.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchivePage)]
pub(crate) struct ArchivePageDto {
    /// By number.
    items: Vec<ArchiveDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which archives.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArchiveQuery {
    /// The year, four digits.
    year: Option<String>,
    /// The event type, or the beginning of its code.
    category: Option<String>,
    /// The unit.
    unit: Option<String>,
    /// The region, or the beginning of its code.
    region: Option<String>,
    /// A whole order number.
    number: Option<String>,
    /// Only those that the last check found damaged.
    damaged: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// What is looked for in archives; the personal part of a question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArchiveSearch)]
pub(crate) struct ArchiveSearchDto {
    /// A whole number in any usual form: the caller's, or one to call back.
    #[serde(default)]
    phone: Option<String>,
    /// Its last four digits.
    #[serde(default)]
    last4: Option<String>,
    /// Words that must all stand in the order.
    #[serde(default)]
    text: Option<String>,
    /// What else narrows.
    #[serde(default)]
    filter: ArchiveQuery,
}

/// A part of an archive.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchivePart)]
pub(crate) struct PartDto {
    /// Its name, as `order.pdf`.
    name: String,
    /// `order`, `paper`, `recording`, `attachment`.
    part: &'static str,
    /// How many bytes, as it lies there.
    bytes: u64,
}

/// A part that is not there.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveMissing)]
pub(crate) struct MissingDto {
    /// Which.
    part: String,
    /// Why, as a code.
    why: String,
}

/// What a check of an archive found.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveCheck)]
pub(crate) struct CheckDto {
    /// The order's number.
    number: String,
    /// Whether it is whole and is the one that the order's fact names.
    sound: bool,
    /// The manifest that the fact names, SHA-256 in hex.
    manifest: Option<String>,
    /// Files that were read again.
    files: usize,
    /// What is wrong.
    faults: Vec<String>,
    /// Its parts.
    parts: Vec<PartDto>,
    /// What is not there, and why.
    missing: Vec<MissingDto>,
}

/// A read of an archive.
#[derive(Serialize, ToSchema)]
#[schema(as = Consultation)]
pub(crate) struct ConsultationDto {
    /// When.
    at: Instant,
    /// Whose account.
    actor: String,
    /// By which way.
    cause: String,
    /// Which parts.
    parts: Vec<String>,
}

/// Reads of an archive.
#[derive(Serialize, ToSchema)]
#[schema(as = Consultations)]
pub(crate) struct ConsultationsDto {
    /// Oldest first.
    items: Vec<ConsultationDto>,
}

impl From<ArchiverError> for Problem {
    fn from(error: ArchiverError) -> Self {
        match error {
            ArchiverError::NotFound(_) | ArchiverError::NotArchived(_) | ArchiverError::Erased(_) => {
                Self::new(Code::NotFound).detail(error.to_string())
            }
            ArchiverError::Audit(error) => error.into(),
            ArchiverError::NoFace => Self::new(Code::Unavailable).detail(error.to_string()),
            ArchiverError::Package(PackageError::Damaged(_)) => {
                Self::new(Code::NotAllowed).detail(error.to_string())
            }
            ArchiverError::Package(_) | ArchiverError::Refused(_) | ArchiverError::Stopped(_) => {
                Self::internal(&error)
            }
        }
    }
}

/// The catalogue, by number.
#[utoipa::path(get, path = "/archives", tag = "archives", params(ArchiveQuery),
    responses((status = 200, body = ArchivePageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<ArchiveQuery>,
) -> Result<Json<ArchivePageDto>, Problem> {
    permit(&web, &who, "archives").await?;
    let limit = page::limit(query.limit)?;
    let filter = filter(&web, &who, query)?;
    page_of(&web, &who, &filter, limit).await
}

/// Archives of a number, of its last digits, or with words in them.
#[utoipa::path(post, path = "/archives/search", tag = "archives", request_body = ArchiveSearchDto,
    responses((status = 200, body = ArchivePageDto)))]
pub(crate) async fn search(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<ArchiveSearchDto>,
) -> Result<Json<ArchivePageDto>, Problem> {
    permit(&web, &who, "archives").await?;
    let limit = page::limit(body.filter.limit)?;
    let mut of_words = body.filter.cursor.clone();
    let mut filter = filter(&web, &who, body.filter)?;
    let mut wanted = TicketFilter::default();
    tags(&web, body.phone.as_deref(), body.last4.as_deref(), &mut wanted)?;
    (filter.phone_tag, filter.last4_tag) = (wanted.caller_tag, wanted.last4_tag);
    let Some(words) = body
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    else {
        if filter.phone_tag.is_none() && filter.last4_tag.is_none() {
            return Err(Problem::new(Code::Incomplete).field("text"));
        }
        return page_of(&web, &who, &filter, limit).await;
    };
    // The cursor of a search by words is a place in the index.
    filter.after.clear();
    let (hits, next) = found_by_words(&web, &who, words, of_words.take(), limit).await?;
    if hits.is_empty() {
        return Ok(Json(ArchivePageDto {
            items: Vec::new(),
            next,
        }));
    }
    filter.tickets = hits;
    let Json(page) = page_of(&web, &who, &filter, limit).await?;
    Ok(Json(ArchivePageDto { next, ..page }))
}

/// One archive: its parts, and whether it is whole.
#[utoipa::path(get, path = "/archives/{number}", tag = "archives", params(("number" = String, Path)),
    responses((status = 200, body = CheckDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(number): Id<String>,
) -> Result<Json<CheckDto>, Problem> {
    seen(&web, &who, &number).await?;
    check(&web, &number).await
}

/// Reads every file of an archive again, and compares its manifest with the order's fact in the chain.
#[utoipa::path(post, path = "/archives/{number}/verify", tag = "archives", params(("number" = String, Path)),
    responses((status = 200, body = CheckDto)))]
pub(crate) async fn verify(
    State(web): State<Web>,
    who: SignedIn,
    Id(number): Id<String>,
) -> Result<Json<CheckDto>, Problem> {
    seen(&web, &who, &number).await?;
    check(&web, &number).await
}

/// A part of an archive in clear, as `order.json` or `order.pdf`; written to the trail first.
#[utoipa::path(get, path = "/archives/{number}/parts/{part}", tag = "archives",
    params(("number" = String, Path), ("part" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(crate) async fn part(
    State(web): State<Web>,
    who: SignedIn,
    Path((number, part)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let row = seen(&web, &who, &number).await?;
    permit_whole(&web, &who, &row.ticket, format!("archive/{number}")).await?;
    let actor = Actor::named(ActorKind::User, &who.principal.user);
    let opened = web
        .engine
        .archiver()
        .open_part((&actor, "api:archive"), &number, &part)
        .await?;
    let kind = match opened.name.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        Some((_, "pdf")) => "application/pdf",
        _ => "application/octet-stream",
    };
    Ok(attached(opened.bytes, kind))
}

/// Who consulted an archive, and when.
#[utoipa::path(get, path = "/archives/{number}/consultations", tag = "archives", params(("number" = String, Path)),
    responses((status = 200, body = ConsultationsDto)))]
pub(crate) async fn consultations(
    State(web): State<Web>,
    who: SignedIn,
    Id(number): Id<String>,
) -> Result<Json<ConsultationsDto>, Problem> {
    let row = seen(&web, &who, &number).await?;
    let all = web
        .engine
        .archiver()
        .consultations(&number, row.ticket.id)
        .await?;
    let items = all.into_iter().map(|it| ConsultationDto {
        at: it.at.into(),
        actor: it.actor.id,
        cause: it.cause,
        parts: it.parts,
    });
    Ok(Json(ConsultationsDto {
        items: items.collect(),
    }))
}

/// Bytes that a browser keeps and does not show.
pub(crate) fn attached(bytes: Vec<u8>, kind: &'static str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    response
}

/// What holds everything is for those who see everything; whoever else asks is refused, and that is written down.
///
/// # Errors
/// [`Code::Forbidden`] for who does not see everything.
pub(crate) async fn permit_whole(
    web: &Web,
    who: &SignedIn,
    ticket: &Ticket,
    object: String,
) -> Result<(), Problem> {
    let reference = web.engine.tickets().reference();
    if Eyes::on(ticket, &who.principal, &reference).sight == Sight::Whole {
        return Ok(());
    }
    let fact = AccountFact::PermissionDenied {
        verb: "ticket.whole".to_owned(),
        object,
    };
    let record = web.engine.account_record(&who.principal, "api:denied", fact);
    web.engine.audit().write(&[record]).await?;
    Err(Problem::new(Code::Forbidden)
        .rule("identity_hidden")
        .clause(Some("DB1302/T 604—2025 8.4.2.1".to_owned())))
}

async fn permit(web: &Web, who: &SignedIn, name: &str) -> Result<(), Problem> {
    web.permit(who, Verb::ArchiveRead, &Object::of_centre(name)).await
}

/// The order of an archive, for somebody who may see it.
async fn seen(web: &Web, who: &SignedIn, number: &str) -> Result<TicketRow, Problem> {
    let short: String = number.chars().take(20).collect();
    permit(web, who, &format!("archive/{short}")).await?;
    let reference = web.engine.tickets().reference();
    let row = web.engine.store().ticket_of_number(number).await?;
    let row = row.filter(|row| Eyes::on(&row.ticket, &who.principal, &reference).sight.is_seen());
    let there = web.engine.store().archive(number).await?;
    row.filter(|_| there.is_some())
        .ok_or_else(|| Problem::new(Code::NotFound))
}

async fn check(web: &Web, number: &str) -> Result<Json<CheckDto>, Problem> {
    let check = web.engine.archiver().verify(number).await?;
    let content = check.package.content.as_ref();
    let parts = content.iter().flat_map(|content| &content.files);
    let parts = parts.map(|file| PartDto {
        name: file.name.trim_end_matches(SEALED).to_owned(),
        part: part_code(file.part),
        bytes: file.bytes,
    });
    let missing = content.iter().flat_map(|content| &content.missing);
    let missing = missing.map(|it| MissingDto {
        part: it.part.clone(),
        why: it.why.clone(),
    });
    Ok(Json(CheckDto {
        sound: check.is_sound(),
        manifest: check.named.clone(),
        files: check.package.files,
        faults: check.package.faults.iter().map(ToString::to_string).collect(),
        parts: parts.collect(),
        missing: missing.collect(),
        number: check.number,
    }))
}

const fn part_code(part: Part) -> &'static str {
    match part {
        Part::Order => "order",
        Part::Paper => "paper",
        Part::Recording => "recording",
        Part::Attachment => "attachment",
    }
}

fn filter(web: &Web, who: &SignedIn, query: ArchiveQuery) -> Result<ArchiveFilter, Problem> {
    let unknown = |field: &str| Problem::new(Code::Unknown).field(field);
    let unit = query.unit.map(|unit| unit.parse().map_err(|_| unknown("unit")));
    let reference = web.engine.tickets().reference();
    let root = reference.organs.root().map(|organ| &organ.id);
    let city = who.principal.organ.organ() == root;
    let officer = city && who.principal.roles.contains(&Role::Supervisor);
    Ok(ArchiveFilter {
        year: query.year,
        category: query.category,
        unit: unit.transpose()?,
        region: query.region,
        number: query.number,
        damaged: query.damaged,
        sealed: true,
        reader: Some(who.principal.user.clone()).filter(|_| !officer),
        after: query.cursor.unwrap_or_default(),
        ..ArchiveFilter::default()
    })
}

async fn page_of(
    web: &Web,
    who: &SignedIn,
    filter: &ArchiveFilter,
    limit: u32,
) -> Result<Json<ArchivePageDto>, Problem> {
    let rows = web.engine.store().archives(filter, limit).await?;
    let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    let next = rows.last().filter(|_| full).map(|row| row.number.clone());
    let orders = TicketFilter {
        ids: rows.iter().map(|row| row.ticket).collect(),
        limit,
        ..TicketFilter::default()
    };
    let orders = if rows.is_empty() {
        Vec::new()
    } else {
        web.engine.store().tickets(&orders).await?.0
    };
    let reference = web.engine.tickets().reference();
    let shown = |row: &ArchiveRow| {
        let order = orders.iter().find(|order| order.ticket.id == row.ticket);
        order.is_some_and(|order| {
            Eyes::on(&order.ticket, &who.principal, &reference)
                .sight
                .is_seen()
        })
    };
    let items = rows.into_iter().filter(shown).map(|row| {
        let unit = row.unit.as_ref().and_then(|unit| reference.organs.get(unit));
        ArchiveDto {
            unit_name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
            number: row.number,
            ticket: row.ticket.to_string(),
            year: row.year,
            appeal_type: row.appeal_type,
            category: row.category,
            region: row.region,
            unit: row.unit.map(|unit| unit.to_string()),
            files: row.files,
            bytes: row.bytes,
            missing: row.missing,
            packed_at: row.packed_at.into(),
            checked_at: maybe(row.checked_at),
            faults: row.faults,
        }
    });
    Ok(Json(ArchivePageDto {
        items: items.collect(),
        next,
    }))
}
