//! Telephone numbers: one canonical form for everything that people and carriers write.

use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use rexian::base::phone_number::Canonical;
use rexian::base::phone_number::Number;

/// Tangshan, without the 0.
const AREA: &str = "315";

/// What is received, and the canonical text.
const FORMS: &[(&str, &str)] = &[
    // Mobile numbers.
    ("13800138000", "+8613800138000"),
    ("013800138000", "+8613800138000"),
    ("8613800138000", "+8613800138000"),
    ("+8613800138000", "+8613800138000"),
    ("008613800138000", "+8613800138000"),
    ("+86 138 0013 8000", "+8613800138000"),
    ("+86-138-0013-8000", "+8613800138000"),
    ("+86.138.0013.8000", "+8613800138000"),
    ("+86 (0) 138 0013 8000", "+8613800138000"),
    ("  13800138000 ", "+8613800138000"),
    ("19912345678", "+8619912345678"),
    ("14512345678", "+8614512345678"),
    ("16612345678", "+8616612345678"),
    ("17012345678", "+8617012345678"),
    // Fixed lines: with and without area, seven and eight digits.
    ("2345678", "+863152345678"),
    ("23456789", "+8631523456789"),
    ("03152345678", "+863152345678"),
    ("3152345678", "+863152345678"),
    ("+863152345678", "+863152345678"),
    ("+8603152345678", "+863152345678"),
    ("0086 315 2345678", "+863152345678"),
    ("863152345678", "+863152345678"),
    ("(0315) 234-5678", "+863152345678"),
    ("01062345678", "+861062345678"),
    ("+861062345678", "+861062345678"),
    ("02123456789", "+862123456789"),
    ("075523456789", "+8675523456789"),
    ("0898-6234567", "+868986234567"),
    ("4008123456", "+864008123456"),
    ("800-810-1234", "+868008101234"),
    // Short codes, bare and behind an area or a country.
    ("12345", "12345"),
    ("110", "110"),
    ("119", "119"),
    ("120", "120"),
    ("10000", "10000"),
    ("10086", "10086"),
    ("1008611", "1008611"),
    ("95588", "95588"),
    ("95105105", "95105105"),
    ("96118", "96118"),
    ("12315", "12315"),
    ("031512345", "12345"),
    ("01012345", "12345"),
    ("0315-110", "110"),
    ("+8612345", "12345"),
    ("0086 12345", "12345"),
    ("+8631512345", "12345"),
    ("8001", "8001"),
    ("600123", "600123"),
    // URIs.
    ("tel:+8613800138000", "+8613800138000"),
    ("tel:+86-315-234-5678", "+863152345678"),
    ("TEL:13800138000", "+8613800138000"),
    ("tel:2345678;phone-context=+86315", "+863152345678"),
    ("tel:62345678;phone-context=+8610", "+861062345678"),
    ("tel:13800138000;phone-context=+86", "+8613800138000"),
    ("tel:12345;phone-context=+86315", "12345"),
    ("tel:2345678;phone-context=tangshan.example", "+863152345678"),
    ("tel:5551234567;phone-context=+1", "+15551234567"),
    ("tel:+8613800138000;ext=12", "+8613800138000"),
    ("sip:13800138000@10.1.2.3", "+8613800138000"),
    ("sip:+8613800138000@ims.example;user=phone", "+8613800138000"),
    ("sips:03152345678@10.1.2.3:5061", "+863152345678"),
    (
        "sip:2345678;phone-context=+86315@10.1.2.3;user=phone",
        "+863152345678",
    ),
    ("sip:5551234567;phone-context=+1@10.1.2.3", "+15551234567"),
    ("sip:12345@example.invalid", "12345"),
    // Abroad.
    ("+12025550123", "+12025550123"),
    ("0012025550123", "+12025550123"),
    ("+85221234567", "+85221234567"),
    ("+442079460000", "+442079460000"),
    // Withheld.
    ("anonymous", "anonymous"),
    ("Anonymous", "anonymous"),
    ("sip:anonymous@anonymous.invalid", "anonymous"),
    ("unavailable", "anonymous"),
    ("Restricted", "anonymous"),
    // Not a number.
    ("", "invalid"),
    ("   ", "invalid"),
    ("+", "invalid"),
    ("tel:", "invalid"),
    ("12", "invalid"),
    ("abc", "invalid"),
    ("138x0138000", "invalid"),
    ("１３８００１３８０００", "invalid"),
    ("1380013800", "invalid"),
    ("138001380001", "invalid"),
    ("+123", "invalid"),
    ("+1234567890123456", "invalid"),
    ("+0123456789", "invalid"),
    ("00", "invalid"),
    ("13800+138000", "invalid"),
    ("*67", "invalid"),
    ("sip:@10.1.2.3", "invalid"),
];

#[test]
fn every_form_in_which_a_number_arrives_has_one_canonical_form() {
    let wrong: Vec<String> = FORMS
        .iter()
        .filter_map(|(raw, expected)| {
            let number = Number::parse(raw, AREA);
            let got = number.canonical_text();
            (got != *expected).then(|| format!("{raw:?}: {got}, expected {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(60 <= FORMS.len());
}

#[test]
fn a_bare_number_takes_the_area_of_its_own_site() {
    assert_eq!(Number::parse("62345678", "10").canonical_text(), "+861062345678");
    assert_eq!(Number::parse("2345678", "898").canonical_text(), "+868982345678");
}

#[test]
fn a_number_is_shown_as_people_dial_it_at_home() {
    let shown = [
        ("+8613800138000", "13800138000"),
        ("+863152345678", "03152345678"),
        ("+8631512345", "12345"),
        ("+442079460000", "+442079460000"),
        ("anonymous", ""),
        ("abc", ""),
    ];
    for (raw, expected) in shown {
        assert_eq!(Number::parse(raw, AREA).national(), expected, "{raw}");
    }
}

#[test]
fn printing_a_number_hides_its_middle() {
    let shown = [
        ("13800138000", "138****8000"),
        ("03152345678", "0315****78"),
        ("12345", "12345"),
        ("anonymous", "anonymous"),
        ("abc", "invalid"),
    ];
    for (raw, expected) in shown {
        let number = Number::parse(raw, AREA);
        assert_eq!(number.to_string(), expected);
        assert_eq!(format!("{number:?}"), expected);
    }
}

#[test]
fn what_is_longer_than_any_number_is_refused_and_cut() {
    let number = Number::parse(&"1".repeat(1_000), AREA);
    assert!(number.canonical == Canonical::Invalid);
    assert_eq!(number.raw.len(), 128);
}

proptest! {
    /// Whatever a stranger sends, the result is one of the four forms, and a canonical text is its own canonical form.
    #[test]
    fn a_canonical_form_is_canonical(raw in "[+0-9a-z@:;=. ()-]{0,40}", other in any::<String>()) {
        for raw in [raw, other] {
            let number = Number::parse(&raw, AREA);
            if let Canonical::E164(text) = &number.canonical {
                prop_assert!((8..=16).contains(&text.len()), "{}", text);
                prop_assert!(text.starts_with('+') && text[1..].bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!(Number::parse(text, "10").canonical == number.canonical, "{}", text);
            }
            if let Canonical::Short(text) = &number.canonical {
                prop_assert!((3..=8).contains(&text.len()), "{}", text);
            }
        }
    }

    /// The same mobile number in any of its dresses is the same number.
    #[test]
    fn a_mobile_number_has_one_form(second in 3_u8..=9, rest in 0_u32..1_000_000_000) {
        let mobile = format!("1{second}{rest:09}");
        let expected = format!("+86{mobile}");
        for dress in ["", "0", "86", "+86", "0086", "tel:+86", "sip:"] {
            let number = Number::parse(&format!("{dress}{mobile}"), AREA);
            prop_assert_eq!(number.canonical_text(), &expected);
            prop_assert_eq!(number.to_string(), format!("{}****{}", &mobile[..3], &mobile[7..]));
        }
    }
}
