//! Reads a session description, forgiving what is forgiven in practice.
//!
//! Forgiven: LF alone, missing `s=` and `t=`, lines that are no `x=` line, lines that are not UTF-8, unknown attributes.
//!
//! **Invariants.** Any bytes give a value, never a panic; sections and formats are bounded.
//!
//! **Not here.** Encryption keys, ICE, bundles.
//!
//! **Source.** RFC 8866 §5, §9.

use std::net::IpAddr;

use crate::sdp::description::Address;
use crate::sdp::description::Description;
use crate::sdp::description::Direction;
use crate::sdp::description::Media;
use crate::sdp::description::RtpMap;

/// Most `m=` sections; real ones have 1 to 4.
pub const SDP_MEDIA_MAX: usize = 16;
/// Most formats, and most attributes of one kind, of a section.
pub const SDP_FORMATS_MAX: usize = 64;

/// Why a description is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Does not start with `v=`, or an `m=` line is broken.
    #[error("not a session description")]
    Malformed,
    /// More than [`SDP_MEDIA_MAX`] sections or [`SDP_FORMATS_MAX`] formats.
    #[error("session description too large")]
    TooLarge,
    /// No audio section that could be accepted.
    #[error("no audio stream")]
    NoAudio,
    /// Audio only over a profile that is not spoken, encrypted for instance.
    #[error("no plain RTP profile")]
    Profile,
    /// No codec in common.
    #[error("no common codec")]
    NoCodec,
    /// The audio section has no address, or a name for one.
    #[error("no usable address")]
    Address,
    /// The answer refuses our audio stream.
    #[error("audio refused by the answer")]
    Rejected,
    /// An answer came without an offer of ours.
    #[error("answer without an offer")]
    NoOffer,
}

impl SdpError {
    /// The status to refuse an INVITE with.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 415,
            _ => 488,
        }
    }
}

impl<'a> Description<'a> {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError::Malformed`], [`SdpError::TooLarge`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SdpError> {
        let mut reader = Reader::default();
        let mut started = false;
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = str::from_utf8(line.trim_ascii()) else {
                continue;
            };
            let Some((kind, value)) = line.split_once('=') else {
                continue;
            };
            if !started && kind != "v" {
                return Err(SdpError::Malformed);
            }
            started = true;
            reader.read(kind, value.trim_ascii())?;
        }
        if started {
            Ok(reader.finish())
        } else {
            Err(SdpError::Malformed)
        }
    }
}

#[derive(Default)]
struct Reader<'a> {
    origin: &'a str,
    address: Option<Address<'a>>,
    direction: Option<Direction>,
    media: Vec<(Media<'a>, Option<Direction>)>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, kind: &str, value: &'a str) -> Result<(), SdpError> {
        match kind {
            "o" if self.media.is_empty() => self.origin = value,
            "c" => {
                let address = parse_address(value);
                match self.media.last_mut() {
                    Some((media, _)) => media.address = address.or(media.address),
                    None => self.address = address.or(self.address),
                }
            }
            "m" => {
                if self.media.len() == SDP_MEDIA_MAX {
                    return Err(SdpError::TooLarge);
                }
                self.media.push((parse_media(value)?, None));
            }
            "a" => return self.read_attribute(value),
            _ => (),
        }
        Ok(())
    }

    fn read_attribute(&mut self, attribute: &'a str) -> Result<(), SdpError> {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        let direction = Direction::from_name(name);
        let Some((media, own_direction)) = self.media.last_mut() else {
            self.direction = direction.or(self.direction);
            return Ok(());
        };
        if direction.is_some() {
            *own_direction = direction;
        }
        match name {
            "rtpmap" => media.rtpmaps.extend(parse_rtpmap(value)),
            "fmtp" => {
                let (format, parameters) = value.split_once(' ').unwrap_or((value, ""));
                media.fmtps.extend(
                    format
                        .parse()
                        .ok()
                        .map(|payload_type| (payload_type, parameters.trim_ascii())),
                );
            }
            "ptime" => media.ptime_ms = value.parse().ok().filter(|ms| *ms > 0).or(media.ptime_ms),
            "rtcp" => media.rtcp = parse_rtcp(value).or(media.rtcp),
            "rtcp-mux" => media.rtcp_mux = true,
            _ => (),
        }
        if SDP_FORMATS_MAX < media.rtpmaps.len() || SDP_FORMATS_MAX < media.fmtps.len() {
            return Err(SdpError::TooLarge);
        }
        Ok(())
    }

    fn finish(self) -> Description<'a> {
        let (address, direction) = (self.address, self.direction);
        let inherit = |(media, own): (Media<'a>, Option<Direction>)| Media {
            address: media.address.or(address),
            direction: own.or(direction).unwrap_or_default(),
            ..media
        };
        Description {
            origin: self.origin,
            media: self.media.into_iter().map(inherit).collect(),
        }
    }
}

/// Reads `kind port[/count] profile format…`.
fn parse_media(value: &str) -> Result<Media<'_>, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or(SdpError::Malformed)?;
    let port = words.next().ok_or(SdpError::Malformed)?;
    let port = port.split_once('/').map_or(port, |(port, _)| port);
    let port = port.parse().map_err(|_| SdpError::Malformed)?;
    let profile = words.next().ok_or(SdpError::Malformed)?;
    let formats: Vec<&str> = words.take(SDP_FORMATS_MAX + 1).collect();
    if SDP_FORMATS_MAX < formats.len() {
        return Err(SdpError::TooLarge);
    }
    Ok(Media {
        kind,
        port,
        profile,
        formats,
        ..Media::default()
    })
}

/// Reads `IN IP4 address[/ttl]`.
fn parse_address(value: &str) -> Option<Address<'_>> {
    let text = value.split_ascii_whitespace().nth(2)?;
    let text = text.split_once('/').map_or(text, |(address, _)| address);
    Some(text.parse().map_or(Address::Name(text), Address::Ip))
}

/// Reads `payload name/clock[/channels]`.
fn parse_rtpmap(value: &str) -> Option<RtpMap<'_>> {
    let (payload_type, encoding) = value.split_once(' ')?;
    let mut parts = encoding.trim_ascii().split('/');
    let (name, clock_hz) = (parts.next()?, parts.next()?.parse().ok()?);
    let channels = parts.next().map_or(Some(1), |text| text.parse().ok())?;
    Some(RtpMap {
        payload_type: payload_type.parse().ok()?,
        name,
        clock_hz,
        channels,
    })
}

/// Reads `port [IN IP4 address]`. Source: RFC 3605 §2.1.
fn parse_rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok()?;
    Some((port, words.nth(2).and_then(|address| address.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codec::Codec;

    #[test]
    fn sections_inherit_and_override_address_and_direction() {
        let text = "v=0\no=- 7 3 IN IP4 a\nc=IN IP4 192.0.2.1/127\na=sendonly\nm=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n\
            a=fmtp:101 0-15\na=ptime:30\na=rtcp:4005 IN IP4 192.0.2.9\nm=video 6024/2 RTP/AVP 107\nc=IN IP6 2001:db8::1\na=recvonly\na=rtcp-mux\n";
        let it = Description::parse(text.as_bytes()).unwrap();
        assert_eq!(it.version(), Some(3));
        let [audio, video] = &it.media[..] else {
            panic!("two sections")
        };
        assert_eq!(audio.address, Some(Address::Ip("192.0.2.1".parse().unwrap())));
        assert_eq!(
            (audio.direction, audio.ptime_ms, audio.telephone_event()),
            (Direction::SendOnly, Some(30), Some(101))
        );
        assert_eq!(audio.rtcp, Some((4005, Some("192.0.2.9".parse().unwrap()))));
        assert_eq!(audio.fmtps, [(101, "0-15")]);
        assert_eq!(video.address, Some(Address::Ip("2001:db8::1".parse().unwrap())));
        assert_eq!(
            (video.port, video.direction, video.rtcp_mux),
            (6024, Direction::RecvOnly, true)
        );
    }

    #[test]
    fn a_codec_is_found_by_its_map_before_its_number() {
        let text = "v=0\r\nm=audio 4000 RTP/AVP 0 8 97 98\r\na=rtpmap:8 G722/8000\r\na=rtpmap:97 pcma/8000/1\r\na=rtpmap:98 PCMU/16000\r\n";
        let it = Description::parse(text.as_bytes()).unwrap();
        let codecs: Vec<_> = [0, 8, 97, 98, 3].map(|number| it.media[0].codec(number)).into();
        assert_eq!(codecs, [Some(Codec::Pcmu), None, Some(Codec::Pcma), None, None]);
    }

    #[test]
    fn what_is_broken_but_harmless_is_passed_over() {
        let text = b"v=0\n\xff\xfe=x\nm =video 1 RTP/AVP 1\nnonsense\ns=\xc8\xc8\nm=audio 4000 RTP/AVP x 8\na=rtpmap\na=ptime:0\na=rtcp:\na=fmtp:\n";
        let it = Description::parse(text).unwrap();
        assert_eq!(it.media.len(), 1);
        assert_eq!(it.media[0].payload_types().collect::<Vec<_>>(), [8]);
        assert_eq!(it.media[0].ptime_ms, None);
    }

    #[test]
    fn what_is_no_description_or_too_large_is_refused() {
        for bad in [
            "",
            "hello",
            "m=audio 1 RTP/AVP 8",
            "v=0\nm=audio",
            "v=0\nm=audio x RTP/AVP 8",
            "v=0\nm=audio 65536 RTP/AVP 8",
        ] {
            assert_eq!(
                Description::parse(bad.as_bytes()),
                Err(SdpError::Malformed),
                "{bad}"
            );
        }
        let many = format!("v=0\n{}", "m=audio 1 RTP/AVP 8\n".repeat(SDP_MEDIA_MAX + 1));
        assert_eq!(Description::parse(many.as_bytes()), Err(SdpError::TooLarge));
        let formats = format!("v=0\nm=audio 1 RTP/AVP{}\n", " 8".repeat(SDP_FORMATS_MAX + 1));
        assert_eq!(Description::parse(formats.as_bytes()), Err(SdpError::TooLarge));
        let maps = format!(
            "v=0\nm=audio 1 RTP/AVP 8\n{}",
            "a=rtpmap:8 PCMA/8000\n".repeat(SDP_FORMATS_MAX + 1)
        );
        assert_eq!(Description::parse(maps.as_bytes()), Err(SdpError::TooLarge));
    }
}
