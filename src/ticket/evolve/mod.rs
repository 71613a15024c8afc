//! Applies facts to a work order.
//!
//! **Invariants.** Folding an order's facts, with the values sealed beside them, gives the order as its row holds it.
//! Every fact raises the version by one. A value whose name is a field of the form goes into the draft; every other one
//! carries a dot in its name and goes into the order's texts.
//! **Not here.** Whether a command is allowed (`ticket::decide`).

mod clocks;
mod handling;
mod intake;
mod side;
mod values;

use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Opening;
pub use crate::ticket::evolve::values::personal_values;
pub use crate::ticket::evolve::values::set_values;
pub use crate::ticket::evolve::values::values;
use crate::ticket::model::Draft;
use crate::ticket::model::Origin;
use crate::ticket::model::State;
use crate::ticket::model::Texts;
use crate::ticket::model::Ticket;

/// The order as it is before its first fact; version 0.
pub fn blank(id: TicketId, at: WallTime) -> Ticket {
    Ticket {
        id,
        number: String::new(),
        state: State::Draft,
        origin: Origin {
            channel: "phone".to_owned(),
            ..Origin::default()
        },
        interaction: None,
        matter: 1,
        first: None,
        line: None,
        queue: None,
        agent: None,
        recording: None,
        calls: Vec::new(),
        draft: Draft::default(),
        texts: Texts::default(),
        flags: std::collections::BTreeSet::new(),
        confidential: false,
        circle: std::collections::BTreeSet::new(),
        files: Vec::new(),
        ending: None,
        warned: Vec::new(),
        repeats: Vec::new(),
        returns: 0,
        final_unit: false,
        cycles: Vec::new(),
        requests: Vec::new(),
        subs: Vec::new(),
        supervisions: Vec::new(),
        cases: Vec::new(),
        helps: Vec::new(),
        urges: Vec::new(),
        instructions: 0,
        agent_rating: None,
        exempt: None,
        closing: None,
        responsibility: None,
        clocks: Vec::new(),
        version: 0,
        created_at: at,
        updated_at: at,
        submitted_at: None,
        accepted_at: None,
        closed_at: None,
        archive: None,
        reopened: 0,
    }
}

/// The order right before the first fact of its opening: what only the opening knows, the rest comes by its facts.
pub fn opening(id: TicketId, opening: &Opening, at: WallTime) -> Ticket {
    let mut ticket = blank(id, at);
    match opening {
        Opening::Draft(it) => ticket.interaction = Some(it.interaction),
        Opening::Matter(it) => ticket.interaction = it.interaction,
        Opening::Received(_) | Opening::Imported(_) => (),
    }
    ticket
}

/// An order from all its facts in order, with what the envelope of the first says: which call it belongs to.
pub fn fold<'a>(
    id: TicketId,
    interaction: Option<InteractionId>,
    facts: impl IntoIterator<Item = (WallTime, &'a TicketFact, Option<&'a Personal>)>,
) -> Option<Ticket> {
    let mut folded: Option<Ticket> = None;
    for (at, fact, personal) in facts {
        let ticket = folded.get_or_insert_with(|| Ticket {
            interaction,
            ..blank(id, at)
        });
        evolve(ticket, at, fact, personal);
    }
    folded
}

/// Applies one fact; `personal` holds the values sealed beside it.
pub fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact, personal: Option<&Personal>) {
    if let Some(personal) = personal {
        set_values(&mut ticket.draft, &personal.values);
        let words = personal.values.iter().filter(|(name, _)| name.contains('.'));
        ticket
            .texts
            .0
            .extend(words.map(|(name, text)| (name.clone(), text.clone())));
    }
    let taken = clocks::evolve(ticket, at, fact)
        || intake::evolve(ticket, at, fact)
        || handling::evolve(ticket, at, fact)
        || side::evolve(ticket, at, fact);
    debug_assert!(taken, "a fact nobody applies: {fact:?}");
    ticket.version += 1;
    ticket.updated_at = at;
}
