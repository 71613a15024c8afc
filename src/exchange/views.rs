//! The live picture, made from what is marked as changed at the end of a step.

use crate::acd::agent::Work;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::time::Now;
use crate::call::machine::Call;
use crate::call::machine::State;
use crate::exchange::gate::Gated;
use crate::exchange::machine::Exchange;
use crate::exchange::snapshot::AgentView;
use crate::exchange::snapshot::CallState;
use crate::exchange::snapshot::CallView;
use crate::exchange::snapshot::Occupancy;
use crate::exchange::snapshot::QueueView;
use crate::exchange::snapshot::ViewChange;

impl Exchange {
    /// Commits a view of everything that changed in this step.
    pub(super) fn emit_views(&mut self, now: Now) {
        let mut changes = Vec::new();
        for agent in std::mem::take(&mut self.dirty_agents) {
            changes.extend(self.agent_view(&agent).map(ViewChange::Agent));
        }
        for queue in std::mem::take(&mut self.dirty_queues) {
            changes.extend(self.queue_view(&queue).map(ViewChange::Queue));
        }
        for id in std::mem::take(&mut self.dirty_calls) {
            changes.extend(
                self.calls
                    .get(&id)
                    .map(|call| ViewChange::Call(self.call_view(id, call))),
            );
        }
        changes.extend(
            std::mem::take(&mut self.gone_calls)
                .into_iter()
                .map(ViewChange::CallGone),
        );
        for change in changes {
            self.commit(now, Gated::View(Box::new(change)));
        }
    }

    fn agent_view(&self, id: &AgentId) -> Option<AgentView> {
        let agent = self.acd.agent(id)?;
        let occupancy = match &agent.work {
            Work::Idle => Occupancy::Idle,
            Work::Reserved { ringing: true, .. } => Occupancy::Ringing,
            Work::Reserved { ringing: false, .. } => Occupancy::Reserved,
            Work::Talking { held: true, .. } => Occupancy::Holding,
            Work::Talking { held: false, .. } => Occupancy::Talking,
            Work::Wrapup { .. } => Occupancy::Wrapup,
        };
        let wrapup_until = match &agent.work {
            Work::Wrapup { until, .. } => Some(*until),
            Work::Idle | Work::Reserved { .. } | Work::Talking { .. } => None,
        };
        let devices = agent.devices.iter();
        Some(AgentView {
            agent: id.clone(),
            name: self
                .acd
                .agent_config(id)
                .map(|config| config.name.clone())
                .unwrap_or_default(),
            seat: agent.seat.clone(),
            presence: agent.presence.clone(),
            occupancy,
            since: agent.since,
            next: agent.next.clone(),
            interaction: agent.interaction(),
            wrapup_until,
            devices: devices
                .map(|device| (device.clone(), agent.reachable.contains(device)))
                .collect(),
        })
    }

    fn queue_view(&self, id: &QueueId) -> Option<QueueView> {
        let queue = self.acd.queue(id)?;
        let oldest = queue
            .waiting
            .values()
            .next()
            .and_then(|item| self.acd.item(*item));
        Some(QueueView {
            queue: id.clone(),
            name: self
                .acd
                .queue_config(id)
                .map(|config| config.name.clone())
                .unwrap_or_default(),
            waiting: queue.length,
            oldest_since: oldest.map(|item| item.enqueued_at),
            ready: queue.free,
            signed_in: queue.signed_in,
        })
    }

    fn call_view(&self, id: InteractionId, call: &Call) -> CallView {
        let ringing = call.offer().is_some_and(|offer| !offer.branches.is_empty());
        let state = match call.state {
            State::Flow | State::Over => CallState::Ivr,
            State::Queued | State::Summoning if ringing => CallState::Ringing,
            State::Answering | State::Summoning => CallState::Setup,
            State::Dialling => CallState::Dialling,
            State::Queued => CallState::Queued,
            State::Talking if call.is_held() => CallState::Held,
            State::Talking => CallState::Talking,
        };
        let queue_name = call
            .queue
            .as_ref()
            .and_then(|queue| self.profile.queues.get(queue));
        let shown_agent = if ringing || call.talk().is_some() {
            call.agent().cloned()
        } else {
            None
        };
        CallView {
            interaction: id,
            state,
            direction: call.direction(),
            caller: call.caller.clone(),
            line: call.line.clone(),
            line_name: call.line_name.clone(),
            queue: call.queue.clone(),
            queue_name: queue_name.map(|queue| queue.name.clone()).unwrap_or_default(),
            agent: shown_agent,
            offer: call.offer().filter(|_| ringing).map(|offer| offer.id),
            offered_at: call.offered_at,
            queued_at: call.queued.map(|(_, wall)| wall),
            talk_at: call
                .talk()
                .filter(|_| call.state == State::Talking)
                .map(|talk| talk.since),
            recording: call.recording,
        }
    }
}
