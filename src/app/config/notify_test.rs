use super::*;
use crate::app::config::document::Document;
use crate::app::config::document::Source;

/// The settings, or the fields that are at fault.
fn settings(text: &str) -> Result<NotifyConfig, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    std::fs::write(&file, text).unwrap();
    let source = Source::read(&file);
    let document = Document::parse(&source);
    let root = document.root();
    let settings = read(&root);
    root.finish();
    let faults = document.into_faults();
    match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(faults.into_iter().map(|fault| fault.field).collect()),
    }
}

#[test]
fn without_a_section_messages_go_to_the_outbox_folder() {
    let config = settings("").unwrap();
    assert_eq!(
        (config.signature.as_str(), &config.sms, &config.webhook),
        ("12345", &SmsConfig::File, &None)
    );
    let config = settings("[notify]\nsignature = \"\"\n").unwrap();
    assert_eq!(config.signature, "");
}

#[test]
fn an_operators_gateway_and_a_web_address_are_read_whole() {
    let config = settings(
        "[notify]\nsms = \"cmpp\"\n[notify.cmpp]\naddress = \"10.20.0.5:7890\"\nsource = \"901234\"\n\
         secret_file = \"s\"\nservice = \"HOTLINE\"\nsender = \"1065712345\"\n\
         [notify.webhook]\nurl = \"https://x/y\"\nsecret_file = \"w\"\nca = \"ca.pem\"\n",
    )
    .unwrap();
    let SmsConfig::Cmpp(cmpp) = config.sms else {
        panic!()
    };
    assert_eq!(
        (cmpp.source.as_str(), cmpp.sender.as_str()),
        ("901234", "1065712345")
    );
    let webhook = config.webhook.unwrap();
    assert_eq!((webhook.url.as_str(), webhook.timeout_s), ("https://x/y", 15));
}

#[test]
fn every_fault_names_its_field() {
    let cases = [
        ("[notify]\nsms = \"http\"\n", vec!["notify.sms"]),
        ("[notify]\nsms = \"cmpp\"\n", vec!["notify.sms"]),
        ("[notify]\nsignature = \"【x】\"\n", vec!["notify.signature"]),
        (
            "[notify]\nsms = \"http\"\n[notify.http]\nurl = \"ftp://x\"\nsecret_file = \"s\"\ntimeout_s = 0\n",
            vec!["notify.http.timeout_s", "notify.http.url"],
        ),
        (
            "[notify]\nsms = \"http\"\n[notify.http]\nurl = \"https://x\"\nsecret_file = \"s\"\n",
            vec!["notify.http.ca"],
        ),
        (
            "[notify]\nsms = \"cmpp\"\n[notify.cmpp]\naddress = \"x:1\"\nsource = \"9012345\"\n\
             secret_file = \"s\"\nservice = \"a b\"\nsender = \"\"\n",
            vec!["notify.cmpp.source", "notify.cmpp.service", "notify.cmpp.sender"],
        ),
    ];
    for (text, fields) in cases {
        assert_eq!(settings(text).unwrap_err(), fields, "{text}");
    }
}
