//! Takes what comes from the gateways: receipts go to their messages, answers of citizens to whoever reads them.
//!
//! **Invariants.** A gateway is told that we have something when it is durable, and not before. An answer is handed on
//! until somebody has dealt with it; who reads slowly loses nothing.
//! **Not here.** What an answer means.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::base::phone_number::Number;
use crate::base::time::WallTime;
use crate::base::time::micros;
use crate::engine::audit::AuditError;
use crate::engine::outbox::Outbox;
use crate::engine::outbox::Reply;
use crate::fact::personal::Personal;
use crate::io::notify::gateway::Event;
use crate::io::notify::gateway::Inbound;
use crate::io::notify::gateway::Incoming;
use crate::io::notify::gateway::Receipt;
use crate::io::store::outbox::NotificationId;
use crate::io::store::sms_inbound::InboundRow;

/// Longest answer that is kept, characters: a citizen's long message has several parts of 67.
const TEXT_CHARS_MAX: usize = 200;
/// Answers handed on again at once.
const SWEEP: u32 = 32;
/// Receipts come within days, or never.
const PARTS_KEPT: Duration = Duration::from_hours(7 * 24);

/// Takes what comes, for as long as a gateway is there.
pub(super) async fn receive(
    outbox: Outbox,
    mut incoming: mpsc::Receiver<Incoming>,
    replies: mpsc::Sender<Reply>,
) {
    while let Some(Incoming { event, stored }) = incoming.recv().await {
        let done = match event {
            Event::Receipt(receipt) => outbox.insist(|| outbox.settle(&receipt).boxed()).await,
            Event::Inbound(inbound) => {
                let kept = outbox.insist(|| outbox.keep(&inbound).boxed()).await;
                kept.map(|reply| {
                    // A reader that is behind finds it in the sweep.
                    if let Some(reply) = reply {
                        outbox.0.figures.replies.fetch_add(1, Relaxed);
                        let _ = replies.try_send(reply);
                    }
                })
            }
        };
        if done.is_some() {
            // The gateway's connection may be gone: it will send it again, and we know it then.
            let _ = stored.send(());
        }
    }
}

/// Hands answers on that nobody has dealt with, and forgets what no receipt comes for.
pub(super) async fn sweep(outbox: Outbox, replies: mpsc::Sender<Reply>) {
    loop {
        if let Err(error) = outbox.hand_again(&replies).await {
            tracing::warn!(%error, "answers of citizens wait for the database");
        }
        sleep(outbox.0.pace.hand_again).await;
    }
}

impl Outbox {
    async fn settle(&self, receipt: &Receipt) -> Result<(), AuditError> {
        let now = self.0.clock.now().wall;
        let mut tx = self.0.store.begin().await?;
        let settled = tx.mark_delivered(receipt, now).await?;
        tx.commit().await?;
        if let Some((_, state)) = settled {
            self.count_settled(state);
        }
        Ok(())
    }

    /// Keeps an answer; none when it was kept before.
    async fn keep(&self, inbound: &Inbound) -> Result<Option<Reply>, AuditError> {
        let now = self.0.clock.now().wall;
        let id = NotificationId::of_key(&format!("{}:{}", inbound.gateway, inbound.gateway_id));
        let text: String = inbound.text.trim().chars().take(TEXT_CHARS_MAX).collect();
        let from = Number::parse(&inbound.from, &self.0.area_code);
        let personal = Personal {
            number: Some(from.clone()),
            ..Personal::default()
        }
        .with("text", text.as_str());
        let mut tx = self.0.store.begin().await?;
        let sealed = self.0.audit.seal(&mut tx, &id.to_string(), &personal).await?;
        let row = InboundRow {
            id,
            gateway: inbound.gateway.clone(),
            gateway_id: inbound.gateway_id.clone(),
            sealed,
            received_at: now,
        };
        let is_new = tx.keep_inbound(&row).await?;
        tx.commit().await?;
        Ok(is_new.then_some(Reply {
            id,
            from,
            text,
            at: now,
        }))
    }

    async fn hand_again(&self, replies: &mpsc::Sender<Reply>) -> Result<(), AuditError> {
        let now = self.0.clock.now().wall;
        let before = earlier(now, self.0.pace.hand_again);
        for row in self.0.store.inbound_waiting(before, SWEEP).await? {
            let personal = self.0.audit.open(&row.sealed).await?.unwrap_or_default();
            let text = personal.get("text").unwrap_or_default().to_owned();
            let Some(from) = personal.number else {
                // Erased: nobody can deal with it any more.
                let mut tx = self.0.store.begin().await?;
                tx.take_inbound(row.id, now).await?;
                tx.commit().await?;
                continue;
            };
            let (id, at) = (row.id, row.received_at);
            if replies.try_send(Reply { id, from, text, at }).is_err() {
                break;
            }
        }
        let mut tx = self.0.store.begin().await?;
        if 0 < tx.forget_parts(earlier(now, PARTS_KEPT)).await? {
            tx.commit().await?;
        }
        Ok(())
    }
}

fn earlier(at: WallTime, span: Duration) -> WallTime {
    let span = i64::try_from(micros(span)).unwrap_or(i64::MAX);
    WallTime::from_micros(at.as_micros().saturating_sub(span))
}
