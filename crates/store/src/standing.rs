//! Whether what a code or a token stands on still holds: the sign-in it came from, the account, the grant. Part of
//! the guarded statement itself, so that nothing can happen between looking and doing (A039, A058, A059).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, IntoColumnRef, Query, SelectStatement};

use crate::accounts::Status;
use crate::entity::{account, consent_grant, session};

/// The columns of a row that stands on a sign-in and perhaps on a grant.
pub struct Footing<C> {
    /// The sign-in's identifier.
    pub session: C,
    /// The account's identifier.
    pub account: C,
    /// The grant's identifier, or nothing.
    pub grant: C,
}

/// The condition: sign-in neither ended nor over, account in use, grant not taken back.
pub fn holds<C: IntoColumnRef + Copy>(row: &Footing<C>, now: DateTime<Utc>) -> Condition {
    let sign_in = exists(session::Entity, (session::Entity, session::Column::Id), row.session)
        .and_where(Expr::col((session::Entity, session::Column::EndedAt)).is_null())
        .and_where(Expr::col((session::Entity, session::Column::ExpiresAt)).gt(now))
        .take();
    let owner = exists(account::Entity, (account::Entity, account::Column::Id), row.account)
        .and_where(Expr::col((account::Entity, account::Column::Status)).eq(Status::Active.as_str()))
        .take();
    let grant = exists(consent_grant::Entity, (consent_grant::Entity, consent_grant::Column::Id), row.grant)
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::RevokedAt)).is_null())
        .take();
    let none_or_standing = Condition::any().add(Expr::col(row.grant).is_null()).add(Expr::exists(grant));
    Condition::all().add(Expr::exists(sign_in)).add(Expr::exists(owner)).add(none_or_standing)
}

fn exists(
    table: impl sea_orm::sea_query::IntoTableRef,
    key: impl IntoColumnRef,
    of: impl IntoColumnRef,
) -> SelectStatement {
    Query::select().expr(Expr::val(1)).from(table).and_where(Expr::col(key).equals(of)).take()
}
