//! Every bound in the program, with its reason. A collection that a stranger can grow names one of these.

use std::time::Duration;

/// Longest SIP message: the largest UDP payload; streams are held to the same.
pub const SIP_MESSAGE_BYTES_MAX: usize = 65_535;
/// Most header lines of one SIP message; real ones carry under 40.
pub const SIP_HEADERS_MAX: usize = 128;
/// Longest header value after unfolding; RFC 4475 3.1.1.7 carries some of 3 kB.
pub const SIP_HEADER_BYTES_MAX: usize = 8_192;
/// Most server transactions that wait at once: 300 calls/s × 32 s × 2, rounded up.
pub const SIP_TRANSACTIONS_MAX: usize = 65_536;
/// Most contacts that one device may bind.
pub const SIP_BINDINGS_PER_DEVICE_MAX: usize = 8;
/// Most digest nonces remembered; the oldest are forgotten and answered with `stale=true`.
pub const SIP_NONCES_MAX: usize = 16_384;
/// Most stream connections (TCP) held at once.
pub const SIP_CONNECTIONS_MAX: usize = 1_024;
/// A stream connection that sends no whole message for so long is closed: longer than the longest registration.
pub const SIP_STREAM_IDLE: Duration = Duration::from_mins(65);
/// A stream connection that has sent part of a message must finish it within this time.
pub const SIP_STREAM_MESSAGE_MAX: Duration = Duration::from_secs(30);
/// Most inputs from TCP, media and commands that wait for the control thread.
pub const CONTROL_QUEUE_MAX: usize = 8_192;
/// Most media commands or events that wait in a ring between control and one media worker.
pub const MEDIA_RING_MAX: usize = 16_384;
/// Most facts that wait for the disk before new calls are refused.
pub const JOURNAL_FACTS_WAITING_MAX: usize = 65_536;
/// Most bytes of journal that wait for the database before new calls are refused.
pub const JOURNAL_BYTES_WAITING_MAX: u64 = 2 << 30;
/// Size at which a journal segment file is closed and the next begun.
pub const JOURNAL_SEGMENT_BYTES: u64 = 64 << 20;
/// Most digits collected by one flow node.
pub const DIGITS_MAX: usize = 32;
/// Most nodes of a flow visited without waiting for anything: more is an endless loop.
pub const FLOW_STEPS_MAX: usize = 64;
/// Most callers waiting in all queues.
pub const WAITING_MAX: usize = 10_000;
/// Most agents ringing for one offer (ring-all).
pub const RING_ALL_MAX: usize = 10;
/// Most events a browser may lag behind before it must take a new snapshot.
pub const STREAM_EVENTS_MAX: usize = 1_024;
/// Most signed-in sessions.
pub const WEB_SESSIONS_MAX: usize = 10_000;
/// Most requests for accounts of one organ that wait for their decision.
pub const ACCOUNT_REQUESTS_OPEN_MAX: usize = 50;
/// Most work orders that one export holds.
pub const EXPORT_ROWS_MAX: u32 = 5_000;
/// Largest request body of the API.
pub const API_BODY_BYTES_MAX: usize = 1 << 20;
/// Most rows a list returns at once.
pub const PAGE_ROWS_MAX: u32 = 500;
