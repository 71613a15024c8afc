use super::*;
use crate::base::random::Random;
use crate::base::time::Now;

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

fn words(title: &str) -> Words {
    Words {
        title: title.to_owned(),
        body: "持身份证到街道便民服务中心办理，当场领取。".to_owned(),
        owner: "hotline".parse().unwrap(),
        valid_from: day("2026-01-01"),
        valid_until: Some(day("2026-12-31")),
    }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn at(second: i64) -> WallTime {
    WallTime::from_micros(second * 1_000_000)
}

fn draft() -> Article {
    let id = ArticleId::new(Now::default(), &mut Random::from_number(1));
    let writer = user("unit");
    let hand = Hand {
        user: &writer,
        now: at(1),
    };
    Article::first(id, words("老年证怎么办"), hand).unwrap()
}

fn approved() -> Article {
    let approver = user("supervisor");
    let hand = Hand {
        user: &approver,
        now: at(2),
    };
    draft().approve(hand).unwrap()
}

#[test]
fn an_answer_may_rest_only_on_an_approved_version_on_a_day_it_is_valid() {
    assert!(!draft().is_valid(day("2026-06-01")));
    let published = approved();
    for (when, valid) in [
        ("2025-12-31", false),
        ("2026-01-01", true),
        ("2026-12-31", true),
        ("2027-01-01", false),
    ] {
        assert_eq!(published.is_valid(day(when)), valid, "{when}");
    }
    assert!(!published.retire(at(3)).unwrap().is_valid(day("2026-06-01")));
}

#[test]
fn nobody_approves_what_he_wrote() {
    let writer = user("unit");
    let refused = draft().approve(Hand {
        user: &writer,
        now: at(2),
    });
    assert_eq!(
        refused,
        Err(TicketError::Forbidden {
            rule: "second_person",
            clause: "8.3"
        })
    );
}

#[test]
fn who_writes_a_draft_again_is_its_writer_and_cannot_approve_it() {
    let second = user("expert");
    let hand = Hand {
        user: &second,
        now: at(2),
    };
    let again = draft().write(words("老年人优待证怎么办"), hand).unwrap();
    assert_eq!((again.version, again.revision), (1, 2));
    assert!(again.approve(hand).is_err());
}

#[test]
fn what_was_published_is_not_changed_but_followed_by_a_new_version() {
    let published = approved();
    let writer = user("unit");
    let next = published
        .write(
            words("老年证怎么办（新）"),
            Hand {
                user: &writer,
                now: at(3),
            },
        )
        .unwrap();
    assert_eq!(
        (next.version, next.revision, next.state),
        (2, 1, ArticleState::Draft)
    );
    assert_eq!(
        published.approve(Hand {
            user: &writer,
            now: at(3)
        }),
        Err(TicketError::Rule {
            rule: "article_no_draft",
            clause: "8.3"
        })
    );
}

#[test]
fn words_out_of_bounds_name_the_field_and_the_clause() {
    let id = draft().id;
    let writer = user("unit");
    let hand = Hand {
        user: &writer,
        now: at(1),
    };
    let field = |words: Words| Article::first(id, words, hand).unwrap_err().field();
    assert_eq!(field(words(" ")), Some("title"));
    assert_eq!(field(words(&"长".repeat(TITLE_MAX + 1))), Some("title"));
    assert_eq!(
        field(Words {
            body: "长".repeat(BODY_MAX + 1),
            ..words("标题")
        }),
        Some("body")
    );
    assert_eq!(
        field(Words {
            valid_until: Some(day("2025-12-31")),
            ..words("标题")
        }),
        Some("valid_until")
    );
    assert_eq!(
        reason(&"长".repeat(REASON_MAX + 1)).unwrap_err().clause(),
        Some("DB1302/T 604—2025 8.3".to_owned())
    );
}
