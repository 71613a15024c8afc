//! Decides what a command does to a work order.
//!
//! **Invariants.** A refusal names the field and the clause, so that people learn the rule. The submission asks for all
//! five items of 7.1.2 a and for the place (or its absence) at once.
//! **Source.** DB1302/T 604—2025 7.1.2 a.

use std::collections::BTreeMap;

use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::command::Command;
use crate::ticket::command::DraftFields;
use crate::ticket::command::OpenDraft;
use crate::ticket::evolve;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Draft;
use crate::ticket::model::Place;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

/// The clause that asks for the five items.
pub const CLAUSE_ITEMS: &str = "DB1302/T 604—2025 7.1.2 a";
/// The clause that names the six kinds.
pub const CLAUSE_KINDS: &str = "DB1302/T 604—2025 3.2";

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

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The order exists already.
    #[error("the order is already open")]
    AlreadyOpen,
    /// The order does not exist.
    #[error("no such order")]
    NotOpen,
    /// The state does not allow it.
    #[error("not in state {state}")]
    NotAllowed {
        /// Where the order stands.
        state: State,
    },
    /// Somebody was quicker.
    #[error("version {expected} was expected, {actual} is there")]
    Version {
        /// What the writer had before his eyes.
        expected: i64,
        /// What is there.
        actual: i64,
    },
    /// Required items are missing.
    #[error("{}: missing {}", clause, fields.join(", "))]
    Incomplete {
        /// The fields by name, in the order of the form.
        fields: Vec<&'static str>,
        /// The clause that asks for them.
        clause: &'static str,
    },
    /// A field holds what it may not.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field by name.
        field: &'static str,
        /// Which rule it breaks, as a stable code: `too_long`, `unknown_code`, `not_text`.
        reason: &'static str,
        /// The clause behind the rule.
        clause: &'static str,
    },
}

impl TicketError {
    /// The clause behind the refusal, if one is.
    pub const fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Incomplete { clause, .. } | Self::Invalid { clause, .. } => Some(clause),
            _ => None,
        }
    }

    /// The first field the refusal is about.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Incomplete { fields, .. } => fields.first().copied(),
            Self::Invalid { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// A fact to be, with the values that are sealed beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happens.
    pub fact: TicketFact,
    /// The values behind it.
    pub personal: Option<Personal>,
}

/// Decides what `command` does to `ticket`. Pure: the caller stores row and facts together.
///
/// No decision at all means that the command changes nothing.
///
/// # Errors
/// [`TicketError`] says why the command is refused.
pub fn decide(
    ticket: Option<&Ticket>,
    command: &Command,
    catalogue: &Catalogue,
) -> Result<Vec<Decision>, TicketError> {
    match (ticket, command) {
        (None, Command::OpenDraft(open)) => Ok(vec![opened(open)]),
        (Some(_), Command::OpenDraft(_)) => Err(TicketError::AlreadyOpen),
        (None, _) => Err(TicketError::NotOpen),
        (
            Some(ticket),
            Command::SaveDraft {
                fields,
                expected_version,
            },
        ) => {
            check_editable(ticket, *expected_version)?;
            let draft = changed(&ticket.draft, fields, catalogue)?;
            Ok(saved(ticket, &draft))
        }
        (Some(ticket), Command::Submit { expected_version }) => {
            check_editable(ticket, *expected_version)?;
            Ok(vec![submitted(ticket)?])
        }
    }
}

fn check_editable(ticket: &Ticket, expected: i64) -> Result<(), TicketError> {
    if ticket.state != State::Draft {
        return Err(TicketError::NotAllowed { state: ticket.state });
    }
    if ticket.version != expected {
        return Err(TicketError::Version {
            expected,
            actual: ticket.version,
        });
    }
    Ok(())
}

fn opened(open: &OpenDraft) -> Decision {
    let fact = TicketFact::DraftOpened {
        number: open.number.clone(),
        agent: open.agent.clone(),
        queue: open.queue.clone(),
        recording: open.recording,
    };
    Decision { fact, personal: None }
}

fn saved(ticket: &Ticket, draft: &Draft) -> Vec<Decision> {
    let (before, after) = (evolve::values(&ticket.draft), evolve::values(draft));
    let values: BTreeMap<String, String> = after
        .into_iter()
        .filter(|(name, value)| before.get(name) != Some(value))
        .collect();
    if values.is_empty() {
        return Vec::new();
    }
    let changed = values.keys().cloned().collect();
    let fact = TicketFact::DraftSaved {
        changed,
        version: ticket.version + 1,
    };
    vec![Decision {
        fact,
        personal: Some(Personal { number: None, values }),
    }]
}

fn submitted(ticket: &Ticket) -> Result<Decision, TicketError> {
    let draft = &ticket.draft;
    let items = [
        ("name", draft.name.is_empty()),
        ("content", draft.content.chars().count() < CONTENT_MIN),
        ("appeal_type", draft.appeal_type.is_none()),
        ("category", draft.category.is_empty()),
        ("urgency", draft.urgency.is_none()),
        ("place", draft.place == Place::Unset),
    ];
    let fields: Vec<&'static str> = items
        .into_iter()
        .filter(|(_, bare)| *bare)
        .map(|(name, _)| name)
        .collect();
    let (Some(appeal_type), Some(urgency), true) = (draft.appeal_type, draft.urgency, fields.is_empty())
    else {
        return Err(TicketError::Incomplete {
            fields,
            clause: CLAUSE_ITEMS,
        });
    };
    let fact = TicketFact::Submitted {
        appeal_type: appeal_type.code().to_owned(),
        category: draft.category.clone(),
        category_version: draft.category_version,
        urgency: urgency.code().to_owned(),
        version: ticket.version + 1,
    };
    let personal = Personal {
        number: None,
        values: evolve::values(draft),
    };
    Ok(Decision {
        fact,
        personal: Some(personal),
    })
}

/// The draft after the form's fields.
fn changed(draft: &Draft, fields: &DraftFields, catalogue: &Catalogue) -> Result<Draft, TicketError> {
    let mut draft = draft.clone();
    set_text(&mut draft.name, "name", fields.name.as_deref(), NAME_MAX)?;
    set_text(
        &mut draft.contact_phone,
        "contact_phone",
        fields.contact_phone.as_deref(),
        PHONE_MAX,
    )?;
    set_text(
        &mut draft.content,
        "content",
        fields.content.as_deref(),
        CONTENT_MAX,
    )?;
    set_code(
        &mut draft.appellant_kind,
        "appellant_kind",
        fields.appellant_kind.as_deref(),
        AppellantKind::parse,
    )?;
    set_code(
        &mut draft.appeal_type,
        "appeal_type",
        fields.appeal_type.as_deref(),
        AppealType::parse,
    )?;
    set_code(
        &mut draft.urgency,
        "urgency",
        fields.urgency.as_deref(),
        Urgency::parse,
    )?;
    if let Some(code) = fields.category.as_deref()
        && code != draft.category
    {
        if !code.is_empty() && !catalogue.categories.contains(code) {
            return Err(unknown_code("category"));
        }
        code.clone_into(&mut draft.category);
        draft.category_version = if code.is_empty() {
            0
        } else {
            catalogue.categories.version
        };
    }
    draft.place = changed_place(&draft.place, fields, catalogue)?;
    Ok(draft)
}

fn changed_place(place: &Place, fields: &DraftFields, catalogue: &Catalogue) -> Result<Place, TicketError> {
    let (mut region, mut address) = match place {
        Place::At { region, address } => (region.clone(), address.clone()),
        Place::Unset | Place::None => (String::new(), String::new()),
    };
    if let Some(code) = fields.region.as_deref() {
        if !code.is_empty() && !catalogue.regions.contains(code) {
            return Err(unknown_code("region"));
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
        "at" if region.is_empty() => Err(TicketError::Invalid {
            field: "region",
            reason: "missing",
            clause: CLAUSE_ITEMS,
        }),
        "at" => Ok(Place::At { region, address }),
        _ => Err(unknown_code("place")),
    }
}

fn unknown_code(field: &'static str) -> TicketError {
    let clause = if field == "appeal_type" {
        CLAUSE_KINDS
    } else {
        CLAUSE_ITEMS
    };
    TicketError::Invalid {
        field,
        reason: "unknown_code",
        clause,
    }
}

fn set_text(
    into: &mut String,
    field: &'static str,
    text: Option<&str>,
    max: usize,
) -> Result<(), TicketError> {
    let Some(text) = text else { return Ok(()) };
    let text = text.trim();
    if max < text.chars().count() {
        return Err(TicketError::Invalid {
            field,
            reason: "too_long",
            clause: CLAUSE_ITEMS,
        });
    }
    // Line breaks are text; other control characters are an accident of copying.
    if text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n' && letter != '\r' && letter != '\t')
    {
        return Err(TicketError::Invalid {
            field,
            reason: "not_text",
            clause: CLAUSE_ITEMS,
        });
    }
    text.clone_into(into);
    Ok(())
}

fn set_code<T>(
    into: &mut Option<T>,
    field: &'static str,
    code: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(), TicketError> {
    match code {
        None => (),
        Some("") => *into = None,
        Some(code) => *into = Some(parse(code).ok_or_else(|| unknown_code(field))?),
    }
    Ok(())
}
