use super::*;

fn write_wav(path: &Path, channels: u16, sample_rate: u32, samples: &[i16]) -> String {
    let spec = hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    hex::encode(Sha256::digest(std::fs::read(path).unwrap()))
}

fn entry(id: &str, file: &str, sha256: &str) -> String {
    format!(
        "[[prompt]]\nid = \"{id}\"\ntext = \"您好\"\nfile = \"{file}\"\nsha256 = \"{sha256}\"\nkind = \"speech\"\n"
    )
}

#[test]
fn a_library_gives_each_prompt_its_number_text_and_length() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_wav(&folder.path().join("a.wav"), 1, 8_000, &[0; 800]);
    let second = write_wav(&folder.path().join("b.wav"), 1, 8_000, &[1000; 8_000]);
    let manifest = entry("greeting", "a.wav", &first) + &entry("menu", "b.wav", &second);
    std::fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
    let library = PromptLibrary::load(folder.path()).unwrap();
    assert_eq!(library.index(&"menu".parse().unwrap()), Some(PromptIndex(1)));
    assert_eq!(library.index(&"none".parse().unwrap()), None);
    let menu = library.entry(PromptIndex(1)).unwrap();
    assert_eq!(
        (menu.text.as_str(), menu.duration),
        ("您好", Duration::from_secs(1))
    );
    assert_eq!(library.audio().get(PromptIndex(0)).unwrap().alaw[..], [0xD5; 800]);
}

#[test]
fn every_fault_is_reported_with_its_file_and_field() {
    let folder = tempfile::tempdir().unwrap();
    let stereo = write_wav(&folder.path().join("stereo.wav"), 2, 8_000, &[0; 800]);
    let fast = write_wav(&folder.path().join("fast.wav"), 1, 16_000, &[0; 800]);
    write_wav(&folder.path().join("altered.wav"), 1, 8_000, &[0; 800]);
    let manifest = entry("a", "stereo.wav", &stereo)
        + &entry("b", "fast.wav", &fast)
        + &entry("c", "altered.wav", "00")
        + &entry("a", "missing.wav", "00");
    std::fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
    let faults = PromptLibrary::load(folder.path()).unwrap_err().0;
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["channels", "sample_rate", "sha256", "id", "file"]);
    assert!(faults[2].file.ends_with("altered.wav"));
}

#[test]
fn an_unknown_field_of_the_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.toml"), "[[prompt]]\nname = \"a\"\n").unwrap();
    assert_eq!(
        PromptLibrary::load(folder.path()).unwrap_err().0[0].field,
        "syntax"
    );
}
