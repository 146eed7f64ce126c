//! The reminder by SMS: in the account's language, with the level's name, the day and the address of the page where it
//! is renewed. Nothing personal is in it (A222).

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::MessageId;
use model::ladder::Level;
use model::secret::Sensitive;
use store::accounts::{Account, Status};
use store::outbox::{Channel, NewMessage};
use store::{StoreError, Tx};
use web::language::dates;

use crate::Service;

/// The template's name, which gateways ask for.
const TEMPLATE: &str = "sms-level-lapses";
/// How long the reminder may take to arrive, in hours.
const NOTICE_HOURS: i64 = 24;

/// Writes a reminder, in the transaction that notes it. An account that is not in use gets none.
pub(super) async fn put(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (level, lapses_at): (Level, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let Some(phone) = account
        .phone
        .as_ref()
        .filter(|_| account.status == Status::Active)
    else {
        return Ok(false);
    };
    let now = service.now();
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: Channel::Sms,
        template: TEMPLATE,
        recipient: Sensitive::new(phone.e164()),
        text: Sensitive::new(text(service, account, (level, lapses_at))),
        now,
        expires_at: now + TimeDelta::hours(NOTICE_HOURS),
    };
    store::outbox::put(tx, &message).await?;
    Ok(true)
}

fn text(service: &Service, account: &Account, (level, lapses_at): (Level, DateTime<Utc>)) -> String {
    let (kit, language) = (service.kit(), account.language);
    let branding = kit.branding();
    let day = lapses_at.with_timezone(&branding.zone()).date_naive();
    let day = dates::date(language, day);
    let page = format!("{}/account/level", kit.base_url().as_str().trim_end_matches('/'));
    let name = service.ladder().name(level, language);
    kit.t(
        language,
        TEMPLATE,
        &[
            ("service", branding.service_name.in_language(language).into()),
            ("level", name.into()),
            ("day", day.into()),
            ("page", page.into()),
        ],
    )
}
