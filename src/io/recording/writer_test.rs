use std::sync::mpsc;

use super::*;
use crate::io::keys::KeyRing;
use crate::io::recording::command::recorder_channel;

/// Opens a recording, does `between` to the recordings' folder, and closes it.
fn outcome(between: impl FnOnce(&Path)) -> MediaEvent {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("recordings");
    let (mut sender, receiver) = recorder_channel(1);
    let (tell, told) = mpsc::channel();
    let config = RecorderConfig {
        root: root.clone(),
        zone: SiteZone::new("Asia/Shanghai").unwrap(),
        keys: Keys::new(KeyRing::open(folder.path()).unwrap()),
    };
    let thread = start(
        config,
        receiver,
        Box::new(move |event| tell.send(event).unwrap_or_default()),
    )
    .unwrap();
    let mut run = |recording: u8, commands: &[bool]| {
        let recording = RecordingId::from_bytes([recording; 16]);
        for open in commands {
            let command = if *open {
                RecorderCommand::Open {
                    recording,
                    interaction: InteractionId::default(),
                    opened_at_us: 0,
                }
            } else {
                RecorderCommand::Close { recording, gap_ms: 0 }
            };
            sender.send(command).unwrap();
            sender.flush();
        }
    };
    run(1, &[true]);
    // Another one, opened and closed, tells that the first has been opened.
    run(2, &[true, false]);
    told.recv_timeout(Duration::from_secs(20)).unwrap();
    between(&root);
    run(1, &[false]);
    drop(sender);
    thread.join().unwrap();
    let event = told.try_recv().unwrap();
    assert!(told.try_recv().is_err(), "one event a recording");
    event
}

#[test]
fn an_undisturbed_recording_is_stored() {
    assert!(matches!(outcome(|_| ()), MediaEvent::RecordingStored { .. }));
}

#[test]
fn a_recording_whose_folder_was_taken_away_is_not_called_stored() {
    let event = outcome(|root| fs::remove_dir_all(root).unwrap());
    assert!(matches!(event, MediaEvent::RecordingFailed { .. }), "{event:?}");
    let event = outcome(|root| fs::rename(root, root.with_extension("old")).unwrap());
    assert!(matches!(event, MediaEvent::RecordingFailed { .. }), "{event:?}");
}
