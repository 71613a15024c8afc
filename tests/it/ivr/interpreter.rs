//! A caller's way through a flow, input by input. Inputs of a script: `start`, `end` and `cut` of a playback, a key,
//! `late` (the timer ran out).

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use expect_test::expect;
use proptest::prelude::*;
use rexian::base::ids::PromptId;
use rexian::base::limits::DIGITS_MAX;
use rexian::base::limits::FLOW_STEPS_MAX;
use rexian::ivr::flow::Flow;
use rexian::ivr::interpreter::Action;
use rexian::ivr::interpreter::FlowError;
use rexian::ivr::interpreter::Input;
use rexian::ivr::interpreter::Interpreter;

const MAIN: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/sip-profiles/flows/main.toml"
));
const DIRECT: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/sip-profiles/flows/direct.toml"
));

fn interpreter(flow: &str, variables: &[(&str, &str)]) -> Interpreter {
    let flow: Flow = toml::from_str(flow).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Interpreter::new(Arc::new(flow), variables.collect())
}

fn input(word: &str) -> Input {
    match word {
        "start" => Input::Start,
        "end" => Input::PromptEnded { whole: true },
        "cut" => Input::PromptEnded { whole: false },
        "late" => Input::Timeout,
        key => Input::Digit(key.chars().next().unwrap()),
    }
}

fn describe(action: &Action) -> String {
    match action {
        Action::Play { prompts, notice } => {
            let prompts: Vec<&str> = prompts.iter().map(PromptId::as_str).collect();
            format!(
                "play {}{}",
                prompts.join("+"),
                if *notice { " (notice)" } else { "" }
            )
        }
        Action::StopPlay => "stop play".to_owned(),
        Action::SetTimer(after) => format!("timer {} ms", after.as_millis()),
        Action::StopTimer => "stop timer".to_owned(),
        Action::Collected { node, choice } => format!("{node} chose '{choice}'"),
        Action::Enqueue { queue } => format!("queue {queue}"),
        Action::HangUp => "hang up".to_owned(),
    }
}

fn run(interpreter: &mut Interpreter, script: &str) -> String {
    let mut story = String::new();
    for word in script.split_whitespace() {
        let mut actions = Vec::new();
        interpreter.handle(input(word), &mut actions);
        let actions: Vec<String> = actions.iter().map(describe).collect();
        writeln!(story, "{word}: {}", actions.join(", ")).unwrap();
    }
    story
}

fn check(flow: &str, script: &str, expected: &Expect) {
    expected.assert_eq(&run(&mut interpreter(flow, &[]), script));
}

/// A flow of one question before two ends.
fn question(fields: &str) -> String {
    format!(
        r#"
        name = "试"
        start = "ask"
        [nodes.ask]
        verb = "collect"
        {fields}
        [nodes.yes]
        verb = "enqueue"
        queue = "yes"
        [nodes.no]
        verb = "enqueue"
        queue = "no"
        [nodes.silent]
        verb = "enqueue"
        queue = "silent"
        "#
    )
}

#[test]
fn who_keys_nothing_speaks_with_a_person() {
    check(
        MAIN,
        "start end end late",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            end: play menu
            end: timer 3000 ms
            late: menu chose '', queue general
        "]],
    );
}

#[test]
fn zero_leads_to_a_person_and_one_and_two_to_the_experts() {
    for (key, queue) in [("0", "general"), ("1", "enterprise"), ("2", "dialect")] {
        let story = run(&mut interpreter(MAIN, &[]), &format!("start end end {key}"));
        let last = format!("{key}: stop timer, menu chose '{key}', queue {queue}\n");
        assert!(story.ends_with(&last), "{story}");
    }
}

#[test]
fn asking_for_progress_is_told_what_happens_before_the_wait_begins() {
    check(
        MAIN,
        "start end 3 end",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            end: play menu
            3: stop play, menu chose '3', play progress-hint
            end: queue general
        "]],
    );
}

#[test]
fn a_key_does_not_cut_the_notice_and_answers_the_question_after_it() {
    check(
        MAIN,
        "start 1 end",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            1: 
            end: menu chose '1', queue enterprise
        "]],
    );
}

#[test]
fn a_wrong_key_cuts_the_menu_and_a_late_end_changes_nothing() {
    check(
        MAIN,
        "start end 9 end cut late",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            end: play menu
            9: stop play, play invalid-key+menu
            end: timer 3000 ms
            cut: 
            late: menu chose '', queue general
        "]],
    );
}

#[test]
fn a_wrong_key_is_asked_again_once_and_the_second_one_leads_to_a_person_unwritten() {
    check(
        MAIN,
        "start end end 7 end 8",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            end: play menu
            end: timer 3000 ms
            7: stop timer, play invalid-key+menu
            end: timer 3000 ms
            8: stop timer, menu chose '', queue general
        "]],
    );
}

#[test]
fn keys_after_a_wrong_one_are_forgotten_so_that_the_question_is_heard_again() {
    check(
        MAIN,
        "start 9 1 end end 2",
        &expect![[r"
            start: play greeting+notice-recorded (notice)
            9: 
            1: 
            end: play invalid-key+menu
            end: timer 3000 ms
            2: stop timer, menu chose '2', queue dialect
        "]],
    );
}

#[test]
fn a_direct_flow_queues_at_once() {
    check(
        DIRECT,
        "start end 1 late",
        &expect![[r"
        start: queue general
        end: 
        1: 
        late: 
    "]],
    );
}

#[test]
fn an_answer_of_several_keys_ends_by_number_by_hash_or_by_time() {
    let flow = question(
        "digits = 3\nchoices = { \"123\" = \"yes\", \"12\" = \"yes\" }\ndefault = \"no\"\ntimeout = \"silent\"",
    );
    check(
        &flow,
        "start 1 2 3",
        &expect![[r"
            start: timer 3000 ms
            1: stop timer, timer 3000 ms
            2: stop timer, timer 3000 ms
            3: stop timer, ask chose '123', queue yes
        "]],
    );
    check(
        &flow,
        "start 1 2 #",
        &expect![[r"
            start: timer 3000 ms
            1: stop timer, timer 3000 ms
            2: stop timer, timer 3000 ms
            #: stop timer, ask chose '12', queue yes
        "]],
    );
    check(
        &flow,
        "start 1 2 late",
        &expect![[r"
            start: timer 3000 ms
            1: stop timer, timer 3000 ms
            2: stop timer, timer 3000 ms
            late: ask chose '12', queue yes
        "]],
    );
}

#[test]
fn several_keys_pressed_during_the_question_are_all_taken() {
    let fields = "prompts = [\"menu\"]\ndigits = 2\nchoices = { \"12\" = \"yes\" }\ndefault = \"no\"\ntimeout = \"silent\"";
    check(
        &question(fields),
        "start 1 cut 2",
        &expect![[r"
            start: play menu
            1: stop play, timer 3000 ms
            cut: 
            2: stop timer, ask chose '12', queue yes
        "]],
    );
}

#[test]
fn a_question_that_must_be_heard_takes_the_key_at_its_end() {
    let fields = "prompts = [\"menu\"]\ninterruptible = false\nchoices = { \"1\" = \"yes\" }\ndefault = \"no\"\ntimeout = \"silent\"";
    check(
        &question(fields),
        "start 1 end",
        &expect![[r"
            start: play menu
            1: 
            end: ask chose '1', queue yes
        "]],
    );
}

#[test]
fn without_retries_the_first_wrong_key_decides() {
    let fields = "retries = 0\nchoices = { \"1\" = \"yes\" }\ndefault = \"no\"\ntimeout = \"silent\"";
    check(
        &question(fields),
        "start *",
        &expect![[r"
            start: timer 3000 ms
            *: stop timer, ask chose '', queue no
        "]],
    );
}

const LINES: &str = r#"
    name = "分线"
    start = "by-line"
    [nodes.by-line]
    verb = "branch"
    on = "line"
    cases = { load = "bye", hotline = "ask" }
    otherwise = "person"
    [nodes.ask]
    verb = "collect"
    choices = { "1" = "by-choice", "2" = "by-choice" }
    default = "person"
    timeout = "by-choice"
    [nodes.by-choice]
    verb = "branch"
    on = "choice"
    cases = { "1" = "bye" }
    otherwise = "person"
    [nodes.person]
    verb = "enqueue"
    queue = "general"
    [nodes.bye]
    verb = "hangup"
    prompts = ["goodbye"]
"#;

#[test]
fn a_branch_reads_the_line_and_the_choice() {
    for (line, script, last) in [
        ("load", "start", "start: play goodbye\n"),
        ("other", "start", "start: queue general\n"),
        (
            "hotline",
            "start 1",
            "1: stop timer, ask chose '1', play goodbye\n",
        ),
        (
            "hotline",
            "start 2",
            "2: stop timer, ask chose '2', queue general\n",
        ),
        ("hotline", "start late", "late: ask chose '', queue general\n"),
    ] {
        let story = run(&mut interpreter(LINES, &[("line", line)]), script);
        assert!(story.ends_with(last), "{line}: {story}");
    }
    assert_eq!(
        run(&mut interpreter(LINES, &[]), "start"),
        "start: queue general\n"
    );
}

#[test]
fn goodbye_is_said_whole_before_the_call_ends() {
    let mut interpreter = interpreter(LINES, &[("line", "load")]);
    assert_eq!(
        run(&mut interpreter, "start 1 end end"),
        "start: play goodbye\n1: \nend: hang up\nend: \n"
    );
    assert!(interpreter.is_over());
    assert_eq!(interpreter.fault(), None);
    assert_eq!(interpreter.node().as_str(), "bye");
}

#[test]
fn a_flow_that_runs_in_circles_ends_the_call() {
    let circle = r#"
        name = "圈"
        start = "a"
        [nodes.a]
        verb = "branch"
        on = "line"
        cases = {}
        otherwise = "b"
        [nodes.b]
        verb = "branch"
        on = "line"
        cases = {}
        otherwise = "a"
    "#;
    let mut interpreter = interpreter(circle, &[]);
    assert_eq!(
        run(&mut interpreter, "start start end"),
        "start: hang up\nstart: \nend: \n"
    );
    assert!(matches!(interpreter.fault(), Some(FlowError::Endless(_))));
}

#[test]
fn a_chain_as_long_as_the_bound_is_walked_to_its_end() {
    let mut chain = String::from("name = \"链\"\nstart = \"n0\"\n");
    for at in 0..FLOW_STEPS_MAX - 1 {
        let next = at + 1;
        writeln!(
            chain,
            "[nodes.n{at}]\nverb = \"branch\"\non = \"line\"\ncases = {{}}\notherwise = \"n{next}\""
        )
        .unwrap();
    }
    writeln!(
        chain,
        "[nodes.n{}]\nverb = \"enqueue\"\nqueue = \"general\"",
        FLOW_STEPS_MAX - 1
    )
    .unwrap();
    assert_eq!(
        run(&mut interpreter(&chain, &[]), "start"),
        "start: queue general\n"
    );
}

#[test]
fn a_flow_that_leads_nowhere_ends_the_call() {
    let mut interpreter = interpreter("name = \"空\"\nstart = \"gone\"\n[nodes]\n", &[]);
    assert_eq!(run(&mut interpreter, "start"), "start: hang up\n");
    assert_eq!(
        interpreter.fault().unwrap().to_string(),
        "the flow has no node gone"
    );
}

#[test]
fn nothing_happens_before_the_start_and_what_is_no_key_is_ignored() {
    check(
        MAIN,
        "1 end late start x end 你 end",
        &expect![[r"
            1: 
            end: 
            late: 
            start: play greeting+notice-recorded (notice)
            x: 
            end: play menu
            你: 
            end: timer 3000 ms
        "]],
    );
}

#[test]
fn keys_pressed_ahead_are_kept_within_their_bound() {
    let fields = "digits = 32\ntimeout_ms = 1000\nretries = 0\nchoices = { \"1\" = \"yes\" }\ndefault = \"no\"\ntimeout = \"silent\"";
    let flow = question(fields).replace("start = \"ask\"", "start = \"say\"")
        + "[nodes.say]\nverb = \"play\"\nprompts = [\"greeting\"]\nnext = \"ask\"\n";
    let keys = "5 ".repeat(DIGITS_MAX * 3);
    let story = run(&mut interpreter(&flow, &[]), &format!("start {keys} end"));
    assert!(story.ends_with("end: ask chose '', queue no\n"), "{story}");
}

#[test]
fn a_flow_survives_its_document() {
    for text in [MAIN, DIRECT, LINES] {
        let flow: Flow = toml::from_str(text).unwrap();
        let document = serde_json::to_string(&flow).unwrap();
        assert_eq!(serde_json::from_str::<Flow>(&document).unwrap(), flow);
    }
}

proptest! {
    /// Whatever a caller keys and whenever: one timer at most, one end, and silence leads to a person soon.
    #[test]
    fn whatever_is_keyed_silence_then_leads_to_a_person(inputs in prop::collection::vec(0_u8..16, 0..40)) {
        let mut interpreter = interpreter(MAIN, &[]);
        let (mut timer, mut ended) = (false, 0);
        let keys = inputs.into_iter().map(|number| match number {
            12 => Input::PromptEnded { whole: true },
            13 => Input::PromptEnded { whole: false },
            14 => Input::Timeout,
            15 => Input::Start,
            key => Input::Digit(char::from(b"0123456789*#"[usize::from(key)])),
        });
        let silence = [Input::PromptEnded { whole: true }, Input::Timeout].into_iter().cycle().take(8);
        for input in std::iter::once(Input::Start).chain(keys).chain(silence) {
            let mut actions = Vec::new();
            if input == Input::Timeout {
                timer = false;
            }
            interpreter.handle(input, &mut actions);
            for action in actions {
                prop_assert_eq!(ended, 0);
                match action {
                    Action::SetTimer(_) => prop_assert!(!std::mem::replace(&mut timer, true)),
                    Action::StopTimer => prop_assert!(std::mem::replace(&mut timer, false)),
                    Action::Enqueue { .. } | Action::HangUp => ended += 1,
                    Action::Play { .. } | Action::StopPlay | Action::Collected { .. } => {}
                }
            }
        }
        prop_assert!(!timer);
        prop_assert_eq!(ended, 1);
        prop_assert!(interpreter.is_over());
        prop_assert_eq!(interpreter.fault(), None);
    }
}

#[test]
fn unknown_fields_and_verbs_are_refused_in_documents() {
    let node =
        |text: &str| serde_json::from_str::<rexian::ivr::node::Node>(text).map_err(|error| error.to_string());
    assert!(
        node(r#"{"verb":"hangup","prompt":["x"]}"#)
            .unwrap_err()
            .contains("unknown field `prompt`")
    );
    assert!(
        node(r#"{"verb":"say"}"#)
            .unwrap_err()
            .contains("unknown variant `say`")
    );
}
