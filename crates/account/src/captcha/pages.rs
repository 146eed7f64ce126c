//! `/captcha/{id}.png` and `.wav`: the answer as picture and as sound, for the browser it was made for.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use model::ids::CaptchaId;
use store::captchas;
use store::throttles::{self, Rule};
use web::{Problem, Visit};

use super::draw::{DrawError, Medium};
use crate::Service;
use crate::service::fault;

/// How often one answer is drawn: a reload, the sound, again. Many pictures of one answer would help programs.
const VIEWS: Rule = Rule {
    name: "captcha_views",
    limit: 8,
    window_seconds: 3600,
};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new().route("/captcha/{file}", get(show))
}

async fn show(
    State(service): State<Service>,
    visit: Visit,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let (id, medium) = asked(&file).ok_or_else(Problem::not_found)?;
    let (tx, now) = (service.store().read(), service.now());
    let answer = captchas::find_answer(&tx, id, &visit.browser_hash(), now)
        .await
        .map_err(fault)?;
    let answer = answer.ok_or_else(Problem::not_found)?;
    let views = throttles::hit(&tx, &VIEWS, &id.to_string(), now)
        .await
        .map_err(fault)?;
    if views.exceeded() {
        return Err(Problem::too_many(60).caused_by("one captcha drawn too often"));
    }
    let made = service
        .drawing()
        .make(answer, medium)
        .await
        .map_err(|error| match error {
            DrawError::Busy => Problem::too_many(5).caused_by(error),
            DrawError::Failed => Problem::internal(error),
        })?;
    let kind = match medium {
        Medium::Picture => "image/png",
        Medium::Sound => "audio/wav",
    };
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, made).into_response())
}

fn asked(file: &str) -> Option<(CaptchaId, Medium)> {
    let (id, ending) = file.split_once('.')?;
    let medium = match ending {
        "png" => Medium::Picture,
        "wav" => Medium::Sound,
        _ => return None,
    };
    Some((id.parse().ok()?, medium))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_and_sounds_of_an_identifier_are_files() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(matches!(asked(&format!("{id}.png")), Some((_, Medium::Picture))));
        assert!(matches!(asked(&format!("{id}.wav")), Some((_, Medium::Sound))));
        for other in [
            "",
            "x.png",
            ".png",
            &format!("{id}.gif"),
            id,
            &format!("{id}.png.wav"),
        ] {
            assert!(asked(other).is_none(), "{other}");
        }
    }
}
