use super::*;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::io::keys::KeyRing;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

#[test]
fn a_file_is_what_its_bytes_say_and_nothing_else_is_taken() {
    assert_eq!(sniff(b"\xff\xd8\xff\xe0rest"), Some("image/jpeg"));
    assert_eq!(sniff(b"%PDF-1.7\n"), Some("application/pdf"));
    assert_eq!(sniff(b"RIFF\0\0\0\0WAVEfmt "), Some("audio/wav"));
    assert_eq!(sniff(b"xxxx\0\0\0\0WAVEfmt "), None);
    assert_eq!(sniff(b"PK\x03\x04 stored"), Some("application/zip"));
    let document = b"PK\x03\x04 [Content_Types].xml PK\x03\x04 word/document.xml";
    assert!(sniff(document).unwrap().ends_with("wordprocessingml.document"));
    for stranger in [
        &b"<html><script>"[..],
        b"MZ\x90\0",
        b"#!/bin/sh",
        b"\x7fELF",
        b"<svg ",
        b"",
    ] {
        assert_eq!(sniff(stranger), None, "{stranger:?}");
    }
}

#[test]
fn a_file_on_the_disk_is_ciphertext_and_opens_only_whole_and_with_its_key() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut ring = KeyRing::open(folder.path()).unwrap();
        let (key, other) = (ring.data_key("one").unwrap(), ring.data_key("two").unwrap());
        let files = Files::new(folder.path().join("files"));
        let id = FileId::new(Now::default(), &mut Random::from_number(3));
        let bytes = "%PDF-1.7 学院路一号".as_bytes();
        files.put(id, &key, bytes).await.unwrap();
        let sha256 = digest(bytes);
        assert_eq!(files.get(id, &key, &sha256).await.unwrap(), bytes);
        assert!(files.get(id, &other, &sha256).await.is_err());
        assert!(matches!(
            files.get(id, &key, "00").await,
            Err(FileError::Altered(_))
        ));
        let mut sealed = std::fs::read(files.path(id)).unwrap();
        let plain = "学院路".as_bytes();
        assert!(!sealed.windows(plain.len()).any(|part| part == plain));
        *sealed.last_mut().unwrap() ^= 1;
        std::fs::write(files.path(id), sealed).unwrap();
        assert!(files.get(id, &key, &sha256).await.is_err());
    });
}
