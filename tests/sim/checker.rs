//! What must hold whatever happens: read from the facts, from the wire, and from the end.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rexian::base::ids::AgentId;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::OfferId;
use rexian::base::ids::QueueId;
use rexian::base::time::MonoTime;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::agent::AgentFact;
use rexian::fact::agent::Presence;
use rexian::fact::call::CallFact;
use rexian::fact::call::OfferOutcome;
use rexian::fact::call::Outcome;
use rexian::fact::system::SystemFact;
use rexian::report::cdr::CallRecord;
use rexian::report::cdr::Moment;

use crate::city::EXCLUDED;
use crate::city::agent_index;
use crate::city::agent_of;
use crate::city::queues_of;
use crate::text::Text;

/// One interaction, as its facts tell it.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) number: Option<u32>,
    answered: Option<u64>,
    offer: Option<(OfferId, AgentId, u64)>,
    talks_with: Option<AgentId>,
    pub(crate) ended: bool,
    record: Option<CallRecord>,
}

/// A caller in a queue.
#[derive(Debug)]
struct Waiting {
    interaction: InteractionId,
    queue: QueueId,
    offering: bool,
    excluded: BTreeMap<AgentId, MonoTime>,
}

/// A call at a phone, as the wire shows it.
#[derive(Debug, Default)]
struct Line {
    responded: bool,
    over: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) calls: BTreeMap<InteractionId, Model>,
    by_number: BTreeMap<u32, Vec<InteractionId>>,
    /// By the number of their `call.queued`: the order of arrival.
    waiting: BTreeMap<u64, Waiting>,
    busy: BTreeMap<AgentId, InteractionId>,
    wrapping_up: BTreeSet<AgentId>,
    presence: BTreeMap<AgentId, Presence>,
    lines: BTreeMap<usize, BTreeMap<String, Line>>,
    answered_on_the_wire: BTreeSet<u32>,
    pub(crate) counted_refusals: u64,
    pub(crate) outcomes: BTreeMap<String, u32>,
    pub(crate) offers: BTreeMap<String, u32>,
    pub(crate) durable: u64,
}

fn rule(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}

impl Checker {
    /// The citizen's number of an interaction.
    pub(crate) fn number(&self, interaction: InteractionId) -> Option<u32> {
        self.calls.get(&interaction).and_then(|model| model.number)
    }

    pub(crate) fn records_of(&self, number: u32) -> usize {
        self.by_number.get(&number).map_or(0, Vec::len)
    }

    /// Takes fact `no`.
    pub(crate) fn fact(&mut self, no: u64, record: &Record) -> Result<(), String> {
        match (&record.fact, record.interaction) {
            (Fact::Call(CallFact::Offered { .. } | CallFact::Refused { .. }), Some(id)) => {
                self.begins(id, record)
            }
            (Fact::Call(CallFact::LegMedia { .. }), Some(id)) => rule(self.calls.contains_key(&id), || {
                format!("media of the unknown {id}")
            }),
            (Fact::Call(fact), Some(id)) => self.continues(no, id, record, fact),
            (Fact::Call(_), None) => Err("a call fact without an interaction".to_owned()),
            (Fact::Agent(fact), _) => {
                self.agent(fact);
                Ok(())
            }
            (Fact::System(SystemFact::RefusalsCounted { count, .. }), _) => {
                self.counted_refusals += count;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn agent(&mut self, fact: &AgentFact) {
        match fact {
            AgentFact::PresenceChanged { agent, presence } => {
                self.presence.insert(agent.clone(), presence.clone());
            }
            AgentFact::WrapupStarted { agent, .. } => {
                self.wrapping_up.insert(agent.clone());
            }
            AgentFact::WrapupEnded { agent, .. } => {
                self.wrapping_up.remove(agent);
            }
            _ => (),
        }
    }

    fn begins(&mut self, id: InteractionId, record: &Record) -> Result<(), String> {
        let number = record
            .personal
            .as_ref()
            .and_then(|personal| personal.number.as_ref());
        let number = number.and_then(|it| it.canonical_text().strip_prefix("+86139")?.parse().ok());
        rule(!self.calls.contains_key(&id), || format!("{id} begins twice"))?;
        if let Some(number) = number {
            self.by_number.entry(number).or_default().push(id);
        }
        let refused = matches!(record.fact, Fact::Call(CallFact::Refused { .. }));
        let mut folded = CallRecord::new(id, moment(record));
        folded.apply(moment(record), &record.fact, None);
        let model = Model {
            number,
            answered: None,
            offer: None,
            talks_with: None,
            ended: refused,
            record: (!refused).then_some(folded),
        };
        self.calls.insert(id, model);
        if refused {
            *self.outcomes.entry("Refused".to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn continues(
        &mut self,
        no: u64,
        id: InteractionId,
        record: &Record,
        fact: &CallFact,
    ) -> Result<(), String> {
        let model = self
            .calls
            .get_mut(&id)
            .ok_or_else(|| format!("{fact:?} of the unknown {id}"))?;
        rule(!model.ended, || format!("{id}: {fact:?} after its end"))?;
        if let Some(folded) = &mut model.record {
            folded.apply(moment(record), &record.fact, None);
        }
        match fact {
            CallFact::Answered { .. } => rule(model.answered.replace(no).is_none(), || {
                format!("{id} was answered twice")
            }),
            CallFact::Queued { queue, .. } => {
                let waiting = Waiting {
                    interaction: id,
                    queue: queue.clone(),
                    offering: false,
                    excluded: BTreeMap::new(),
                };
                self.waiting.insert(no, waiting);
                Ok(())
            }
            CallFact::AgentOffered { offer, agent, .. } => {
                self.offered(no, id, (*offer, agent), record.now.mono)
            }
            CallFact::OfferEnded {
                offer,
                agent,
                outcome,
                ..
            } => self.offer_ended(id, (*offer, agent), *outcome, record.now.mono),
            CallFact::AgentAnswered { offer, agent, .. } => self.agent_answered(id, (*offer, agent)),
            CallFact::Ended { outcome, .. } => self.ended(id, *outcome),
            _ => Ok(()),
        }
    }

    fn offered(
        &mut self,
        no: u64,
        id: InteractionId,
        (offer, agent): (OfferId, &AgentId),
        now: MonoTime,
    ) -> Result<(), String> {
        if let Some(other) = self.busy.insert(agent.clone(), id) {
            return Err(format!("{agent} is offered {id} while bound to {other}"));
        }
        rule(!self.wrapping_up.contains(agent), || {
            format!("{agent} is offered {id} in wrap-up")
        })?;
        rule(self.presence.get(agent) == Some(&Presence::Ready), || {
            format!("{agent} is offered {id} and is not ready")
        })?;
        let place = self
            .waiting
            .iter()
            .find(|(_, it)| it.interaction == id)
            .map(|(place, _)| *place);
        let place = place.ok_or_else(|| format!("{id} is offered and does not wait: its place is lost"))?;
        let queues = queues_of(agent_index(agent));
        for (earlier, it) in self.waiting.range(..place) {
            let served = queues.contains(&it.queue.as_str());
            let excluded = it.excluded.get(agent).is_some_and(|until| now < *until);
            rule(!served || excluded || it.offering, || {
                format!(
                    "{id} (place {place}) is offered to {agent} before {} (place {earlier})",
                    it.interaction
                )
            })?;
        }
        if let Some(it) = self.waiting.get_mut(&place) {
            rule(!it.offering, || format!("{id} is offered twice at once"))?;
            let passed_over = it.excluded.get(agent).is_some_and(|until| now < *until);
            rule(!passed_over, || {
                format!("{id} is offered to {agent} again so soon")
            })?;
            it.offering = true;
        }
        if let Some(model) = self.calls.get_mut(&id) {
            rule(model.talks_with.is_none(), || {
                format!("{id} is offered while it talks")
            })?;
            model.offer = Some((offer, agent.clone(), no));
        }
        Ok(())
    }

    fn offer_ended(
        &mut self,
        id: InteractionId,
        (offer, agent): (OfferId, &AgentId),
        outcome: OfferOutcome,
        now: MonoTime,
    ) -> Result<(), String> {
        *self.offers.entry(format!("{outcome:?}")).or_default() += 1;
        let open = self.calls.get_mut(&id).and_then(|model| model.offer.take());
        rule(
            open.as_ref()
                .is_some_and(|(it, whose, _)| *it == offer && whose == agent),
            || format!("{id}: offer {offer} to {agent} ended and was not open"),
        )?;
        self.busy.remove(agent);
        if outcome == OfferOutcome::Cancelled {
            // Only a caller who leaves cancels: his place is free from now on.
            self.waiting.retain(|_, it| it.interaction != id);
        }
        if let Some(it) = self.waiting.values_mut().find(|it| it.interaction == id) {
            it.offering = false;
            it.excluded.insert(agent.clone(), now + EXCLUDED);
        }
        Ok(())
    }

    fn agent_answered(
        &mut self,
        id: InteractionId,
        (offer, agent): (OfferId, &AgentId),
    ) -> Result<(), String> {
        *self.offers.entry("Accepted".to_owned()).or_default() += 1;
        self.waiting.retain(|_, it| it.interaction != id);
        let Some(model) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        let open = model.offer.take();
        model.talks_with = Some(agent.clone());
        rule(
            open.as_ref()
                .is_some_and(|(it, whose, _)| *it == offer && whose == agent),
            || format!("{id}: {agent} answered offer {offer}, which was not open"),
        )
    }

    fn ended(&mut self, id: InteractionId, outcome: Outcome) -> Result<(), String> {
        *self.outcomes.entry(format!("{outcome:?}")).or_default() += 1;
        self.waiting.retain(|_, it| it.interaction != id);
        let Some(model) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        model.ended = true;
        if let Some(agent) = &model.talks_with {
            self.busy.remove(agent);
        }
        rule(model.offer.is_none(), || {
            format!("{id} ended and its offer did not")
        })?;
        let folded = model.record.take().ok_or_else(|| format!("{id} has no record"))?;
        tiles(&folded).map_err(|why| format!("{id}: {why}"))
    }

    /// After a crash nothing is bound, nobody waits, and every interaction is closed.
    pub(crate) fn after_crash(&mut self) -> Result<(), String> {
        self.wrapping_up.clear();
        self.presence.clear();
        self.check_ends()
    }

    // The wire.

    /// We send to a citizen.
    pub(crate) fn sends_to_citizen(&mut self, number: u32, text: Text<'_>) -> Result<(), String> {
        if text.status() != Some(200)
            || text.method() != "INVITE"
            || !self.answered_on_the_wire.insert(number)
        {
            return Ok(());
        }
        let answered = self.by_number.get(&number).into_iter().flatten();
        let answered = answered.filter_map(|id| self.calls.get(id)?.answered).max();
        rule(answered.is_some_and(|no| no <= self.durable), || {
            format!(
                "a 200 left before its fact {answered:?} was durable ({})",
                self.durable
            )
        })
    }

    /// We send to a phone.
    pub(crate) fn sends_to_phone(&mut self, at: usize, text: Text<'_>) -> Result<(), String> {
        let lines = self.lines.entry(at).or_default();
        let id = text.call_id();
        let line = lines.get_mut(id);
        match (text.method(), text.status(), line) {
            ("BYE" | "CANCEL", None, Some(line)) => line.over = true,
            ("INVITE", None, None) => {
                // A phone that never said a word cannot be told that it is over.
                let up = lines.iter().find(|(_, line)| !line.over && line.responded);
                let up = up.map(|(id, _)| id.clone());
                lines.retain(|_, line| !line.over);
                lines.insert(id.to_owned(), Line::default());
                rule(up.is_none(), || {
                    format!("phone {at} rings while {up:?} is up there")
                })?;
                return self.rings(at, text);
            }
            _ => (),
        }
        Ok(())
    }

    fn rings(&self, at: usize, invite: Text<'_>) -> Result<(), String> {
        let id = invite
            .header("X-Interaction-Id")
            .parse()
            .map_err(|_| "an INVITE without an interaction")?;
        let offer = self.calls.get(&id).and_then(|model| model.offer.as_ref());
        let (_, agent, no) =
            offer.ok_or_else(|| format!("phone {at} rings for {id}, which is not offered"))?;
        rule(*agent == agent_of(at), || {
            format!("phone {at} rings for {id}, which is offered to {agent}")
        })?;
        rule(*no <= self.durable, || {
            format!(
                "phone {at} rings for {id} before fact {no} is durable ({})",
                self.durable
            )
        })
    }

    /// A phone's message reaches us.
    pub(crate) fn hears_phone(&mut self, at: usize, text: Text<'_>) {
        let Some(line) = self
            .lines
            .get_mut(&at)
            .and_then(|lines| lines.get_mut(text.call_id()))
        else {
            return;
        };
        match (text.method(), text.status()) {
            ("BYE", None) | ("INVITE", Some(300..)) => line.over = true,
            (_, Some(status)) => line.responded |= 100 < status,
            _ => (),
        }
    }

    /// An agent who is free, and a caller who waits and whom he could serve.
    pub(crate) fn side_by_side(
        &self,
        now: MonoTime,
        can_ring: impl Fn(&AgentId) -> bool,
    ) -> Option<(AgentId, InteractionId)> {
        let waits = |it: &&Waiting| !it.offering;
        self.waiting.values().find(waits)?;
        let free = |agent: &&AgentId| {
            !self.busy.contains_key(*agent) && !self.wrapping_up.contains(*agent) && can_ring(agent)
        };
        let ready = self.presence.iter().filter(|(_, is)| **is == Presence::Ready);
        ready.map(|(agent, _)| agent).filter(free).find_map(|agent| {
            let queues = queues_of(agent_index(agent));
            let eligible = |it: &&Waiting| {
                queues.contains(&it.queue.as_str())
                    && it.excluded.get(agent).is_none_or(|until| *until <= now)
            };
            let item = self.waiting.values().filter(waits).find(eligible)?;
            Some((agent.clone(), item.interaction))
        })
    }

    /// Every interaction has begun once and ended once.
    pub(crate) fn check_ends(&self) -> Result<(), String> {
        for (id, model) in &self.calls {
            rule(model.ended, || {
                format!("{id} (citizen {:?}) has no end", model.number)
            })?;
        }
        rule(self.busy.is_empty(), || {
            format!("bound at the end: {:?}", self.busy)
        })?;
        rule(self.waiting.is_empty(), || {
            format!("waiting at the end: {:?}", self.waiting)
        })
    }
}

/// When a fact happened, in the one run of the simulator.
fn moment(record: &Record) -> Moment {
    Moment {
        wall: record.now.wall,
        mono: record.now.mono,
        boot: BootId::default(),
    }
}

/// Segments follow each other from the INVITE to the end.
fn tiles(call: &CallRecord) -> Result<(), String> {
    let mut at = call.offered_at;
    for segment in &call.segments {
        rule(segment.from == at && segment.from <= segment.to, || {
            format!("a hole before {segment:?}")
        })?;
        at = segment.to;
    }
    rule(Some(at) == call.ended_at, || {
        format!("the last segment ends at {at:?}, the call at {:?}", call.ended_at)
    })?;
    let open = call.offers.iter().find(|offer| offer.outcome.is_none());
    rule(open.is_none(), || format!("{open:?} has no outcome"))
}
