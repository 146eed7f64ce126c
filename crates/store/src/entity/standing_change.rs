//! The standing of an account changed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standing_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub from_status: String,
    pub to_status: String,
    pub reason: String,
    pub note_sealed: Option<Vec<u8>>,
    pub operator_id: Option<Uuid>,
    pub second_operator_id: Option<Uuid>,
    pub at: DateTimeUtc,
    pub until: Option<DateTimeUtc>,
    pub doubted_from: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
