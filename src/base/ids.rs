//! Every identity in the program, a newtype each: an id is never a bare `String` or number.
//!
//! Two kinds: **UUIDv7** for what happens (interaction, leg, offer …), made from [`Now`] and [`Random`];
//! **slugs** `[a-z0-9-]{1,40}` for what an administrator names (queue, skill, flow …), never renamed, only retired.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::base::random::Random;
use crate::base::time::Now;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 32 hexadecimal digits with hyphens as in RFC 9562.
    #[error("not a UUID")]
    Uuid,
    /// Not 1 to 40 of `a-z`, `0-9` and `-`.
    #[error("not a name of 1 to 40 of a-z, 0-9 and -")]
    Slug,
}

/// Draws a UUID version 7. Source: RFC 9562 §5.7.
fn uuid_v7(now: Now, random: &mut Random) -> u128 {
    let millis = u128::try_from(now.wall.as_micros() / 1000).unwrap_or(0) & 0xffff_ffff_ffff;
    let high = u128::from(random.next_u64()) & 0x0fff;
    let low = u128::from(random.next_u64()) & 0x3fff_ffff_ffff_ffff;
    (millis << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low
}

fn parse_uuid(text: &str) -> Result<u128, IdError> {
    let bytes = text.as_bytes();
    let hyphens = [8, 13, 18, 23];
    if bytes.len() != 36 || hyphens.iter().any(|at| bytes.get(*at) != Some(&b'-')) {
        return Err(IdError::Uuid);
    }
    let mut value = 0_u128;
    for (at, byte) in bytes.iter().enumerate() {
        if !hyphens.contains(&at) {
            let digit = char::from(*byte).to_digit(16).ok_or(IdError::Uuid)?;
            value = (value << 4) | u128::from(digit);
        }
    }
    Ok(value)
}

fn write_uuid(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        value >> 96,
        (value >> 80) & 0xffff,
        (value >> 64) & 0xffff,
        (value >> 48) & 0xffff,
        value & 0xffff_ffff_ffff
    )
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u128);

        impl $name {
            /// Draws a new id; ids made later in wall time sort later.
            pub fn new(now: Now, random: &mut Random) -> Self {
                Self(uuid_v7(now, random))
            }

            /// The 16 bytes in network order.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// An id from its 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_uuid(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

macro_rules! slug_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check_slug(text)?;
                Ok(Self(Arc::from(text)))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

fn check_slug(text: &str) -> Result<(), IdError> {
    let good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    if text.is_empty() || 40 < text.len() || !text.as_bytes().iter().all(good) {
        return Err(IdError::Slug);
    }
    Ok(())
}

uuid_id! {
    /// One customer contact, from its first INVITE to the end of the last wrap-up.
    InteractionId,
    /// One SIP dialog of an interaction.
    LegId,
    /// One attempt to give one work item to one agent.
    OfferId,
    /// An interval of an interaction with one kind.
    SegmentId,
    /// One recording.
    RecordingId,
    /// One work order (工单) by its internal id; the order number is another thing.
    TicketId,
    /// One run of the program.
    BootId,
    /// One alarm.
    AlarmId,
    /// One 重点督办 case.
    CaseId,
    /// One article of the knowledge base.
    ArticleId,
    /// One request to bring the knowledge base up to date.
    UpdateId,
    /// One file of a work order.
    FileId,
    /// One request for an account or other rights.
    AccountRequestId,
    /// One table that was taken out.
    ExportId,
}

slug_id! {
    /// An agent (受理人员) by 工号.
    AgentId,
    /// A seat (座席).
    SeatId,
    /// A SIP account.
    DeviceId,
    /// A person's account.
    UserId,
    /// A queue; a 专席 is a queue of kind expert.
    QueueId,
    /// A skill.
    SkillId,
    /// A SIP trunk.
    TrunkId,
    /// A dialled line that leads to us (DID).
    LineId,
    /// A call flow.
    FlowId,
    /// A node of a flow.
    NodeId,
    /// A prompt.
    PromptId,
    /// A reason for being not ready.
    ReasonId,
    /// An organ or unit (机构).
    OrganId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_sorts_by_time() {
        let mut random = Random::from_number(7);
        let early = Now {
            wall: crate::base::time::WallTime::from_micros(1_700_000_000_000_000),
            ..Now::default()
        };
        let late = Now {
            wall: crate::base::time::WallTime::from_micros(1_700_000_001_000_000),
            ..Now::default()
        };
        let first = InteractionId::new(early, &mut random);
        let second = InteractionId::new(late, &mut random);
        assert!(first < second);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(&first.to_string()[14..15], "7");
    }

    #[test]
    fn a_slug_refuses_what_an_administrator_may_not_name() {
        assert!("general".parse::<QueueId>().is_ok());
        for bad in ["", "General", "a b", "队列", &"a".repeat(41)] {
            assert_eq!(bad.parse::<QueueId>(), Err(IdError::Slug), "{bad}");
        }
    }
}
