//! Picture captchas: the answers, sealed, bound to the browser they were made for. One try each, right or wrong.

use std::fmt;

use chrono::{DateTime, Utc};
use model::ids::CaptchaId;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::captcha;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// What a captcha is stored with. Its answer never appears in `Debug`.
pub struct NewCaptcha<'a> {
    /// Its identifier.
    pub id: CaptchaId,
    /// The browser that it is for.
    pub browser: &'a TokenHash,
    /// The characters of the picture.
    pub answer: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when it can be answered.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for NewCaptcha<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCaptcha")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Stores a captcha.
pub async fn create(tx: &Tx, new: &NewCaptcha<'_>) -> Result<(), StoreError> {
    let id = new.id.as_uuid();
    let row = captcha::ActiveModel {
        id: Set(id),
        browser_hash: Set(new.browser.as_bytes().to_vec()),
        answer_sealed: Set(tx
            .vault()
            .seal(Column::CaptchaAnswer, id.as_bytes(), new.answer.as_bytes())?),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    captcha::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The answer of a captcha that can still be answered, to draw its picture for the browser it is for.
pub async fn find_answer(
    tx: &Tx,
    id: CaptchaId,
    browser: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let row = captcha::Entity::find_by_id(id.as_uuid())
        .filter(captcha::Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(captcha::Column::UsedAt.is_null())
        .filter(captcha::Column::ExpiresAt.gt(now))
        .one(tx)
        .await?;
    row.map(|row| {
        tx.vault()
            .open_text(Column::CaptchaAnswer, row.id.as_bytes(), &row.answer_sealed)
    })
    .transpose()
}

/// Takes the one try that a captcha has and answers what the picture showed; `None` when the try was taken
/// before, the time is over, or it is another browser's (A218). Refreshing the picture takes it as well (HB-13).
pub async fn redeem(
    tx: &Tx,
    id: CaptchaId,
    browser: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let rows = captcha::Entity::update_many()
        .col_expr(captcha::Column::UsedAt, Expr::value(now))
        .filter(captcha::Column::Id.eq(id.as_uuid()))
        .filter(captcha::Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(captcha::Column::UsedAt.is_null())
        .filter(captcha::Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    tx.vault()
        .open_text(Column::CaptchaAnswer, row.id.as_bytes(), &row.answer_sealed)
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;
    use chrono::TimeDelta;
    use model::rng::Rng;
    use model::secret::Token;

    async fn made(tx: &Tx, browser: &TokenHash, now: DateTime<Utc>) -> CaptchaId {
        let id = CaptchaId::new(now, &Rng::system());
        let new = NewCaptcha {
            id,
            browser,
            answer: "AB3K7",
            now,
            expires_at: now + TimeDelta::minutes(5),
        };
        create(tx, &new).await.unwrap();
        id
    }

    #[tokio::test]
    async fn attack_218_a_captcha_has_one_try_in_one_browser_in_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let mine = Token::generate(&Rng::system()).hash();
            let other = Token::generate(&Rng::system()).hash();
            let id = made(&tx, &mine, now).await;
            assert_eq!(
                find_answer(&tx, id, &mine, now).await.unwrap().as_deref(),
                Some("AB3K7")
            );
            assert_eq!(find_answer(&tx, id, &other, now).await.unwrap(), None);
            assert_eq!(redeem(&tx, id, &other, now).await.unwrap(), None);
            assert_eq!(
                redeem(&tx, id, &mine, now + TimeDelta::minutes(5)).await.unwrap(),
                None
            );
            assert_eq!(
                redeem(&tx, id, &mine, now).await.unwrap().as_deref(),
                Some("AB3K7")
            );
            assert_eq!(redeem(&tx, id, &mine, now).await.unwrap(), None);
            assert_eq!(find_answer(&tx, id, &mine, now).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn attack_218_of_32_parallel_tries_one_is_looked_at() {
        for test in stores().await {
            let now = test.clock.now();
            let browser = Token::generate(&Rng::system()).hash();
            let id = made(&test.store.read(), &browser, now).await;
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                tries.spawn(async move { redeem(&store.read(), id, &browser, now).await.unwrap().is_some() });
            }
            let taken = tries.join_all().await.into_iter().filter(|taken| *taken).count();
            assert_eq!(taken, 1, "{}", test.database.kind());
        }
    }
}
