//! Sounds of an older system: WAV files as they are found, and the container they are brought into.
//!
//! **Invariants.** A-law comes through byte for byte; μ-law and 16-bit samples become the nearest A-law value. A sound of
//! one channel fills both. What is not taken is named by its format. A file stands under its name only when it is whole.
//! **Not here.** Which order a sound belongs to, and the fact of it (`engine::old_recordings`).
//! **Source.** RFC 2361 (the registered codecs); ITU-T G.711.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

use crate::base::civil::SiteZone;
use crate::base::codec::Codec;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::time::WallTime;
use crate::io::keys::Keys;
use crate::io::recording::container::ChunkHead;
use crate::io::recording::container::ChunkWriter;
use crate::io::recording::container::Flags;
use crate::io::recording::container::Header;
use crate::io::recording::container::RATE;
use crate::io::recording::writer::path_of;
use crate::media::command::StoredFile;
use crate::media::g711;

/// Longest file that is read, bytes: more than four hours of one channel of 16 bits.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Samples of each channel in a chunk: a second.
const CHUNK_SAMPLES: usize = 8_000;

/// Why a sound is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Another kind of file.
    #[error("{0}: only WAV is taken")]
    Kind(&'static str),
    /// A codec that is not taken.
    #[error("WAV with codec 0x{0:04x} ({1}): only A-law, μ-law and PCM of 16 bits are taken")]
    Codec(u16, &'static str),
    /// Another rate, or more channels than two, or PCM of other than 16 bits.
    #[error(
        "WAV with {channels} channels of {bits} bits at {rate} Hz: only 8000 Hz, one or two channels are taken"
    )]
    Shape {
        /// Channels.
        channels: u16,
        /// Bits of a sample.
        bits: u16,
        /// Samples a second.
        rate: u32,
    },
    /// The head or the samples are not all there.
    #[error("WAV that is cut off or has no samples")]
    CutOff,
}

/// A sound as the container holds it: A-law, two channels interleaved, 8 kHz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound(Vec<u8>);

impl Sound {
    /// Reads a WAV file.
    ///
    /// # Errors
    /// [`WavError`].
    pub fn read(bytes: &[u8]) -> Result<Self, WavError> {
        if !bytes.starts_with(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
            return Err(WavError::Kind(kind_of(bytes)));
        }
        let (mut format, mut rest) = (None, bytes.get(12..).unwrap_or_default());
        loop {
            let (name, length) = (rest.get(..4), word(rest, 4).ok_or(WavError::CutOff)?);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let body = rest.get(8..).unwrap_or_default();
            match name {
                Some(b"fmt ") => format = Some(Format::read(body)?),
                Some(b"data") => {
                    let format = format.ok_or(WavError::CutOff)?;
                    let samples = body.get(..length).filter(|it| !it.is_empty());
                    return format.decode(samples.ok_or(WavError::CutOff)?);
                }
                _ => (),
            }
            // Chunks begin at even places.
            rest = body.get(length.saturating_add(length % 2)..).unwrap_or_default();
        }
    }

    /// Samples of each channel.
    pub const fn samples(&self) -> usize {
        self.0.len() / 2
    }

    /// Length, milliseconds.
    pub fn duration_ms(&self) -> u64 {
        u64::try_from(self.samples() / 8).unwrap_or(u64::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
struct Format {
    stereo: bool,
    /// None is PCM.
    law: Option<Codec>,
}

impl Format {
    fn read(body: &[u8]) -> Result<Self, WavError> {
        let cut = WavError::CutOff;
        let (Some(tag), Some(channels), Some(rate), Some(bits)) =
            (half(body, 0), half(body, 2), word(body, 4), half(body, 14))
        else {
            return Err(cut);
        };
        // The extensible head names the codec in its sub-format.
        let tag = if tag == 0xfffe {
            half(body, 24).ok_or(cut)?
        } else {
            tag
        };
        let law = match tag {
            0x0001 => None,
            0x0006 => Some(Codec::Pcma),
            0x0007 => Some(Codec::Pcmu),
            tag => return Err(WavError::Codec(tag, name_of(tag))),
        };
        let width = if law.is_some() { 8 } else { 16 };
        if rate != RATE || !(1..=2).contains(&channels) || bits != width {
            return Err(WavError::Shape { channels, bits, rate });
        }
        Ok(Self {
            stereo: channels == 2,
            law,
        })
    }

    fn decode(self, samples: &[u8]) -> Result<Sound, WavError> {
        let alaw: Vec<u8> = if let Some(law) = self.law {
            samples.iter().map(|byte| g711::to_alaw(law, *byte)).collect()
        } else {
            let pairs = samples.chunks_exact(2);
            let linear = pairs.filter_map(|pair| Some(i16::from_le_bytes(pair.try_into().ok()?)));
            linear.map(|sample| g711::encode(Codec::Pcma, sample)).collect()
        };
        let sound = if self.stereo {
            let whole = alaw.len() - alaw.len() % 2;
            alaw.into_iter().take(whole).collect()
        } else {
            alaw.into_iter()
                .flat_map(|byte| [byte, byte])
                .collect::<Vec<u8>>()
        };
        if sound.is_empty() {
            return Err(WavError::CutOff);
        }
        Ok(Sound(sound))
    }
}

/// Which recording a sound becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The recording.
    pub recording: RecordingId,
    /// The interaction it is of.
    pub interaction: InteractionId,
    /// When it began.
    pub opened_at: WallTime,
}

/// Writes a sound as a recording below `root`, sealed and synced. One that is there under the same id is replaced whole.
///
/// # Errors
/// What the file system or the keys say; nothing stands under the recording's name then.
pub fn write(
    root: &Path,
    zone: &SiteZone,
    keys: &Keys,
    whose: Whose,
    sound: &Sound,
) -> io::Result<StoredFile> {
    let Whose {
        recording,
        interaction,
        opened_at,
    } = whose;
    let (key, wrapped) = keys
        .with(|ring| ring.fresh(&recording.to_string()))
        .map_err(io::Error::other)?;
    let header = Header {
        recording,
        interaction,
        opened_at_us: opened_at.as_micros(),
        key: wrapped,
    }
    .encode();
    let path = path_of(zone, opened_at.as_micros(), recording);
    let (whole, part) = (root.join(&path), root.join(format!("{path}.part")));
    if let Some(folder) = whole.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = io::BufWriter::new(fs::File::create(&part)?);
    file.write_all(&header)?;
    let mut chunks = ChunkWriter::new(key, recording, &header);
    let mut bytes = header.len();
    let seconds = sound.0.chunks(CHUNK_SAMPLES * 2);
    let heads = { 0_u32.. }
        .zip(seconds)
        .map(|(number, audio)| (head(number, opened_at, audio.len() / 2), audio));
    let last = u32::try_from(sound.samples().div_ceil(CHUNK_SAMPLES)).unwrap_or(u32::MAX);
    for (head, audio) in heads.chain([(ChunkHead::closing(last, 0), &[][..])]) {
        let chunk = chunks.encode(head, audio).map_err(io::Error::other)?;
        file.write_all(&chunk)?;
        bytes += chunk.len();
        chunks.accept(&chunk);
    }
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    fs::rename(&part, &whole)?;
    if let Some(folder) = whole.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(StoredFile {
        path,
        duration_ms: sound.duration_ms(),
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        digest: format!("sha256:{}", hex::encode(chunks.digest())),
        gap_ms: 0,
    })
}

fn head(number: u32, opened_at: WallTime, samples: usize) -> ChunkHead {
    ChunkHead {
        number,
        rtp_start: number.wrapping_mul(RATE),
        wall_start_us: opened_at.as_micros() + i64::from(number) * 1_000_000,
        samples: u16::try_from(samples).unwrap_or(0),
        flags: Flags::default(),
        gap_ms: 0,
        length: 0,
        before: [0; 32],
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn kind_of(bytes: &[u8]) -> &'static str {
    let kinds: [(&[u8], &str); 9] = [
        (b"ID3", "MP3"),
        (b"\xff\xfb", "MP3"),
        (b"\xff\xf3", "MP3"),
        (b"OggS", "Ogg"),
        (b"fLaC", "FLAC"),
        (b"#!AMR", "AMR"),
        (b".snd", "Sun audio"),
        (b"RF64", "WAV of 64 bits"),
        (b"\x30\x26\xb2\x75", "Windows Media"),
    ];
    let found = kinds.iter().find(|(magic, _)| bytes.starts_with(magic));
    found.map_or("a file of a kind that is not known", |(_, name)| name)
}

const fn name_of(tag: u16) -> &'static str {
    match tag {
        0x0002 => "Microsoft ADPCM",
        0x0003 => "floating point",
        0x0011 => "IMA ADPCM",
        0x0014 => "G.723",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721",
        0x0042 => "G.723.1",
        0x0055 => "MP3",
        0x0083 => "G.729",
        _ => "not known here",
    }
}
