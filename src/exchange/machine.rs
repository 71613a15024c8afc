//! The exchange's state and its step.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::acd::Acd;
use crate::acd::config::AgentConfig;
use crate::acd::config::Config as AcdConfig;
use crate::acd::config::Membership;
use crate::acd::config::QueueConfig;
use crate::acd::decision::Decision;
use crate::acd::decision::Timer as AcdTimer;
use crate::acd::requirement::Requirement;
use crate::base::ids::AgentId;
use crate::base::ids::FlowId;
use crate::base::ids::InteractionId;
use crate::base::ids::LegId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::limits::WAITING_MAX;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::base::timer_queue::TimerQueue;
use crate::call::context::CallOutput;
use crate::call::context::Ctx;
use crate::call::context::MediaAddresses;
use crate::call::machine::Call;
use crate::exchange::admission::Admission;
use crate::exchange::admission::Limits;
use crate::exchange::cut_calls::CutCalls;
use crate::exchange::dialplan::DialPlan;
use crate::exchange::gate::Gate;
use crate::exchange::gate::Gated;
use crate::exchange::input::Input;
use crate::exchange::input::JournalStatus;
use crate::exchange::output::Output;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::agent::AgentFact;
use crate::ivr::flow::Flow;
use crate::media::command::MediaCommand;
use crate::media::command::MediaLeg;
use crate::media::command::PromptIndex;
use crate::media::port_pool::Family;
use crate::media::port_pool::PortPool;
use crate::sip::endpoint::Config as SipConfig;
use crate::sip::endpoint::Endpoint;
use crate::sip::endpoint::Output as SipOutput;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::TimerKey as SipTimer;
use crate::sip::endpoint::TrunkAccount;

/// What an exchange is made of.
pub struct Parts {
    /// Listeners, timers and phones of the SIP machine; its trunks come from the profile.
    pub sip: SipConfig,
    /// Free sockets.
    pub ports: PortPool,
    /// Our media addresses.
    pub addresses: MediaAddresses,
    /// Where each prompt stands in the loaded library.
    pub prompts: BTreeMap<PromptId, PromptIndex>,
    /// The active profile.
    pub profile: Arc<Profile>,
    /// Bounds on new calls.
    pub limits: Limits,
    /// The last fact that is durable.
    pub last_fact: FactNo,
    /// Ids and stream starts.
    pub random: Random,
}

/// The machine of machines.
pub struct Exchange {
    pub(super) endpoint: Endpoint,
    pub(super) sip_config: SipConfig,
    pub(super) acd: Acd,
    pub(super) cut_calls: CutCalls,
    pub(super) calls: BTreeMap<InteractionId, Call>,
    pub(super) sessions: BTreeMap<SessionId, InteractionId>,
    pub(super) legs: BTreeMap<MediaLeg, (InteractionId, LegId)>,
    pub(super) ports: PortPool,
    pub(super) addresses: MediaAddresses,
    pub(super) timers: TimerQueue<Timer>,
    pub(super) gate: Gate,
    pub(super) admission: Admission,
    pub(super) profile: Arc<Profile>,
    pub(super) flows: BTreeMap<FlowId, Arc<Flow>>,
    pub(super) dialplan: DialPlan,
    pub(super) prompts: BTreeMap<PromptId, PromptIndex>,
    pub(super) random: Random,
    pub(super) sip_out: Vec<SipOutput>,
    pub(super) media_out: Vec<MediaCommand>,
    pub(super) facts: Vec<Record>,
    pub(super) decisions: Vec<Decision>,
    pub(super) out: Vec<Output>,
    pub(super) dirty_agents: BTreeSet<AgentId>,
    pub(super) dirty_queues: BTreeSet<QueueId>,
    pub(super) dirty_calls: BTreeSet<InteractionId>,
    pub(super) gone_calls: Vec<InteractionId>,
}

/// Every timer of the control plane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The SIP machine's.
    Sip(SipTimer),
    /// The distributor's.
    Acd(AcdTimer),
    /// A call's flow.
    Flow(InteractionId),
    /// Counted refusals are to be written.
    Refusals,
}

impl Exchange {
    /// Puts an exchange together; `start` must be its first step.
    pub fn new(mut parts: Parts) -> Self {
        let mut exchange = Self {
            endpoint: Endpoint::new(parts.sip.clone(), parts.random.fork()),
            sip_config: parts.sip,
            acd: Acd::new(WAITING_MAX),
            cut_calls: CutCalls::default(),
            calls: BTreeMap::new(),
            sessions: BTreeMap::new(),
            legs: BTreeMap::new(),
            ports: parts.ports,
            addresses: parts.addresses,
            timers: TimerQueue::default(),
            gate: Gate::new(parts.last_fact),
            admission: Admission::new(parts.limits),
            profile: Arc::clone(&parts.profile),
            flows: BTreeMap::new(),
            dialplan: DialPlan::default(),
            prompts: parts.prompts,
            random: parts.random,
            sip_out: Vec::new(),
            media_out: Vec::new(),
            facts: Vec::new(),
            decisions: Vec::new(),
            out: Vec::new(),
            dirty_agents: BTreeSet::new(),
            dirty_queues: BTreeSet::new(),
            dirty_calls: BTreeSet::new(),
            gone_calls: Vec::new(),
        };
        exchange.adopt(Now::default(), &parts.profile);
        exchange.decisions.clear();
        exchange
    }

    /// Emits the whole live picture, for readers that begin with the program.
    pub fn start(&mut self, now: Now, out: &mut Vec<Output>) {
        self.dirty_agents.extend(self.profile.agents.keys().cloned());
        self.dirty_queues.extend(self.profile.queues.keys().cloned());
        self.finish_step(now, out);
    }

    /// Advances by one input; effects go to `out`.
    pub fn handle(&mut self, now: Now, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Sip { route, bytes } => self.endpoint.receive(now, route, bytes, &mut self.sip_out),
            Input::ConnectionLost(connection) => {
                self.endpoint.connection_lost(now, connection, &mut self.sip_out);
            }
            Input::Media(event) => self.media_event(now, event),
            Input::Durable(fact_no) => self.gate.open(fact_no),
            Input::Journal(status) => self.journal_changed(now, status),
            Input::Command {
                request,
                actor,
                command,
            } => self.command(now, request, &actor, command),
            Input::Timeout => self.fire_timers(now),
        }
        self.settle(now);
        self.finish_step(now, out);
    }

    /// When `Input::Timeout` is due.
    pub fn next_timeout(&self) -> Option<MonoTime> {
        self.timers.next()
    }

    /// Calls in progress.
    pub fn calls_len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nothing is in progress: no call, no SIP state, no media, no commitment.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.sessions.is_empty()
            && self.legs.is_empty()
            && self.gate.is_empty()
            && self.endpoint.is_idle()
    }

    /// Whether every call, its media and its commitments are done; SIP transactions may still linger.
    pub fn is_settled(&self) -> bool {
        self.calls.is_empty() && self.legs.is_empty() && self.gate.is_empty()
    }

    /// The SIP machine, for its counters.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The distributor, for its figures.
    pub fn acd(&self) -> &Acd {
        &self.acd
    }

    /// Socket pairs of a family that no leg holds, resting ones among them.
    pub fn free_ports(&self, family: Family) -> usize {
        self.ports.free(family)
    }

    /// Whether somebody waits for the disk; facts that nobody waits for may linger a few milliseconds.
    pub fn awaits_disk(&self) -> bool {
        self.gate.has_promises()
    }

    /// Commitments that wait for the disk.
    pub fn gated_len(&self) -> usize {
        self.gate.len()
    }

    /// Makes `profile` the active one; live calls keep what they began with.
    pub(super) fn adopt(&mut self, now: Now, profile: &Arc<Profile>) {
        self.profile = Arc::clone(profile);
        self.dialplan = DialPlan::new(profile);
        self.sip_config.trunks = trunk_accounts(profile);
        self.endpoint.configure(self.sip_config.clone());
        self.flows = profile
            .flows
            .iter()
            .map(|(id, flow)| (id.clone(), Arc::new(flow.clone())))
            .collect();
        let config = acd_config(profile);
        self.acd
            .configure(now, config, &mut self.random, &mut self.decisions);
    }

    /// Runs a step of one call, then what it asks of the exchange.
    pub(super) fn with_call(
        &mut self,
        now: Now,
        id: InteractionId,
        step: impl FnOnce(&mut Call, &mut Ctx<'_>),
    ) {
        let mut asked = Vec::new();
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let mut ctx = Ctx {
            now,
            sip: &mut self.endpoint,
            sip_out: &mut self.sip_out,
            media: &mut self.media_out,
            ports: &mut self.ports,
            addresses: self.addresses,
            facts: &mut self.facts,
            random: &mut self.random,
            prompts: &self.prompts,
            out: &mut asked,
        };
        step(call, &mut ctx);
        self.carry_out(now, id, asked);
    }

    /// Numbers the facts of this step and carries out what a call asked. A caller who leaves his queue leaves it
    /// first: the end of a running offer stands before the end of the call.
    pub(super) fn carry_out(&mut self, now: Now, id: InteractionId, asked: Vec<CallOutput>) {
        self.note_media();
        if asked.contains(&CallOutput::Withdraw) {
            self.acd.withdraw(now, id, &mut self.random, &mut self.decisions);
            self.drain_decisions(now);
        }
        self.write_facts();
        for output in asked {
            self.call_output(now, id, output);
        }
    }

    /// Writes one fact of the exchange's own.
    pub(super) fn fact(&mut self, record: Record) {
        self.gate.fact_written();
        self.out.push(Output::Fact(record));
    }

    /// Writes a fact about an agent.
    pub(super) fn agent_fact(&mut self, now: Now, actor: Actor, cause: &'static str, fact: AgentFact) {
        let fact = Fact::Agent(fact);
        self.fact(Record {
            now,
            interaction: None,
            ticket: None,
            actor,
            cause,
            fact,
            personal: None,
        });
    }

    /// Holds a commitment until its facts are durable.
    pub(super) fn commit(&mut self, now: Now, gated: Gated) {
        if let Some(gated) = self.gate.hold(gated) {
            self.release(now, gated);
        }
    }

    pub(super) fn write_facts(&mut self) {
        let mut facts = std::mem::take(&mut self.facts);
        for record in facts.drain(..) {
            self.fact(record);
        }
        self.facts = facts;
    }

    /// Works until the inner machines have nothing more to say.
    fn settle(&mut self, now: Now) {
        loop {
            if !self.sip_out.is_empty() {
                self.drain_sip(now);
            } else if !self.decisions.is_empty() {
                self.drain_decisions(now);
            } else if let Some(gated) = self.gate.pop() {
                self.release(now, gated);
            } else {
                break;
            }
        }
    }

    fn release(&mut self, now: Now, gated: Gated) {
        match gated {
            Gated::Answer(interaction) => self.with_call(now, interaction, Call::answer_durable),
            Gated::Ring { interaction, epoch } => self.ring(now, interaction, epoch),
            Gated::Dial(interaction) => self.dial(now, interaction),
            Gated::Reply { request, result } => self.out.push(Output::Reply { request, result }),
            Gated::View(change) => self.out.push(Output::View(*change)),
        }
    }

    fn fire_timers(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_due(now.mono) {
            match timer {
                Timer::Sip(key) => self.endpoint.timeout(now, key, &mut self.sip_out),
                Timer::Acd(timer) => self.acd_timeout(now, timer),
                Timer::Flow(interaction) => self.with_call(now, interaction, Call::flow_timeout),
                Timer::Refusals => self.write_counted(now),
            }
            self.settle(now);
        }
    }

    fn journal_changed(&mut self, now: Now, status: JournalStatus) {
        self.admission.set_journal(status);
        let paused = status == JournalStatus::Failed;
        self.acd.pause(now, paused, &mut self.random, &mut self.decisions);
        if status == JournalStatus::Accepting {
            self.write_counted(now);
        }
    }

    /// Media commands go out in order; legs that are opened are remembered until they are reported closed.
    fn note_media(&mut self) {
        for command in self.media_out.drain(..) {
            self.out.push(Output::Media(command));
        }
    }

    fn finish_step(&mut self, now: Now, out: &mut Vec<Output>) {
        self.note_media();
        self.emit_views(now);
        out.append(&mut self.out);
    }
}

fn trunk_accounts(profile: &Profile) -> Vec<TrunkAccount> {
    let trunks = profile.trunks.iter();
    trunks
        .map(|(id, trunk)| TrunkAccount {
            trunk: id.clone(),
            addresses: trunk.addresses.clone(),
            trusted_identity: trunk.trusted_identity,
        })
        .collect()
}

fn acd_config(profile: &Profile) -> AcdConfig {
    let seconds = |seconds: u16| std::time::Duration::from_secs(u64::from(seconds));
    let queues = profile.queues.iter().map(|(id, queue)| {
        let how = &queue.distribution;
        let least = Requirement::from_levels(&queue.skills);
        let config = QueueConfig {
            name: queue.name.clone(),
            requires: match &how.requires {
                Some(more) => Requirement::All(vec![least, more.clone()]),
                None => least,
            },
            preferred: how.preferred.clone(),
            match_weight: how.match_weight,
            relaxation: how.relaxation.clone(),
            strategy: how.strategy,
            class: how.class,
            priority: how.priority,
            ageing: how.ageing,
            sla_target: seconds(how.sla_target_s),
            weight: how.weight,
            talks_max: how.talks_max,
            reserve: how.reserve,
            overload: how.overload_s.map(seconds),
            ring_timeout: seconds(queue.ring_timeout_s),
            wrapup: seconds(queue.wrapup_s),
            short_abandon: seconds(queue.short_abandon_s),
        };
        (id.clone(), config)
    });
    let agents = profile.agents.iter().map(|(id, agent)| {
        let member = |queue: &QueueId| {
            let how = agent.memberships.get(queue).copied().unwrap_or_default();
            Membership {
                queue: queue.clone(),
                preference: how.preference,
                delay: seconds(how.delay_s),
                ring: how.ring,
                rank: how.rank,
                standby: how.standby,
            }
        };
        let config = AgentConfig {
            name: agent.name.clone(),
            skills: agent.skills.clone(),
            memberships: agent.queues.iter().map(member).collect(),
            classes: agent.classes.clone(),
            devices: agent.devices.clone(),
        };
        (id.clone(), config)
    });
    AcdConfig {
        order: profile.order,
        queues: queues.collect(),
        agents: agents.collect(),
    }
}
