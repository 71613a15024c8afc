//! Compares the SIP message layer with `rsip` and `rsipstack` over the torture messages of RFC 4475 and RFC 5118.
//!
//! Prints the table; with `--check` it fails when the table differs from `verdicts.tsv`, with `--write` it replaces that
//! file. A peer's verdict is `refuse`, `no <header>` when it takes the message but cannot read a header that every message
//! has, `same` when what it read is what we read, and `other <header>` when it is not.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use rexian::sip::message::Message;

/// What every message says; `None` where the reader could not tell.
struct Reading {
    fields: [(&'static str, Option<String>); 6],
}

fn ours(bytes: &[u8]) -> (String, Option<Reading>) {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            return (
                format!("{} {}", error.refusal().status, error.refusal().reason),
                None,
            );
        }
    };
    let verdict = match message.validate() {
        Ok(()) => "accept".to_owned(),
        Err(refusal) => format!("{} {}", refusal.status, refusal.reason),
    };
    let start = message.method().map(|method| method.as_str().to_owned());
    let fields = [
        (
            "start",
            start.or(message.status().map(|status| status.to_string())),
        ),
        ("via", message.top_via().ok().map(|via| via.host.to_string())),
        (
            "from",
            message
                .from()
                .ok()
                .map(|from| from.tag().unwrap_or("").to_owned()),
        ),
        (
            "to",
            message.to().ok().map(|to| to.tag().unwrap_or("").to_owned()),
        ),
        ("call-id", message.call_id().ok().map(str::to_owned)),
        (
            "cseq",
            message
                .cseq()
                .ok()
                .map(|cseq| format!("{} {}", cseq.number, cseq.method.as_str())),
        ),
    ];
    (verdict, Some(Reading { fields }))
}

/// Both peers have the same type names; the second descends from the first.
macro_rules! peer {
    ($peer:ident) => {
        mod $peer {
            use super::Reading;
            use super::peers::$peer::SipMessage;
            use super::peers::$peer::prelude::*;

            pub(crate) fn read(bytes: &[u8]) -> Option<Reading> {
                let message = SipMessage::try_from(bytes).ok()?;
                let start = match &message {
                    SipMessage::Request(request) => request.method.to_string(),
                    SipMessage::Response(response) => response.status_code.code().to_string(),
                };
                let via = message.via_header().ok().and_then(|via| via.typed().ok());
                let from = message
                    .from_header()
                    .ok()
                    .and_then(|from| from.typed().ok());
                let to = message.to_header().ok().and_then(|to| to.typed().ok());
                let cseq = message
                    .cseq_header()
                    .ok()
                    .and_then(|cseq| cseq.typed().ok());
                let tag = |tag: Option<String>| tag.unwrap_or_default();
                let fields = [
                    ("start", Some(start)),
                    (
                        "via",
                        via.map(|via| via.uri.host_with_port.host.to_string()),
                    ),
                    (
                        "from",
                        from.map(|from| tag(from.tag().map(|tag| tag.value().to_string()))),
                    ),
                    (
                        "to",
                        to.map(|to| tag(to.tag().map(|tag| tag.value().to_string()))),
                    ),
                    (
                        "call-id",
                        message
                            .call_id_header()
                            .ok()
                            .map(|id| id.value().to_string()),
                    ),
                    (
                        "cseq",
                        cseq.map(|cseq| format!("{} {}", cseq.seq, cseq.method)),
                    ),
                ];
                Some(Reading { fields })
            }
        }
    };
}

mod peers {
    pub(crate) use ::rsip as first;
    pub(crate) use ::rsipstack::sip as second;
}

peer!(first);
peer!(second);

fn compare(ours: Option<&Reading>, theirs: Option<&Reading>) -> String {
    let Some(theirs) = theirs else {
        return "refuse".to_owned();
    };
    for (name, value) in &theirs.fields {
        if value.is_none() {
            return format!("no {name}");
        }
    }
    let Some(ours) = ours else {
        return "take".to_owned();
    };
    for ((name, ours), (_, theirs)) in ours.fields.iter().zip(&theirs.fields) {
        let bare = |text: &Option<String>| {
            text.as_deref()
                .unwrap_or("-")
                .trim_matches(['[', ']'])
                .to_ascii_lowercase()
        };
        if bare(ours) != bare(theirs) {
            return format!("other {name}");
        }
    }
    "same".to_owned()
}

fn table(data: &Path) -> std::io::Result<String> {
    let mut out = String::from("message\trexian\trsip 0.4.0\trsipstack 0.7.14\n");
    for corpus in ["rfc4475", "rfc5118"] {
        let mut files: Vec<_> = std::fs::read_dir(data.join(corpus))?
            .map(|entry| entry.map(|it| it.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "dat"))
        {
            let bytes = std::fs::read(file)?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let (verdict, reading) = ours(&bytes);
            let first = compare(reading.as_ref(), first::read(&bytes).as_ref());
            let second = compare(reading.as_ref(), second::read(&bytes).as_ref());
            let _ = writeln!(out, "{name}\t{verdict}\t{first}\t{second}");
        }
    }
    Ok(out)
}

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = here.join("verdicts.tsv");
    let table = match table(&here.join("../data")) {
        Ok(table) => table,
        Err(error) => {
            eprintln!("the messages cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    match std::env::args().nth(1).as_deref() {
        Some("--write") => match std::fs::write(&golden, table) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", golden.display());
                ExitCode::FAILURE
            }
        },
        Some("--check") if std::fs::read_to_string(&golden).is_ok_and(|expected| expected == table) => {
            ExitCode::SUCCESS
        }
        Some("--check") => {
            eprintln!("the table differs from {}:\n{table}", golden.display());
            ExitCode::FAILURE
        }
        _ => {
            println!("{table}");
            ExitCode::SUCCESS
        }
    }
}
