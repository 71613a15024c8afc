//! Accounts, sessions, profiles, phone secrets, alarms and settings.

use rexian::account::Role;
use rexian::base::ids::AlarmId;
use rexian::base::random::Random;
use rexian::fact::codec::Sealer as _;
use rexian::fact::personal::Personal;
use rexian::fact::system::Severity;
use rexian::io::store::StoreError;
use rexian::io::store::alarms::AlarmRow;
use rexian::io::store::profiles::DeviceSecret;
use rexian::io::store::users::Account;
use rexian::io::store::users::AccountState;
use rexian::io::store::users::WebSession;

use crate::store::at;
use crate::store::on_both;

fn account(id: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        name: "王班长".to_owned(),
        password_hash: "$argon2id$x".to_owned(),
        roles: [Role::Agent, Role::Supervisor].into(),
        organ: "tangshan/lunan".parse().unwrap(),
        agent: Some("1001".parse().unwrap()),
        state: AccountState::Active,
        failed_sign_ins: 0,
        locked_until: None,
        created_at: at(0).wall,
        password_set_at: at(0).wall,
        version: 1,
    }
}

#[test]
fn an_account_is_made_once_changed_with_its_version_and_read_back() {
    on_both(async |bench| {
        let wang = account("wang");
        let mut tx = bench.store.begin().await.unwrap();
        tx.insert_account(&wang).await.unwrap();
        let taken = tx.insert_account(&account("wang")).await.unwrap_err();
        assert!(matches!(taken, StoreError::Exists(name) if name == "wang"));
        let same_agent = tx.insert_account(&account("li")).await.unwrap_err();
        assert!(
            matches!(same_agent, StoreError::Exists(_)),
            "an agent is one person"
        );
        tx.commit().await.unwrap();
        assert_eq!(bench.store.account(&wang.id).await.unwrap(), Some(wang.clone()));
        let changed = Account {
            state: AccountState::Disabled,
            roles: [Role::Quality].into(),
            ..wang.clone()
        };
        let mut tx = bench.store.begin().await.unwrap();
        tx.update_account(&changed).await.unwrap();
        assert!(matches!(
            tx.update_account(&changed).await,
            Err(StoreError::Version { .. })
        ));
        tx.commit().await.unwrap();
        let read = bench.store.accounts().await.unwrap();
        assert_eq!(
            read,
            vec![Account {
                version: 2,
                ..changed
            }]
        );
    });
}

#[test]
fn failed_sign_ins_are_counted_and_locked_and_forgotten() {
    on_both(async |bench| {
        let wang = account("wang");
        let mut tx = bench.store.begin().await.unwrap();
        tx.insert_account(&wang).await.unwrap();
        for expected in 1..=5 {
            assert_eq!(tx.count_failed_sign_in(&wang.id).await.unwrap(), expected);
        }
        tx.lock_account(&wang.id, at(900_000).wall).await.unwrap();
        tx.commit().await.unwrap();
        let locked = bench.store.account(&wang.id).await.unwrap().unwrap();
        assert_eq!(
            (locked.failed_sign_ins, locked.locked_until),
            (0, Some(at(900_000).wall))
        );
        let mut tx = bench.store.begin().await.unwrap();
        tx.clear_failed_sign_ins(&wang.id).await.unwrap();
        assert_eq!(
            tx.count_failed_sign_in(&"nobody".parse().unwrap()).await.unwrap(),
            0
        );
        tx.commit().await.unwrap();
        assert_eq!(
            bench.store.account(&wang.id).await.unwrap().unwrap().locked_until,
            None
        );
    });
}

#[test]
fn sessions_end_by_time_by_sign_out_and_by_a_new_password() {
    on_both(async |bench| {
        let wang = account("wang");
        let session = |token: &str| WebSession {
            token_hash: token.to_owned(),
            account: wang.id.clone(),
            created_at: at(0).wall,
            last_seen: at(0).wall,
            expires_at: at(1_000).wall,
        };
        let mut tx = bench.store.begin().await.unwrap();
        tx.insert_account(&wang).await.unwrap();
        for token in ["a", "b", "c", "d"] {
            tx.insert_web_session(&session(token)).await.unwrap();
        }
        tx.touch_web_session("a", at(900).wall, at(5_000).wall)
            .await
            .unwrap();
        assert!(tx.delete_web_session("b").await.unwrap());
        assert!(!tx.delete_web_session("b").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(bench.store.web_sessions_open(at(999).wall).await.unwrap(), 3);
        assert_eq!(
            bench.store.web_session("c", at(1_000).wall).await.unwrap(),
            None,
            "it has ended"
        );
        let found = bench
            .store
            .web_session("a", at(1_000).wall)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.last_seen, at(900).wall);
        let mut tx = bench.store.begin().await.unwrap();
        assert!(
            tx.set_password(&wang.id, "$argon2id$y", at(950).wall, Some("a"))
                .await
                .unwrap()
        );
        assert_eq!(
            tx.delete_expired_web_sessions(at(1_000).wall).await.unwrap(),
            0,
            "only `a` is left"
        );
        assert_eq!(tx.delete_web_sessions_of(&wang.id).await.unwrap(), 1);
        tx.commit().await.unwrap();
    });
}

#[test]
fn the_newest_profile_is_the_active_one_and_the_same_document_is_no_new_version() {
    on_both(async |bench| {
        assert_eq!(bench.store.latest_profile().await.unwrap(), None);
        for (document, sha256, version) in [
            ("{}", "aa", 1),
            ("{}", "aa", 1),
            ("{1}", "bb", 2),
            ("{}", "aa", 3),
        ] {
            let mut tx = bench.store.begin().await.unwrap();
            assert_eq!(
                tx.publish_profile(document, sha256, at(0).wall, "wang")
                    .await
                    .unwrap(),
                version
            );
            tx.commit().await.unwrap();
        }
        assert_eq!(
            bench
                .store
                .latest_profile()
                .await
                .unwrap()
                .map(|profile| profile.version),
            Some(3)
        );
        assert_eq!(
            bench
                .store
                .profile(2)
                .await
                .unwrap()
                .map(|profile| profile.document),
            Some("{1}".to_owned())
        );
        let versions = bench.store.profiles().await.unwrap();
        assert_eq!(
            versions.iter().map(|profile| profile.version).collect::<Vec<_>>(),
            [3, 2, 1]
        );
    });
}

#[test]
fn a_phone_secret_is_replaced_and_a_setting_stays_as_it_was_first() {
    on_both(async |bench| {
        let sealed = bench.keys.with(|ring| {
            ring.seal("device:desk-1", &Personal::default().with("ha1_md5", "0123"))
                .unwrap()
        });
        let secret = |realm: &str| DeviceSecret {
            device: "desk-1".parse().unwrap(),
            realm: realm.to_owned(),
            sealed: sealed.clone(),
            set_at: at(0).wall,
        };
        let mut tx = bench.store.begin().await.unwrap();
        tx.set_device_secret(&secret("old")).await.unwrap();
        tx.set_device_secret(&secret("new")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bench.store.device_secrets().await.unwrap(), vec![secret("new")]);
        assert_eq!(bench.store.setting("realm").await.unwrap(), None);
        assert_eq!(bench.store.setting_once("realm", "a").await.unwrap(), "a");
        assert_eq!(bench.store.setting_once("realm", "b").await.unwrap(), "a");
    });
}

#[test]
fn an_alarm_is_open_once_per_cause() {
    on_both(async |bench| {
        let mut random = Random::from_number(3);
        let mut alarm = |object: &str| AlarmRow {
            id: AlarmId::new(at(0), &mut random),
            code: "disk-low".to_owned(),
            severity: Severity::Warning,
            object: object.to_owned(),
            raised_at: at(0).wall,
            cleared_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
        };
        let (data, again, recordings) = (alarm("data"), alarm("data"), alarm("recordings"));
        let wang = "wang".parse().unwrap();
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.raise_alarm(&data).await.unwrap());
        assert!(!tx.raise_alarm(&again).await.unwrap());
        assert!(tx.raise_alarm(&recordings).await.unwrap());
        assert!(tx.acknowledge_alarm(data.id, &wang, at(5).wall).await.unwrap());
        assert!(!tx.acknowledge_alarm(data.id, &wang, at(6).wall).await.unwrap());
        assert_eq!(
            tx.clear_alarm("disk-low", "data", at(7).wall).await.unwrap(),
            Some(data.id)
        );
        assert_eq!(
            tx.clear_alarm("disk-low", "data", at(8).wall).await.unwrap(),
            None
        );
        assert!(tx.raise_alarm(&again).await.unwrap(), "its cause is back");
        tx.commit().await.unwrap();
        assert_eq!(bench.store.open_alarms().await.unwrap().len(), 2);
        assert_eq!(bench.store.alarms(10).await.unwrap().len(), 3);
        let read = bench.store.alarm(data.id).await.unwrap().unwrap();
        assert_eq!(
            (read.acknowledged_by, read.cleared_at),
            (Some(wang), Some(at(7).wall))
        );
    });
}
