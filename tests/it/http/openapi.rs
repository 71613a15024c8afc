//! The description of the interface is a contract: its copy is what the screens are typed by.

use rexian::http::openapi;

#[test]
fn the_copy_of_the_description_is_what_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/web/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, openapi::text()).unwrap();
    }
    let copy = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        copy == openapi::text(),
        "web/openapi.json is old: run UPDATE_OPENAPI=1 cargo test --test it openapi, read the difference, commit it"
    );
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let value: serde_json::Value = serde_json::from_str(openapi::text()).unwrap();
    let text = openapi::text();
    let references = text
        .split("\"$ref\": \"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let mut seen = 0;
    for reference in references {
        assert!(value.pointer(reference).is_some(), "{reference}");
        seen += 1;
    }
    assert!(50 < seen, "{seen}");
}
