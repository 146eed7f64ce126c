//! Supplements bind without a signature, and nobody learns of them by accident (NA-45): who signs in is told once of each
//! by a notice, on the page of notices and by the channels that they want for terms. So is who signs in while a material
//! change is announced; once it is in effect, it is asked and not told.

use store::accounts::Account;
use store::{StoreError, Tx};

use super::due::Due;
use super::{Class, of_kind};
use crate::Service;
use crate::notices::{self, Kind, Told};

/// Tells an account what was added since the version that it accepted and what is announced, once for each version. Part of the transaction in
/// which somebody signs in. Where only one version was ever in effect, which is how a province begins, it asks nothing
/// of the database.
pub(crate) async fn tell(service: &Service, tx: &Tx, account: &Account) -> Result<(), StoreError> {
    let (id, now, agreements) = (of_kind(account.kind), service.now(), service.agreements());
    let today = service.kit().today();
    if agreements.versions(id).len() < 2 {
        return Ok(());
    }
    let accepted = store::agreements::newest_accepted(tx, account.id, id).await?;
    let since = match agreements.due(id, accepted.as_deref(), today) {
        Due::Tell(since) => since,
        // What waits for an answer is asked, not told.
        Due::Nothing | Due::Accept(_) => &[],
    };
    let announced = agreements.versions(id).iter();
    let announced = announced.filter(|version| version.effective > today);
    let told = store::agreements::list_told(tx, account.id, id).await?;
    let new = since
        .iter()
        .chain(announced)
        .filter(|version| !told.contains(&version.version));
    for version in new {
        if !store::agreements::told(tx, service.rng(), account.id, (id, &version.version), now).await? {
            continue;
        }
        let kind = match version.class {
            Class::Material => Kind::AgreementMaterial,
            Class::Supplement => Kind::AgreementSupplement,
        };
        let title = version.title.in_language(account.language).to_owned();
        let told = Told {
            args: &[("agreement", title), ("day", notices::day(version.effective))],
            ..Told::of(kind)
        };
        notices::tell(service, tx, account, &told).await?;
    }
    Ok(())
}
