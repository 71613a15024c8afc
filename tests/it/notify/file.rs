//! The outbox folder: one line per message, nobody else's to read.

use std::os::unix::fs::PermissionsExt as _;

use rexian::io::notify::file::FileGateway;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::read_secret;
use serde_json::Value;

use super::outgoing;
use super::zone;

#[tokio::test]
async fn a_message_is_a_line_of_the_sites_day_that_only_its_owner_reads() {
    let data = tempfile::tempdir().unwrap();
    let gateway = FileGateway::new(data.path(), zone());
    let first = outgoing("1", "13800138000", "您的诉求\n已受理");
    assert_eq!(gateway.submit(&first).await.unwrap().ids, Vec::<String>::new());
    gateway
        .submit(&outgoing("2", "03152345678", "第二条"))
        .await
        .unwrap();
    let folder = data.path().join("outbox");
    let file = folder.join("20261123.jsonl");
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["to"], "13800138000");
    assert_eq!(lines[0]["text"], "您的诉求\n已受理");
    assert_eq!(lines[1]["id"], "2");
}

#[tokio::test]
async fn a_line_that_a_power_cut_tore_stays_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("outbox");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("20261123.jsonl"), "{\"id\":\"0\",\"te").unwrap();
    let gateway = FileGateway::new(data.path(), zone());
    gateway.submit(&outgoing("1", "13800138000", "一")).await.unwrap();
    let text = std::fs::read_to_string(folder.join("20261123.jsonl")).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((text.lines().count(), &last["id"]), (2, &Value::from("1")));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_attempt() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("outbox"), "a file").unwrap();
    let gateway = FileGateway::new(data.path(), zone());
    let error = gateway
        .submit(&outgoing("1", "13800138000", "一"))
        .await
        .unwrap_err();
    assert_eq!(error.code, "file-failed");
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    assert!(read_secret(&path).is_err());
    std::fs::write(&path, " s3cret \n").unwrap();
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o640);
    assert!(read_secret(&path).unwrap_err().to_string().contains("chmod 600"));
    mode(0o600);
    assert_eq!(read_secret(&path).unwrap(), "s3cret");
    std::fs::write(&path, "\n").unwrap();
    assert!(read_secret(&path).is_err());
}
