use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::person_name::PersonName;

use super::*;
use crate::cases::{self, CaseNumber, Factors, Input, NewCase};
use crate::testing::{TestStore, stores};

async fn case(test: &TestStore, state: State) -> (CaseId, AccountId) {
    let (now, rng) = (test.clock.now(), Rng::system());
    let new = NewCase {
        id: CaseId::new(now, &rng),
        number: CaseNumber::generate(now, &rng),
        account: AccountId::new(now, &rng),
        source: SourceId::parse("document_review").unwrap(),
        state,
        input: Input {
            name: PersonName::parse("张明远").unwrap(),
            citizen_id: CitizenId::parse("340000199003070012", now.date_naive()).unwrap(),
            phone: None,
            more: Factors::none(),
        },
        next_attempt_at: None,
        reference: None,
        created_at: now,
    };
    assert!(cases::create(&test.store.read(), &new).await.unwrap());
    (new.id, new.account)
}

async fn store(test: &TestStore, (case, account): (CaseId, AccountId), part: Part, days: i64) -> ImageId {
    let now = test.clock.now();
    let new = NewImage {
        case,
        account,
        part,
        picture: b"a picture",
        now,
        delete_after: now + TimeDelta::days(days),
    };
    put(&test.store.read(), &Rng::system(), &new).await.unwrap()
}

#[tokio::test]
async fn a_picture_is_sealed_opened_by_its_case_alone_and_replaced_by_the_next_of_its_part() {
    for test in stores().await {
        let tx = test.store.read();
        let (one, other) = (
            case(&test, State::InReview).await,
            case(&test, State::InReview).await,
        );
        let first = store(&test, one, Part::Front, 100).await;
        let raw = Entity::find_by_id(first.as_uuid())
            .one(&tx)
            .await
            .unwrap()
            .unwrap();
        let sealed = raw.image_sealed.unwrap();
        assert!(!sealed.windows(9).any(|piece| piece == b"a picture"));
        let opened = open(&tx, one.0, first).await.unwrap().unwrap();
        assert_eq!(opened.as_slice(), b"a picture");
        assert!(open(&tx, other.0, first).await.unwrap().is_none(), "A261");
        let second = store(&test, one, Part::Front, 100).await;
        store(&test, one, Part::Back, 100).await;
        assert!(open(&tx, one.0, first).await.unwrap().is_none());
        assert!(open(&tx, one.0, second).await.unwrap().is_some());
        let there = list(&tx, one.0).await.unwrap();
        let left = there.iter().filter(|image| image.deleted_at.is_none());
        assert_eq!((there.len(), left.count()), (3, 2), "{}", test.database.kind());
    }
}

#[tokio::test]
async fn pictures_go_on_schedule_with_their_case_and_at_once_when_it_is_taken_back() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let waiting = case(&test, State::InReview).await;
        let decided = case(&test, State::Rejected).await;
        let gone = (CaseId::new(now, &Rng::system()), decided.1);
        for (owner, days) in [(waiting, 180), (decided, 180), (gone, 180)] {
            store(&test, owner, Part::Front, days).await;
        }
        let left = async |case: CaseId| {
            let all = list(&tx, case).await.unwrap();
            all.iter().filter(|image| image.deleted_at.is_none()).count()
        };
        // A case that is not there any more keeps nothing; a decided one for as long as it may be appealed.
        let later = now + TimeDelta::days(1);
        assert_eq!(sweep(&tx, (later, now)).await.unwrap(), 1);
        assert_eq!(
            (left(waiting.0).await, left(decided.0).await, left(gone.0).await),
            (1, 1, 0)
        );
        assert_eq!(sweep(&tx, (later, later)).await.unwrap(), 1);
        assert_eq!((left(waiting.0).await, left(decided.0).await), (1, 0));
        assert_eq!(sweep(&tx, (later, later)).await.unwrap(), 0);
        // Nothing stays longer than its own time, whatever became of the case.
        let end = now + TimeDelta::days(180);
        assert_eq!(sweep(&tx, (end, now)).await.unwrap(), 1);
        store(&test, waiting, Part::Back, 180).await;
        assert_eq!(delete_of_case(&tx, waiting.0, now).await.unwrap(), 1);
        assert_eq!(left(waiting.0).await, 0, "{}", test.database.kind());
    }
}
