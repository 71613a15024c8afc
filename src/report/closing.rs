//! What a start writes about a call that the last run left open: the end of its offers, and its own.
//!
//! **Invariants.** Nothing is guessed: a call that was talking counts as answered, every other as failed.
//! **Not here.** Which calls are open (`engine::recovery`).

use crate::base::time::WallTime;
use crate::base::time::millis;
use crate::fact::call::CallFact;
use crate::fact::call::EndedBy;
use crate::fact::call::OfferOutcome;
use crate::fact::call::Outcome;
use crate::report::cdr::CallRecord;

/// The facts that close `call` after a crash, in order; none when it has its end.
pub fn closing_facts(call: &CallRecord, now: WallTime) -> Vec<CallFact> {
    if call.ended_at.is_some() {
        return Vec::new();
    }
    let open = call.offers.iter().filter(|offer| offer.outcome.is_none());
    let mut facts: Vec<CallFact> = open
        .map(|offer| CallFact::OfferEnded {
            offer: offer.offer,
            agent: offer.agent.clone(),
            outcome: OfferOutcome::Failed,
            lasted_ms: millis(now.since(offer.offered_at)),
        })
        .collect();
    let talked = call.agent_answered_at.is_some();
    let outcome = if talked {
        Outcome::Answered
    } else {
        Outcome::Failed
    };
    facts.push(CallFact::Ended {
        outcome,
        by: EndedBy::Crash,
        status: None,
    });
    facts
}
