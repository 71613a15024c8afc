//! A small CMPP 3.0 gateway: checks who signs in, answers, throttles, drops the line, sends receipts and messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use md5::Digest as _;
use md5::Md5;
use rexian::io::notify::cmpp_pdu::Body;
use rexian::io::notify::cmpp_pdu::Connect;
use rexian::io::notify::cmpp_pdu::Deliver;
use rexian::io::notify::cmpp_pdu::Pdu;
use rexian::io::notify::cmpp_pdu::Submit;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::PATIENCE;
use super::SECRET;
use super::SOURCE;

/// What the gateway does next.
#[derive(Default)]
pub(super) struct Plan {
    /// Results of the next submissions; then all are taken.
    pub(super) results: VecDeque<u32>,
    /// After so many more submissions have been read the line is dropped, and they are not answered.
    pub(super) drop_after: Option<usize>,
    /// Whether each message that is taken is reported as arrived.
    pub(super) reports: bool,
    /// Whether the report comes before the answer.
    pub(super) reports_first: bool,
    /// Whether the gateway proves that it knows the secret.
    pub(super) impostor: bool,
}

/// What it heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    SignedIn,
    WrongAuthenticator,
    Submitted { submit: Submit, result: Option<u32> },
    Dropped,
    Confirmed { msg_id: u64, result: u32 },
    ActiveTestAnswered,
    Terminated,
}

pub(super) struct Peer {
    pub(super) address: String,
    pub(super) plan: Arc<Mutex<Plan>>,
    heard: mpsc::UnboundedReceiver<Heard>,
    orders: mpsc::UnboundedSender<Body>,
}

struct Gateway {
    plan: Arc<Mutex<Plan>>,
    heard: mpsc::UnboundedSender<Heard>,
    orders: mpsc::UnboundedReceiver<Body>,
    next_id: u64,
    sequence: u32,
    unanswered: usize,
}

impl Peer {
    pub(super) async fn open(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let plan = Arc::new(Mutex::new(plan));
        let (heard, heard_out) = mpsc::unbounded_channel();
        let (orders, orders_in) = mpsc::unbounded_channel();
        let gateway = Gateway {
            plan: Arc::clone(&plan),
            heard,
            orders: orders_in,
            next_id: 0x0b18_0000_0000_0001,
            sequence: 1000,
            unanswered: 0,
        };
        tokio::spawn(gateway.serve(listener));
        Self {
            address,
            plan,
            heard: heard_out,
            orders,
        }
    }

    /// The next thing it hears.
    pub(super) async fn hear(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv())
            .await
            .expect("the gateway hears nothing")
            .unwrap()
    }

    /// Everything it has heard by now.
    pub(super) fn heard(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }

    /// Sends something on the line.
    pub(super) fn say(&self, body: Body) {
        self.orders.send(body).unwrap();
    }
}

/// A status report on `msg_id`.
pub(super) fn report(msg_id: u64, status: &str) -> Body {
    let mut content = msg_id.to_be_bytes().to_vec();
    content.extend(format!("{status:\0<7}").bytes());
    content.extend(b"26112410102611241011");
    content.extend(format!("{:\0<32}", "13800138000").bytes());
    content.extend([0, 0, 0, 1]);
    deliver(msg_id ^ 0xffff, "", true, content)
}

/// A short message of a citizen in UCS-2.
pub(super) fn written(msg_id: u64, from: &str, text: &str) -> Body {
    let content = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    deliver(msg_id, from, false, content)
}

fn deliver(msg_id: u64, from: &str, is_report: bool, content: Vec<u8>) -> Body {
    Body::Deliver(Box::new(Deliver {
        msg_id,
        to: "1065712345".to_owned(),
        format: 8,
        has_head: false,
        from: from.to_owned(),
        is_report,
        content,
    }))
}

impl Gateway {
    async fn serve(mut self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            self.unanswered = 0;
            if self.line(stream).await.is_none() {
                // Nobody listens to what is heard when the test is over.
                let _ = self.heard.send(Heard::Dropped);
            }
        }
    }

    /// `None`: the line is gone.
    async fn line(&mut self, mut stream: TcpStream) -> Option<()> {
        let mut buffer = Vec::new();
        loop {
            tokio::select! {
                read = stream.read_buf(&mut buffer) => {
                    if read.ok()? == 0 {
                        return None;
                    }
                    while let Some(pdu) = Pdu::take(&mut buffer).unwrap() {
                        if self.handle(&mut stream, pdu).await?.is_end() {
                            return Some(());
                        }
                    }
                }
                order = self.orders.recv() => {
                    self.sequence += 1;
                    let sequence = self.sequence;
                    send(&mut stream, sequence, order?).await?;
                }
            }
        }
    }

    async fn handle(&mut self, stream: &mut TcpStream, pdu: Pdu) -> Option<Next> {
        let Pdu { sequence, body } = pdu;
        match body {
            Body::Connect(connect) => return self.sign_in(stream, sequence, &connect).await,
            Body::Submit(submit) => return self.submit(stream, sequence, *submit).await,
            Body::ActiveTest => send(stream, sequence, Body::ActiveTestResp).await?,
            Body::ActiveTestResp => self.tell(Heard::ActiveTestAnswered),
            Body::DeliverResp { msg_id, result } => self.tell(Heard::Confirmed { msg_id, result }),
            Body::Terminate => {
                send(stream, sequence, Body::TerminateResp).await?;
                self.tell(Heard::Terminated);
                return Some(Next::End);
            }
            other => panic!("{other:?}"),
        }
        Some(Next::On)
    }

    async fn sign_in(&mut self, stream: &mut TcpStream, sequence: u32, connect: &Connect) -> Option<Next> {
        assert_eq!((connect.source.as_str(), connect.version), (SOURCE, 0x30));
        assert!(
            (101_000_000..=1_231_235_959).contains(&connect.timestamp),
            "MMDDHHMMSS"
        );
        let timestamp = format!("{:010}", connect.timestamp);
        let proof = Md5::digest(
            [
                SOURCE.as_bytes(),
                &[0; 9],
                SECRET.as_bytes(),
                timestamp.as_bytes(),
            ]
            .concat(),
        );
        let is_known = proof[..] == connect.authenticator;
        let status: u32 = if is_known { 0 } else { 3 };
        let secret = if self.plan.lock().unwrap().impostor {
            "guess"
        } else {
            SECRET
        };
        let ours = Md5::digest(
            [
                &status.to_be_bytes(),
                &connect.authenticator[..],
                secret.as_bytes(),
            ]
            .concat(),
        );
        let body = Body::ConnectResp {
            status,
            authenticator: ours.into(),
            version: 0x30,
        };
        send(stream, sequence, body).await?;
        self.tell(if is_known {
            Heard::SignedIn
        } else {
            Heard::WrongAuthenticator
        });
        Some(if is_known { Next::On } else { Next::End })
    }

    async fn submit(&mut self, stream: &mut TcpStream, sequence: u32, submit: Submit) -> Option<Next> {
        let (result, reports, first) = {
            let mut plan = self.plan.lock().unwrap();
            if let Some(left) = plan.drop_after.as_mut() {
                *left -= 1;
                let is_last = *left == 0;
                if is_last {
                    plan.drop_after = None;
                }
                drop(plan);
                self.tell(Heard::Submitted { submit, result: None });
                if is_last {
                    self.tell(Heard::Dropped);
                    return Some(Next::End);
                }
                return Some(Next::On);
            }
            (
                plan.results.pop_front().unwrap_or(0),
                plan.reports,
                plan.reports_first,
            )
        };
        let msg_id = self.next_id;
        self.next_id += 1;
        self.tell(Heard::Submitted {
            submit,
            result: Some(result),
        });
        let reports = reports && result == 0;
        let number = self.sequence + 1;
        if reports && first {
            send(stream, number, report(msg_id, "DELIVRD")).await?;
        }
        send(stream, sequence, Body::SubmitResp { msg_id, result }).await?;
        if reports && !first {
            send(stream, number, report(msg_id, "DELIVRD")).await?;
        }
        self.sequence = number;
        Some(Next::On)
    }

    fn tell(&self, heard: Heard) {
        // Nobody listens to what is heard when the test is over.
        let _ = self.heard.send(heard);
    }
}

enum Next {
    On,
    End,
}

impl Next {
    fn is_end(&self) -> bool {
        matches!(self, Self::End)
    }
}

async fn send(stream: &mut TcpStream, sequence: u32, body: Body) -> Option<()> {
    stream.write_all(&Pdu { sequence, body }.encode()).await.ok()
}
