//! An order at the desk, for the scripts: opened by a call, written, accepted.

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::InteractionId;
use rexian::base::ids::TicketId;
use rexian::ticket::command::Answer;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::OpenDraft;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::command::Submit;
use rexian::ticket::decide::ArticleView;
use rexian::ticket::decide::By;
use rexian::ticket::decide::Context;
use rexian::ticket::decide::Known;
use rexian::ticket::decide::MasterView;
use rexian::ticket::decide::Outcome;
use rexian::ticket::decide::TicketError;
use rexian::ticket::decide::open;
use rexian::ticket::model::AnswerBasis;
use rexian::ticket::model::ArticleRef;
use rexian::ticket::reference::Reference;

use crate::ticket::script::Script;
use crate::ticket::script::at;
use crate::ticket::script::person;
use crate::ticket::script::zone;

pub(super) fn id(no: u8) -> TicketId {
    TicketId::from_bytes([no; 16])
}

pub(super) fn call(no: u8) -> InteractionId {
    InteractionId::from_bytes([no; 16])
}

/// Somebody who answers calls as agent 1001.
pub(super) fn agent() -> Principal {
    desk("zuo", Role::Agent, "1001")
}

/// Somebody else who does.
pub(super) fn other_agent() -> Principal {
    desk("you", Role::Agent, "1002")
}

pub(super) fn desk(user: &str, role: Role, agent: &str) -> Principal {
    Principal {
        agent: Some(agent.parse().unwrap()),
        ..person(user, role, "hotline")
    }
}

pub(super) fn opened(when: &str, opening: &Opening) -> Result<Outcome, TicketError> {
    opened_with(when, opening, &Reference::shipped().unwrap())
}

pub(super) fn opened_with(
    when: &str,
    opening: &Opening,
    reference: &Reference,
) -> Result<Outcome, TicketError> {
    let (known, zone) = (Known::default(), zone());
    let ctx = Context {
        now: at(when),
        by: By::System,
        reference,
        zone: &zone,
        known: &known,
    };
    open(id(7), opening, &ctx)
}

pub(super) fn of(when: &str, opening: &Opening) -> Script {
    Script {
        ticket: opened(when, opening).unwrap().ticket,
        now: at(when),
        reference: Reference::shipped().unwrap(),
        zone: zone(),
        known: Known::default(),
    }
}

pub(super) fn by_call() -> Opening {
    Opening::Draft(OpenDraft {
        number: "20261123000001".to_owned(),
        interaction: call(1),
        line: Some("main".parse().unwrap()),
        queue: "general".parse().unwrap(),
        agent: "1001".parse().unwrap(),
        recording: None,
    })
}

pub(super) fn item(channel: &str) -> Receive {
    Receive {
        number: "20261123000002".to_owned(),
        channel: channel.to_owned(),
        platform: None,
        external: Some("WX-1".to_owned()),
        deadline: None,
        digest: "ab".repeat(32),
        grid: false,
        original: " 路灯不亮\n请尽快 ".into(),
        fields: DraftFields::default(),
    }
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A form with everything that is asked for: no place, nothing for a grid.
pub(super) fn complete() -> DraftFields {
    DraftFields {
        name: text("李女士"),
        appeal_type: text("help"),
        category: text("140403"),
        content: text("垃圾三天没有清运"),
        urgency: text("normal"),
        place: text("none"),
        ..DraftFields::default()
    }
}

/// A draft of a call in which these fields are saved.
pub(super) fn written(when: &str, fields: DraftFields) -> Script {
    let mut script = of(when, &by_call());
    script.give(when, &agent(), Command::SaveDraft(fields));
    script
}

/// An item of another channel that an agent took and wrote.
pub(super) fn claimed(when: &str, channel: &str) -> Script {
    let mut script = of(when, &Opening::Received(item(channel)));
    script.give(when, &agent(), Command::Claim(rexian::ticket::command::Claim {}));
    script.give(when, &agent(), Command::SaveDraft(complete()));
    script
}

pub(super) fn submit() -> Command {
    Command::Submit(Submit {})
}

/// An accepted order that waits for dispatch.
pub(super) fn accepted(when: &str, fields: DraftFields) -> Script {
    let mut script = written(when, fields);
    script.give(when, &agent(), submit());
    script
}

/// An answer by an article that counts.
pub(super) fn answer(script: &mut Script) -> Command {
    let article = ArticleRef {
        id: "a-1".to_owned(),
        version: 3,
    };
    script.known.article = Some(ArticleView {
        article: article.clone(),
        valid: true,
    });
    Command::Answer(Answer {
        basis: AnswerBasis::Article,
        article: Some(article),
        call: None,
        master: None,
        reply: "可以网上办理".into(),
    })
}

/// Another order that may be repeated.
pub(super) fn master(no: u8, same_appellant: bool) -> MasterView {
    MasterView {
        id: id(no),
        open_or_finished: true,
        same_appellant,
    }
}
