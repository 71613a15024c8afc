//! The fields of a draft by name: how they travel beside a fact and stand sealed in a row.
//!
//! **Not here.** Checks (`ticket::decide`).

use std::collections::BTreeMap;

use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Draft;
use crate::ticket::model::Place;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

const YES: &str = "yes";

const fn flag(on: bool) -> &'static str {
    if on { YES } else { "" }
}

/// The personal fields by name: what never stands in clear.
fn personal_fields(draft: &Draft) -> [(&'static str, &str); 9] {
    let address = match &draft.place {
        Place::At { address, .. } => address.as_str(),
        Place::Unset | Place::None => "",
    };
    [
        ("name", &draft.name),
        ("contact_phone", &draft.contact_phone),
        ("content", &draft.content),
        ("company", &draft.company),
        ("credit_code", &draft.credit_code),
        ("target", &draft.target),
        ("demand", &draft.demand),
        ("contact_time", &draft.contact_time),
        ("address", address),
    ]
}

/// All fields of a draft by name.
pub fn values(draft: &Draft) -> BTreeMap<String, String> {
    let place = match &draft.place {
        Place::Unset => "",
        Place::None => "none",
        Place::At { .. } => "at",
    };
    let version = draft.category_version.to_string();
    let codes = [
        (
            "appellant_kind",
            draft.appellant_kind.map_or("", AppellantKind::code),
        ),
        ("appeal_type", draft.appeal_type.map_or("", AppealType::code)),
        ("category", draft.category.as_str()),
        ("category_version", version.as_str()),
        ("urgency", draft.urgency.map_or("", Urgency::code)),
        ("place", place),
        ("region", draft.place.region().unwrap_or_default()),
        (
            "target_organ",
            draft.target_organ.as_ref().map_or("", |organ| organ.as_str()),
        ),
        ("secrecy", flag(draft.secrecy)),
        ("read_back", flag(draft.read_back)),
    ];
    codes
        .into_iter()
        .chain(personal_fields(draft))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Everything of an order that is sealed in its row: the personal fields of the draft and all words.
pub fn personal_values(ticket: &Ticket) -> BTreeMap<String, String> {
    let fields = personal_fields(&ticket.draft)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    fields.chain(ticket.texts.0.clone()).collect()
}

/// Sets fields by name; what is not named stays, and a name that is no field is passed over.
pub fn set_values(draft: &mut Draft, changed: &BTreeMap<String, String>) {
    if changed.keys().all(|name| name.contains('.')) {
        return;
    }
    let mut all = values(draft);
    all.extend(changed.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut take = |name: &str| all.remove(name).unwrap_or_default();
    draft.name = take("name");
    draft.appellant_kind = AppellantKind::parse(&take("appellant_kind"));
    draft.contact_phone = take("contact_phone");
    draft.appeal_type = AppealType::parse(&take("appeal_type"));
    draft.category = take("category");
    draft.category_version = take("category_version").parse().unwrap_or(0);
    draft.content = take("content");
    draft.urgency = Urgency::parse(&take("urgency"));
    draft.company = take("company");
    draft.credit_code = take("credit_code");
    draft.target = take("target");
    draft.target_organ = take("target_organ").parse().ok();
    draft.demand = take("demand");
    draft.contact_time = take("contact_time");
    draft.secrecy = take("secrecy") == YES;
    draft.read_back = take("read_back") == YES;
    let (region, address) = (take("region"), take("address"));
    draft.place = match take("place").as_str() {
        "none" => Place::None,
        "at" => Place::At { region, address },
        _ => Place::Unset,
    };
}
