//! An order on paper: the five blocks of 3.4, its recordings and files, and every event.
//!
//! **Invariants.** Says what `order.json` says; a code has its Chinese name, and stands as itself when it has none.
//! **Not here.** Pages (`io::pdf`), words (`texts/zh-CN.toml`, `[document]`).
//! **Source.** DB1302/T 604—2025 3.4.

use crate::base::time::WallTime;
use crate::fact::ActorKind;
use crate::io::archive::dossier::Dossier;
use crate::io::archive::dossier::Event;
use crate::io::archive::dossier::FOLLOWUP;
use crate::io::archive::dossier::HANDLING;
use crate::io::archive::dossier::SUPERVISION;
use crate::io::pdf::Block;
use crate::io::pdf::Document;
use crate::io::pdf::words::plain;
use crate::io::pdf::words::word;
use crate::ticket::evolve;
use crate::ticket::model::FollowupWord;
use crate::ticket::model::Ticket;

/// Longest value in the list of events, characters: the whole words stand in the blocks above it.
const SHORT: usize = 300;

/// The document of an order.
pub fn document(dossier: &Dossier) -> Document {
    let ticket = &dossier.ticket;
    let title = format!("{} {}", label("title"), ticket.number);
    let mut blocks = vec![Block::Title(title.clone()), summary(dossier)];
    if dossier.erased {
        blocks.push(Block::Text(label("erased")));
    }
    section(&mut blocks, "appellant", appellant(dossier));
    section(&mut blocks, "appeal", appeal(dossier));
    blocks.push(Block::Heading(label("handling")));
    blocks.extend(handling(dossier));
    blocks.push(Block::Heading(label("supervision")));
    blocks.extend(supervision(dossier));
    blocks.push(Block::Heading(label("followup")));
    blocks.extend(followup(dossier));
    blocks.push(Block::Heading(label("material")));
    blocks.push(material(dossier));
    blocks.push(Block::Heading(label("events")));
    blocks.push(events(dossier));
    Document {
        title,
        header: format!("{} {}", label("number"), ticket.number),
        watermark: format!("{}  {}", dossier.made_by, dossier.zone.format(dossier.made_at)),
        blocks,
    }
}

fn label(code: &str) -> String {
    word("label", code)
}

fn section(blocks: &mut Vec<Block>, heading: &str, rows: Vec<(String, String)>) {
    blocks.push(Block::Heading(label(heading)));
    blocks.push(pairs(rows));
}

/// A table of names and values; what has no value is left out.
fn pairs(rows: Vec<(String, String)>) -> Block {
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    Block::Table {
        columns: vec![2, 7],
        heads: Vec::new(),
        rows: rows.map(|(name, value)| vec![name, value]).collect(),
    }
}

fn table(columns: &[u16], heads: &[&str], rows: Vec<Vec<String>>) -> Block {
    Block::Table {
        columns: columns.to_vec(),
        heads: heads.iter().map(|head| label(head)).collect(),
        rows,
    }
}

fn local(dossier: &Dossier, at: Option<WallTime>) -> String {
    at.map(|at| dossier.zone.format(at)).unwrap_or_default()
}

fn organ(dossier: &Dossier, id: &str) -> String {
    dossier
        .names
        .organs
        .get(id)
        .cloned()
        .unwrap_or_else(|| id.to_owned())
}

fn yes(on: bool) -> String {
    label(if on { "yes" } else { "no" })
}

fn summary(dossier: &Dossier) -> Block {
    let ticket = &dossier.ticket;
    pairs(vec![
        (label("state"), word("state", ticket.state.code())),
        (label("channel"), word("channel", &ticket.origin.channel)),
        (label("created_at"), local(dossier, Some(ticket.created_at))),
        (label("accepted_at"), local(dossier, ticket.accepted_at)),
        (label("closed_at"), local(dossier, ticket.closed_at)),
        (
            label("closing"),
            ticket
                .closing
                .map(|it| word("closing", it.code()))
                .unwrap_or_default(),
        ),
    ])
}

fn appellant(dossier: &Dossier) -> Vec<(String, String)> {
    let draft = &dossier.ticket.draft;
    let kind = draft.appellant_kind.map(|it| plain("appellant_kind", it.code()));
    vec![
        (label("name"), draft.name.clone()),
        (label("appellant_kind"), kind.unwrap_or_default()),
        (label("caller"), dossier.caller.clone().unwrap_or_default()),
        (label("contact_phone"), draft.contact_phone.clone()),
        (label("contact_time"), draft.contact_time.clone()),
        (label("company"), draft.company.clone()),
        (label("credit_code"), draft.credit_code.clone()),
        (label("secrecy"), yes(draft.secrecy)),
    ]
}

fn appeal(dossier: &Dossier) -> Vec<(String, String)> {
    let draft = &dossier.ticket.draft;
    let values = evolve::values(draft);
    let value = |name: &str| values.get(name).cloned().unwrap_or_default();
    let named = |name: &str, code: String| {
        if name.is_empty() {
            code
        } else {
            format!("{name}（{code}）")
        }
    };
    let mut flags: Vec<String> = Vec::new();
    flags.extend(dossier.ticket.flags.iter().map(|it| word("flag", it.code())));
    let mut rows = vec![
        (
            label("appeal_type"),
            draft
                .appeal_type
                .map(|it| plain("appeal_type", it.code()))
                .unwrap_or_default(),
        ),
        (
            label("category"),
            named(&dossier.names.category, value("category")),
        ),
        (
            label("urgency"),
            draft
                .urgency
                .map(|it| plain("urgency", it.code()))
                .unwrap_or_default(),
        ),
        (label("region"), named(&dossier.names.region, value("region"))),
        (label("address"), value("address")),
        (label("target"), value("target")),
        (label("demand"), value("demand")),
        (label("content"), value("content")),
        (label("flags"), flags.join("、")),
    ];
    let words = dossier.appeal_words().into_iter();
    rows.extend(words.map(|(name, text)| (name_of(name), text.to_owned())));
    rows
}

/// The name of words as people read it: `reply.2.process` is 办理过程（2）.
fn name_of(name: &str) -> String {
    let is_number = |part: &&str| part.parse::<u32>().is_ok();
    let codes: Vec<&str> = name.split('.').filter(|part| !is_number(part)).collect();
    let mut more: Vec<&str> = name.split('.').filter(is_number).collect();
    more.extend(codes.iter().skip(2));
    let named = word(
        "text",
        &codes.iter().take(2).copied().collect::<Vec<_>>().join("_"),
    );
    if more.is_empty() {
        named
    } else {
        format!("{named}（{}）", more.join("，"))
    }
}

fn words_of(dossier: &Dossier, block: &[&str]) -> Option<Block> {
    let ours = |name: &str| name.split('.').next().is_some_and(|first| block.contains(&first));
    let texts = dossier
        .ticket
        .texts
        .0
        .iter()
        .filter(|(name, text)| ours(name) && !text.is_empty());
    let rows: Vec<(String, String)> = texts.map(|(name, text)| (name_of(name), text.clone())).collect();
    (!rows.is_empty()).then(|| pairs(rows))
}

fn handling(dossier: &Dossier) -> Vec<Block> {
    let ticket = &dossier.ticket;
    let cycle = |it: &crate::ticket::model::Cycle| {
        let late = |late: bool| if late { label("late") } else { String::new() };
        vec![
            it.no.to_string(),
            it.unit
                .as_ref()
                .map(|unit| organ(dossier, unit.as_str()))
                .unwrap_or_default(),
            local(dossier, it.dispatched_at),
            format!("{} {}", local(dossier, it.signed_at), late(it.signed_late))
                .trim()
                .to_owned(),
            format!("{} {}", local(dossier, it.fed_back_at), late(it.fed_back_late))
                .trim()
                .to_owned(),
        ]
    };
    let cycles = ticket.cycles.iter().map(cycle).collect();
    let heads = ["cycle", "unit", "dispatched_at", "signed_at", "fed_back_at"];
    let mut blocks = vec![table(&[1, 3, 3, 3, 3], &heads, cycles)];
    if !ticket.requests.is_empty() {
        let rows = ticket.requests.iter().map(|it| {
            vec![
                it.no.to_string(),
                word("request", it.what.code()),
                organ(dossier, it.unit.as_str()),
                local(dossier, Some(it.at)),
                word("request_state", it.state.code()),
                local(dossier, it.decided_at),
            ]
        });
        let heads = ["row", "request", "unit", "asked_at", "decision", "decided_at"];
        blocks.push(table(&[1, 2, 3, 3, 2, 3], &heads, rows.collect()));
    }
    if !ticket.subs.is_empty() {
        let rows = ticket.subs.iter().map(|it| {
            vec![
                it.no.to_string(),
                organ(dossier, it.unit.as_str()),
                local(dossier, Some(it.at)),
                word("sub_state", it.state.code()),
            ]
        });
        let heads = ["row", "co_unit", "dispatched_at", "state"];
        blocks.push(table(&[1, 4, 3, 2], &heads, rows.collect()));
    }
    blocks.extend(words_of(dossier, HANDLING));
    blocks.push(limits(dossier));
    blocks
}

fn limits(dossier: &Dossier) -> Block {
    let rows = dossier.ticket.clocks.iter().map(|it| {
        let end = it
            .end
            .map(|end| word("clock_end", end.code()))
            .unwrap_or_default();
        let end = if it.late {
            format!("{end} {}", label("late"))
        } else {
            end
        };
        vec![
            word("clock", it.clock.kind.code()),
            local(dossier, Some(it.start)),
            it.rule.clone(),
            local(dossier, it.deadline),
            end,
            it.basis.clone(),
        ]
    });
    let heads = ["limit", "from", "rule", "deadline", "ended", "basis"];
    table(&[2, 3, 2, 3, 2, 4], &heads, rows.collect())
}

fn supervision(dossier: &Dossier) -> Vec<Block> {
    let ticket = &dossier.ticket;
    let rows = ticket.supervisions.iter().map(|it| {
        vec![
            it.no.to_string(),
            word("supervision_cause", it.cause.code()),
            organ(dossier, it.unit.as_str()),
            local(dossier, Some(it.at)),
            word("supervision_state", it.state.code()),
        ]
    });
    let heads = ["row", "cause", "unit", "sent_at", "state"];
    let mut blocks = vec![table(&[1, 3, 3, 3, 2], &heads, rows.collect())];
    blocks.push(pairs(vec![
        (
            label("cases"),
            ticket
                .cases
                .iter()
                .map(|(case, _)| case.to_string())
                .collect::<Vec<_>>()
                .join("、"),
        ),
        (label("urges"), ticket.urges.len().to_string()),
        (label("instructions"), ticket.instructions.to_string()),
    ]));
    blocks.extend(words_of(dossier, SUPERVISION));
    blocks
}

fn followup(dossier: &Dossier) -> Vec<Block> {
    let ticket = &dossier.ticket;
    let attempts = ticket.cycles.iter().flat_map(|cycle| {
        cycle.attempts.iter().map(move |it| {
            vec![
                cycle.no.to_string(),
                local(dossier, Some(it.at)),
                word("followup_mode", it.mode.code()),
                word("followup_level", it.level.code()),
                yes(it.reached),
            ]
        })
    });
    let heads = ["cycle", "at", "mode", "level", "reached"];
    let mut blocks = vec![table(&[1, 3, 2, 2, 2], &heads, attempts.collect())];
    let heads = ["cycle", "level", "at", "mode", "result", "satisfaction"];
    blocks.push(table(&[1, 2, 3, 2, 2, 2], &heads, heard(dossier, ticket)));
    blocks.push(pairs(vec![
        (
            label("exempt"),
            ticket
                .exempt
                .map(|it| word("exempt", it.code()))
                .unwrap_or_default(),
        ),
        (
            label("agent_rating"),
            ticket
                .agent_rating
                .map(|it| word("satisfaction", it.code()))
                .unwrap_or_default(),
        ),
    ]));
    blocks.extend(words_of(dossier, FOLLOWUP));
    blocks
}

fn heard(dossier: &Dossier, ticket: &Ticket) -> Vec<Vec<String>> {
    let row = |no: u32, level: &str, it: &FollowupWord| {
        vec![
            no.to_string(),
            word("followup_level", level),
            local(dossier, Some(it.at)),
            word("followup_mode", it.mode.code()),
            word("result", it.result.code()),
            word("satisfaction", it.satisfaction.code()),
        ]
    };
    let of = |it: &crate::ticket::model::Cycle| {
        let city = it.city.as_ref().map(|heard| row(it.no, "city", heard));
        let county = it.county.as_ref().map(|heard| row(it.no, "county", heard));
        city.into_iter().chain(county)
    };
    ticket.cycles.iter().flat_map(of).collect()
}

fn material(dossier: &Dossier) -> Block {
    let sounds = dossier.sounds.iter().map(|(it, _)| {
        vec![
            label("recording"),
            it.recording.to_string(),
            word("purpose", &it.purpose),
            it.duration_ms
                .map(|ms| format!("{} s", ms / 1000))
                .unwrap_or_default(),
        ]
    });
    let files = dossier.files.iter().map(|it| {
        vec![
            label("file"),
            it.file.id.clone(),
            word("purpose", &it.purpose),
            format!("{} B", it.file.bytes),
        ]
    });
    let missing = dossier.missing.iter().map(|it| {
        vec![
            label("missing"),
            it.part.clone(),
            word("missing", &it.why),
            String::new(),
        ]
    });
    let heads = ["kind", "id", "purpose", "length"];
    table(
        &[2, 6, 3, 2],
        &heads,
        sounds.chain(files).chain(missing).collect(),
    )
}

fn events(dossier: &Dossier) -> Block {
    let heads = ["row", "at", "actor", "event", "detail"];
    let rows = dossier.events.iter().enumerate().map(|(at, it)| {
        vec![
            (at + 1).to_string(),
            local(dossier, Some(it.at)),
            actor(it),
            word(
                "event",
                it.kind.split_once('.').map_or(it.kind.as_str(), |(_, kind)| kind),
            ),
            detail(it),
        ]
    });
    table(&[4, 11, 7, 7, 21], &heads, rows.collect())
}

fn actor(event: &Event) -> String {
    let kind = match event.actor.kind {
        ActorKind::System => "system",
        ActorKind::Caller => "caller",
        ActorKind::Agent => "agent",
        ActorKind::User => "user",
        ActorKind::Device => "device",
        ActorKind::Trunk => "trunk",
    };
    format!("{} {}", word("actor", kind), event.actor.id)
        .trim()
        .to_owned()
}

fn detail(event: &Event) -> String {
    let mut lines = Vec::new();
    if let Some(before) = event.before.filter(|before| *before != event.after) {
        lines.push(format!(
            "{} → {}",
            word("state", before.code()),
            word("state", event.after.code())
        ));
    }
    if event.body.as_object().is_some_and(|it| !it.is_empty()) {
        lines.push(short(&event.body.to_string()));
    }
    lines.extend(event.changed.iter().map(|it| {
        format!(
            "{}：{} → {}",
            name_of(&it.name),
            short(&it.before),
            short(&it.after)
        )
    }));
    if event.erased {
        lines.push(label("erased"));
    }
    lines.join("\n")
}

fn short(text: &str) -> String {
    if text.chars().count() <= SHORT {
        return text.replace('\n', " ");
    }
    let begin: String = text.chars().take(SHORT).collect();
    format!("{}…", begin.replace('\n', " "))
}
