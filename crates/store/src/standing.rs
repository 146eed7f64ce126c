//! Whether what a code or a token stands on still holds: the sign-in it came from, the account, the consent. Part of
//! the guarded statement itself, so that nothing can happen between looking and doing (A039, A058, A059).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait as _, IntoColumnRef, IntoTableRef, Query, SelectStatement,
};

use crate::accounts::Status;
use crate::entity::{account, consent_grant, session};

/// The columns of a row that stands on a sign-in and perhaps on a grant.
pub struct Footing<C> {
    /// The sign-in's identifier.
    pub session: C,
    /// The account's identifier.
    pub account: C,
    /// The sub-site's name.
    pub client: C,
    /// The grant's identifier, or nothing where nothing is released that needs one.
    pub grant: C,
}

/// The condition: sign-in neither ended nor over, account in use, and where a grant was needed one still holds
/// between this person and this sub-site. It need not be the same one: a later decision replaces the grant, and
/// what it allows is looked at when something is released.
pub fn holds<C: IntoColumnRef + Copy>(row: &Footing<C>, now: DateTime<Utc>) -> Condition {
    let in_time = Expr::col((session::Entity, session::Column::ExpiresAt)).gt(now);
    on(row, not_ended(row).and_where(in_time).take())
}

/// The same for what may outlive the time of the sign-in: nobody ended it, but it may be over.
pub fn holds_beyond<C: IntoColumnRef + Copy>(row: &Footing<C>) -> Condition {
    on(row, not_ended(row))
}

fn not_ended<C: IntoColumnRef + Copy>(row: &Footing<C>) -> SelectStatement {
    one_of(session::Entity)
        .and_where(Expr::col((session::Entity, session::Column::Id)).equals(row.session))
        .and_where(Expr::col((session::Entity, session::Column::EndedAt)).is_null())
        .take()
}

fn on<C: IntoColumnRef + Copy>(row: &Footing<C>, sign_in: SelectStatement) -> Condition {
    let owner = one_of(account::Entity)
        .and_where(Expr::col((account::Entity, account::Column::Id)).equals(row.account))
        .and_where(Expr::col((account::Entity, account::Column::Status)).eq(Status::Active.as_str()))
        .take();
    let grant = one_of(consent_grant::Entity)
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::AccountId)).equals(row.account))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::ClientId)).equals(row.client))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::RevokedAt)).is_null())
        .take();
    let none_or_standing = Condition::any()
        .add(Expr::col(row.grant).is_null())
        .add(Expr::exists(grant));
    Condition::all()
        .add(Expr::exists(sign_in))
        .add(Expr::exists(owner))
        .add(none_or_standing)
}

/// What the person allows the sub-site today, as a column of a statement; null where nothing is allowed. One grant holds
/// at a time.
pub fn allowed<C: IntoColumnRef + Copy>(row: &Footing<C>) -> Expr {
    let grant = Query::select()
        .column((consent_grant::Entity, consent_grant::Column::Allowed))
        .from(consent_grant::Entity)
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::AccountId)).equals(row.account))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::ClientId)).equals(row.client))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::RevokedAt)).is_null())
        .limit(1)
        .take();
    Expr::SubQuery(None, Box::new(grant.into()))
}

/// When the sign-in is over, as a column of a statement; null when somebody ended it or its row is gone.
pub fn sign_in_over<C: IntoColumnRef + Copy>(row: &Footing<C>) -> Expr {
    let over = Query::select()
        .column((session::Entity, session::Column::ExpiresAt))
        .from(session::Entity)
        .and_where(Expr::col((session::Entity, session::Column::Id)).equals(row.session))
        .and_where(Expr::col((session::Entity, session::Column::EndedAt)).is_null())
        .take();
    Expr::SubQuery(None, Box::new(over.into()))
}

fn one_of(table: impl IntoTableRef) -> SelectStatement {
    Query::select().expr(Expr::val(1)).from(table).take()
}
