//! Refusals of the API as problem documents: a stable code for programs, a Chinese title for people.
//!
//! **Invariants.** A code has one status. Nothing personal and nothing of the inside (SQL, paths) stands in a problem;
//! the inside goes to the log with the same code.
//! **Source.** RFC 9457; statuses RFC 9110 §15.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::commitment;
use crate::account::permission::Denied;
use crate::account::permission::Lack;
use crate::account::request::RequestError;
use crate::engine::EngineError;
use crate::engine::audit::AuditError;
use crate::engine::ticket_service::TicketServiceError;
use crate::exchange::command::CommandError;
use crate::fact::call::RefusalReason;
use crate::http::texts::text;
use crate::io::store::StoreError;
use crate::ticket::decide::TicketError;

/// Declares the codes with their statuses once.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:ident),+ $(,)?) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name),+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }
        }
    };
}

codes! {
    /// No session, or one that has ended.
    NotSignedIn = "not_signed_in" UNAUTHORIZED,
    /// User and password do not fit.
    WrongPassword = "wrong_password" UNAUTHORIZED,
    /// Too many wrong passwords.
    TooManyAttempts = "too_many_attempts" TOO_MANY_REQUESTS,
    /// No role grants it.
    Forbidden = "forbidden" FORBIDDEN,
    /// The secrecy commitment is to be signed first.
    CommitmentRequired = "commitment_required" FORBIDDEN,
    /// A newer sign-in of the account ended this session.
    SessionReplaced = "session_replaced" UNAUTHORIZED,
    /// The page that asks is not ours.
    WrongOrigin = "wrong_origin" FORBIDDEN,
    /// There is no such thing, or nothing of the kind.
    NotFound = "not_found" NOT_FOUND,
    /// The account works as no agent.
    NoAgent = "no_agent" NOT_FOUND,
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed" METHOD_NOT_ALLOWED,
    /// The row has another version.
    Conflict = "conflict" PRECONDITION_FAILED,
    /// `If-Match` is missing.
    PreconditionRequired = "precondition_required" PRECONDITION_REQUIRED,
    /// A row of this name is there already.
    Exists = "exists" CONFLICT,
    /// The state does not allow it.
    NotAllowed = "not_allowed" CONFLICT,
    /// The agent is not signed in at a seat.
    AgentOffline = "agent_offline" CONFLICT,
    /// The agent talks, rings or wraps up.
    AgentBusy = "agent_busy" CONFLICT,
    /// None of the agent's phones is registered.
    NoPhone = "no_phone" CONFLICT,
    /// There is no number that could be dialled.
    NoNumber = "no_number" CONFLICT,
    /// No trunk takes calls of ours.
    NoTrunk = "no_trunk" CONFLICT,
    /// As many calls as may are in progress.
    CallsFull = "calls_full" SERVICE_UNAVAILABLE,
    /// No wrap-up, no ringing offer.
    NothingToFinish = "nothing_to_finish" CONFLICT,
    /// The first request with this key is still being worked on.
    InProgress = "in_progress" CONFLICT,
    /// The key came before with another request.
    KeyReused = "key_reused" UNPROCESSABLE_ENTITY,
    /// A rule of the standard does not allow it now.
    Rule = "rule" UNPROCESSABLE_ENTITY,
    /// A value is not what it may be.
    Invalid = "invalid" UNPROCESSABLE_ENTITY,
    /// A value names nothing that there is.
    Unknown = "unknown" UNPROCESSABLE_ENTITY,
    /// Required fields are empty.
    Incomplete = "incomplete" UNPROCESSABLE_ENTITY,
    /// A text is too long.
    TooLong = "too_long" UNPROCESSABLE_ENTITY,
    /// The body is no JSON of the right shape.
    Malformed = "malformed" BAD_REQUEST,
    /// The body is too large.
    TooLarge = "too_large" PAYLOAD_TOO_LARGE,
    /// The range lies outside.
    RangeOutside = "range_outside" RANGE_NOT_SATISFIABLE,
    /// Facts cannot be written at present.
    JournalUnavailable = "journal_unavailable" SERVICE_UNAVAILABLE,
    /// Something that is needed does not answer at present.
    Unavailable = "unavailable" SERVICE_UNAVAILABLE,
    /// The program is stopping.
    Stopping = "stopping" SERVICE_UNAVAILABLE,
    /// A fault of ours.
    Internal = "internal" INTERNAL_SERVER_ERROR,
}

/// A refused request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// Names the sort of problem: `urn:rexian:problem:CODE`.
    #[serde(rename = "type")]
    kind: String,
    /// For people, Chinese.
    title: String,
    /// The HTTP status.
    status: u16,
    /// For programs, stable.
    code: &'static str,
    /// More words, for programmers.
    detail: Option<String>,
    /// The field at fault, or the first of them.
    field: Option<String>,
    /// Every field at fault.
    fields: Vec<String>,
    /// The clause of the standard behind the refusal.
    clause: Option<String>,
    /// The rule of a work order that refuses it.
    rule: Option<&'static str>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after_s: Option<u64>,
}

/// A refused request, on its way to the answer.
#[derive(Debug)]
pub struct Problem(Box<Body>);

impl Problem {
    /// A problem with the title its code has.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Body {
            kind: format!("urn:rexian:problem:{}", code.as_str()),
            title: text("error", code.as_str()).to_owned(),
            status: code.status().as_u16(),
            code: code.as_str(),
            detail: None,
            field: None,
            fields: Vec::new(),
            clause: None,
            rule: None,
            retry_after_s: None,
        }))
    }

    /// Adds words for programmers; nothing personal.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names a field at fault.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.0.field.get_or_insert_with(|| field.clone());
        self.0.fields.push(field);
        self
    }

    /// Names the clause behind the refusal.
    pub fn clause(mut self, clause: Option<String>) -> Self {
        self.0.clause = clause;
        self
    }

    /// Names the rule of a work order that refuses it.
    pub fn rule(mut self, rule: &'static str) -> Self {
        self.0.rule = Some(rule);
        self
    }

    /// Says when to try again, seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    fn title(mut self, title: String) -> Self {
        self.0.title = title;
        self
    }

    /// A value that is not what it may be.
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::Invalid).field(field).detail(detail)
    }

    /// Something of ours that went wrong; `error` goes to the log only.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(Code::Internal)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.0.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Version { .. } => Self::new(Code::Conflict),
            StoreError::Exists(name) => Self::new(Code::Exists).detail(name),
            StoreError::Database(_) => {
                tracing::error!(%error, "the database did not answer a request");
                Self::new(Code::Unavailable).retry_after(5)
            }
            StoreError::Corrupt(_)
            | StoreError::Newer { .. }
            | StoreError::Altered { .. }
            | StoreError::Address => Self::internal(&error),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied.lack {
            Lack::Grant => Self::new(Code::Forbidden).detail(format!("no permission {}", denied.verb)),
            Lack::Commitment => {
                Self::new(Code::CommitmentRequired).clause(Some(commitment::CLAUSE.to_owned()))
            }
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let code = match error {
            RequestError::FourEyes(_) | RequestError::NotUpper(..) => Code::Forbidden,
            RequestError::Exists => Code::Exists,
            RequestError::Decided => Code::NotAllowed,
            RequestError::NoAccount | RequestError::NoOrgan => Code::Unknown,
            RequestError::NoRole => Code::Incomplete,
            RequestError::State(_)
            | RequestError::Unchanged
            | RequestError::Stale(_)
            | RequestError::TooMany
            | RequestError::NeedsRequest(_) => Code::Rule,
        };
        let problem = Self::new(code)
            .title(text("account_rule", error.code()).to_owned())
            .rule(error.code())
            .detail(error.to_string())
            .clause(Some(error.clause().to_owned()));
        match error.field() {
            Some(field) => problem.field(field),
            None => problem,
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let detail = error.to_string();
        let problem = match error {
            CommandError::NoAgent(_) => Self::new(Code::NoAgent),
            CommandError::NotSignedIn(_) => Self::new(Code::AgentOffline),
            CommandError::Busy(_) => Self::new(Code::AgentBusy),
            CommandError::NoPhone(_) => Self::new(Code::NoPhone),
            CommandError::NoNumber => Self::new(Code::NoNumber),
            CommandError::NoTrunk => Self::new(Code::NoTrunk),
            CommandError::NotAdmitted(RefusalReason::Draining) | CommandError::Stopping => {
                Self::new(Code::Stopping)
            }
            CommandError::NotAdmitted(_) => Self::new(Code::CallsFull).retry_after(5),
            CommandError::NothingToFinish(_) => Self::new(Code::NothingToFinish),
            CommandError::NoCall(_) => Self::new(Code::NotFound),
            CommandError::Unknown { field, .. } => Self::new(Code::Unknown).field(field),
            CommandError::Journal => Self::new(Code::JournalUnavailable).retry_after(5),
        };
        problem.detail(detail)
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Denied(denied) => denied.into(),
            EngineError::Refused(error) => error.into(),
            EngineError::Stopping => Self::new(Code::Stopping),
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => error.into(),
            AuditError::Seal(_) | AuditError::Envelope(_) | AuditError::Heads { .. } => {
                Self::internal(&error)
            }
        }
    }
}

impl From<TicketServiceError> for Problem {
    fn from(error: TicketServiceError) -> Self {
        match error {
            TicketServiceError::NotFound(_) => Self::new(Code::NotFound),
            TicketServiceError::Refused(error) => error.into(),
            TicketServiceError::Audit(error) => error.into(),
        }
    }
}

impl From<TicketError> for Problem {
    fn from(error: TicketError) -> Self {
        let (detail, clause) = (error.to_string(), error.clause());
        let problem = match error {
            TicketError::AlreadyOpen => Self::new(Code::Exists),
            TicketError::NotOpen => Self::new(Code::NotFound),
            TicketError::NotAllowed { .. } => Self::new(Code::NotAllowed),
            TicketError::Forbidden { rule, .. } => Self::new(Code::Forbidden).rule(rule),
            TicketError::Rule { rule, .. } => Self::new(Code::Rule)
                .title(text("ticket_rule", rule).to_owned())
                .rule(rule),
            TicketError::Version { .. } => Self::new(Code::Conflict),
            TicketError::Incomplete { fields, .. } => {
                let labels: Vec<&str> = fields.iter().map(|field| text("ticket_field", field)).collect();
                let title = text("error", "missing_field").replace("{field}", &labels.join("、"));
                fields
                    .into_iter()
                    .fold(Self::new(Code::Incomplete), Self::field)
                    .title(title)
            }
            TicketError::Invalid { field, reason, .. } => {
                let label = text("ticket_field", field);
                let code = match reason {
                    "too_long" => Code::TooLong,
                    "unknown_code" => Code::Unknown,
                    _ => Code::Invalid,
                };
                let title = text("error", code.as_str()).replace("{field}", label);
                Self::new(code).field(field).title(title)
            }
        };
        problem.detail(detail).clause(clause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_chinese_words() {
        for code in Code::ALL {
            assert_ne!(
                text("error", code.as_str()),
                code.as_str(),
                "[error] of texts/zh-CN.toml"
            );
        }
    }

    #[test]
    fn an_incomplete_order_names_every_field_and_the_clause() {
        let problem = Problem::from(TicketError::Incomplete {
            fields: vec!["content", "urgency"],
            clause: crate::ticket::decide::CLAUSE_ITEMS,
        });
        assert_eq!(problem.0.status, 422);
        assert_eq!(problem.0.title, "请填写诉求内容、紧急程度");
        assert_eq!(problem.0.field.as_deref(), Some("content"));
        assert_eq!(problem.0.fields, ["content", "urgency"]);
        assert_eq!(problem.0.clause.as_deref(), Some("DB1302/T 604—2025 7.1.2 a"));
    }
}
