//! The synthetic appeals with their answer key, as an agent writes them down.

use std::sync::LazyLock;

use serde_json::Value;
use serde_json::json;

static APPEALS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../data/appeals.json")).unwrap());

/// An appeal.
#[derive(Clone, Debug)]
pub(crate) struct Appeal {
    /// The fields of the form.
    pub(crate) fields: Value,
    /// The answer key as it stands in the file.
    pub(crate) expected: Value,
}

/// The appeal of a number, as `AP009`.
pub(crate) fn appeal(id: &str) -> Appeal {
    let items = APPEALS["items"].as_array().unwrap();
    let item = items.iter().find(|it| it["id"] == id).unwrap();
    let expected = &item["expected"];
    let kind = match item["appellant_kind"].as_str().unwrap() {
        "法人" => "legal_person",
        "其他组织" => "organization",
        _ => "person",
    };
    let mut fields = json!({"name": "赵女士", "appellant_kind": kind, "content": item["text"],
        "appeal_type": appeal_type(expected["type"].as_str().unwrap()),
        "category": expected["category"], "urgency": expected["urgency"], "read_back": true});
    if kind != "person" {
        fields["company"] = json!("唐山某某商贸有限公司");
    }
    let region = [&expected["street"], &expected["region"]]
        .into_iter()
        .find(|it| it.is_string());
    match region {
        Some(region) => fields["region"] = region.clone(),
        None => fields["place"] = json!("none"),
    }
    Appeal {
        fields,
        expected: expected.clone(),
    }
}

fn appeal_type(name: &str) -> &'static str {
    match name {
        "咨询" => "consult",
        "求助" => "help",
        "投诉" => "complaint",
        "举报" => "report",
        "表扬" => "praise",
        _ => "suggestion",
    }
}
