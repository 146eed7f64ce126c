//! `/verify/counter`: the road that leads away from the screen. It says what to bring; an operator has the page for a
//! person who stands there (`operator::counter`).

use axum::extract::State;
use axum::response::Response;
use model::evidence::SourceId;
use web::extract::Query;
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::sources::counter::SOURCE;
use super::{onward, pages};
use crate::Service;
use crate::notice::Notice;
use crate::session::{self, Stop};
use crate::signin::{Asked, Onward};

const HERE: LocalPath = LocalPath::known("/verify/counter");

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    let source = SourceId::parse(SOURCE.id).map_err(Problem::internal)?;
    if pages::holds(&service, &session.account, &source).await? {
        // Who has been there need not go again.
        let next = onward::after(&service, &visit, &onward, &session.account).await?;
        return Ok(visit.redirect(&next));
    }
    let notice = Notice::saying("evidence-counter-text")
        .and("evidence-counter-bring")
        .and("evidence-counter-phone")
        .and("evidence-counter-two");
    let page = Page::new("verify-counter", "evidence-counter-title").caption("evidence-caption");
    Ok(pages::way_on(&visit, notice, &onward).respond(&visit, page.return_to(onward.through(HERE))))
}
