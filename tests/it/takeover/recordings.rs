//! `rexian recordings import`.

use std::path::Path;

use rexian::base::ids::RecordingId;
use rexian::engine::projector;
use rexian::io::recording::archive::RecordingReader;
use rexian::io::recording::wav::Sound;
use rexian::io::recording::wav::WavError;
use rexian::media::g711;
use serde_json::Value;
use serde_json::json;

use crate::store::Bench;
use crate::store::on_both;
use crate::takeover::Program;

const ORDERS: &str =
    "old_number,accepted_at,closed_at\nJD-0,2024-08-15 09:30,2024-08-20\nJD-1,2024-08-15,2024-08-20\n";
const HEAD: &str = "file,old_number,recorded_at\n";

/// A WAV file as others write it, with a chunk of odd length before the samples.
fn wav(tag: u16, channels: u16, bits: u16, samples: &[u8]) -> Vec<u8> {
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(8_000_u32.to_le_bytes());
    format.extend((8_000 * u32::from(channels) * u32::from(bits / 8)).to_le_bytes());
    format.extend((channels * bits / 8).to_le_bytes());
    format.extend(bits.to_le_bytes());
    let mut body = b"WAVE".to_vec();
    for (name, chunk) in [(b"fmt ", &format[..]), (b"LIST", b"odd"), (b"data", samples)] {
        body.extend(name);
        body.extend((chunk.len() as u32).to_le_bytes());
        body.extend(chunk);
        body.extend(vec![0; chunk.len() % 2]);
    }
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

/// Two seconds and a half of every byte there is.
fn samples() -> Vec<u8> {
    (0..20_000_u32).map(|at| (at * 7 % 256) as u8).collect()
}

fn alaw_of(bench: &Bench, id: RecordingId, path: &str) -> Vec<u8> {
    let reader =
        RecordingReader::open(&bench.data.path().join("recordings").join(path), &bench.keys).unwrap();
    assert_eq!(reader.header().recording, id);
    assert!(reader.is_closed());
    reader.verify().unwrap();
    let seconds = (0..3).flat_map(|second| reader.read_alaw(second).unwrap());
    seconds.collect()
}

#[test]
fn old_recordings_come_in_sample_by_sample_sealed_linked_and_once() {
    on_both(async |bench| {
        let program = Program::on(bench);
        program.run(&["tickets", "import", &program.file("old.csv", ORDERS)]);
        let folder = tempfile::tempdir().unwrap();
        let samples = samples();
        std::fs::write(folder.path().join("13800138000_a.wav"), wav(6, 1, 8, &samples)).unwrap();
        std::fs::write(folder.path().join("stereo.wav"), wav(6, 2, 8, &samples)).unwrap();
        let index =
            format!("{HEAD}13800138000_a.wav,JD-0,2024-08-15 09:30:00\nstereo.wav,JD-1,2024-08-15 09:00\n");
        let index = program.file("index.csv", &index);
        let folder_name = folder.path().display().to_string();
        let verb = ["recordings", "import", &folder_name, "--index", &index, "--json"];
        let check: Value = serde_json::from_str(&program.run(&[&verb[..], &["--check"]].concat())).unwrap();
        assert_eq!(
            check,
            json!({"recordings": "2", "added": "0", "there_already": "0"})
        );
        assert!(!bench.data.path().join("recordings").exists());
        let done: Value = serde_json::from_str(&program.run(&verb)).unwrap();
        assert_eq!(
            done,
            json!({"recordings": "2", "added": "2", "there_already": "0"})
        );

        let (rows, _) = bench.store.recordings(None, None, None, 10).await.unwrap();
        assert_eq!(rows.len(), 2);
        let mono = bench
            .store
            .ticket_of_old_number("JD-0")
            .await
            .unwrap()
            .unwrap()
            .ticket;
        let mono_row = rows
            .iter()
            .find(|row| row.interaction == mono.calls.first().map(|(call, _)| *call))
            .unwrap();
        let doubled: Vec<u8> = samples.iter().flat_map(|byte| [*byte, *byte]).collect();
        assert_eq!(
            alaw_of(bench, mono_row.id, mono_row.path.as_deref().unwrap()),
            doubled
        );
        assert_eq!(mono_row.duration_ms, Some(2_500));
        let stereo_row = rows.iter().find(|row| row.id != mono_row.id).unwrap();
        let heard = alaw_of(bench, stereo_row.id, stereo_row.path.as_deref().unwrap());
        assert_eq!(&heard[..samples.len()], samples, "both channels as they were");
        let stored = std::fs::read(
            bench
                .data
                .path()
                .join("recordings")
                .join(mono_row.path.as_deref().unwrap()),
        )
        .unwrap();
        assert!(!stored.windows(64).any(|it| it == &doubled[..64]), "sealed");

        let again: Value = serde_json::from_str(&program.run(&verb)).unwrap();
        assert_eq!(
            again,
            json!({"recordings": "2", "added": "0", "there_already": "2"})
        );
        let facts = bench
            .store
            .facts_after("node-1-db", rexian::fact::FactNo(0), 500)
            .await
            .unwrap();
        let of = |kind: &str| facts.iter().filter(|(_, text)| text.contains(kind)).count();
        assert_eq!(
            (of("\"recording.imported\""), of("\"ticket.call_linked\"")),
            (2, 2)
        );
        assert!(
            facts.iter().all(|(_, text)| !text.contains("13800138000")),
            "names of files stay outside"
        );
        program.run(&["recordings", "verify", "--day", "2024-08-15"]);
        assert_eq!(bench.audit().verify("node-1-db").await.unwrap().faults, []);
        projector::rebuild(&bench.store, projector::CDR).await.unwrap();
        let (folded, _) = bench.store.recordings(None, None, None, 10).await.unwrap();
        assert_eq!(folded, rows, "the facts alone give the same rows");
    });
}

#[test]
fn every_fault_of_an_index_is_told_and_nothing_is_taken() {
    on_both(async |bench| {
        let program = Program::on(bench);
        program.run(&["tickets", "import", &program.file("old.csv", ORDERS)]);
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        put("good.wav", &wav(6, 1, 8, &samples()));
        put("gsm.wav", &wav(0x31, 1, 0, &samples()));
        put("song.mp3", b"ID3\x03");
        let index = format!(
            "{HEAD}good.wav,JD-0,2024-08-15\ngsm.wav,JD-0,2024-08-15\nsong.mp3,JD-9,soon\n../x.wav,JD-0,2030-01-01\n\
             good.wav,JD-0,2024-08-15\nnone.wav,JD-1,2024-08-15\n"
        );
        let index = program.file("index.csv", &index);
        let folder = folder.path().display().to_string();
        let (out, _) = program.refuses(&["recordings", "import", &folder, "--index", &index, "--json"]);
        let faults: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let places: Vec<&str> = faults.iter().map(|it| it["place"].as_str().unwrap()).collect();
        assert_eq!(
            places,
            [
                "line 3, column file",
                "line 4, column file",
                "line 4, column recorded_at",
                "line 4, column old_number",
                "line 5, column file",
                "line 5, column recorded_at",
                "line 6, column file",
                "line 7, column file",
            ]
        );
        assert!(
            out.contains("0x0031 (GSM 6.10)") && out.contains("MP3: only WAV"),
            "{out}"
        );
        assert!(
            bench
                .store
                .recordings(None, None, None, 10)
                .await
                .unwrap()
                .0
                .is_empty()
        );
        assert!(!Path::new(&bench.data.path().join("recordings")).exists());
        assert!(
            program
                .run(&["recordings", "import", "--help"])
                .contains("--index")
        );
    });
}

#[test]
fn what_is_no_g711_is_named() {
    let read = |bytes: &[u8]| Sound::read(bytes).unwrap_err();
    assert_eq!(
        read(&wav(2, 1, 4, &[0; 8])),
        WavError::Codec(2, "Microsoft ADPCM")
    );
    assert_eq!(
        read(&wav(6, 3, 8, &[0; 8])),
        WavError::Shape {
            channels: 3,
            bits: 8,
            rate: 8_000
        }
    );
    assert_eq!(read(&wav(6, 1, 8, &[])), WavError::CutOff);
    let whole = wav(6, 1, 8, &samples());
    for cut in [0, 3, 13, 30, 60, whole.len() - 1] {
        assert!(Sound::read(&whole[..cut]).is_err(), "{cut}");
    }
    assert_eq!(read(b"OggS"), WavError::Kind("Ogg"));
    let linear: Vec<u8> = samples()
        .iter()
        .flat_map(|byte| g711::ALAW_TO_LINEAR[usize::from(*byte)].to_le_bytes())
        .collect();
    assert_eq!(
        Sound::read(&wav(1, 1, 16, &linear)),
        Sound::read(&whole),
        "linear of A-law is A-law again"
    );
    assert_eq!(Sound::read(&wav(7, 1, 8, &samples())).unwrap().samples(), 20_000);
}
