//! `rexian tickets import`: closed orders of an older system, from its file to orders of here.
//!
//! **Invariants.** The whole file is read and checked before the first order is written: a file with a fault imports
//! nothing, and every fault of it is told. A run that is cut off is repaired by the same run again.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::bail;
use clap::Args;

use crate::app::build::os_random;
use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::base::fault::Fault;
use crate::engine::reference::References;
use crate::engine::search::Search;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceParts;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::io::store::search::IndexKey;
use crate::ticket::command::Import;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::Known;
use crate::ticket::old_orders;
use crate::ticket::old_orders::Form;
use crate::ticket::old_orders::OldOrder;
use crate::ticket::old_orders::WordMap;

#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// A table (.csv) or JSON (.json), in UTF-8.
    file: PathBuf,
    /// A table `column,there,here`: which word of the older system is which code here; `head` as the column names
    /// columns. It stands above the shipped one, which `rexian tickets words` prints.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Only checks the file.
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(base: &Base, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let words = match words(args.map.as_deref())? {
        Ok(words) => words,
        Err(faults) => return told(base, &faults),
    };
    let references = References::open(base.store.clone(), base.audit.clone(), base.now()).await?;
    let (orders, faults) = match read(base, &references, &args.file, &words)? {
        Ok(read) => read,
        Err(fault) => (Vec::new(), vec![fault]),
    };
    if !faults.is_empty() {
        return told(base, &faults);
    }
    if args.check {
        let checked = orders.len().to_string();
        base.output
            .fields(&[("orders", checked), ("faults", "0".to_owned())])?;
        return Ok(ExitCode::SUCCESS);
    }
    let orders: Vec<Import> = orders.into_iter().map(|order| order.import).collect();
    let tickets = tickets(base, &references)?;
    let actor = Actor::named(ActorKind::User, COMMAND_LINE);
    let done = tickets
        .import(&actor, &orders, |sum| {
            tracing::info!(?sum, "orders are taken over");
        })
        .await
        .context("not all orders were taken over; the same command again goes on")?;
    base.output.fields(&[
        ("orders", orders.len().to_string()),
        ("added", done.added.to_string()),
        ("there_already", done.there.to_string()),
    ])?;
    Ok(ExitCode::SUCCESS)
}

fn words(map: Option<&Path>) -> anyhow::Result<Result<WordMap, Vec<Fault>>> {
    let mut words = WordMap::default();
    if let Err(faults) = words.add(old_orders::SHIPPED_WORDS) {
        return Ok(Err(faults));
    }
    if let Some(map) = map {
        let text = match utf8(map)? {
            Ok(text) => text,
            Err(fault) => return Ok(Err(vec![fault])),
        };
        if let Err(faults) = words.add(&text) {
            let name = map.display();
            let placed = faults.into_iter().map(|it| Fault {
                place: format!("{name}, {}", it.place),
                ..it
            });
            return Ok(Err(placed.collect()));
        }
    }
    Ok(Ok(words))
}

/// Orders and all faults of a file, or why it cannot be read as a text.
type Read = Result<(Vec<OldOrder>, Vec<Fault>), Fault>;

fn read(base: &Base, references: &References, file: &Path, words: &WordMap) -> anyhow::Result<Read> {
    let ends = |ending: &str| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending));
    let form = match (ends("csv"), ends("json")) {
        (true, _) => Form::Csv,
        (_, true) => Form::Json,
        _ => bail!(
            "{}: the name ends neither with .csv nor with .json",
            file.display()
        ),
    };
    let text = match utf8(file)? {
        Ok(text) => text,
        Err(fault) => return Ok(Err(fault)),
    };
    let (orders, mut faults) = old_orders::read(&text, form, words, &base.zone);
    let ctx = Context {
        now: base.now().wall,
        by: By::System,
        reference: &references.current(),
        zone: &base.zone,
        known: &Known::default(),
    };
    old_orders::check(&orders, &ctx, &mut faults);
    Ok(Ok((orders, faults)))
}

/// A file as text; a byte that is no UTF-8 is a fault with its line.
pub(super) fn utf8(file: &Path) -> anyhow::Result<Result<String, Fault>> {
    let size = std::fs::metadata(file).with_context(|| file.display().to_string())?;
    if u64::try_from(old_orders::FILE_MAX).is_ok_and(|most| most < size.len()) {
        bail!("{}: longer than {} bytes", file.display(), old_orders::FILE_MAX);
    }
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(good);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Fault::new(format!("line {line}"), "not UTF-8: save the file in UTF-8 first")
    }))
}

/// The orders' service over an opened data folder. Messages of it would wait for the server; what is imported has none.
pub(super) fn tickets(base: &Base, references: &References) -> anyhow::Result<TicketService> {
    let key = base.keys.with(|ring| IndexKey::new(ring.index_key()));
    let clock = Arc::new(base.clock);
    let in_force = references.clone();
    Ok(TicketService::new(TicketServiceParts {
        store: base.store.clone(),
        audit: base.audit.clone(),
        keys: base.keys.clone(),
        clock: clock.clone(),
        random: os_random()?,
        zone: base.zone.clone(),
        area_code: base.area_code.clone(),
        reference: Arc::new(move || in_force.current()),
        search: Some(Search::new(base.store.clone(), key, clock, &*base.node)),
        outbox: None,
    }))
}

pub(super) fn told(base: &Base, faults: &[Fault]) -> anyhow::Result<ExitCode> {
    let rows: Vec<[String; 2]> = faults
        .iter()
        .map(|fault| [fault.place.clone(), fault.reason.clone()])
        .collect();
    base.output.table(["place", "fault"], &rows)?;
    Ok(ExitCode::FAILURE)
}
