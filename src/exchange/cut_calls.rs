//! Talks that broke off: whoever calls again soon reaches the same agent first.
//!
//! **Invariants.** At most [`CUT_CALLS_MAX`] are remembered, the latest of them, and each for [`REMEMBERED_FOR`]. A withheld
//! number and an extension of ours are not remembered. What is remembered is used once.
//! **Not here.** How long only that agent is asked (`acd`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::ids::AgentId;
use crate::base::phone_number::Canonical;
use crate::base::phone_number::Number;
use crate::base::time::MonoTime;

/// Most talks that are remembered.
const CUT_CALLS_MAX: usize = 1_000;
/// Whoever calls again within this time reaches his agent first.
pub(super) const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// So long only that agent is asked.
pub(super) const ASKED_ALONE_FOR: Duration = Duration::from_secs(20);

/// Numbers whose talk broke off, with the agent.
#[derive(Debug, Default)]
pub(super) struct CutCalls {
    by_number: BTreeMap<String, (MonoTime, AgentId)>,
}

impl CutCalls {
    /// The talk of this number with an agent broke off.
    pub(super) fn note(&mut self, now: MonoTime, number: &Number, agent: AgentId) {
        if !matches!(number.canonical, Canonical::E164(_)) {
            return;
        }
        if CUT_CALLS_MAX <= self.by_number.len() {
            let oldest = self.by_number.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(number) = oldest.map(|(number, _)| number.clone()) {
                self.by_number.remove(&number);
            }
        }
        self.by_number
            .insert(number.canonical_text().to_owned(), (now, agent));
    }

    /// The agent of this number's talk, if it broke off lately.
    pub(super) fn take(&mut self, now: MonoTime, number: &Number) -> Option<AgentId> {
        let (at, agent) = self.by_number.remove(number.canonical_text())?;
        (now.since(at) <= REMEMBERED_FOR).then_some(agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text, "315")
    }

    #[test]
    fn it_is_used_once_and_for_ten_minutes() {
        let mut cut = CutCalls::default();
        let at = |minutes| MonoTime::default() + Duration::from_mins(minutes);
        cut.note(at(0), &number("13800000001"), "a1".parse().unwrap());
        assert_eq!(
            cut.take(at(10), &number("13800000001")),
            Some("a1".parse().unwrap())
        );
        assert_eq!(cut.take(at(10), &number("13800000001")), None);
        cut.note(at(0), &number("13800000001"), "a1".parse().unwrap());
        assert_eq!(cut.take(at(11), &number("13800000001")), None);
        cut.note(at(0), &number("anonymous"), "a1".parse().unwrap());
        assert_eq!(cut.take(at(0), &number("anonymous")), None);
    }

    #[test]
    fn the_oldest_is_forgotten_when_there_are_too_many() {
        let mut cut = CutCalls::default();
        for nth in 0..=CUT_CALLS_MAX {
            let at = MonoTime::from_micros(u64::try_from(nth).unwrap());
            cut.note(at, &number(&format!("138{nth:08}")), "a1".parse().unwrap());
        }
        assert_eq!(cut.by_number.len(), CUT_CALLS_MAX);
        assert_eq!(cut.take(MonoTime::default(), &number("13800000000")), None);
    }
}
