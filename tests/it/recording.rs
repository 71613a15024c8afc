//! Recordings on a real disk: sealed, chained, playable up to the last whole second, and closed after a crash.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rexian::base::civil;
use rexian::base::civil::SiteZone;
use rexian::base::codec::Codec;
use rexian::base::ids::InteractionId;
use rexian::base::ids::RecordingId;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::recording::archive;
use rexian::io::recording::archive::ArchiveError;
use rexian::io::recording::archive::RecordingReader;
use rexian::io::recording::archive::WAV_HEADER_BYTES;
use rexian::io::recording::command::RecorderSender;
use rexian::io::recording::command::recorder_channel;
use rexian::io::recording::container::Header;
use rexian::io::recording::writer;
use rexian::io::recording::writer::RecorderConfig;
use rexian::media::chunk::CHUNK_BYTES;
use rexian::media::chunk::Chunk;
use rexian::media::chunk::RecorderCommand;
use rexian::media::chunk::SILENCE;
use rexian::media::chunk::new_audio;
use rexian::media::command::MediaEvent;
use rexian::media::command::StoredFile;
use rexian::media::g711;

const PATIENCE: Duration = Duration::from_secs(10);
/// A whole chunk on disk: head, a second of two channels, tag.
const CHUNK_ON_DISK: usize = 60 + CHUNK_BYTES + 16;
const CLOSING_ON_DISK: usize = 60 + 16;

/// The evening before in UTC, the morning after in Tangshan.
fn opened_at_us() -> i64 {
    civil::from_rfc3339("2026-11-23T16:00:01Z").unwrap().as_micros()
}

fn recording() -> RecordingId {
    "0199f5c2-1000-7000-8000-000000000004".parse().unwrap()
}

fn interaction() -> InteractionId {
    "0199f5c2-1000-7000-8000-000000000001".parse().unwrap()
}

/// A second of a recording whose bytes are told by its number.
fn chunk(number: u32, samples: u16) -> Chunk {
    let mut audio = new_audio();
    for (at, byte) in (0_u32..).zip(audio.iter_mut()) {
        *byte = ((at * 7 + number * 13) % 251) as u8;
    }
    Chunk {
        recording: recording(),
        number,
        audio,
        samples,
        rtp_start: number * 8_000,
        wall_start_us: opened_at_us() + i64::from(number) * 1_000_000,
        gap_ms: 0,
        pause: false,
    }
}

struct Rig {
    data: tempfile::TempDir,
    keys: Keys,
    sender: Option<RecorderSender>,
    events: mpsc::Receiver<MediaEvent>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("recordings")).unwrap();
        let keys = Keys::new(KeyRing::open(data.path()).unwrap());
        let (sender, receiver) = recorder_channel(8);
        let (tell, events) = mpsc::channel();
        let config = RecorderConfig {
            root: data.path().join("recordings"),
            zone: SiteZone::new("Asia/Shanghai").unwrap(),
            keys: keys.clone(),
        };
        let events_in = Box::new(move |event| drop(tell.send(event)));
        let thread = writer::start(config, receiver, events_in).unwrap();
        Self {
            data,
            keys,
            sender: Some(sender),
            events,
            thread: Some(thread),
        }
    }

    fn root(&self) -> std::path::PathBuf {
        self.data.path().join("recordings")
    }

    fn send(&mut self, command: RecorderCommand) {
        let sender = self.sender.as_mut().unwrap();
        assert!(sender.send(command).is_ok());
        sender.flush();
    }

    fn open(&mut self) {
        let (recording, interaction) = (recording(), interaction());
        self.send(RecorderCommand::Open {
            recording,
            interaction,
            opened_at_us: opened_at_us(),
        });
    }

    fn chunk(&mut self, chunk: Chunk) {
        self.send(RecorderCommand::Chunk(chunk));
    }

    /// Waits until the recorder has given `count` buffers back: it is done with as many seconds.
    fn wait_buffers(&mut self, count: usize) {
        let mut back = 0;
        while back < count {
            match self.sender.as_mut().unwrap().take_buffer() {
                Some(_) => back += 1,
                None => std::thread::yield_now(),
            }
        }
    }

    fn close(&mut self, gap_ms: u32) -> MediaEvent {
        self.send(RecorderCommand::Close {
            recording: recording(),
            gap_ms,
        });
        self.events.recv_timeout(PATIENCE).unwrap()
    }

    fn stored(&mut self, gap_ms: u32) -> StoredFile {
        match self.close(gap_ms) {
            MediaEvent::RecordingStored {
                recording: named,
                interaction: of,
                file,
            } => {
                assert_eq!((named, of), (recording(), interaction()));
                file
            }
            event => panic!("{event:?}"),
        }
    }

    /// A recording of 3.5 s and its bytes.
    fn three_and_a_half_seconds(&mut self) -> (StoredFile, Vec<u8>) {
        self.open();
        for number in 0..3 {
            self.chunk(chunk(number, 8_000));
        }
        self.chunk(chunk(3, 4_000));
        let file = self.stored(0);
        let bytes = fs::read(self.root().join(&file.path)).unwrap();
        (file, bytes)
    }

    fn reader(&self, file: &StoredFile) -> Result<RecordingReader, ArchiveError> {
        RecordingReader::open(&self.root().join(&file.path), &self.keys)
    }

    /// The worker goes away; the thread ends.
    fn end(&mut self) {
        self.sender = None;
        self.thread.take().unwrap().join().unwrap();
    }
}

/// The WAV samples of a chunk, made the slow way.
fn pcm(chunk: &Chunk) -> Vec<i16> {
    let bytes = usize::from(chunk.samples) * 2;
    chunk.audio[..bytes]
        .iter()
        .map(|byte| g711::decode(Codec::Pcma, *byte))
        .collect()
}

#[test]
fn what_was_recorded_is_played_back_sample_by_sample() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    assert_eq!(file.path, "2026/11/24/0199f5c2-1000-7000-8000-000000000004.rxr");
    assert_eq!((file.duration_ms, file.gap_ms), (3_500, 0));
    assert_eq!(file.bytes, u64::try_from(bytes.len()).unwrap());
    let reader = rig.reader(&file).unwrap();
    assert!(reader.is_closed());
    assert_eq!(
        (reader.header().recording, reader.header().interaction),
        (recording(), interaction())
    );
    assert_eq!(reader.header().opened_at_us, opened_at_us());
    assert_eq!((reader.duration_ms(), reader.gap_ms()), (3_500, 0));
    assert_eq!(reader.read_alaw(1).unwrap(), chunk(1, 8_000).audio[..]);
    assert_eq!(reader.verify().unwrap(), file.digest);
    let wav = reader.read_wav(0, u64::MAX).unwrap();
    assert_eq!(wav.len() as u64, reader.wav_len());
    let mut decoded = hound::WavReader::new(Cursor::new(&wav)).unwrap();
    let spec = decoded.spec();
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample),
        (2, 8_000, 16)
    );
    assert_eq!(decoded.duration(), 28_000);
    let expected: Vec<i16> = [chunk(0, 8_000), chunk(1, 8_000), chunk(2, 8_000), chunk(3, 4_000)]
        .iter()
        .flat_map(pcm)
        .collect();
    assert_eq!(
        decoded.samples::<i16>().collect::<Result<Vec<_>, _>>().unwrap(),
        expected
    );
    rig.end();
}

#[test]
fn any_range_of_the_wav_is_the_same_as_that_part_of_the_whole() {
    let mut rig = Rig::new();
    let (file, _) = rig.three_and_a_half_seconds();
    let reader = rig.reader(&file).unwrap();
    let wav = reader.read_wav(0, u64::MAX).unwrap();
    let end = reader.wav_len();
    let starts = [
        0,
        1,
        43,
        WAV_HEADER_BYTES - 1,
        WAV_HEADER_BYTES,
        31_999,
        32_056,
        64_057,
        100_001,
        end - 3,
        end,
        end + 9,
    ];
    for start in starts {
        for length in [0, 1, 3, 57, 32_000, 70_001, u64::MAX] {
            let stop = end.min(start.saturating_add(length)) as usize;
            let expected = wav.get(start as usize..stop).unwrap_or_default();
            assert_eq!(
                reader.read_wav(start, length).unwrap(),
                expected,
                "{length} bytes from {start}"
            );
        }
    }
    let out = rig.data.path().join("out.wav");
    assert_eq!(
        archive::export(&rig.root().join(&file.path), &rig.keys, &out).unwrap(),
        3_500
    );
    assert_eq!(fs::read(out).unwrap(), wav);
    rig.end();
}

#[test]
fn a_recording_cut_at_any_byte_plays_its_whole_seconds_and_is_closed_by_the_next_start() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    rig.end();
    let path = rig.root().join(&file.path);
    let (_, head) = Header::decode(&bytes).unwrap();
    let ends: Vec<usize> = [1, 2, 3]
        .iter()
        .map(|whole| head + whole * CHUNK_ON_DISK)
        .chain([bytes.len() - CLOSING_ON_DISK])
        .collect();
    let edges = ends.iter().flat_map(|end| {
        [
            end - 17,
            end - 16,
            end - 1,
            *end,
            end + 1,
            end + 59,
            end + 60,
            end + 75,
        ]
    });
    let cuts = (0..bytes.len())
        .step_by(3_001)
        .chain((0..head).step_by(41))
        .chain([head - 1, head, head + 60]);
    for cut in cuts.chain(edges).filter(|cut| *cut < bytes.len()) {
        fs::write(&path, &bytes[..cut]).unwrap();
        if cut < head {
            // Without its header, and the key in it, nothing can be read; the file stays for whoever looks.
            assert!(rig.reader(&file).is_err());
            assert_eq!(archive::recover(&rig.root(), &rig.keys).unwrap(), []);
            assert_eq!(fs::read(&path).unwrap().len(), cut);
            continue;
        }
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let duration_ms = if whole == 4 { 3_500 } else { whole as u64 * 1_000 };
        let torn = rig.reader(&file).unwrap();
        assert_eq!(
            (torn.duration_ms(), torn.is_closed()),
            (duration_ms, false),
            "cut at {cut}"
        );
        let recovered = archive::recover(&rig.root(), &rig.keys).unwrap();
        assert_eq!(recovered.len(), 1, "cut at {cut}");
        assert_eq!(
            (recovered[0].recording, recovered[0].interaction),
            (recording(), interaction())
        );
        let now = &recovered[0].file;
        assert_eq!(
            (now.path.as_str(), now.duration_ms),
            (file.path.as_str(), duration_ms),
            "cut at {cut}"
        );
        assert_eq!(now.bytes, fs::metadata(&path).unwrap().len());
        let closed = rig.reader(&file).unwrap();
        assert!(closed.is_closed());
        assert_eq!(closed.verify().unwrap(), now.digest, "cut at {cut}");
        if 0 < whole {
            assert_eq!(closed.read_alaw(0).unwrap(), chunk(0, 8_000).audio[..]);
        }
        assert_eq!(
            archive::recover(&rig.root(), &rig.keys).unwrap(),
            [],
            "closing is done once"
        );
    }
}

#[test]
fn seconds_that_a_power_cut_left_unwritten_are_dropped_with_all_that_follow() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    rig.end();
    let path = rig.root().join(&file.path);
    let (_, head) = Header::decode(&bytes).unwrap();
    let mut torn = bytes[..head + 3 * CHUNK_ON_DISK].to_vec();
    let hole = head + CHUNK_ON_DISK + 500;
    torn[hole..hole + 4_096].fill(0);
    torn.extend([0; 3_000]);
    fs::write(&path, torn).unwrap();
    let recovered = archive::recover(&rig.root(), &rig.keys).unwrap();
    assert_eq!(recovered[0].file.duration_ms, 1_000);
    assert_eq!(
        rig.reader(&file).unwrap().verify().unwrap(),
        recovered[0].file.digest
    );
}

#[test]
fn a_changed_byte_or_a_missing_second_is_found() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    rig.end();
    let path = rig.root().join(&file.path);
    let (_, head) = Header::decode(&bytes).unwrap();
    let differs = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        rig.reader(&file)
            .and_then(|reader| reader.verify())
            .map_or(true, |digest| digest != file.digest)
    };
    assert!(!differs(&bytes));
    // Every byte of one head, some of all the rest.
    let places = (0..bytes.len())
        .step_by(1_499)
        .chain(head + CHUNK_ON_DISK..head + CHUNK_ON_DISK + 62);
    for at in places.chain(bytes.len() - CLOSING_ON_DISK..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(differs(&changed), "byte {at}");
    }
    let second = head + CHUNK_ON_DISK..head + 2 * CHUNK_ON_DISK;
    let mut without = bytes.clone();
    without.drain(second.clone());
    assert!(differs(&without));
    let mut twice = bytes.clone();
    twice.splice(second.end..second.end, bytes[second.clone()].to_vec());
    assert!(differs(&twice));
    let mut exchanged = bytes.clone();
    exchanged[head..head + CHUNK_ON_DISK].copy_from_slice(&bytes[second]);
    assert!(differs(&exchanged));
    assert!(differs(&bytes[..bytes.len() - CLOSING_ON_DISK]));
}

#[test]
fn another_key_opens_nothing_and_the_file_holds_no_clear_audio() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    rig.end();
    let other = tempfile::tempdir().unwrap();
    let strange = Keys::new(KeyRing::open(other.path()).unwrap());
    let path = rig.root().join(&file.path);
    assert!(matches!(
        RecordingReader::open(&path, &strange).err(),
        Some(ArchiveError::Key { .. })
    ));
    assert_eq!(
        archive::recover(&rig.root(), &strange).unwrap(),
        [],
        "another's file is left alone"
    );
    for number in 0..4 {
        let clear = chunk(number, 8_000).audio;
        assert!(!bytes.windows(16).any(|window| window == &clear[..16]));
    }
    // The key of the file opens another recording's audio neither.
    let mut second = Rig::new();
    let (of_second, theirs) = second.three_and_a_half_seconds();
    second.end();
    let (_, head) = Header::decode(&bytes).unwrap();
    let (_, their_head) = Header::decode(&theirs).unwrap();
    fs::write(
        second.root().join(&of_second.path),
        [&theirs[..their_head], &bytes[head..]].concat(),
    )
    .unwrap();
    let mixed = second.reader(&of_second).unwrap();
    assert!(mixed.verify().is_err());
    assert!(mixed.read_wav(0, 1_000).is_err());
}

#[test]
fn lost_audio_is_told_and_played_as_silence() {
    let mut rig = Rig::new();
    rig.open();
    rig.chunk(chunk(0, 8_000));
    rig.chunk(Chunk {
        gap_ms: 2_000,
        ..chunk(3, 8_000)
    });
    let file = rig.stored(500);
    assert_eq!((file.duration_ms, file.gap_ms), (4_000, 2_500));
    let reader = rig.reader(&file).unwrap();
    assert_eq!((reader.duration_ms(), reader.gap_ms()), (4_000, 2_500));
    assert_eq!(reader.read_alaw(2).unwrap(), [SILENCE; CHUNK_BYTES]);
    assert_eq!(reader.read_alaw(3).unwrap(), chunk(3, 8_000).audio[..]);
    let silence = g711::decode(Codec::Pcma, SILENCE).to_le_bytes();
    let wav = reader.read_wav(WAV_HEADER_BYTES + 32_000, 64_000).unwrap();
    assert!(wav.chunks(2).all(|sample| sample == silence));
    assert_eq!(reader.verify().unwrap(), file.digest);
    rig.end();
}

#[test]
fn a_disk_that_comes_back_costs_only_the_seconds_it_was_away() {
    let mut rig = Rig::new();
    // A file stands where the root should be: no folder can be made below it.
    fs::remove_dir(rig.root()).unwrap();
    fs::write(rig.root(), "").unwrap();
    rig.open();
    for number in 0..3 {
        rig.chunk(chunk(number, 8_000));
    }
    rig.wait_buffers(3);
    fs::remove_file(rig.root()).unwrap();
    fs::create_dir(rig.root()).unwrap();
    rig.chunk(chunk(3, 8_000));
    rig.chunk(chunk(4, 8_000));
    let file = rig.stored(0);
    assert_eq!((file.duration_ms, file.gap_ms), (5_000, 3_000));
    let reader = rig.reader(&file).unwrap();
    assert_eq!(reader.gap_ms(), 3_000);
    assert_eq!(reader.read_alaw(0).unwrap(), [SILENCE; CHUNK_BYTES]);
    assert_eq!(reader.read_alaw(4).unwrap(), chunk(4, 8_000).audio[..]);
    assert_eq!(reader.verify().unwrap(), file.digest);
    rig.end();
}

#[test]
fn a_recording_that_could_not_be_written_at_all_fails_once_and_gives_its_buffers_back() {
    let mut rig = Rig::new();
    fs::remove_dir(rig.root()).unwrap();
    fs::write(rig.root(), "").unwrap();
    rig.open();
    for number in 0..20 {
        rig.chunk(chunk(number, 8_000));
        rig.wait_buffers(1);
    }
    assert!(matches!(rig.close(0), MediaEvent::RecordingFailed { .. }));
    rig.end();
    assert!(rig.events.try_recv().is_err());
}

#[test]
fn a_worker_that_goes_away_leaves_closed_files() {
    let mut rig = Rig::new();
    rig.open();
    rig.chunk(chunk(0, 8_000));
    rig.chunk(Chunk {
        pause: true,
        ..chunk(1, 8_000)
    });
    rig.end();
    let MediaEvent::RecordingStored { file, .. } = rig.events.recv().unwrap() else {
        panic!()
    };
    assert_eq!(file.duration_ms, 2_000);
    let reader = rig.reader(&file).unwrap();
    assert_eq!(
        (reader.is_closed(), reader.verify().unwrap()),
        (true, file.digest)
    );
}

#[test]
fn a_reader_plays_a_file_that_is_still_being_written() {
    let mut rig = Rig::new();
    rig.open();
    rig.chunk(chunk(0, 8_000));
    rig.chunk(chunk(1, 8_000));
    rig.wait_buffers(2);
    let path = writer::path_of(
        &SiteZone::new("Asia/Shanghai").unwrap(),
        opened_at_us(),
        recording(),
    );
    let reader = RecordingReader::open(&rig.root().join(&path), &rig.keys).unwrap();
    assert_eq!((reader.duration_ms(), reader.is_closed()), (2_000, false));
    rig.chunk(chunk(2, 8_000));
    rig.stored(0);
    assert_eq!(reader.read_alaw(1).unwrap(), chunk(1, 8_000).audio[..]);
    rig.end();
}

#[test]
fn what_is_no_recording_is_refused_in_words() {
    let rig = Rig::new();
    let path = rig.root().join("x.rxr");
    for bytes in [&b""[..], b"RXR1", b"RIFF....WAVE", &[0xff; 5_000]] {
        fs::write(&path, bytes).unwrap();
        let refused = RecordingReader::open(&path, &rig.keys).unwrap_err();
        assert!(refused.to_string().contains("x.rxr"), "{refused}");
    }
    assert!(RecordingReader::open(Path::new("/nowhere.rxr"), &rig.keys).is_err());
}

#[test]
fn a_header_of_a_newer_version_is_told_apart_from_damage() {
    let mut rig = Rig::new();
    let (file, bytes) = rig.three_and_a_half_seconds();
    rig.end();
    let (_, length) = Header::decode(&bytes).unwrap();
    let mut newer = bytes[..length - 4].to_vec();
    newer[4] = 2;
    let crc = crc32c::crc32c(&newer);
    let path = rig.root().join(&file.path);
    let disk = fs::OpenOptions::new().write(true).open(&path).unwrap();
    disk.write_all_at(&[&newer[..], &crc.to_le_bytes()].concat(), 0)
        .unwrap();
    let refused = rig.reader(&file).unwrap_err().to_string();
    assert!(refused.contains("not known"), "{refused}");
    disk.write_all_at(&[3], 4).unwrap();
    assert!(rig.reader(&file).unwrap_err().to_string().contains("damaged"));
}
