//! 重点督办 cases over HTTP: submission, the inspection department's view, commands, and what should become a case.
//!
//! **Invariants.** Who may not see a case is not told that it exists. A unit is shown of a case what it is asked and what it
//! reported itself. A command names the version its giver read.
//! **Not here.** Rules and sight (`ticket::key_case`), transactions (`engine::cases`).
//! **Source.** DB1302/T 604—2025 7.8.2.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::Role;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::CaseId;
use crate::base::ids::OrganId;
use crate::engine::cases::CaseError;
use crate::engine::cases::CaseProposal;
use crate::engine::cases::GiveCase;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::extract::Versioned;
use crate::http::extract::idempotency_key;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::http::tickets::list::reach;
use crate::http::tickets::sight::own;
use crate::io::store::cases::CaseFilter;
use crate::ticket::decide::By;
use crate::ticket::key_case;
use crate::ticket::key_case::CaseCommand;
use crate::ticket::key_case::KeyCase;
use crate::ticket::key_case::SubmitCase;
use crate::ticket::model::KeyState;
use crate::ticket::reference::Reference;

/// A unit of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseUnit)]
pub(crate) struct CaseUnitDto {
    /// Its id.
    id: String,
    /// 机构名称.
    name: String,
    /// Whether it has reported in this round.
    reported: bool,
}

/// A case.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyCase)]
pub(crate) struct CaseDto {
    /// Its id.
    id: String,
    /// For `If-Match`.
    version: i64,
    /// `a` to `d`, as in 7.8.2.
    cause: &'static str,
    /// `submitted`, `taken`, `sent_back`, `rectify`, `check`, `closed`.
    state: &'static str,
    /// In a few words.
    title: String,
    /// Its orders, in the order in which they came; empty for a unit and in lists.
    orders: Vec<String>,
    /// How many orders.
    orders_total: usize,
    /// The units that are to rectify; a unit is told of itself alone.
    units: Vec<CaseUnitDto>,
    /// Different appellants when it was submitted.
    appellants: u32,
    /// The round of rectification; 0 before the first.
    round: u32,
    /// On time is before this instant.
    limit: Option<Instant>,
    /// Whether the round's limit passed without every report.
    overdue: bool,
    /// When it was submitted.
    submitted_at: Instant,
    /// When it was closed or sent back.
    ended_at: Option<Instant>,
    /// Words by name, as `demand.1`; empty in lists.
    words: BTreeMap<String, String>,
}

/// Cases.
#[derive(Serialize, ToSchema)]
#[schema(as = CasePage)]
pub(crate) struct CasePageDto {
    /// Newest first.
    items: Vec<CaseDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which cases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseQuery {
    /// Where they stand.
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// What should become a case.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseProposal)]
pub(crate) struct CaseProposalDto {
    /// `a` to `d`, as in 7.8.2.
    cause: &'static str,
    /// 事件类型.
    category: Option<String>,
    /// Its name with what is above it.
    category_name: String,
    /// The region or street.
    region: Option<String>,
    /// Its name with what is above it.
    region_name: String,
    /// Different appellants in the window that is set.
    appellants: u32,
    /// Reworks without effect.
    failed_reworks: u32,
    /// 督办 without an answer in time.
    escalated: u32,
    /// Its orders, the newest first, at most 200.
    orders: Vec<String>,
}

/// What should become a case.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseProposals)]
pub(crate) struct CaseProposalsDto {
    /// Matters of many appellants first.
    items: Vec<CaseProposalDto>,
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::NotFound => Self::new(Code::NotFound),
            CaseError::Service(error) => error.into(),
        }
    }
}

/// Hands orders to the inspection department as one case; the same key again gives the same case.
#[utoipa::path(post, path = "/cases", tag = "cases",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key again gives the same case")),
    request_body = SubmitCase, responses((status = 200, body = CaseDto)))]
pub(crate) async fn submit(
    State(web): State<Web>,
    who: SignedIn,
    headers: HeaderMap,
    Json(body): Json<SubmitCase>,
) -> Result<Versioned<CaseDto>, Problem> {
    web.permit(&who, Verb::CaseSubmit, &Object::of_centre("cases"))
        .await?;
    let key = idempotency_key(&headers)?;
    let case = web.engine.cases().submit(&who.principal, &body, key).await?;
    Ok(answer(&web, &who, &case))
}

/// Cases, the newest first: those of the reader's organ that were taken, or all for the city's organ and the inspection
/// department.
#[utoipa::path(get, path = "/cases", tag = "cases", params(CaseQuery),
    responses((status = 200, body = CasePageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<CaseQuery>,
) -> Result<Json<CasePageDto>, Problem> {
    web.permit(&who, Verb::CaseRead, &own("cases", &who.principal))
        .await?;
    let reference = web.engine.tickets().reference();
    let unknown = || Problem::new(Code::Unknown).field("state");
    let state = query
        .state
        .map(|code| KeyState::parse(&code).ok_or_else(unknown))
        .transpose()?;
    let units = if who.principal.roles.contains(&Role::Inspector) {
        Vec::new()
    } else {
        reach(&who.principal, None, &reference)?
    };
    let filter = CaseFilter {
        units,
        state,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web.engine.store().key_cases(&filter).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        if key_case::is_visible(&row.case, &who.principal, &reference) {
            let case = web.engine.cases().open(row).await?;
            items.push(CaseDto {
                orders: Vec::new(),
                words: BTreeMap::new(),
                ..dto(&who, &case, &reference)
            });
        }
    }
    Ok(Json(CasePageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// One case; its `ETag` is the version that a command must name.
#[utoipa::path(get, path = "/cases/{id}", tag = "cases", params(("id" = String, Path)),
    responses((status = 200, body = CaseDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<CaseId>,
) -> Result<Versioned<CaseDto>, Problem> {
    let case = seen(&web, &who, id, Verb::CaseRead).await?;
    Ok(answer(&web, &who, &case))
}

/// Gives a command to a case and returns it as it is then.
#[utoipa::path(post, path = "/cases/{id}/commands", tag = "cases",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted"),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key again does nothing again")),
    request_body = CaseCommand, responses((status = 200, body = CaseDto)))]
pub(crate) async fn give(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<CaseId>,
    IfMatch(version): IfMatch,
    headers: HeaderMap,
    Json(command): Json<CaseCommand>,
) -> Result<Versioned<CaseDto>, Problem> {
    seen(&web, &who, id, Verb::CaseManage).await?;
    let give = GiveCase {
        by: By::User(&who.principal),
        case: id,
        command: &command,
        expected: Some(version),
        key: idempotency_key(&headers)?,
    };
    let case = web.engine.cases().give(give).await?;
    Ok(answer(&web, &who, &case))
}

/// What should become a case: ten appellants of one event type in one place in a week, reworks without effect, 督办 that
/// nobody answered. A person decides.
#[utoipa::path(get, path = "/case-proposals", tag = "cases", responses((status = 200, body = CaseProposalsDto)))]
pub(crate) async fn proposals(
    State(web): State<Web>,
    who: SignedIn,
) -> Result<Json<CaseProposalsDto>, Problem> {
    web.permit(&who, Verb::CaseSubmit, &Object::of_centre("case-proposals"))
        .await?;
    let reference = web.engine.tickets().reference();
    let all = web.engine.cases().proposals().await?;
    let items = all.into_iter().map(|it| proposal(it, &reference));
    Ok(Json(CaseProposalsDto {
        items: items.collect(),
    }))
}

/// Reads a case for somebody who may see it.
async fn seen(web: &Web, who: &SignedIn, id: CaseId, verb: Verb) -> Result<KeyCase, Problem> {
    let case = match web.engine.cases().case(id).await {
        Ok(case) => Some(case),
        Err(CaseError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let reference = web.engine.tickets().reference();
    let case = case.filter(|case| key_case::is_visible(case, &who.principal, &reference));
    let name = format!("case/{id}");
    // The city's organ and the inspection department stand for the centre; a unit, for the unit it is in the case.
    let units = case.iter().flat_map(|case| &case.units);
    let mut paths = units.filter_map(|unit| reference.organs.path(unit));
    let object = match paths.find(|path| who.principal.organ.contains(path)) {
        Some(path) if !who.principal.roles.contains(&Role::Inspector) => Object::of_organ(name, path),
        _ => Object::of_centre(name),
    };
    web.permit(who, verb, &object).await?;
    case.ok_or_else(|| Problem::new(Code::NotFound))
}

fn answer(web: &Web, who: &SignedIn, case: &KeyCase) -> Versioned<CaseDto> {
    let reference = web.engine.tickets().reference();
    Versioned(case.version, dto(who, case, &reference))
}

fn dto(who: &SignedIn, case: &KeyCase, reference: &Reference) -> CaseDto {
    let principal = &who.principal;
    let root = reference.organs.root().map(|organ| &organ.id);
    let whole = principal.roles.contains(&Role::Inspector) || principal.organ.organ() == root;
    let ours = |unit: &OrganId| {
        let path = reference.organs.path(unit);
        whole || path.is_some_and(|path| principal.organ.contains(&path))
    };
    let shown = |name: &str| match name.split('.').next() {
        Some("report") => name
            .rsplit('.')
            .next()
            .and_then(|unit| unit.parse().ok())
            .is_some_and(|unit| ours(&unit)),
        Some("title" | "demand" | "ineffective" | "conclusion") => true,
        _ => whole,
    };
    let units = case.units.iter().filter(|unit| ours(unit)).map(|unit| {
        let organ = reference.organs.get(unit);
        CaseUnitDto {
            id: unit.to_string(),
            name: organ.map(|organ| organ.name.clone()).unwrap_or_default(),
            reported: case.reported.contains(unit),
        }
    });
    let words = case.texts.0.iter().filter(|(name, _)| shown(name));
    let orders = case.orders.iter().filter(|_| whole);
    CaseDto {
        id: case.id.to_string(),
        version: case.version,
        cause: case.cause.code(),
        state: case.state.code(),
        title: case.texts.0.get("title").cloned().unwrap_or_default(),
        orders_total: case.orders.len(),
        units: units.collect(),
        words: words.map(|(name, text)| (name.clone(), text.clone())).collect(),
        orders: orders.map(ToString::to_string).collect(),
        appellants: case.appellants,
        round: case.round,
        limit: maybe(case.limit),
        overdue: case.overdue,
        submitted_at: case.at.into(),
        ended_at: maybe(case.ended_at),
    }
}

fn proposal(it: CaseProposal, reference: &Reference) -> CaseProposalDto {
    let catalogue = &reference.catalogue;
    let name = |path: Option<&str>| path.unwrap_or_default().to_owned();
    CaseProposalDto {
        cause: it.cause.code(),
        category_name: name(
            it.category
                .as_deref()
                .and_then(|code| catalogue.categories.path(code)),
        ),
        region_name: name(it.region.as_deref().and_then(|code| catalogue.regions.path(code))),
        category: it.category,
        region: it.region,
        appellants: it.counted.appellants,
        failed_reworks: it.counted.failed_reworks,
        escalated: it.counted.escalated,
        orders: it.orders.iter().map(ToString::to_string).collect(),
    }
}
