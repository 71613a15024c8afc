//! Taking orders out as a table: purpose, mask, bound, watermark, log, and no formula to a spreadsheet.

use rexian::base::csv;
use rexian::base::limits::EXPORT_ROWS_MAX;
use serde_json::Value;
use serde_json::json;

use super::facts;
use super::get;
use super::post;
use crate::http::commands::give;
use crate::http::commands::saved;
use crate::http::floor::Floor;

const EXPORT: &str = "/api/v1/tickets/export";

#[tokio::test]
async fn an_export_is_masked_marked_logged_and_harmless_to_a_spreadsheet() {
    let floor = Floor::open().await;
    let (agent, supervisor) = (floor.session("agent").await, floor.session("supervisor").await);
    saved(&floor, &agent).await;
    let formula = "=HYPERLINK(\"http://x\",\"点我\")，小区门口长期占道经营";
    let draft = json!({"command": "save_draft", "content": formula});
    assert_eq!(give(&floor, &agent, &draft).await.0, 200);
    let wish = json!({"format": "csv", "purpose": "季度分析", "filter": {"channel": "phone"}});
    let answer = floor.send("POST", EXPORT, &supervisor, &wish).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let name = answer.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        name.starts_with("attachment; filename=\"tickets-") && name.ends_with(".csv\""),
        "{name}"
    );
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0xef, 0xbb, 0xbf]), "the mark of byte order");
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(
        !text.contains("13800138000") && !text.contains("赵女士"),
        "{text}"
    );
    let lines = csv::parse(&text).unwrap();
    assert!(
        lines[0].cells[0].contains("supervisor") && lines[0].cells[0].contains("共1条"),
        "{text}"
    );
    assert_eq!(lines[1].cells[0], "工单编号");
    assert_eq!(lines.len(), 3);
    let row = &lines[2].cells;
    assert_eq!((row[1].as_str(), row[11].as_str()), ("草稿", "赵**"));
    assert_eq!(row[13], format!("'{formula}"));

    let fact = facts(&floor, "data.exported").await.remove(0);
    assert_eq!(
        (
            fact["actor"]["id"].as_str(),
            fact["body"]["rows"].as_u64(),
            fact["body"]["format"].as_str()
        ),
        (Some("supervisor"), Some(1), Some("csv"))
    );
    let auditor = floor.session("auditor").await;
    let (status, log) = get(&floor, "/api/v1/exports", &auditor).await;
    assert_eq!(status, 200);
    let line = &log["items"][0];
    assert_eq!(
        (
            line["user"].as_str(),
            line["purpose"].as_str(),
            line["filter"]["channel"].as_str()
        ),
        (Some("supervisor"), Some("季度分析"), Some("phone"))
    );
    assert_eq!(
        (&line["id"], &line["sha256"]),
        (&fact["body"]["export"], &fact["body"]["sha256"])
    );
    assert!(
        !floor.facts_text().await.contains("季度分析"),
        "what for stands sealed"
    );
    assert_eq!(
        get(&floor, "/api/v1/exports", &supervisor).await.0,
        403,
        "the log is the auditor's"
    );
}

#[tokio::test]
async fn an_export_without_purpose_beyond_the_bound_or_without_the_right_is_refused_and_leaves_nothing() {
    let floor = Floor::open().await;
    let (agent, supervisor) = (floor.session("agent").await, floor.session("supervisor").await);
    for (field, wish) in [
        ("purpose", json!({"format": "csv", "purpose": " "})),
        ("format", json!({"format": "xls", "purpose": "季度分析"})),
        (
            "limit",
            json!({"format": "csv", "purpose": "季度分析", "filter": {"limit": EXPORT_ROWS_MAX + 1}}),
        ),
        (
            "filter",
            json!({"format": "csv", "purpose": "季度分析", "filter": {"cursor": "x"}}),
        ),
    ] {
        let (status, problem) = post(&floor, EXPORT, &supervisor, &wish).await;
        assert_eq!(
            (status, problem["field"].as_str()),
            (422, Some(field)),
            "{problem}"
        );
    }
    let wish = json!({"format": "json", "purpose": "季度分析"});
    assert_eq!(post(&floor, EXPORT, &agent, &wish).await.0, 403);
    assert!(facts(&floor, "data.exported").await.is_empty());

    // Another order, and room for one of the two.
    let visit = json!({"channel": "visit", "original": "来访反映噪声扰民"});
    assert_eq!(post(&floor, "/api/v1/tickets", &agent, &visit).await.0, 200);
    let bound = json!({"format": "json", "purpose": "季度分析", "filter": {"limit": 1}});
    let (_, one) = post(&floor, EXPORT, &supervisor, &bound).await;
    assert_eq!(
        (one["items"].as_array().unwrap().len(), &one["bounded"]),
        (1, &json!(true))
    );
    let (_, both) = post(&floor, EXPORT, &supervisor, &wish).await;
    assert_eq!(
        (both["items"].as_array().unwrap().len(), &both["bounded"]),
        (2, &json!(false))
    );
    assert!(
        both["watermark"].as_str().unwrap().contains("supervisor"),
        "{both}"
    );

    let auditor = floor.session("auditor").await;
    let (_, first) = get(&floor, "/api/v1/exports?limit=1", &auditor).await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = get(
        &floor,
        &format!("/api/v1/exports?limit=1&cursor={next}"),
        &auditor,
    )
    .await;
    let of = |page: &Value| page["items"][0]["bounded"].as_bool().unwrap();
    assert_eq!((of(&first), of(&second)), (false, true), "newest first");
}
