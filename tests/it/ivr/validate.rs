//! What the validator says of flows that lead callers astray.

use std::fmt::Write as _;

use rexian::ivr::flow::Flow;
use rexian::ivr::validate::World;
use rexian::ivr::validate::nearest;
use rexian::ivr::validate::suggest;
use rexian::ivr::validate::validate;

/// The fields of the faults of a flow whose nodes are written `id: verb field=value …`.
fn faults(nodes: &[&str]) -> Vec<String> {
    let mut text = "name = \"试\"\nstart = \"a\"\n".to_owned();
    for node in nodes {
        let mut words = node.split_whitespace();
        let (id, verb) = (words.next().unwrap().trim_end_matches(':'), words.next().unwrap());
        writeln!(text, "[nodes.{id}]\nverb = \"{verb}\"").unwrap();
        for (field, value) in words.map(|word| word.split_once('=').unwrap()) {
            writeln!(text, "{field} = \"{value}\"").unwrap();
        }
        match verb {
            "play" => writeln!(text, "prompts = [\"hello\"]").unwrap(),
            "branch" => writeln!(text, "on = \"line\"\ncases = {{}}").unwrap(),
            "enqueue" => writeln!(text, "queue = \"general\"").unwrap(),
            _ => {}
        }
    }
    let flow: Flow = toml::from_str(&text).unwrap();
    let prompts = ["hello".parse().unwrap()].into();
    let queues = ["general".parse().unwrap()].into();
    validate(&flow, &World { prompts, queues })
        .into_iter()
        .map(|fault| fault.path)
        .collect()
}

#[test]
fn a_straight_flow_is_sound() {
    assert_eq!(
        faults(&["a: play next=b", "b: branch otherwise=c", "c: enqueue"]),
        Vec::<String>::new()
    );
    assert_eq!(faults(&["a: hangup"]), Vec::<String>::new());
}

#[test]
fn a_silent_circle_is_told_once_even_if_keys_lead_out_of_it() {
    let question = "b: collect choices.1=person default=person timeout=c";
    assert_eq!(
        faults(&["a: play next=b", question, "c: play next=a", "person: enqueue"]),
        ["nodes.a.next"]
    );
}

#[test]
fn a_circle_that_only_keys_enter_is_the_callers_choice() {
    let question = "a: collect choices.1=person choices.9=again default=person timeout=person";
    assert_eq!(
        faults(&[question, "again: play next=a", "person: enqueue"]),
        Vec::<String>::new()
    );
}

#[test]
fn nodes_without_a_way_to_a_person_or_an_end_are_told_each() {
    let question = "a: collect choices.1=b default=person timeout=person";
    assert_eq!(
        faults(&[
            question,
            "b: play next=c",
            "c: branch otherwise=b",
            "person: enqueue"
        ]),
        ["nodes.b", "nodes.c"]
    );
}

#[test]
fn a_node_that_only_unreachable_nodes_lead_to_is_unreachable() {
    assert_eq!(
        faults(&["a: enqueue", "b: play next=c", "c: enqueue"]),
        ["nodes.b", "nodes.c"]
    );
}

#[test]
fn a_name_that_leads_nowhere_is_told_without_what_follows_from_it() {
    assert_eq!(faults(&["a: play next=bb", "b: enqueue"]), ["nodes.a.next"]);
}

#[test]
fn hash_in_an_answer_of_several_keys_cannot_be_keyed() {
    let text = |digits: u8| {
        format!(
            "name = \"试\"\nstart = \"a\"\n[nodes.a]\nverb = \"collect\"\ndigits = {digits}\ndefault = \"b\"\ntimeout = \"b\"\n\
             choices = {{ \"#\" = \"b\" }}\n[nodes.b]\nverb = \"hangup\"\n"
        )
    };
    let fields = |digits| {
        let flow: Flow = toml::from_str(&text(digits)).unwrap();
        validate(&flow, &World::default())
            .into_iter()
            .map(|fault| fault.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(1), Vec::<String>::new());
    assert_eq!(fields(2), ["nodes.a.choices.#"]);
}

#[test]
fn the_nearest_name_is_found_by_edit_distance() {
    let names = ["general", "enterprise", "dialect"];
    for (word, name) in [
        ("generl", Some("general")),
        ("enterprize", Some("enterprise")),
        ("dialact", Some("dialect")),
        ("dilaect", Some("dialect")),
        ("", None),
        ("music", None),
    ] {
        assert_eq!(nearest(word, names), name, "{word}");
    }
    assert_eq!(suggest("genral", names), "did you mean `general`?");
    assert_eq!(
        suggest("x", names),
        "write one of `general`, `enterprise`, `dialect`"
    );
    assert_eq!(suggest("x", []), "there is none yet: add it");
}
