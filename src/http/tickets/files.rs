//! Files of orders: uploaded sealed, given out to those who see the matter.
//!
//! **Invariants.** At most [`FILES_MAX`] files of [`FILE_BYTES_MAX`] an order, each of a kind its own bytes prove. A file
//! never runs in a page: it is given out as a download with its own kind.
//! **Not here.** Bytes on disk (`io::files`); what a file is for (the command that names it).
//! **Source.** DB1302/T 604—2025 7.9.1.

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::FileId;
use crate::base::ids::TicketId;
use crate::base::random::Random;
use crate::fact::personal::Personal;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::Json;
use crate::http::tickets::readable;
use crate::http::tickets::sight::Eyes;
use crate::io::files::FILE_BYTES_MAX;
use crate::io::files::FILES_MAX;
use crate::io::files::digest;
use crate::io::files::sniff;
use crate::io::keys::DataKey;
use crate::io::store::ticket_files::FileRow;
use crate::ticket::decide::TicketError;
use crate::ticket::model::FileRef;

/// A file by its content, as commands name it.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketFile)]
pub(crate) struct FileDto {
    /// Its id.
    id: String,
    /// SHA-256 of its bytes, hex.
    sha256: String,
    /// Length.
    bytes: u64,
    /// As `image/jpeg`.
    media_type: String,
}

impl FileDto {
    /// A file as facts name it.
    pub(crate) fn new(file: &FileRef) -> Self {
        Self {
            id: file.id.clone(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            media_type: file.media_type.clone(),
        }
    }
}

/// Uploads a file to an order: the body is its bytes. A command then says what it is for.
#[utoipa::path(post, path = "/tickets/{id}/files", tag = "tickets", params(("id" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = FileDto)))]
pub(crate) async fn upload(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<TicketId>,
    body: Bytes,
) -> Result<Json<FileDto>, Problem> {
    let object = Object::of_agent(format!("ticket/{id}"), who.principal.agent.clone());
    web.permit(&who, Verb::TicketCommand, &object).await?;
    let row = web.engine.store().ticket(id).await?;
    let reference = web.engine.tickets().reference();
    let row = row.filter(|row| {
        let eyes = Eyes::on(&row.ticket, &who.principal, &reference);
        eyes.sight.shows_matter()
    });
    let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
    if body.is_empty() {
        return Err(invalid("missing"));
    }
    if FILE_BYTES_MAX < body.len() {
        return Err(Problem::new(Code::TooLarge).field("file"));
    }
    let media_type = sniff(&body).ok_or_else(|| invalid("kind"))?;
    let now = web.engine.clock().now();
    let file = FileRow {
        id: FileId::new(now, &mut seed()?),
        ticket: id,
        sha256: digest(&body),
        bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        media_type: media_type.to_owned(),
        uploaded_by: who.principal.user.clone(),
        uploaded_at: now.wall,
    };
    let key = key_of(&web, &row.ticket.key_id()).await?;
    web.engine
        .files()
        .put(file.id, &key, &body)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let mut tx = web.engine.store().begin().await?;
    if !tx.insert_ticket_file(&file, FILES_MAX).await? {
        let refusal = TicketError::Rule {
            rule: "file_limit",
            clause: "7.9.1",
        };
        return Err(refusal.into());
    }
    tx.commit().await?;
    Ok(Json(FileDto::new(&file.reference())))
}

/// Gives a file of an order.
#[utoipa::path(get, path = "/tickets/{id}/files/{file}", tag = "tickets",
    params(("id" = String, Path), ("file" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(crate) async fn download(
    State(web): State<Web>,
    who: SignedIn,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let not_found = || Problem::new(Code::NotFound);
    let id: TicketId = id.parse().map_err(|_| not_found())?;
    let opened = readable(&web, &who, id).await?;
    let reference = web.engine.tickets().reference();
    if !Eyes::on(&opened.row.ticket, &who.principal, &reference)
        .sight
        .shows_matter()
    {
        return Err(not_found());
    }
    let file: FileId = file.parse().map_err(|_| not_found())?;
    let rows = web.engine.store().ticket_files(id).await?;
    let row = rows
        .into_iter()
        .find(|row| row.id == file)
        .ok_or_else(not_found)?;
    let key = web.engine.store().data_key(&opened.row.ticket.key_id()).await?;
    // Without its key a file was erased.
    let key = key.ok_or_else(not_found)?;
    let key = web.engine.keys().with(|ring| ring.unwrap_key(&key));
    let key = key.map_err(|error| Problem::internal(&error))?;
    let bytes = web.engine.files().get(row.id, &key, &row.sha256).await;
    let bytes = bytes.map_err(|error| Problem::internal(&error))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&row.media_type);
    headers.insert(
        header::CONTENT_TYPE,
        kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    Ok(response)
}

/// The data key of an order, made when nothing of it was sealed yet.
async fn key_of(web: &Web, key_id: &str) -> Result<DataKey, Problem> {
    let mut tx = web.engine.store().begin().await?;
    if tx.data_key(key_id).await?.is_none() {
        web.engine
            .audit()
            .seal(&mut tx, key_id, &Personal::default())
            .await?;
    }
    let record = tx.data_key(key_id).await?;
    tx.commit().await?;
    let record = record.ok_or_else(|| Problem::internal(&"a data key was not stored"))?;
    let key = web.engine.keys().with(|ring| ring.unwrap_key(&record));
    key.map_err(|error| Problem::internal(&error))
}

fn seed() -> Result<Random, Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::internal(&error))?;
    Ok(Random::from_seed(seed))
}

fn invalid(reason: &'static str) -> Problem {
    let refusal = TicketError::Invalid {
        field: "file",
        reason,
        clause: "7.9.1",
    };
    refusal.into()
}
