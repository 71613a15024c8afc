use super::*;
use crate::base::ids::TicketId;
use crate::ticket::model::Cycle;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::Satisfaction;
use crate::ticket::reference::Reference;

fn at(hour: i64) -> WallTime {
    WallTime::from_micros(1_790_000_000_000_000 + hour * 3_600_000_000)
}

#[test]
fn ten_appellants_in_seven_days_or_two_failed_reworks_propose_a_case() {
    let reference = Reference::shipped().unwrap();
    let settings = reference.settings.at(at(0));
    let mut appeals: Vec<(WallTime, String)> = (0..9).map(|no| (at(no), format!("tag-{no}"))).collect();
    appeals.push((at(10), "tag-3".to_owned()));
    appeals.push((at(-200), "tag-99".to_owned()));
    assert_eq!(appellants(&appeals, at(20), &settings), 9);
    appeals.push((at(11), "tag-10".to_owned()));
    let many = Matter {
        appellants: appellants(&appeals, at(20), &settings),
        ..Matter::default()
    };
    assert_eq!(propose(many, &settings), Some(KeyCause::ManyAppeals));
    assert_eq!(appellants(&appeals, at(167), &settings), 10);
    assert_eq!(appellants(&appeals, at(168), &settings), 9);
    let mut ticket = crate::ticket::evolve::blank(TicketId::default(), at(0));
    let word = |result| FollowupWord {
        at: at(1),
        mode: FollowupMode::Person,
        result,
        satisfaction: Satisfaction::NoComment,
        reached: true,
    };
    for no in 1..=3 {
        ticket.cycles.push(Cycle {
            no,
            city: Some(word(FollowupResult::Unsolved)),
            ..Cycle::default()
        });
    }
    let mut matter = Matter {
        appellants: 1,
        failed_reworks: failed_reworks(&ticket),
        escalated: 0,
    };
    assert_eq!(matter.failed_reworks, 2);
    assert_eq!(propose(matter, &settings), Some(KeyCause::WeakRectification));
    matter.failed_reworks = 1;
    assert_eq!(propose(matter, &settings), None);
    matter.escalated = 1;
    assert_eq!(propose(matter, &settings), Some(KeyCause::BadHandling));
}
