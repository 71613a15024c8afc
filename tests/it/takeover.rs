//! An older system's data by the command line: the real program, on both databases.

mod audit;
mod orders;
mod recordings;
mod reference;

use std::path::Path;
use std::process::Command;
use std::process::Output;

use rexian::io::store::Address;

use crate::real::server::program;
use crate::store::Bench;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program on the data of a bench.
struct Program {
    profiles: tempfile::TempDir,
    data: std::path::PathBuf,
}

impl Program {
    fn on(bench: &Bench) -> Self {
        let profiles = tempfile::tempdir().unwrap();
        copy(&root().join("sip-profiles"), profiles.path());
        if let Address::Postgres(url) = &bench.address {
            let path = profiles.path().join("server.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, format!("database = \"{url}\"\n{text}")).unwrap();
        }
        Self {
            profiles,
            data: bench.data.path().to_owned(),
        }
    }

    /// A file for the program, beside its data.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.profiles.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(verb).arg("--data").arg(&self.data);
        command.arg("--recordings").arg(self.data.join("recordings"));
        command.arg("--profiles").arg(self.profiles.path());
        command.arg("--prompts").arg(root().join("prompts"));
        command
    }

    fn output(&self, verb: &[&str]) -> Output {
        self.command(verb).output().unwrap()
    }

    /// What a verb that goes well prints.
    fn run(&self, verb: &[&str]) -> String {
        let output = self.output(verb);
        let (out, said) = texts(&output);
        assert!(output.status.success(), "{verb:?}: {out}\n{said}");
        out
    }

    /// What a verb that does not go well prints, and says.
    fn refuses(&self, verb: &[&str]) -> (String, String) {
        let output = self.output(verb);
        let (out, said) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{verb:?}: {out}\n{said}");
        (out, said)
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
