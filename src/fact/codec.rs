//! Envelope version 1: how a fact is written down, chained and read again.
//!
//! One JSON object a fact: `{v, kind, body, node, fact_no, at_us, mono_us, boot_id, site, kind_v, interaction?, ticket?,
//! actor, cause, sealed?, prev_hash, hash}`. `hash` covers every byte before it, so the chain runs over ciphertext and
//! survives the erasing of keys.
//!
//! **Invariants.** Fact numbers of a node have no gap and each envelope names the hash of the one before. Unknown
//! fields are kept. A golden file for each (kind, kind_v) is never edited.
//! **Not here.** Keys (`io::keys` implements [`Sealer`]), the file (`io::journal`).

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use sha2::Digest as _;
use sha2::Sha256;

use crate::base::ids::BootId;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;

/// The envelope version that is written.
pub const ENVELOPE_VERSION: u32 = 1;
/// What the first envelope of a node names as the hash before it.
pub const FIRST_HASH: &str = "sha256:0";

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The data key was erased or never stored.
    #[error("the data key `{0}` is not there")]
    NoKey(String),
    /// The key does not fit, or the ciphertext was changed.
    #[error("the ciphertext under `{0}` does not open")]
    Broken(String),
    /// Written with an algorithm this program does not know.
    #[error("unknown algorithm `{0}`")]
    Algorithm(String),
    /// The values could not be written or read as JSON.
    #[error("personal values are not JSON: {0}")]
    Json(String),
}

/// Seals personal data under a data key.
pub trait Sealer {
    /// Seals `personal` under the data key `key_id`, which is made when it is not there yet.
    ///
    /// # Errors
    /// [`SealError`].
    fn seal(&mut self, key_id: &str, personal: &Personal) -> Result<Sealed, SealError>;
}

/// Why an envelope could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Personal data could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Not JSON of the right shape.
    #[error("fact is not readable: {0}")]
    Json(String),
    /// A newer program wrote it.
    #[error("envelope version {0} is newer than this program")]
    Version(u32),
    /// The chain is broken at this fact.
    #[error("fact {0}: the hash chain is broken")]
    Chain(u64),
}

#[derive(Serialize)]
struct Writing<'a> {
    v: u32,
    #[serde(flatten)]
    fact: &'a Fact,
    kind_v: u32,
    node: &'a str,
    fact_no: FactNo,
    at_us: i64,
    mono_us: u64,
    boot_id: BootId,
    site: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction: Option<InteractionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<TicketId>,
    actor: &'a Actor,
    cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
    prev_hash: &'a str,
}

/// An envelope as read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Envelope version.
    pub v: u32,
    /// The node whose chain it is in.
    pub node: String,
    /// Its place in that chain.
    pub fact_no: FactNo,
    /// When it happened, UTC µs.
    pub at_us: i64,
    /// When it happened in this boot, monotonic µs.
    pub mono_us: u64,
    /// The run of the program.
    pub boot_id: BootId,
    /// The city.
    pub site: String,
    /// The kind of fact.
    pub kind: String,
    /// The version of that kind.
    pub kind_v: u32,
    /// The interaction it is about.
    #[serde(default)]
    pub interaction: Option<InteractionId>,
    /// The work order it is about.
    #[serde(default)]
    pub ticket: Option<TicketId>,
    /// Who caused it.
    pub actor: Actor,
    /// Why.
    pub cause: String,
    /// What happened.
    #[serde(default)]
    pub body: Value,
    /// Personal data.
    #[serde(default)]
    pub sealed: Option<Sealed>,
    /// The hash of the envelope before.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
    /// What a newer program may have added.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Envelope {
    /// The fact in it, brought up to the present version of its kind; `None` for a kind this program does not know.
    ///
    /// # Errors
    /// [`CodecError::Json`] when a known kind does not have its shape.
    pub fn fact(&self) -> Result<Option<Fact>, CodecError> {
        let (kind_v, body) = upcast(&self.kind, self.kind_v, self.body.clone(), UPCASTERS);
        debug_assert!(self.kind_v <= kind_v, "an upcaster never goes back");
        let value = serde_json::json!({ "kind": self.kind, "body": body });
        let family = self.kind.split('.').next().unwrap_or_default();
        let read = match (family, self.kind.as_str()) {
            (_, "call.refusals_counted")
            | ("node" | "profile" | "reference" | "rule" | "alarm" | "day", _) => {
                serde_json::from_value(value).map(Fact::System)
            }
            ("call", _) => serde_json::from_value(value).map(Fact::Call),
            ("agent" | "device", _) => serde_json::from_value(value).map(Fact::Agent),
            ("recording", _) => serde_json::from_value(value).map(Fact::Recording),
            ("ticket", _) => serde_json::from_value(value).map(Fact::Ticket),
            ("case", _) => serde_json::from_value(value).map(Fact::Case),
            ("article", _) => serde_json::from_value(value).map(Fact::Article),
            ("user" | "permission" | "personal" | "data", _) => {
                serde_json::from_value(value).map(Fact::Account)
            }
            _ => return Ok(None),
        };
        match read {
            Ok(fact) => Ok(Some(fact)),
            Err(error) if error.to_string().contains("unknown variant") => Ok(None),
            Err(error) => Err(CodecError::Json(format!("{}: {error}", self.kind))),
        }
    }
}

/// Brings a body of an old version of its kind one version up.
pub struct Upcaster {
    /// Which kind.
    pub kind: &'static str,
    /// From which version.
    pub from: u32,
    /// How.
    pub up: fn(Value) -> Value,
}

/// Every upcaster, each one step.
const UPCASTERS: &[Upcaster] = &[];

/// Applies the chain of `upcasters` to a body.
pub fn upcast(kind: &str, mut kind_v: u32, mut body: Value, upcasters: &[Upcaster]) -> (u32, Value) {
    while let Some(step) = upcasters.iter().find(|it| it.kind == kind && it.from == kind_v) {
        body = (step.up)(body);
        kind_v += 1;
    }
    (kind_v, body)
}

/// Writes the envelopes of one node, in order.
#[derive(Clone, Debug)]
pub struct EnvelopeWriter {
    node: String,
    boot_id: BootId,
    site: String,
    last: FactNo,
    prev_hash: String,
}

impl EnvelopeWriter {
    /// Goes on after fact `last`, whose hash is `prev_hash` ([`FIRST_HASH`] for none).
    pub fn new(node: &str, boot_id: BootId, site: &str, last: FactNo, prev_hash: &str) -> Self {
        Self {
            node: node.to_owned(),
            boot_id,
            site: site.to_owned(),
            last,
            prev_hash: prev_hash.to_owned(),
        }
    }

    /// The number and hash of the last envelope.
    pub fn head(&self) -> (FactNo, &str) {
        (self.last, &self.prev_hash)
    }

    /// Appends the envelope of `record` to `out`, sealing its personal data under the key of its interaction, else of
    /// its order, else of the site.
    ///
    /// # Errors
    /// [`CodecError::Seal`], [`CodecError::Json`]; the chain is as before then.
    pub fn encode(
        &mut self,
        record: &Record,
        sealer: &mut dyn Sealer,
        out: &mut Vec<u8>,
    ) -> Result<FactNo, CodecError> {
        let sealed = match &record.personal {
            None => None,
            Some(personal) => Some(sealer.seal(&key_id(record), personal)?),
        };
        let fact_no = FactNo(self.last.0 + 1);
        let writing = Writing {
            v: ENVELOPE_VERSION,
            fact: &record.fact,
            kind_v: 1,
            node: &self.node,
            fact_no,
            at_us: record.now.wall.as_micros(),
            mono_us: record.now.mono.as_micros(),
            boot_id: self.boot_id,
            site: &self.site,
            interaction: record.interaction,
            ticket: record.ticket,
            actor: &record.actor,
            cause: record.cause,
            sealed,
            prev_hash: &self.prev_hash,
        };
        let start = out.len();
        serde_json::to_writer(&mut *out, &writing).map_err(|error| CodecError::Json(error.to_string()))?;
        out.pop();
        let hash = hash_of(out.get(start..).unwrap_or_default());
        let _ = write!(out, ",\"hash\":\"{hash}\"}}");
        self.last = fact_no;
        self.prev_hash = hash;
        Ok(fact_no)
    }
}

/// The data key under which a record's personal data is sealed.
pub fn key_id(record: &Record) -> String {
    match (record.interaction, record.ticket, &record.fact) {
        (Some(interaction), _, _) => interaction.to_string(),
        (None, Some(ticket), _) => ticket.to_string(),
        (None, None, Fact::Case(fact)) => fact.case().to_string(),
        (None, None, _) => "site".to_owned(),
    }
}

fn hash_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Reads an envelope.
///
/// # Errors
/// [`CodecError::Json`], [`CodecError::Version`].
pub fn decode(bytes: &[u8]) -> Result<Envelope, CodecError> {
    let envelope: Envelope =
        serde_json::from_slice(bytes).map_err(|error| CodecError::Json(error.to_string()))?;
    if ENVELOPE_VERSION < envelope.v {
        return Err(CodecError::Version(envelope.v));
    }
    Ok(envelope)
}

/// Checks one link: that `bytes` hash to what they say, and that they follow `prev_hash`. Gives the hash back.
///
/// # Errors
/// [`CodecError::Chain`], [`CodecError::Json`].
pub fn verify_link(bytes: &[u8], prev_hash: &str) -> Result<String, CodecError> {
    let envelope = decode(bytes)?;
    let broken = CodecError::Chain(envelope.fact_no.0);
    let tail = format!(",\"hash\":\"{}\"}}", envelope.hash);
    let covered = bytes.strip_suffix(tail.as_bytes()).ok_or(broken.clone())?;
    if envelope.prev_hash != prev_hash || hash_of(covered) != envelope.hash {
        return Err(broken);
    }
    Ok(envelope.hash)
}
