//! What a crash left open: calls without an end and recordings without a file, closed by facts at the next start.
//!
//! **Invariants.** Exactly one end per interaction: a call is closed only when neither the database nor the local file
//! holds its end. Nothing is guessed: a call that was talking counts as answered, everything else as failed.
//! **Not here.** Repairing recording files (`io::recording::archive`); writing the facts (the journal).

use std::collections::BTreeSet;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::time::Now;
use crate::engine::projector::CDR;
use crate::engine::projector::StoredFact;
use crate::engine::projector::fold;
use crate::engine::projector::fold_interaction;
use crate::engine::projector::read_fact;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::call::CallFact;
use crate::fact::recording::RecordingFact;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::report::closing::closing_facts;

/// Facts read at once.
const PAGE: u32 = 500;

/// Finds the calls of `node` that have no end and makes the facts that end them, oldest call first.
///
/// `unshipped` holds the local file's envelopes in order; those that are in the database already are passed over.
///
/// # Errors
/// [`StoreError`].
pub async fn close_calls(
    store: &Store,
    node: &str,
    unshipped: &[Vec<u8>],
    now: Now,
) -> Result<Vec<Record>, StoreError> {
    let shipped = store.last_fact(node).await?;
    let mut tail = Vec::new();
    for envelope in unshipped {
        let text = str::from_utf8(envelope).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let stored = read_fact(text)?;
        if shipped < stored.fact_no {
            tail.push(stored);
        }
    }
    let mut records = Vec::new();
    for interaction in candidates(store, node, &tail).await? {
        let mut call = fold_interaction(store, node, interaction, shipped).await?;
        for stored in tail
            .iter()
            .filter(|stored| stored.interaction == Some(interaction))
        {
            if let Some(fact) = &stored.fact {
                fold(&mut call, interaction, stored, fact);
            }
        }
        let facts = call
            .map(|call| closing_facts(&call, now.wall))
            .unwrap_or_default();
        records.extend(facts.into_iter().map(|fact| record(interaction, now, fact)));
    }
    Ok(records)
}

/// Every interaction that may be open: rows without an end, and whatever the projector has not seen.
async fn candidates(
    store: &Store,
    node: &str,
    tail: &[StoredFact],
) -> Result<BTreeSet<InteractionId>, StoreError> {
    let mut found: BTreeSet<InteractionId> = store.open_interactions(node).await?.into_iter().collect();
    found.extend(tail.iter().filter_map(|stored| stored.interaction));
    let mut after = store.checkpoint(CDR, node).await?;
    loop {
        let page = store.facts_after(node, after, PAGE).await?;
        for (fact_no, envelope) in &page {
            after = *fact_no;
            found.extend(read_fact(envelope)?.interaction);
        }
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(found);
        }
    }
}

fn record(interaction: InteractionId, now: Now, fact: CallFact) -> Record {
    Record {
        now,
        interaction: Some(interaction),
        ticket: None,
        actor: Actor::system(),
        cause: "recovery",
        fact: Fact::Call(fact),
        personal: None,
    }
}

/// Makes the facts that close recordings whose file is gone.
///
/// `found` holds the recordings whose files the archive has found and closes with facts of its own. Call it at the
/// start, after the projector has caught up and before the first call.
///
/// # Errors
/// [`StoreError`].
pub async fn close_recordings(
    store: &Store,
    found: &BTreeSet<RecordingId>,
    now: Now,
) -> Result<Vec<Record>, StoreError> {
    let lost = store
        .open_recordings()
        .await?
        .into_iter()
        .filter(|row| !found.contains(&row.id));
    let records = lost.map(|row| Record {
        now,
        interaction: row.interaction,
        ticket: None,
        actor: Actor::system(),
        cause: "recovery",
        fact: Fact::Recording(RecordingFact::Failed {
            recording: row.id,
            error: "no file after a restart".to_owned(),
        }),
        personal: None,
    });
    Ok(records.collect())
}
