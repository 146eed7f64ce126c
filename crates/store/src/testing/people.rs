//! Operators, who stand behind one another.

use chrono::TimeDelta;
use model::ids::OperatorId;
use model::language::Language;
use model::secret::Token;

use super::TestStore;
use crate::error::StoreError;
use crate::operators::{self, Link, NewOperator};

impl TestStore {
    /// Makes an operator whose link another one made; `None` is the command line.
    pub async fn operator(
        &self,
        (login, name): (&str, &str),
        by: Option<OperatorId>,
    ) -> Result<OperatorId, StoreError> {
        let now = self.clock.now();
        let id = OperatorId::new(now, self.store.rng());
        let new = NewOperator {
            id,
            login,
            name,
            roles: &["senior_reviewer"],
            language: Language::En,
            link: Link {
                hash: Token::generate(self.store.rng()).hash(),
                expires_at: now + TimeDelta::hours(1),
                by,
            },
            now,
        };
        operators::create(&self.store.read(), &new).await?;
        Ok(id)
    }
}
