//! The ends of an appeal at the desk.

use rexian::account::Role;
use rexian::ticket::command::Answer;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::MarkInvalid;
use rexian::ticket::command::Refer;
use rexian::ticket::command::Refuse;
use rexian::ticket::command::WarnCaller;
use rexian::ticket::decide::CallView;
use rexian::ticket::decide::MasterView;
use rexian::ticket::model::AnswerBasis;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Disposition;
use rexian::ticket::model::Ending;
use rexian::ticket::model::Flag;
use rexian::ticket::model::Procedure;
use rexian::ticket::model::RefusalReason;
use rexian::ticket::model::State;
use rexian::ticket::settings::Id;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::answer;
use crate::ticket::desk::by_call;
use crate::ticket::desk::call;
use crate::ticket::desk::claimed;
use crate::ticket::desk::complete;
use crate::ticket::desk::id;
use crate::ticket::desk::master;
use crate::ticket::desk::of;
use crate::ticket::desk::other_agent;
use crate::ticket::desk::text;
use crate::ticket::desk::written;
use crate::ticket::script::Script;
use crate::ticket::script::file;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;

const MON: &str = "2026-11-23 09:00";

fn answered(basis: AnswerBasis) -> Answer {
    Answer {
        basis,
        article: None,
        call: None,
        master: None,
        reply: "可以网上办理".into(),
    }
}

#[test]
fn ac_7_1_4_a_an_answer_rests_on_an_article_that_counts_now() {
    let mut script = written(MON, complete());
    assert_eq!(
        script.refused(MON, &agent(), Command::Answer(answered(AnswerBasis::Article))),
        "7.1.4 a: article: missing"
    );
    let command = answer(&mut script);
    script.known.article.as_mut().unwrap().valid = false;
    assert_eq!(
        script.refused(MON, &agent(), command.clone()),
        "7.1.4 a: article_not_valid"
    );
    script.known.article.as_mut().unwrap().valid = true;
    let facts = script.give(MON, &agent(), command);
    assert_eq!(
        facts,
        [
            "answered article=a-1/3 basis=article",
            "clock_started instant_rating/0/0 24h → 2026-11-24 09:00 by organ",
        ]
    );
    assert_eq!(script.ticket.state, State::Answered);
    assert_eq!(script.ticket.texts.get("answer.1.reply"), "可以网上办理");
    assert!(script.ticket.accepted_at.is_some());
}

#[test]
fn an_answer_by_transfer_rests_on_a_call_that_was_answered() {
    let mut script = written(MON, complete());
    let by_call = |no| {
        Command::Answer(Answer {
            call: no,
            ..answered(AnswerBasis::Transfer)
        })
    };
    assert_eq!(
        script.refused(MON, &agent(), by_call(None)),
        "7.1.4 b: call: missing"
    );
    assert_eq!(
        script.refused(MON, &agent(), by_call(Some(call(2)))),
        "7.1.4 b: call_not_answered"
    );
    script.known.call = Some(CallView { answered: false });
    assert_eq!(
        script.refused(MON, &agent(), by_call(Some(call(2)))),
        "7.1.4 b: call_not_answered"
    );
    script.known.call = Some(CallView { answered: true });
    script.give(MON, &agent(), by_call(Some(call(2))));
    assert_eq!(script.ticket.state, State::Answered);
}

#[test]
fn an_answer_by_another_order_rests_on_one_that_is_open_or_finished() {
    let mut script = written(MON, complete());
    let by_order = |no| {
        Command::Answer(Answer {
            master: no,
            ..answered(AnswerBasis::Master)
        })
    };
    assert_eq!(
        script.refused(MON, &agent(), by_order(None)),
        "7.1.4 c: master: missing"
    );
    assert_eq!(
        script.refused(MON, &agent(), by_order(Some(id(7)))),
        "7.1.4 c: master: itself"
    );
    assert_eq!(
        script.refused(MON, &agent(), by_order(Some(id(2)))),
        "7.1.4 c: master: unknown"
    );
    script.known.master = Some(MasterView {
        open_or_finished: false,
        ..master(2, true)
    });
    assert_eq!(
        script.refused(MON, &agent(), by_order(Some(id(2)))),
        "7.1.4 c: master_not_usable"
    );
    script.known.master = Some(master(2, true));
    script.give(MON, &agent(), by_order(Some(id(2))));
    assert_eq!(script.ticket.state, State::Answered);
}

#[test]
fn an_answer_says_something_to_something_that_is_written_down() {
    let mut script = of(MON, &by_call());
    let command = answer(&mut script);
    let refusal = script.refused(MON, &agent(), command);
    assert_eq!(refusal, "7.1.2 a: missing content, appeal_type, category");
    let mut script = written(MON, complete());
    let Command::Answer(command) = answer(&mut script) else {
        unreachable!()
    };
    let silent = Command::Answer(Answer {
        reply: " ".into(),
        ..command.clone()
    });
    assert_eq!(script.refused(MON, &agent(), silent), "7.1.4: reply: missing");
    assert_eq!(
        script.refused(MON, &other_agent(), Command::Answer(command)),
        "7.1.4: not_your_order"
    );
}

#[test]
fn an_enterprise_that_was_answered_at_once_waits_for_a_person() {
    let fields = DraftFields {
        appellant_kind: text("legal_person"),
        company: text("某厂"),
        ..complete()
    };
    let mut script = written(MON, fields);
    let command = answer(&mut script);
    let facts = script.give(MON, &agent(), command);
    assert_eq!(facts[0], "flagged flag=enterprise on=true");
    assert_eq!(script.ticket.state, State::Followup);
    assert!(script.ticket.cycle().unwrap().only_person);
}

fn refusal(reason: RefusalReason) -> Refuse {
    Refuse {
        reason,
        procedure: None,
        explanation: "该事项不在本市".into(),
        route: "".into(),
        concluded: None,
        file: None,
        confirmed_by: None,
    }
}

#[test]
fn ac_6_2_there_are_six_reasons_and_each_asks_for_words() {
    assert_eq!(RefusalReason::ALL.len(), 6);
    let mut script = written(MON, complete());
    for reason in RefusalReason::ALL {
        let short = Refuse {
            explanation: "不行".into(),
            ..refusal(*reason)
        };
        assert_eq!(
            script.refused(MON, &agent(), Command::Refuse(short)),
            "6.2: explanation: too_short"
        );
    }
    for reason in [
        RefusalReason::OutsideCity,
        RefusalReason::Secret,
        RefusalReason::Unlawful,
    ] {
        let mut script = written(MON, complete());
        let facts = script.give(MON, &agent(), Command::Refuse(refusal(reason)));
        assert_eq!(facts[0], format!("refused reason={reason}"));
        assert_eq!(
            facts[1],
            "clock_started archive/0/0 168h → 2026-11-30 09:00 by organ"
        );
        assert_eq!(script.ticket.state, State::NotAccepted);
        assert_eq!(script.due(ClockKind::Dispatch, 0), "-");
    }
}

#[test]
fn ac_6_2_b_a_legal_procedure_is_named_with_where_to_go() {
    let mut script = written(MON, complete());
    let b = refusal(RefusalReason::LegalProcedure);
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(b.clone())),
        "6.2 b: procedure: missing"
    );
    let named = Refuse {
        procedure: Some(Procedure::Arbitration),
        ..b
    };
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(named.clone())),
        "6.2 b: route: missing"
    );
    let whole = Refuse {
        route: "向劳动仲裁委员会申请".into(),
        ..named
    };
    script.give(MON, &agent(), Command::Refuse(whole));
    assert_eq!(script.ticket.texts.get("refusal.1.route"), "向劳动仲裁委员会申请");
    let mut script = written(MON, complete());
    let c = refusal(RefusalReason::Petition);
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(c)),
        "6.2 c: route: missing"
    );
    let a = Refuse {
        procedure: Some(Procedure::Other),
        ..refusal(RefusalReason::OutsideCity)
    };
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(a)),
        "6.2 a: procedure: not_here"
    );
}

#[test]
fn ac_6_2_e_a_conclusion_is_an_order_or_a_file() {
    let e = || refusal(RefusalReason::Concluded);
    let mut script = written(MON, complete());
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(e())),
        "6.2 e: concluded: missing"
    );
    let order = Refuse {
        concluded: Some(id(2)),
        ..e()
    };
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(order.clone())),
        "6.2 e: concluded: unknown"
    );
    let torn = Refuse {
        file: Some(rexian::ticket::model::FileRef {
            sha256: "xy".to_owned(),
            ..file("f-1")
        }),
        ..e()
    };
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(torn)),
        "6.2 e: file: not_a_digest"
    );
    script.known.master = Some(master(2, false));
    script.give(MON, &agent(), Command::Refuse(order));
    let mut script = written(MON, complete());
    script.give(
        MON,
        &agent(),
        Command::Refuse(Refuse {
            file: Some(file("f-1")),
            ..e()
        }),
    );
    assert_eq!(script.ticket.state, State::NotAccepted);
    let mut script = written(MON, complete());
    let a = Refuse {
        file: Some(file("f-1")),
        ..refusal(RefusalReason::OutsideCity)
    };
    assert_eq!(
        script.refused(MON, &agent(), Command::Refuse(a)),
        "6.2 a: file: not_here"
    );
}

#[test]
fn by_other_channels_a_supervisor_agrees_who_is_somebody_else() {
    let mut script = claimed(MON, "app");
    let named = |user: &str| {
        Command::Refuse(Refuse {
            confirmed_by: Some(user.parse().unwrap()),
            ..refusal(RefusalReason::OutsideCity)
        })
    };
    let alone = Command::Refuse(refusal(RefusalReason::OutsideCity));
    assert_eq!(script.refused(MON, &agent(), alone), "6.2: confirmed_by: missing");
    assert_eq!(script.refused(MON, &agent(), named("ban")), "6.2: second_person");
    script.known.second = Some(person("ban", Role::Agent, "hotline"));
    assert_eq!(script.refused(MON, &agent(), named("ban")), "6.2: second_person");
    script.known.second = Some(supervisor());
    assert_eq!(
        script.refused(MON, &supervisor(), named("ban")),
        "6.2: second_person"
    );
    script.give(MON, &agent(), named("ban"));
    assert_eq!(script.ticket.state, State::NotAccepted);
}

#[test]
fn ac_a_a_caller_counts_as_one_who_harasses_after_both_phrases() {
    let mut script = of(MON, &by_call());
    let warn = |step| Command::WarnCaller(WarnCaller { step });
    let harassment = || {
        Command::MarkInvalid(MarkInvalid {
            disposition: Disposition::Harassment,
        })
    };
    assert_eq!(
        script.refused(MON, &agent(), harassment()),
        "A: harassment_not_warned"
    );
    assert_eq!(script.refused(MON, &agent(), warn(2)), "A: warning_order");
    assert_eq!(script.refused(MON, &agent(), warn(3)), "A: step: out_of_range");
    script.give(MON, &agent(), warn(1));
    assert_eq!(
        script.refused(MON, &agent(), harassment()),
        "A: harassment_not_warned"
    );
    assert_eq!(script.refused(MON, &agent(), warn(1)), "A: warning_order");
    script.give(MON, &agent(), warn(2));
    script.give(MON, &agent(), harassment());
    assert_eq!(script.ticket.state, State::Invalid);
}

#[test]
fn a_disposition_is_corrected_in_the_first_minutes_alone() {
    let mut script = of(MON, &by_call());
    let mark = |disposition| Command::MarkInvalid(MarkInvalid { disposition });
    script.give(MON, &agent(), mark(Disposition::Silent));
    assert_eq!(
        script.refused("2026-11-23 09:05", &other_agent(), mark(Disposition::Dropped)),
        "A: not_your_order"
    );
    script.give("2026-11-23 09:09", &agent(), mark(Disposition::Dropped));
    assert_eq!(
        script.ticket.ending,
        Some(Ending::Invalid {
            disposition: Disposition::Dropped
        })
    );
    assert_eq!(
        script.refused("2026-11-23 09:10", &agent(), mark(Disposition::Test)),
        "A: correction_over"
    );
}

#[test]
fn ac_3_1_an_emergency_is_handed_over_and_never_gets_a_clock_to_dispatch() {
    let mut script = written(MON, complete());
    let refer = Refer {
        line: "119".to_owned(),
        outcome: "connected".to_owned(),
        partner_number: Some("7".repeat(64)),
        life_danger: true,
        note: "".into(),
    };
    let with = |change: fn(&mut Refer)| {
        let mut refer = refer.clone();
        change(&mut refer);
        Command::Refer(refer)
    };
    assert_eq!(
        script.refused(MON, &agent(), with(|it| it.line = "12306".to_owned())),
        "3.1: line: unknown_code"
    );
    assert_eq!(
        script.refused(MON, &agent(), with(|it| it.partner_number = Some("7".repeat(65)))),
        "3.1: partner_number: too_long"
    );
    assert_eq!(
        script.refused(
            MON,
            &agent(),
            with(|it| it.partner_number = Some("X 77".to_owned()))
        ),
        "3.1: partner_number: not_text"
    );
    assert_eq!(
        script.refused(MON, &agent(), with(|it| it.outcome = "fine".to_owned())),
        "3.1: outcome: unknown_code"
    );
    assert_eq!(
        script.refused(MON, &agent(), with(|it| it.line = "other".to_owned())),
        "3.1: note: missing"
    );
    script.give(MON, &agent(), with(|_| ()));
    assert_eq!(script.ticket.state, State::Referred);
    assert!(script.ticket.flags.contains(&Flag::LifeDanger));
    let kinds: Vec<ClockKind> = script.ticket.clocks.iter().map(|it| it.clock.kind).collect();
    assert_eq!(kinds, [ClockKind::Archive]);
}

#[test]
fn what_ends_after_it_was_sent_back_stops_every_clock_of_its_acceptance() {
    let mut script: Script = accepted(
        MON,
        DraftFields {
            urgency: text("urgent"),
            ..complete()
        },
    );
    let back = rexian::ticket::command::SendBack {
        reason: "缺少地址".into(),
    };
    script.give(MON, &crate::ticket::script::dispatcher(), Command::SendBack(back));
    script.give(
        MON,
        &agent(),
        Command::Refuse(refusal(RefusalReason::OutsideCity)),
    );
    let running: Vec<ClockKind> = script
        .ticket
        .clocks
        .iter()
        .filter(|it| it.runs())
        .map(|it| it.clock.kind)
        .collect();
    assert_eq!(running, [ClockKind::Archive]);
    let settings = script.reference.settings.at(script.now);
    assert_eq!(settings.rule(Id::ArchiveEndRecord).to_string(), "168h");
}

#[test]
fn the_shortest_content_that_suffices_is_five_characters() {
    for (content, suffices) in [("路灯不亮", false), ("路灯不亮了", true)] {
        let mut script = written(
            MON,
            DraftFields {
                content: text(content),
                ..complete()
            },
        );
        let command = answer(&mut script);
        if suffices {
            script.give(MON, &agent(), command);
        } else {
            assert_eq!(script.refused(MON, &agent(), command), "7.1.2 a: missing content");
        }
    }
}

#[test]
fn an_answer_by_another_order_is_not_satisfied_by_a_third() {
    let mut script = written(MON, complete());
    script.known.master = Some(master(3, true));
    let command = Command::Answer(Answer {
        master: Some(id(2)),
        ..answered(AnswerBasis::Master)
    });
    assert_eq!(script.refused(MON, &agent(), command), "7.1.4 c: master: unknown");
}
