//! A work order as the API shows it: what is in clear for whom.
//!
//! **Invariants.** A list shows no personal field. Numbers are masked but for the writer of the draft; whoever may see
//! them reveals them, which leaves a fact. What a sight does not show is empty, never a hint.
//! **Not here.** Who sees what (`ticket::sight`).
//! **Source.** DB1302/T 604—2025 3.4, 8.4.2.1.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::civil::SiteZone;
use crate::base::ids::AgentId;
use crate::base::ids::OrganId;
use crate::base::ids::QueueId;
use crate::base::phone_number::Number;
use crate::base::time::WallTime;
use crate::engine::ticket_service::OpenedTicket;
use crate::exchange::profile::Profile;
use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::live_call::shown;
use crate::http::tickets::limit::LimitDto;
use crate::http::tickets::parts::PartsDto;
use crate::http::tickets::sight::Eyes;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::Ending;
use crate::ticket::model::Flag;
use crate::ticket::model::Place;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;
use crate::ticket::reference::Reference;

/// What an order is shown with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Light<'a> {
    /// Names of lines, queues and agents.
    pub(crate) profile: &'a Profile,
    /// Names of organs, categories and regions; the calendar.
    pub(crate) reference: &'a Reference,
    /// The site's zone.
    pub(crate) zone: &'a SiteZone,
    /// When it is looked at.
    pub(crate) now: WallTime,
}

impl Light<'_> {
    /// 机构名称, or the id of one that is gone.
    pub(crate) fn organ(&self, id: &OrganId) -> String {
        let organ = self.reference.organs.get(id);
        organ.map_or_else(|| id.to_string(), |organ| organ.name.clone())
    }
}

/// An organ with its name.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganName)]
pub(crate) struct OrganDto {
    /// Its id.
    id: String,
    /// 机构名称.
    name: String,
}

impl OrganDto {
    pub(crate) fn new(id: &OrganId, light: &Light<'_>) -> Self {
        Self {
            id: id.to_string(),
            name: light.organ(id),
        }
    }
}

/// A work order.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketDto {
    /// Its id.
    id: String,
    /// 工单编号, `YYYYMMDD` and six digits.
    number: String,
    /// Where it stands, as `draft`, `pending_dispatch`, `handling`, `closed`.
    state: &'static str,
    /// Where it came from: `phone`, or another channel of the site.
    channel: String,
    /// The other platform's own number.
    external: Option<String>,
    /// Its number in an older system.
    old_number: Option<String>,
    /// The call it was opened by.
    interaction: Option<String>,
    /// 1: the first matter of its call; 2, 3 … the others.
    matter: u32,
    /// The dialled line.
    line: Option<String>,
    /// 线路名.
    line_name: String,
    /// The queue of the call.
    queue: Option<String>,
    /// 队列名.
    queue_name: String,
    /// Who writes it.
    agent: Option<String>,
    /// 姓名.
    agent_name: String,
    /// The recording of the call.
    recording: Option<String>,
    /// How much of it is shown: `listed`, `masked`, `matter`, `personal`, `whole`.
    sight: &'static str,
    /// Who called; empty in lists and when it was withheld or erased.
    caller: String,
    /// Whether the numbers are in clear.
    caller_clear: bool,
    /// 诉求人姓名或称呼; empty in lists.
    name: String,
    /// 诉求人类别: `person`, `legal_person`, `organization`.
    appellant_kind: Option<&'static str>,
    /// Another number to call back; empty in lists.
    contact_phone: String,
    /// When he may be called back; empty in lists.
    contact_time: String,
    /// 企业名称; empty in lists.
    company: String,
    /// 统一社会信用代码; empty in lists.
    credit_code: String,
    /// Whether he asks that his identity is kept secret.
    secrecy: bool,
    /// 诉求类别: `consult`, `help`, `complaint`, `report`, `praise`, `suggestion`.
    appeal_type: Option<&'static str>,
    /// 事件类型: a code of the tree.
    category: String,
    /// Its names from the top down, `/` between them.
    category_path: String,
    /// The version of the tree it was chosen from.
    category_version: i64,
    /// 诉求内容; empty in lists.
    content: String,
    /// 诉求人要求; empty in lists.
    demand: String,
    /// 被反映对象 in words; empty in lists.
    target: String,
    /// 被反映对象, when it is an organ.
    target_organ: Option<OrganDto>,
    /// Whether what was written was read back.
    read_back: bool,
    /// 紧急程度: `normal`, `urgent`, `critical`.
    urgency: Option<&'static str>,
    /// 地点: `none` (无地点), `at`, or absent while nothing is said.
    place: Option<&'static str>,
    /// 区域: a code of the tree.
    region: String,
    /// Its names from the top down.
    region_path: String,
    /// 详细地址; empty in lists.
    address: String,
    /// Flags, as `enterprise`.
    flags: Vec<&'static str>,
    /// Confidential: only its circle sees it.
    confidential: bool,
    /// 首接负责单位.
    unit: Option<OrganDto>,
    /// Who handles it now.
    handler: Option<OrganDto>,
    /// The round of handling: 0 before the first dispatch.
    cycle: u32,
    /// The class of the limit.
    class: String,
    /// The limit that counts now: of its handling, else of what it waits for.
    limit: Option<LimitDto>,
    /// How it ended before dispatch: `answered`, `not_accepted`, `invalid`, `referred`, `merged`, `cancelled`.
    ending: Option<&'static str>,
    /// The reason, disposition, basis or line of that.
    ending_code: Option<String>,
    /// The order it repeats.
    master: Option<String>,
    /// How it was closed.
    closing: Option<&'static str>,
    /// Why it is not followed up.
    exempt: Option<&'static str>,
    /// How often it was opened again.
    reopened: u32,
    /// Rounds, requests, parts, words, files, clocks; absent in lists and where only a masked order is seen.
    parts: Option<PartsDto>,
    /// The row's version, for `If-Match`.
    version: i64,
    /// When it was opened.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// When it was submitted.
    submitted_at: Option<Instant>,
    /// When it was first accepted.
    accepted_at: Option<Instant>,
    /// When the newest round was dispatched.
    dispatched_at: Option<Instant>,
    /// When it was signed.
    signed_at: Option<Instant>,
    /// When the unit last replied.
    fed_back_at: Option<Instant>,
    /// When it was closed.
    closed_at: Option<Instant>,
}

impl TicketDto {
    /// An order as a line of a list: codes, times and the light of its limit, no word of anybody.
    #[allow(clippy::too_many_lines, reason = "one line a field")]
    pub(crate) fn listed(ticket: &Ticket, light: &Light<'_>) -> Self {
        let (draft, cycle) = (&ticket.draft, ticket.cycle());
        let Light {
            profile, reference, ..
        } = light;
        let catalogue = &reference.catalogue;
        let (place, region) = match &draft.place {
            Place::Unset => (None, ""),
            Place::None => (Some("none"), ""),
            Place::At { region, .. } => (Some("at"), region.as_str()),
        };
        let name_of_line = ticket.line.as_ref().and_then(|line| profile.lines.get(line));
        let (ending, ending_code, master) = ending(ticket.ending.as_ref());
        Self {
            id: ticket.id.to_string(),
            number: ticket.number.clone(),
            state: ticket.state.code(),
            channel: ticket.origin.channel.clone(),
            external: ticket.origin.external.clone(),
            old_number: ticket.origin.old_number.clone(),
            interaction: ticket.interaction.map(|call| call.to_string()),
            matter: ticket.matter,
            line: ticket.line.as_ref().map(ToString::to_string),
            line_name: name_of_line.map(|line| line.name.clone()).unwrap_or_default(),
            queue: ticket.queue.as_ref().map(ToString::to_string),
            queue_name: queue_name(profile, ticket.queue.as_ref()),
            agent: ticket.agent.as_ref().map(ToString::to_string),
            agent_name: agent_name(profile, ticket.agent.as_ref()),
            recording: ticket.recording.map(|recording| recording.to_string()),
            sight: "listed",
            caller: String::new(),
            caller_clear: false,
            name: String::new(),
            appellant_kind: draft.appellant_kind.map(AppellantKind::code),
            contact_phone: String::new(),
            contact_time: String::new(),
            company: String::new(),
            credit_code: String::new(),
            secrecy: draft.secrecy,
            appeal_type: draft.appeal_type.map(AppealType::code),
            category: draft.category.clone(),
            category_path: path_of(catalogue.categories.path(&draft.category)),
            category_version: draft.category_version,
            content: String::new(),
            demand: String::new(),
            target: String::new(),
            target_organ: None,
            read_back: draft.read_back,
            urgency: draft.urgency.map(Urgency::code),
            place,
            region: region.to_owned(),
            region_path: path_of(catalogue.regions.path(region)),
            address: String::new(),
            flags: ticket.flags.iter().map(|flag| Flag::code(*flag)).collect(),
            confidential: ticket.confidential,
            unit: ticket.unit().map(|organ| OrganDto::new(organ, light)),
            handler: ticket.handler().map(|organ| OrganDto::new(organ, light)),
            cycle: ticket.cycle_no(),
            class: cycle.map(|cycle| cycle.class.clone()).unwrap_or_default(),
            limit: limit(ticket, light),
            ending,
            ending_code,
            master,
            closing: ticket.closing.map(Closing::code),
            exempt: ticket.exempt.map(crate::ticket::model::Exemption::code),
            reopened: ticket.reopened,
            parts: None,
            version: ticket.version,
            created_at: ticket.created_at.into(),
            updated_at: ticket.updated_at.into(),
            submitted_at: maybe(ticket.submitted_at),
            accepted_at: maybe(ticket.accepted_at),
            dispatched_at: maybe(cycle.and_then(|cycle| cycle.dispatched_at)),
            signed_at: maybe(cycle.and_then(|cycle| cycle.signed_at)),
            fed_back_at: maybe(cycle.and_then(|cycle| cycle.fed_back_at)),
            closed_at: maybe(ticket.closed_at),
        }
    }

    /// An order as somebody with these eyes sees it.
    pub(crate) fn seen(opened: &OpenedTicket, eyes: &Eyes<'_>, light: &Light<'_>) -> Self {
        let ticket = &opened.row.ticket;
        let mut dto = Self {
            sight: eyes.code(),
            ..Self::listed(ticket, light)
        };
        let draft = &ticket.draft;
        if eyes.sight.shows_matter() {
            dto.content.clone_from(&draft.content);
            dto.demand.clone_from(&draft.demand);
            dto.target.clone_from(&draft.target);
            dto.target_organ = draft.target_organ.as_ref().map(|it| OrganDto::new(it, light));
            if let Place::At { address, .. } = &draft.place {
                dto.address.clone_from(address);
            }
            dto.parts = Some(PartsDto::new(ticket, eyes, light));
        }
        if eyes.sight.shows_identity() {
            let clear = eyes.writes;
            let caller = opened.caller.as_ref();
            dto.caller = caller.map(|number| shown(number, clear)).unwrap_or_default();
            dto.caller_clear = clear && caller.is_some();
            dto.name.clone_from(&draft.name);
            dto.contact_phone = written_number(&draft.contact_phone, clear, light);
            dto.contact_time.clone_from(&draft.contact_time);
            dto.company.clone_from(&draft.company);
            dto.credit_code = if clear {
                draft.credit_code.clone()
            } else {
                masked_middle(&draft.credit_code)
            };
        }
        dto
    }
}

/// A number that somebody wrote into a form, in clear or masked.
fn written_number(text: &str, clear: bool, light: &Light<'_>) -> String {
    if clear || text.is_empty() {
        return text.to_owned();
    }
    Number::parse(text, &light.profile.site.area_code).to_string()
}

/// All but the first and last four signs as stars.
fn masked_middle(text: &str) -> String {
    let count = text.chars().count();
    let star = |(at, letter)| if at < 4 || count < at + 5 { letter } else { '*' };
    if count <= 8 {
        return "*".repeat(count);
    }
    text.chars().enumerate().map(star).collect()
}

fn path_of(path: Option<&str>) -> String {
    path.unwrap_or_default().to_owned()
}

fn queue_name(profile: &Profile, queue: Option<&QueueId>) -> String {
    let queue = queue.and_then(|queue| profile.queues.get(queue));
    queue.map(|queue| queue.name.clone()).unwrap_or_default()
}

/// 姓名 of an agent.
pub(crate) fn agent_name(profile: &Profile, agent: Option<&AgentId>) -> String {
    let agent = agent.and_then(|agent| profile.agents.get(agent));
    agent.map(|agent| agent.name.clone()).unwrap_or_default()
}

fn ending(ending: Option<&Ending>) -> (Option<&'static str>, Option<String>, Option<String>) {
    let Some(ending) = ending else {
        return (None, None, None);
    };
    let (kind, code, master) = match ending {
        Ending::Answered { basis, master, .. } => ("answered", basis.code().to_owned(), *master),
        Ending::NotAccepted { reason, .. } => ("not_accepted", reason.code().to_owned(), None),
        Ending::Invalid { disposition } => ("invalid", disposition.code().to_owned(), None),
        Ending::Referred { line } => ("referred", line.clone(), None),
        Ending::Merged { master, .. } => ("merged", String::new(), Some(*master)),
        Ending::Cancelled { withdrawn } => {
            let by = if *withdrawn { "withdrawn" } else { "mistake" };
            ("cancelled", by.to_owned(), None)
        }
    };
    let code = Some(code).filter(|code| !code.is_empty());
    (Some(kind), code, master.map(|id| id.to_string()))
}

/// The clock that people look at: the close limit while it runs, else the running one that ends first.
fn limit(ticket: &Ticket, light: &Light<'_>) -> Option<LimitDto> {
    let running = ticket
        .clocks
        .iter()
        .filter(|clock| clock.runs() && clock.deadline.is_some());
    let next = running.min_by_key(|clock| (clock.clock.kind != ClockKind::Close, clock.deadline))?;
    LimitDto::new(next, light)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_masked_in_its_middle_and_a_short_one_whole() {
        assert_eq!(masked_middle("91130200MA0ABCDE1X"), "9113**********DE1X");
        assert_eq!(masked_middle("12345678"), "********");
        assert_eq!(masked_middle(""), "");
    }
}
