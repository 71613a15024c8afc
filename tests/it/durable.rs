//! The journal and the keys on a real disk: what was promised survives cuts, changed bytes, full disks and kills.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::LegId;
use rexian::base::phone_number::Number;
use rexian::base::time::Now;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::fact::call::Direction;
use rexian::fact::codec;
use rexian::fact::codec::FIRST_HASH;
use rexian::fact::personal::Personal;
use rexian::io::clock::SystemClock;
use rexian::io::journal;
use rexian::io::journal::Journal;
use rexian::io::journal::JournalBatch;
use rexian::io::journal::JournalConfig;
use rexian::io::journal::JournalError;
use rexian::io::journal::JournalEvent;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;

const NUMBER: &str = "13800138000";
const NAME: &str = "张三丰";
const PATIENCE: Duration = Duration::from_secs(10);
/// Where a child of this binary writes.
const CHILD_DATA: &str = "REXIAN_TEST_CHILD_DATA";

/// A call's first fact with personal data; each `number` is a call with a key of its own.
fn record(number: u64) -> Record {
    let interaction = InteractionId::from_bytes(u128::from(number).to_be_bytes());
    let personal = Personal {
        number: Some(Number::parse(NUMBER, "315")),
        ..Personal::default()
    };
    Record {
        now: Now::default(),
        interaction: Some(interaction),
        ticket: None,
        actor: Actor::caller(),
        cause: "sip:invite",
        fact: Fact::Call(CallFact::Offered {
            leg: LegId::default(),
            trunk: None,
            line: None,
            flow: None,
            direction: Direction::Inbound,
            purpose: None,
        }),
        personal: Some(personal.with("name", NAME)),
    }
}

struct Run {
    journal: Journal,
    events: mpsc::Receiver<JournalEvent>,
    keys: Keys,
}

fn open_with(data: &Path, adapt: impl FnOnce(JournalConfig) -> JournalConfig) -> Result<Run, JournalError> {
    let keys = Keys::new(KeyRing::open(data).unwrap());
    let config = JournalConfig::new(data.join("journal"), "node-1", "tangshan", BootId::default());
    let (sender, events) = mpsc::channel();
    let tell = move |event| drop(sender.send(event));
    let journal = journal::open(adapt(config), keys.clone(), SystemClock::new(), tell)?;
    Ok(Run {
        journal,
        events,
        keys,
    })
}

fn open(data: &Path) -> Run {
    open_with(data, |config| config).unwrap()
}

impl Run {
    fn next(&self) -> JournalEvent {
        self.events.recv_timeout(PATIENCE).unwrap()
    }

    /// Hands facts over and waits until the last is durable.
    fn write(&self, numbers: impl IntoIterator<Item = u64>) -> FactNo {
        let records: Vec<Record> = numbers.into_iter().map(record).collect();
        let expected = FactNo(self.journal.reader.synced().0 + u64::try_from(records.len()).unwrap());
        self.journal.handle.append(records);
        self.wait_durable(expected);
        expected
    }

    fn wait_durable(&self, expected: FactNo) {
        while self.next() != JournalEvent::Durable(expected) {}
    }

    fn read_after(&mut self, after: u64, max: usize) -> JournalBatch {
        self.journal.reader.read_after(FactNo(after), max).unwrap()
    }

    /// Drops the handle and waits for the thread.
    fn end(self) {
        drop(self.journal.handle);
        self.journal.thread.join().unwrap();
    }
}

fn files(data: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(data.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn numbers(batch: &JournalBatch) -> Vec<u64> {
    batch.facts.iter().map(|(fact_no, _)| fact_no.0).collect()
}

/// Follows the chain from the first fact; gives its end.
fn chain(batch: &JournalBatch) -> String {
    batch
        .facts
        .iter()
        .fold(FIRST_HASH.to_owned(), |before, (_, envelope)| {
            codec::verify_link(envelope, &before).unwrap()
        })
}

/// A folder with the same keys and one journal file of these bytes.
fn data_with(original: &Path, file: &Path, bytes: &[u8]) -> tempfile::TempDir {
    // There are thousands of them: in memory where the system has such a folder.
    let data = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    fs::create_dir_all(data.path().join("journal")).unwrap();
    fs::create_dir_all(data.path().join("keys")).unwrap();
    fs::copy(
        original.join("keys/master.key"),
        data.path().join("keys/master.key"),
    )
    .unwrap();
    fs::write(data.path().join("journal").join(file.file_name().unwrap()), bytes).unwrap();
    data
}

/// Three batches of one fact each, and where the file ended after each.
fn three_batches(data: &Path) -> (PathBuf, Vec<u8>, Vec<usize>) {
    let run = open(data);
    let mut ends = Vec::new();
    for number in 1..=3 {
        run.write([number]);
        ends.push(usize::try_from(fs::metadata(&files(data)[0]).unwrap().len()).unwrap());
    }
    run.end();
    let file = files(data).remove(0);
    let bytes = fs::read(&file).unwrap();
    (file, bytes, ends)
}

#[test]
fn what_is_durable_is_read_in_order_with_the_keys_it_needs() {
    let data = tempfile::tempdir().unwrap();
    let mut run = open(data.path());
    run.write(1..=5);
    run.write([3, 6]);
    assert_eq!(run.journal.reader.synced(), FactNo(7));
    let first = run.read_after(0, 3);
    assert_eq!((numbers(&first), first.keys.len()), (vec![1, 2, 3], 3));
    let second = run.read_after(3, 100);
    // The sixth fact uses the key of the third, which has been given already.
    assert_eq!((numbers(&second), second.keys.len()), (vec![4, 5, 6, 7], 3));
    assert_eq!(run.read_after(7, 100), JournalBatch::default());
    // A shipper that begins anew finds everything again.
    let whole = run.read_after(0, 100);
    assert_eq!((numbers(&whole), whole.keys.len()), ((1..=7).collect(), 6));
    chain(&whole);
    run.end();
}

#[test]
fn the_next_run_goes_on_in_the_same_chain() {
    let data = tempfile::tempdir().unwrap();
    let run = open(data.path());
    run.write(1..=3);
    run.end();
    let mut run = open(data.path());
    assert_eq!(run.journal.handle.last_fact(), FactNo(3));
    run.write([1, 4]);
    let whole = run.read_after(0, 100);
    assert_eq!(numbers(&whole), [1, 2, 3, 4, 5]);
    chain(&whole);
    // The first run's keys were taken up: the first call did not get a second one.
    assert_eq!(whole.keys.len(), 4);
    run.end();
}

#[test]
fn a_journal_cut_at_any_byte_keeps_exactly_its_whole_batches() {
    let data = tempfile::tempdir().unwrap();
    let (file, bytes, ends) = three_batches(data.path());
    assert_eq!(ends.last(), Some(&bytes.len()));
    for cut in (0..ends[0]).step_by(7).chain(ends[0]..=bytes.len()) {
        let torn = data_with(data.path(), &file, &bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let mut run = open(torn.path());
        assert_eq!(
            run.journal.handle.last_fact(),
            FactNo(u64::try_from(whole).unwrap()),
            "cut at {cut}"
        );
        if cut % 61 == 0 {
            run.write([9]);
            let batch = run.read_after(0, 100);
            assert_eq!(
                (batch.facts.len(), batch.keys.len()),
                (whole + 1, whole + 1),
                "cut at {cut}"
            );
            chain(&batch);
        }
        run.end();
    }
}

#[test]
fn a_changed_byte_is_found_before_the_program_starts() {
    let data = tempfile::tempdir().unwrap();
    let (file, bytes, ends) = three_batches(data.path());
    for at in (0..ends[1]).step_by(5).chain(ends[1]..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let damaged = data_with(data.path(), &file, &changed);
        match open_with(damaged.path(), |config| config) {
            Err(_) => {}
            // Damage in the last batch cannot be told from a write that was cut off.
            Ok(run) => {
                assert!(ends[1] <= at, "byte {at}");
                assert_eq!(run.journal.handle.last_fact(), FactNo(2), "byte {at}");
                run.end();
            }
        }
    }
}

#[test]
fn a_missing_file_is_told_and_not_passed_over() {
    let data = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        let run = open(data.path());
        run.write([number]);
        run.end();
    }
    let files = files(data.path());
    assert_eq!(files.len(), 3);
    let middle = fs::read(&files[1]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    let refused = open_with(data.path(), |config| config);
    assert!(matches!(refused.err(), Some(JournalError::Hole { after: 1, .. })));
    // The file comes back with another fact in it: its checksums hold, the chain does not.
    fs::write(&files[1], forged(&middle)).unwrap();
    let refused = open_with(data.path(), |config| config);
    assert!(matches!(refused.err(), Some(JournalError::Damaged { .. })));
    fs::write(&files[1], &middle).unwrap();
    let run = open(data.path());
    assert_eq!(run.journal.handle.last_fact(), FactNo(3));
    run.end();
}

/// The same file with another cause in its last fact and a checksum that fits.
fn forged(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Behind the file's head.
    let mut at = 16;
    loop {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let end = at + 9 + length;
        if end == bytes.len() {
            let text = String::from_utf8(bytes[at + 9..].to_vec())
                .unwrap()
                .replace("sip:invite", "sip:refuse");
            bytes.splice(at + 9.., text.into_bytes());
            let crc = crc32c::crc32c(&bytes[at + 8..]);
            bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
            return bytes;
        }
        at = end;
    }
}

#[test]
fn files_go_when_all_their_facts_are_in_the_database_and_not_before() {
    let data = tempfile::tempdir().unwrap();
    let run = open(data.path());
    run.write(1..=3);
    run.end();
    let mut run = open(data.path());
    run.write([4]);
    run.journal.reader.release(FactNo(2)).unwrap();
    assert_eq!(files(data.path()).len(), 2, "fact 3 is not shipped");
    let hash = chain(&run.read_after(0, 100));
    run.journal.reader.release(FactNo(4)).unwrap();
    assert_eq!(
        files(data.path()).len(),
        1,
        "the file that is being written stays"
    );
    let rest = run.read_after(3, 100);
    assert_eq!((numbers(&rest), rest.keys.len()), (vec![4], 1));
    run.end();
    // The file that was being written is closed by the next start and goes then.
    let run = open(data.path());
    run.journal.reader.release(FactNo(4)).unwrap();
    assert_eq!(files(data.path()).len(), 0);
    run.end();
    // With no file left the database says where to go on.
    let mut run = open_with(data.path(), |config| JournalConfig {
        shipped: (FactNo(4), hash.clone()),
        ..config
    })
    .unwrap();
    assert_eq!(run.journal.handle.last_fact(), FactNo(4));
    run.write([5]);
    let batch = run.read_after(4, 100);
    assert_eq!(numbers(&batch), [5]);
    assert!(codec::verify_link(&batch.facts[0].1, &hash).is_ok());
    run.end();
}

#[test]
fn a_journal_that_waits_too_long_for_the_database_takes_no_more_calls_until_it_has_room() {
    let data = tempfile::tempdir().unwrap();
    let run = open(data.path());
    run.write(1..=3);
    run.end();
    let waiting = fs::metadata(&files(data.path())[0]).unwrap().len();
    let bound = waiting + 100;
    let run = open_with(data.path(), |config| JournalConfig {
        bytes_waiting_max: bound,
        ..config
    })
    .unwrap();
    run.write([4]);
    assert_eq!(run.next(), JournalEvent::Full);
    assert!(bound < run.journal.reader.bytes_waiting());
    // Facts of live calls are still taken.
    run.write([5]);
    run.journal.reader.release(FactNo(3)).unwrap();
    assert_eq!(run.next(), JournalEvent::Accepting);
    run.end();
}

#[test]
fn what_could_not_be_written_is_written_when_the_disk_is_back() {
    let data = tempfile::tempdir().unwrap();
    let mut run = open(data.path());
    fs::remove_dir(data.path().join("journal")).unwrap();
    run.journal.handle.append(vec![record(1)]);
    assert!(matches!(run.next(), JournalEvent::Failed(_)));
    run.journal.handle.append((2..=4).map(record).collect());
    assert_eq!(run.journal.reader.synced(), FactNo(0));
    fs::create_dir(data.path().join("journal")).unwrap();
    run.wait_durable(FactNo(4));
    assert_eq!(run.next(), JournalEvent::Accepting);
    let batch = run.read_after(0, 100);
    assert_eq!((numbers(&batch), batch.keys.len()), (vec![1, 2, 3, 4], 4));
    chain(&batch);
    assert_eq!(run.journal.handle.waiting(), 0);
    run.end();
}

/// Starts this binary again as a writer of facts in `data`; `around` is a shell script that ends with `exec "$@"`.
fn child(data: &Path, around: &str) -> std::process::Child {
    let test = format!(
        "{}::a_child_writes_facts_until_it_is_killed",
        module_path!().split_once("::").unwrap().1
    );
    Command::new("sh")
        .args(["-c", around, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture"])
        .env(CHILD_DATA, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the children of the next two tests do; a test of its own it is not.
#[test]
fn a_child_writes_facts_until_it_is_killed() {
    let Some(data) = std::env::var_os(CHILD_DATA) else {
        return;
    };
    let run = open(Path::new(&data));
    for number in 1..=100_000 {
        run.journal.handle.append(vec![record(number)]);
        loop {
            let event = run.next();
            // Written at once, past the test harness: the parent counts on it.
            writeln!(std::io::stdout(), "{event:?}").unwrap();
            if matches!(event, JournalEvent::Durable(_)) {
                break;
            }
        }
    }
}

/// Reads the child's lines until `enough`; gives the last durable fact it told and how often it told of a failure.
fn listen(child: &mut std::process::Child, enough: u64) -> (u64, u32) {
    let (mut durable, mut failures) = (0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        failures += u32::from(line.starts_with("Failed("));
        if let Some(rest) = line.strip_prefix("Durable(FactNo(") {
            durable = rest.trim_end_matches(')').parse().unwrap();
        }
        if enough <= durable {
            break;
        }
    }
    (durable, failures)
}

#[test]
fn facts_that_were_told_to_be_durable_survive_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 1..=3 {
        let mut child = child(data.path(), "exec \"$@\"");
        let (durable, failures) = listen(&mut child, before + 40 * round);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(failures, 0);
        let mut run = open(data.path());
        let last = run.journal.handle.last_fact().0;
        assert!(durable <= last, "told {durable}, found {last}");
        let batch = run.read_after(0, usize::MAX);
        assert_eq!(numbers(&batch), (1..=last).collect::<Vec<u64>>());
        chain(&batch);
        run.end();
        before = last;
    }
}

#[test]
fn a_write_that_the_disk_cuts_short_is_made_again_whole() {
    let data = tempfile::tempdir().unwrap();
    // Files of at most 8 or 16 blocks: every few facts one write stops in the middle.
    let mut child = child(data.path(), "trap '' XFSZ; ulimit -f 16; exec \"$@\"");
    let (durable, failures) = listen(&mut child, 30);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(durable, 30);
    assert!(0 < failures);
    let mut run = open(data.path());
    let batch = run.read_after(0, usize::MAX);
    assert!(30 <= batch.facts.len());
    assert_eq!(batch.keys.len(), batch.facts.len());
    chain(&batch);
    assert!(1 < files(data.path()).len());
    run.end();
}

#[test]
fn personal_data_comes_back_with_its_key_and_never_after_the_key_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let mut run = open(data.path());
    run.write(1..=2);
    let batch = run.read_after(0, 100);
    let sealed = codec::decode(&batch.facts[0].1).unwrap().sealed.unwrap();
    assert_eq!(sealed.key, batch.keys[0].key_id);
    let (first, second) = run.keys.with(|ring| {
        (
            ring.unwrap_key(&batch.keys[0]).unwrap(),
            ring.unwrap_key(&batch.keys[1]).unwrap(),
        )
    });
    let personal = KeyRing::open_sealed(&sealed, &first).unwrap();
    assert_eq!(personal.get("name"), Some(NAME));
    assert_eq!(personal.number, Some(Number::parse(NUMBER, "315")));
    // The key of another call opens nothing, nor does this key when the ciphertext was moved or changed.
    assert!(KeyRing::open_sealed(&sealed, &second).is_err());
    let mut moved = sealed.clone();
    moved.key = batch.keys[1].key_id.clone();
    assert!(KeyRing::open_sealed(&moved, &first).is_err());
    let mut other = sealed.clone();
    other.alg = "SM4-GCM".to_owned();
    assert!(KeyRing::open_sealed(&other, &first).is_err());
    // Erased: the row is deleted, the file is released, and a new start knows no key of that call.
    let hash = chain(&batch);
    run.end();
    let run = open_with(data.path(), |config| JournalConfig {
        shipped: (FactNo(2), hash),
        ..config
    })
    .unwrap();
    run.journal.reader.release(FactNo(2)).unwrap();
    run.end();
    let run = open(data.path());
    assert!(!run.keys.with(|ring| ring.knows(&sealed.key)));
    let made_again = run.keys.with(|ring| ring.data_key(&sealed.key).unwrap());
    assert!(KeyRing::open_sealed(&sealed, &made_again).is_err());
    run.end();
}

#[test]
fn no_file_holds_a_number_a_name_or_a_key_in_clear() {
    let data = tempfile::tempdir().unwrap();
    let run = open(data.path());
    run.write(1..=20);
    run.end();
    let master = fs::read_to_string(data.path().join("keys/master.key")).unwrap();
    let secret = master.trim().split_once(' ').unwrap().1.to_owned();
    let needles = [
        NUMBER.as_bytes(),
        NAME.as_bytes(),
        secret.as_bytes(),
        &hex::decode(&secret).unwrap(),
    ]
    .map(<[u8]>::to_vec);
    for file in files(data.path()) {
        let bytes = fs::read(&file).unwrap();
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{}: {}", file.display(), String::from_utf8_lossy(needle));
        }
    }
    assert!(!format!("{:?}", record(1)).contains(NUMBER));
}

#[test]
fn a_new_master_wraps_while_the_old_one_still_opens() {
    let data = tempfile::tempdir().unwrap();
    let mut old = KeyRing::open(data.path()).unwrap();
    old.data_key("a").unwrap();
    let record = old.take_created().remove(0);
    let tag = old.number_tag(&Number::parse(NUMBER, "315"));
    let mut new = KeyRing::rotate(data.path()).unwrap();
    assert_eq!((old.wrapping_master(), new.wrapping_master()), ("m1", "m2"));
    assert!(new.adopt(&record).is_ok());
    new.data_key("b").unwrap();
    assert_eq!(new.take_created().remove(0).master_id, "m2");
    // The same number is found before and after, in any form; another number has another tag.
    assert_eq!(new.number_tag(&Number::parse("+86 138 0013 8000", "10")), tag);
    assert_ne!(new.number_tag(&Number::parse("13800138001", "315")), tag);
    assert_eq!(new.number_tag(&Number::parse("anonymous", "315")), None);
    // A ring with other masters opens nothing.
    let stranger = tempfile::tempdir().unwrap();
    assert!(
        KeyRing::open(stranger.path())
            .unwrap()
            .unwrap_key(&record)
            .is_err()
    );
}

#[test]
fn a_master_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(data.path()).unwrap();
    let path = data.path().join("keys/master.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(&path).unwrap();
    assert!(!format!("{ring:?}").contains(secret.trim().split_once(' ').unwrap().1));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = KeyRing::open(data.path()).unwrap_err().to_string();
    assert!(refused.contains("chmod 600"), "{refused}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "m1 abc\n").unwrap();
    assert!(
        KeyRing::open(data.path())
            .unwrap_err()
            .to_string()
            .contains("line 1")
    );
}
