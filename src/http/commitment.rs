//! The secrecy commitment (保密承诺): its text, and signing it.
//!
//! **Invariants.** What is signed is the version in force, as it was shown, to the last letter. A signature leaves a
//! fact in the transaction of its row.
//! **Not here.** What an unsigned person may not do (`account::permission`, `ticket::sight`).
//! **Source.** DB1302/T 604—2025 4.3.1.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::commitment::VERSION;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::fact::account::AccountFact;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::http::texts::text;
use crate::io::files::digest;
use crate::io::store::commitments::CommitmentRow;

/// Codes of its paragraphs, in order.
const PARAGRAPHS: [&str; 6] = ["p1", "p2", "p3", "p4", "p5", "p6"];

/// The text in force, and whether one has signed it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Commitment)]
pub(crate) struct CommitmentDto {
    /// The version in force.
    version: i64,
    /// Its head.
    title: &'static str,
    /// Its paragraphs.
    paragraphs: Vec<&'static str>,
    /// SHA-256 of head and paragraphs, a line each, hex.
    sha256: String,
    /// When one signed it; absent while it is due.
    signed_at: Option<Instant>,
}

/// A signature.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignCommitment)]
pub(crate) struct SignDto {
    /// The version that was read.
    version: i64,
    /// SHA-256 of the text that was read.
    sha256: String,
}

fn words() -> (&'static str, Vec<&'static str>, String) {
    let title = text("commitment", "title");
    let paragraphs: Vec<&str> = PARAGRAPHS.iter().map(|code| text("commitment", code)).collect();
    let whole = format!("{title}\n{}\n", paragraphs.join("\n"));
    let sha256 = digest(whole.as_bytes());
    (title, paragraphs, sha256)
}

fn dto(signed: Option<CommitmentRow>) -> CommitmentDto {
    let (title, paragraphs, sha256) = words();
    CommitmentDto {
        version: VERSION,
        title,
        paragraphs,
        sha256,
        signed_at: signed
            .filter(|row| VERSION <= row.version)
            .map(|row| row.signed_at.into()),
    }
}

/// The secrecy commitment in force.
#[utoipa::path(get, path = "/session/commitment", tag = "session", responses((status = 200, body = CommitmentDto)))]
pub(crate) async fn show(State(web): State<Web>, who: SignedIn) -> Result<Json<CommitmentDto>, Problem> {
    web.permit(&who, Verb::CommitmentSign, &Object::of_centre("commitment"))
        .await?;
    let signed = web.engine.store().commitment(&who.principal.user).await?;
    Ok(Json(dto(signed)))
}

/// Signs the secrecy commitment; signing it again changes nothing.
#[utoipa::path(post, path = "/session/commitment", tag = "session", request_body = SignDto,
    responses((status = 200, body = CommitmentDto)))]
pub(crate) async fn sign(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<SignDto>,
) -> Result<Json<CommitmentDto>, Problem> {
    web.permit(&who, Verb::CommitmentSign, &Object::of_centre("commitment"))
        .await?;
    let sha256 = words().2;
    if body.version != VERSION || body.sha256 != sha256 {
        return Err(Problem::new(Code::Conflict).field("version"));
    }
    let user = who.principal.user.clone();
    let fact = AccountFact::CommitmentSigned {
        user: user.clone(),
        version: VERSION,
        sha256: sha256.clone(),
    };
    let record = web.engine.account_record(&who.principal, "api:commitment", fact);
    let row = CommitmentRow {
        version: VERSION,
        sha256,
        signed_at: record.now.wall,
    };
    let mut tx = web.engine.store().begin().await?;
    if tx.insert_commitment(&user, &row).await? {
        web.engine.audit().append(&mut tx, &[record]).await?;
        tx.commit().await?;
    }
    let signed = web.engine.store().commitment(&user).await?;
    Ok(Json(dto(signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_text_is_a_new_version() {
        // Text and version change together: people sign what they read.
        let frozen = (
            1,
            "ccf8c7251b7348fcb8c25c8bdc68371ffa2c092fb96b5fa18369b0bb9ecfef3d",
        );
        assert_eq!((VERSION, words().2.as_str()), frozen);
        assert!(words().1.iter().all(|words| 10 < words.chars().count()));
    }
}
