//! What forms with pictures have in common: a turn before anything is read, pictures made anew, and words for what is
//! wrong with them.

use model::ids::{AccountId, CaseId};
use store::case_images::{self, Image, NewImage, Part};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::extract::{Picked, Sent, Upload};
use web::form::{Checkbox, Errors, FilePicker, Words};
use web::{Markup, Visit};

use super::pictures::{Fault, Turn};
use super::words;
use crate::Service;
use crate::session::Stop;

/// The box that a person ticks to have pictures stored.
pub(super) const CONSENT: &str = "store_pictures";

/// Why a form with pictures is not read now.
pub(super) enum Wait {
    /// Too many of them from here; come back after so many seconds.
    TooMany(i64),
    /// Too many are being read.
    Busy,
}

impl Wait {
    pub(super) fn words(&self) -> Words {
        match self {
            Self::TooMany(seconds) => {
                let minutes = Ord::max(seconds.saturating_add(59).div_euclid(60), 1);
                Words::with("review-pictures-too-many", vec![("minutes", minutes.into())])
            }
            Self::Busy => Words::key("review-pictures-busy"),
        }
    }
}

/// Reads the form, when this account may send one now and there is room. The turn is to be kept until the pictures are
/// made anew.
pub(super) async fn read(
    service: &Service,
    visit: &Visit,
    account: AccountId,
    (upload, form): (Upload, &str),
) -> Result<Result<(Sent, Turn), Wait>, Stop> {
    if let Some(wait) = count(service, visit, account).await? {
        upload.discard().await;
        return Ok(Err(wait));
    }
    let Some(turn) = service.pictures().turn(account).await else {
        upload.discard().await;
        return Ok(Err(Wait::Busy));
    };
    let limits = service.config().review.pictures.upload_limits();
    let sent = upload.read(visit, form, &limits).await?;
    Ok(Ok((sent, turn)))
}

/// Counts a form before it is read, so that many at once all count (A315).
async fn count(service: &Service, visit: &Visit, account: AccountId) -> Result<Option<Wait>, StoreError> {
    let (config, now) = (&service.config().review, service.now());
    let rule = |name, limit| Rule {
        name,
        limit,
        window_seconds: 3600,
    };
    let network = visit.client_address().network().to_string();
    for (rule, key) in [
        (
            rule("pictures_account", config.forms_per_hour),
            account.to_string(),
        ),
        (rule("pictures_address", config.address_forms_per_hour), network),
    ] {
        let count = throttles::hit(&service.store().read(), &rule, &key, now).await?;
        if count.exceeded() {
            return Ok(Some(Wait::TooMany(count.retry_after_seconds(now))));
        }
    }
    Ok(None)
}

/// A picture made anew.
pub(super) struct Made {
    pub(super) part: Part,
    pub(super) picture: Vec<u8>,
}

/// Makes the pictures of some parts anew; what is wrong with one is said at its field.
pub(super) async fn remake(
    (service, visit): (&Service, &Visit),
    sent: &Sent,
    parts: &[Part],
    errors: &mut Errors,
) -> Vec<Made> {
    let mut made = Vec::new();
    for part in parts {
        let result = match sent.file(part.as_str()) {
            None => continue,
            Some(Picked::TooLarge) => Err(Fault::Large),
            Some(Picked::Content(content)) => service.pictures().remake(content.clone()).await,
        };
        match result {
            Ok(picture) => made.push(Made { part: *part, picture }),
            Err(fault) => errors.add(part.as_str(), wrong(service, &words::name(visit, *part), fault)),
        }
    }
    made
}

/// What is wrong with a picture, by its name: the summary on top of the page shows the words alone.
fn wrong(service: &Service, part: &str, fault: Fault) -> Words {
    let mut args = vec![("part", part.into())];
    let key = match fault {
        Fault::Format => "review-picture-format",
        Fault::Broken => "review-picture-broken",
        Fault::Large => {
            let bytes = service.config().review.pictures.file_bytes;
            args.push(("size", bytes.div_euclid(1 << 20).max(1).into()));
            "review-picture-large"
        }
        Fault::Small => "review-picture-small",
        Fault::Busy => "review-pictures-busy",
    };
    Words::with(key, args)
}

/// A picture is not there.
pub(super) fn missing(visit: &Visit, part: Part) -> Words {
    let part = words::name(visit, part);
    Words::with("review-picture-missing", vec![("part", part.as_str().into())])
}

/// Stores pictures for a case.
pub(super) async fn store(
    service: &Service,
    tx: &Tx,
    (case, account): (CaseId, AccountId),
    made: &[Made],
    delete_after: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    for one in made {
        let new = NewImage {
            case,
            account,
            part: one.part,
            picture: &one.picture,
            now: service.now(),
            delete_after,
        };
        case_images::put(tx, service.rng(), &new).await?;
    }
    Ok(())
}

/// The parts that are there and not deleted.
pub(super) fn kept(images: &[Image]) -> Vec<Part> {
    let there = images.iter().filter(|image| image.deleted_at.is_none());
    there.map(|image| image.part).collect()
}

/// The field for a part.
pub(super) fn picker(part: Part, is_there: bool) -> FilePicker {
    let (name, label, hint) = match part {
        Part::Front => ("front", "review-part-front", "review-part-front-hint"),
        Part::Back => ("back", "review-part-back", "review-part-back-hint"),
        Part::Portrait => ("portrait", "review-part-portrait", "review-part-portrait-hint"),
        Part::Other => ("other", "review-part-other", "review-part-other-hint"),
    };
    FilePicker::picture(name, label).hint(if is_there { "review-part-there" } else { hint })
}

/// The box: storing pictures takes a consent of its own.
pub(super) fn consent(service: &Service, visit: &Visit, given: bool) -> Checkbox {
    let config = &service.config().review;
    let hint = Words::with(
        "review-consent-hint",
        vec![
            ("days", config.keep_days.into()),
            ("longest", config.keep_days_longest.into()),
        ],
    );
    Checkbox::new(CONSENT, "review-consent")
        .label_markup(Markup::text(&visit.t("review-consent")))
        .hint(hint)
        .checked(given)
}
