//! Where a person goes after a page under `/verify`, and what comes before it.

use model::evidence::SourceId;
use store::StoreError;
use store::accounts::Account;
use store::sessions::LiveSession;
use web::Visit;
use web::paths::LocalPath;

use super::port::{Definition, Road};
use crate::signin::Onward;
use crate::{Service, confirm};

/// What a source's own file says of it; `None` for a source that this program has no file for.
pub fn definition(source: &SourceId) -> Option<&'static Definition> {
    let mut all = super::sources::ALL.iter();
    all.find(|one| one.id == source.as_str()).copied()
}

/// The page on which evidence from a source is gained; `None` for sources that have none.
pub fn page_of(source: &SourceId) -> Option<LocalPath> {
    definition(source)?.page()
}

/// Whether a source's road can be gone to its end on this page, and not at a counter.
pub(crate) fn is_gone_here(source: &SourceId) -> bool {
    definition(source).is_some_and(|definition| !matches!(definition.road, Road::Counter))
}

/// After evidence was gained: on to the sub-site once it has what it asked for, else to what is still missing.
pub(crate) async fn after(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    account: &Account,
) -> Result<LocalPath, StoreError> {
    let level_page = LocalPath::known("/account/level");
    let Some(interaction) = onward.load(service, visit).await? else {
        // Without a sub-site that waits the person sees what they reached.
        return Ok(if onward.has_interaction() {
            onward.path()
        } else {
            onward.through(level_page)
        });
    };
    let reached = super::level_of(service, &service.store().read(), account)
        .await?
        .level;
    Ok(match interaction.wants.level {
        Some(wanted) if reached < wanted => {
            onward.through(level_page.with("want", &wanted.number().to_string()))
        }
        _ => onward.path(),
    })
}

/// Not now: the sub-site gets what there is, and knows that it was asked for.
pub(crate) async fn decline(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
) -> Result<LocalPath, StoreError> {
    onward
        .answer(service, visit, |answers| answers.level_declined = true)
        .await?;
    Ok(onward.path())
}

/// The page that sends a code first, unless the phone was proven moments ago (HB-26).
pub(crate) async fn phone_first(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    (onward, then): (&Onward, &str),
) -> Result<Option<LocalPath>, StoreError> {
    if session.account.phone.is_none() || confirm::has_proven_phone(service, visit, session).await? {
        return Ok(None);
    }
    let page = LocalPath::known("/verify/confirm-phone").with("then", then);
    Ok(Some(onward.through(page)))
}
