//! Lists of work orders: newest first, page by page, each row with the light of its limit.
//!
//! **Invariants.** A list shows no personal field. It holds only what its reader's organ reaches, and of confidential
//! orders those in whose circle he is. What is personal in a question (a number, words) travels in the body, never in
//! the address.
//! **Not here.** The search itself (`engine::search`), statements (`io::store::tickets`).
//! **Source.** DB1302/T 604—2025 8.4.1, 8.4.2.1.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::Principal;
use crate::account::Role;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::InteractionId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::phone_number::Number;
use crate::base::time::WallTime;
use crate::engine::search::End;
use crate::engine::search::PAGE_HITS_MAX;
use crate::engine::search::Page as Found;
use crate::engine::search::QUERY_LABELS_MAX;
use crate::engine::search::Reader;
use crate::engine::ticket_service::TicketService;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::narrowed;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::page;
use crate::http::tickets::dto::Light;
use crate::http::tickets::dto::TicketDto;
use crate::http::tickets::sight::Eyes;
use crate::http::tickets::sight::own;
use crate::io::store::StoreError;
use crate::io::store::tickets::Deadlines;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::io::store::tickets::UNITS_MAX;
use crate::ticket::deadline::Rule;
use crate::ticket::evolve;
use crate::ticket::model::AppealType;
use crate::ticket::model::Flag;
use crate::ticket::model::State as TicketState;
use crate::ticket::model::Urgency;
use crate::ticket::reference::Reference;

/// An order counts as near its limit within so many working days.
const NEAR: Rule = Rule::WorkingDays(1);

/// A page of work orders.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(crate) struct TicketPageDto {
    /// Newest first, personal fields empty.
    items: Vec<TicketDto>,
    /// The cursor of the next page.
    next: Option<String>,
    /// Whether a search stopped before its end because it opened as many orders as one request may.
    bounded: bool,
}

/// Which work orders.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketQuery {
    /// `today` or YYYY-MM-DD.
    day: Option<String>,
    /// First day, YYYY-MM-DD.
    from: Option<String>,
    /// Last day, YYYY-MM-DD.
    to: Option<String>,
    /// `me` or an agent's id.
    agent: Option<String>,
    /// States, with commas between them.
    state: Option<String>,
    /// A whole order number.
    number: Option<String>,
    /// The orders of this call; the others do not narrow then.
    pub(super) interaction: Option<String>,
    /// An organ that has the order or a part of it, with those below it.
    unit: Option<String>,
    /// `me`, or an organ that handles it now.
    handler: Option<String>,
    /// The channel, as `phone`.
    channel: Option<String>,
    /// 诉求类别.
    kind: Option<String>,
    /// 事件类型: a code; those below it count.
    category: Option<String>,
    /// 区域: a code; those below it count.
    region: Option<String>,
    /// 紧急程度.
    urgency: Option<String>,
    /// A flag.
    flag: Option<String>,
    /// `near` (within one working day) or `overdue`.
    due: Option<String>,
    /// Only confidential ones, or only others.
    confidential: Option<bool>,
    /// `next` of the page before.
    pub(super) cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    pub(super) limit: Option<u32>,
}

impl TicketQuery {
    /// What narrows, for a log: it holds codes and days, nothing personal.
    pub(super) fn told(&self) -> serde_json::Value {
        let fields = [
            ("day", &self.day),
            ("from", &self.from),
            ("to", &self.to),
            ("agent", &self.agent),
            ("state", &self.state),
            ("number", &self.number),
            ("unit", &self.unit),
            ("handler", &self.handler),
            ("channel", &self.channel),
            ("kind", &self.kind),
            ("category", &self.category),
            ("region", &self.region),
            ("urgency", &self.urgency),
            ("flag", &self.flag),
            ("due", &self.due),
        ];
        let mut told: serde_json::Map<String, serde_json::Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_deref()?.into())))
            .collect();
        if let Some(confidential) = self.confidential {
            told.insert("confidential".to_owned(), confidential.into());
        }
        told.into()
    }
}

/// What is looked for in orders; the personal part of a question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketSearch)]
pub(crate) struct TicketSearchDto {
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
    filter: TicketQuery,
}

/// Work orders, newest first, without personal fields.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = TicketPageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<TicketQuery>,
) -> Result<Json<TicketPageDto>, Problem> {
    if let Some(interaction) = &query.interaction {
        return of_call(&web, &who, interaction).await;
    }
    let agent = narrowed(&who, Verb::TicketList, query.agent.as_deref())?;
    let object = Object {
        agent: agent.clone(),
        ..own("tickets", &who.principal)
    };
    web.permit(&who, Verb::TicketList, &object).await?;
    let mut filter = filter(&web, &who, query)?;
    filter.agent = agent;
    let (rows, next) = web.engine.store().tickets(&filter).await?;
    Ok(page_of(&web, &who, &rows, next.map(|it| it.to_string()), false))
}

/// Work orders of a number, of its last digits, or with words in them.
#[utoipa::path(post, path = "/tickets/search", tag = "tickets", request_body = TicketSearchDto,
    responses((status = 200, body = TicketPageDto)))]
pub(crate) async fn search(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<TicketSearchDto>,
) -> Result<Json<TicketPageDto>, Problem> {
    web.permit(&who, Verb::TicketSearch, &own("tickets", &who.principal))
        .await?;
    let words = body
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let mut query = body.filter;
    // The cursor of a search by words is a place in the index.
    let place = match (words, &query.cursor) {
        (Some(_), Some(_)) => query.cursor.take().map(|text| text.parse::<i64>()).transpose(),
        _ => Ok(None),
    };
    let place = place.map_err(|_| Problem::invalid("cursor", "not one that a page gave"))?;
    let mut filter = filter(&web, &who, query)?;
    tags(&web, body.phone.as_deref(), body.last4.as_deref(), &mut filter)?;
    let Some(words) = words else {
        if filter.caller_tag.is_none() && filter.last4_tag.is_none() {
            return Err(Problem::new(Code::Incomplete).field("text"));
        }
        let (rows, next) = web.engine.store().tickets(&filter).await?;
        return Ok(page_of(&web, &who, &rows, next.map(|it| it.to_string()), false));
    };
    by_words(&web, &who, words, place, filter).await
}

/// The orders of a call: the first of them, and the other matters.
async fn of_call(web: &Web, who: &SignedIn, interaction: &str) -> Result<Json<TicketPageDto>, Problem> {
    let unknown = |_| Problem::new(Code::Unknown).field("interaction");
    let interaction: InteractionId = interaction.parse().map_err(unknown)?;
    let rows = web.engine.store().tickets_of(interaction).await?;
    let first = rows.first().and_then(|row| row.ticket.agent.clone());
    let own = own("tickets", &who.principal);
    let object = Object {
        agent: first.or_else(|| own.agent.clone()),
        ..own
    };
    web.permit(who, Verb::TicketList, &object).await?;
    Ok(page_of(web, who, &rows, None, false))
}

/// Orders with words in them, which the reader may see, and in fields that he may see.
async fn by_words(
    web: &Web,
    who: &SignedIn,
    words: &str,
    after: Option<i64>,
    filter: TicketFilter,
) -> Result<Json<TicketPageDto>, Problem> {
    let found = found_in(web, who, (words, after), &filter.organs, filter.limit).await?;
    let next = found.next.map(|place| place.to_string());
    if found.hits.is_empty() {
        return Ok(page_of(web, who, &[], next, found.end == End::Bounded));
    }
    let narrowed = TicketFilter {
        ids: found.hits,
        ..filter
    };
    let (rows, _) = web.engine.store().tickets(&narrowed).await?;
    Ok(page_of(web, who, &rows, next, found.end == End::Bounded))
}

async fn found_in(
    web: &Web,
    who: &SignedIn,
    (words, after): (&str, Option<i64>),
    organs: &[OrganId],
    limit: u32,
) -> Result<Found, Problem> {
    let search = web.engine.search();
    let labels: Vec<String> = organs.iter().map(|organ| format!("unit:{organ}")).collect();
    // A unit with more organs below it than a search takes is narrowed by what it may see alone.
    let few = labels.len() <= QUERY_LABELS_MAX;
    let labels: Vec<&str> = labels.iter().filter(|_| few).map(String::as_str).collect();
    let query = search.query(words, &labels);
    let query = query.map_err(|error| Problem::invalid("text", error.to_string()))?;
    let reader = Sighted {
        tickets: web.engine.tickets(),
        store: web.engine.store(),
        who: &who.principal,
    };
    let limit = usize::try_from(limit).unwrap_or(PAGE_HITS_MAX).min(PAGE_HITS_MAX);
    Ok(search.search(&query, after, limit, &reader).await?)
}

/// The orders with words in them that a reader may see, of all organs he reaches by what he may see; and the next place.
pub(crate) async fn found_by_words(
    web: &Web,
    who: &SignedIn,
    words: &str,
    cursor: Option<String>,
    limit: u32,
) -> Result<(Vec<TicketId>, Option<String>), Problem> {
    let after = cursor.map(|text| text.parse::<i64>()).transpose();
    let after = after.map_err(|_| Problem::invalid("cursor", "not one that a page gave"))?;
    let found = found_in(web, who, (words, after), &[], limit).await?;
    Ok((found.hits, found.next.map(|place| place.to_string())))
}

/// Opens what the index proposes, for one reader.
struct Sighted<'a> {
    tickets: &'a TicketService,
    store: &'a crate::io::store::Store,
    who: &'a Principal,
}

impl Reader for Sighted<'_> {
    async fn fields(&self, tickets: &[TicketId]) -> Result<Vec<Option<Vec<String>>>, StoreError> {
        let reference = self.tickets.reference();
        let mut all = Vec::with_capacity(tickets.len());
        for rows in tickets.chunks(UNITS_MAX) {
            let filter = TicketFilter {
                ids: rows.to_vec(),
                limit: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                ..TicketFilter::default()
            };
            let mut found = self.store.tickets(&filter).await?.0;
            for id in rows {
                let at = found.iter().position(|row| row.ticket.id == *id);
                all.push(match at {
                    Some(at) => self.words(found.swap_remove(at), &reference).await,
                    None => None,
                });
            }
        }
        Ok(all)
    }
}

impl Sighted<'_> {
    /// The words of an order that the reader is shown; none when he sees none of it or they cannot be opened.
    async fn words(&self, row: TicketRow, reference: &Reference) -> Option<Vec<String>> {
        let eyes = Eyes::on(&row.ticket, self.who, reference);
        if !eyes.sight.shows_matter() {
            return None;
        }
        let opened = self
            .tickets
            .open_row(row)
            .await
            .ok()
            .filter(|opened| !opened.erased)?;
        let ticket = &opened.row.ticket;
        let values = evolve::personal_values(ticket);
        let shown = values
            .into_iter()
            .filter(|(name, _)| eyes.shows_word(name, ticket, reference));
        Some(shown.map(|(_, words)| words).collect())
    }
}

fn page_of(
    web: &Web,
    who: &SignedIn,
    rows: &[TicketRow],
    next: Option<String>,
    bounded: bool,
) -> Json<TicketPageDto> {
    let (profile, reference) = (web.engine.profile(), web.engine.tickets().reference());
    let light = Light {
        profile: &profile,
        reference: &reference,
        zone: web.engine.zone(),
        now: web.engine.clock().now().wall,
    };
    let seen = |row: &&TicketRow| Eyes::on(&row.ticket, &who.principal, &reference).sight.is_seen();
    let items = rows.iter().filter(seen);
    Json(TicketPageDto {
        items: items.map(|row| TicketDto::listed(&row.ticket, &light)).collect(),
        next,
        bounded,
    })
}

/// Reads a query; it reaches no farther than the reader's organ.
pub(super) fn filter(web: &Web, who: &SignedIn, query: TicketQuery) -> Result<TicketFilter, Problem> {
    let reference = web.engine.tickets().reference();
    let now = web.engine.clock().now().wall;
    let (from, to) = days(web, &query)?;
    let unit = query
        .unit
        .as_deref()
        .map(|text| organ("unit", text))
        .transpose()?;
    let handlers = match query.handler.as_deref() {
        None => Vec::new(),
        Some("me") => who.principal.organ.organ().cloned().into_iter().collect(),
        Some(text) => vec![organ("handler", text)?],
    };
    let organs = reach(&who.principal, unit.as_ref(), &reference)?;
    let due = match query.due.as_deref() {
        None => None,
        Some("near") => Some(Deadlines::Between(now, near(web, &reference, now))),
        Some("overdue") => Some(Deadlines::Before(now)),
        Some(_) => return Err(Problem::new(Code::Unknown).field("due")),
    };
    let officer = who.principal.roles.contains(&Role::Supervisor) && organs.is_empty();
    Ok(TicketFilter {
        from,
        to,
        states: codes("state", query.state.as_deref(), TicketState::parse)?,
        number: query.number,
        channel: query.channel,
        appeal_type: code("kind", query.kind.as_deref(), AppealType::parse)?,
        category: tree("category", query.category)?,
        region: tree("region", query.region)?,
        urgency: code("urgency", query.urgency.as_deref(), Urgency::parse)?,
        flag: code("flag", query.flag.as_deref(), Flag::parse)?,
        handlers,
        organs,
        due,
        // The city's supervisors see every confidential order; whoever else, those in whose circle he is.
        reader: Some(who.principal.user.clone()).filter(|_| !officer),
        confidential: query.confidential,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
        ..TicketFilter::default()
    })
}

fn days(web: &Web, query: &TicketQuery) -> Result<(Option<WallTime>, Option<WallTime>), Problem> {
    if query.day.is_some() {
        return page::day(&web.engine, query.day.as_deref());
    }
    let (from, _) = page::day(&web.engine, query.from.as_deref())?;
    let (_, to) = page::day(&web.engine, query.to.as_deref())?;
    Ok((from, to))
}

fn near(web: &Web, reference: &Reference, now: WallTime) -> WallTime {
    let limits = crate::ticket::deadline::Limits::of(reference, web.engine.zone(), now);
    limits.deadline(now, NEAR).at
}

/// The organs whose orders somebody reaches: none means all. Source: 8.4.1 (accounts reach their organ's subtree).
///
/// # Errors
/// [`Code::NotFound`] for an organ he does not reach.
pub(crate) fn reach(
    who: &Principal,
    unit: Option<&OrganId>,
    reference: &Reference,
) -> Result<Vec<OrganId>, Problem> {
    let organs = &reference.organs;
    let own = who.organ.organ();
    let root = organs.root().map(|organ| &organ.id);
    let top = match (unit, own) {
        (None, own) if own.is_some() && own == root => return Ok(Vec::new()),
        (None, own) => own.cloned(),
        (Some(unit), own) if own.is_some() && own == root => Some(unit.clone()),
        (Some(unit), _) => {
            let path = organs.path(unit).filter(|path| who.organ.contains(path));
            let unit = path.map(|_| unit.clone());
            Some(unit.ok_or_else(|| Problem::new(Code::Unknown).field("unit"))?)
        }
    };
    let mut all: Vec<OrganId> = top.into_iter().collect();
    let mut at = 0;
    while let Some(organ) = all.get(at).filter(|_| all.len() < UNITS_MAX) {
        let below = organs.children(organ).to_vec();
        all.extend(below);
        at += 1;
    }
    all.truncate(UNITS_MAX);
    Ok(all)
}

/// Reads a number or its last digits into the tags they are found by.
pub(crate) fn tags(
    web: &Web,
    phone: Option<&str>,
    last4: Option<&str>,
    filter: &mut TicketFilter,
) -> Result<(), Problem> {
    let keys = web.engine.keys();
    if let Some(phone) = phone {
        let number = Number::parse(phone, &web.engine.profile().site.area_code);
        let tag = keys.with(|ring| ring.number_tag(&number));
        filter.caller_tag = Some(tag.ok_or_else(|| Problem::invalid("phone", "not a number"))?);
    }
    if let Some(last4) = last4 {
        if last4.len() != 4 || !last4.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Problem::invalid("last4", "not four digits"));
        }
        filter.last4_tag = Some(keys.with(|ring| ring.last4_tag(last4)));
    }
    Ok(())
}

fn code<T>(field: &str, text: Option<&str>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let read = |text| parse(text).ok_or_else(|| Problem::new(Code::Unknown).field(field));
    text.map(read).transpose()
}

fn codes<T>(field: &str, text: Option<&str>, parse: fn(&str) -> Option<T>) -> Result<Vec<T>, Problem> {
    let parts = text.into_iter().flat_map(|text| text.split(','));
    let read = |text| parse(text).ok_or_else(|| Problem::new(Code::Unknown).field(field));
    parts.map(read).collect()
}

fn organ(field: &str, text: &str) -> Result<OrganId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::Unknown).field(field))
}

/// The digits that a code of a tree has in common with those below it: `010000` stands for all that begin with `01`, a city's
/// `130200` for its counties.
fn tree(field: &str, code: Option<String>) -> Result<Option<String>, Problem> {
    let Some(code) = code else { return Ok(None) };
    if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(Code::Unknown).field(field));
    }
    let mut stem = code.as_str();
    while let Some(shorter) = stem
        .strip_suffix("00")
        .filter(|rest| !rest.is_empty() && code.len() == 6)
    {
        stem = shorter;
    }
    Ok(Some(stem.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_an_upper_level_stands_for_those_below_it() {
        let stem = |code: &str| tree("category", Some(code.to_owned())).unwrap().unwrap();
        assert_eq!(stem("010000"), "01");
        assert_eq!(stem("010100"), "0101");
        assert_eq!(stem("010101"), "010101");
        assert_eq!(stem("130200"), "1302");
        assert_eq!(stem("130202001"), "130202001");
        assert!(tree("category", Some("01%".to_owned())).is_err());
    }
}
