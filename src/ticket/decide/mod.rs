//! Decides what a command does to a work order: which facts follow, or which clause refuses it.
//!
//! ```text
//!  [*] ─► intake ─claim─► draft ◄─send back─┐
//!          draft ─► answered | not_accepted | invalid | referred | merged      (7.1.4, 6.2, appendix A)
//!          draft ─submit─► pending_dispatch ─dispatch─► pending_sign ─sign─► handling ─feed back─► review
//!                               │  ▲                         │ return approved          ▲            │
//!                               ▼  └─────────────────────────┴─────────────────────────┐│            ▼
//!                          arbitration ─► pending_sign                    rework ◄─ verify ◄─ followup
//!                                                                                       └─► closed ─► archived
//! ```
//!
//! **Invariants.** Pure. A refusal names the clause and changes nothing. Facts are decided one after another on a copy
//! that each of them is applied to, so that a later rule sees what an earlier fact did.
//! **Not here.** Loading what a command refers to ([`Known`]), rows and transactions (`engine::ticket_service`).
//! **Source.** DB1302/T 604—2025 6.2, 7.1 to 7.9, appendix B.

mod cases;
mod change;
mod checks;
mod clocks;
mod closing;
mod dispatch;
mod draft;
mod duty;
mod endings;
mod extension;
mod followup;
mod handling;
mod help;
mod intake;
mod mark;
mod open;
mod parts;
mod request;
mod review;
mod supervision;
mod verify;
mod work;

use crate::account::Principal;
use crate::account::Role;
use crate::base::civil::SiteZone;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::Opening;
pub use crate::ticket::decide::cases::CASES_MAX;
pub use crate::ticket::decide::closing::REOPENED_MAX;
pub use crate::ticket::decide::draft::ADDRESS_MAX;
pub use crate::ticket::decide::draft::CLAUSE_ITEMS;
pub use crate::ticket::decide::draft::CLAUSE_KINDS;
pub use crate::ticket::decide::draft::CONTENT_MAX;
pub use crate::ticket::decide::draft::CONTENT_MIN;
pub use crate::ticket::decide::draft::NAME_MAX;
pub use crate::ticket::decide::draft::PHONE_MAX;
pub use crate::ticket::decide::endings::EXPLANATION_MIN;
pub use crate::ticket::decide::endings::OTHER_LINE;
pub use crate::ticket::decide::endings::REPEATS_MAX;
pub use crate::ticket::decide::endings::SCORE_MAX;
pub use crate::ticket::decide::help::HELPS_MAX;
pub use crate::ticket::decide::help::LIST_MAX as HELP_LIST_MAX;
pub use crate::ticket::decide::mark::ADDED_MAX;
pub use crate::ticket::decide::mark::CALLS_MAX;
pub use crate::ticket::decide::mark::CIRCLE_MAX;
pub use crate::ticket::decide::mark::FILES_MAX;
pub use crate::ticket::decide::open::MATTERS_MAX;
pub use crate::ticket::decide::open::ORIGINAL_MAX;
pub use crate::ticket::decide::supervision::INSTRUCTIONS_MAX;
pub use crate::ticket::decide::supervision::URGES_MAX;
pub use crate::ticket::decide::work::FACTS_MAX;
use crate::ticket::decide::work::Work;
pub(in crate::ticket) use crate::ticket::decide::work::checked;
use crate::ticket::model::ArticleRef;
use crate::ticket::model::Ticket;
use crate::ticket::permission;
use crate::ticket::reference::Reference;
pub use crate::ticket::refusal::TicketError;

/// Who gives a command.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A signed-in person.
    User(&'a Principal),
    /// The program: a timer, a policy, another order's command.
    System,
}

/// What a command refers to outside its order, as the caller looked it up.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The order a merge or an instant answer points to.
    pub master: Option<MasterView>,
    /// The article an instant answer rests on.
    pub article: Option<ArticleView>,
    /// Whether the call or transfer named in a command is there and belongs to the order's appellant or agent.
    pub call: Option<CallView>,
    /// Whether the second person named in a command exists and which roles he has.
    pub second: Option<Principal>,
}

/// What is to be known of the order that is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterView {
    /// Its id.
    pub id: TicketId,
    /// Open, or lawfully finished.
    pub open_or_finished: bool,
    /// Whether it is the same appellant.
    pub same_appellant: bool,
}

/// What is to be known of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleView {
    /// Which, in which version.
    pub article: ArticleRef,
    /// Approved and not expired now.
    pub valid: bool,
}

/// What is to be known of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// Whether it was answered by the other side.
    pub answered: bool,
}

/// What a decision is made with.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// When.
    pub now: WallTime,
    /// Who.
    pub by: By<'a>,
    /// Organs, categories, rules, calendar, settings.
    pub reference: &'a Reference,
    /// The site's zone.
    pub zone: &'a SiteZone,
    /// What the command refers to.
    pub known: &'a Known,
}

/// A fact to be, with the values that are sealed beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happens.
    pub fact: TicketFact,
    /// The words behind it.
    pub personal: Option<Personal>,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The order after it.
    pub ticket: Ticket,
    /// The facts, in order; none when the command changes nothing.
    pub decisions: Vec<Decision>,
}

/// Decides how an order comes into being.
///
/// # Errors
/// [`TicketError`] says why it does not.
pub fn open(id: TicketId, opening: &Opening, ctx: &Context<'_>) -> Result<Outcome, TicketError> {
    let mut work = Work::new(crate::ticket::evolve::opening(id, opening, ctx.now), ctx);
    open::open(&mut work, opening)?;
    Ok(work.done())
}

/// Decides what `command` does to `ticket`. Pure: the caller stores row and facts together.
///
/// # Errors
/// [`TicketError`] says why the command is refused.
pub fn decide(ticket: &Ticket, command: &Command, ctx: &Context<'_>) -> Result<Outcome, TicketError> {
    let mut work = Work::new(ticket.clone(), ctx);
    check_role(&work, command)?;
    match command {
        Command::Claim(_)
        | Command::SaveDraft(_)
        | Command::Submit(_)
        | Command::Answer(_)
        | Command::WarnCaller(_)
        | Command::Refuse(_)
        | Command::MarkInvalid(_)
        | Command::Refer(_)
        | Command::Merge(_)
        | Command::RecordRepeat(_) => intake::decide(&mut work, command)?,
        Command::SetFlag(_)
        | Command::SetCircle(_)
        | Command::Attach(_)
        | Command::LinkCall(_)
        | Command::AddFacts(_)
        | Command::ChangeUrgency(_)
        | Command::ChangeType(_)
        | Command::ChangeCategory(_) => mark::decide(&mut work, command)?,
        Command::Dispatch(_)
        | Command::SendBack(_)
        | Command::OpenArbitration(_)
        | Command::Arbitrate(_)
        | Command::Redispatch(_)
        | Command::AcknowledgeDuty(_)
        | Command::NotifyDuty => dispatch::decide(&mut work, command)?,
        Command::Sign(_) | Command::RecordContact(_) | Command::RecordProgress(_) | Command::FeedBack(_) => {
            handling::decide(&mut work, command)?;
        }
        Command::AskReturn(_)
        | Command::DecideReturn(_)
        | Command::AskExtension(_)
        | Command::DecideExtension(_)
        | Command::AskCoHandling(_)
        | Command::DecideCoHandling(_)
        | Command::SignSub(_)
        | Command::ReplySub(_) => request::decide(&mut work, command)?,
        Command::PassReview(_) | Command::SendBackReply(_) => review::decide(&mut work, command)?,
        Command::RecordAttempt(_)
        | Command::RecordResult(_)
        | Command::RateAgent(_)
        | Command::ProposeVerdict(_)
        | Command::DecideVerdict(_) => followup::decide(&mut work, command)?,
        Command::Reopen(_)
        | Command::OverturnRefusal(_)
        | Command::Unmerge(_)
        | Command::Cancel(_)
        | Command::Archive(_)
        | Command::FixResponsibility(_) => closing::decide(&mut work, command)?,
        Command::Urge(_)
        | Command::Instruct(_)
        | Command::Supervise(_)
        | Command::ReadSupervision(_)
        | Command::ReplySupervision(_)
        | Command::JudgeSupervision(_) => supervision::decide(&mut work, command)?,
        Command::EnterCase(_) | Command::LeaveCase(_) => cases::decide(&mut work, command)?,
        Command::OpenHelp(_)
        | Command::AssignHelp(_)
        | Command::CheckIn(_)
        | Command::EndHelp(_)
        | Command::ReportHelp(_)
        | Command::CloseHelp(_) => help::decide(&mut work, command)?,
        Command::ClockDue(_) | Command::Recompute => clocks::decide(&mut work, command),
    }
    Ok(work.done())
}

fn check_role(work: &Work<'_>, command: &Command) -> Result<(), TicketError> {
    let allowed: &[Role] = permission::roles(command);
    match work.ctx.by {
        By::System => Ok(()),
        By::User(who) if allowed.iter().any(|role| who.roles.contains(role)) => Ok(()),
        By::User(_) => work.refuse(TicketError::Forbidden {
            rule: "role",
            clause: command.clause(),
        }),
    }
}
