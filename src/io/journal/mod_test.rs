use std::path::Path;
use std::time::Duration;

use super::*;
use crate::base::time::Now;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::codec;
use crate::fact::system::SystemFact;
use crate::io::journal::scan::segment_path;
use crate::io::keys::KeyRing;

const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the journal of `data` with so much in the database, writes one fact and gives its number and hash.
fn write_one(data: &Path, shipped: (FactNo, String)) -> Result<(FactNo, String), JournalError> {
    let keys = Keys::new(KeyRing::open(data).unwrap());
    let mut config = JournalConfig::new(data.join("journal"), "n1", "tangshan", BootId::default());
    config.shipped = shipped;
    let (tell, told) = mpsc::channel();
    let tell = move |event| tell.send(event).unwrap_or_default();
    let mut journal = open(config, keys, SystemClock::new(), tell)?;
    let last = journal.handle.last_fact();
    journal.handle.append(vec![Record {
        now: Now::default(),
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "test",
        fact: Fact::System(SystemFact::NodeStopped { forced: false }),
        personal: None,
    }]);
    assert_eq!(
        told.recv_timeout(PATIENCE),
        Ok(JournalEvent::Durable(FactNo(last.0 + 1)))
    );
    let read = journal.reader.read_after(last, 1).unwrap();
    drop(journal.handle);
    journal.thread.join().unwrap();
    let (number, envelope) = read.facts.first().unwrap();
    Ok((*number, codec::decode(envelope).unwrap().hash))
}

#[test]
fn facts_that_only_the_database_has_are_no_hole() {
    let data = tempfile::tempdir().unwrap();
    let none = (FactNo(0), FIRST_HASH.to_owned());
    write_one(data.path(), none.clone()).unwrap();
    let second = write_one(data.path(), none.clone()).unwrap();
    let third = write_one(data.path(), none.clone()).unwrap();
    assert_eq!((second.0, third.0), (FactNo(2), FactNo(3)));
    // The disk came back as it was before the third.
    fs::remove_file(segment_path(&data.path().join("journal"), 3)).unwrap();
    let fourth = write_one(data.path(), third.clone()).unwrap();
    assert_eq!(fourth.0, FactNo(4), "goes on after the database");
    // Started again before the old files were released: 1, 2 and 4 are there, 3 is in the database.
    assert_eq!(write_one(data.path(), third.clone()).unwrap().0, FactNo(5));
    assert_eq!(write_one(data.path(), fourth).unwrap().0, FactNo(6));
    // Without the database it is a hole.
    assert!(matches!(
        write_one(data.path(), second),
        Err(JournalError::Hole { after: 2, .. })
    ));
    assert!(matches!(
        write_one(data.path(), none),
        Err(JournalError::Hole { after: 2, .. })
    ));
    // With another hash than the database's, the chain is broken.
    let strange = (FactNo(3), FIRST_HASH.to_owned());
    assert!(matches!(
        write_one(data.path(), strange),
        Err(JournalError::Damaged { .. })
    ));
}
