//! The knowledge base while the program runs: writing, approving, asking for updates, and telling who is late.
//!
//! ```text
//!  ask ─► open ─version approved─► done
//!           └─limit passed─► told once: fact, notice to the organ, 督办 d on the order that needed it ─► done, late
//! ```
//!
//! **Invariants.** Row and fact are written together. Lateness is told once, on whatever node, and also when the
//! program stood still at the limit.
//! **Not here.** What may be written (`ticket::article`); who may do it (`account::permission`, asked by the caller).
//! **Source.** DB1302/T 604—2025 8.3, 7.8.1 d; reading Q28.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use crate::account::Principal;
use crate::base::civil::SiteZone;
use crate::base::ids::ArticleId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UpdateId;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::outbox::Message;
use crate::engine::outbox::Outbox;
use crate::engine::outbox::Recipient;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::TicketService;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::article::ArticleFact;
use crate::fact::personal::Personal;
use crate::io::keys::SITE_KEY;
use crate::io::notify::render::Secrecy;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::Template;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::articles::UpdateRow;
use crate::ticket::article;
use crate::ticket::article::Article;
use crate::ticket::article::ArticleState;
use crate::ticket::article::Hand;
use crate::ticket::article::Words;
use crate::ticket::command::Command;
use crate::ticket::command::Supervise;
use crate::ticket::command::Text;
use crate::ticket::deadline::Limits;
use crate::ticket::model::ArticleRef;
use crate::ticket::model::SupervisionCause;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// How often limits of requests are looked at: they are counted in days.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Requests told of at one look.
const TOLD_AT_ONCE: u32 = 100;
/// What a 督办 because of a late update says.
const SUPERVISION_TEXT: &str = "未按要求更新热线知识库";

/// Why an article was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ArticleError {
    /// No such article or request.
    #[error("no such article")]
    NotFound,
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] TicketError),
    /// The database or the keys did not do it.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<StoreError> for ArticleError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct UpdateRequest {
    /// Which article; none when there is none yet.
    pub article: Option<ArticleId>,
    /// Who is asked.
    pub organ: OrganId,
    /// The order whose inquiry found no article.
    pub ticket: Option<TicketId>,
    /// Why: 2 to 500 characters.
    pub reason: String,
}

impl std::fmt::Debug for UpdateRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UpdateRequest({}, ***)", self.organ)
    }
}

/// What the knowledge base is made of.
pub struct ArticleParts {
    /// The database.
    pub store: Store,
    /// The chain that its facts go to.
    pub audit: Audit,
    /// Orders, for 督办 and for the reference data in force.
    pub tickets: TicketService,
    /// Where notices go; without one none leaves.
    pub outbox: Option<Outbox>,
    /// Both clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Randomness for ids.
    pub random: Random,
    /// The site's zone.
    pub zone: SiteZone,
}

/// The knowledge base; cheap to clone.
#[derive(Clone)]
pub struct Articles(Arc<Inner>);

struct Inner {
    store: Store,
    audit: Audit,
    tickets: TicketService,
    outbox: Option<Outbox>,
    clock: Arc<dyn Clock + Send + Sync>,
    random: Mutex<Random>,
    zone: SiteZone,
}

impl std::fmt::Debug for Articles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Articles")
    }
}

impl Articles {
    /// Makes the handle.
    pub fn new(parts: ArticleParts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            audit: parts.audit,
            tickets: parts.tickets,
            outbox: parts.outbox,
            clock: parts.clock,
            random: Mutex::new(parts.random),
            zone: parts.zone,
        }))
    }

    /// Writes a new article, for a request if one is named.
    ///
    /// # Errors
    /// [`ArticleError`].
    pub async fn begin(
        &self,
        who: &Principal,
        words: Words,
        update: Option<UpdateId>,
    ) -> Result<Article, ArticleError> {
        self.check_owner(&words.owner)?;
        let now = self.0.clock.now();
        let id = self.draw(|random| ArticleId::new(now, random));
        let article = Article::first(id, words, hand(who, now))?;
        let mut tx = self.0.store.begin().await?;
        if let Some(update) = update
            && !tx.set_update_article(update, id).await?
        {
            return Err(ArticleError::NotFound);
        }
        tx.put_article(&article, None).await?;
        self.append(&mut tx, who, now, vec![written(&article)]).await?;
        tx.commit().await?;
        Ok(article)
    }

    /// Writes the draft of an article again, or begins its next version; `expected` is the revision that was read.
    ///
    /// # Errors
    /// [`ArticleError`].
    pub async fn write(
        &self,
        who: &Principal,
        id: ArticleId,
        expected: i64,
        words: Words,
    ) -> Result<Article, ArticleError> {
        self.check_owner(&words.owner)?;
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        let newest = newest(&mut tx, id, expected).await?;
        let article = newest.write(words, hand(who, now))?;
        let again = (article.version == newest.version).then_some(newest.revision);
        tx.put_article(&article, again).await?;
        self.append(&mut tx, who, now, vec![written(&article)]).await?;
        tx.commit().await?;
        Ok(article)
    }

    /// Publishes the draft of an article: the version before is retired, requests for it are done.
    ///
    /// # Errors
    /// [`ArticleError`].
    pub async fn approve(
        &self,
        who: &Principal,
        id: ArticleId,
        expected: i64,
    ) -> Result<Article, ArticleError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        let newest = newest(&mut tx, id, expected).await?;
        let article = newest.approve(hand(who, now))?;
        let mut facts = Vec::new();
        for before in tx.article_versions(id).await? {
            if before.state == ArticleState::Approved {
                tx.put_article(&before.retire(now.wall)?, Some(before.revision))
                    .await?;
                facts.push(retired(&before));
            }
        }
        tx.put_article(&article, Some(newest.revision)).await?;
        facts.push(ArticleFact::Approved {
            article: id,
            version: article.version,
        });
        for update in tx.finish_article_updates(id, article.version, now.wall).await? {
            facts.push(ArticleFact::UpdateDone {
                update: update.id,
                article: id,
                version: article.version,
                late: update.due <= now.wall,
            });
        }
        self.append(&mut tx, who, now, facts).await?;
        tx.commit().await?;
        Ok(article)
    }

    /// Takes the newest version of an article out of use.
    ///
    /// # Errors
    /// [`ArticleError`].
    pub async fn retire(
        &self,
        who: &Principal,
        id: ArticleId,
        expected: i64,
    ) -> Result<Article, ArticleError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        let newest = newest(&mut tx, id, expected).await?;
        let article = newest.retire(now.wall)?;
        let mut facts = Vec::new();
        for before in tx.article_versions(id).await? {
            // What counts while a draft waits goes with it: nothing of the article is in use then.
            if before.state != ArticleState::Retired {
                tx.put_article(&before.retire(now.wall)?, Some(before.revision))
                    .await?;
                facts.push(retired(&before));
            }
        }
        self.append(&mut tx, who, now, facts).await?;
        tx.commit().await?;
        Ok(article)
    }

    /// Asks an organ to bring an article up to date, or to write one.
    ///
    /// # Errors
    /// [`ArticleError`].
    pub async fn ask(&self, who: &Principal, request: UpdateRequest) -> Result<UpdateRow, ArticleError> {
        self.check_owner(&request.organ)?;
        let reason = article::reason(&request.reason)?;
        let now = self.0.clock.now();
        let reference = self.0.tickets.reference();
        let limits = Limits::of(&reference, &self.0.zone, now.wall);
        let rule = reference.settings.at(now.wall).rule(Id::KnowledgeUpdate);
        let due = limits.deadline(now.wall, rule).at;
        let personal = Personal::default().with("reason", reason);
        let mut tx = self.0.store.begin().await?;
        let title = match request.article {
            Some(id) => match tx.article_versions(id).await?.into_iter().next() {
                Some(article) => article.title,
                None => return Err(ArticleError::NotFound),
            },
            None => String::new(),
        };
        if let Some(ticket) = request.ticket
            && tx.ticket(ticket).await?.is_none()
        {
            return Err(ArticleError::NotFound);
        }
        let row = UpdateRow {
            id: self.draw(|random| UpdateId::new(now, random)),
            article: request.article,
            organ: request.organ,
            ticket: request.ticket,
            reason: self.0.audit.seal(&mut tx, SITE_KEY, &personal).await?,
            asked_by: who.user.clone(),
            asked_at: now.wall,
            due,
            done_at: None,
            done_version: None,
            overdue_at: None,
        };
        tx.insert_article_update(&row).await?;
        let deadline = self.0.zone.format_end(due);
        let words = [("title", title), ("deadline", deadline)];
        self.notice(&mut tx, &row, Template::KnowledgeTask, words).await?;
        let fact = ArticleFact::UpdateAsked {
            update: row.id,
            article: row.article,
            organ: row.organ.clone(),
            ticket: row.ticket,
            due,
        };
        let mut record = record(actor(who), "api:article", now, fact);
        record.personal = Some(personal);
        self.0.audit.append(&mut tx, &[record]).await?;
        tx.commit().await?;
        self.wake();
        Ok(row)
    }

    /// Tells of requests whose limit has passed, as long as the program runs.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.tell_overdue().await {
                tracing::error!(%error, "late updates of the knowledge base could not be told");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells of every request whose limit has passed and that was not told of. Returns how many.
    ///
    /// # Errors
    /// [`ArticleError`]; those told of before it stay told.
    pub async fn tell_overdue(&self) -> Result<u32, ArticleError> {
        let mut told = 0;
        loop {
            let now = self.0.clock.now();
            let late = self
                .0
                .store
                .overdue_article_updates(now.wall, TOLD_AT_ONCE)
                .await?;
            if late.is_empty() {
                return Ok(told);
            }
            for row in late {
                told += u32::from(self.tell(&row, now).await?);
            }
        }
    }

    async fn tell(&self, row: &UpdateRow, now: Now) -> Result<bool, ArticleError> {
        let mut tx = self.0.store.begin().await?;
        if !tx.tell_update_overdue(row.id, now.wall).await? {
            return Ok(false);
        }
        let fact = ArticleFact::UpdateOverdue {
            update: row.id,
            organ: row.organ.clone(),
        };
        let words = [
            ("reason", SUPERVISION_TEXT.to_owned()),
            ("deadline", self.0.zone.format_end(row.due)),
        ];
        self.notice(&mut tx, row, Template::UnitSupervision, words)
            .await?;
        let record = record(Actor::system(), "timer:knowledge_update", now, fact);
        self.0.audit.append(&mut tx, &[record]).await?;
        tx.commit().await?;
        self.wake();
        if let Some(ticket) = row.ticket {
            self.supervise(ticket).await;
        }
        Ok(true)
    }

    /// 督办 d on the order that needed the article, while a unit has it. Source: 7.8.1 d.
    async fn supervise(&self, ticket: TicketId) {
        let command = Command::Supervise(Supervise {
            cause: SupervisionCause::Knowledge,
            text: Text(SUPERVISION_TEXT.to_owned()),
        });
        if let Err(error) = self.0.tickets.give(Give::by_system(ticket, &command)).await {
            // An inquiry that was answered at once has no unit: the notice and the fact stand for it.
            tracing::info!(%error, %ticket, "no supervision of the order for a late update");
        }
    }

    async fn notice(
        &self,
        tx: &mut Tx,
        row: &UpdateRow,
        template: Template,
        words: [(&str, String); 2],
    ) -> Result<(), ArticleError> {
        let Some(outbox) = &self.0.outbox else {
            return Ok(());
        };
        let words = words.into_iter().map(|(name, word)| (name.to_owned(), word));
        let message = Message {
            key: format!("{template}:{}", row.id),
            channel: Channel::Notice,
            template,
            recipient: Recipient::Unit(row.organ.clone(), None),
            key_id: SITE_KEY.to_owned(),
            ticket: None,
            variables: words.collect(),
            secrecy: Secrecy::Open,
            not_before: None,
        };
        outbox.queue(tx, &[message]).await?;
        Ok(())
    }

    fn wake(&self) {
        if let Some(outbox) = &self.0.outbox {
            outbox.wake();
        }
    }

    fn check_owner(&self, organ: &OrganId) -> Result<(), TicketError> {
        let reference = self.0.tickets.reference();
        let day = self.0.zone.date_of(self.0.clock.now().wall);
        if reference
            .organs
            .get(organ)
            .is_some_and(|organ| organ.is_active(day))
        {
            return Ok(());
        }
        Err(TicketError::Invalid {
            field: "organ",
            reason: "unknown_code",
            clause: article::CLAUSE,
        })
    }

    fn draw<T>(&self, work: impl FnOnce(&mut Random) -> T) -> T {
        work(&mut self.0.random.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn append(
        &self,
        tx: &mut Tx,
        who: &Principal,
        now: Now,
        facts: Vec<ArticleFact>,
    ) -> Result<(), AuditError> {
        let records = facts
            .into_iter()
            .map(|fact| record(actor(who), "api:article", now, fact));
        let records: Vec<Record> = records.collect();
        self.0.audit.append(tx, &records).await
    }
}

/// Whether an answer given at an instant may rest on a version of an article. Source: 7.1.4 a, 8.3.
///
/// # Errors
/// [`StoreError`].
pub async fn may_answer(
    store: &Store,
    zone: &SiteZone,
    now: WallTime,
    article: &ArticleRef,
) -> Result<bool, StoreError> {
    let Ok(id) = article.id.parse() else {
        return Ok(false);
    };
    let version = store.article(id, article.version).await?;
    Ok(version.is_some_and(|version| version.is_valid(zone.date_of(now))))
}

async fn newest(tx: &mut Tx, id: ArticleId, expected: i64) -> Result<Article, ArticleError> {
    let versions = tx.article_versions(id).await?;
    let newest = versions.into_iter().next().ok_or(ArticleError::NotFound)?;
    if newest.revision == expected {
        return Ok(newest);
    }
    Err(StoreError::Version {
        actual: newest.revision,
    }
    .into())
}

const fn hand(who: &Principal, now: Now) -> Hand<'_> {
    Hand {
        user: &who.user,
        now: now.wall,
    }
}

fn actor(who: &Principal) -> Actor {
    Actor::named(ActorKind::User, &who.user)
}

fn written(article: &Article) -> ArticleFact {
    ArticleFact::Written {
        article: article.id,
        version: article.version,
        owner: article.owner.clone(),
    }
}

const fn retired(article: &Article) -> ArticleFact {
    ArticleFact::Retired {
        article: article.id,
        version: article.version,
    }
}

const fn record(actor: Actor, cause: &'static str, now: Now, fact: ArticleFact) -> Record {
    Record {
        now,
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact: Fact::Article(fact),
        personal: None,
    }
}
