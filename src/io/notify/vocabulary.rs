//! The closed lists of the outbox: channels, templates, kinds of recipients, states.
//!
//! **Invariants.** A code is stable: it stands in rows and in the API. Its Chinese words stand in `texts/zh-CN.toml`.
//! **Not here.** The words of a message (`io::notify::render`), rows (`io::store::outbox`).

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// Declares closed lists of codes once.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $code:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$item])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The value with this code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = String::deserialize(deserializer)?;
                Self::parse(&code).ok_or_else(|| serde::de::Error::unknown_variant(&code, &[$($code),+]))
            }
        }
    )+};
}

lists! {
    /// By which way a message goes.
    Channel {
        /// A short message to a telephone.
        Sms = "sms",
        /// A notice on the recipient's screen: the row itself is the delivery.
        Notice = "notice",
        /// A request to another system.
        Webhook = "webhook",
    }

    /// To whom a message goes.
    RecipientKind {
        /// 诉求人.
        Appellant = "appellant",
        /// 承办单位.
        Unit = "unit",
        /// A user of ours.
        User = "user",
        /// 值班室. Source: 7.2 a.
        DutyOffice = "duty_office",
        /// Another city system.
        Partner = "partner",
    }

    /// What a person's number is used for.
    Purpose {
        /// The appellant learns how his appeal goes.
        Progress = "progress",
        /// The appellant is asked how it went. Source: 7.7.1.
        Followup = "followup",
        /// A unit or a user learns what is to be done.
        Duty = "duty",
        /// A unit is supervised. Source: 7.8.
        Supervision = "supervision",
    }

    /// Where a message stands.
    OutboxState {
        /// Waits for its time.
        Queued = "queued",
        /// A node is sending it.
        Leased = "leased",
        /// A gateway has taken it.
        Sent = "sent",
        /// It has reached the recipient.
        Delivered = "delivered",
        /// The network gave it up.
        Undelivered = "undelivered",
        /// Not sent after every attempt, or refused for good.
        Dead = "dead",
        /// Not to be sent any more.
        Cancelled = "cancelled",
    }

    /// What a message says.
    Template {
        /// 受理告知. Source: 7.1.
        Accepted = "accepted",
        /// 派单告知. Source: 7.2.
        Dispatched = "dispatched",
        /// 即时答复. Source: 7.1.4.
        Answered = "answered",
        /// 延期告知. Source: 7.6.
        Extended = "extended",
        /// 延期未获批准. Source: 7.6.
        ExtensionRefused = "extension_refused",
        /// 短信回访: rate by a reply. Source: 7.7.1.
        FollowupAsk = "followup_ask",
        /// 重新办理. Source: 7.7.1.
        Rework = "rework",
        /// 不予受理, with the legal route. Source: 6.2.
        Refused = "refused",
        /// 办结告知. Source: 7.7.
        Closed = "closed",
        /// 催办告知.
        Urged = "urged",
        /// A unit has a new order. Source: 7.2.
        UnitNewOrder = "unit_new_order",
        /// A unit's limit is near. Source: 7.5.1.
        UnitNearLimit = "unit_near_limit",
        /// A unit's limit has passed. Source: 7.8.1.
        UnitOverdue = "unit_overdue",
        /// 督办. Source: 7.8.1.
        UnitSupervision = "unit_supervision",
        /// A unit's return was decided, or its feedback was sent back. Source: 7.4, 7.5.2.
        UnitReturned = "unit_returned",
        /// 值班室 is told of an emergency. Source: 7.2 a.
        DutyOffice = "duty_office",
        /// A supervisor's attention is needed.
        SupervisorAlarm = "supervisor_alarm",
        /// A knowledge article is to be brought up to date. Source: 8.3.
        KnowledgeTask = "knowledge_task",
        /// 帮办 appointment. Source: 7.1.5.
        HelpAppointment = "help_appointment",
    }
}

impl Template {
    /// What the recipient's number is used for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::Accepted
            | Self::Dispatched
            | Self::Answered
            | Self::Extended
            | Self::ExtensionRefused
            | Self::Rework
            | Self::Refused
            | Self::Closed
            | Self::Urged
            | Self::HelpAppointment => Purpose::Progress,
            Self::FollowupAsk => Purpose::Followup,
            Self::UnitNewOrder
            | Self::UnitNearLimit
            | Self::UnitReturned
            | Self::DutyOffice
            | Self::SupervisorAlarm
            | Self::KnowledgeTask => Purpose::Duty,
            Self::UnitOverdue | Self::UnitSupervision => Purpose::Supervision,
        }
    }

    /// Whether it is written to the appellant.
    pub const fn is_for_appellant(self) -> bool {
        matches!(self.purpose(), Purpose::Progress | Purpose::Followup)
    }
}
