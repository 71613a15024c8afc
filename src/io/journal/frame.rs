//! The bytes of a journal file: its head and its frames.
//!
//! ```text
//!  RXJ1 first:u64 crc32c:u32 │ length:u32 crc32c:u32 kind:u8 payload │ …        little endian
//!  kind 0: a fact's envelope · 1: a wrapped data key · 2: a batch begins, with the number of its first fact
//! ```
//! **Invariants.** A frame is given only when it is whole and its sum is right.
//! **Not here.** Files: `scan`, `writer`, `reader`. What an envelope holds: `fact::codec`.

const MAGIC: &[u8; 4] = b"RXJ1";
/// Mark, number of the first fact, CRC32C of both.
pub(super) const HEADER_BYTES: u64 = 16;
/// Length, CRC32C of kind and payload, kind.
pub(super) const FRAME_HEAD: usize = 9;
pub(super) const KIND_FACT: u8 = 0;
pub(super) const KIND_KEY: u8 = 1;
pub(super) const KIND_BATCH: u8 = 2;
/// A batch mark: head and the number of its first fact.
const BATCH_FRAME_BYTES: usize = FRAME_HEAD + 8;
/// A frame longer than this is damage, not a fact.
pub(super) const FRAME_BYTES_MAX: usize = 1 << 20;

/// The head of a file whose first fact will be `first`.
pub(super) fn header(first: u64) -> Vec<u8> {
    let mut header = [&MAGIC[..], &first.to_le_bytes()].concat();
    let crc = crc32c::crc32c(&header);
    header.extend_from_slice(&crc.to_le_bytes());
    header
}

/// The number of a file's first fact; none when its header is torn or was changed.
pub(super) fn first_of(bytes: &[u8]) -> Option<u64> {
    let first = u64::from_le_bytes(bytes.get(4..12)?.try_into().ok()?);
    bytes.starts_with(&header(first)).then_some(first)
}

/// Appends a frame.
pub(super) fn push_frame(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&[kind]), payload);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    out.push(kind);
    out.extend_from_slice(payload);
}

/// Reads the frame at the start of `bytes`: its kind, payload and whole length. `None`: torn or damaged.
pub(super) fn read_frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let length = u32::from_le_bytes(bytes.get(0..4)?.try_into().ok()?);
    let crc = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    let kind = *bytes.get(8)?;
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= FRAME_BYTES_MAX)?;
    let payload = bytes.get(FRAME_HEAD..FRAME_HEAD + length)?;
    let good = crc32c::crc32c_append(crc32c::crc32c(&[kind]), payload) == crc;
    good.then_some((kind, payload, FRAME_HEAD + length))
}

/// Whether a batch begins somewhere in `bytes`: then everything before it had been synced.
pub(super) fn batch_follows(bytes: &[u8]) -> bool {
    let mark =
        |window: &[u8]| window.starts_with(&8_u32.to_le_bytes()) && read_frame(window).is_some_and(is_batch);
    bytes.windows(BATCH_FRAME_BYTES).skip(1).any(mark)
}

fn is_batch((kind, _, _): (u8, &[u8], usize)) -> bool {
    kind == KIND_BATCH
}
