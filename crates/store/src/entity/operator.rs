//! A person who works at the province's console.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operator")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub login: String,
    pub name: String,
    pub status: String,
    pub roles: String,
    pub language: String,
    pub password: Option<String>,
    pub totp_sealed: Option<Vec<u8>>,
    pub totp_step: Option<i64>,
    pub enrol_hash: Option<Vec<u8>>,
    pub enrol_expires_at: Option<DateTimeUtc>,
    pub vouched_by: Option<Uuid>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
