//! The ratio registry over HTTP: each ratio with n, N and its percentage, and the orders or calls behind it.
//!
//! **Invariants.** N = 0 gives no percentage. Whoever reads for an organ reaches that organ and those below it alone; what
//! belongs to nobody below the centre (city, agents, queues) is the centre's. A list shows no personal field.
//! **Not here.** Which ratios there are (`report::ratio_table`), counting (`io::store::ratios`).
//! **Source.** DB1302/T 604—2025 8.1.2.2 e; readings Q1, Q17, Q23.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::conformance::days;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::instant::Instant;
use crate::http::page;
use crate::http::texts::text;
use crate::http::tickets::dto::Light;
use crate::http::tickets::dto::TicketDto;
use crate::http::tickets::list::reach;
use crate::http::tickets::sight::Eyes;
use crate::io::store::ratios::Behind;
use crate::io::store::ratios::BehindPage;
use crate::io::store::ratios::Scope;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::report::ratio::Base;
use crate::report::ratio::Figure;
use crate::report::ratio::Form;
use crate::report::ratio::Level;
use crate::report::ratio::Period;
use crate::report::ratio::Ratio;
use crate::report::ratio::Which;
use crate::report::ratio_table;
use crate::ticket::settings::Id as Setting;

/// For whom and when ratios are counted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RatioQuery {
    /// First day, YYYY-MM-DD; today when nothing is said.
    from: Option<String>,
    /// Last day, YYYY-MM-DD; today when nothing is said.
    to: Option<String>,
    /// `city`, `unit`, `agent`, `queue`; what the reader's organ is when nothing is said.
    level: Option<String>,
    /// Which unit (with those below it), agent or queue; all that the reader reaches when nothing is said.
    key: Option<String>,
    /// Only the five rates (五率) of the settings.
    five: Option<bool>,
}

/// Which rows behind a ratio.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BehindQuery {
    /// First day, YYYY-MM-DD; today when nothing is said.
    from: Option<String>,
    /// Last day, YYYY-MM-DD; today when nothing is said.
    to: Option<String>,
    /// As with the ratios.
    level: Option<String>,
    /// As with the ratios.
    key: Option<String>,
    /// `numerator`, `denominator`, `missing`, `excluded`; the denominator when nothing is said.
    which: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// A ratio.
#[derive(Serialize, ToSchema)]
#[schema(as = Ratio)]
pub(crate) struct RatioDto {
    /// Its id.
    id: &'static str,
    /// 名称.
    label: String,
    /// What tells it from others of the same name; empty for most.
    note: String,
    /// `share`, `rate`, `average_time`, `average_ms`.
    form: &'static str,
    /// Above the line.
    n: i64,
    /// Below the line.
    #[serde(rename = "N")]
    denominator: i64,
    /// What is left out of both.
    excluded: i64,
    /// n ÷ N in percent with two digits, as `98.76`; none when N is 0, and for averages.
    percentage: Option<String>,
    /// Of averages, n ÷ N in ms; none when N is 0.
    average_ms: Option<i64>,
    /// The instant by which a row belongs to the period.
    anchor: &'static str,
    /// `order`, `cycle`, `request`, `supervision`, `call`.
    base: &'static str,
    /// Whether it is one of the five rates (五率).
    five: bool,
    /// The clause or standard it comes from.
    source: &'static str,
}

/// Ratios of a period.
#[derive(Serialize, ToSchema)]
#[schema(as = Ratios)]
pub(crate) struct RatiosDto {
    /// For whom they were counted.
    level: &'static str,
    /// Which of that level; none for all that the reader reaches.
    key: Option<String>,
    /// When they were counted.
    made_at: Instant,
    /// In the order of the registry.
    items: Vec<RatioDto>,
}

/// An order or a call behind a ratio.
#[derive(Serialize, ToSchema)]
#[schema(as = BehindRatio)]
pub(crate) struct BehindDto {
    /// Its id.
    id: String,
    /// The instant by which it belongs to the period.
    at: Instant,
    /// The order without personal fields; none for a call.
    order: Option<TicketDto>,
}

/// Orders or calls behind a ratio.
#[derive(Serialize, ToSchema)]
#[schema(as = BehindRatioPage)]
pub(crate) struct BehindPageDto {
    /// Newest first; what the reader may not see is left out.
    items: Vec<BehindDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Ratios of a period, counted now.
#[utoipa::path(get, path = "/ratios", tag = "reports", params(RatioQuery),
    responses((status = 200, body = RatiosDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<RatioQuery>,
) -> Result<Json<RatiosDto>, Problem> {
    let scope = scope(&web, &who, query.level.as_deref(), query.key.as_deref()).await?;
    let period = period(&web, query.from.as_deref(), query.to.as_deref())?;
    let reference = web.engine.tickets().reference();
    let five = reference
        .settings
        .at(period.now)
        .list(Setting::RatesFive)
        .to_vec();
    let is_five = |ratio: &Ratio| five.iter().any(|id| id == ratio.id);
    let mut items = Vec::new();
    for ratio in ratio_table::RATIOS {
        let wanted = query.five != Some(true) || is_five(ratio);
        if wanted && ratio.levels.contains(&scope.level) {
            let figure = web.engine.store().ratio(ratio, &scope, period).await?;
            items.push(dto(ratio, figure, is_five(ratio)));
        }
    }
    Ok(Json(RatiosDto {
        level: scope.level.code(),
        key: query.key,
        made_at: period.now.into(),
        items,
    }))
}

/// The orders or calls that a ratio counts, the newest first.
#[utoipa::path(get, path = "/ratios/{id}/orders", tag = "reports", params(("id" = String, Path), BehindQuery),
    responses((status = 200, body = BehindPageDto)))]
pub(crate) async fn behind(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<String>,
    Query(query): Query<BehindQuery>,
) -> Result<Json<BehindPageDto>, Problem> {
    let scope = scope(&web, &who, query.level.as_deref(), query.key.as_deref()).await?;
    let period = period(&web, query.from.as_deref(), query.to.as_deref())?;
    let ratio = ratio_table::ratio(&id).ok_or_else(|| Problem::new(Code::NotFound))?;
    if !ratio.levels.contains(&scope.level) {
        return Err(Problem::new(Code::Unknown).field("level"));
    }
    let which = query
        .which
        .as_deref()
        .map_or(Some(Which::Denominator), Which::parse);
    let page = BehindPage {
        which: which.ok_or_else(|| Problem::new(Code::Unknown).field("which"))?,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web
        .engine
        .store()
        .behind_ratio(ratio, &scope, period, &page)
        .await?;
    Ok(Json(BehindPageDto {
        items: shown(&web, &who, ratio, rows).await?,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// For whom is counted, as far as the reader reaches.
async fn scope(web: &Web, who: &SignedIn, level: Option<&str>, key: Option<&str>) -> Result<Scope, Problem> {
    let reference = web.engine.tickets().reference();
    let own = who.principal.organ.organ();
    let is_city = own.is_some() && own == reference.organs.root().map(|organ| &organ.id);
    let natural = if is_city { Level::City } else { Level::Unit };
    let level = level.map_or(Some(natural), Level::parse);
    let level = level.ok_or_else(|| Problem::new(Code::Unknown).field("level"))?;
    if level != Level::Unit {
        // What no organ below the centre has is the centre's.
        let root = reference
            .organs
            .root()
            .and_then(|organ| reference.organs.path(&organ.id));
        let object = Object {
            organ: root,
            ..Object::of_centre("ratios")
        };
        web.permit(who, Verb::RatioRead, &object).await?;
        if level == Level::City && key.is_some() {
            return Err(Problem::invalid("key", "the city has none"));
        }
        return Ok(Scope {
            level,
            keys: key.map(ToOwned::to_owned).into_iter().collect(),
        });
    }
    let unit = key.map(str::parse::<OrganId>);
    let unit = unit
        .transpose()
        .map_err(|_| Problem::new(Code::Unknown).field("key"))?;
    let path = match &unit {
        Some(unit) => reference.organs.path(unit),
        None => Some(who.principal.organ.clone()),
    };
    let path = path.ok_or_else(|| Problem::new(Code::Unknown).field("key"))?;
    web.permit(who, Verb::RatioRead, &Object::of_organ("ratios", path))
        .await?;
    let organs = reach(&who.principal, unit.as_ref(), &reference)?;
    Ok(Scope {
        level,
        keys: organs.iter().map(ToString::to_string).collect(),
    })
}

fn period(web: &Web, from: Option<&str>, to: Option<&str>) -> Result<Period, Problem> {
    let (first, last) = days(web, from, to)?;
    let zone = web.engine.zone();
    Ok(Period {
        from: zone.start_of(first),
        to: zone.end_of(last),
        now: web.engine.clock().now().wall,
    })
}

async fn shown(
    web: &Web,
    who: &SignedIn,
    ratio: &Ratio,
    rows: Vec<Behind>,
) -> Result<Vec<BehindDto>, Problem> {
    let mut found: Vec<TicketRow> = Vec::new();
    if ratio.base != Base::Call {
        let mut ids: Vec<TicketId> = rows.iter().filter_map(|row| row.id.parse().ok()).collect();
        ids.dedup();
        let filter = TicketFilter {
            limit: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ids,
            ..TicketFilter::default()
        };
        if !filter.ids.is_empty() {
            found = web.engine.store().tickets(&filter).await?.0;
        }
    }
    let (profile, reference) = (web.engine.profile(), web.engine.tickets().reference());
    let light = Light {
        profile: &profile,
        reference: &reference,
        zone: web.engine.zone(),
        now: web.engine.clock().now().wall,
    };
    let mut items = Vec::with_capacity(rows.len());
    for Behind { id, at } in rows {
        let order = found.iter().find(|row| row.ticket.id.to_string() == id);
        let hidden = |row: &TicketRow| {
            let sight = Eyes::on(&row.ticket, &who.principal, &reference).sight;
            !sight.is_seen()
        };
        if ratio.base != Base::Call && order.is_none_or(hidden) {
            continue;
        }
        items.push(BehindDto {
            id,
            at: at.into(),
            order: order.map(|row| TicketDto::listed(&row.ticket, &light)),
        });
    }
    Ok(items)
}

fn dto(ratio: &'static Ratio, figure: Figure, five: bool) -> RatioDto {
    let share = matches!(ratio.form, Form::Share | Form::Rate);
    let points = figure.basis_points().filter(|_| share);
    let average = match ratio.form {
        Form::AverageTime => figure.average().map(|micros| micros / 1_000),
        Form::AverageMs => figure.average(),
        Form::Share | Form::Rate => None,
    };
    let note = format!("{}_note", ratio.id);
    let words = text_of(&note);
    RatioDto {
        id: ratio.id,
        label: text("ratio", ratio.id).to_owned(),
        note: words,
        form: ratio.form.code(),
        n: figure.n,
        denominator: figure.d,
        excluded: figure.excluded,
        percentage: points.map(|points| format!("{}.{:02}", points / 100, points % 100)),
        average_ms: average,
        anchor: ratio.anchor.name,
        base: ratio.base.code(),
        five,
        source: ratio.source,
    }
}

/// The words of a code, or nothing where it has none.
fn text_of(code: &str) -> String {
    let words = text("ratio", code);
    if words == code {
        String::new()
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ratio_has_a_chinese_name_and_no_name_is_there_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for ratio in ratio_table::RATIOS {
            let label = text("ratio", ratio.id);
            assert_ne!(label, ratio.id, "[ratio] of texts/zh-CN.toml");
            assert!(
                seen.insert((label, text_of(&format!("{}_note", ratio.id)))),
                "{}",
                ratio.id
            );
        }
    }
}
