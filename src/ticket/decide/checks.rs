//! Checks of what stands in several commands: other systems' codes, digests, files, orders that point to themselves.
//!
//! **Not here.** Words people write (`ticket::decide::work::checked`).

use crate::base::ids::TicketId;
use crate::fact::ticket::FileRef;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::refusal::TicketError;

/// Longest code or number of another platform or system, characters.
const CODE_MAX: usize = 64;

/// A code, id or number of somebody else: printable, without blanks.
pub(super) fn check_code(
    field: &'static str,
    code: Option<&str>,
    clause: &'static str,
) -> Result<(), TicketError> {
    let Some(code) = code else { return Ok(()) };
    if code.is_empty() {
        return Err(invalid(field, "missing", clause));
    }
    if CODE_MAX < code.chars().count() {
        return Err(invalid(field, "too_long", clause));
    }
    if code
        .chars()
        .any(|letter| letter.is_control() || letter.is_whitespace())
    {
        return Err(invalid(field, "not_text", clause));
    }
    Ok(())
}

/// A SHA-256 as 64 lower-case hex digits.
pub(super) fn check_digest(
    field: &'static str,
    digest: &str,
    clause: &'static str,
) -> Result<(), TicketError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() == 64 && digest.bytes().all(hex) {
        return Ok(());
    }
    Err(invalid(field, "not_a_digest", clause))
}

/// A file as it is named: id, digest and media type of the right form, and not empty.
pub(super) fn check_file(file: &FileRef, clause: &'static str) -> Result<(), TicketError> {
    let plain = |text: &str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte);
        !text.is_empty() && text.len() <= CODE_MAX && text.bytes().all(good)
    };
    if !plain(&file.id) || !plain(&file.media_type) || file.bytes == 0 {
        return Err(invalid("file", "not_a_file", clause));
    }
    check_digest("file", &file.sha256, clause)
}

/// Refuses an order that points to itself.
pub(super) fn check_other(
    work: &Work<'_>,
    field: &'static str,
    other: TicketId,
    clause: &'static str,
) -> Result<(), TicketError> {
    if other == work.ticket.id {
        return Err(invalid(field, "itself", clause));
    }
    Ok(())
}
