//! Calls of ours: what is checked before anything rings, and by which trunk they go.
//!
//! **Invariants.** A call that cannot be dialled or accounted for is refused while no phone has rung: number, trunk,
//! admission, socket and agent are settled in one step, before the first fact.
//! **Not here.** The states of the call (`call::dial`); who may call whom (`engine`).
//! **Source.** ECMA-269 §17.1.13; DB1302/T 604—2025 7.3 (联系诉求人), 7.7.1 (回访).

use crate::base::ids::InteractionId;
use crate::base::ids::TrunkId;
use crate::base::phone_number::Canonical;
use crate::base::phone_number::Number;
use crate::base::time::Now;
use crate::call::context::CallSettings;
use crate::call::context::Ctx;
use crate::call::dial::NewOutbound;
use crate::call::leg::Leg;
use crate::call::machine::Call;
use crate::exchange::admission::answer_of;
use crate::exchange::calls::latch_of;
use crate::exchange::calls::personal_of;
use crate::exchange::command::CommandError;
use crate::exchange::command::MakeCall;
use crate::exchange::commands::refusal;
use crate::exchange::machine::Exchange;
use crate::exchange::profile::NumberForm;
use crate::exchange::profile::Outbound;
use crate::exchange::profile::Trunk;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::call::CallFact;
use crate::fact::call::Direction;
use crate::fact::call::RefusalReason;
use crate::sip::endpoint::OutgoingInvite;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::Target;
use crate::sip::endpoint::Transport;

impl Exchange {
    /// Calls a citizen for an agent, whose phone rings first.
    pub(super) fn make_call(&mut self, now: Now, actor: &Actor, new: &MakeCall) -> Result<(), CommandError> {
        let agent = &new.agent;
        if !self.profile.agents.contains_key(agent) {
            return Err(CommandError::NoAgent(agent.clone()));
        }
        if self.calls.contains_key(&new.interaction) {
            return Err(CommandError::Busy(agent.clone()));
        }
        let profile = std::sync::Arc::clone(&self.profile);
        let mut trunks = profile.trunks.iter();
        let (trunk_id, trunk, outbound) = trunks
            .find_map(|(id, trunk)| Some((id, trunk, trunk.outbound.as_ref()?)))
            .ok_or(CommandError::NoTrunk)?;
        let invite = self.invite_of(&new.number, outbound)?;
        self.admission
            .admit(now.mono, self.calls.len())
            .map_err(CommandError::NotAdmitted)?;
        let mut asked = Vec::new();
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
        let settings = settings_of(trunk, outbound);
        let latch = latch_of(settings.nat, settings.signalling_ip);
        let customer = Leg::new(
            &mut ctx,
            SessionId(0),
            settings.signalling_ip,
            settings.codecs.clone(),
            latch,
        )
        .ok_or(CommandError::NotAdmitted(RefusalReason::NoMediaPort))?;
        let reserved =
            self.acd
                .reserve_for_own_call(now, agent, new.interaction, ctx.random, &mut self.decisions);
        if let Err(error) = reserved {
            ctx.ports.release(customer.media_leg);
            return Err(refusal(&error, agent));
        }
        ctx.facts
            .push(offered(now, actor, new, trunk_id, &customer, &invite));
        let placed = NewOutbound {
            id: new.interaction,
            callee: new.number.clone(),
            settings,
            customer,
            invite,
        };
        let call = Call::place(&mut ctx, placed);
        self.calls.insert(new.interaction, call);
        self.carry_out(now, new.interaction, asked);
        Ok(())
    }

    /// The fact of the agent's answer is durable: the citizen is dialled.
    pub(super) fn dial(&mut self, now: Now, interaction: InteractionId) {
        let mut session = None;
        self.with_call(now, interaction, |call, ctx| session = call.dial(ctx));
        if let Some(session) = session {
            self.sessions.insert(session, interaction);
        }
    }

    /// The request to a number by a trunk.
    fn invite_of(&self, number: &Number, outbound: &Outbound) -> Result<OutgoingInvite, CommandError> {
        let user = match (&number.canonical, outbound.numbers) {
            (Canonical::E164(text) | Canonical::Short(text), NumberForm::E164) => text.clone(),
            (Canonical::E164(_) | Canonical::Short(_), NumberForm::National) => number.national(),
            (Canonical::Anonymous | Canonical::Invalid, _) => return Err(CommandError::NoNumber),
        };
        let remote = outbound.address;
        let listener = self.sip_config.listeners.iter().find(|listener| {
            listener.transport == Transport::Udp && listener.local.is_ipv4() == remote.is_ipv4()
        });
        let route = Route {
            transport: Transport::Udp,
            local: listener.ok_or(CommandError::NoTrunk)?.local,
            remote,
            connection: 0,
        };
        let shown = outbound.number.as_ref();
        Ok(OutgoingInvite {
            target: Target::Uri {
                uri: format!("sip:{user}@{remote}"),
                route,
            },
            from_user: shown.unwrap_or(&self.profile.site.outbound_number).clone(),
            from_display: None,
            to_user: user,
            headers: Vec::new(),
            sdp: String::new(),
        })
    }
}

fn settings_of(trunk: &Trunk, outbound: &Outbound) -> CallSettings {
    CallSettings {
        codecs: trunk.codecs.clone(),
        nat: trunk.nat,
        record: true,
        notice: None,
        unwritten: answer_of(RefusalReason::JournalFailed, trunk.overload),
        signalling_ip: outbound.address.ip(),
    }
}

fn offered(
    now: Now,
    actor: &Actor,
    new: &MakeCall,
    trunk: &TrunkId,
    customer: &Leg,
    invite: &OutgoingInvite,
) -> Record {
    Record {
        now,
        interaction: Some(new.interaction),
        ticket: new.ticket,
        actor: actor.clone(),
        cause: "api:make-call",
        fact: Fact::Call(CallFact::Offered {
            leg: customer.id,
            trunk: Some(trunk.clone()),
            line: None,
            flow: None,
            direction: Direction::Outbound,
            purpose: Some(new.purpose),
        }),
        personal: Some(personal_of(&new.number, &invite.to_user, "")),
    }
}
