//! Forgetting a person: what an account holds about somebody goes when it closes, but for what has to be kept
//! ([`model::closing::Kept`]); that goes when its own time is over. The account's row stays as an empty shell, so that its
//! identifier, and with it every name by which sub-sites knew the person, is never given to anybody again (A126).
//!
//! Every table with an account in it is either here or holds nothing about a person: codes, tokens, messages and rounds to
//! other parties end by themselves within days, and the audit log knows accounts by their identifier alone.

use chrono::{DateTime, Utc};
use model::closing::Kept;
use model::ids::AccountId;
use model::standing::Status;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait, QueryFilter as _};

use crate::entity::{
    account, account_change, account_history, account_link, agreement_acceptance, agreement_told,
    case_history, case_review, ceremony, consent_grant, credential, factor, known_device, level_watch,
    notice, notice_preference, password_history, recovery_code, round_trip, scan, session, standing_appeal,
    standing_change, verification_case,
};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::{case_images, case_reviews, cases, grants};

/// Takes everything out of a closed account that need not be kept. Codes and tokens are the caller's to end before, with
/// the sign-ins; call this in the transaction that closed the account.
pub async fn erase(tx: &Tx, id: AccountId, keep: &[Kept], now: DateTime<Utc>) -> Result<(), StoreError> {
    empty_shell(tx, id, now).await?;
    end_cases(tx, id, now).await?;
    crate::evidence::end_all(tx, id, (now, "closed")).await?;
    for grant in grants::list(tx, id).await? {
        if grant.revoked_at.is_none() {
            grants::revoke(tx, id, grant.id, now).await?;
        }
    }
    let who = id.as_uuid();
    delete::<credential::Entity>(tx, credential::Column::AccountId.eq(who)).await?;
    delete::<password_history::Entity>(tx, password_history::Column::AccountId.eq(who)).await?;
    delete::<factor::Entity>(tx, factor::Column::AccountId.eq(who)).await?;
    delete::<recovery_code::Entity>(tx, recovery_code::Column::AccountId.eq(who)).await?;
    delete::<ceremony::Entity>(tx, ceremony::Column::AccountId.eq(who)).await?;
    delete::<scan::Entity>(tx, scan::Column::AccountId.eq(who)).await?;
    delete::<round_trip::Entity>(tx, round_trip::Column::AccountId.eq(who)).await?;
    delete::<known_device::Entity>(tx, known_device::Column::AccountId.eq(who)).await?;
    delete::<notice::Entity>(tx, notice::Column::AccountId.eq(who)).await?;
    delete::<notice_preference::Entity>(tx, notice_preference::Column::AccountId.eq(who)).await?;
    delete::<agreement_told::Entity>(tx, agreement_told::Column::AccountId.eq(who)).await?;
    delete::<account_link::Entity>(tx, account_link::Column::AccountId.eq(who)).await?;
    delete::<level_watch::Entity>(tx, level_watch::Column::AccountId.eq(who)).await?;
    account_change::Entity::update_many()
        .col_expr(account_change::Column::DetailsSealed, none())
        .filter(account_change::Column::AccountId.eq(who))
        .exec(tx)
        .await?;
    for what in Kept::ALL {
        if !keep.contains(&what) {
            forget(tx, id, what).await?;
        }
    }
    Ok(())
}

/// Forgets something that was kept, or need not be.
pub async fn forget(tx: &Tx, id: AccountId, what: Kept) -> Result<(), StoreError> {
    let who = id.as_uuid();
    match what {
        Kept::SignIns => {
            delete::<account_history::Entity>(tx, account_history::Column::AccountId.eq(who)).await?;
            // The rows are what codes and tokens hang on; the retention of sign-ins takes them.
            session::Entity::update_many()
                .col_expr(session::Column::DeviceSealed, none())
                .col_expr(session::Column::NetworkSealed, none())
                .filter(session::Column::AccountId.eq(who))
                .exec(tx)
                .await?;
        }
        Kept::Agreements => {
            delete::<agreement_acceptance::Entity>(tx, agreement_acceptance::Column::AccountId.eq(who))
                .await?;
        }
        Kept::Consents => {
            delete::<consent_grant::Entity>(tx, consent_grant::Column::AccountId.eq(who)).await?;
        }
        Kept::Checks => {
            delete::<case_history::Entity>(tx, case_history::Column::AccountId.eq(who)).await?;
            delete::<case_review::Entity>(tx, case_review::Column::AccountId.eq(who)).await?;
            delete::<verification_case::Entity>(tx, verification_case::Column::AccountId.eq(who)).await?;
            crate::evidence::delete_of(tx, id).await?;
        }
        Kept::Decisions => {
            delete::<standing_appeal::Entity>(tx, standing_appeal::Column::AccountId.eq(who)).await?;
            delete::<standing_change::Entity>(tx, standing_change::Column::AccountId.eq(who)).await?;
        }
    }
    Ok(())
}

fn none() -> sea_orm::sea_query::SimpleExpr {
    Expr::value(None::<Vec<u8>>)
}

async fn delete<E: EntityTrait>(tx: &Tx, which: sea_orm::sea_query::SimpleExpr) -> Result<(), StoreError> {
    E::delete_many().filter(which).exec(tx).await?;
    Ok(())
}

/// Only for an account that is closed: whoever calls it too early changes nothing.
async fn empty_shell(tx: &Tx, id: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let emptied = account::Entity::update_many()
        .col_expr(account::Column::PhoneSealed, none())
        .col_expr(account::Column::PhoneIndex, none())
        .col_expr(account::Column::EmailSealed, none())
        .col_expr(account::Column::EmailIndex, none())
        .col_expr(account::Column::EmailProvenAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(account::Column::UsernameSealed, none())
        .col_expr(account::Column::UsernameIndex, none())
        .col_expr(account::Column::NameSealed, none())
        .col_expr(account::Column::DeclaredNameSealed, none())
        .col_expr(account::Column::CitizenIdSealed, none())
        .col_expr(account::Column::CitizenIdIndex, none())
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::Status.eq(Status::Closed.as_str()))
        .exec(tx)
        .await?;
    if emptied.rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Malformed("account.status"))
    }
}

/// Nobody decides a case of somebody who left: what was typed for it and its pictures go.
async fn end_cases(tx: &Tx, id: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    for case in cases::list_open(tx, id).await? {
        case_reviews::withdraw(tx, case.id, now).await?;
    }
    cases::end_all(tx, id, now).await?;
    case_images::delete_of_account(tx, id, now).await?;
    verification_case::Entity::update_many()
        .col_expr(verification_case::Column::InputSealed, none())
        .col_expr(verification_case::Column::SubjectIndex, none())
        .filter(verification_case::Column::AccountId.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    crate::evidence::forget_background(tx, id).await
}

#[cfg(test)]
mod tests;
