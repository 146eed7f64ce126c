//! Attempts to gain evidence.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification_case")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: String,
    pub account_id: Uuid,
    pub source: String,
    pub state: String,
    pub input_sealed: Option<Vec<u8>>,
    pub subject_index: Option<Vec<u8>>,
    pub attempts: i32,
    pub next_attempt_at: Option<DateTimeUtc>,
    pub reference: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
