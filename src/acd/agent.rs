//! An agent: presence (chosen) and work (derived), two independent dimensions, and one slot for the next state.
//!
//! **Source.** ECMA-269 §6.1.3 for the words; wrap-up deadlines are absolute and survive a publish.

use std::collections::BTreeSet;

use crate::acd::decision::Reservation;
use crate::acd::market::SupplyNo;
use crate::acd::tally::Tally;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::ids::SeatId;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::fact::agent::Presence;

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    Idle,
    /// Reserved for an item; `ringing` from the first 18x on.
    Reserved {
        /// The lease.
        reservation: Reservation,
        /// Whether a phone rings.
        ringing: bool,
    },
    /// Talks.
    Talking {
        /// With whom.
        interaction: InteractionId,
        /// The queue that delivered the call; none for one that he made.
        queue: Option<QueueId>,
        /// On hold at present.
        held: bool,
    },
    /// Work after a call.
    Wrapup {
        /// Of which call.
        interaction: InteractionId,
        /// When it began.
        since: MonoTime,
        /// When it ends at the latest.
        until: WallTime,
    },
}

/// One agent's runtime record.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Where he sits.
    pub seat: Option<SeatId>,
    /// Phones bound at sign-in.
    pub devices: Vec<DeviceId>,
    /// Those of them that are registered.
    pub reachable: BTreeSet<DeviceId>,
    /// What he chose.
    pub presence: Presence,
    /// What he becomes when idle again.
    pub next: Option<Presence>,
    /// What he does.
    pub work: Work,
    /// Since when presence and work are so.
    pub since: WallTime,
    /// Orders the longest idle: a miss or a rejection sets it anew, a cancelled offer does not.
    pub idle_since: MonoTime,
    /// No offer before this.
    pub cooldown_until: Option<MonoTime>,
    /// Offers missed in a row.
    pub missed: u8,
    /// Offers rejected in a row.
    pub rejected: u8,
    /// Under which key he stands among the free.
    pub listed: Option<MonoTime>,
    /// Since when he stands there.
    pub(super) listed_at: MonoTime,
    /// What he can and where he belongs.
    pub(super) supply: SupplyNo,
    /// His last hour.
    pub tally: Tally,
    /// When his talk began.
    pub(super) talk_since: MonoTime,
}

impl Agent {
    /// An agent who is not signed in.
    pub fn offline() -> Self {
        Self {
            seat: None,
            devices: Vec::new(),
            reachable: BTreeSet::new(),
            presence: Presence::Offline,
            next: None,
            work: Work::Idle,
            since: WallTime::default(),
            idle_since: MonoTime::default(),
            cooldown_until: None,
            missed: 0,
            rejected: 0,
            listed: None,
            listed_at: MonoTime::default(),
            supply: 0,
            tally: Tally::default(),
            talk_since: MonoTime::default(),
        }
    }

    /// Ready, idle, reachable and not in a pause.
    pub fn is_routable(&self, now: MonoTime) -> bool {
        self.presence == Presence::Ready
            && self.work == Work::Idle
            && !self.reachable.is_empty()
            && self.cooldown_until.is_none_or(|until| until <= now)
    }

    /// The interaction he is bound to.
    pub fn interaction(&self) -> Option<InteractionId> {
        match &self.work {
            Work::Idle => None,
            Work::Reserved { reservation, .. } => Some(reservation.interaction),
            Work::Talking { interaction, .. } | Work::Wrapup { interaction, .. } => Some(*interaction),
        }
    }
}
