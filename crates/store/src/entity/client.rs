//! Sub-sites.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: String,
    pub document: String,
    pub secret_hash: Option<Vec<u8>>,
    pub applied_at: DateTimeUtc,
    pub removed_at: Option<DateTimeUtc>,
    pub secret_sealed: Option<Vec<u8>>,
    pub previous_secret_hash: Option<Vec<u8>>,
    pub previous_secret_sealed: Option<Vec<u8>>,
    pub previous_secret_until: Option<DateTimeUtc>,
    pub registration_token_hash: Option<Vec<u8>>,
    pub origin: Option<String>,
    pub metadata: Option<String>,
    pub secret_expires_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
