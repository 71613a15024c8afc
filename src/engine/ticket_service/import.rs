//! Takes orders of an older system over, a bounded batch a transaction.
//!
//! **Invariants.** An order is taken over once: its number there is unique. A run that is cut off leaves whole batches
//! behind, and the same run again adds what is missing and nothing twice. No clock is started and no message leaves.
//! **Not here.** Reading and checking the file (`ticket::old_orders`), which is done before the first batch.

use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::engine::ticket_service::write::Doing;
use crate::fact::Actor;
use crate::ticket::command::Import;
use crate::ticket::command::Opening;
use crate::ticket::decide::By;

/// Orders of one transaction.
pub const IMPORT_BATCH: usize = 100;
/// How often a batch is tried again because somebody else was in the way.
const TRIES: u32 = 4;

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Orders that were added.
    pub added: usize,
    /// Orders that were there already.
    pub there: usize,
}

impl TicketService {
    /// Takes closed orders of an older system over, in the order they are given; `told` hears of the sum after each
    /// batch is committed.
    ///
    /// # Errors
    /// [`TicketServiceError`]; the batches before stay, and the same call again goes on after them.
    pub async fn import(
        &self,
        actor: &Actor,
        orders: &[Import],
        mut told: impl FnMut(Imported),
    ) -> Result<Imported, TicketServiceError> {
        let mut sum = Imported::default();
        for batch in orders.chunks(IMPORT_BATCH) {
            let mut tries = 1;
            let added = loop {
                match self.import_batch(actor, batch).await {
                    Err(error) if tries < TRIES && error.may_pass_now() => tries += 1,
                    other => break other?,
                }
            };
            sum.added += added;
            sum.there += batch.len() - added;
            told(sum);
        }
        Ok(sum)
    }

    /// Adds those of a batch that are not there. Returns how many they were.
    async fn import_batch(&self, actor: &Actor, batch: &[Import]) -> Result<usize, TicketServiceError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let there = {
            let numbers: Vec<&str> = batch.iter().map(|it| it.old_number.as_str()).collect();
            tx.old_numbers_there(&numbers).await?
        };
        let new = batch.iter().filter(|it| !there.contains(&it.old_number));
        let new: Vec<&Import> = new.collect();
        let mut opened = Vec::with_capacity(new.len());
        for (import, number) in new.iter().zip(self.numbers(&mut tx, now, new.len()).await?) {
            let opening = Opening::Imported(Import {
                number,
                ..(*import).clone()
            });
            let (mut order, decisions) = self.decide_opening(now, By::System, &opening, None)?;
            self.take_contact_as_caller(&mut tx, &mut order).await?;
            opened.push((order, decisions));
        }
        let doing = Doing {
            actor: actor.clone(),
            ..Doing::new(now, By::System, "cli:tickets_import")
        };
        self.add(&mut tx, opened, &doing).await?;
        tx.commit().await?;
        Ok(new.len())
    }
}
