use super::*;

fn site() -> SiteWords {
    SiteWords {
        city: "唐山市".to_owned(),
        signature: "唐山12345".to_owned(),
    }
}

fn everything() -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = [
        ("number", "20261124000001"),
        ("code", "84230019"),
        ("unit", "路北区城市管理局"),
        ("deadline", "2026-12-01 24:00"),
        ("reason", "路灯不亮"),
        ("route", "信访部门"),
        ("answer", "已经修复"),
        ("title", "机场路路灯"),
        ("place", "机场路17号"),
        ("name", "王某某"),
        ("time", "2026-11-25 09:00"),
        ("phone", "0315-12345"),
        ("source", "市住建局"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for name in places_of_all() {
        values.entry(name.clone()).or_insert(format!("秘密{name}"));
    }
    values
}

fn places(words: &str) -> Vec<String> {
    let names = words.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.map(str::to_owned).collect()
}

fn places_of_all() -> Vec<String> {
    Template::ALL
        .iter()
        .flat_map(|template| places(words(template.code())))
        .collect()
}

#[test]
fn every_template_has_words_with_the_order_number_or_its_own_subject() {
    for template in Template::ALL {
        let words = TEXTS["sms"].get(template.code());
        let words = words.and_then(toml::Value::as_str).unwrap_or_default();
        assert!(words.contains('{'), "[sms] has no words for {template}");
        let text = render(*template, &everything(), Secrecy::Open, &site());
        assert!(text.starts_with("【唐山12345】"), "{text}");
        assert!(
            !text.contains(['{', '}']),
            "{template}: a place was not filled: {text}"
        );
    }
    let known: Vec<&str> = Template::ALL.iter().map(|it| it.code()).collect();
    for key in TEXTS["sms"].as_table().unwrap().keys() {
        let extra = ["confidential_appellant", "confidential_unit"].contains(&key.as_str());
        assert!(extra || known.contains(&key.as_str()), "[sms] {key} is nobody's");
    }
}

#[test]
fn a_confidential_order_tells_number_and_query_code_alone_in_every_template() {
    let values = everything();
    for template in Template::ALL {
        let text = render(*template, &values, Secrecy::Confidential, &site());
        assert!(text.contains("20261124000001"), "{template}: {text}");
        assert_eq!(
            text.contains("84230019"),
            template.is_for_appellant(),
            "the query code is the appellant's: {template}"
        );
        for (name, value) in &values {
            if !["number", "code"].contains(&name.as_str()) {
                assert!(!text.contains(value), "{template} tells {name}: {text}");
            }
        }
    }
}

#[test]
fn the_confidential_words_ask_for_nothing_else() {
    assert!(
        places(words("confidential_appellant"))
            .iter()
            .all(|it| ["number", "code", "city"].contains(&it.as_str()))
    );
    assert!(
        places(words("confidential_unit"))
            .iter()
            .all(|it| ["number", "city"].contains(&it.as_str()))
    );
}

#[test]
fn a_value_that_looks_like_a_place_stays_as_it_is() {
    let values = BTreeMap::from([
        ("number".to_owned(), "{code}".to_owned()),
        ("code".to_owned(), "1\r\n2".to_owned()),
    ]);
    let text = render(Template::Accepted, &values, Secrecy::Open, &site());
    assert!(text.contains("{code}") && text.contains("1  2"), "{text}");
}

#[test]
fn a_long_value_and_a_long_text_are_cut() {
    let long = "长".repeat(VARIABLE_CHARS_MAX + 1);
    assert_eq!(plain(&long).chars().count(), VARIABLE_CHARS_MAX);
    assert_eq!(
        shorten(&"字".repeat(TEXT_CHARS_MAX + 1), TEXT_CHARS_MAX)
            .chars()
            .count(),
        TEXT_CHARS_MAX
    );
    let site = SiteWords {
        signature: String::new(),
        ..site()
    };
    assert!(!render(Template::Closed, &everything(), Secrecy::Open, &site).contains('【'));
}
