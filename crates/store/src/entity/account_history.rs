//! Something that happened to an account, for its owner.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub at: DateTimeUtc,
    pub what: String,
    pub session_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub methods: Option<String>,
    pub level: Option<i32>,
    pub details_sealed: Option<Vec<u8>>,
    pub visit_key: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
