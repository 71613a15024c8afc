//! Looks up what a command refers to outside its order.
//!
//! **Not here.** What follows from it (`ticket::decide`).

use crate::account::Principal;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::io::store::Tx;
use crate::io::store::tickets::TicketRow;
use crate::io::store::users::AccountState;
use crate::ticket::command::Command;
use crate::ticket::decide::ArticleView;
use crate::ticket::decide::CallView;
use crate::ticket::decide::Known;
use crate::ticket::decide::MasterView;
use crate::ticket::model::ArticleRef;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;

impl TicketService {
    /// What a command refers to, but the order it points to.
    pub(super) async fn look_up(&self, command: &Command) -> Result<Known, TicketServiceError> {
        let mut known = Known::default();
        if let Some(article) = article_of(command) {
            known.article = self.article(article).await?;
        }
        if let Some(call) = call_of(command) {
            known.call = self.call(call).await?;
        }
        if let Some(user) = second_of(command) {
            known.second = self.second(user).await?;
        }
        Ok(known)
    }

    /// The order a command points to.
    pub(super) async fn master_of(
        &self,
        tx: &mut Tx,
        command: &Command,
        ours: &TicketRow,
    ) -> Result<Option<MasterView>, TicketServiceError> {
        let Some(id) = pointed_to(command) else {
            return Ok(None);
        };
        let master = tx.ticket(id).await?;
        Ok(master.map(|master| MasterView {
            id,
            open_or_finished: is_open_or_finished(&master.ticket),
            same_appellant: same_appellant(ours, &master),
        }))
    }

    async fn call(&self, id: InteractionId) -> Result<Option<CallView>, TicketServiceError> {
        let line = self.inner.store.call(id).await?;
        Ok(line.map(|line| CallView {
            answered: line.record.agent_answered_at.is_some(),
        }))
    }

    async fn second(&self, user: &UserId) -> Result<Option<Principal>, TicketServiceError> {
        let account = self.inner.store.account(user).await?;
        let account = account.filter(|account| account.state == AccountState::Active);
        Ok(account.map(|account| Principal {
            user: account.id,
            roles: account.roles,
            organ: account.organ,
            agent: account.agent,
            session: String::new(),
            commitment: crate::account::commitment::Commitment::Signed,
        }))
    }

    /// An article in the version that is named; it must be approved and not expired on the day of the answer.
    async fn article(&self, article: &ArticleRef) -> Result<Option<ArticleView>, TicketServiceError> {
        let Ok(id) = article.id.parse() else {
            return Ok(None);
        };
        let today = self.inner.zone.date_of(self.inner.clock.now().wall);
        let version = self.inner.store.article(id, article.version).await?;
        Ok(version.map(|version| ArticleView {
            article: article.clone(),
            valid: version.is_valid(today),
        }))
    }
}

const fn article_of(command: &Command) -> Option<&ArticleRef> {
    match command {
        Command::Answer(it) => it.article.as_ref(),
        _ => None,
    }
}

const fn call_of(command: &Command) -> Option<InteractionId> {
    match command {
        Command::Answer(it) => it.call,
        Command::LinkCall(it) => Some(it.interaction),
        Command::RecordContact(it) => it.call,
        Command::RecordAttempt(it) => it.call,
        Command::RecordResult(it) => it.call,
        _ => None,
    }
}

const fn second_of(command: &Command) -> Option<&UserId> {
    match command {
        Command::Refuse(it) => it.confirmed_by.as_ref(),
        _ => None,
    }
}

const fn pointed_to(command: &Command) -> Option<TicketId> {
    match command {
        Command::Answer(it) => it.master,
        Command::Refuse(it) => it.concluded,
        Command::Merge(it) => Some(it.master),
        _ => None,
    }
}

/// Whether a repeat may rest on an order: it was accepted, and it has neither been merged nor cancelled.
const fn is_open_or_finished(ticket: &Ticket) -> bool {
    match ticket.state {
        State::Answered
        | State::PendingDispatch
        | State::Arbitration
        | State::PendingSign
        | State::Handling
        | State::Review
        | State::Followup
        | State::Verify
        | State::Rework
        | State::Closed
        | State::Archived => true,
        State::Intake
        | State::Draft
        | State::NotAccepted
        | State::Invalid
        | State::Referred
        | State::Merged
        | State::Cancelled => false,
    }
}

/// Whether two orders have a number in common.
fn same_appellant(one: &TicketRow, other: &TicketRow) -> bool {
    let tags = |row: &TicketRow| {
        let caller = row.caller.as_ref().and_then(|caller| caller.number_tag.clone());
        [caller, row.contact_tag.clone()]
    };
    let theirs = tags(other);
    tags(one).iter().any(|tag| tag.is_some() && theirs.contains(tag))
}
