//! What hangs on an order: rounds, requests, co-units' parts, 督办, 帮办, files, words, clocks.
//!
//! **Not here.** Which words are shown (`http::tickets::sight`).

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::tickets::dto::Light;
use crate::http::tickets::dto::OrganDto;
use crate::http::tickets::files::FileDto;
use crate::http::tickets::limit::ClockDto;
use crate::http::tickets::sight::Eyes;
use crate::ticket::model::Cycle;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::FollowupWord;
use crate::ticket::model::Help;
use crate::ticket::model::Request;
use crate::ticket::model::ReturnReason;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::SubOrder;
use crate::ticket::model::Supervision;
use crate::ticket::model::Ticket;
use crate::ticket::model::Verdict;

/// What hangs on an order.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketParts)]
pub(crate) struct PartsDto {
    /// Rounds of handling, oldest first.
    cycles: Vec<CycleDto>,
    /// Returns, extensions, co-handling, oldest first.
    requests: Vec<RequestDto>,
    /// Co-units' parts.
    subs: Vec<SubDto>,
    /// 督办.
    supervisions: Vec<SupervisionDto>,
    /// 帮办.
    helps: Vec<HelpDto>,
    /// 重点督办 cases that are open.
    cases: Vec<String>,
    /// Orders merged into this one.
    repeats: Vec<String>,
    /// Calls that belong to it, each with its purpose.
    calls: Vec<LinkedCallDto>,
    /// Files.
    files: Vec<AttachedDto>,
    /// Who sees a confidential order, by account.
    circle: Vec<String>,
    /// 催办.
    urges: Vec<UrgeDto>,
    /// How often the caller was warned.
    warned: usize,
    /// 批示.
    instructions: u32,
    /// 终审派单: no return.
    final_unit: bool,
    /// Words by name, as `reply.1.result`; those not shown to the reader are left out.
    words: BTreeMap<String, String>,
    /// Clocks, oldest first.
    clocks: Vec<ClockDto>,
}

impl PartsDto {
    /// What the reader is shown.
    pub(crate) fn new(ticket: &Ticket, eyes: &Eyes<'_>, light: &Light<'_>) -> Self {
        let internal = eyes.sight.shows_internal();
        let name = |no: usize| {
            let words = ticket.texts.get(&format!("file.{no}.name"));
            words.to_owned()
        };
        let files = ticket
            .files
            .iter()
            .enumerate()
            .map(|(at, (file, purpose))| AttachedDto {
                file: FileDto::new(file),
                purpose: purpose.clone(),
                name: name(at + 1),
            });
        let circle = ticket.circle.iter().filter(|_| internal);
        Self {
            cycles: ticket
                .cycles
                .iter()
                .map(|it| CycleDto::new(it, internal, light))
                .collect(),
            requests: ticket
                .requests
                .iter()
                .map(|it| RequestDto::new(it, light))
                .collect(),
            subs: ticket.subs.iter().map(|it| SubDto::new(it, light)).collect(),
            supervisions: ticket
                .supervisions
                .iter()
                .map(|it| SupervisionDto::new(it, light))
                .collect(),
            helps: ticket.helps.iter().map(|it| HelpDto::new(it, light)).collect(),
            cases: ticket
                .cases
                .iter()
                .filter(|(_, open)| *open)
                .map(|(id, _)| id.to_string())
                .collect(),
            repeats: ticket.repeats.iter().map(|(id, _)| id.to_string()).collect(),
            calls: ticket
                .calls
                .iter()
                .map(|(call, purpose)| LinkedCallDto {
                    interaction: call.to_string(),
                    purpose: purpose.clone(),
                })
                .collect(),
            files: files.collect(),
            circle: circle.map(ToString::to_string).collect(),
            urges: ticket
                .urges
                .iter()
                .map(|(at, by, told)| UrgeDto {
                    at: (*at).into(),
                    by: by.code(),
                    told: *told,
                })
                .collect(),
            warned: ticket.warned.len(),
            instructions: ticket.instructions,
            final_unit: ticket.final_unit,
            words: eyes.words(ticket, light.reference),
            clocks: ticket.clocks.iter().map(|it| ClockDto::new(it, light)).collect(),
        }
    }
}

/// A round of handling.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketCycle)]
pub(crate) struct CycleDto {
    no: u32,
    unit: Option<OrganDto>,
    handler: Option<OrganDto>,
    /// How the unit was found.
    basis: Option<&'static str>,
    class: String,
    dispatched_at: Option<Instant>,
    signed_at: Option<Instant>,
    signed_late: bool,
    /// Talks of units with the appellant.
    contacts: Vec<ContactDto>,
    stages: u32,
    fed_back_at: Option<Instant>,
    fed_back_late: bool,
    said_solved: bool,
    /// How often a reply was sent back.
    sent_back: u32,
    reviewed_at: Option<Instant>,
    /// Tries to follow up, the city's and the county's.
    attempts: Vec<AttemptDto>,
    /// Modes planned, in order.
    plan: Vec<&'static str>,
    /// Followed up by a person only.
    only_person: bool,
    city: Option<FollowupDto>,
    county: Option<FollowupDto>,
    /// What one officer proposed; for the organ alone.
    proposed: Option<&'static str>,
    verdict: Option<&'static str>,
    /// 不纳入考核; for the organ alone.
    excluded: bool,
}

impl CycleDto {
    fn new(cycle: &Cycle, internal: bool, light: &Light<'_>) -> Self {
        Self {
            no: cycle.no,
            unit: cycle.unit.as_ref().map(|it| OrganDto::new(it, light)),
            handler: cycle.handler.as_ref().map(|it| OrganDto::new(it, light)),
            basis: cycle.basis.map(RouteBasis::code),
            class: cycle.class.clone(),
            dispatched_at: maybe(cycle.dispatched_at),
            signed_at: maybe(cycle.signed_at),
            signed_late: cycle.signed_late,
            contacts: cycle
                .contacts
                .iter()
                .map(|it| ContactDto {
                    at: it.at.into(),
                    unit: OrganDto::new(&it.unit, light),
                    way: it.way.code(),
                    outcome: it.outcome.code(),
                    opinion: it.opinion,
                    call: it.call.map(|call| call.to_string()),
                })
                .collect(),
            stages: cycle.stages,
            fed_back_at: maybe(cycle.fed_back_at),
            fed_back_late: cycle.fed_back_late,
            said_solved: cycle.said_solved,
            sent_back: cycle.sent_back,
            reviewed_at: maybe(cycle.reviewed_at),
            attempts: cycle
                .attempts
                .iter()
                .map(|it| AttemptDto {
                    at: it.at.into(),
                    level: it.level.code(),
                    mode: it.mode.code(),
                    reached: it.reached,
                })
                .collect(),
            plan: cycle.plan.iter().map(|mode| mode.code()).collect(),
            only_person: cycle.only_person,
            city: cycle.city.as_ref().map(FollowupDto::new),
            county: cycle.county.as_ref().map(FollowupDto::new),
            proposed: cycle
                .proposed
                .as_ref()
                .filter(|_| internal)
                .map(|(verdict, _)| verdict.code()),
            verdict: cycle.verdict.map(Verdict::code),
            excluded: internal && cycle.excluded,
        }
    }
}

/// A talk of a unit with the appellant.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketContact)]
pub(crate) struct ContactDto {
    at: Instant,
    unit: OrganDto,
    way: &'static str,
    outcome: &'static str,
    /// Whether an opinion was heard.
    opinion: bool,
    call: Option<String>,
}

/// A try to follow up.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketAttempt)]
pub(crate) struct AttemptDto {
    at: Instant,
    level: &'static str,
    mode: &'static str,
    reached: bool,
}

/// The appellant's word.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketFollowup)]
pub(crate) struct FollowupDto {
    at: Instant,
    mode: &'static str,
    /// 办理结果.
    result: &'static str,
    /// 满意程度.
    satisfaction: &'static str,
    reached: bool,
}

impl FollowupDto {
    fn new(word: &FollowupWord) -> Self {
        Self {
            at: word.at.into(),
            mode: word.mode.code(),
            result: FollowupResult::code(word.result),
            satisfaction: Satisfaction::code(word.satisfaction),
            reached: word.reached,
        }
    }
}

/// A return, an extension or a co-handling that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketRequest)]
pub(crate) struct RequestDto {
    no: u32,
    what: &'static str,
    state: &'static str,
    cycle: u32,
    unit: OrganDto,
    /// A co-unit's part that it is about.
    sub: Option<u32>,
    at: Instant,
    decided_at: Option<Instant>,
    decided_late: bool,
    /// Return: why.
    reason: Option<&'static str>,
    complex: bool,
    units: Vec<OrganDto>,
    /// Extension: the deadline wanted, then the one given.
    until: Option<Instant>,
    files: Vec<FileDto>,
}

impl RequestDto {
    fn new(request: &Request, light: &Light<'_>) -> Self {
        Self {
            no: request.no,
            what: request.what.code(),
            state: request.state.code(),
            cycle: request.cycle,
            unit: OrganDto::new(&request.unit, light),
            sub: request.sub,
            at: request.at.into(),
            decided_at: maybe(request.decided_at),
            decided_late: request.decided_late,
            reason: request.reason.map(ReturnReason::code),
            complex: request.complex,
            units: request.units.iter().map(|it| OrganDto::new(it, light)).collect(),
            until: maybe(request.until),
            files: request.files.iter().map(FileDto::new).collect(),
        }
    }
}

/// A co-unit's part.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketSub)]
pub(crate) struct SubDto {
    no: u32,
    cycle: u32,
    unit: OrganDto,
    state: &'static str,
    at: Instant,
    signed_late: bool,
    done_late: bool,
}

impl SubDto {
    fn new(sub: &SubOrder, light: &Light<'_>) -> Self {
        Self {
            no: sub.no,
            cycle: sub.cycle,
            unit: OrganDto::new(&sub.unit, light),
            state: sub.state.code(),
            at: sub.at.into(),
            signed_late: sub.signed_late,
            done_late: sub.done_late,
        }
    }
}

/// A 督办.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketSupervision)]
pub(crate) struct SupervisionDto {
    no: u32,
    cause: &'static str,
    cycle: u32,
    unit: OrganDto,
    automatic: bool,
    state: &'static str,
    at: Instant,
}

impl SupervisionDto {
    fn new(supervision: &Supervision, light: &Light<'_>) -> Self {
        Self {
            no: supervision.no,
            cause: supervision.cause.code(),
            cycle: supervision.cycle,
            unit: OrganDto::new(&supervision.unit, light),
            automatic: supervision.automatic,
            state: supervision.state.code(),
            at: supervision.at.into(),
        }
    }
}

/// A 帮办.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketHelp)]
pub(crate) struct HelpDto {
    no: u32,
    state: &'static str,
    departments: Vec<OrganDto>,
    seat: Option<String>,
    at: Instant,
}

impl HelpDto {
    fn new(help: &Help, light: &Light<'_>) -> Self {
        Self {
            no: help.no,
            state: help.state.code(),
            departments: help
                .departments
                .iter()
                .map(|it| OrganDto::new(it, light))
                .collect(),
            seat: help.seat.as_ref().map(ToString::to_string),
            at: help.at.into(),
        }
    }
}

/// A call that belongs to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketCall)]
pub(crate) struct LinkedCallDto {
    interaction: String,
    purpose: String,
}

/// A file that hangs on an order.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketAttachment)]
pub(crate) struct AttachedDto {
    file: FileDto,
    /// `evidence`, `photo`, `reply`, `conclusion`, `other`.
    purpose: String,
    name: String,
}

/// A 催办.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketUrge)]
pub(crate) struct UrgeDto {
    at: Instant,
    by: &'static str,
    /// Whether the unit was told.
    told: bool,
}
