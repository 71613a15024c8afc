use super::*;
use std::sync::Arc;

fn day() -> CivilDate {
    CivilDate::parse("2026-11-24").unwrap()
}

fn reference() -> Arc<Reference> {
    Reference::shipped().unwrap()
}

fn proposed(text: &str) -> Proposals {
    let reference = reference();
    Proposer::new(&reference.catalogue).propose(text, None, &reference, day())
}

#[test]
fn the_shipped_phrases_are_read_and_describe_every_event_type_that_may_be_chosen() {
    let reference = reference();
    let proposer = Proposer::parse(PHRASES, &reference.catalogue).unwrap();
    assert_eq!(proposer.categories.len(), 151);
    assert!(proposer.categories.iter().all(|it| 6 <= it.whole.len()));
}

#[test]
fn a_text_leads_to_an_event_type_a_place_and_a_unit_with_the_words_that_decided() {
    let found = proposed("路南区惠民道一带井盖丢了好几个，请派人来");
    let best = found.categories.first().unwrap();
    assert_eq!(best.code, "010202");
    assert!(best.words.iter().any(|word| word.contains("井盖")), "{best:?}");
    assert_eq!(found.region.unwrap().code, "130202008");
    assert_eq!(found.units.first().unwrap().unit.as_str(), "t130202");
}

#[test]
fn nothing_is_proposed_for_words_that_say_nothing() {
    for text in ["", "。。。", "zzz qqq", "啊"] {
        let found = proposed(text);
        assert!(found.categories.is_empty() && found.units.is_empty(), "{text}");
        assert_eq!((found.region, found.urgency.code.as_str()), (None, "normal"));
    }
}

#[test]
fn a_street_of_a_common_name_is_told_by_its_county() {
    let region = |text: &str| proposed(text).region.map(|it| it.code);
    assert_eq!(region("路北区文化路街道有人摆摊").as_deref(), Some("130203002"));
    assert_eq!(region("遵化市文化路街道有人摆摊").as_deref(), Some("130281002"));
    assert_eq!(region("楼下跳广场舞太吵"), None, "广场 alone is no street");
    assert_eq!(region("迁安这边路灯坏了").as_deref(), Some("130283"));
}

#[test]
fn a_very_long_text_is_read_to_the_bound() {
    let text = "路灯".repeat(TEXT_MAX);
    assert_eq!(proposed(&text).categories.first().unwrap().code, "010203");
    let far = format!("{}井盖丢了", "，".repeat(TEXT_MAX));
    assert!(proposed(&far).categories.is_empty());
}

#[test]
fn a_document_with_faults_names_them() {
    let catalogue = &reference().catalogue;
    let text = r#"{"types":[{"code":"nonsense","cues":[]}],"urgencies":[],"categories":[]}"#;
    let faults = Proposer::parse(text, catalogue).unwrap_err();
    assert_eq!(faults.first().unwrap().place, "types[0].code");
    assert!(Proposer::parse("[]", catalogue).is_err());
}

#[test]
fn rarity_falls_with_the_number_that_have_it() {
    assert_eq!(rarity(128, 1), 7 * 256);
    assert_eq!(rarity(128, 64), 256);
    assert_eq!(rarity(128, 128), 128);
    assert!(rarity(151, 3) < rarity(151, 2));
}

#[derive(serde::Deserialize)]
struct Sheet {
    items: Vec<Item>,
}

#[derive(serde::Deserialize)]
struct Item {
    text: String,
    #[serde(rename = "type")]
    kind: String,
    category: String,
    region: Option<String>,
    urgency: String,
    unit: Option<String>,
}

/// Hits of one measurement.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hits {
    items: usize,
    category_first: usize,
    category_of_three: usize,
    unit_first: usize,
    unit_of_three: usize,
    kind: usize,
    urgency: usize,
    silent: usize,
}

fn measure(sheet: &Sheet, form_has_region: bool) -> Hits {
    let reference = reference();
    let proposer = Proposer::new(&reference.catalogue);
    let mut hits = Hits::default();
    for item in &sheet.items {
        let region = item.region.as_deref().filter(|_| form_has_region);
        let found = proposer.propose(&item.text, region, &reference, day());
        let category = found.categories.iter().position(|it| it.code == item.category);
        let unit = |it: &UnitGuess| Some(it.unit.as_str()) == item.unit.as_deref();
        let unit = found.units.iter().position(unit);
        hits.items += 1;
        hits.category_first += usize::from(category == Some(0));
        hits.category_of_three += usize::from(category.is_some_and(|at| at < 3));
        hits.unit_first += usize::from(unit == Some(0));
        hits.unit_of_three += usize::from(unit.is_some());
        hits.kind += usize::from(found.appeal_type.code == item.kind);
        hits.urgency += usize::from(found.urgency.code == item.urgency);
        hits.silent += usize::from(found.categories.is_empty());
    }
    hits
}

fn paraphrases() -> Sheet {
    serde_json::from_str(include_str!("../../tests/data/paraphrases.json")).unwrap()
}

/// In percent.
fn share(hits: usize, of: &Hits) -> usize {
    100 * hits / of.items
}

/// The first unit must be among the first three in so many of a hundred, or proposals are off until a site wants them.
const GOOD_ENOUGH: usize = 70;

#[test]
fn the_figures_of_the_paraphrases_are_those_that_were_measured() {
    let with_region = measure(&paraphrases(), true);
    let expected = Hits {
        items: 204,
        category_first: 74,
        category_of_three: 97,
        unit_first: 112,
        unit_of_three: 125,
        kind: 68,
        urgency: 189,
        silent: 73,
    };
    assert_eq!(with_region, expected);
    assert_eq!(
        measure(&paraphrases(), false),
        Hits {
            unit_first: 46,
            unit_of_three: 53,
            ..expected
        }
    );
}

#[test]
fn proposals_are_on_by_default_only_where_they_are_good_enough() {
    let hits = measure(&paraphrases(), true);
    let good = GOOD_ENOUGH <= share(hits.unit_of_three, &hits);
    let start = crate::base::time::WallTime::from_micros(1_795_492_800_000_000);
    let on = reference()
        .settings
        .at(start)
        .flag(crate::ticket::settings_id::Id::ProposalsOn);
    assert_eq!(on, good, "{hits:?}");
}
