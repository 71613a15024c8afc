//! Puts an order's words into the search index, in the transaction that stores them.
//!
//! **Invariants.** A confidential order and one refused for secrets are not in the index at all.
//! **Source.** DB1302/T 604—2025 6.2 d, 8.4.2.1.

use std::collections::BTreeSet;

use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::io::store::Tx;
use crate::ticket::decide::Decision;
use crate::ticket::evolve;
use crate::ticket::model::Ending;
use crate::ticket::model::RefusalReason;
use crate::ticket::model::SubState;
use crate::ticket::model::Ticket;

/// Fields of the form whose words are found; numbers and times are no words.
const FIELDS: [&str; 6] = ["name", "content", "address", "company", "target", "demand"];

/// Whether an order's words may be found.
pub(super) fn is_hidden(ticket: &Ticket) -> bool {
    let refused = matches!(
        ticket.ending,
        Some(Ending::NotAccepted {
            reason: RefusalReason::Secret,
            ..
        })
    );
    ticket.confidential || refused
}

/// Whether a value with this name is searched.
fn is_searched(name: &str) -> bool {
    name.contains('.') || FIELDS.contains(&name)
}

/// The labels by which a search is narrowed to a unit's orders: `unit:<organ>`.
fn labels(ticket: &Ticket) -> BTreeSet<String> {
    let parts = ticket.subs.iter().filter(|sub| sub.state != SubState::Void);
    let secondary = ticket.responsibility.iter().flat_map(|(_, secondary)| secondary);
    ticket
        .unit()
        .into_iter()
        .chain(ticket.handler())
        .chain(parts.map(|sub| &sub.unit))
        .chain(secondary)
        .map(|organ| format!("unit:{organ}"))
        .collect()
}

impl TicketService {
    /// Indexes what decisions added to an order.
    pub(super) async fn index(
        &self,
        tx: &mut Tx,
        before: Option<&Ticket>,
        after: &Ticket,
        decisions: &[Decision],
    ) -> Result<(), TicketServiceError> {
        let Some(search) = &self.inner.search else {
            return Ok(());
        };
        let was_hidden = before.is_none_or(is_hidden);
        if is_hidden(after) {
            if !was_hidden {
                search.hide(tx, after.id).await?;
            }
            return Ok(());
        }
        let known = before.filter(|_| !was_hidden).map(labels).unwrap_or_default();
        let labels = labels(after);
        let labels: Vec<&str> = labels.difference(&known).map(String::as_str).collect();
        // An order that comes into the index, as one that is no longer confidential, brings all its words.
        let whole = before.is_some() && was_hidden;
        let all = if whole {
            evolve::personal_values(after)
        } else {
            let new = decisions.iter().filter_map(|it| it.personal.as_ref());
            new.flat_map(|it| it.values.clone()).collect()
        };
        let words = all.iter().filter(|(name, _)| is_searched(name));
        let words: Vec<&str> = words.map(|(_, text)| text.as_str()).collect();
        if !words.is_empty() || !labels.is_empty() {
            search.index(tx, after.id, &words, &labels).await?;
        }
        Ok(())
    }
}
