//! The registrar: which contacts a device is reachable at, and until when.
//!
//! Driven by `Endpoint`, which has authenticated the request and keeps the one timer of [`Registrar::next_expiry`].
//!
//! **Invariants.** A REGISTER changes all of its contacts or none. A binding is unique by the meaning of its URI. At
//! most `SIP_BINDINGS_PER_DEVICE_MAX` a device: the one that expires first makes room. Nothing expired is listed.
//!
//! **Not here.** Digest (`auth`), the wire (`endpoint`).
//!
//! **Source.** RFC 3261 §10.3; RFC 5626 §4 in spirit: a request goes back over the flow that registered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use crate::base::ids::DeviceId;
use crate::base::limits::SIP_BINDINGS_PER_DEVICE_MAX;
use crate::base::time::MonoTime;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;
use crate::sip::uri::Host;
use crate::sip::uri::Uri;

/// One place where a device is reachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The Contact URI, to be used as Request-URI.
    pub contact: String,
    /// Where requests go: the flow that registered, or the contact itself when it names the source's own address.
    pub route: Route,
    /// Until when.
    pub expires: MonoTime,
    call_id: Box<str>,
    cseq: u32,
}

/// What a REGISTER asks for.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// The Call-ID of the request.
    pub call_id: &'a str,
    /// The CSeq number of the request.
    pub cseq: u32,
    /// Where it came from.
    pub route: Route,
    /// The contacts.
    pub contacts: Contacts<'a>,
}

/// The contacts of a REGISTER.
#[derive(Clone, Debug)]
pub enum Contacts<'a> {
    /// None: only a question.
    Query,
    /// `*` with `Expires: 0`.
    RemoveAll,
    /// URI and lifetime in seconds, the default already filled in; 0 removes.
    Update(Vec<(Uri<'a>, u32)>),
}

/// How long a binding may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryBounds {
    /// Shorter ones but 0 are refused with 423.
    pub min: Duration,
    /// Longer ones are cut.
    pub max: Duration,
    /// Used when the request names none.
    pub default: Duration,
}

impl ExpiryBounds {
    /// The default in whole seconds.
    pub fn default_seconds(&self) -> u32 {
        seconds(self.default)
    }

    /// The minimum in whole seconds.
    pub fn min_seconds(&self) -> u32 {
        seconds(self.min)
    }
}

/// Why a REGISTER changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrarError {
    /// 423 with `Min-Expires`. Source: RFC 3261 §10.3 step 7.
    #[error("a binding must live at least {min_s} s")]
    TooBrief {
        /// The shortest in seconds.
        min_s: u32,
    },
    /// 500: an older request of the same Call-ID came late. Source: RFC 3261 §10.3 step 6, 7.
    #[error("the request is older than the binding")]
    OutOfOrder,
    /// 400: more contacts than a device may have.
    #[error("too many contacts")]
    TooMany,
}

/// What a REGISTER did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Bindings now.
    pub contacts: u32,
    /// Whether a contact came, went or moved to another flow; a mere refresh is not a change.
    pub changed: bool,
}

/// The bindings of every device.
#[derive(Debug, Default)]
pub struct Registrar {
    devices: BTreeMap<DeviceId, Vec<Binding>>,
    total: usize,
}

impl Registrar {
    /// Applies a REGISTER of `device`.
    ///
    /// # Errors
    /// [`RegistrarError`] says why nothing changed.
    pub fn register(
        &mut self,
        now: MonoTime,
        device: &DeviceId,
        request: &Registration<'_>,
        bounds: &ExpiryBounds,
    ) -> Result<Registered, RegistrarError> {
        let mut bindings: Vec<Binding> = self
            .devices
            .get(device)
            .into_iter()
            .flatten()
            .filter(|it| now < it.expires)
            .cloned()
            .collect();
        let before = bindings.len();
        let mut changed = false;
        match &request.contacts {
            Contacts::Query => (),
            Contacts::RemoveAll => {
                if bindings.iter().any(|it| is_late(it, request)) {
                    return Err(RegistrarError::OutOfOrder);
                }
                bindings.clear();
            }
            Contacts::Update(contacts) => {
                if SIP_BINDINGS_PER_DEVICE_MAX < contacts.len() {
                    return Err(RegistrarError::TooMany);
                }
                for (uri, lifetime_s) in contacts {
                    changed |= update(now, &mut bindings, (uri, *lifetime_s), request, bounds)?;
                }
            }
        }
        changed |= before != bindings.len();
        let contacts = u32::try_from(bindings.len()).unwrap_or(u32::MAX);
        self.store(device, bindings);
        Ok(Registered { contacts, changed })
    }

    /// The bindings of a device; what has expired is removed by [`Registrar::expire`], whose timer is exact.
    pub fn bindings(&self, device: &DeviceId) -> impl Iterator<Item = &Binding> {
        self.devices.get(device).into_iter().flatten()
    }

    /// When the next binding expires.
    pub fn next_expiry(&self) -> Option<MonoTime> {
        self.devices.values().flatten().map(|it| it.expires).min()
    }

    /// Removes what has expired; returns the devices that lost a binding, with how many they have left.
    pub fn expire(&mut self, now: MonoTime) -> Vec<(DeviceId, u32)> {
        self.retain(|binding| now < binding.expires)
    }

    /// Removes the bindings of a stream connection that is gone.
    pub fn connection_lost(&mut self, connection: u64) -> Vec<(DeviceId, u32)> {
        self.retain(|binding| binding.route.connection != connection)
    }

    /// Removes every binding of a device that is no longer configured.
    pub fn retain_devices(&mut self, keep: impl Fn(&DeviceId) -> bool) {
        self.devices.retain(|device, _| keep(device));
        self.total = self.devices.values().map(Vec::len).sum();
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there is no binding.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    fn retain(&mut self, keep: impl Fn(&Binding) -> bool) -> Vec<(DeviceId, u32)> {
        let mut touched = Vec::new();
        self.devices.retain(|device, bindings| {
            let before = bindings.len();
            bindings.retain(&keep);
            if bindings.len() < before {
                touched.push((device.clone(), u32::try_from(bindings.len()).unwrap_or(u32::MAX)));
            }
            !bindings.is_empty()
        });
        self.total = self.devices.values().map(Vec::len).sum();
        touched
    }

    fn store(&mut self, device: &DeviceId, bindings: Vec<Binding>) {
        self.total = self
            .total
            .saturating_sub(self.devices.get(device).map_or(0, Vec::len))
            + bindings.len();
        if bindings.is_empty() {
            self.devices.remove(device);
        } else {
            self.devices.insert(device.clone(), bindings);
        }
    }
}

/// Applies one contact; whether a contact came or moved to another flow.
fn update(
    now: MonoTime,
    bindings: &mut Vec<Binding>,
    (uri, lifetime_s): (&Uri<'_>, u32),
    request: &Registration<'_>,
    bounds: &ExpiryBounds,
) -> Result<bool, RegistrarError> {
    let min_s = bounds.min_seconds();
    if 0 < lifetime_s && lifetime_s < min_s {
        return Err(RegistrarError::TooBrief { min_s });
    }
    let found = bindings
        .iter()
        .position(|it| Uri::parse(&it.contact).is_ok_and(|known| known.equivalent(uri)));
    let old = found.and_then(|at| bindings.get(at));
    if old.is_some_and(|it| is_late(it, request)) {
        return Err(RegistrarError::OutOfOrder);
    }
    let old_route = old.map(|it| it.route);
    if let Some(at) = found {
        bindings.remove(at);
    }
    if lifetime_s == 0 {
        return Ok(false);
    }
    if SIP_BINDINGS_PER_DEVICE_MAX <= bindings.len() {
        let oldest = bindings
            .iter()
            .enumerate()
            .min_by_key(|(_, it)| it.expires)
            .map(|(at, _)| at);
        oldest.map(|at| bindings.remove(at));
    }
    let route = route_to(uri, request.route);
    bindings.push(Binding {
        contact: uri.as_str().to_owned(),
        route,
        expires: now + Duration::from_secs(u64::from(lifetime_s)).min(bounds.max),
        call_id: Box::from(request.call_id),
        cseq: request.cseq,
    });
    Ok(old_route != Some(route))
}

/// Over UDP a contact whose address is the one the REGISTER came from has no NAT in between: its port is the phone's.
/// Behind a NAT, and on streams, only the flow reaches it. Source: RFC 5626 §5.3 for the flow, RFC 3581 for the NAT.
fn route_to(contact: &Uri<'_>, flow: Route) -> Route {
    let named = match contact.host {
        Host::V4(address) => Some(IpAddr::V4(address)),
        Host::V6(address) => Some(IpAddr::V6(address)),
        Host::Name(_) => None,
    };
    match named {
        Some(address) if flow.transport == Transport::Udp && address == flow.remote.ip() => Route {
            remote: SocketAddr::new(address, contact.port.unwrap_or(5060)),
            ..flow
        },
        Some(_) | None => flow,
    }
}

fn is_late(binding: &Binding, request: &Registration<'_>) -> bool {
    *binding.call_id == *request.call_id && request.cseq <= binding.cseq
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "registrar_test.rs"]
mod tests;
