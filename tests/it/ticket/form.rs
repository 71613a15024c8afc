//! What the form holds beside the five items.

use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;

use crate::ticket::desk::agent;
use crate::ticket::desk::by_call;
use crate::ticket::desk::complete;
use crate::ticket::desk::of;
use crate::ticket::desk::text;
use crate::ticket::desk::written;

const MON: &str = "2026-11-23 09:00";

type Field = fn(&mut DraftFields) -> &mut Option<String>;

#[test]
fn each_field_has_its_bound_and_its_clause() {
    let table: [(&str, String, Field); 6] = [
        ("3.3: company: too_long", "长".repeat(101), |it| &mut it.company),
        ("7.1.2 a: target: too_long", "长".repeat(101), |it| {
            &mut it.target
        }),
        ("7.1.2 a: demand: too_long", "长".repeat(501), |it| {
            &mut it.demand
        }),
        ("7.1.2 a: contact_time: too_long", "长".repeat(51), |it| {
            &mut it.contact_time
        }),
        (
            "3.3: credit_code: not_a_credit_code",
            "91130200MA0000000I".to_owned(),
            |it| &mut it.credit_code,
        ),
        ("6.1 a: target_organ: unknown_code", "nobody".to_owned(), |it| {
            &mut it.target_organ
        }),
    ];
    let mut script = of(MON, &by_call());
    for (refusal, value, of) in table {
        let mut fields = DraftFields::default();
        *of(&mut fields) = Some(value);
        assert_eq!(script.refused(MON, &agent(), Command::SaveDraft(fields)), refusal);
    }
}

#[test]
fn what_is_told_is_kept_and_may_be_taken_back() {
    let mut script = written(
        MON,
        DraftFields {
            company: text("某厂"),
            credit_code: text("91130200MA07XN5L2C"),
            target: text("某中队"),
            target_organ: text("cg"),
            demand: text("尽快清运"),
            contact_time: text("工作日下午"),
            secrecy: Some(true),
            read_back: Some(true),
            ..complete()
        },
    );
    let draft = &script.ticket.draft;
    assert_eq!(
        (draft.company.as_str(), draft.target.as_str()),
        ("某厂", "某中队")
    );
    assert_eq!(
        draft.target_organ.as_ref().map(|organ| organ.as_str()),
        Some("cg")
    );
    assert!(draft.secrecy && draft.read_back);
    let cleared = DraftFields {
        target_organ: text(""),
        credit_code: text(""),
        secrecy: Some(false),
        ..DraftFields::default()
    };
    script.give(MON, &agent(), Command::SaveDraft(cleared));
    let draft = &script.ticket.draft;
    assert_eq!((draft.target_organ.as_ref(), draft.secrecy), (None, false));
    assert_eq!(
        (draft.credit_code.as_str(), draft.demand.as_str()),
        ("", "尽快清运")
    );
}

#[test]
fn codes_that_there_are_not_are_refused_by_their_clause() {
    let mut script = of(MON, &by_call());
    let table: [(&str, Field); 3] = [
        ("3.2: appeal_type: unknown_code", |it| &mut it.appeal_type),
        ("7.1.2 a: category: unknown_code", |it| &mut it.category),
        ("7.1.2 a: urgency: unknown_code", |it| &mut it.urgency),
    ];
    for (refusal, of) in table {
        let mut fields = DraftFields::default();
        *of(&mut fields) = text("nonsense");
        assert_eq!(script.refused(MON, &agent(), Command::SaveDraft(fields)), refusal);
    }
}

#[test]
fn a_content_of_one_character_is_as_missing_as_one_of_four() {
    for content in ["路", "路灯不亮"] {
        let mut script = written(
            MON,
            DraftFields {
                content: text(content),
                ..complete()
            },
        );
        let submit = Command::Submit(rexian::ticket::command::Submit {});
        assert_eq!(script.refused(MON, &agent(), submit), "7.1.2 a: missing content");
    }
}
