//! The bounded rings between control and one worker, and what waits when a ring is full.
//!
//! **Invariants.** Nothing put into an [`Outbox`] is lost or reordered: what finds the ring full waits in a local
//! queue. The queue is as large as the ring from the start, so that it grows only when the other side stands still.
//! **Not here.** What is said (`media::command`), who is woken (`io::media::worker`).

use std::collections::VecDeque;

/// The sending end of a ring with a local queue behind it.
#[derive(Debug)]
pub struct Outbox<T> {
    ring: rtrb::Producer<T>,
    waiting: VecDeque<T>,
    pushed: bool,
}

impl<T> Outbox<T> {
    /// Makes a ring of `capacity` and gives both ends.
    pub fn new(capacity: usize) -> (Self, rtrb::Consumer<T>) {
        let (ring, consumer) = rtrb::RingBuffer::new(capacity);
        (
            Self {
                ring,
                waiting: VecDeque::with_capacity(capacity),
                pushed: false,
            },
            consumer,
        )
    }

    /// Hands a message over, now or as soon as there is room.
    pub fn push(&mut self, message: T) {
        if self.waiting.is_empty() {
            match self.ring.push(message) {
                Ok(()) => self.pushed = true,
                Err(rtrb::PushError::Full(message)) => self.waiting.push_back(message),
            }
        } else {
            self.waiting.push_back(message);
        }
    }

    /// Moves what waits into the ring; says whether the other side has something new since the last call.
    pub fn flush(&mut self) -> bool {
        while let Some(message) = self.waiting.pop_front() {
            if let Err(rtrb::PushError::Full(message)) = self.ring.push(message) {
                self.waiting.push_front(message);
                break;
            }
            self.pushed = true;
        }
        std::mem::take(&mut self.pushed)
    }

    /// Whether something waits for room.
    pub fn is_blocked(&self) -> bool {
        !self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_or_reordered_when_the_ring_is_full() {
        let (mut outbox, mut consumer) = Outbox::new(4);
        for number in 0..10 {
            outbox.push(number);
        }
        assert!(outbox.flush() && outbox.is_blocked());
        assert!(!outbox.flush());
        let mut heard = Vec::new();
        while let Ok(number) = consumer.pop() {
            heard.push(number);
            outbox.flush();
        }
        assert_eq!(heard, (0..10).collect::<Vec<_>>());
        assert!(!outbox.is_blocked());
    }
}
