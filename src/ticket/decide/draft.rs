//! The fields of the form: what each may hold, what a save changes, what a submission needs.
//!
//! **Invariants.** A refusal names the field. A save that changes nothing is no fact.
//! **Source.** DB1302/T 604—2025 3.2, 3.3, 7.1.2 a.

use std::collections::BTreeMap;

use crate::fact::ticket::TicketFact;
use crate::ticket::command::DraftFields;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::checked;
use crate::ticket::decide::work::invalid;
use crate::ticket::evolve;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Draft;
use crate::ticket::model::Place;
use crate::ticket::model::Urgency;
use crate::ticket::reference::Reference;
use crate::ticket::refusal::TicketError;

/// The clause that asks for the five items.
pub const CLAUSE_ITEMS: &str = "7.1.2 a";
/// The clause that names the six kinds.
pub const CLAUSE_KINDS: &str = "3.2";
/// The clause that names the kinds of appellants.
pub(super) const CLAUSE_APPELLANT: &str = "3.3";

/// Longest name, characters.
pub const NAME_MAX: usize = 50;
/// Longest number to call back, characters.
pub const PHONE_MAX: usize = 32;
/// Shortest content of a submitted order, characters: a word is no appeal.
pub const CONTENT_MIN: usize = 5;
/// Longest content, characters.
pub const CONTENT_MAX: usize = 4_000;
/// Longest address, characters.
pub const ADDRESS_MAX: usize = 200;
/// Longest name of a company, or of whom the appeal is about, characters.
const COMPANY_MAX: usize = 100;
/// Longest demand, characters.
const DEMAND_MAX: usize = 500;
/// Longest wish of when to be called, characters.
const CONTACT_TIME_MAX: usize = 50;
/// 统一社会信用代码 has this many characters (GB 32100—2015).
const CREDIT_CODE_LEN: usize = 18;

/// Puts the fact of a save when it changes anything.
pub(super) fn save(work: &mut Work<'_>, fields: &DraftFields) -> Result<(), TicketError> {
    let draft = changed(&work.ticket.draft, fields, work.ctx.reference)?;
    let before = evolve::values(&work.ticket.draft);
    let values: BTreeMap<String, String> = evolve::values(&draft)
        .into_iter()
        .filter(|(name, value)| before.get(name) != Some(value))
        .collect();
    if values.is_empty() {
        return Ok(());
    }
    let fact = TicketFact::DraftSaved {
        changed: values.keys().cloned().collect(),
        version: work.ticket.version + 1,
    };
    work.put_values(fact, values);
    Ok(())
}

/// What a submission still misses, by field, in the order of the form. Source: 7.1.2 a, 3.3.
pub(super) fn missing(draft: &Draft) -> Vec<&'static str> {
    let company = matches!(
        draft.appellant_kind,
        Some(AppellantKind::LegalPerson | AppellantKind::Organization)
    );
    let items = [
        ("name", draft.name.is_empty()),
        ("company", company && draft.company.is_empty()),
        ("content", draft.content.chars().count() < CONTENT_MIN),
        ("appeal_type", draft.appeal_type.is_none()),
        ("category", draft.category.is_empty()),
        ("urgency", draft.urgency.is_none()),
        ("place", draft.place == Place::Unset),
    ];
    items
        .into_iter()
        .filter(|(_, bare)| *bare)
        .map(|(name, _)| name)
        .collect()
}

/// The draft after the form's fields.
pub(super) fn changed(
    draft: &Draft,
    fields: &DraftFields,
    reference: &Reference,
) -> Result<Draft, TicketError> {
    let mut draft = draft.clone();
    set_texts(&mut draft, fields)?;
    set_codes(&mut draft, fields, reference)?;
    if let Some(code) = fields.category.as_deref()
        && code != draft.category
    {
        let categories = &reference.catalogue.categories;
        if !code.is_empty() && !categories.contains(code) {
            return Err(invalid("category", "unknown_code", CLAUSE_ITEMS));
        }
        code.clone_into(&mut draft.category);
        draft.category_version = if code.is_empty() { 0 } else { categories.version };
    }
    if let Some(organ) = fields.target_organ.as_deref() {
        draft.target_organ = match organ {
            "" => None,
            organ => {
                let known = organ
                    .parse()
                    .ok()
                    .filter(|organ| reference.organs.get(organ).is_some());
                Some(known.ok_or_else(|| invalid("target_organ", "unknown_code", "6.1 a"))?)
            }
        };
    }
    draft.secrecy = fields.secrecy.unwrap_or(draft.secrecy);
    draft.read_back = fields.read_back.unwrap_or(draft.read_back);
    draft.place = changed_place(&draft.place, fields, reference)?;
    Ok(draft)
}

fn set_texts(draft: &mut Draft, fields: &DraftFields) -> Result<(), TicketError> {
    let texts = [
        (&mut draft.name, "name", &fields.name, NAME_MAX),
        (
            &mut draft.contact_phone,
            "contact_phone",
            &fields.contact_phone,
            PHONE_MAX,
        ),
        (&mut draft.content, "content", &fields.content, CONTENT_MAX),
        (&mut draft.company, "company", &fields.company, COMPANY_MAX),
        (&mut draft.target, "target", &fields.target, COMPANY_MAX),
        (&mut draft.demand, "demand", &fields.demand, DEMAND_MAX),
        (
            &mut draft.contact_time,
            "contact_time",
            &fields.contact_time,
            CONTACT_TIME_MAX,
        ),
        (
            &mut draft.credit_code,
            "credit_code",
            &fields.credit_code,
            CREDIT_CODE_LEN,
        ),
    ];
    for (into, field, text, max) in texts {
        set_text(into, field, text.as_deref(), max)?;
    }
    // GB 32100 leaves out I, O, S, V and Z, which look like digits.
    let letter = |it: u8| it.is_ascii_digit() || (it.is_ascii_uppercase() && !b"IOSVZ".contains(&it));
    let code = &draft.credit_code;
    if !code.is_empty() && (code.len() != CREDIT_CODE_LEN || !code.bytes().all(letter)) {
        return Err(invalid("credit_code", "not_a_credit_code", CLAUSE_APPELLANT));
    }
    Ok(())
}

fn set_codes(draft: &mut Draft, fields: &DraftFields, reference: &Reference) -> Result<(), TicketError> {
    set_code(
        &mut draft.appellant_kind,
        (reference, "appellant_kind"),
        fields.appellant_kind.as_deref(),
        AppellantKind::parse,
    )?;
    set_code(
        &mut draft.appeal_type,
        (reference, "appeal_type"),
        fields.appeal_type.as_deref(),
        AppealType::parse,
    )?;
    set_code(
        &mut draft.urgency,
        (reference, "urgency"),
        fields.urgency.as_deref(),
        Urgency::parse,
    )
}

fn changed_place(place: &Place, fields: &DraftFields, reference: &Reference) -> Result<Place, TicketError> {
    let (mut region, mut address) = match place {
        Place::At { region, address } => (region.clone(), address.clone()),
        Place::Unset | Place::None => (String::new(), String::new()),
    };
    if let Some(code) = fields.region.as_deref() {
        if !code.is_empty() && !reference.catalogue.regions.contains(code) {
            return Err(invalid("region", "unknown_code", CLAUSE_ITEMS));
        }
        code.clone_into(&mut region);
    }
    set_text(&mut address, "address", fields.address.as_deref(), ADDRESS_MAX)?;
    let before = match place {
        Place::Unset => "",
        Place::None => "none",
        Place::At { .. } => "at",
    };
    let told = fields.region.as_deref().is_some_and(|code| !code.is_empty());
    match fields
        .place
        .as_deref()
        .unwrap_or(if told { "at" } else { before })
    {
        "" => Ok(Place::Unset),
        "none" => Ok(Place::None),
        "at" if region.is_empty() => Err(invalid("region", "missing", CLAUSE_ITEMS)),
        "at" => Ok(Place::At { region, address }),
        _ => Err(invalid("place", "unknown_code", CLAUSE_ITEMS)),
    }
}

fn set_text(
    into: &mut String,
    field: &'static str,
    text: Option<&str>,
    max: usize,
) -> Result<(), TicketError> {
    if let Some(text) = text {
        let clause = if matches!(field, "company" | "credit_code") {
            CLAUSE_APPELLANT
        } else {
            CLAUSE_ITEMS
        };
        *into = checked(field, text, (0, max), clause)?;
    }
    Ok(())
}

fn set_code<T>(
    into: &mut Option<T>,
    (reference, field): (&Reference, &'static str),
    code: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(), TicketError> {
    let clause = match field {
        "appeal_type" => CLAUSE_KINDS,
        "appellant_kind" => CLAUSE_APPELLANT,
        _ => CLAUSE_ITEMS,
    };
    match code {
        None => (),
        Some("") => *into = None,
        Some(code) => {
            *into = parse(code);
            if into.is_none() && !reference.suspends(field) {
                return Err(invalid(field, "unknown_code", clause));
            }
        }
    }
    Ok(())
}
