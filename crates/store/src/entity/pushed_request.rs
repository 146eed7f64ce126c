//! Pushed authorization requests.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pushed_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub handle_hash: Vec<u8>,
    pub client_id: String,
    pub request_sealed: Vec<u8>,
    pub jkt: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
