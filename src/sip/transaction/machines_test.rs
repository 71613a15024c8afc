//! Scripts against the four machines: every timer, every absorbed repetition.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::base::time::millis;
use crate::base::timer_queue::TimerQueue;
use crate::sip::transaction::Action;
use crate::sip::transaction::ClientInput;
use crate::sip::transaction::Reliability;
use crate::sip::transaction::ServerInput;
use crate::sip::transaction::client::Client;
use crate::sip::transaction::client_invite::ClientInvite;
use crate::sip::transaction::server::Server;
use crate::sip::transaction::server_invite::ServerInvite;
use crate::sip::transaction::timer::Timer;
use crate::sip::transaction::timer::Timing;

const TIMING: Timing = Timing {
    t1: Duration::from_millis(500),
    t2: Duration::from_secs(4),
    t4: Duration::from_secs(5),
};

enum Machine {
    ClientInvite(ClientInvite),
    Client(Client),
    ServerInvite(ServerInvite),
    Server(Server),
}

/// One step of a script.
#[derive(Clone, Copy)]
enum Step {
    Response(u16),
    TransportFailed,
    Request,
    Ack,
    Reply(u16),
}

fn at(ms: u64) -> Now {
    Now {
        mono: MonoTime::from_micros(ms * 1_000),
        ..Now::default()
    }
}

fn bytes() -> Arc<[u8]> {
    Arc::from(&b"x"[..])
}

fn client_invite(reliability: Reliability, out: &mut Vec<Action>) -> Machine {
    Machine::ClientInvite(ClientInvite::start(at(0), bytes(), reliability, &TIMING, out))
}

fn client(reliability: Reliability, out: &mut Vec<Action>) -> Machine {
    Machine::Client(Client::start(at(0), bytes(), reliability, &TIMING, out))
}

fn server_invite(reliability: Reliability, _: &mut Vec<Action>) -> Machine {
    Machine::ServerInvite(ServerInvite::new(reliability))
}

fn server(reliability: Reliability, _: &mut Vec<Action>) -> Machine {
    Machine::Server(Server::new(reliability))
}

fn step(machine: &mut Machine, now: Now, input: Result<Step, Timer>, out: &mut Vec<Action>) {
    let client = match input {
        Ok(Step::Response(status)) => ClientInput::Response(status),
        Err(timer) => ClientInput::Timeout(timer),
        _ => ClientInput::TransportFailed,
    };
    let server = match input {
        Ok(Step::Reply(status)) => ServerInput::Reply(status, bytes()),
        Ok(Step::Ack) => ServerInput::Ack,
        Err(timer) => ServerInput::Timeout(timer),
        _ => ServerInput::Request,
    };
    match machine {
        Machine::ClientInvite(machine) => machine.handle(now, client, &TIMING, out),
        Machine::Client(machine) => machine.handle(now, client, &TIMING, out),
        Machine::ServerInvite(machine) => machine.handle(now, server, &TIMING, out),
        Machine::Server(machine) => machine.handle(now, server, &TIMING, out),
    }
}

/// Runs a script of (milliseconds, step) until no timer is armed, and tells what happened when.
fn run(
    start: fn(Reliability, &mut Vec<Action>) -> Machine,
    reliability: Reliability,
    script: &[(u64, Step)],
) -> String {
    let mut out = Vec::new();
    let mut machine = start(reliability, &mut out);
    let mut timers = TimerQueue::default();
    let mut told = String::new();
    let mut script = script.iter().peekable();
    let mut now = at(0);
    loop {
        for action in out.drain(..) {
            let name = match action {
                Action::SetTimer(timer, due) => {
                    timers.set(timer, due);
                    continue;
                }
                Action::StopTimer(timer) => {
                    timers.stop(&timer);
                    continue;
                }
                Action::Send(_) => "send",
                Action::Retransmit(_) => "again",
                Action::SendAck => "ack",
                Action::Pass => "pass",
                Action::TimedOut => "timeout",
                Action::TransportFailed => "failed",
                Action::Terminated => {
                    assert!(timers.is_empty(), "a timer outlives its machine: {timers:?}");
                    "end"
                }
            };
            let _ = write!(told, "{} {name}, ", millis(now.mono.since(MonoTime::default())));
        }
        let next_step = script.peek().map(|(ms, _)| at(*ms).mono);
        let due = timers.next();
        match (next_step, due) {
            (Some(ms), due) if due.is_none_or(|due| ms < due) => {
                now.mono = ms;
                if let Some((_, input)) = script.next() {
                    step(&mut machine, now, Ok(*input), &mut out);
                }
            }
            (_, Some(due)) => {
                now.mono = due;
                if let Some(timer) = timers.pop_due(due) {
                    step(&mut machine, now, Err(timer), &mut out);
                }
            }
            _ => return told.trim_end_matches(", ").to_owned(),
        }
    }
}

const UDP: Reliability = Reliability::Unreliable;
const TCP: Reliability = Reliability::Reliable;

#[test]
fn silent_peer_gets_seven_invites_and_then_we_give_up() {
    let told = run(client_invite, UDP, &[]);
    let expected = "0 send, 500 again, 1500 again, 3500 again, 7500 again, 15500 again, 31500 again, \
                    32000 timeout, 32000 end";
    assert_eq!(told, expected);
    assert_eq!(run(client_invite, TCP, &[]), "0 send, 32000 timeout, 32000 end");
}

#[test]
fn a_provisional_response_stops_the_repetition_of_an_invite() {
    let told = run(
        client_invite,
        UDP,
        &[(600, Step::Response(100)), (90_000, Step::Response(486))],
    );
    assert_eq!(
        told,
        "0 send, 500 again, 600 pass, 90000 ack, 90000 pass, 122000 end"
    );
}

#[test]
fn a_repeated_refusal_is_acknowledged_and_not_passed_on() {
    let script = [
        (10, Step::Response(486)),
        (510, Step::Response(486)),
        (900, Step::Response(200)),
    ];
    assert_eq!(
        run(client_invite, UDP, &script),
        "0 send, 10 ack, 10 pass, 510 ack, 32010 end"
    );
    assert_eq!(
        run(client_invite, TCP, &script),
        "0 send, 10 ack, 10 pass, 10 end"
    );
}

#[test]
fn repeated_and_forked_answers_are_passed_on_for_timer_m() {
    let script = [
        (10, Step::Response(180)),
        (20, Step::Response(200)),
        (900, Step::Response(200)),
    ];
    assert_eq!(
        run(client_invite, UDP, &script),
        "0 send, 10 pass, 20 pass, 900 pass, 32020 end"
    );
    assert_eq!(
        run(client_invite, TCP, &script),
        "0 send, 10 pass, 20 pass, 900 pass, 32020 end"
    );
}

#[test]
fn a_lost_transport_fails_an_open_transaction_only() {
    let lost = (100, Step::TransportFailed);
    assert_eq!(run(client_invite, TCP, &[lost]), "0 send, 100 failed, 100 end");
    assert_eq!(run(client, TCP, &[lost]), "0 send, 100 failed, 100 end");
    assert_eq!(
        run(client_invite, UDP, &[(50, Step::Response(200)), lost]),
        "0 send, 50 pass, 32050 end"
    );
}

#[test]
fn other_requests_are_repeated_up_to_every_four_seconds() {
    let told = run(client, UDP, &[]);
    let expected = "0 send, 500 again, 1500 again, 3500 again, 7500 again, 11500 again, 15500 again, \
                    19500 again, 23500 again, 27500 again, 31500 again, 32000 timeout, 32000 end";
    assert_eq!(told, expected);
    assert_eq!(run(client, TCP, &[]), "0 send, 32000 timeout, 32000 end");
}

#[test]
fn a_provisional_response_slows_other_requests_down() {
    let script = [
        (100, Step::Response(100)),
        (9_000, Step::Response(200)),
        (9_100, Step::Response(200)),
    ];
    let told = run(client, UDP, &script);
    assert_eq!(
        told,
        "0 send, 100 pass, 500 again, 4500 again, 8500 again, 9000 pass, 14000 end"
    );
    assert_eq!(run(client, TCP, &script), "0 send, 100 pass, 9000 pass, 9000 end");
}

#[test]
fn a_refusal_is_repeated_until_it_is_acknowledged() {
    let script = [
        (10, Step::Reply(486)),
        (2_000, Step::Ack),
        (2_100, Step::Ack),
        (2_200, Step::Request),
    ];
    assert_eq!(
        run(server_invite, UDP, &script),
        "10 send, 510 again, 1510 again, 7000 end"
    );
    assert_eq!(run(server_invite, TCP, &script), "10 send, 2000 end");
}

#[test]
fn a_refusal_that_nobody_acknowledges_is_given_up() {
    let told = run(server_invite, UDP, &[(0, Step::Reply(603))]);
    let expected = "0 send, 500 again, 1500 again, 3500 again, 7500 again, 11500 again, 15500 again, \
                    19500 again, 23500 again, 27500 again, 31500 again, 32000 end";
    assert_eq!(told, expected);
    assert_eq!(
        run(server_invite, TCP, &[(0, Step::Reply(603))]),
        "0 send, 32000 end"
    );
}

#[test]
fn a_repeated_invite_gets_the_last_provisional_response_and_nothing_after_a_200() {
    let script = [
        (0, Step::Reply(100)),
        (400, Step::Request),
        (500, Step::Reply(180)),
        (600, Step::Request),
        (700, Step::Reply(200)),
        (800, Step::Request),
        (900, Step::Reply(200)),
        (950, Step::Ack),
    ];
    let expected = "0 send, 400 again, 500 send, 600 again, 700 send, 900 again, 950 pass, 32700 end";
    assert_eq!(run(server_invite, UDP, &script), expected);
}

#[test]
fn a_repeated_request_gets_the_same_response_for_timer_j() {
    let script = [
        (0, Step::Request),
        (10, Step::Reply(200)),
        (500, Step::Request),
        (600, Step::Reply(500)),
    ];
    assert_eq!(run(server, UDP, &script), "10 send, 500 again, 32010 end");
    assert_eq!(run(server, TCP, &script), "10 send, 10 end");
}
