//! What happened to an order, fact by fact: who, when, by which clause, what stood there before and after.
//!
//! **Invariants.** A word is shown as the order itself shows it to the reader. The order of facts is that of their chain.
//! **Source.** DB1302/T 604—2025 7.9.1 (全过程留痕), 7.9.3.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::ActorKind;
use crate::fact::codec;
use crate::fact::codec::Envelope;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::http::texts::text;
use crate::http::tickets::dto::agent_name;
use crate::http::tickets::readable;
use crate::http::tickets::sight::Eyes;
use crate::ticket::refusal::STANDARD;

/// A word or field that was written.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryChange)]
pub(crate) struct ChangeDto {
    /// Its name, as `content` or `reply.1.result`.
    name: String,
    /// What stood there before.
    before: String,
    /// What stands there since.
    after: String,
}

/// A fact of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(crate) struct EntryDto {
    /// The order's version after it.
    no: usize,
    /// When.
    at: Instant,
    /// The kind of fact, as `ticket.signed`.
    kind: String,
    /// What that is, in words.
    title: String,
    /// The clause it serves.
    clause: Option<String>,
    /// `system`, `caller`, `agent`, `user`.
    actor: &'static str,
    /// Whose account or agent.
    actor_id: String,
    /// 姓名.
    actor_name: String,
    /// The request or timer that led to it.
    cause: String,
    /// Codes, numbers and ids of it.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Words that were written with it, as far as the reader sees them.
    changes: Vec<ChangeDto>,
}

/// What happened to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketHistory)]
pub(crate) struct HistoryDto {
    /// Oldest first.
    items: Vec<EntryDto>,
}

/// The facts of an order, oldest first.
#[utoipa::path(get, path = "/tickets/{id}/history", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = HistoryDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
) -> Result<Json<HistoryDto>, Problem> {
    let opened = readable(&web, &who, id).await?;
    let ticket = &opened.row.ticket;
    let reference = web.engine.tickets().reference();
    let eyes = Eyes::on(ticket, &who.principal, &reference);
    let key = web.engine.store().data_key(&ticket.key_id()).await?;
    let mut names = Names::default();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut items = Vec::new();
    for envelope in envelopes(&web, id).await? {
        let personal = match (&envelope.sealed, &key) {
            (Some(sealed), Some(key)) if sealed.key == key.key_id => {
                Some(web.engine.audit().open_with(sealed, key)?)
            }
            _ => None,
        };
        let mut changes = Vec::new();
        for (name, after) in personal.map(|it| it.values).unwrap_or_default() {
            let before = known.insert(name.clone(), after.clone()).unwrap_or_default();
            if before != after && eyes.shows_word(&name, ticket, &reference) {
                changes.push(ChangeDto { name, before, after });
            }
        }
        let actor_name = names.of(&web, &envelope).await?;
        items.push(entry(items.len() + 1, envelope, actor_name, changes, &eyes));
    }
    Ok(Json(HistoryDto { items }))
}

/// The facts of an order in the sequence they happened in, over all nodes.
async fn envelopes(web: &Web, id: TicketId) -> Result<Vec<Envelope>, Problem> {
    let rows = web.engine.store().facts_of_ticket(id).await?;
    let mut all = Vec::with_capacity(rows.len());
    for (_, text) in rows {
        let envelope = codec::decode(text.as_bytes()).map_err(|error| Problem::internal(&error))?;
        if envelope.kind.starts_with("ticket.") {
            all.push(envelope);
        }
    }
    all.sort_by(|one, other| {
        (one.at_us, &one.node, one.fact_no).cmp(&(other.at_us, &other.node, other.fact_no))
    });
    Ok(all)
}

fn entry(
    no: usize,
    envelope: Envelope,
    actor_name: String,
    changes: Vec<ChangeDto>,
    eyes: &Eyes<'_>,
) -> EntryDto {
    let kind = envelope.kind;
    let code = kind.strip_prefix("ticket.").unwrap_or(&kind);
    let title = text("document.event", code).to_owned();
    let clause = clause(code).map(|clause| format!("{STANDARD} {clause}"));
    // Who only sees a masked order learns what happened and when.
    let detail = if eyes.sight.shows_matter() {
        envelope.body
    } else {
        serde_json::Value::Null
    };
    EntryDto {
        no,
        at: WallTime::from_micros(envelope.at_us).into(),
        title,
        clause,
        actor: actor(envelope.actor.kind),
        actor_id: envelope.actor.id,
        actor_name,
        cause: envelope.cause,
        detail,
        changes,
        kind,
    }
}

const fn actor(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::System => "system",
        ActorKind::Caller => "caller",
        ActorKind::Agent => "agent",
        ActorKind::User => "user",
        ActorKind::Device => "device",
        ActorKind::Trunk => "trunk",
    }
}

/// Names of those who acted, each read once.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    async fn of(&mut self, web: &Web, envelope: &Envelope) -> Result<String, Problem> {
        let id = &envelope.actor.id;
        match envelope.actor.kind {
            ActorKind::Agent => Ok(agent_name(&web.engine.profile(), id.parse().ok().as_ref())),
            ActorKind::User => {
                if let Some(name) = self.0.get(id) {
                    return Ok(name.clone());
                }
                let account = match id.parse() {
                    Ok(user) => web.engine.store().account(&user).await?,
                    Err(_) => None,
                };
                let name = account.map(|account| account.name).unwrap_or_default();
                self.0.insert(id.clone(), name.clone());
                Ok(name)
            }
            _ => Ok(String::new()),
        }
    }
}

/// The clause a fact serves.
fn clause(code: &str) -> Option<&'static str> {
    Some(match code {
        "draft_opened" | "draft_saved" | "submitted" | "accepted" | "facts_added" | "sent_back"
        | "category_changed" => "7.1.2",
        "matter_opened" => "3.4",
        "type_changed" => "3.2",
        "flagged" => "7.6",
        "received" | "claimed" => "7.1.2 b",
        "answered" => "7.1.4",
        "merged" | "unmerged" | "repeated" | "repeat_undone" => "7.1.4 c",
        "refused" | "refusal_overturned" => "6.2",
        "invalid" | "caller_warned" => "A",
        "referred" => "3.1",
        "dispatched" | "duty_notified" | "duty_acknowledged" | "urgency_changed" => "7.2",
        "arbitration_opened" | "arbitrated" => "B.1",
        "redispatched" => "7.7.1 b",
        "signed" | "contacted" => "7.3",
        "progressed" => "7.5.1",
        "fed_back" | "review_passed" | "review_sent_back" => "7.5.2",
        "requested" | "request_decided" => "7.4, 7.6, B.2",
        "sub_opened" | "sub_changed" => "B.2",
        "circle_set" | "followup_planned" | "followup_attempted" | "verify_proposed" | "verified"
        | "reworked" | "reopened" => "7.7.1",
        "followup_recorded" => "7.7.2",
        "agent_rated" => "8.5 c",
        "closed" | "archived" | "attached" | "call_linked" | "imported" => "7.9.1",
        "cancelled" => "7.9.3",
        "urged" => "7.8",
        "instructed" => "8.1.2.1 a",
        "supervised" | "supervision_changed" => "7.8.1",
        "key_supervised" | "key_supervision_ended" => "7.8.2",
        "help_opened" | "help_changed" => "7.1.5",
        "responsibility_fixed" => "B.5",
        _ => return None,
    })
}
