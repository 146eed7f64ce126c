//! Retention: what is deleted when its time is over. Every table is either in [`sweep`] or kept on purpose:
//! accounts, credentials, evidence, watched levels, acceptances, what was told of agreements (or it would be told again),
//! cases and grants are the person's history and end with the account; notices have their configured days; clients, keys, secrets and revisions are the program's own; the audit log with its head is kept for at least six
//! months by law (184 days cover every case) and goes to an archive by the operator's decision.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait as _, EntityTrait, QueryFilter as _, QuerySelect as _, QueryTrait as _};

use crate::entity::{
    access_token, account_change, account_link, authorization_code, backchannel_logout, captcha, ceremony,
    client_assertion, initial_access_token, interaction, known_device, operator_session, otp, outbox,
    pushed_request, refresh_token, registration, revoked_token, round_trip, scan, session, status_event,
    throttle,
};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most rows of one table that go in one statement, so that no lock is held for long.
const BATCH: u64 = 1000;

/// For how long a redeemed code or an expired token is remembered, so that a replay is recognised.
const REPLAY_HOURS: i64 = 24;

/// How much longer than it counts something is remembered that must not be taken a second time: nodes' clocks differ, and
/// the one that sweeps may be ahead of the one that would take it.
const CLOCKS_MINUTES: i64 = 5;

/// For how long ended sign-ins stay for the person's own list and for the law (six months).
const SESSION_DAYS: i64 = 190;

/// For how long what was typed for a denied case stays, so that its owner can ask a person to look at it.
const CASE_INPUT_DAYS: i64 = 30;

/// For how long it stays how often each source was asked on a day: for the accounts of two years.
const SOURCE_USE_DAYS: i64 = 760;

/// For how long what happened to an account is shown to its owner, and a device is known that nobody signs in from.
const HISTORY_DAYS: i64 = 400;

/// For how long delivered messages stay, and what became of telling sub-sites of a sign-out or a fall.
const OUTBOX_DAYS: i64 = 7;

/// Deletes what is over, one batch of each table; answers how many rows went. Call again while it is not
/// 0. A table that cannot be swept does not keep the others from it: its error is the answer once nothing else is left.
pub async fn sweep(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let mut swept = Swept::default();
    swept.add(crate::cases::forget_inputs(tx, now - TimeDelta::days(CASE_INPUT_DAYS)).await);
    swept.add(
        batch::<registration::Entity>(
            tx,
            registration::Column::Id,
            registration::Column::ExpiresAt.lt(now),
        )
        .await,
    );
    swept.add(batch::<captcha::Entity>(tx, captcha::Column::Id, captcha::Column::ExpiresAt.lt(now)).await);
    swept.add(batch::<otp::Entity>(tx, otp::Column::Id, otp::Column::ExpiresAt.lt(now)).await);
    swept.add(
        batch::<throttle::Entity>(tx, throttle::Column::Bucket, throttle::Column::ExpiresAt.lt(now)).await,
    );
    swept.add(
        batch::<interaction::Entity>(
            tx,
            interaction::Column::IdHash,
            interaction::Column::ExpiresAt.lt(now),
        )
        .await,
    );
    sweep_protocol(tx, now, &mut swept).await;
    // A name and a number are in it.
    let gone = round_trip::Column::ExpiresAt.lt(now - TimeDelta::minutes(CLOCKS_MINUTES));
    swept.add(batch::<round_trip::Entity>(tx, round_trip::Column::StateHash, gone).await);
    let old = session::Column::ExpiresAt.lt(now - TimeDelta::days(SESSION_DAYS));
    swept.add(batch::<session::Entity>(tx, session::Column::Id, old).await);
    let old = operator_session::Column::ExpiresAt.lt(now - TimeDelta::days(SESSION_DAYS));
    swept.add(batch::<operator_session::Entity>(tx, operator_session::Column::Id, old).await);
    let old = outbox::Column::ExpiresAt.lt(now - TimeDelta::days(OUTBOX_DAYS));
    swept.add(batch::<outbox::Entity>(tx, outbox::Column::Id, old).await);
    let old = backchannel_logout::Column::ExpiresAt.lt(now - TimeDelta::days(OUTBOX_DAYS));
    swept.add(batch::<backchannel_logout::Entity>(tx, backchannel_logout::Column::Id, old).await);
    let counted = now - TimeDelta::days(SOURCE_USE_DAYS);
    swept.add(crate::source_use::forget_before(tx, counted.date_naive()).await);
    let old = status_event::Column::ExpiresAt.lt(now - TimeDelta::days(OUTBOX_DAYS));
    swept.add(batch::<status_event::Entity>(tx, status_event::Column::Id, old).await);
    sweep_accounts(tx, now, &mut swept).await;
    swept.result()
}

/// What accounts leave behind while they are used.
async fn sweep_accounts(tx: &Tx, now: DateTime<Utc>, swept: &mut Swept) {
    let over = ceremony::Column::ExpiresAt.lt(now - TimeDelta::minutes(CLOCKS_MINUTES));
    swept.add(batch::<ceremony::Entity>(tx, ceremony::Column::IdHash, over).await);
    let over = scan::Column::ExpiresAt.lt(now - TimeDelta::minutes(CLOCKS_MINUTES));
    swept.add(batch::<scan::Entity>(tx, scan::Column::IdHash, over).await);
    let over = account_link::Column::ExpiresAt.lt(now - TimeDelta::minutes(CLOCKS_MINUTES));
    swept.add(batch::<account_link::Entity>(tx, account_link::Column::TokenHash, over).await);
    let old = now - TimeDelta::days(HISTORY_DAYS);
    swept.add(crate::history::forget_before(tx, old, BATCH).await);
    let unused = known_device::Column::LastSeenAt.lt(old);
    swept.add(batch::<known_device::Entity>(tx, known_device::Column::DeviceHash, unused).await);
    // What waits has a time before it: one that has ended, or can no longer be taken back, is history.
    let ended = account_change::Column::EndedAt.lt(old);
    let settled = account_change::Column::AppliedAt.lt(old).and(
        account_change::Column::ReversibleUntil
            .is_null()
            .or(account_change::Column::ReversibleUntil.lt(old)),
    );
    let over = account_change::Column::EffectiveAt.lt(old).and(ended.or(settled));
    swept.add(batch::<account_change::Entity>(tx, account_change::Column::Id, over).await);
}

/// What sub-sites hold and send.
async fn sweep_protocol(tx: &Tx, now: DateTime<Utc>, swept: &mut Swept) {
    let replay = now - TimeDelta::hours(REPLAY_HOURS);
    let clocks = now - TimeDelta::minutes(CLOCKS_MINUTES);
    // Whoever began with it in time may go on for as long as an interrupted request waits.
    let answered = now - TimeDelta::minutes(model::interaction::LIFE_MINUTES);
    swept.add(
        batch::<pushed_request::Entity>(
            tx,
            pushed_request::Column::HandleHash,
            pushed_request::Column::ExpiresAt.lt(answered),
        )
        .await,
    );
    swept.add(
        batch::<client_assertion::Entity>(
            tx,
            client_assertion::Column::JtiHash,
            client_assertion::Column::ExpiresAt.lt(clocks),
        )
        .await,
    );
    swept.add(
        batch::<initial_access_token::Entity>(
            tx,
            initial_access_token::Column::TokenHash,
            initial_access_token::Column::ExpiresAt.lt(now),
        )
        .await,
    );
    swept.add(
        batch::<authorization_code::Entity>(
            tx,
            authorization_code::Column::CodeHash,
            authorization_code::Column::ExpiresAt
                .lt(replay)
                .and(given_up(now)),
        )
        .await,
    );
    swept.add(
        batch::<access_token::Entity>(
            tx,
            access_token::Column::TokenHash,
            access_token::Column::ExpiresAt.lt(replay),
        )
        .await,
    );
    // A used one stays as long as its family may live, so that its replay is recognised.
    swept.add(
        batch::<refresh_token::Entity>(
            tx,
            refresh_token::Column::TokenHash,
            refresh_token::Column::ExpiresAt.lt(replay),
        )
        .await,
    );
    swept.add(
        batch::<revoked_token::Entity>(
            tx,
            revoked_token::Column::TokenHash,
            revoked_token::Column::ExpiresAt.lt(clocks),
        )
        .await,
    );
}

/// What was swept so far.
#[derive(Default)]
struct Swept {
    gone: u64,
    error: Option<StoreError>,
}

impl Swept {
    fn add(&mut self, one: Result<u64, StoreError>) {
        match one {
            Ok(gone) => self.gone = self.gone.saturating_add(gone),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// The first error waits for as long as there is more to do elsewhere.
    fn result(self) -> Result<u64, StoreError> {
        match self.error {
            Some(error) if self.gone == 0 => Err(error),
            _ => Ok(self.gone),
        }
    }
}

/// What a sign-in that holds gave says who is to be told of its end. Each is looked up by its key: of sign-ins there
/// may be very many.
fn given_up(now: DateTime<Utc>) -> Expr {
    let holding = Query::select()
        .expr(Expr::value(1))
        .from(session::Entity)
        .and_where(
            Expr::col((session::Entity, session::Column::Id))
                .equals((authorization_code::Entity, authorization_code::Column::SessionId)),
        )
        .and_where(Expr::col((session::Entity, session::Column::EndedAt)).is_null())
        .and_where(Expr::col((session::Entity, session::Column::ExpiresAt)).gt(now))
        .take();
    authorization_code::Column::UsedAt
        .is_null()
        .or(Expr::exists(holding).not())
}

async fn batch<E: EntityTrait>(tx: &Tx, key: E::Column, over: Expr) -> Result<u64, StoreError> {
    let some = E::find()
        .select_only()
        .column(key)
        .filter(over)
        .limit(BATCH)
        .into_query();
    Ok(E::delete_many()
        .filter(key.in_subquery(some))
        .exec(tx)
        .await?
        .rows_affected)
}

#[cfg(test)]
mod tests {
    use model::ids::{AccountId, ChangeId, ClientId};
    use model::link::{LinkToken, Purpose};
    use model::secret::TokenHash;
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::testing;
    use crate::{assertions, revoked};

    #[tokio::test]
    async fn attack_071_a_clock_that_is_ahead_does_not_make_a_replay_good_on_another_node() {
        for test in testing::stores().await {
            let (tx, until) = (test.store.read(), testing::start_time());
            let client = ClientId::parse("hefei").unwrap();
            assert!(assertions::spend(&tx, &client, "a", until).await.unwrap());
            assert!(assertions::spend_proof(&tx, "key", "a", until).await.unwrap());
            assert!(revoked::add(&tx, "a", until).await.unwrap());
            let ahead = until + TimeDelta::minutes(CLOCKS_MINUTES);
            sweep(&tx, ahead).await.unwrap();
            assert!(!assertions::spend(&tx, &client, "a", until).await.unwrap());
            assert!(!assertions::spend_proof(&tx, "key", "a", until).await.unwrap());
            assert!(revoked::holds(&tx, "a").await.unwrap());
            assert_eq!(sweep(&tx, ahead + TimeDelta::seconds(1)).await.unwrap(), 3);
            assert!(!revoked::holds(&tx, "a").await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_accounts_leave_behind_goes_when_its_time_is_over_and_not_before() {
        for test in testing::stores().await {
            let (tx, rng, now) = (test.store.read(), test.store.rng(), test.clock.now());
            let id = AccountId::new(now, rng);
            let hash = |text: &str| TokenHash::of(text);
            let (soon, code, browser) = (now + TimeDelta::minutes(3), hash("scan"), hash("browser"));
            let scan = crate::scans::NewScan {
                id: &code,
                browser: &browser,
                number: 42,
                details: "{}",
                now,
                expires_at: soon,
            };
            crate::scans::put(&tx, &scan).await.unwrap();
            let handle = hash("ceremony");
            let whose = (scan.browser, crate::ceremonies::Purpose::Appeal);
            let begun = crate::ceremonies::NewCeremony::new(&handle, whose, (now, soon));
            crate::ceremonies::put(&tx, &begun).await.unwrap();
            let token = LinkToken::generate(rng);
            let link = crate::links::NewLink {
                token: &token,
                purpose: Purpose::NotMe,
                account: id,
                about: None,
                target: None,
                now,
                expires_at: soon,
            };
            crate::links::make(&tx, &link).await.unwrap();
            let change = crate::changes::NewChange {
                id: ChangeId::new(now, rng),
                account: id,
                kind: crate::changes::Kind::Email,
                state: crate::changes::State::Waiting,
                details: None,
                now,
                effective_at: soon,
                reversible_until: None,
            };
            assert!(crate::changes::begin(&tx, &change).await.unwrap());
            let at = |minutes| soon + TimeDelta::minutes(minutes);
            assert_eq!(
                sweep(&tx, at(CLOCKS_MINUTES)).await.unwrap(),
                0,
                "{}",
                test.database.kind()
            );
            assert_eq!(sweep(&tx, at(CLOCKS_MINUTES + 1)).await.unwrap(), 3);
            // What waits stays for as long as it waits; what was stopped is history.
            let years = now + TimeDelta::days(2 * HISTORY_DAYS);
            assert_eq!(sweep(&tx, years).await.unwrap(), 0);
            assert!(
                crate::changes::stop(&tx, change.id, crate::changes::How::Stopped, now)
                    .await
                    .unwrap()
            );
            assert_eq!(sweep(&tx, now + TimeDelta::days(HISTORY_DAYS)).await.unwrap(), 0);
            assert_eq!(sweep(&tx, years).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_swept_does_not_keep_the_others_from_it() {
        for test in testing::stores().await {
            let (tx, until) = (test.store.read(), testing::start_time());
            assert!(revoked::add(&tx, "a", until).await.unwrap());
            tx.execute_unprepared("ALTER TABLE captcha RENAME TO elsewhere")
                .await
                .unwrap();
            let later = until + TimeDelta::hours(1);
            assert_eq!(sweep(&tx, later).await.unwrap(), 1, "{}", test.database.kind());
            assert!(!revoked::holds(&tx, "a").await.unwrap());
            assert!(sweep(&tx, later).await.is_err(), "it is not hidden");
        }
    }
}
