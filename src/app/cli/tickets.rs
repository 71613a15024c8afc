//! `rexian tickets`: work orders without their personal fields.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::app::cli::import;
use crate::app::cli::import::ImportArgs;
use crate::base::ids::AgentId;
use crate::io::store::tickets::TicketFilter;
use crate::io::store::tickets::TicketRow;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::model::AppealType;
use crate::ticket::model::Place;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;
use crate::ticket::old_orders;

#[derive(Debug, Subcommand)]
pub(super) enum Tickets {
    /// Lists work orders, newest first.
    List {
        /// `today`, YYYY-MM-DD or `all`.
        #[arg(long, default_value = "today")]
        day: String,
        /// Written by this agent.
        #[arg(long)]
        agent: Option<AgentId>,
        /// `draft` or `pending_dispatch`.
        #[arg(long)]
        state: Option<String>,
        /// Rows at most (1 to 500).
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows one work order.
    Show {
        /// Its number.
        number: String,
    },
    /// Takes closed orders of an older system over, each once by its number there. A file with a fault imports nothing,
    /// and every fault is told. No clock is started.
    Import(ImportArgs),
    /// Prints which words of an older system are which codes here: the shipped map, as a table.
    Words,
}

pub(super) async fn run(base: &Base, verb: Tickets) -> anyhow::Result<ExitCode> {
    match verb {
        Tickets::List {
            day,
            agent,
            state,
            limit,
        } => {
            let (from, to) = base.day(&day)?;
            let state = match state {
                Some(code) => Some(State::parse(&code).with_context(|| format!("{code}: no such state"))?),
                None => None,
            };
            let filter = TicketFilter {
                from,
                to,
                agent,
                state,
                limit,
                ..TicketFilter::default()
            };
            let (rows, _) = base.store.tickets(&filter).await?;
            let rows: Vec<[String; 8]> = rows.iter().map(|row| line(base, row)).collect();
            let head = [
                "number",
                "state",
                "opened",
                "agent",
                "appeal_type",
                "category",
                "urgency",
                "interaction",
            ];
            base.output.table(head, &rows)?;
        }
        Tickets::Show { number } => {
            let filter = TicketFilter {
                number: Some(number.clone()),
                limit: 1,
                ..TicketFilter::default()
            };
            let (mut rows, _) = base.store.tickets(&filter).await?;
            let row = rows.pop().with_context(|| format!("no work order {number}"))?;
            show(base, &row).await?;
        }
        Tickets::Import(args) => return import::run(base, args).await,
        Tickets::Words => base.output.text(old_orders::SHIPPED_WORDS)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn or_empty(id: Option<&impl ToString>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

fn line(base: &Base, row: &TicketRow) -> [String; 8] {
    let (ticket, draft) = (&row.ticket, &row.ticket.draft);
    [
        ticket.number.clone(),
        ticket.state.to_string(),
        base.local(Some(ticket.created_at)),
        or_empty(ticket.agent.as_ref()),
        draft
            .appeal_type
            .map(AppealType::code)
            .unwrap_or_default()
            .to_owned(),
        draft.category.clone(),
        draft.urgency.map(Urgency::code).unwrap_or_default().to_owned(),
        or_empty(ticket.interaction.as_ref()),
    ]
}

async fn show(base: &Base, row: &TicketRow) -> anyhow::Result<()> {
    let (ticket, draft) = (&row.ticket, &row.ticket.draft);
    let catalogue = Catalogue::shipped();
    let place = match &draft.place {
        Place::Unset => String::new(),
        Place::None => "none".to_owned(),
        Place::At { region, .. } => catalogue.regions.path(region).unwrap_or(region).to_owned(),
    };
    base.output.fields(&[
        ("number", ticket.number.clone()),
        ("state", ticket.state.to_string()),
        ("id", ticket.id.to_string()),
        ("interaction", or_empty(ticket.interaction.as_ref())),
        ("caller", base.caller(row.caller.as_ref()).await?),
        ("line", or_empty(ticket.line.as_ref())),
        ("queue", or_empty(ticket.queue.as_ref())),
        ("agent", or_empty(ticket.agent.as_ref())),
        (
            "recording",
            ticket
                .recording
                .map(|recording| recording.to_string())
                .unwrap_or_default(),
        ),
        (
            "appeal_type",
            draft
                .appeal_type
                .map(AppealType::code)
                .unwrap_or_default()
                .to_owned(),
        ),
        (
            "category",
            catalogue
                .categories
                .path(&draft.category)
                .unwrap_or(&draft.category)
                .to_owned(),
        ),
        (
            "urgency",
            draft.urgency.map(Urgency::code).unwrap_or_default().to_owned(),
        ),
        ("place", place),
        ("version", ticket.version.to_string()),
        ("opened", base.local(Some(ticket.created_at))),
        ("updated", base.local(Some(ticket.updated_at))),
        ("submitted", base.local(ticket.submitted_at)),
    ])
}
