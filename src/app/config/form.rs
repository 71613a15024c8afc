//! The form of the profile's files: which fields each table has, of which type and range.
//!
//! **Invariants.** An entry with a faulty field is left out of the profile, but its id is kept, so that those who
//! name it are not called faulty too.
//! **Not here.** What entries say of each other (`app::config::cross`), flows (`app::config::flow_form`).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use crate::app::config::document::Table;
use crate::base::codec::Codec;
use crate::base::ids::QueueId;
use crate::base::ids::SkillId;
use crate::exchange::profile::Agent;
use crate::exchange::profile::Device;
use crate::exchange::profile::Distribution;
use crate::exchange::profile::Line;
use crate::exchange::profile::Membership;
use crate::exchange::profile::NumberForm;
use crate::exchange::profile::Outbound;
use crate::exchange::profile::Queue;
use crate::exchange::profile::Seat;
use crate::exchange::profile::Site;
use crate::exchange::profile::Trunk;
use crate::ivr::validate::suggest;

const LEVEL: RangeInclusive<u8> = 1..=10;
const RING_TIMEOUT_S: RangeInclusive<u16> = 5..=120;
const WRAPUP_S: RangeInclusive<u16> = 0..=3600;
const SHORT_ABANDON_S: RangeInclusive<u16> = 0..=60;

/// Entries by id; `None` for one that is there with a fault.
pub(super) type Entries<K, V> = BTreeMap<K, Option<V>>;

/// Reads the tables of `[name.ID]` with `read`.
pub(super) fn entries<K, V>(
    root: &Table<'_>,
    name: &'static str,
    read: impl Fn(&Table<'_>) -> Option<V>,
) -> Entries<K, V>
where
    K: std::str::FromStr + Ord,
    K::Err: Display,
{
    let entry = |(id, table): (K, Table<'_>)| {
        let value = read(&table);
        table.finish();
        (id, value)
    };
    root.tables(name).into_iter().map(entry).collect()
}

/// Reads `ID = "中文名"` pairs.
pub(super) fn names<K>(root: &Table<'_>, name: &'static str) -> BTreeMap<K, String>
where
    K: std::str::FromStr + Ord,
    K::Err: Display,
{
    root.map(name).into_iter().collect()
}

/// `[site]`.
pub(super) fn site(root: &Table<'_>) -> Option<Site> {
    let table = root.section("site")?;
    let site = (
        table.required::<String>("id"),
        text(&table, "name"),
        table.required::<String>("area_code"),
        table.required::<String>("time_zone"),
        table.required::<String>("realm"),
        table.required::<String>("outbound_number"),
    );
    table.finish();
    let (Some(id), Some(name), Some(area_code), Some(time_zone), Some(realm), Some(outbound_number)) = site
    else {
        return None;
    };
    if id.parse::<SkillId>().is_err() {
        table.fault(
            "id",
            format!("`{id}` is not an id"),
            "write 1 to 40 of a-z, 0-9 and -",
        );
    }
    if !(2..=3).contains(&area_code.len()) || !digits(&area_code) || area_code.starts_with('0') {
        table.fault(
            "area_code",
            format!("`{area_code}` is no area code"),
            "write 2 or 3 digits without the 0, as 315",
        );
    }
    if jiff::tz::TimeZone::get(&time_zone).is_err() {
        let fix = suggest(&time_zone, ["Asia/Shanghai", "Asia/Urumqi"]);
        table.fault("time_zone", format!("there is no time zone `{time_zone}`"), fix);
    }
    if realm.is_empty()
        || !realm
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || ".-_".contains(it))
    {
        table.fault(
            "realm",
            format!("`{realm}` is no realm"),
            "write letters, digits, . - and _, as rexian.local",
        );
    }
    if !is_number(&outbound_number) {
        table.fault(
            "outbound_number",
            "not a telephone number",
            "write digits, with + in front if need be",
        );
    }
    Some(Site {
        id,
        name,
        area_code,
        time_zone,
        realm,
        outbound_number,
    })
}

/// `[trunks.ID]`.
pub(super) fn trunk(table: &Table<'_>) -> Option<Trunk> {
    let addresses = table.some("addresses");
    let codecs = codecs(table);
    let overload = table.required("overload");
    let trusted_identity = table.required("trusted_identity");
    let nat = table.or("nat", false);
    let outbound = outbound(table);
    Some(Trunk {
        addresses,
        codecs,
        overload: overload?,
        trusted_identity: trusted_identity?,
        nat,
        outbound,
    })
}

/// Where a trunk takes calls of ours: `outbound_address`, `outbound_number`, `outbound_numbers`.
fn outbound(table: &Table<'_>) -> Option<Outbound> {
    let address = table.optional::<SocketAddr>("outbound_address");
    let number = table.optional::<String>("outbound_number");
    let numbers = table.optional::<NumberForm>("outbound_numbers");
    if address.is_some_and(|address| address.ip().is_unspecified() || address.port() == 0) {
        table.fault(
            "outbound_address",
            "no call can go there",
            "write the trunk's address and port, as 192.0.2.2:5060",
        );
    }
    if number.as_deref().is_some_and(|number| !is_number(number)) {
        table.fault(
            "outbound_number",
            "not a telephone number",
            "write digits, with + in front if need be",
        );
    }
    Some(Outbound {
        address: address?,
        number,
        numbers: numbers.unwrap_or_default(),
    })
}

/// `[lines.ID]`.
pub(super) fn line(table: &Table<'_>) -> Option<Line> {
    let number = table.required::<String>("number");
    let name = text(table, "name");
    let flow = table.required("flow");
    if number.as_deref().is_some_and(|number| !is_number(number)) {
        table.fault(
            "number",
            "not a telephone number",
            "write digits, with + in front if need be",
        );
    }
    let record = table.or("record", true);
    Some(Line {
        number: number?,
        name: name?,
        flow: flow?,
        record,
    })
}

/// `[queues.ID]`.
pub(super) fn queue(table: &Table<'_>) -> Option<Queue> {
    let name = text(table, "name");
    let kind = table.required("kind");
    let skills = levels(table);
    let ring_timeout_s = table.within("ring_timeout_s", &RING_TIMEOUT_S);
    let wrapup_s = table.within("wrapup_s", &WRAPUP_S);
    let music = table.required("music");
    let short_abandon_s = table.within("short_abandon_s", &SHORT_ABANDON_S);
    let distribution = table.or("distribution", Distribution::default());
    Some(Queue {
        name: name?,
        kind: kind?,
        skills,
        ring_timeout_s: ring_timeout_s?,
        wrapup_s: wrapup_s?,
        music: music?,
        short_abandon_s: short_abandon_s?,
        distribution,
    })
}

/// `[agents.ID]`.
pub(super) fn agent(table: &Table<'_>) -> Option<Agent> {
    let name = text(table, "name");
    let user = table.required("user");
    let organ = table.required("organ");
    let skills = levels(table);
    let queues = table.list("queues");
    let devices = table.list("devices");
    let memberships: BTreeMap<QueueId, Membership> = table.map("memberships").into_iter().collect();
    let classes = table.list("classes");
    for (queue, how) in &memberships {
        let field = format!("memberships.{queue}");
        if !queues.contains(queue) {
            table.fault(
                &field,
                format!("`{queue}` is not among its queues"),
                "add it to queues or leave this out",
            );
        }
        if !(1..=99).contains(&how.preference) || !(1..=9).contains(&how.ring) {
            table.fault(
                &field,
                "preference is 1 to 99 and ring 1 to 9",
                "write numbers within",
            );
        }
    }
    unique(table, "queues", &queues);
    unique(table, "devices", &devices);
    Some(Agent {
        name: name?,
        user: user?,
        organ: organ?,
        skills,
        queues,
        memberships,
        classes,
        devices,
    })
}

/// `[devices.ID]`.
pub(super) fn device(table: &Table<'_>) -> Option<Device> {
    let user = table.required::<String>("user");
    let extension = table.optional::<String>("extension");
    let codecs = codecs(table);
    let md5_only = table.or("md5_only", false);
    let plain = |user: &str| {
        !user.is_empty()
            && user
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || "._-".contains(it))
    };
    if user.as_deref().is_some_and(|user| !plain(user)) {
        table.fault("user", "not a SIP user name", "write letters, digits, . _ and -");
    }
    if extension
        .as_deref()
        .is_some_and(|number| !(2..=8).contains(&number.len()) || !digits(number))
    {
        table.fault(
            "extension",
            "not an extension",
            "write 2 to 8 digits, or leave it out",
        );
    }
    Some(Device {
        user: user?,
        extension,
        codecs,
        md5_only,
    })
}

/// `[seats.ID]`.
pub(super) fn seat(table: &Table<'_>) -> Option<Seat> {
    let room = text(table, "room");
    let row = table.required("row");
    let device = table.optional("device");
    Some(Seat {
        room: room?,
        row: row?,
        device,
    })
}

/// A text that must not be blank.
pub(super) fn text(table: &Table<'_>, name: &'static str) -> Option<String> {
    let text = table.required::<String>(name)?;
    if text.trim().is_empty() {
        table.fault(
            name,
            format!("`{name}` is blank"),
            "write what screens shall show",
        );
        return None;
    }
    Some(text)
}

fn levels(table: &Table<'_>) -> BTreeMap<SkillId, u8> {
    let read: Vec<(SkillId, i64)> = table.map("skills");
    let mut levels = BTreeMap::new();
    for (skill, level) in read {
        match u8::try_from(level).ok().filter(|level| LEVEL.contains(level)) {
            Some(level) => {
                levels.insert(skill, level);
            }
            None => table.fault(
                format!("skills.{skill}"),
                format!("level {level} is out of range"),
                format!("write {} to {}", LEVEL.start(), LEVEL.end()),
            ),
        }
    }
    levels
}

fn codecs(table: &Table<'_>) -> Vec<Codec> {
    let codecs = table.some("codecs");
    unique(table, "codecs", &codecs);
    codecs
}

fn unique<T: PartialEq>(table: &Table<'_>, name: &'static str, list: &[T]) {
    for (at, value) in list.iter().enumerate() {
        if list.iter().take(at).any(|earlier| earlier == value) {
            table.fault(format!("{name}.{at}"), "named twice", "leave one out");
        }
    }
}

fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix('+').unwrap_or(text);
    (3..=20).contains(&bare.len()) && digits(bare)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
