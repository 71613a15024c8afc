//! The `.rxr` container, version 1.
//!
//! ```text
//!  header  RXR1 · version · length · recording · interaction · codec · channels · cipher · rate · opened at · key · CRC
//!  chunk   number · RTP start · wall start · samples · flags · gap · length · hash of the chunk before · sealed audio
//!  chunk   …
//!  chunk   the last one: no audio, flag `last`
//! ```
//! All numbers are little endian. The audio of a chunk is at most 1 s of A-law, two channels interleaved, sealed with
//! AES-256-GCM under a key of this recording alone, which stands wrapped by a master in the header. The nonce is the
//! chunk's place in the file with its second, so that one made again after a failed write has another; what is
//! authenticated beside the audio is the recording's id and the chunk's head.
//!
//! **Invariants.** Any prefix is readable: a chunk is whole or is not there. Each chunk names the SHA-256 of the one
//! before, so a removed, added or changed chunk is found.

use aes_gcm::aead::Aead as _;
use aes_gcm::aead::Payload;
use sha2::Digest as _;
use sha2::Sha256;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::io::keys::DataKey;
use crate::io::keys::KeyRecord;
use crate::io::keys::cipher;

/// The first bytes of every file.
pub const MAGIC: &[u8; 4] = b"RXR1";
/// The version that is written.
pub const VERSION: u16 = 1;
/// Bytes of a chunk before its sealed audio.
pub const CHUNK_HEAD_BYTES: usize = 60;
/// Bytes that sealing adds.
pub const TAG_BYTES: usize = 16;
const TAG_BYTES_U32: u32 = 16;
/// Sealed audio is never longer than this.
pub const SEALED_BYTES_MAX: usize = 16_000 + TAG_BYTES;
/// The header is never longer than this.
pub const HEADER_BYTES_MAX: usize = 4_096;
/// Samples a second.
pub const RATE: u32 = 8_000;

const CODEC_ALAW: u8 = 1;
const CHANNELS: u8 = 2;
const CIPHER_A256GCM: u8 = 1;
const HEADER_FIXED: usize = 58;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// Not a recording, or its header is damaged.
    #[error("no recording, or its header is damaged")]
    Header,
    /// Written by a newer program, or with a codec or cipher that this one does not know.
    #[error("version, codec or cipher of this recording is not known")]
    Unknown,
    /// A chunk does not open with this key, or was changed.
    #[error("chunk {0} does not open: the key does not fit, or it was changed")]
    Sealed(u64),
}

/// What stands in front of the chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The recording.
    pub recording: RecordingId,
    /// Whose interaction it is.
    pub interaction: InteractionId,
    /// Wall instant of the opening, UTC µs.
    pub opened_at_us: i64,
    /// The recording's key, wrapped.
    pub key: KeyRecord,
}

impl Header {
    /// Writes the header.
    pub fn encode(&self) -> Vec<u8> {
        let key = serde_json::to_vec(&self.key).unwrap_or_default();
        let length = HEADER_FIXED + key.len() + 4;
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(&self.recording.to_bytes());
        out.extend_from_slice(&self.interaction.to_bytes());
        out.extend_from_slice(&[CODEC_ALAW, CHANNELS, CIPHER_A256GCM, 0]);
        out.extend_from_slice(&RATE.to_le_bytes());
        out.extend_from_slice(&self.opened_at_us.to_le_bytes());
        out.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(&key);
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads the header; gives its length too.
    ///
    /// # Errors
    /// [`ContainerError::Header`], [`ContainerError::Unknown`].
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), ContainerError> {
        let wrong = || ContainerError::Header;
        if !bytes.starts_with(MAGIC) {
            return Err(wrong());
        }
        let length = usize::from(u16::from_le_bytes(array(bytes, 6).ok_or_else(wrong)?));
        let body = bytes.get(..length.saturating_sub(4)).ok_or_else(wrong)?;
        let crc = u32::from_le_bytes(array(bytes, length.saturating_sub(4)).ok_or_else(wrong)?);
        if crc32c::crc32c(body) != crc {
            return Err(wrong());
        }
        let kinds: [u8; 3] = array(bytes, 40).ok_or_else(wrong)?;
        let version = u16::from_le_bytes(array(bytes, 4).ok_or_else(wrong)?);
        if version != VERSION || kinds != [CODEC_ALAW, CHANNELS, CIPHER_A256GCM] {
            return Err(ContainerError::Unknown);
        }
        let key_length = usize::from(u16::from_le_bytes(array(bytes, 56).ok_or_else(wrong)?));
        let key = body
            .get(HEADER_FIXED..HEADER_FIXED + key_length)
            .ok_or_else(wrong)?;
        let header = Self {
            recording: RecordingId::from_bytes(array(bytes, 8).ok_or_else(wrong)?),
            interaction: InteractionId::from_bytes(array(bytes, 24).ok_or_else(wrong)?),
            opened_at_us: i64::from_le_bytes(array(bytes, 48).ok_or_else(wrong)?),
            key: serde_json::from_slice(key).map_err(|_| wrong())?,
        };
        Ok((header, length))
    }
}

/// What stands in front of a chunk's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkHead {
    /// The second of the recording.
    pub number: u32,
    /// RTP timestamp of the left channel's first sample.
    pub rtp_start: u32,
    /// Wall instant of the first sample, UTC µs.
    pub wall_start_us: i64,
    /// Samples of each channel.
    pub samples: u16,
    /// See [`Flags`].
    pub flags: Flags,
    /// Audio lost just before, milliseconds.
    pub gap_ms: u32,
    /// Bytes of sealed audio.
    pub length: u32,
    /// SHA-256 of the chunk before; of the header for the first.
    pub before: [u8; 32],
}

/// A chunk's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Audio is missing before it.
    pub const GAP: Self = Self(1);
    /// The recording was paused at its end.
    pub const PAUSE: Self = Self(2);
    /// The file is complete.
    pub const LAST: Self = Self(4);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl ChunkHead {
    /// The head of a closing chunk: it has no audio.
    pub fn closing(number: u32, gap_ms: u32) -> Self {
        Self {
            number,
            rtp_start: 0,
            wall_start_us: 0,
            samples: 0,
            flags: Flags::LAST,
            gap_ms,
            length: 0,
            before: [0; 32],
        }
    }

    /// Whether it is the head of a closing chunk.
    pub fn is_closing(&self) -> bool {
        let nothing = (self.rtp_start, self.wall_start_us, self.samples) == (0, 0, 0);
        nothing && self.flags == Flags::LAST && self.length == TAG_BYTES_U32
    }

    /// Writes the head.
    pub fn encode(&self) -> [u8; CHUNK_HEAD_BYTES] {
        let mut out = [0; CHUNK_HEAD_BYTES];
        let parts: [&[u8]; 8] = [
            &self.number.to_le_bytes(),
            &self.rtp_start.to_le_bytes(),
            &self.wall_start_us.to_le_bytes(),
            &self.samples.to_le_bytes(),
            &[self.flags.0, 0],
            &self.gap_ms.to_le_bytes(),
            &self.length.to_le_bytes(),
            &self.before,
        ];
        for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        out
    }

    /// Reads a head; `None` when it is torn or its length is impossible.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let head = Self {
            number: u32::from_le_bytes(array(bytes, 0)?),
            rtp_start: u32::from_le_bytes(array(bytes, 4)?),
            wall_start_us: i64::from_le_bytes(array(bytes, 8)?),
            samples: u16::from_le_bytes(array(bytes, 16)?),
            flags: Flags(*bytes.get(18)?),
            gap_ms: u32::from_le_bytes(array(bytes, 20)?),
            length: u32::from_le_bytes(array(bytes, 24)?),
            before: array(bytes, 28)?,
        };
        let length = usize::try_from(head.length).ok()?;
        ((TAG_BYTES..=SEALED_BYTES_MAX).contains(&length) && head.samples <= 8_000).then_some(head)
    }
}

/// Seals and chains the chunks of one file.
#[derive(Debug)]
pub struct ChunkWriter {
    key: DataKey,
    recording: RecordingId,
    place: u64,
    before: [u8; 32],
}

impl ChunkWriter {
    /// Begins after a header.
    pub fn new(key: DataKey, recording: RecordingId, header: &[u8]) -> Self {
        Self {
            key,
            recording,
            place: 0,
            before: Sha256::digest(header).into(),
        }
    }

    /// Goes on after `place` chunks, the last of which hashes to `before`.
    pub fn resume(key: DataKey, recording: RecordingId, place: u64, before: [u8; 32]) -> Self {
        Self {
            key,
            recording,
            place,
            before,
        }
    }

    /// The hash of the last chunk.
    pub fn digest(&self) -> [u8; 32] {
        self.before
    }

    /// Writes a whole chunk; `head.length` and `head.before` are filled in. The writer goes on only with
    /// [`ChunkWriter::accept`], so that a chunk the disk refused can be made again.
    ///
    /// # Errors
    /// [`ContainerError::Sealed`].
    pub fn encode(&self, mut head: ChunkHead, audio: &[u8]) -> Result<Vec<u8>, ContainerError> {
        head.length = u32::try_from(audio.len() + TAG_BYTES).unwrap_or(u32::MAX);
        head.before = self.before;
        let head_bytes = head.encode();
        let context = context(self.recording, &head_bytes);
        let nonce = nonce(self.place, &head);
        let sealed = cipher(&self.key)
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: audio,
                    aad: &context,
                },
            )
            .map_err(|_| ContainerError::Sealed(self.place))?;
        let mut out = Vec::with_capacity(CHUNK_HEAD_BYTES + sealed.len());
        out.extend_from_slice(&head_bytes);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// The chunk is on its way to the disk: the next one follows it.
    pub fn accept(&mut self, chunk: &[u8]) {
        self.place += 1;
        self.before = Sha256::digest(chunk).into();
    }
}

/// Opens the audio of the chunk at `place`.
///
/// # Errors
/// [`ContainerError::Sealed`].
pub fn open_chunk(
    key: &DataKey,
    recording: RecordingId,
    place: u64,
    chunk: &[u8],
) -> Result<Vec<u8>, ContainerError> {
    let wrong = || ContainerError::Sealed(place);
    let head = ChunkHead::decode(chunk).ok_or_else(wrong)?;
    let (head_bytes, sealed) = chunk.split_at_checked(CHUNK_HEAD_BYTES).ok_or_else(wrong)?;
    let context = context(recording, head_bytes);
    let nonce = nonce(place, &head);
    cipher(key)
        .decrypt(
            &nonce.into(),
            Payload {
                msg: sealed,
                aad: &context,
            },
        )
        .map_err(|_| wrong())
}

/// The hash that the next chunk names.
pub fn digest_of(chunk: &[u8]) -> [u8; 32] {
    Sha256::digest(chunk).into()
}

fn context(recording: RecordingId, head: &[u8]) -> Vec<u8> {
    [&recording.to_bytes()[..], head].concat()
}

/// A closing chunk has nonces of its own: after a crash it may stand where a torn chunk was.
fn nonce(place: u64, head: &ChunkHead) -> [u8; 12] {
    let mut nonce = [0; 12];
    let place = place & 0x00ff_ffff_ffff_ffff;
    let domain = u64::from(head.flags.has(Flags::LAST)) << 56;
    let parts = (place | domain)
        .to_be_bytes()
        .into_iter()
        .chain(head.number.to_be_bytes());
    for (to, from) in nonce.iter_mut().zip(parts) {
        *to = from;
    }
    nonce
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
