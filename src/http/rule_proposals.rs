//! Routing rules that fixed responsibilities propose, over HTTP: the list, approval, refusal.
//!
//! **Not here.** What approval does (`engine::rule_proposals`).
//! **Source.** DB1302/T 604—2025 B.5.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::TicketId;
use crate::engine::rule_proposals;
use crate::engine::rule_proposals::RuleProposalError;
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
use crate::io::store::rule_proposals::RuleProposalRow;

/// A proposed rule.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleProposal)]
pub(crate) struct RuleProposalDto {
    /// The order whose responsibility was fixed: the proposal's id.
    id: String,
    /// Its number.
    number: String,
    /// 事件类型.
    category: String,
    /// Its name with what is above it.
    category_name: String,
    /// The region or street; none for all.
    region: Option<String>,
    /// The primary unit.
    unit: String,
    /// 机构名称.
    unit_name: String,
    /// `open`, `approved`, `refused`.
    state: String,
    /// Who fixed the responsibility.
    proposed_by: String,
    /// When.
    proposed_at: Instant,
    /// Who decided.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<Instant>,
    /// The version of the rules that has it.
    rules_version: Option<i64>,
}

/// Proposed rules.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleProposalPage)]
pub(crate) struct RuleProposalPageDto {
    /// Newest first.
    items: Vec<RuleProposalDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which proposals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RuleProposalQuery {
    /// Only those that are not decided.
    open: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

impl From<RuleProposalError> for Problem {
    fn from(error: RuleProposalError) -> Self {
        match error {
            RuleProposalError::NotFound => Self::new(Code::NotFound),
            RuleProposalError::Refused(error) => error.into(),
            RuleProposalError::Reference(error) => error.into(),
            RuleProposalError::Audit(error) => error.into(),
        }
    }
}

/// Proposed rules, the newest first.
#[utoipa::path(get, path = "/rule-proposals", tag = "reference", params(RuleProposalQuery),
    responses((status = 200, body = RuleProposalPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<RuleProposalQuery>,
) -> Result<Json<RuleProposalPageDto>, Problem> {
    web.permit(&who, Verb::RuleRead, &Object::of_centre("rule-proposals"))
        .await?;
    let after = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit)?;
    let (rows, next) = web
        .engine
        .store()
        .rule_proposals(query.open, after.as_ref(), limit)
        .await?;
    Ok(Json(RuleProposalPageDto {
        items: rows.into_iter().map(|row| dto(&web, row)).collect(),
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// Publishes the rules with this one in them; who fixed the responsibility may not.
#[utoipa::path(post, path = "/rule-proposals/{id}/approve", tag = "reference", params(("id" = String, Path)),
    responses((status = 200, body = RuleProposalDto)))]
pub(crate) async fn approve(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<RuleProposalDto>, Problem> {
    decide(&web, &who, id, true).await
}

/// Refuses a proposed rule.
#[utoipa::path(post, path = "/rule-proposals/{id}/refuse", tag = "reference", params(("id" = String, Path)),
    responses((status = 200, body = RuleProposalDto)))]
pub(crate) async fn refuse(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<RuleProposalDto>, Problem> {
    decide(&web, &who, id, false).await
}

async fn decide(
    web: &Web,
    who: &SignedIn,
    id: TicketId,
    approved: bool,
) -> Result<Json<RuleProposalDto>, Problem> {
    let object = Object::of_centre(format!("rule-proposal/{id}"));
    web.permit(who, Verb::RuleApprove, &object).await?;
    let row = Box::pin(rule_proposals::decide(&web.engine, &who.principal, id, approved)).await?;
    Ok(Json(dto(web, row)))
}

fn dto(web: &Web, row: RuleProposalRow) -> RuleProposalDto {
    let reference = web.engine.tickets().reference();
    let unit = reference.organs.get(&row.unit);
    let category = reference.catalogue.categories.path(&row.category);
    RuleProposalDto {
        id: row.ticket.to_string(),
        number: row.number,
        category_name: category.unwrap_or_default().to_owned(),
        category: row.category,
        region: row.region,
        unit_name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
        unit: row.unit.to_string(),
        state: row.state,
        proposed_by: row.proposed_by,
        proposed_at: row.proposed_at.into(),
        decided_by: row.decided_by,
        decided_at: maybe(row.decided_at),
        rules_version: row.rules_version,
    }
}
