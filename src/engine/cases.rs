//! 重点督办 cases while the program runs: submission, commands, the limit of a round, and what should become a case.
//!
//! ```text
//!  command ─► row of the case ─► ticket::key_case ─► commands to its orders ─► row, facts in one transaction
//!                  ▲                                                 │ somebody was quicker
//!                  └──────────────────── once more ◄─────────────────┘
//! ```
//!
//! **Invariants.** A case and its orders change together or not at all. A limit is told once, on whatever node and also
//! when the program stood still at it: what was told stands in the row. Orders are changed before the case's facts are
//! appended, as in every command: whoever holds the chain waits for nobody.
//! **Not here.** Rules (`ticket::key_case`), thresholds (`ticket::key_matter`), who sees a case (`http`).
//! **Source.** DB1302/T 604—2025 7.8.2.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::account::Principal;
use crate::base::ids::CaseId;
use crate::base::ids::TicketId;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::ticket_service::TicketChange;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::fact::case::CaseFact;
use crate::fact::personal::Personal;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::case_matters::MATTER_ORDERS_MAX;
use crate::io::store::case_matters::WeakRow;
use crate::io::store::cases::CaseRow;
use crate::ticket::command::Command;
use crate::ticket::command::EnterCase;
use crate::ticket::command::LeaveCase;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::Known;
use crate::ticket::key_case;
use crate::ticket::key_case::CaseCommand;
use crate::ticket::key_case::CaseOutcome;
use crate::ticket::key_case::KeyCase;
use crate::ticket::key_case::SubmitCase;
use crate::ticket::key_matter;
use crate::ticket::key_matter::Matter;
use crate::ticket::model::KeyCause;
use crate::ticket::model::Texts;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Orders of one submission or one command at most: they change in one transaction. More are joined later.
pub const ORDERS_AT_ONCE: usize = 200;
/// How often a command is decided again because somebody was quicker.
const TRIES: u32 = 4;
/// Limits told at one look.
const TOLD_AT_ONCE: u32 = 64;
const CLAUSE: &str = "7.8.2";

/// Why a case was not changed.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No such case.
    #[error("no such case")]
    NotFound,
    /// The rules, an order or the database did not do it.
    #[error(transparent)]
    Service(#[from] TicketServiceError),
}

impl From<StoreError> for CaseError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<AuditError> for CaseError {
    fn from(error: AuditError) -> Self {
        Self::Service(error.into())
    }
}

impl From<TicketError> for CaseError {
    fn from(error: TicketError) -> Self {
        Self::Service(error.into())
    }
}

/// A command to a case on its way.
#[derive(Clone, Copy, Debug)]
pub struct GiveCase<'a> {
    /// Who gives it.
    pub by: By<'a>,
    /// To which case.
    pub case: CaseId,
    /// What.
    pub command: &'a CaseCommand,
    /// The version the giver had before his eyes, if he says.
    pub expected: Option<i64>,
    /// The same key again does nothing again.
    pub key: Option<&'a str>,
}

/// What should become a case: a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseProposal {
    /// Why.
    pub cause: KeyCause,
    /// 事件类型.
    pub category: Option<String>,
    /// The region or street.
    pub region: Option<String>,
    /// What was counted.
    pub counted: Matter,
    /// Its orders, the newest first, at most [`MATTER_ORDERS_MAX`].
    pub orders: Vec<TicketId>,
}

/// What cases are made of.
pub struct CaseParts {
    /// The database.
    pub store: Store,
    /// The chain that their facts go to.
    pub audit: Audit,
    /// Orders.
    pub tickets: TicketService,
    /// Both clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Randomness for ids.
    pub random: Random,
}

/// 重点督办 cases; cheap to clone.
#[derive(Clone)]
pub struct Cases(Arc<Inner>);

struct Inner {
    store: Store,
    audit: Audit,
    tickets: TicketService,
    clock: Arc<dyn Clock + Send + Sync>,
    random: Mutex<Random>,
}

impl std::fmt::Debug for Cases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cases")
    }
}

impl Cases {
    /// Makes the handle.
    pub fn new(parts: CaseParts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            audit: parts.audit,
            tickets: parts.tickets,
            clock: parts.clock,
            random: Mutex::new(parts.random),
        }))
    }

    /// Reads a case with its words in clear.
    ///
    /// # Errors
    /// [`CaseError`].
    pub async fn case(&self, id: CaseId) -> Result<KeyCase, CaseError> {
        let row = self.0.store.key_case(id).await?.ok_or(CaseError::NotFound)?;
        self.open(row).await
    }

    /// Opens the words of a row; a case whose key was erased has none.
    ///
    /// # Errors
    /// [`CaseError`].
    pub async fn open(&self, row: CaseRow) -> Result<KeyCase, CaseError> {
        let words = self.0.audit.open(&row.sealed).await?;
        Ok(worded(row.case, words))
    }

    /// Hands orders to the inspection department as one case; the same key again gives the same case.
    ///
    /// # Errors
    /// [`CaseError`]; nothing is changed then.
    pub async fn submit(
        &self,
        who: &Principal,
        submission: &SubmitCase,
        key: Option<&str>,
    ) -> Result<KeyCase, CaseError> {
        let now = self.0.clock.now();
        let id = {
            let mut random = self.0.random.lock().unwrap_or_else(PoisonError::into_inner);
            CaseId::new(now, &mut random)
        };
        let mut tries = 1;
        loop {
            match Box::pin(self.try_submit(id, who, submission, key)).await {
                Err(error) if tries < TRIES && may_pass(&error) => tries += 1,
                other => return self.noted(By::User(who), "submit_case", id, other).await,
            }
        }
    }

    async fn try_submit(
        &self,
        id: CaseId,
        who: &Principal,
        submission: &SubmitCase,
        key: Option<&str>,
    ) -> Result<KeyCase, CaseError> {
        let now = self.0.clock.now();
        let scope = format!("user:{}", who.user);
        let mut tx = self.0.store.begin().await?;
        if let Some(key) = key
            && let Some(there) = tx.key_case_of(&scope, key).await?
        {
            drop(tx);
            return self.case(there).await;
        }
        check_count(&submission.orders)?;
        let submission = SubmitCase {
            appellants: tx.distinct_appellants(&submission.orders).await?,
            ..submission.clone()
        };
        let outcome = self.with_context(now, By::User(who), |ctx| key_case::submit(id, &submission, ctx))?;
        if let Some(key) = key {
            tx.put_key_case_key(&scope, key, id).await?;
        }
        self.store_outcome(tx, By::User(who), now, (None, outcome)).await
    }

    /// Gives a command and returns the case as it is then, committed.
    ///
    /// # Errors
    /// [`CaseError`]; nothing is changed then.
    pub async fn give(&self, give: GiveCase<'_>) -> Result<KeyCase, CaseError> {
        let mut tries = 1;
        loop {
            match Box::pin(self.try_give(&give)).await {
                Err(error) if tries < TRIES && may_pass(&error) => tries += 1,
                other => return self.noted(give.by, "case_command", give.case, other).await,
            }
        }
    }

    async fn try_give(&self, give: &GiveCase<'_>) -> Result<KeyCase, CaseError> {
        let now = self.0.clock.now();
        let scope = give.case.to_string();
        let mut tx = self.0.store.begin().await?;
        let row = tx.key_case(give.case).await?.ok_or(CaseError::NotFound)?;
        let key = tx.data_key(&row.sealed.key).await?;
        let words = key.map(|key| self.0.audit.open_with(&row.sealed, &key));
        let case = worded(row.case, words.transpose()?);
        if let Some(key) = give.key
            && tx.key_case_of(&scope, key).await?.is_some()
        {
            return Ok(case);
        }
        if let CaseCommand::Join { orders } = give.command {
            check_count(orders)?;
        }
        let outcome = self.with_context(now, give.by, |ctx| key_case::decide(&case, give.command, ctx));
        let stale = give.expected.filter(|expected| *expected != case.version);
        let outcome = match (outcome, stale) {
            (outcome, None) => outcome?,
            (Err(error @ TicketError::Forbidden { .. }), _) => return Err(error.into()),
            (_, Some(expected)) => {
                let actual = case.version;
                return Err(TicketError::Version { expected, actual }.into());
            }
        };
        if outcome.decisions.is_empty() {
            return Ok(case);
        }
        if let Some(key) = give.key {
            tx.put_key_case_key(&scope, key, give.case).await?;
        }
        self.store_outcome(tx, give.by, now, (Some(case), outcome)).await
    }

    /// Changes the orders, writes the row and the facts, commits and tells.
    async fn store_outcome(
        &self,
        mut tx: Tx,
        by: By<'_>,
        now: Now,
        (before, outcome): (Option<KeyCase>, CaseOutcome),
    ) -> Result<KeyCase, CaseError> {
        let CaseOutcome { case, decisions } = outcome;
        let known = before.as_ref().map_or(0, |case| case.orders.len());
        let fresh = case.orders.get(known..).unwrap_or_default().to_vec();
        let ended = case.ended_at.is_some() && before.as_ref().is_some_and(|case| case.ended_at.is_none());
        let mut changes = Vec::new();
        for order in &fresh {
            let command = Command::EnterCase(EnterCase {
                case: case.id,
                cause: case.cause,
            });
            changes.extend(self.to_order(&mut tx, by, *order, &command).await?);
        }
        if ended {
            let command = Command::LeaveCase(LeaveCase { case: case.id });
            for order in &case.orders {
                changes.extend(self.to_order(&mut tx, by, *order, &command).await?);
            }
        }
        let key_id = case.id.to_string();
        let words = Personal {
            number: None,
            values: case.texts.0.clone(),
        };
        let sealed = self.0.audit.seal(&mut tx, &key_id, &words).await?;
        let row = CaseRow { case, sealed };
        tx.put_key_case(&row, before.as_ref().map(|case| case.version))
            .await?;
        let units = if before.is_none() {
            row.case.units.as_slice()
        } else {
            &[]
        };
        tx.put_key_case_parts(row.case.id, &fresh, units).await?;
        let records = decisions
            .into_iter()
            .map(|it| record(by, now, it.fact, it.personal));
        let records: Vec<Record> = records.collect();
        self.0.audit.append(&mut tx, &records).await?;
        tx.commit().await?;
        self.0.tickets.tell(changes);
        self.0.tickets.wake_clocks();
        Ok(row.case)
    }

    async fn to_order(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        order: TicketId,
        command: &Command,
    ) -> Result<Option<TicketChange>, CaseError> {
        match self.0.tickets.give_within(tx, by, order, command).await {
            Err(TicketServiceError::NotFound(_)) => Err(TicketError::Invalid {
                field: "orders",
                reason: "unknown_code",
                clause: CLAUSE,
            }
            .into()),
            other => Ok(other?),
        }
    }

    fn with_context<T>(&self, now: Now, by: By<'_>, act: impl FnOnce(&Context<'_>) -> T) -> T {
        let reference = self.0.tickets.reference();
        act(&Context {
            now: now.wall,
            by,
            reference: &reference,
            zone: self.0.tickets.zone(),
            known: &Known::default(),
        })
    }

    /// Tells of every limit that has passed without every report. Returns how many.
    ///
    /// # Errors
    /// [`TicketServiceError`]; those told of before it stay told.
    pub async fn fire_due(&self) -> Result<u32, TicketServiceError> {
        let mut told = 0;
        loop {
            let now = self.0.clock.now().wall;
            let due = self.0.store.due_cases(now, TOLD_AT_ONCE).await?;
            let before = told;
            for case in due {
                let give = GiveCase {
                    by: By::System,
                    case,
                    command: &CaseCommand::LimitPassed {},
                    expected: None,
                    key: None,
                };
                match self.give(give).await {
                    Ok(case) => told += u32::from(case.overdue),
                    // It is gone: there is nothing to tell.
                    Err(CaseError::NotFound) => (),
                    Err(CaseError::Service(error)) => return Err(error),
                }
            }
            if told == before {
                return Ok(told);
            }
        }
    }

    /// When the next limit passes, if one runs.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn next_due(&self) -> Result<Option<WallTime>, TicketServiceError> {
        Ok(self.0.store.next_case_at().await?)
    }

    /// What should become a case by the thresholds of today. Source: 7.8.2 a–c.
    ///
    /// # Errors
    /// [`CaseError`].
    pub async fn proposals(&self) -> Result<Vec<CaseProposal>, CaseError> {
        let now = self.0.clock.now().wall;
        let reference = self.0.tickets.reference();
        let settings = reference.settings.at(now);
        let window = settings.rule(Id::KeyWindow).duration().unwrap_or_default();
        let micros = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
        let after = WallTime::from_micros(now.as_micros().saturating_sub(micros));
        let least = settings.count(Id::KeyDistinctAppellants);
        let mut all = Vec::new();
        for row in self.0.store.many_appeals(after, now, least).await? {
            let counted = Matter {
                appellants: row.appellants,
                ..Matter::default()
            };
            let orders = self.0.store.orders_of_matter(&row, after, now).await?;
            if let Some(cause) = key_matter::propose(counted, &settings) {
                all.push(CaseProposal {
                    cause,
                    category: Some(row.category),
                    region: Some(row.region),
                    counted,
                    orders,
                });
            }
        }
        let mut weak = |row: WeakRow, counted: Matter| {
            let told = all.iter().any(|it| it.orders.contains(&row.ticket));
            if let Some(cause) = key_matter::propose(counted, &settings).filter(|_| !told) {
                all.push(CaseProposal {
                    cause,
                    category: row.category,
                    region: row.region,
                    counted,
                    orders: vec![row.ticket],
                });
            }
        };
        for row in self
            .0
            .store
            .failed_reworks(settings.count(Id::KeyFailedReworks))
            .await?
        {
            let failed_reworks = row.count;
            let counted = Matter {
                failed_reworks,
                ..Matter::default()
            };
            weak(row, counted);
        }
        for row in self.0.store.escalated_supervisions().await? {
            let escalated = row.count;
            let counted = Matter {
                escalated,
                ..Matter::default()
            };
            weak(row, counted);
        }
        Ok(all)
    }

    /// A refusal for lack of a right is written to the trail, as every other is.
    async fn noted<T>(
        &self,
        by: By<'_>,
        verb: &str,
        case: CaseId,
        result: Result<T, CaseError>,
    ) -> Result<T, CaseError> {
        let forbidden = matches!(
            &result,
            Err(CaseError::Service(TicketServiceError::Refused(
                TicketError::Forbidden { .. }
            )))
        );
        if let (true, By::User(who)) = (forbidden, by) {
            let fact = AccountFact::PermissionDenied {
                verb: format!("case.{verb}"),
                object: format!("case/{case}"),
            };
            let denied = Record {
                now: self.0.clock.now(),
                interaction: None,
                ticket: None,
                actor: Actor::named(ActorKind::User, &who.user),
                cause: "api:denied",
                fact: Fact::Account(fact),
                personal: None,
            };
            if let Err(error) = self.0.audit.write(&[denied]).await {
                tracing::error!(%error, "a refusal could not be written to the trail");
            }
        }
        result
    }
}

/// Puts opened words into their case.
fn worded(mut case: KeyCase, words: Option<Personal>) -> KeyCase {
    case.texts = Texts(words.map(|words| words.values).unwrap_or_default());
    case
}

fn check_count(orders: &[TicketId]) -> Result<(), TicketError> {
    if orders.len() <= ORDERS_AT_ONCE {
        return Ok(());
    }
    Err(TicketError::Rule {
        rule: "case_limit",
        clause: CLAUSE,
    })
}

/// Whether somebody else was in the way and the same may go well now.
fn may_pass(error: &CaseError) -> bool {
    match error {
        CaseError::Service(error) => error.may_pass_now(),
        CaseError::NotFound => false,
    }
}

fn record(by: By<'_>, now: Now, fact: CaseFact, personal: Option<Personal>) -> Record {
    let (actor, cause) = match by {
        By::System => (Actor::system(), "timer:case_limit"),
        By::User(who) => (Actor::named(ActorKind::User, &who.user), "api:case"),
    };
    Record {
        now,
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact: Fact::Case(fact),
        personal,
    }
}

const _: () = assert!(MATTER_ORDERS_MAX as usize <= ORDERS_AT_ONCE);
