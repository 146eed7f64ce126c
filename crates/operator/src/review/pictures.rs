//! A picture of a case: shown to the operator who holds the case, with who looks at it written across, kept by no
//! cache, and each look written down before it is shown.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use model::ids::ImageId;
use model::review::Happening;
use store::cases::CaseNumber;
use store::{case_images, case_reviews};
use web::{Problem, Visit};

use super::desk::{About, Desk};
use super::needs;
use super::watermark::{WatermarkError, Watermarks};
use crate::Service;
use crate::roles::Permission;
use crate::session::{self, Stop};

/// A browser that is told "busy" comes back after so many seconds.
const BUSY_SECONDS: u32 = 5;

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

pub(super) async fn show(
    State(service): State<Service>,
    Extension(watermarks): Extension<Watermarks>,
    mut visit: Visit,
    Path((number, id)): Path<(String, String)>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let number = CaseNumber::parse(&number).ok_or_else(Problem::not_found)?;
    let id: ImageId = id.parse().map_err(|_| Problem::not_found())?;
    let read = service.store().read();
    let held = case_reviews::open(&read, &number, desk.me(), desk.now).await?;
    let (case, _) = held.ok_or_else(Problem::not_found)?;
    if !signed.may(needs(&case)) {
        return Err(Problem::not_found().into());
    }
    let picture = case_images::open(&read, case.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let at = desk.now.format("%Y-%m-%d %H:%M:%SZ");
    let text = format!("{} {} {at}", signed.operator.login, number.as_str());
    let drawn = match watermarks.draw(picture, text).await {
        Ok(drawn) => drawn,
        Err(WatermarkError::Busy) => return Err(Problem::too_many(BUSY_SECONDS).into()),
        Err(error) => return Err(Problem::internal(error).into()),
    };
    let tx = service.store().begin().await?;
    desk.note(&tx, &About::from(&case), (Happening::LookedAtPicture, None))
        .await?;
    tx.commit().await?;
    Ok((HEADERS, drawn).into_response())
}
