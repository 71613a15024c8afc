//! `rexian reference export` and `import`: what was taken out changes nothing when it is brought back.

use rexian::ticket::reference::Kind;
use rexian::ticket::table;

use crate::store::on_both;
use crate::takeover::Program;

/// A test a kind: as JSON, and as a table where there is one.
macro_rules! round_trips {
    ($($name:ident = $kind:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            round_trip(Kind::$kind);
        }
    )+};
}

round_trips! {
    organs_come_back_unchanged = Organs,
    categories_come_back_unchanged = Categories,
    regions_come_back_unchanged = Regions,
    rules_come_back_unchanged = Rules,
    grids_come_back_unchanged = Grids,
    the_list_of_grids_comes_back_unchanged = GridList,
    the_calendar_comes_back_unchanged = Calendar,
    settings_come_back_unchanged = Settings,
    emergency_lines_come_back_unchanged = EmergencyLines,
    risky_words_come_back_unchanged = RiskyWords,
}

fn round_trip(kind: Kind) {
    on_both(async |bench| {
        let program = Program::on(bench);
        let code = kind.code();
        let document = program.run(&["reference", "export", code]);
        let file = program.file("out.json", &document);
        assert_eq!(
            program.run(&["reference", "import", code, &file]),
            "nothing has changed: version 1\n"
        );
        if table::columns(kind).is_some() {
            let written = program.run(&["reference", "export", code, "--csv"]);
            let file = program.file("out.csv", &written);
            assert_eq!(
                program.run(&["reference", "diff", code, &file]),
                "nothing would change\n"
            );
            assert_eq!(
                program.run(&["reference", "import", code, &file]),
                "nothing has changed: version 1\n"
            );
        }
        assert_eq!(
            program
                .run(&["reference", "history", code, "--json"])
                .lines()
                .count(),
            1
        );
    });
}

#[test]
fn every_kind_has_a_test_of_its_own() {
    assert_eq!(Kind::ALL.len(), 10);
}
