//! baresip as a citizen and as an agent's phone: a whole call between two programs that we did not write.

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::real::alaw;
use crate::real::server::Server;
use crate::real::wait;

/// A running baresip; ended when this is dropped.
#[derive(Debug)]
struct Baresip {
    child: Child,
    folder: PathBuf,
    control: TcpStream,
    said: Vec<u8>,
}

impl Baresip {
    /// Starts one that plays a tone; `account` is its line in the accounts file.
    fn start(server: &Server, name: &str, frequency: f64, account: impl FnOnce(u16) -> String) -> Self {
        let folder = server.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        let port = free_ports();
        write_tone(&folder.join("tone.wav"), frequency);
        fs::write(folder.join("config"), config(&folder, port)).unwrap();
        fs::write(folder.join("accounts"), account(port)).unwrap();
        fs::write(folder.join("contacts"), "").unwrap();
        let log = File::create(folder.join("log")).unwrap();
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("baresip (apt-get install baresip-core)");
        let control = wait::until("baresip's control port", Duration::from_secs(10), || {
            let ended = child.try_wait().unwrap();
            let said = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "baresip ended, {ended:?}:\n{}", said());
            TcpStream::connect(("127.0.0.1", port + 5)).ok()
        });
        control.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        Self {
            child,
            folder,
            control,
            said: Vec::new(),
        }
    }

    /// Gives a command (netstring JSON).
    fn tell(&mut self, command: &str, parameters: &str) {
        let text = json!({"command": command, "params": parameters}).to_string();
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// Waits for an event.
    fn wait_for(&mut self, event: &str, at_most: Duration) {
        wait::until(&format!("{event} of {}", self.folder.display()), at_most, || {
            let mut buffer = [0; 4_096];
            // A timeout is no fault: nothing was said.
            if let Ok(length) = self.control.read(&mut buffer) {
                self.said.extend_from_slice(&buffer[..length]);
            }
            String::from_utf8_lossy(&self.said).contains(event).then_some(())
        });
    }

    /// Waits until its log tells that it is registered: that may be before its control port was reached.
    fn wait_registered(&self) {
        wait::until("baresip's registration", Duration::from_secs(10), || {
            let log = fs::read_to_string(self.folder.join("log")).ok()?;
            log.contains("200 OK").then_some(())
        });
    }

    /// What it heard, once it has hung up.
    fn heard(&self) -> Vec<i16> {
        wait::until("what baresip heard", Duration::from_secs(5), || {
            let file = fs::read_dir(&self.folder).unwrap().flatten().find(|it| {
                let name = it.file_name().to_string_lossy().into_owned();
                name.starts_with("dump-") && name.ends_with("-dec.wav")
            })?;
            // Its header is complete when the call is over.
            let samples = hound::WavReader::open(file.path()).ok()?;
            let samples: Vec<i16> = samples.into_samples::<i16>().filter_map(Result::ok).collect();
            (!samples.is_empty()).then_some(samples)
        })
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!(
                "{}",
                fs::read_to_string(self.folder.join("log")).unwrap_or_default()
            );
        }
    }
}

/// The first of ten ports that are free and that nobody else here was given: it takes the next one for TLS, and we one
/// for control. They lie below the ports that the system gives away by itself.
fn free_ports() -> u16 {
    static TENS: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % 1_000;
    for _ in 0..1_000 {
        let tens = TENS.fetch_add(1, Ordering::Relaxed);
        let port = 21_000 + (first + tens) % 1_000 * 10;
        let datagrams = UdpSocket::bind(("127.0.0.1", port)).is_ok();
        let streams = [0, 1, 5]
            .iter()
            .all(|more| TcpListener::bind(("127.0.0.1", port + more)).is_ok());
        if datagrams && streams {
            return port;
        }
    }
    panic!("no ten free ports");
}

fn write_tone(path: &Path, frequency: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for at in 0..8_000 * 60 {
        let sample = 8_000.0 * (2.0 * std::f64::consts::PI * frequency * f64::from(at) / 8_000.0).sin();
        writer.write_sample(sample as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn config(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let control = port + 5;
    format!(
        "module_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n\
         module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\n\
         ctrl_tcp_listen 127.0.0.1:{control}\naudio_player aubridge,none\naudio_alert aubridge,none\n\
         audio_source aufile,{folder}/tone.wav\naudio_srate 8000\naudio_channels 1\nsnd_path {folder}\n"
    )
}

#[test]
fn citizen_and_agent_with_baresip_talk_and_the_recording_has_both() {
    let server = Server::start();
    let secret = server.phone_secret("8001");
    let (sip, trunk) = (server.sip, server.trunk_v4());
    let mut agent = Baresip::start(&server, "agent", 440.0, |_| {
        format!("<sip:8001@{sip}>;auth_user=8001;auth_pass={secret};regint=300;answermode=auto\n")
    });
    agent.wait_registered();
    server.agent_ready(1);
    let mut citizen = Baresip::start(&server, "citizen", 1_000.0, |port| {
        format!("<sip:13812345678@{trunk}:{port}>;regint=0\n")
    });
    citizen.tell("dial", &format!("sip:12000@{sip}"));
    citizen.wait_for("CALL_ESTABLISHED", Duration::from_secs(10));
    agent.wait_for("CALL_ESTABLISHED", Duration::from_secs(10));
    wait::pause(Duration::from_secs(4));
    citizen.tell("hangup", "");
    agent.wait_for("CALL_CLOSED", Duration::from_secs(10));
    let call = server.only_call();
    assert_eq!(call["call"]["outcome"], "answered", "{call:#}");
    let tone =
        |sound: &[i16], frequency| alaw::span(sound, frequency).map_or(0, |(begin, end, _)| end - begin);
    let (by_agent, by_citizen) = (agent.heard(), citizen.heard());
    assert!(
        3_000 <= tone(&by_agent, 1_000.0),
        "the agent heard {} ms of the citizen",
        tone(&by_agent, 1_000.0)
    );
    assert!(
        3_000 <= tone(&by_citizen, 440.0),
        "the citizen heard {} ms of the agent",
        tone(&by_citizen, 440.0)
    );
    let (left, right) = alaw::read_stereo(&server.recording(&call["call"]));
    assert!(
        3_000 <= tone(&left, 1_000.0) && 3_000 <= tone(&right, 440.0),
        "both sides are recorded"
    );
}
