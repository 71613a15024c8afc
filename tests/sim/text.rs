//! SIP as text, read and written by hand: the peers of the simulator share no line with the engine.

use std::net::SocketAddr;

/// A message as text.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'a> Text<'a> {
    pub(crate) fn status(self) -> Option<u16> {
        self.0.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request, or that of the `CSeq` of a response.
    pub(crate) fn method(self) -> &'a str {
        if self.status().is_some() {
            return self.header("CSeq").split(' ').nth(1).unwrap_or_default();
        }
        self.0.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn header(self, name: &str) -> &'a str {
        for line in self.0.split("\r\n").skip(1) {
            if line.is_empty() {
                break;
            }
            if let Some((found, value)) = line.split_once(": ")
                && found == name
            {
                return value;
            }
        }
        ""
    }

    pub(crate) fn headers(self, name: &str) -> impl Iterator<Item = &'a str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        head.split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn call_id(self) -> &'a str {
        self.header("Call-ID")
    }

    pub(crate) fn cseq(self) -> u32 {
        let number = self.header("CSeq").split(' ').next().unwrap_or_default();
        number.parse().unwrap_or_default()
    }

    pub(crate) fn branch(self) -> &'a str {
        let via = self.header("Via");
        let after = via.split("branch=").nth(1).unwrap_or_default();
        after.split([';', ',']).next().unwrap_or_default()
    }

    /// The URI of `Contact`, which later requests name.
    pub(crate) fn contact(self) -> &'a str {
        let contact = self.header("Contact");
        let inner = contact.split_once('<').map_or(contact, |(_, rest)| rest);
        inner.split('>').next().unwrap_or_default()
    }

    /// The start of the message for the log: `INVITE`, `200 INVITE`.
    pub(crate) fn short(self) -> String {
        match self.status() {
            Some(status) => format!("{status} {}", self.header("CSeq")),
            None => format!("{} {}", self.method(), self.cseq()),
        }
    }
}

/// Puts length and kind of the body behind a head.
pub(crate) fn with_body(head: &str, kind: &str, body: &str) -> String {
    let kind = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Type: {kind}\r\n")
    };
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Which way a peer lets media flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Both,
    /// On hold it speaks and does not listen.
    Holds,
    /// On hold it does neither.
    Rests,
}

/// A description of a peer whose RTP is at `rtp`.
pub(crate) fn sdp(rtp: SocketAddr, version: u32, speaks: Speaks) -> String {
    let (ip, port) = (rtp.ip(), rtp.port());
    let direction = match speaks {
        Speaks::Both => "sendrecv",
        Speaks::Holds => "sendonly",
        Speaks::Rests => "inactive",
    };
    format!(
        "v=0\r\no=- 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na={direction}\r\n"
    )
}
