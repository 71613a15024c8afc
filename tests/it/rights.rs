//! AC-7.9.3: the program's user of PostgreSQL cannot change or remove a fact, and the program runs as it.

use rexian::base::ids::BootId;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::audit::Audit;
use rexian::engine::audit::AuditConfig;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::account::AccountFact;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::rights::SCRIPT;
use sqlx::Connection as _;

const NOW: Now = Now {
    mono: MonoTime::from_micros(0),
    wall: WallTime::from_micros(1_795_420_800_000_000),
};

fn sign_in() -> Record {
    Record {
        now: NOW,
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "test",
        fact: Fact::Account(AccountFact::SignedIn {
            user: "wang".parse().unwrap(),
        }),
        personal: None,
    }
}

pub(crate) async fn run(url: &str, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    let done = sqlx::raw_sql(sql).execute(&mut connection).await.map(|_| ());
    connection.close().await?;
    done
}

pub(crate) fn as_role(url: &str, role: &str) -> String {
    url.replacen("postgres://postgres@", &format!("postgres://{role}@"), 1)
}

#[test]
fn the_role_of_the_program_adds_facts_and_changes_none() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let admin = crate::postgres::empty_database().await;
        run(&admin, SCRIPT).await.unwrap();
        let owner = Store::open(&Address::Postgres(as_role(&admin, "rexian_owner")), NOW.wall)
            .await
            .unwrap();
        let excess = owner.rights().await.unwrap().unwrap().excess;
        assert_eq!(
            excess,
            ["update", "delete", "truncate", "owner"],
            "who owns the tables is warned of"
        );
        run(&admin, SCRIPT).await.unwrap();

        let app = as_role(&admin, "rexian_app");
        let store = Store::open(&Address::Postgres(app.clone()), NOW.wall)
            .await
            .unwrap();
        let rights = store.rights().await.unwrap().unwrap();
        assert_eq!((rights.user.as_str(), rights.excess), ("rexian_app", vec![]));
        let data = tempfile::tempdir().unwrap();
        let keys = Keys::new(KeyRing::open(data.path()).unwrap());
        let config = AuditConfig {
            node: "n1".to_owned(),
            boot: BootId::default(),
            site: "tangshan".to_owned(),
            data: data.path().to_owned(),
        };
        let audit = Audit::new(store.clone(), keys, config);
        audit.write(&[sign_in(), sign_in(), sign_in()]).await.unwrap();
        assert_eq!(audit.verify("n1-db").await.unwrap().facts, 3);
        for sql in [
            "UPDATE journal SET envelope = ''",
            "DELETE FROM journal",
            "TRUNCATE journal",
            "DROP TABLE journal",
        ] {
            let error = run(&app, sql).await.unwrap_err().to_string();
            assert!(
                error.contains("permission denied") || error.contains("must be owner"),
                "{sql}: {error}"
            );
        }
        let error = run(&app, "UPDATE schema_migration SET checksum = ''")
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("permission denied"), "{error}");
        let verified = audit.verify("n1-db").await.unwrap();
        assert_eq!((verified.facts, verified.faults), (3, vec![]));
    });
}
