//! Applies facts to a work order.
//!
//! **Invariants.** Folding an order's facts, with the values sealed beside them, gives the order as its row holds it.
//! **Not here.** Whether a command is allowed (`ticket::decide`).

use std::collections::BTreeMap;

use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::OpenDraft;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Draft;
use crate::ticket::model::Place;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

/// The order as it is right after its opening.
pub fn open(id: TicketId, open: &OpenDraft, at: WallTime) -> Ticket {
    Ticket {
        id,
        number: open.number.clone(),
        state: State::Draft,
        interaction: open.interaction,
        line: open.line.clone(),
        queue: open.queue.clone(),
        agent: open.agent.clone(),
        recording: open.recording,
        draft: Draft::default(),
        version: 1,
        created_at: at,
        updated_at: at,
        submitted_at: None,
    }
}

/// Applies one fact; `personal` holds the values sealed beside it.
pub fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact, personal: Option<&Personal>) {
    match fact {
        TicketFact::DraftOpened { .. } => return,
        TicketFact::DraftSaved { version, .. } => {
            if let Some(personal) = personal {
                set_values(&mut ticket.draft, &personal.values);
            }
            ticket.version = *version;
        }
        TicketFact::Submitted { version, .. } => {
            ticket.state = State::PendingDispatch;
            ticket.submitted_at = Some(at);
            ticket.version = *version;
        }
    }
    ticket.updated_at = at;
}

/// The fields of a draft by name, as they are sealed beside a fact.
pub fn values(draft: &Draft) -> BTreeMap<String, String> {
    let (place, region, address) = match &draft.place {
        Place::Unset => ("", "", ""),
        Place::None => ("none", "", ""),
        Place::At { region, address } => ("at", region.as_str(), address.as_str()),
    };
    let version = draft.category_version.to_string();
    let pairs = [
        ("name", draft.name.as_str()),
        (
            "appellant_kind",
            draft.appellant_kind.map_or("", AppellantKind::code),
        ),
        ("contact_phone", draft.contact_phone.as_str()),
        ("appeal_type", draft.appeal_type.map_or("", AppealType::code)),
        ("category", draft.category.as_str()),
        ("category_version", version.as_str()),
        ("content", draft.content.as_str()),
        ("urgency", draft.urgency.map_or("", Urgency::code)),
        ("place", place),
        ("region", region),
        ("address", address),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Sets fields by name; what is not named stays.
pub fn set_values(draft: &mut Draft, changed: &BTreeMap<String, String>) {
    let mut all = values(draft);
    all.extend(changed.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut take = |name: &str| all.remove(name).unwrap_or_default();
    draft.name = take("name");
    draft.appellant_kind = AppellantKind::parse(&take("appellant_kind"));
    draft.contact_phone = take("contact_phone");
    draft.appeal_type = AppealType::parse(&take("appeal_type"));
    draft.category = take("category");
    draft.category_version = take("category_version").parse().unwrap_or(0);
    draft.content = take("content");
    draft.urgency = Urgency::parse(&take("urgency"));
    let (region, address) = (take("region"), take("address"));
    draft.place = match take("place").as_str() {
        "none" => Place::None,
        "at" => Place::At { region, address },
        _ => Place::Unset,
    };
}
