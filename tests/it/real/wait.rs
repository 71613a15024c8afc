//! Bounded waiting.

use std::process::Child;
use std::process::ExitStatus;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Asks `look` again and again until it gives something.
///
/// # Panics
/// When it has given nothing within `at_most`.
pub(crate) fn until<T>(what: &str, at_most: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + at_most;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {at_most:?} in vain for {what}");
        pause(Duration::from_millis(15));
    }
}

/// Lets time pass that is itself part of the test, as the length of a talk.
pub(crate) fn pause(length: Duration) {
    let (nobody, nothing) = (Condvar::new(), Mutex::new(()));
    let end = Instant::now() + length;
    let mut guard = nothing.lock().unwrap();
    while let Some(left) = end
        .checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
    {
        guard = nobody.wait_timeout(guard, left).unwrap().0;
    }
}

/// Waits for a process; ends it when it takes too long.
pub(crate) fn exit_of(child: &mut Child, at_most: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + at_most;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        pause(Duration::from_millis(15));
    }
    // It may have ended just now.
    let _ = child.kill();
    let _ = child.wait();
    None
}
