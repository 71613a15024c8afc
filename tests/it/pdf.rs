//! Chinese documents as PDF: what another program reads out of them, and where lines break.

use std::process::Command;

use rexian::io::pdf::Block;
use rexian::io::pdf::Document;
use rexian::io::pdf::Face;
use rexian::io::pdf::FontError;
use rexian::io::pdf::lines;

fn face() -> Face {
    Face::find(None).expect("apt-get install fonts-noto-cjk")
}

/// The text of a PDF as poppler reads it.
pub(crate) fn text_of(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.pdf");
    std::fs::write(&path, pdf).unwrap();
    let out = Command::new("pdftotext")
        .arg("-layout")
        .arg(&path)
        .arg("-")
        .output();
    let out = out.expect("apt-get install poppler-utils");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Whether a text holds a part, whatever blanks stand between.
pub(crate) fn holds(text: &str, part: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    bare(text).contains(&bare(part))
}

fn sample(rows: usize) -> Document {
    let row = |at: usize| vec![at.to_string(), "路北区机场路街道".repeat(3), "已办结".to_owned()];
    Document {
        title: "工单".to_owned(),
        header: "工单编号 20261124000001".to_owned(),
        watermark: "auditor 2026-11-24 10:00:00".to_owned(),
        blocks: vec![
            Block::Title("工单归档材料".to_owned()),
            Block::Heading("一、诉求人".to_owned()),
            Block::Text("居民反映：小区夜间施工噪音扰民，要求尽快处理（第2次）。".repeat(6)),
            Block::Table {
                columns: vec![1, 6, 2],
                heads: vec!["序号".to_owned(), "地点".to_owned(), "状态".to_owned()],
                rows: (1..=rows).map(row).collect(),
            },
        ],
    }
}

#[test]
fn the_text_of_a_document_can_be_searched_and_copied() {
    let text = text_of(&sample(3).draw(&face()).unwrap());
    for part in [
        "工单归档材料",
        "一、诉求人",
        "夜间施工噪音扰民",
        "路北区机场路街道",
        "auditor 2026-11-24 10:00:00",
    ] {
        assert!(holds(&text, part), "{part} is not in\n{text}");
    }
}

#[test]
fn every_page_has_its_header_its_number_and_the_heads_of_a_table_that_goes_on() {
    let text = text_of(&sample(100).draw(&face()).unwrap());
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(3 <= pages.len(), "{} pages", pages.len());
    for (at, page) in pages.iter().enumerate() {
        let number = format!("第 {} 页 / 共 {} 页", at + 1, pages.len());
        for part in [
            number.as_str(),
            "工单编号 20261124000001",
            "序号",
            "auditor 2026-11-24",
        ] {
            assert!(holds(page, part), "page {}: {part} is not in\n{page}", at + 1);
        }
    }
    for row in 1..=100 {
        let found = pages.iter().any(|page| {
            page.lines()
                .any(|line| line.trim().starts_with(&format!("{row} ")))
        });
        assert!(found, "row {row} is on no page");
    }
}

#[test]
fn a_cell_longer_than_a_page_goes_on_over_pages_and_loses_nothing() {
    let long: String = (0..900).map(|at| format!("【{at}】施工噪音")).collect();
    let document = Document {
        blocks: vec![Block::Table {
            columns: vec![1, 3],
            heads: vec!["项目".to_owned(), "内容".to_owned()],
            rows: vec![vec!["诉求内容".to_owned(), long]],
        }],
        ..sample(0)
    };
    let text: String = text_of(&document.draw(&face()).unwrap())
        .split_whitespace()
        .collect();
    for at in 0..900 {
        assert!(text.contains(&format!("【{at}】")), "{at} is lost");
    }
}

#[test]
fn only_the_glyphs_that_are_used_are_embedded() {
    let pdf = sample(3).draw(&face()).unwrap();
    assert!(pdf.len() < 200_000, "{} bytes", pdf.len());
    assert_eq!(
        pdf,
        sample(3).draw(&face()).unwrap(),
        "the same document gives the same bytes"
    );
}

#[test]
fn no_line_begins_with_a_closing_sign_or_is_wider_than_its_column() {
    let face = face();
    let text = "承办单位已到现场核实，施工单位已停止夜间施工。下一步：加强巡查，确保不再发生（责任人：李明）！Rexian archive 12345 hotline";
    for width in [6.0, 7.5, 9.0, 13.0, 40.0] {
        let lines = lines(&face, text, width);
        for line in &lines {
            assert!(face.width(line) <= width + 0.01, "{line} is wider than {width}");
            let first = line.chars().next().unwrap();
            assert!(!"，。：）！".contains(first), "{lines:?}");
        }
        let all: String = lines.concat().split_whitespace().collect();
        assert_eq!(all, text.split_whitespace().collect::<String>());
    }
}

#[test]
fn a_missing_typeface_says_what_to_install_or_to_set() {
    let error = Face::find(Some("/nowhere/font.ttc".as_ref())).unwrap_err();
    assert!(matches!(error, FontError::Read { .. }));
    assert!(error.to_string().contains("documents.font"), "{error}");
    assert!(FontError::Missing.to_string().contains("fonts-noto-cjk"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no.ttf");
    std::fs::write(&path, b"no font").unwrap();
    assert!(matches!(Face::read(&path).unwrap_err(), FontError::Unfit { .. }));
}
