//! A sign-in that waits for a signed-in phone.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub number: i32,
    pub details_sealed: Vec<u8>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub account_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub decided_at: Option<DateTimeUtc>,
    pub decision: Option<String>,
    pub used_at: Option<DateTimeUtc>,
    pub looked_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
