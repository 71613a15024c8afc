//! Planted defects: what a faulty engine would do, made by changing what the good one puts out.

use std::collections::BTreeSet;

use rexian::exchange::output::Output;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::media::command::MediaCommand;

use crate::city::phone_address;
use crate::city::phone_index;
use crate::text::Text;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The phone of a second agent rings for an offer too.
    DoubleOffer,
    /// The BYE to some citizens and its repetitions are never sent.
    LostBye,
    /// Two callers change places.
    PlaceLost,
    /// One leg is never closed.
    LeakedLeg,
    /// A phone rings when its offer is long over.
    StaleEpoch,
    /// A caller is not offered to an agent who is free.
    IdleHands,
}

impl Defect {
    pub(crate) const ALL: [Self; 6] = [
        Self::DoubleOffer,
        Self::LostBye,
        Self::PlaceLost,
        Self::LeakedLeg,
        Self::StaleEpoch,
        Self::IdleHands,
    ];

    /// What the checker must complain of.
    pub(crate) const fn complaint(self) -> &'static str {
        match self {
            Self::DoubleOffer => "which is offered to",
            Self::LostBye => "is still up",
            Self::PlaceLost => " before ",
            Self::LeakedLeg => "left over",
            Self::StaleEpoch => "rings for",
            Self::IdleHands => "is free beside",
        }
    }
}

/// Some citizens hang up by themselves before anybody notices that they were not told.
const SILENCED_MAX: usize = 10;

/// Changes outputs on their way out.
#[derive(Debug)]
pub(crate) struct Meddler {
    defect: Defect,
    agents: usize,
    done: bool,
    /// The Call-ID whose INVITE is kept back.
    chosen: Option<String>,
    /// Call-IDs whose BYE is swallowed.
    silenced: BTreeSet<String>,
    kept: Option<Output>,
    waiting: u32,
}

impl Meddler {
    pub(crate) fn new(defect: Defect, agents: usize) -> Self {
        Self {
            defect,
            agents,
            done: false,
            chosen: None,
            silenced: BTreeSet::new(),
            kept: None,
            waiting: 0,
        }
    }

    /// What leaves in place of `output`.
    pub(crate) fn meddle(&mut self, output: Output) -> Vec<Output> {
        match self.defect {
            Defect::DoubleOffer => self.double_offer(output),
            Defect::LostBye => self.lose_bye(output),
            Defect::PlaceLost => self.change_places(output),
            Defect::LeakedLeg => self.leak(output),
            Defect::StaleEpoch => self.ring_late(output),
            Defect::IdleHands => self.let_wait(output),
        }
    }

    fn double_offer(&mut self, output: Output) -> Vec<Output> {
        let Some((at, text)) = to_phone(&output).filter(|(_, text)| text.starts_with("INVITE")) else {
            return vec![output];
        };
        if self.done {
            return vec![output];
        }
        self.done = true;
        let Output::Send { mut route, bytes } = output else {
            return Vec::new();
        };
        let mut outputs = vec![Output::Send { route, bytes }];
        route.remote = phone_address((at + 1) % self.agents);
        let id = Text(&text).call_id().to_owned();
        outputs.push(Output::Send {
            route,
            bytes: text.replace(&id, "double").into_bytes().into(),
        });
        outputs
    }

    fn lose_bye(&mut self, output: Output) -> Vec<Output> {
        let Output::Send { bytes, .. } = &output else {
            return vec![output];
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let text = Text(&text);
        // The carrier's side: a citizen who is not told stays up for ever.
        let is_citizens =
            text.header("To").contains("139") && text.status().is_none() && text.method() == "BYE";
        if is_citizens && self.silenced.len() < SILENCED_MAX {
            self.silenced.insert(text.call_id().to_owned());
        }
        let swallowed = is_citizens && self.silenced.contains(text.call_id());
        if swallowed { Vec::new() } else { vec![output] }
    }

    fn change_places(&mut self, output: Output) -> Vec<Output> {
        let Output::Fact(Record {
            fact: Fact::Call(fact),
            ..
        }) = &output
        else {
            return vec![output];
        };
        match fact {
            CallFact::AgentOffered { .. } => self.waiting = 0,
            CallFact::Queued { .. } => self.waiting += 1,
            _ => (),
        }
        // Nobody was offered anything for a while: whoever comes now waits.
        if matches!(fact, CallFact::Queued { .. }) && self.waiting > 3 && !self.done && self.kept.is_none() {
            self.kept = Some(output);
            return Vec::new();
        }
        if matches!(fact, CallFact::Queued { .. }) && self.kept.is_some() {
            self.done = true;
            return [output].into_iter().chain(self.kept.take()).collect();
        }
        vec![output]
    }

    fn leak(&mut self, output: Output) -> Vec<Output> {
        if matches!(output, Output::Media(MediaCommand::Close { .. })) && !self.done {
            self.done = true;
            return Vec::new();
        }
        vec![output]
    }

    fn let_wait(&mut self, output: Output) -> Vec<Output> {
        let is_offer = matches!(
            &output,
            Output::Fact(Record {
                fact: Fact::Call(CallFact::AgentOffered { .. }),
                ..
            })
        );
        if is_offer && !self.done {
            self.done = true;
            return Vec::new();
        }
        vec![output]
    }

    fn ring_late(&mut self, output: Output) -> Vec<Output> {
        if let Some((_, text)) = to_phone(&output).filter(|(_, text)| text.starts_with("INVITE")) {
            let id = Text(&text).call_id().to_owned();
            if self.chosen.is_none() {
                self.chosen = Some(id);
                self.kept = Some(output);
                return Vec::new();
            }
            return if self.chosen.as_ref() == Some(&id) {
                Vec::new()
            } else {
                vec![output]
            };
        }
        if let Output::Fact(record) = &output
            && matches!(record.fact, Fact::Call(CallFact::OfferEnded { .. }))
            && let Some(Output::Send { bytes, .. }) = &self.kept
        {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let about = record.interaction.map(|id| id.to_string()).unwrap_or_default();
            if Text(&text).header("X-Interaction-Id") == about {
                return [output].into_iter().chain(self.kept.take()).collect();
            }
        }
        vec![output]
    }
}

fn to_phone(output: &Output) -> Option<(usize, String)> {
    match output {
        Output::Send { route, bytes } => Some((
            phone_index(route.remote)?,
            String::from_utf8_lossy(bytes).into_owned(),
        )),
        _ => None,
    }
}
