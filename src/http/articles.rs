//! The knowledge base over HTTP: reading, writing, approving, asking for updates.
//!
//! **Invariants.** A change names the revision its writer read. Who writes reaches his own organ's articles; who approves
//! is another person than who wrote.
//! **Not here.** What may be written and approved (`ticket::article`), limits (`engine::articles`).
//! **Source.** DB1302/T 604—2025 8.3, 7.8.1 d.

use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::civil::CivilDate;
use crate::base::ids::ArticleId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UpdateId;
use crate::engine::articles::ArticleError;
use crate::engine::articles::UpdateRequest;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Id;
use crate::http::extract::IfMatch;
use crate::http::extract::Json;
use crate::http::extract::Query;
use crate::http::extract::Versioned;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::page;
use crate::io::store::articles::ArticleFilter;
use crate::io::store::articles::UpdateFilter;
use crate::io::store::articles::UpdateRow;
use crate::ticket::article::Article;
use crate::ticket::article::ArticleState;
use crate::ticket::article::Words;

/// One version of an article.
#[derive(Serialize, ToSchema)]
#[schema(as = Article)]
pub(crate) struct ArticleDto {
    /// Its id.
    id: String,
    /// 1, 2, 3 …; an answer names it.
    version: i64,
    /// For `If-Match`.
    revision: i64,
    /// `draft`, `approved`, `retired`.
    state: &'static str,
    /// Whether an answer of today may rest on it.
    valid: bool,
    /// 标题.
    title: String,
    /// 正文; empty in lists.
    body: String,
    /// 责任单位.
    owner: String,
    /// 机构名称.
    owner_name: String,
    /// First day, YYYY-MM-DD.
    valid_from: String,
    /// Last day, YYYY-MM-DD.
    valid_until: Option<String>,
    /// Who wrote it.
    writer: String,
    /// Who approved it.
    approver: Option<String>,
    /// When it last changed.
    changed_at: Instant,
    /// When it was approved.
    approved_at: Option<Instant>,
}

/// Articles.
#[derive(Serialize, ToSchema)]
#[schema(as = ArticlePage)]
pub(crate) struct ArticlePageDto {
    /// Those that changed last first.
    items: Vec<ArticleDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// An article with its versions.
#[derive(Serialize, ToSchema)]
#[schema(as = ArticleVersions)]
pub(crate) struct ArticleVersionsDto {
    /// Newest first.
    versions: Vec<ArticleDto>,
}

/// Which articles.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArticleQuery {
    /// Letters of the title.
    title: Option<String>,
    /// Where the newest version stands.
    state: Option<String>,
    /// Only versions an answer of today may rest on.
    valid: bool,
    /// 责任单位.
    owner: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// What somebody writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleWords)]
pub(crate) struct WordsDto {
    /// 标题, 2 to 100 characters.
    title: String,
    /// 正文, 2 to 20 000 characters.
    body: String,
    /// 责任单位.
    #[schema(value_type = String)]
    owner: OrganId,
    /// First day it counts, YYYY-MM-DD.
    #[schema(value_type = String)]
    valid_from: CivilDate,
    /// Last day it counts, YYYY-MM-DD.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    valid_until: Option<CivilDate>,
    /// The request it is written for, with a new article.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    update: Option<UpdateId>,
}

impl WordsDto {
    fn words(self) -> Words {
        Words {
            title: self.title,
            body: self.body,
            owner: self.owner,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }
}

/// A request for an update.
#[derive(Serialize, ToSchema)]
#[schema(as = ArticleUpdate)]
pub(crate) struct UpdateDto {
    /// Its id.
    id: String,
    /// The article; absent while there is none.
    article: Option<String>,
    /// Who is asked.
    organ: String,
    /// 机构名称.
    organ_name: String,
    /// The order whose inquiry found no article.
    ticket: Option<String>,
    /// Why.
    reason: String,
    /// Who asked.
    asked_by: String,
    /// When.
    asked_at: Instant,
    /// On time is before this instant.
    due: Instant,
    /// When a version was approved for it.
    done_at: Option<Instant>,
    /// That version.
    done_version: Option<i64>,
    /// Whether it is or was late.
    late: bool,
}

/// Requests for updates.
#[derive(Serialize, ToSchema)]
#[schema(as = ArticleUpdatePage)]
pub(crate) struct UpdatePageDto {
    /// Newest first.
    items: Vec<UpdateDto>,
    /// The cursor of the next page.
    next: Option<String>,
}

/// Which requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdateQuery {
    /// Only those that are not done.
    open: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskUpdate)]
pub(crate) struct AskDto {
    /// Which article; absent when there is none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    article: Option<ArticleId>,
    /// Who is to do it.
    #[schema(value_type = String)]
    organ: OrganId,
    /// The order whose inquiry found no article.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ticket: Option<TicketId>,
    /// Why, 2 to 500 characters.
    reason: String,
}

impl From<ArticleError> for Problem {
    fn from(error: ArticleError) -> Self {
        match error {
            ArticleError::NotFound => Self::new(Code::NotFound),
            ArticleError::Refused(error) => error.into(),
            ArticleError::Audit(error) => error.into(),
        }
    }
}

/// Articles, those that changed last first, without their text.
#[utoipa::path(get, path = "/articles", tag = "articles", params(ArticleQuery),
    responses((status = 200, body = ArticlePageDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<ArticleQuery>,
) -> Result<Json<ArticlePageDto>, Problem> {
    web.permit(&who, Verb::ArticleRead, &Object::of_centre("articles"))
        .await?;
    let state = query
        .state
        .map(|code| ArticleState::parse(&code).ok_or_else(|| Problem::new(Code::Unknown).field("state")));
    let owner = query.owner.map(|text| {
        text.parse()
            .map_err(|_| Problem::new(Code::Unknown).field("owner"))
    });
    let filter = ArticleFilter {
        title: query.title.filter(|title| !title.trim().is_empty()),
        state: state.transpose()?,
        valid_on: query.valid.then(|| today(&web)),
        owner: owner.transpose()?,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web.engine.store().articles(&filter).await?;
    let items = rows.into_iter().map(|row| ArticleDto {
        body: String::new(),
        ..dto(&web, row)
    });
    Ok(Json(ArticlePageDto {
        items: items.collect(),
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// An article with all its versions; the `ETag` is the revision of the newest.
#[utoipa::path(get, path = "/articles/{id}", tag = "articles", params(("id" = String, Path)),
    responses((status = 200, body = ArticleVersionsDto)))]
pub(crate) async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<ArticleId>,
) -> Result<Versioned<ArticleVersionsDto>, Problem> {
    web.permit(&who, Verb::ArticleRead, &Object::of_centre("articles"))
        .await?;
    let versions = web.engine.store().article_versions(id).await?;
    let revision = versions.first().map(|newest| newest.revision);
    let revision = revision.ok_or_else(|| Problem::new(Code::NotFound))?;
    let versions = versions.into_iter().map(|row| dto(&web, row)).collect();
    Ok(Versioned(revision, ArticleVersionsDto { versions }))
}

/// Writes a new article as a draft.
#[utoipa::path(post, path = "/articles", tag = "articles", request_body = WordsDto,
    responses((status = 200, body = ArticleDto)))]
pub(crate) async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<WordsDto>,
) -> Result<Versioned<ArticleDto>, Problem> {
    permit_of(&web, &who, Verb::ArticleEdit, Some(&body.owner), "articles").await?;
    let update = body.update;
    let article = web
        .engine
        .articles()
        .begin(&who.principal, body.words(), update)
        .await?;
    Ok(answer(&web, article))
}

/// Writes the draft of an article again, or begins its next version.
#[utoipa::path(put, path = "/articles/{id}", tag = "articles",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the revision read before, quoted")),
    request_body = WordsDto, responses((status = 200, body = ArticleDto)))]
pub(crate) async fn write(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<ArticleId>,
    IfMatch(revision): IfMatch,
    Json(body): Json<WordsDto>,
) -> Result<Versioned<ArticleDto>, Problem> {
    // He must reach the organ whose it was and the one whose it becomes.
    permit_article(&web, &who, Verb::ArticleEdit, id).await?;
    permit_of(&web, &who, Verb::ArticleEdit, Some(&body.owner), "articles").await?;
    let article = web
        .engine
        .articles()
        .write(&who.principal, id, revision, body.words())
        .await?;
    Ok(answer(&web, article))
}

/// Publishes the draft of an article; whoever wrote it may not.
#[utoipa::path(post, path = "/articles/{id}/approve", tag = "articles",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the revision read before, quoted")),
    responses((status = 200, body = ArticleDto)))]
pub(crate) async fn approve(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<ArticleId>,
    IfMatch(revision): IfMatch,
) -> Result<Versioned<ArticleDto>, Problem> {
    permit_article(&web, &who, Verb::ArticleApprove, id).await?;
    let article = web
        .engine
        .articles()
        .approve(&who.principal, id, revision)
        .await?;
    Ok(answer(&web, article))
}

/// Takes an article out of use.
#[utoipa::path(post, path = "/articles/{id}/retire", tag = "articles",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "the revision read before, quoted")),
    responses((status = 200, body = ArticleDto)))]
pub(crate) async fn retire(
    State(web): State<Web>,
    who: SignedIn,
    Id(id): Id<ArticleId>,
    IfMatch(revision): IfMatch,
) -> Result<Versioned<ArticleDto>, Problem> {
    permit_article(&web, &who, Verb::ArticleApprove, id).await?;
    let article = web.engine.articles().retire(&who.principal, id, revision).await?;
    Ok(answer(&web, article))
}

/// Requests for updates: of the reader's own organ, or all for the hotline organ.
#[utoipa::path(get, path = "/article-updates", tag = "articles", params(UpdateQuery),
    responses((status = 200, body = UpdatePageDto)))]
pub(crate) async fn updates(
    State(web): State<Web>,
    who: SignedIn,
    Query(query): Query<UpdateQuery>,
) -> Result<Json<UpdatePageDto>, Problem> {
    web.permit(&who, Verb::ArticleEdit, &Object::of_centre("article-updates"))
        .await?;
    let reference = web.engine.tickets().reference();
    let own = who.principal.organ.organ().cloned();
    let root = reference.organs.root().map(|organ| organ.id.clone());
    let filter = UpdateFilter {
        organs: own.filter(|own| Some(own) != root.as_ref()).into_iter().collect(),
        open: query.open,
        after: page::cursor(query.cursor.as_deref())?,
        limit: page::limit(query.limit)?,
    };
    let (rows, next) = web.engine.store().article_updates(&filter).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(update_dto(&web, row).await?);
    }
    Ok(Json(UpdatePageDto {
        items,
        next: next.map(|cursor| cursor.to_string()),
    }))
}

/// Asks an organ to bring an article up to date, or to write one.
#[utoipa::path(post, path = "/article-updates", tag = "articles", request_body = AskDto,
    responses((status = 200, body = UpdateDto)))]
pub(crate) async fn ask(
    State(web): State<Web>,
    who: SignedIn,
    Json(body): Json<AskDto>,
) -> Result<Json<UpdateDto>, Problem> {
    // Whoever finds an article wrong or missing may ask for it.
    web.permit(&who, Verb::ArticleRead, &Object::of_centre("article-updates"))
        .await?;
    let request = UpdateRequest {
        article: body.article,
        organ: body.organ,
        ticket: body.ticket,
        reason: body.reason,
    };
    let row = web.engine.articles().ask(&who.principal, request).await?;
    Ok(Json(update_dto(&web, row).await?))
}

async fn permit_article(web: &Web, who: &SignedIn, verb: Verb, id: ArticleId) -> Result<(), Problem> {
    let versions = web.engine.store().article_versions(id).await?;
    let owner = versions.first().map(|newest| &newest.owner);
    permit_of(web, who, verb, owner, &format!("article/{id}")).await
}

async fn permit_of(
    web: &Web,
    who: &SignedIn,
    verb: Verb,
    owner: Option<&OrganId>,
    name: &str,
) -> Result<(), Problem> {
    let reference = web.engine.tickets().reference();
    let object = Object {
        organ: owner.and_then(|owner| reference.organs.path(owner)),
        ..Object::of_centre(name)
    };
    web.permit(who, verb, &object).await
}

fn today(web: &Web) -> CivilDate {
    web.engine.zone().date_of(web.engine.clock().now().wall)
}

fn organ_name(web: &Web, organ: &OrganId) -> String {
    let reference = web.engine.tickets().reference();
    let organ = reference.organs.get(organ);
    organ.map(|organ| organ.name.clone()).unwrap_or_default()
}

fn answer(web: &Web, article: Article) -> Versioned<ArticleDto> {
    Versioned(article.revision, dto(web, article))
}

fn dto(web: &Web, article: Article) -> ArticleDto {
    ArticleDto {
        valid: article.is_valid(today(web)),
        id: article.id.to_string(),
        version: article.version,
        revision: article.revision,
        state: article.state.code(),
        title: article.title,
        body: article.body,
        owner_name: organ_name(web, &article.owner),
        owner: article.owner.to_string(),
        valid_from: article.valid_from.to_string(),
        valid_until: article.valid_until.map(|day| day.to_string()),
        writer: article.writer.to_string(),
        approver: article.approver.map(|user| user.to_string()),
        changed_at: article.changed_at.into(),
        approved_at: maybe(article.approved_at),
    }
}

async fn update_dto(web: &Web, row: UpdateRow) -> Result<UpdateDto, Problem> {
    let reason = web.engine.audit().open(&row.reason).await?;
    let reason = reason.and_then(|words| words.get("reason").map(str::to_owned));
    let end = row.done_at.unwrap_or_else(|| web.engine.clock().now().wall);
    Ok(UpdateDto {
        id: row.id.to_string(),
        article: row.article.map(|id| id.to_string()),
        organ_name: organ_name(web, &row.organ),
        organ: row.organ.to_string(),
        ticket: row.ticket.map(|id| id.to_string()),
        reason: reason.unwrap_or_default(),
        asked_by: row.asked_by.to_string(),
        asked_at: row.asked_at.into(),
        due: row.due.into(),
        done_at: maybe(row.done_at),
        done_version: row.done_version,
        late: row.due <= end,
    })
}
