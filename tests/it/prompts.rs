//! The shipped prompts: the manifest names each file once, each file is what a telephone plays, digests hold.
//!
//! **Not here.** How the files were made (`prompts/make_prompts.py`, `prompts/make_music.py`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

const SAMPLES_PER_PACKET: usize = 160;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    prompt: Vec<Prompt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompt {
    id: String,
    text: String,
    file: String,
    sha256: String,
    kind: Kind,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Speech,
    Music,
    Tone,
}

#[test]
fn every_prompt_is_an_8_khz_mono_16_bit_file_of_whole_packets_with_the_listed_digest() {
    for prompt in manifest().prompt {
        let bytes = fs::read(folder().join(&prompt.file)).unwrap();
        assert_eq!(
            hex::encode(Sha256::digest(&bytes)),
            prompt.sha256,
            "{}",
            prompt.id
        );
        let (spec, samples) = wav(&prompt);
        assert_eq!(
            (spec.sample_rate, spec.channels, spec.bits_per_sample),
            (8000, 1, 16),
            "{}",
            prompt.id
        );
        assert_eq!(samples.len() % SAMPLES_PER_PACKET, 0, "{}", prompt.id);
        assert!(!prompt.text.is_empty(), "{}", prompt.id);
    }
}

#[test]
fn the_manifest_and_the_folder_hold_the_same_files_and_no_id_twice() {
    let prompts = manifest().prompt;
    let ids: BTreeSet<&str> = prompts.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids.len(), prompts.len());
    let listed: BTreeSet<String> = prompts.iter().map(|it| it.file.clone()).collect();
    assert_eq!(listed.len(), prompts.len());
    let mut found = BTreeSet::new();
    for below in ["zh-CN", "music", "tone"] {
        for entry in fs::read_dir(folder().join(below)).unwrap() {
            found.insert(format!(
                "{below}/{}",
                entry.unwrap().file_name().to_str().unwrap()
            ));
        }
    }
    assert_eq!(found, listed);
}

#[test]
fn speech_and_music_are_near_minus_20_db_and_never_clip() {
    for prompt in manifest().prompt.iter().filter(|it| it.kind != Kind::Tone) {
        let (_, samples) = wav(prompt);
        let power = samples.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>()
            / f64::from(u32::try_from(samples.len()).unwrap());
        let level = 10.0 * (power / 32_768.0_f64.powi(2)).log10();
        assert!((-23.0..=-19.0).contains(&level), "{}: {level:.1} dB", prompt.id);
        let peak = samples.iter().map(|it| it.unsigned_abs()).max().unwrap();
        assert!(peak < 29_000, "{}: peak {peak}", prompt.id);
    }
}

#[test]
fn the_music_has_no_seam_where_its_end_meets_its_beginning() {
    let prompts = manifest().prompt;
    let music = prompts.iter().find(|it| it.kind == Kind::Music).unwrap();
    let (_, samples) = wav(music);
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
    let widest = samples.windows(2).map(step).max().unwrap();
    let seam = step(&[*samples.last().unwrap(), samples[0]]);
    assert!(seam <= widest / 2, "seam {seam}, widest step inside {widest}");
    assert_eq!(samples.len(), 8000 * 4032 / 100);
}

#[test]
fn the_call_is_greeted_and_the_citizen_is_told_of_the_recording() {
    let prompts = manifest().prompt;
    let text = |id: &str| prompts.iter().find(|it| it.id == id).unwrap().text.clone();
    assert!(text("greeting").contains("12345"));
    assert!(text("notice-recorded").contains("录音"));
    assert!(text("menu").contains("人工服务请按0"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts")
}

fn manifest() -> Manifest {
    toml::from_str(&fs::read_to_string(folder().join("manifest.toml")).unwrap()).unwrap()
}

fn wav(prompt: &Prompt) -> (hound::WavSpec, Vec<i16>) {
    let mut reader = hound::WavReader::open(folder().join(&prompt.file)).unwrap();
    let spec = reader.spec();
    (spec, reader.samples::<i16>().map(Result::unwrap).collect())
}
