//! The ratios of the hotline, as data.
//!
//! **Invariants.** An id is stable: published figures stand under it. A ratio that can be read in two ways has an entry
//! for each, with the way in its label.
//! **Not here.** How they are counted ([`crate::report::ratio`]).
//! **Source.** DB1302/T 604—2025 7.2–7.9, 8.1.2.2 e, 8.5; GB/T 33358—2016 (15 s).

use crate::report::ratio::Base;
use crate::report::ratio::Column;
use crate::report::ratio::Filter;
use crate::report::ratio::Form;
use crate::report::ratio::Level;
use crate::report::ratio::Part;
use crate::report::ratio::Quantity;
use crate::report::ratio::Ratio;

use Filter::All;
use Filter::Any;
use Filter::AtLeast;
use Filter::Equals;
use Filter::Has;
use Filter::In;
use Filter::Is;
use Filter::Less;
use Filter::Not;
use Filter::Passed;
use Filter::Same;
use Filter::Within;

/// The columns that filters name.
mod col {
    use crate::report::ratio::Column;

    macro_rules! columns {
        ($($name:ident $kind:ident $sql:literal),+ $(,)?) => {
            $(pub(super) const $name: Column = Column::$kind($sql);)+
            /// Every column, for rows of tests.
            pub(super) const EVERY: &[Column] = &[$($name),+];
        };
    }

    columns! {
        ACCEPTED int "t.accepted_at_us",
        SUBMITTED int "t.submitted_at_us",
        CLOSED int "t.closed_at_us",
        CLOSE_DEADLINE int "t.close_deadline_us",
        NEWEST int "t.cycle",
        ENDING text "t.ending",
        ENDING_CODE text "t.ending_code",
        APPEAL_TYPE text "t.appeal_type",
        CHANNEL text "t.channel",
        AGENT text "t.agent",
        ENTERPRISE int "t.enterprise",
        EXEMPT text "t.exempt",
        CLOSING text "t.closing",
        EXCLUDED int "t.excluded",
        FINAL_RESULT text "t.final_result",
        FINAL_SATISFACTION text "t.final_satisfaction",
        FOLLOWED int "t.followed_at_us",
        FOLLOWED_MODE text "t.followed_mode",
        FOLLOWED_REACHED int "t.followed_reached",
        AGENT_RATING text "t.agent_rating",
        REWORKS int "t.reworks",
        REPEATS int "t.repeats",
        CYCLE int "c.cycle",
        C_EXCLUDED int "c.excluded",
        DISPATCHED int "c.dispatched_at_us",
        DISPATCHED_LATE int "c.dispatched_late",
        SIGN_DEADLINE int "c.sign_deadline_us",
        SIGNED int "c.signed_at_us",
        SIGNED_LATE int "c.signed_late",
        C_CLOSE_DEADLINE int "c.close_deadline_us",
        FED_BACK int "c.fed_back_at_us",
        FED_BACK_LATE int "c.fed_back_late",
        FIRST_RESULT_DEADLINE int "c.first_result_deadline_us",
        FIRST_RESULT int "c.first_result_at_us",
        CONTACTED int "c.contacted_at_us",
        RETURNS_ASKED int "c.returns_asked",
        RETURNS_APPROVED int "c.returns_approved",
        EXTENSIONS_APPROVED int "c.extensions_approved",
        CO_UNITS int "c.co_units",
        CO_LATE int "c.co_late",
        C_FOLLOWED int "c.followed_at_us",
        RESULT text "c.result",
        SATISFACTION text "c.satisfaction",
        REQUEST_KIND text "r.kind",
        REQUEST_STATE text "r.state",
        REQUEST_SUB int "r.sub",
        ASKED int "r.asked_at_us",
        DECIDED int "r.decided_at_us",
        DECIDED_LATE int "r.decided_late",
        CAUSE text "s.cause",
        SENT int "s.sent_at_us",
        REPLY_DEADLINE int "s.reply_deadline_us",
        REPLIED int "s.replied_at_us",
        REPLY_LATE int "s.reply_late",
        OFFERED int "i.offered_at_us",
        QUEUED int "i.queued_at_us",
        ANSWERED int "i.agent_answered_at_us",
        ENDED int "i.ended_at_us",
        OUTCOME text "i.outcome",
        TALK_MS int "i.talk_ms",
        HOLD_MS int "i.hold_ms",
        WRAPUP_MS int "i.wrapup_ms",
        DIRECTION text "i.direction",
    }
}

/// Every column that a filter names.
pub const COLUMNS: &[Column] = col::EVERY;

const CITY: &[Level] = &[Level::City];
const UNITS: &[Level] = &[Level::City, Level::Unit];
const AGENTS: &[Level] = &[Level::City, Level::Agent, Level::Queue];
const BOTH: &[Level] = &[Level::City, Level::Unit, Level::Agent];

/// 不纳入考核 of an order.
const ORDER_OUT: Filter = Equals(col::EXCLUDED, 1);
/// 不纳入考核 of a cycle.
const CYCLE_OUT: Filter = Equals(col::C_EXCLUDED, 1);
/// 不纳入考核, and the three kinds of 7.7.1 that nobody follows up.
const EXEMPT: Filter = Has(col::EXEMPT);
const NOTHING_OUT: Filter = Any(&[]);
/// Calls of ours are no calls to the hotline.
const CALL_OUT: Filter = Is(col::DIRECTION, "outbound");

/// Appeals that contain something: neither wrong numbers nor orders withdrawn before they were handled.
const APPEAL: Filter = Not(&In(col::ENDING, &["invalid", "cancelled"]));
const CONSULT: Filter = Is(col::APPEAL_TYPE, "consult");
const ANSWERED: Filter = Is(col::ENDING, "answered");
const DISPATCHED: Filter = Has(col::DISPATCHED);
/// Signed, or the deadline has passed; what was given back is void.
const SIGN_DUE: Filter = All(&[
    Has(col::SIGN_DEADLINE),
    Any(&[Has(col::SIGNED), Passed(col::SIGN_DEADLINE)]),
    Not(&AtLeast(col::RETURNS_APPROVED, 1)),
]);
/// Fed back, or the deadline in force has passed.
const CLOSE_DUE: Filter = All(&[
    Has(col::C_CLOSE_DEADLINE),
    Any(&[Has(col::FED_BACK), Passed(col::C_CLOSE_DEADLINE)]),
    Not(&AtLeast(col::RETURNS_APPROVED, 1)),
]);
const FIRST_CLOSE_DUE: Filter = All(&[CLOSE_DUE, Equals(col::CYCLE, 1)]);
const ON_TIME: Filter = Equals(col::FED_BACK_LATE, 0);
const EXTENDED: Filter = AtLeast(col::EXTENSIONS_APPROVED, 1);
/// What closed and is to be followed up; what was only forwarded, or closed in an older system, is not ours to ask.
const FOLLOWUP_DUE: Filter = Not(&In(col::CLOSING, &["information", "imported"]));
const FIRST: Filter = Equals(col::CYCLE, 1);
const VERDICTS: [Filter; 4] = [
    In(col::RESULT, &["solved", "unsolved"]),
    In(col::FINAL_RESULT, &["solved", "unsolved"]),
    In(col::SATISFACTION, &["satisfied", "unsatisfied"]),
    In(col::FINAL_SATISFACTION, &["satisfied", "unsatisfied"]),
];
/// Not a co-unit's.
const OWN_REQUEST: Filter = Not(&Has(col::REQUEST_SUB));
const RETURN: Filter = All(&[Is(col::REQUEST_KIND, "return"), OWN_REQUEST]);
const EXTENSION: Filter = All(&[Is(col::REQUEST_KIND, "extension"), OWN_REQUEST]);
const DECIDED: Filter = Has(col::DECIDED);
const QUEUED: Filter = Has(col::QUEUED);
const TALKED: Filter = Has(col::ANSWERED);
const SHORT: Filter = Is(col::OUTCOME, "short_abandoned");
const GAVE_UP: Filter = All(&[Not(&TALKED), In(col::OUTCOME, &["abandoned", "short_abandoned"])]);

const fn share(
    (id, source): (&'static str, &'static str),
    base: Base,
    (numerator, denominator): (Filter, Filter),
    anchor: Column,
    (levels, exclusions): (&'static [Level], Filter),
) -> Ratio {
    Ratio {
        id,
        base,
        form: Form::Share,
        numerator: Part::rows(numerator),
        denominator: Part::rows(denominator),
        anchor,
        levels,
        exclusions,
        source,
    }
}

const fn of_order(
    id: (&'static str, &'static str),
    parts: (Filter, Filter),
    anchor: Column,
    levels: &'static [Level],
) -> Ratio {
    share(id, Base::Order, parts, anchor, (levels, ORDER_OUT))
}

const fn of_cycle(id: (&'static str, &'static str), parts: (Filter, Filter), anchor: Column) -> Ratio {
    share(id, Base::Cycle, parts, anchor, (UNITS, CYCLE_OUT))
}

const fn of_call(id: (&'static str, &'static str), parts: (Filter, Filter), anchor: Column) -> Ratio {
    share(id, Base::Call, parts, anchor, (AGENTS, CALL_OUT))
}

const fn sums(mut ratio: Ratio, form: Form, above: Quantity, below: Quantity) -> Ratio {
    ratio.form = form;
    ratio.numerator.quantity = above;
    ratio.denominator.quantity = below;
    ratio
}

const fn refusal(id: &'static str, reason: &'static Filter) -> Ratio {
    of_order((id, "6.2"), (*reason, APPEAL), col::SUBMITTED, CITY)
}

macro_rules! refused_for {
    ($id:literal, $code:literal) => {
        refusal(
            $id,
            &All(&[Is(col::ENDING, "not_accepted"), Is(col::ENDING_CODE, $code)]),
        )
    };
}

const fn supervised(id: &'static str, cause: &'static Filter) -> Ratio {
    share(
        (id, "7.8.1"),
        Base::Supervision,
        (*cause, Filter::Every),
        col::SENT,
        (UNITS, NOTHING_OUT),
    )
}

/// Every ratio, in the order they are shown.
pub const RATIOS: &[Ratio] = &[
    // Calls.
    of_call(
        ("answer_rate", "8.5 a; GB/T 33358"),
        (TALKED, All(&[QUEUED, Not(&SHORT)])),
        col::QUEUED,
    ),
    share(
        ("answer_rate_strict", "8.5 a; GB/T 33358"),
        Base::Call,
        (TALKED, Filter::Every),
        col::OFFERED,
        (CITY, CALL_OUT),
    ),
    of_call(
        ("service_15", "GB/T 33358"),
        (
            Within(col::QUEUED, col::ANSWERED, 15_000_000),
            All(&[
                QUEUED,
                Any(&[
                    TALKED,
                    All(&[GAVE_UP, Not(&Within(col::QUEUED, col::ENDED, 15_000_000))]),
                ]),
            ]),
        ),
        col::QUEUED,
    ),
    of_call(
        ("service_15_all", "GB/T 33358"),
        (Within(col::QUEUED, col::ANSWERED, 15_000_000), QUEUED),
        col::QUEUED,
    ),
    of_call(
        ("service_20", "GB/T 33358"),
        (
            Within(col::QUEUED, col::ANSWERED, 20_000_000),
            All(&[
                QUEUED,
                Any(&[
                    TALKED,
                    All(&[GAVE_UP, Not(&Within(col::QUEUED, col::ENDED, 20_000_000))]),
                ]),
            ]),
        ),
        col::QUEUED,
    ),
    of_call(
        ("abandon_rate", "GB/T 33358"),
        (Is(col::OUTCOME, "abandoned"), All(&[QUEUED, Not(&SHORT)])),
        col::QUEUED,
    ),
    sums(
        of_call(
            ("answer_speed", "GB/T 33358"),
            (TALKED, All(&[QUEUED, TALKED])),
            col::QUEUED,
        ),
        Form::AverageTime,
        Quantity::Span(col::QUEUED, col::ANSWERED),
        Quantity::Rows,
    ),
    sums(
        of_call(("talk_time", "8.5 a"), (TALKED, TALKED), col::ANSWERED),
        Form::AverageMs,
        Quantity::Sum(col::TALK_MS),
        Quantity::Rows,
    ),
    sums(
        of_call(
            ("hold_time", "8.5 a"),
            (TALKED, All(&[TALKED, AtLeast(col::HOLD_MS, 1)])),
            col::ANSWERED,
        ),
        Form::AverageMs,
        Quantity::Sum(col::HOLD_MS),
        Quantity::Rows,
    ),
    sums(
        of_call(("wrapup_time", "8.5 a"), (TALKED, TALKED), col::ANSWERED),
        Form::AverageMs,
        Quantity::Sum(col::WRAPUP_MS),
        Quantity::Rows,
    ),
    // Intake.
    of_order(
        ("direct_answer", "7.1.4"),
        (ANSWERED, APPEAL),
        col::ACCEPTED,
        BOTH,
    ),
    of_order(
        ("knowledge_answer", "8.5 d"),
        (
            All(&[ANSWERED, Is(col::ENDING_CODE, "article")]),
            All(&[
                CONSULT,
                Has(col::AGENT),
                Not(&In(
                    col::ENDING,
                    &["not_accepted", "invalid", "cancelled", "referred"],
                )),
            ]),
        ),
        col::SUBMITTED,
        AGENTS,
    ),
    of_order(
        ("knowledge_answer_all", "8.5 d"),
        (Is(col::ENDING_CODE, "article"), ANSWERED),
        col::SUBMITTED,
        AGENTS,
    ),
    of_order(
        ("not_accepted", "6.2"),
        (Is(col::ENDING, "not_accepted"), APPEAL),
        col::SUBMITTED,
        CITY,
    ),
    refused_for!("not_accepted_a", "a"),
    refused_for!("not_accepted_b", "b"),
    refused_for!("not_accepted_c", "c"),
    refused_for!("not_accepted_d", "d"),
    refused_for!("not_accepted_e", "e"),
    refused_for!("not_accepted_f", "f"),
    of_order(
        ("repeat", "7.3"),
        (Is(col::ENDING, "merged"), APPEAL),
        col::SUBMITTED,
        CITY,
    ),
    // Dispatch and handling.
    of_cycle(
        ("dispatch_on_time", "7.2"),
        (Equals(col::DISPATCHED_LATE, 0), DISPATCHED),
        col::DISPATCHED,
    ),
    of_cycle(
        ("dispatch_accurate", "7.2 b, 7.4"),
        (Not(&AtLeast(col::RETURNS_APPROVED, 1)), DISPATCHED),
        col::DISPATCHED,
    ),
    of_cycle(
        ("sign_on_time", "7.3"),
        (Equals(col::SIGNED_LATE, 0), SIGN_DUE),
        col::DISPATCHED,
    ),
    sums(
        of_cycle(("return_asked", "7.4"), (DISPATCHED, DISPATCHED), col::DISPATCHED),
        Form::Rate,
        Quantity::Sum(col::RETURNS_ASKED),
        Quantity::Rows,
    ),
    sums(
        of_cycle(
            ("return_approved", "7.4"),
            (DISPATCHED, DISPATCHED),
            col::DISPATCHED,
        ),
        Form::Rate,
        Quantity::Sum(col::RETURNS_APPROVED),
        Quantity::Rows,
    ),
    share(
        ("return_refused", "7.4"),
        Base::Request,
        (Is(col::REQUEST_STATE, "refused"), RETURN),
        col::ASKED,
        (UNITS, NOTHING_OUT),
    ),
    of_order(
        ("closed", "7.5.1"),
        (Has(col::CLOSED), Passed(col::CLOSE_DEADLINE)),
        col::CLOSE_DEADLINE,
        UNITS,
    ),
    of_cycle(
        ("close_on_time", "7.5.1, 7.6"),
        (ON_TIME, FIRST_CLOSE_DUE),
        col::C_CLOSE_DEADLINE,
    ),
    of_cycle(
        ("close_on_time_extended", "7.5.1, 7.6"),
        (All(&[ON_TIME, EXTENDED]), FIRST_CLOSE_DUE),
        col::C_CLOSE_DEADLINE,
    ),
    of_cycle(
        ("close_on_time_final", "7.5.1, 7.7.1"),
        (ON_TIME, All(&[CLOSE_DUE, Same(col::CYCLE, col::NEWEST)])),
        col::C_CLOSE_DEADLINE,
    ),
    of_cycle(
        ("first_result", "7.5.1"),
        (
            Less(col::FIRST_RESULT, col::FIRST_RESULT_DEADLINE),
            All(&[
                Has(col::FIRST_RESULT_DEADLINE),
                Any(&[Has(col::FIRST_RESULT), Passed(col::FIRST_RESULT_DEADLINE)]),
            ]),
        ),
        col::FIRST_RESULT_DEADLINE,
    ),
    of_cycle(
        ("contacted", "7.5.2"),
        (Has(col::CONTACTED), Has(col::SIGNED)),
        col::SIGNED,
    ),
    of_cycle(("extended", "7.6"), (EXTENDED, DISPATCHED), col::DISPATCHED),
    share(
        ("extension_review", "7.6"),
        Base::Request,
        (Equals(col::DECIDED_LATE, 0), All(&[EXTENSION, DECIDED])),
        col::ASKED,
        (CITY, NOTHING_OUT),
    ),
    of_cycle(
        ("co_handled", "7.2 b, B.2"),
        (AtLeast(col::CO_UNITS, 1), DISPATCHED),
        col::DISPATCHED,
    ),
    sums(
        of_cycle(("co_late", "B.2"), (DISPATCHED, DISPATCHED), col::DISPATCHED),
        Form::Rate,
        Quantity::Sum(col::CO_LATE),
        Quantity::Sum(col::CO_UNITS),
    ),
    // Follow-up.
    share(
        ("followup", "7.7.1"),
        Base::Order,
        (Has(col::FOLLOWED), FOLLOWUP_DUE),
        col::CLOSED,
        (BOTH, EXEMPT),
    ),
    of_order(
        ("followup_reached", "7.7.1"),
        (Equals(col::FOLLOWED_REACHED, 1), Has(col::FOLLOWED)),
        col::FOLLOWED,
        BOTH,
    ),
    share(
        ("followup_enterprise", "7.7.1 b"),
        Base::Order,
        (
            Is(col::FOLLOWED_MODE, "person"),
            All(&[FOLLOWUP_DUE, Equals(col::ENTERPRISE, 1)]),
        ),
        col::CLOSED,
        (BOTH, EXEMPT),
    ),
    of_order(
        ("solved", "7.7.2 b"),
        (Is(col::FINAL_RESULT, "solved"), VERDICTS[1]),
        col::FOLLOWED,
        UNITS,
    ),
    of_order(
        ("solved_strict", "7.7.2 b"),
        (Is(col::FINAL_RESULT, "solved"), Has(col::FINAL_RESULT)),
        col::FOLLOWED,
        UNITS,
    ),
    of_cycle(
        ("solved_first", "7.7.2 b"),
        (Is(col::RESULT, "solved"), All(&[FIRST, VERDICTS[0]])),
        col::C_FOLLOWED,
    ),
    of_order(
        ("satisfied", "7.7.2 b"),
        (Is(col::FINAL_SATISFACTION, "satisfied"), VERDICTS[3]),
        col::FOLLOWED,
        UNITS,
    ),
    of_order(
        ("satisfied_strict", "7.7.2 b"),
        (
            Is(col::FINAL_SATISFACTION, "satisfied"),
            Has(col::FINAL_SATISFACTION),
        ),
        col::FOLLOWED,
        UNITS,
    ),
    of_cycle(
        ("satisfied_first", "7.7.2 b"),
        (Is(col::SATISFACTION, "satisfied"), All(&[FIRST, VERDICTS[2]])),
        col::C_FOLLOWED,
    ),
    of_cycle(
        ("solved_at_once", "7.7.2 b"),
        (
            All(&[Is(col::RESULT, "solved"), Equals(col::REPEATS, 0)]),
            All(&[FIRST, Has(col::CLOSED)]),
        ),
        col::CLOSED,
    ),
    of_order(
        ("reworked", "7.7.1 a, B.4"),
        (AtLeast(col::REWORKS, 1), Has(col::CLOSED)),
        col::CLOSED,
        UNITS,
    ),
    // 督办.
    share(
        ("supervision_reply", "7.8.1"),
        Base::Supervision,
        (
            Equals(col::REPLY_LATE, 0),
            All(&[
                Has(col::REPLY_DEADLINE),
                Any(&[Has(col::REPLIED), Passed(col::REPLY_DEADLINE)]),
            ]),
        ),
        col::SENT,
        (UNITS, NOTHING_OUT),
    ),
    supervised("supervision_a", &Is(col::CAUSE, "a")),
    supervised("supervision_b", &Is(col::CAUSE, "b")),
    supervised("supervision_c", &Is(col::CAUSE, "c")),
    supervised("supervision_d", &Is(col::CAUSE, "d")),
    // The agent's service.
    of_order(
        ("service_satisfied", "8.5 c"),
        (Is(col::AGENT_RATING, "satisfied"), Has(col::AGENT_RATING)),
        col::SUBMITTED,
        AGENTS,
    ),
    of_order(
        ("service_rated", "8.5 c"),
        (Has(col::AGENT_RATING), Is(col::CHANNEL, "phone")),
        col::SUBMITTED,
        AGENTS,
    ),
];

/// The ratio with this id.
pub fn ratio(id: &str) -> Option<&'static Ratio> {
    RATIOS.iter().find(|ratio| ratio.id == id)
}
