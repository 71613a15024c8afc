//! HTTP digest for SIP: challenges that remember nothing, credentials, and the count of each nonce.
//!
//! A nonce is `time ‖ random ‖ HMAC(secret, time ‖ random ‖ source address)` in hexadecimal, so that a flood of
//! unauthenticated requests costs no memory. Only a nonce that proved a password gets a row, for its `nc`.
//!
//! Driven by `Endpoint`.
//!
//! **Invariants.** A nonce is good for one source address and one lifetime. Its count only grows; a nonce without
//! `qop` is good once. At most `SIP_NONCES_MAX` rows: older nonces than the newest one forgotten are stale.
//!
//! **Not here.** Accounts and their secrets: the caller has the HA1. Credentials of ours towards others.
//!
//! **Source.** RFC 3261 §22; RFC 7616; RFC 8760; RFC 2069 where a peer sends no `qop`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use md5::Md5;
use sha2::Digest;
use sha2::Sha256;

use crate::base::Map;
use crate::base::limits::SIP_NONCES_MAX;
use crate::base::random::Random;
use crate::base::random::SeededHasher;
use crate::base::time::MonoTime;
use crate::sip::scan::Params;
use crate::sip::scan::is_lws;
use crate::sip::scan::trim_lws;

const STAMP_BYTES: usize = 8;
const RANDOM_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const NONCE_BYTES: usize = STAMP_BYTES + RANDOM_BYTES + MAC_BYTES;

/// The parameters of credentials that are read, `algorithm` apart.
const PARAMETERS: [&str; 8] = [
    "username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce",
];

/// A digest algorithm. Source: RFC 8760 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, and what a missing parameter means.
    Md5,
    /// `SHA-256`.
    Sha256,
}

impl Algorithm {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The lower-case hexadecimal digest of `parts` joined with `:`.
    fn join(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hex::encode(feed(Md5::new(), parts).finalize()),
            Self::Sha256 => hex::encode(feed(Sha256::new(), parts).finalize()),
        }
    }
}

fn feed<D: Digest>(mut hasher: D, parts: &[&str]) -> D {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hasher.update(b":");
        }
        hasher.update(part.as_bytes());
    }
    hasher
}

/// The values that prove one account, `H(user:realm:password)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    /// Under MD5.
    pub md5: [u8; 16],
    /// Under SHA-256.
    pub sha256: [u8; 32],
}

impl Secret {
    /// Makes the values of a password. Source: RFC 7616 §3.4.2.
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user, realm, password];
        Self {
            md5: feed(Md5::new(), &parts).finalize().into(),
            sha256: feed(Sha256::new(), &parts).finalize().into(),
        }
    }

    fn ha1(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Md5 => hex::encode(self.md5),
            Algorithm::Sha256 => hex::encode(self.sha256),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// An `Authorization` or `Proxy-Authorization` value. Source: RFC 3261 §20.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Who.
    pub username: &'a str,
    /// Where; one of several credentials is chosen by it.
    pub realm: &'a str,
    /// The challenge answered.
    pub nonce: &'a str,
    /// The URI that was hashed.
    pub uri: &'a str,
    /// The proof in hexadecimal.
    pub response: &'a str,
    /// How it was made.
    pub algorithm: Algorithm,
    /// `qop`, `nc` as written, and `cnonce`; absent in RFC 2069 style.
    pub quality: Option<(&'a str, &'a str, &'a str)>,
}

impl<'a> Credentials<'a> {
    /// Reads a header value. `None`: not digest, a parameter is missing, or an algorithm or `qop` we never offered.
    pub fn parse(value: &'a str) -> Option<Self> {
        let value = trim_lws(value);
        let (scheme, rest) = value.split_once(is_lws)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut fields = [None; 8];
        let mut algorithm = Algorithm::Md5;
        for item in Items(rest) {
            // One list element is one parameter; the shared reader takes quotes and white space away.
            let params = Params::parse(item).ok()?;
            let (name, value) = params.iter().next()?;
            let value = value.unwrap_or("");
            if name.eq_ignore_ascii_case("algorithm") {
                algorithm = match value {
                    _ if value.eq_ignore_ascii_case("MD5") => Algorithm::Md5,
                    _ if value.eq_ignore_ascii_case("SHA-256") => Algorithm::Sha256,
                    _ => return None,
                };
            }
            for (field, known) in fields.iter_mut().zip(PARAMETERS) {
                if name.eq_ignore_ascii_case(known) {
                    *field = Some(value);
                }
            }
        }
        let [username, realm, nonce, uri, response, qop, nc, cnonce] = fields;
        let quality = match qop {
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Some((qop, nc?, cnonce?)),
            Some(_) => return None,
            None => None,
        };
        let (username, realm, nonce) = (username?, realm?, nonce?);
        Some(Self {
            username,
            realm,
            nonce,
            uri: uri?,
            response: response?,
            algorithm,
            quality,
        })
    }

    /// The proof that `secret` makes for these parameters and `method`. Source: RFC 7616 §3.4.1.
    pub fn expected(&self, method: &str, secret: &Secret) -> String {
        let ha1 = secret.ha1(self.algorithm);
        let ha2 = self.algorithm.join(&[method, self.uri]);
        match self.quality {
            Some((qop, nc, cnonce)) => self.algorithm.join(&[&ha1, self.nonce, nc, cnonce, qop, &ha2]),
            None => self.algorithm.join(&[&ha1, self.nonce, &ha2]),
        }
    }
}

/// The elements of a comma list where a comma inside quotes does not separate and empty elements are skipped.
struct Items<'a>(&'a str);

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            if trim_lws(self.0).is_empty() {
                return None;
            }
            let mut quoted = false;
            let mut escaped = false;
            let end = self.0.find(|character| {
                match character {
                    _ if escaped => escaped = false,
                    '\\' => escaped = quoted,
                    '"' => quoted = !quoted,
                    ',' => return !quoted,
                    _ => (),
                }
                false
            });
            let (item, rest) = end
                .and_then(|at| self.0.split_at_checked(at))
                .unwrap_or((self.0, ""));
            self.0 = rest.strip_prefix(',').unwrap_or(rest);
            let item = trim_lws(item);
            if !item.is_empty() {
                return Some(item);
            }
        }
    }
}

/// What credentials proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The account's password, with a nonce that is good.
    Accepted,
    /// The password, but with a nonce that is too old, of another address or repeated: challenge with `stale=true`.
    Stale,
    /// Not the password, or another URI.
    Wrong,
}

/// The challenges of one realm.
#[derive(Debug)]
pub struct Challenger {
    secret: [u8; 32],
    lifetime: Duration,
    used: Map<[u8; NONCE_BYTES], u32>,
    order: BTreeMap<u64, [u8; NONCE_BYTES]>,
    next_order: u64,
    /// Nonces made up to then may have been forgotten.
    forgotten: Option<u64>,
    capacity: usize,
}

impl Challenger {
    /// Draws the secret. `lifetime` is how long a nonce is good.
    pub fn new(random: &mut Random, lifetime: Duration) -> Self {
        Self::with_capacity(random, lifetime, SIP_NONCES_MAX)
    }

    fn with_capacity(random: &mut Random, lifetime: Duration, capacity: usize) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        let used = Map::with_hasher(SeededHasher::new(random));
        Self {
            secret,
            lifetime,
            used,
            order: BTreeMap::new(),
            next_order: 0,
            forgotten: None,
            capacity,
        }
    }

    /// Changes how long a nonce is good.
    pub fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = lifetime;
    }

    /// How many nonces have a row.
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// Whether no nonce has a row.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Draws a nonce for a source address.
    pub fn nonce(&self, now: MonoTime, source: IpAddr, random: &mut Random) -> String {
        let mut bytes = [0; NONCE_BYTES];
        let mut seal = [0; RANDOM_BYTES];
        random.fill(&mut seal);
        let stamp = now.as_micros().to_be_bytes();
        let mac = self.mac(&stamp, &seal, source);
        for (to, from) in bytes.iter_mut().zip(stamp.iter().chain(&seal).chain(&mac)) {
            *to = *from;
        }
        hex::encode(bytes)
    }

    /// The value of a challenge header with one algorithm. Source: RFC 3261 §20.44; RFC 8760 §2.4.
    pub fn challenge(realm: &str, nonce: &str, algorithm: Algorithm, stale: bool) -> String {
        let stale = if stale { ", stale=true" } else { "" };
        let name = algorithm.name();
        format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
    }

    /// Checks credentials. The caller has chosen `secret` by name and realm, or a decoy for a name it does not know,
    /// and compared the URI with the request.
    pub fn verify(
        &mut self,
        now: MonoTime,
        source: IpAddr,
        credentials: &Credentials<'_>,
        method: &str,
        secret: &Secret,
    ) -> Verdict {
        let expected = credentials.expected(method, secret);
        if !same(
            expected.as_bytes(),
            &credentials.response.to_ascii_lowercase().into_bytes(),
        ) {
            return Verdict::Wrong;
        }
        let Some(nonce) = self.open(now, source, credentials.nonce) else {
            return Verdict::Stale;
        };
        let count = match credentials.quality {
            Some((_, nc, _)) if nc.len() == 8 => u32::from_str_radix(nc, 16).unwrap_or(0),
            Some(_) => 0,
            None => u32::MAX,
        };
        let last = self.used.get(&nonce).copied();
        if count <= last.unwrap_or(0) {
            return Verdict::Stale;
        }
        if last.is_none() {
            self.make_room(now);
            self.next_order += 1;
            self.order.insert(self.next_order, nonce);
        }
        self.used.insert(nonce, count);
        Verdict::Accepted
    }

    /// The bytes of a nonce that is ours, of this source, young enough, and not among the forgotten.
    fn open(&self, now: MonoTime, source: IpAddr, nonce: &str) -> Option<[u8; NONCE_BYTES]> {
        let mut bytes = [0; NONCE_BYTES];
        hex::decode_to_slice(nonce, &mut bytes).ok()?;
        let (stamp, rest) = bytes.split_at_checked(STAMP_BYTES)?;
        let (seal, mac) = rest.split_at_checked(RANDOM_BYTES)?;
        if !same(&self.mac(stamp, seal, source), mac) {
            return None;
        }
        let made = u64::from_be_bytes(stamp.try_into().ok()?);
        let age = now.since(MonoTime::from_micros(made));
        let is_forgotten = self.forgotten.is_some_and(|at| made <= at) && !self.used.contains_key(&bytes);
        (age <= self.lifetime && !is_forgotten).then_some(bytes)
    }

    /// Forgets rows that are too old anyway, and the oldest row when there are too many.
    fn make_room(&mut self, now: MonoTime) {
        while let Some((order, nonce)) = self
            .order
            .first_key_value()
            .map(|(order, nonce)| (*order, *nonce))
        {
            let made = stamp_of(&nonce);
            let is_old = self.lifetime < now.since(MonoTime::from_micros(made));
            if !is_old && self.used.len() < self.capacity {
                return;
            }
            if !is_old {
                self.forgotten = Some(self.forgotten.map_or(made, |at| at.max(made)));
            }
            self.order.remove(&order);
            self.used.remove(&nonce);
        }
    }

    fn mac(&self, stamp: &[u8], seal: &[u8], source: IpAddr) -> Vec<u8> {
        // A key of any length is accepted, so the second branch does not exist at run time.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return Vec::new();
        };
        mac.update(stamp);
        mac.update(seal);
        match source {
            IpAddr::V4(ip) => mac.update(&ip.octets()),
            IpAddr::V6(ip) => mac.update(&ip.octets()),
        }
        let mut bytes = mac.finalize().into_bytes().to_vec();
        bytes.truncate(MAC_BYTES);
        bytes
    }
}

fn stamp_of(nonce: &[u8; NONCE_BYTES]) -> u64 {
    nonce
        .iter()
        .take(STAMP_BYTES)
        .fold(0, |stamp, byte| (stamp << 8) | u64::from(*byte))
}

/// Compares in a time that depends on the lengths only.
fn same(one: &[u8], two: &[u8]) -> bool {
    let differing = one
        .iter()
        .zip(two)
        .fold(0_u8, |differing, (a, b)| differing | (a ^ b));
    one.len() == two.len() && !one.is_empty() && differing == 0
}

#[cfg(test)]
#[path = "auth_test.rs"]
mod tests;
