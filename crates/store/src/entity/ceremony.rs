//! Something that one browser does in several requests.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ceremony")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub purpose: String,
    pub account_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub methods: String,
    pub state_sealed: Option<Vec<u8>>,
    pub onward: String,
    pub public_computer: bool,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
