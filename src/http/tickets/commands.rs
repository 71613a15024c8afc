//! Commands to an order: one endpoint for all of them, `{"command": "sign"}`.
//!
//! **Invariants.** What only the program asks is not read from outside. A file that a command names is one that was
//! uploaded to this order, to the last byte.
//! **Not here.** Which role may give which command (`ticket::permission`), which state allows it (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 7.1 to 7.9.

use axum::extract::State;
use axum::http::HeaderMap;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::TicketId;
use crate::engine::ticket_service::Give;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Versioned;
use crate::http::extract::idempotency_key;
use crate::http::tickets::answer;
use crate::http::tickets::count_submitted;
use crate::http::tickets::dto::TicketDto;
use crate::http::tickets::sight::Eyes;
use crate::io::store::ticket_files::FileRow;
use crate::ticket::command::Command;
use crate::ticket::decide::By;
use crate::ticket::decide::TicketError;
use crate::ticket::model::FileRef;

/// Gives a command to an order and returns the order as it is then.
#[utoipa::path(post, path = "/tickets/{id}/commands", tag = "tickets",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the version read before, quoted"),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key again does nothing again")),
    request_body = Command, responses((status = 200, body = TicketDto)))]
pub(crate) async fn give(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    IfMatch(version): IfMatch,
    headers: HeaderMap,
    Json(command): Json<Command>,
) -> Result<Versioned<TicketDto>, Problem> {
    // Whose the order is, is a rule of each command; here he must be one who gives any at all.
    let object = Object::of_agent(format!("ticket/{id}"), who.principal.agent.clone());
    web.permit(&who, Verb::TicketCommand, &object).await?;
    let row = web.engine.store().ticket(id).await?;
    let reference = web.engine.tickets().reference();
    let row = row.filter(|row| Eyes::on(&row.ticket, &who.principal, &reference).sight.is_seen());
    if row.is_none() {
        return Err(Problem::new(Code::NotFound));
    }
    if matches!(command, Command::EnterCase(_) | Command::LeaveCase(_)) {
        // An order enters and leaves with its case, in one transaction: `/cases`.
        let refusal = TicketError::Rule {
            rule: "by_case",
            clause: "7.8.2",
        };
        return Err(refusal.into());
    }
    check_files(&web, id, &command).await?;
    let opened = web
        .engine
        .tickets()
        .give(Give {
            by: By::User(&who.principal),
            ticket: id,
            command: &command,
            expected: Some(version),
            key: idempotency_key(&headers)?,
        })
        .await?;
    if matches!(command, Command::Submit(_)) {
        count_submitted(&web);
    }
    Ok(answer(&web, &who, &opened))
}

/// Refuses a file that was not uploaded to this order.
async fn check_files(web: &Web, id: TicketId, command: &Command) -> Result<(), Problem> {
    let (field, named) = files_of(command);
    if named.is_empty() {
        return Ok(());
    }
    let there = web.engine.store().ticket_files(id).await?;
    let there: Vec<FileRef> = there.iter().map(FileRow::reference).collect();
    if named.into_iter().all(|file| there.contains(file)) {
        return Ok(());
    }
    let refusal = TicketError::Invalid {
        field,
        reason: "unknown_code",
        clause: "7.9.1",
    };
    Err(refusal.into())
}

/// The files a command names, and the field that names them.
fn files_of(command: &Command) -> (&'static str, Vec<&FileRef>) {
    let (field, files): (_, &[FileRef]) = match command {
        Command::Attach(it) => return ("file", vec![&it.file]),
        Command::Refuse(it) => return ("file", it.file.iter().collect()),
        Command::AskReturn(it) => ("files", &it.files),
        Command::AskExtension(it) => ("files", &it.files),
        Command::AskCoHandling(it) => ("files", &it.files),
        Command::ReplySub(it) => ("files", &it.files),
        Command::FeedBack(it) => ("files", &it.files),
        Command::CheckIn(it) => ("files", &it.files),
        _ => ("files", &[]),
    };
    (field, files.iter().collect())
}
