//! A browser that was sent to another party and is to come back.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round_trip")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: Vec<u8>,
    pub account_id: Uuid,
    /// The sign-in, or whatever else the errand belongs to.
    pub session_id: Uuid,
    pub browser_hash: Vec<u8>,
    pub source: String,
    pub kept_sealed: Vec<u8>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    pub leased_until: Option<DateTimeUtc>,
    pub errand: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
