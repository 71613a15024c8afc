//! Messages of CMPP 3.0 as bytes.
//!
//! ```text
//!  Total_Length 4 │ Command_Id 4 │ Sequence_Id 4 │ body
//! ```
//!
//! **Invariants.** Numbers are big-endian; texts are padded with zero bytes to their length and cut there. A length
//! that is no message's is refused before anything is kept.
//! **Not here.** Connections and windows (`io::notify::cmpp`), long texts (`io::notify::long_text`).
//! **Source.** China Mobile Peer to Peer 3.0, chapter 7.

use md5::Digest as _;
use md5::Md5;

/// Length of a header, bytes.
pub const HEADER_BYTES: usize = 12;
/// Longest message we take, bytes: a DELIVER with 255 bytes of content is under 400.
pub const PDU_BYTES_MAX: usize = 2_048;
/// 3.0 as a version byte.
pub const VERSION: u8 = 0x30;
/// UCS-2 in Msg_Fmt.
pub const FORMAT_UCS2: u8 = 8;
/// GB 18030 and GBK in Msg_Fmt.
pub const FORMAT_GBK: u8 = 15;

const CONNECT: u32 = 1;
const TERMINATE: u32 = 2;
const SUBMIT: u32 = 4;
const DELIVER: u32 = 5;
const ACTIVE_TEST: u32 = 8;
const RESPONSE: u32 = 0x8000_0000;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    /// Not between a header and [`PDU_BYTES_MAX`].
    #[error("a length of {0} bytes")]
    Length(u32),
    /// Shorter than its fields.
    #[error("command {0:#010x} ends early")]
    Short(u32),
}

/// A message with its sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// Pairs a response with its request.
    pub sequence: u32,
    /// What it is.
    pub body: Body,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// We sign in.
    Connect(Connect),
    /// The answer.
    ConnectResp {
        /// 0: good; 3: wrong authenticator; 4: version too high.
        status: u32,
        /// MD5 over status, our authenticator and the secret.
        authenticator: [u8; 16],
        /// The highest version spoken there.
        version: u8,
    },
    /// One side ends.
    Terminate,
    /// The other agrees.
    TerminateResp,
    /// A short message of ours.
    Submit(Box<Submit>),
    /// The answer.
    SubmitResp {
        /// What the gateway calls it.
        msg_id: u64,
        /// 0: taken.
        result: u32,
    },
    /// A short message or a status report for us.
    Deliver(Box<Deliver>),
    /// Our answer.
    DeliverResp {
        /// Which.
        msg_id: u64,
        /// 0: taken.
        result: u32,
    },
    /// Sign of life.
    ActiveTest,
    /// The answer.
    ActiveTestResp,
    /// A command that is not for us.
    Unknown(u32),
}

/// CMPP_CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Source_Addr: our SP_Id, at most 6 characters.
    pub source: String,
    /// AuthenticatorSource.
    pub authenticator: [u8; 16],
    /// Version.
    pub version: u8,
    /// MMDDHHMMSS as a number.
    pub timestamp: u32,
}

/// CMPP_SUBMIT to one telephone; fields that we never vary are written as they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// Pk_total: parts of the text, from 1.
    pub total: u8,
    /// Pk_number: which part this is, from 1.
    pub number: u8,
    /// Service_Id, at most 10 characters.
    pub service: String,
    /// Msg_src: our SP_Id, at most 6 characters.
    pub source: String,
    /// Src_Id: the number the citizen sees, at most 21 characters.
    pub sender: String,
    /// Dest_terminal_Id, at most 32 characters.
    pub to: String,
    /// TP_udhi: whether the content begins with a head.
    pub has_head: bool,
    /// Msg_Content in UCS-2, at most 140 bytes.
    pub content: Vec<u8>,
}

/// CMPP_DELIVER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// Msg_Id.
    pub msg_id: u64,
    /// Dest_Id: the number that was written to.
    pub to: String,
    /// Msg_Fmt.
    pub format: u8,
    /// TP_udhi: whether the content begins with a head.
    pub has_head: bool,
    /// Src_terminal_Id.
    pub from: String,
    /// Registered_Delivery: whether it is a status report.
    pub is_report: bool,
    /// Msg_Content.
    pub content: Vec<u8>,
}

/// The content of a status report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// Which short message of ours.
    pub msg_id: u64,
    /// `DELIVRD`, `EXPIRED`, `DELETED`, `UNDELIV`, `ACCEPTD`, `UNKNOWN`, `REJECTD` or the network's own.
    pub status: String,
}

/// AuthenticatorSource: MD5 over SP_Id, nine zero bytes, the secret and the time in ten digits.
pub fn authenticator(source: &str, secret: &str, timestamp: u32) -> [u8; 16] {
    let mut digest = Md5::new();
    digest.update(source.as_bytes());
    digest.update([0; 9]);
    digest.update(secret.as_bytes());
    digest.update(format!("{timestamp:010}").as_bytes());
    digest.finalize().into()
}

/// AuthenticatorISMG: MD5 over the status, our authenticator and the secret.
pub fn gateway_authenticator(status: u32, authenticator: &[u8; 16], secret: &str) -> [u8; 16] {
    let mut digest = Md5::new();
    digest.update(status.to_be_bytes());
    digest.update(authenticator);
    digest.update(secret.as_bytes());
    digest.finalize().into()
}

impl Deliver {
    /// What was written, without the head of a part.
    ///
    /// Formats other than ASCII and UCS-2 are read as far as they are ASCII: replies are digits.
    pub fn text(&self) -> String {
        let mut content = self.content.as_slice();
        if let Some(length) = content.first().filter(|_| self.has_head) {
            content = content.get(usize::from(*length) + 1..).unwrap_or_default();
        }
        if self.format == FORMAT_UCS2 {
            let units = content.chunks_exact(2);
            let units: Vec<u16> = units
                .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
                .collect();
            return String::from_utf16_lossy(&units);
        }
        let read = |byte: &u8| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                '\u{fffd}'
            }
        };
        content.iter().map(read).collect()
    }

    /// The status report it holds; none when it is a short message, or ends early.
    pub fn report(&self) -> Option<StatusReport> {
        if !self.is_report {
            return None;
        }
        let mut fields = Fields(&self.content);
        Some(StatusReport {
            msg_id: fields.long()?,
            status: fields.text(7)?,
        })
    }
}

impl Pdu {
    /// The message as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        let command = match &self.body {
            Body::Connect(connect) => {
                put_text(&mut body, &connect.source, 6);
                body.extend(connect.authenticator);
                body.push(connect.version);
                body.extend(connect.timestamp.to_be_bytes());
                CONNECT
            }
            Body::ConnectResp {
                status,
                authenticator,
                version,
            } => {
                body.extend(status.to_be_bytes());
                body.extend(authenticator);
                body.push(*version);
                CONNECT | RESPONSE
            }
            Body::Terminate => TERMINATE,
            Body::TerminateResp => TERMINATE | RESPONSE,
            Body::Submit(submit) => {
                put_submit(&mut body, submit);
                SUBMIT
            }
            Body::SubmitResp { msg_id, result } => {
                body.extend(msg_id.to_be_bytes());
                body.extend(result.to_be_bytes());
                SUBMIT | RESPONSE
            }
            Body::Deliver(deliver) => {
                put_deliver(&mut body, deliver);
                DELIVER
            }
            Body::DeliverResp { msg_id, result } => {
                body.extend(msg_id.to_be_bytes());
                body.extend(result.to_be_bytes());
                DELIVER | RESPONSE
            }
            Body::ActiveTest => ACTIVE_TEST,
            Body::ActiveTestResp => {
                body.push(0);
                ACTIVE_TEST | RESPONSE
            }
            Body::Unknown(command) => *command,
        };
        let length = u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
        bytes.extend(length.to_be_bytes());
        bytes.extend(command.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    /// Takes the first message off `buffer`; none while it is not whole.
    ///
    /// # Errors
    /// [`PduError`]; the stream is then of no more use.
    pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, PduError> {
        let Some(length) = Fields(buffer).int() else {
            return Ok(None);
        };
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER_BYTES..=PDU_BYTES_MAX).contains(&whole) {
            return Err(PduError::Length(length));
        }
        if buffer.len() < whole {
            return Ok(None);
        }
        let bytes: Vec<u8> = buffer.drain(..whole).collect();
        let mut fields = Fields(bytes.get(4..).unwrap_or_default());
        let (Some(command), Some(sequence)) = (fields.int(), fields.int()) else {
            return Err(PduError::Length(length));
        };
        let body = read_body(command, &mut fields).ok_or(PduError::Short(command))?;
        Ok(Some(Self { sequence, body }))
    }
}

fn read_body(command: u32, fields: &mut Fields<'_>) -> Option<Body> {
    const CONNECT_RESP: u32 = CONNECT | RESPONSE;
    const TERMINATE_RESP: u32 = TERMINATE | RESPONSE;
    const SUBMIT_RESP: u32 = SUBMIT | RESPONSE;
    const DELIVER_RESP: u32 = DELIVER | RESPONSE;
    const ACTIVE_TEST_RESP: u32 = ACTIVE_TEST | RESPONSE;
    Some(match command {
        CONNECT => Body::Connect(Connect {
            source: fields.text(6)?,
            authenticator: fields.bytes()?,
            version: fields.byte()?,
            timestamp: fields.int()?,
        }),
        CONNECT_RESP => Body::ConnectResp {
            status: fields.int()?,
            authenticator: fields.bytes()?,
            version: fields.byte()?,
        },
        TERMINATE => Body::Terminate,
        TERMINATE_RESP => Body::TerminateResp,
        SUBMIT => Body::Submit(Box::new(read_submit(fields)?)),
        SUBMIT_RESP => Body::SubmitResp {
            msg_id: fields.long()?,
            result: fields.int()?,
        },
        DELIVER => Body::Deliver(Box::new(read_deliver(fields)?)),
        DELIVER_RESP => Body::DeliverResp {
            msg_id: fields.long()?,
            result: fields.int()?,
        },
        ACTIVE_TEST => Body::ActiveTest,
        ACTIVE_TEST_RESP => Body::ActiveTestResp,
        other => Body::Unknown(other),
    })
}

fn put_submit(body: &mut Vec<u8>, submit: &Submit) {
    body.extend([0; 8]); // Msg_Id: the gateway draws it
    body.extend([submit.total, submit.number]);
    body.push(1); // Registered_Delivery: we want a report
    body.push(1); // Msg_level
    put_text(body, &submit.service, 10);
    body.push(2); // Fee_UserType: the sender pays
    put_text(body, "", 32); // Fee_terminal_Id
    body.push(0); // Fee_terminal_type: a real number
    body.push(0); // TP_pId
    body.push(u8::from(submit.has_head)); // TP_udhi
    body.push(FORMAT_UCS2); // Msg_Fmt
    put_text(body, &submit.source, 6);
    put_text(body, "01", 2); // FeeType: free for the citizen
    put_text(body, "000000", 6); // FeeCode
    put_text(body, "", 17); // ValId_Time
    put_text(body, "", 17); // At_Time
    put_text(body, &submit.sender, 21);
    body.push(1); // DestUsr_tl
    put_text(body, &submit.to, 32);
    body.push(0); // Dest_terminal_type: a real number
    body.push(u8::try_from(submit.content.len()).unwrap_or(u8::MAX));
    body.extend(submit.content.iter().take(255));
    put_text(body, "", 20); // LinkID
}

fn read_submit(fields: &mut Fields<'_>) -> Option<Submit> {
    fields.skip(8)?;
    let (total, number) = (fields.byte()?, fields.byte()?);
    fields.skip(2)?;
    let service = fields.text(10)?;
    fields.skip(1 + 32 + 1 + 1)?;
    let has_head = fields.byte()? == 1;
    fields.skip(1)?;
    let source = fields.text(6)?;
    fields.skip(2 + 6 + 17 + 17)?;
    let sender = fields.text(21)?;
    fields.skip(1)?;
    let to = fields.text(32)?;
    fields.skip(1)?;
    let length = usize::from(fields.byte()?);
    let content = fields.skip(length)?.to_vec();
    fields.skip(20)?;
    Some(Submit {
        total,
        number,
        service,
        source,
        sender,
        to,
        has_head,
        content,
    })
}

fn put_deliver(body: &mut Vec<u8>, deliver: &Deliver) {
    body.extend(deliver.msg_id.to_be_bytes());
    put_text(body, &deliver.to, 21);
    put_text(body, "", 10); // Service_Id
    body.push(0); // TP_pid
    body.push(u8::from(deliver.has_head)); // TP_udhi
    body.push(deliver.format);
    put_text(body, &deliver.from, 32);
    body.push(0); // Src_terminal_type
    body.push(u8::from(deliver.is_report));
    body.push(u8::try_from(deliver.content.len()).unwrap_or(u8::MAX));
    body.extend(deliver.content.iter().take(255));
    put_text(body, "", 20); // LinkID
}

fn read_deliver(fields: &mut Fields<'_>) -> Option<Deliver> {
    let msg_id = fields.long()?;
    let to = fields.text(21)?;
    fields.skip(10 + 1)?;
    let has_head = fields.byte()? == 1;
    let format = fields.byte()?;
    let from = fields.text(32)?;
    fields.skip(1)?;
    let is_report = fields.byte()? == 1;
    let length = usize::from(fields.byte()?);
    // Gateways there are leave LinkID out.
    let content = fields.skip(length)?.to_vec();
    Some(Deliver {
        msg_id,
        to,
        format,
        has_head,
        from,
        is_report,
        content,
    })
}

/// Appends `text` cut and padded to `length` bytes.
fn put_text(body: &mut Vec<u8>, text: &str, length: usize) {
    let padded = text.bytes().chain(std::iter::repeat(0));
    body.extend(padded.take(length));
}

/// Fields that are still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn skip(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.skip(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    fn int(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// A text without its padding.
    fn text(&mut self, length: usize) -> Option<String> {
        let bytes = self.skip(length)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(length);
        Some(String::from_utf8_lossy(bytes.get(..end)?).trim().to_owned())
    }
}

#[cfg(test)]
#[path = "cmpp_pdu_test.rs"]
mod tests;
