//! Who is too young to do this alone, and where to go instead: under 14 nobody has an account here, under 18 it stays at
//! level 0. Nothing that was typed is kept, and nobody is asked.

use axum::response::Response;
use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::minors::{Ages, Standing};
use web::form::Words;
use web::paths::LocalPath;
use web::{Page, Visit};

use crate::Service;
use crate::notice::Notice;
use crate::signin::Onward;

/// From which age on people may have an account, and from which they may rise alone.
pub(crate) fn ages(service: &Service) -> Ages {
    let adult = u8::try_from(service.config().sources.adult_years).unwrap_or(u8::MAX);
    Ages::new(Ages::default().register_from(), adult).unwrap_or_default()
}

/// The page for whoever has this number.
pub(crate) fn page_for(service: &Service, visit: &Visit, number: &CitizenId, onward: &Onward) -> Response {
    let (ages, today) = (ages(service), crate::evidence::today(service));
    page(visit, ages.standing(number, today), ages.adult_on(number), onward)
}

/// Says it. The day is the one on which the person comes of age.
fn page(visit: &Visit, standing: Standing, adult_on: Option<NaiveDate>, onward: &Onward) -> Response {
    let back = Page::new("verify-minor", "minors-title")
        .return_to(onward.through(LocalPath::known("/account/level")));
    let mut notice = match standing {
        Standing::Child => Notice::saying("minors-child-text")
            .and("minors-child-account")
            .and("minors-child-counter"),
        Standing::Minor | Standing::Adult => Notice::saying("minors-minor-text").and("minors-minor-counter"),
    };
    if standing == Standing::Minor
        && let Some(day) = adult_on
    {
        notice = notice.and(Words::with(
            "minors-minor-until",
            vec![("day", visit.date(day).as_str().into())],
        ));
    }
    crate::evidence::way_on(visit, notice.and("minors-nothing-kept"), onward).respond(visit, back)
}
