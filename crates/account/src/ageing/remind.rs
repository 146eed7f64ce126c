//! The reminder before a level lapses: a notice of its own topic, in the account's language, with the level's name, the
//! day and the address of the page where it is renewed. Nothing personal is in it (A222).

use chrono::{DateTime, Utc};
use model::ladder::Level;
use model::notice::Kind;
use store::accounts::{Account, Status};
use store::{StoreError, Tx};

use crate::Service;
use crate::notices::{self, Told};

/// Writes a reminder, in the transaction that notes it. An account that is not in use gets none.
pub(super) async fn put(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (level, lapses_at): (Level, DateTime<Utc>),
) -> Result<bool, StoreError> {
    if account.status != Status::Active || (account.phone.is_none() && account.email.is_none()) {
        return Ok(false);
    }
    let base = service.kit().base_url().as_str().trim_end_matches('/');
    let level = service.ladder().name(level, account.language);
    let args = [
        ("level", level.to_owned()),
        ("day", notices::moment(lapses_at)),
        ("page", format!("{base}/account/level")),
    ];
    let told = Told {
        args: &args,
        ..Told::of(Kind::LevelLapses)
    };
    notices::tell(service, tx, account, &told).await?;
    Ok(true)
}
