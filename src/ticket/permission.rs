//! Which roles may give which command to a work order.
//!
//! **Invariants.** What is not granted is refused. A unit commands only what is its own; that, and which state allows a
//! command, is checked in `ticket::decide`.
//! **Not here.** Signing in and the coarse permission to touch orders at all (`account::permission`); who may read an
//! order (`ticket::sight`).
//! **Source.** DB1302/T 604—2025 7.1 to 7.9, 8.4.1.1.

use crate::account::Role;
use crate::ticket::command::Command;

/// Who writes down what citizens say.
const DESK: &[Role] = &[Role::Agent, Role::Expert, Role::Supervisor];
/// The hotline organ's officers who send orders out.
const DISPATCH: &[Role] = &[Role::Dispatcher, Role::Supervisor];
/// Who handles: units and grid officers.
const UNIT: &[Role] = &[Role::Unit, Role::Grid];
/// Who supervises units.
const OVERSIGHT: &[Role] = &[Role::Reviewer, Role::Supervisor, Role::Dispatcher];

/// The roles that may give this command; empty for what only the program asks.
pub const fn roles(command: &Command) -> &'static [Role] {
    use Role::{Agent, Dispatcher, Expert, Followup, Grid, Reviewer, Supervisor, Unit};
    match command {
        Command::Claim(_) => &[Agent, Expert],
        Command::SaveDraft(_)
        | Command::Submit(_)
        | Command::Answer(_)
        | Command::WarnCaller(_)
        | Command::Refuse(_)
        | Command::MarkInvalid(_)
        | Command::Refer(_)
        | Command::Merge(_)
        | Command::AddFacts(_) => DESK,
        Command::SetFlag(_) => &[Agent, Expert, Supervisor, Dispatcher, Reviewer, Followup],
        Command::SetCircle(_) => &[Agent, Expert, Supervisor, Dispatcher],
        Command::Attach(_) => &[
            Agent, Expert, Supervisor, Dispatcher, Reviewer, Followup, Unit, Grid,
        ],
        Command::LinkCall(_) => &[Agent, Expert, Supervisor, Followup, Unit],
        Command::Dispatch(_)
        | Command::SendBack(_)
        | Command::OpenArbitration(_)
        | Command::Arbitrate(_)
        | Command::ChangeCategory(_)
        | Command::DecideReturn(_)
        | Command::DecideCoHandling(_)
        | Command::Reopen(_)
        | Command::OverturnRefusal(_)
        | Command::AssignHelp(_) => DISPATCH,
        Command::Redispatch(_) => &[Dispatcher, Unit],
        Command::AcknowledgeDuty(_) => &[Agent, Expert, Dispatcher, Supervisor, Unit],
        Command::ChangeUrgency(_) => &[Agent, Expert, Dispatcher, Supervisor],
        Command::ChangeType(_) | Command::DecideExtension(_) => &[Dispatcher, Supervisor, Reviewer],
        Command::Sign(_) | Command::RecordContact(_) | Command::RecordProgress(_) | Command::FeedBack(_) => {
            UNIT
        }
        // The supervisor takes what comes after its window (原则上, 7.4).
        Command::AskReturn(_) => &[Unit, Grid, Supervisor],
        Command::AskCoHandling(_) => &[Unit, Supervisor],
        Command::AskExtension(_)
        | Command::SignSub(_)
        | Command::ReplySub(_)
        | Command::ReadSupervision(_)
        | Command::ReplySupervision(_) => &[Unit],
        Command::PassReview(_) | Command::SendBackReply(_) => &[Reviewer],
        Command::RecordAttempt(_) | Command::RecordResult(_) => &[Followup, Unit],
        Command::RateAgent(_) | Command::ProposeVerdict(_) => &[Followup],
        Command::DecideVerdict(_) => &[Followup, Reviewer, Supervisor],
        Command::Unmerge(_) | Command::Cancel(_) | Command::Instruct(_) | Command::CloseHelp(_) => {
            &[Supervisor]
        }
        Command::Urge(_) => &[Agent, Expert, Supervisor, Dispatcher, Followup],
        Command::Supervise(_)
        | Command::JudgeSupervision(_)
        | Command::EnterCase(_)
        | Command::FixResponsibility(_) => OVERSIGHT,
        Command::OpenHelp(_) => &[Expert, Supervisor, Dispatcher],
        Command::CheckIn(_) | Command::EndHelp(_) | Command::ReportHelp(_) => &[Expert],
        Command::LeaveCase(_) => &[Role::Inspector],
        Command::RecordRepeat(_)
        | Command::Archive(_)
        | Command::ClockDue(_)
        | Command::Recompute
        | Command::NotifyDuty => &[],
    }
}
