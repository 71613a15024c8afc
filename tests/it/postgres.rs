//! A PostgreSQL server of our own for the tests: made in a temporary folder, reached by a unix socket only, started at
//! most once per test binary and stopped at its exit. A missing server is a failure, not a skip.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use sqlx::Connection as _;

struct Server {
    folder: PathBuf,
    bin: PathBuf,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Makes an empty database and gives its address.
pub(crate) async fn empty_database() -> String {
    let server = SERVER.get_or_init(start);
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = sqlx::PgConnection::connect(&url(server, "postgres"))
        .await
        .unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    url(server, &name)
}

/// Everything a database holds, as SQL text.
pub(crate) fn dump(url: &str) -> Vec<u8> {
    let server = SERVER.get().unwrap();
    let dump = Command::new(server.bin.join("pg_dump"))
        .arg("--inserts")
        .arg(url)
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    dump.stdout
}

fn url(server: &Server, name: &str) -> String {
    format!(
        "postgres://postgres@localhost/{name}?host={}",
        server.folder.display()
    )
}

fn start() -> Server {
    let bin = newest_bin();
    let folder = std::env::temp_dir().join(format!("rexian-pg-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    run(Command::new("chown").arg("postgres:postgres").arg(&folder));
    let data = folder.join("data");
    let mut initdb = as_postgres(&bin.join("initdb"));
    run(initdb
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(&data));
    let options = format!(
        "-k {} -c listen_addresses='' -c fsync=off -c max_connections=200",
        folder.display()
    );
    let mut pg_ctl = as_postgres(&bin.join("pg_ctl"));
    run(pg_ctl
        .args(["-w", "-t", "60", "-D"])
        .arg(&data)
        .arg("-l")
        .arg(folder.join("log"))
        .args(["-o", &options, "start"]));
    // SAFETY: `stop` is a plain function without captured state; it is called once, at the exit of this process.
    unsafe { libc::atexit(stop) };
    Server { folder, bin }
}

extern "C" fn stop() {
    if let Some(Server { folder, bin }) = SERVER.get() {
        let mut pg_ctl = as_postgres(&bin.join("pg_ctl"));
        let _ = pg_ctl
            .args(["-m", "immediate", "-D"])
            .arg(folder.join("data"))
            .arg("stop")
            .output();
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn newest_bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is not installed: apt-get install postgresql");
    let bins = versions.filter_map(|entry| {
        let folder = entry.ok()?;
        let version: u32 = folder.file_name().to_str()?.parse().ok()?;
        Some((version, folder.path().join("bin")))
    });
    bins.max().expect("no PostgreSQL under /usr/lib/postgresql").1
}

/// The server refuses root: as root it is run as its own user, else as whoever runs the tests.
fn as_postgres(program: &std::path::Path) -> Command {
    let mut command = Command::new("runuser");
    command
        .args(["-u", "postgres", "--"])
        .arg(program)
        .current_dir("/");
    command
}

fn run(command: &mut Command) {
    // The server inherits no pipe of ours: `output` would wait for it.
    let status = command.stdout(std::process::Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}
