//! What an account needs beside its phone before it is given back.

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::AccountId;
use model::ladder::Level;
use model::standing::{Answer, Entry, Status, answer};
use store::accounts::{self, Account};
use store::changes::{self, Change, Kind};
use store::{StoreError, Tx};

use super::draft::{Draft, Second, Stage};
use super::face;
use super::second::phone_source;
use crate::Service;
use crate::evidence::vouched;
use crate::factors::{self, Enrolled, doubtful};

/// A way to show more than the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    RecoveryCode,
    Totp,
    Passkey,
    Email,
    /// A source that looks at the person.
    Person,
    Identity,
    /// Nothing more: it waits, and the owner is told.
    Wait,
}

/// What is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// The phone is all that there is, and the account is younger than its number could have changed hands.
    Nothing,
    /// A second proof, or waiting.
    More,
    /// A factor from before, a source that looks at the person, or the counter: the owner had the account held.
    Identity,
    /// Nothing opens it here. Whoever has the phone can say that the number is theirs and the account is not.
    Nobody,
}

/// An account that is being recovered.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) account: Account,
    /// What it can prove itself with; where the owner had it held, what is not doubted of that.
    pub(super) enrolled: Enrolled,
    /// From when on what was enrolled is doubted.
    pub(super) doubted_from: Option<DateTime<Utc>>,
    pub(super) needs: Needs,
    /// What two operators at a counter have allowed.
    pub(super) counter: Option<Change>,
}

/// Looks it up; `None` when nothing can be recovered (any more): the account has another phone, or cannot be used.
pub(super) async fn of(service: &Service, tx: &Tx, draft: &Draft) -> Result<Option<Plan>, StoreError> {
    let (Some(id), Stage::Proven) = (draft.account, draft.stage) else {
        return Ok(None);
    };
    let Some(account) = accounts::find(tx, id).await? else {
        return Ok(None);
    };
    if account.phone.as_ref() != Some(&draft.phone) {
        return Ok(None);
    }
    let standing = answer(account.status, Entry::Recovery);
    if standing == Answer::AsIfUnknown {
        return Ok(None);
    }
    let shut = standing == Answer::OnlyTheNumber;
    let mut enrolled = factors::of(tx, &account).await?;
    // What was enrolled shortly before the owner said "this wasn't me" may be somebody else's (A225, A235).
    let doubted_from = doubtful::since(service, tx, &account).await?;
    if let Some(from) = doubted_from {
        enrolled.keep_older(from);
    }
    let level = crate::evidence::level_of(service, tx, &account).await?.level;
    Ok(Some(Plan {
        needs: needs(standing, &account, &enrolled, (level, is_new(service, &account))),
        counter: counter(service, tx, id).await?.filter(|_| !shut),
        account,
        enrolled,
        doubted_from,
    }))
}

/// What two operators have allowed, while it can be used.
async fn counter(service: &Service, tx: &Tx, id: AccountId) -> Result<Option<Change>, StoreError> {
    let found = changes::find_reversible(tx, id, Kind::Recovery, service.now()).await?;
    Ok(found.filter(super::counter::is_permission))
}

/// Whether an account is younger than a wait would be. No operator of a network gives a number to somebody else so soon.
fn is_new(service: &Service, account: &Account) -> bool {
    account.created_at + TimeDelta::hours(service.config().recovery.wait_hours) > service.now()
}

/// The phone alone is enough only where there is nothing behind it, not even a time of use (A234, A235, A237).
fn needs(standing: Answer, account: &Account, enrolled: &Enrolled, (level, is_new): (Level, bool)) -> Needs {
    let real_name = account.citizen_id.is_some() || account.name.is_some() || level > Level::REGISTERED;
    if standing == Answer::OnlyTheNumber {
        Needs::Nobody
    } else if standing != Answer::Yes {
        Needs::Identity
    } else if real_name
        || account.email.is_some()
        || enrolled.two_step()
        || enrolled.sheet.is_some()
        || !is_new
    {
        Needs::More
    } else {
        Needs::Nothing
    }
}

impl Plan {
    /// What can be shown, the easiest first.
    pub(super) fn ways(&self, service: &Service) -> Vec<Way> {
        if self.needs == Needs::Nobody {
            return Vec::new();
        }
        let identity = self.is_named();
        let open = self.needs == Needs::More;
        // Where there is more than a phone, the operator of the network cannot say that this is who has it.
        let bare = !self.enrolled.two_step() && self.enrolled.sheet.is_none();
        let all = [
            (Way::Passkey, !self.enrolled.passkeys.is_empty()),
            (Way::Totp, !self.enrolled.totp.is_empty()),
            (Way::RecoveryCode, self.enrolled.codes_left > 0),
            (Way::Email, open && self.account.email.is_some()),
            (Way::Person, identity && face::source(service).is_some()),
            (
                Way::Identity,
                open && bare && identity && phone_source(service).is_some(),
            ),
            (Way::Wait, open),
        ];
        let can = all.into_iter().filter(|(_, can)| *can);
        can.map(|(way, _)| way).collect()
    }

    /// Whether somebody's name and number are proven for it.
    fn is_named(&self) -> bool {
        vouched::identity(&self.account).is_some()
    }

    /// Whether what was shown is enough for a new password now.
    pub(super) fn allows(&self, second: Option<Second>) -> bool {
        match (self.needs, second) {
            (Needs::Nobody, _) | (Needs::More | Needs::Identity, None) => false,
            // What two operators allowed may be taken back, or be over, since the browser showed it.
            (_, Some(Second::Counter)) => self.counter.is_some(),
            (_, Some(Second::Person)) => self.is_named(),
            (Needs::Nothing, _) | (Needs::More, Some(_)) => true,
            (Needs::Identity, Some(second)) => second.opens_held(),
        }
    }

    /// Whether somebody may wait instead.
    pub(super) fn may_wait(&self) -> bool {
        self.needs == Needs::More && self.account.status == Status::Active
    }
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::language::Language;
    use model::phone::Phone;

    use super::*;

    fn account() -> Account {
        let at = store::testing::start_time();
        Account {
            id: AccountId::from_uuid(uuid::Uuid::nil()),
            kind: AccountKind::Resident,
            status: Status::Active,
            language: Language::ZhCn,
            phone: Phone::parse("13800001234").ok(),
            email: None,
            username: None,
            name: None,
            declared_name: None,
            citizen_id: None,
            created_at: at,
            updated_at: at,
        }
    }

    fn enrolled() -> Enrolled {
        Enrolled {
            password: None,
            totp: Vec::new(),
            passkeys: Vec::new(),
            sheet: None,
            codes_left: 0,
            phone: true,
        }
    }

    #[test]
    fn attack_234_237_the_phone_alone_is_enough_only_where_nothing_is_behind_it() {
        let one = Level::new(1).unwrap();
        let of = |standing, level| needs(standing, &account(), &enrolled(), (level, true));
        assert_eq!(of(Answer::Yes, Level::REGISTERED), Needs::Nothing);
        assert_eq!(of(Answer::Yes, one), Needs::More);
        assert_eq!(of(Answer::OnlyWithIdentity, Level::REGISTERED), Needs::Identity);
        assert_eq!(of(Answer::OnlyTheNumber, Level::REGISTERED), Needs::Nobody);
        let named = Account {
            name: model::person_name::PersonName::parse("张明远").ok(),
            ..account()
        };
        // Evidence that lapsed does not make a real name an empty account.
        assert_eq!(
            needs(Answer::Yes, &named, &enrolled(), (Level::REGISTERED, true)),
            Needs::More
        );
        let with_address = Account {
            email: model::email::Email::parse("zhang@example.com").ok(),
            ..account()
        };
        assert_eq!(
            needs(Answer::Yes, &with_address, &enrolled(), (Level::REGISTERED, true)),
            Needs::More
        );
        // Its number may have been given to somebody else since.
        assert_eq!(
            needs(Answer::Yes, &account(), &enrolled(), (Level::REGISTERED, false)),
            Needs::More
        );
    }

    #[test]
    fn attack_237_an_account_that_is_shut_is_opened_by_nothing_that_can_be_shown() {
        let plan = Plan {
            account: account(),
            enrolled: enrolled(),
            doubted_from: None,
            needs: Needs::Nobody,
            counter: None,
        };
        let all = [
            Second::RecoveryCode,
            Second::Totp,
            Second::Passkey,
            Second::Email,
            Second::Identity,
            Second::Person,
            Second::Counter,
        ];
        assert!(!plan.allows(None) && !plan.may_wait());
        assert!(all.iter().all(|second| !plan.allows(Some(*second))));
    }

    #[test]
    fn a_held_account_is_not_opened_by_a_mailbox_and_does_not_wait() {
        let plan = Plan {
            account: account(),
            enrolled: enrolled(),
            doubted_from: None,
            needs: Needs::Identity,
            counter: None,
        };
        assert!(!plan.allows(None) && !plan.allows(Some(Second::Email)) && !plan.may_wait());
        // Nor by what says whose the phone is.
        assert!(!plan.allows(Some(Second::Identity)));
        assert!(plan.allows(Some(Second::Totp)));
        assert!(
            !plan.allows(Some(Second::Person)),
            "nobody is known to have been seen"
        );
        assert!(
            !plan.allows(Some(Second::Counter)),
            "two operators allowed nothing, or no more"
        );
    }
}
