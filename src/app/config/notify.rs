//! How messages leave a node, from `[notify]` of `server.toml`.
//!
//! ```toml
//! [notify]
//! signature = "唐山12345"       # what stands in 【】 before each text; "" when the gateway puts it there ["12345"]
//! sms = "cmpp"                  # "file" (<data>/outbox), "http" or "cmpp" ["file"]
//!
//! [notify.cmpp]                 # China Mobile Peer to Peer 3.0
//! address = "10.20.0.5:7890"
//! source = "901234"             # SP_Id, at most 6 characters
//! secret_file = "/etc/rexian/cmpp.secret"
//! service = "HOTLINE"           # Service_Id, at most 10 characters
//! sender = "1065712345"         # Src_Id, what citizens see and answer to
//!
//! [notify.http]                 # and the same for [notify.webhook]
//! url = "https://sms.example/send"
//! secret_file = "/etc/rexian/sms.secret"
//! ca = "/etc/rexian/sms-ca.pem" # for https
//! timeout_s = 15                # 1 to 60 [15]
//! ```
//!
//! **Invariants.** Without the section messages go to the outbox folder. Secrets stand in files of their own.
//! **Not here.** Using it (`io::notify`).

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::app::config::document::Table;
use crate::io::notify::CmppSettings;
pub use crate::io::notify::NotifyConfig;
use crate::io::notify::PostConfig;
use crate::io::notify::SmsConfig;

/// What stands before each text unless told.
const SIGNATURE: &str = "12345";
/// Longest signature, characters: operators register short ones.
const SIGNATURE_CHARS_MAX: usize = 20;
/// Seconds for a POST unless told.
const TIMEOUT_S: u16 = 15;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    File,
    Http,
    Cmpp,
}

/// Reads the settings; `None` after a fault.
pub(super) fn read(root: &Table<'_>) -> Option<NotifyConfig> {
    let Some(table) = section(root, "notify") else {
        return Some(NotifyConfig {
            signature: SIGNATURE.to_owned(),
            sms: SmsConfig::File,
            webhook: None,
        });
    };
    let signature = table.or("signature", SIGNATURE.to_owned());
    if SIGNATURE_CHARS_MAX < signature.chars().count() || signature.contains(['【', '】']) {
        table.fault(
            "signature",
            "no signature",
            "write at most 20 characters, without 【】",
        );
    }
    let way = table.or("sms", Way::File);
    let http = section(&table, "http").map(|it| post(&it));
    let cmpp = section(&table, "cmpp").map(|it| cmpp(&it));
    let webhook = section(&table, "webhook").map(|it| post(&it));
    table.finish();
    let missing = |name: &str| {
        table.fault(
            "sms",
            format!("[notify.{name}] is missing"),
            format!("add [notify.{name}], or write sms = \"file\""),
        );
    };
    let sms = match (way, http, cmpp) {
        (Way::File, ..) => SmsConfig::File,
        (Way::Http, Some(post), _) => SmsConfig::Http(post?),
        (Way::Cmpp, _, Some(cmpp)) => SmsConfig::Cmpp(cmpp?),
        (Way::Http, None, _) => {
            missing("http");
            return None;
        }
        (Way::Cmpp, _, None) => {
            missing("cmpp");
            return None;
        }
    };
    Some(NotifyConfig {
        signature,
        sms,
        webhook: match webhook {
            Some(webhook) => Some(webhook?),
            None => None,
        },
    })
}

/// A section that may be left out.
pub(super) fn section<'a>(table: &Table<'a>, name: &'static str) -> Option<Table<'a>> {
    table.optional::<IgnoredAny>(name)?;
    table.section(name)
}

fn post(table: &Table<'_>) -> Option<PostConfig> {
    let url = table.required::<String>("url");
    let secret_file = table.required::<PathBuf>("secret_file");
    let ca = table.optional::<PathBuf>("ca");
    let timeout_s = table.or("timeout_s", TIMEOUT_S);
    table.finish();
    if !(1..=60).contains(&timeout_s) {
        table.fault("timeout_s", "out of range", "write 1 to 60");
    }
    let url = url?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        table.fault("url", "no web address", "begin it with http:// or https://");
    }
    if url.starts_with("https://") && ca.is_none() {
        table.fault(
            "ca",
            "https needs the authority of the gateway's certificate",
            "add `ca`",
        );
    }
    Some(PostConfig {
        url,
        secret_file: secret_file?,
        ca,
        timeout_s,
    })
}

fn cmpp(table: &Table<'_>) -> Option<CmppSettings> {
    let bounded = |name: &'static str, range: std::ops::RangeInclusive<usize>| {
        let text = table.required::<String>(name)?;
        if !range.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let fix = format!("write {} to {} letters and digits", range.start(), range.end());
            table.fault(name, "not what the gateway takes", fix);
        }
        Some(text)
    };
    let address = table.required::<String>("address");
    let source = bounded("source", 1..=6);
    let service = bounded("service", 0..=10);
    let sender = bounded("sender", 1..=21);
    let secret_file = table.required::<PathBuf>("secret_file");
    table.finish();
    Some(CmppSettings {
        address: address?,
        source: source?,
        secret_file: secret_file?,
        service: service?,
        sender: sender?,
    })
}

#[cfg(test)]
#[path = "notify_test.rs"]
mod tests;
