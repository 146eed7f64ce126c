//! `/operator/standing`: what waits, and the way to one account.

use axum::extract::State;
use axum::response::Response;
use model::event::Event;
use model::phone::Phone;
use serde::Deserialize;
use serde_json::json;
use store::accounts::{self, Account};
use store::cases::CaseNumber;
use store::{StoreError, case_reviews, standing_changes};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage};
use web::{Markup, Visit};

use super::{LIST, page_of};
use crate::Service;
use crate::audit::audit;
use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Stop};

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    who: String,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-standing-find";
}

#[derive(askama::Template)]
#[template(path = "operator_standing_list.html")]
struct Content<'a> {
    visit: &'a Visit,
    proposals: Vec<Row>,
    appeals: Vec<Row>,
    find: Markup,
}

struct Row {
    href: String,
    since: String,
    reason: String,
    mine: bool,
}

/// Shows it.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Standing).await?;
    render(&service, &visit, &signed, (&Sent::default(), &Errors::none())).await
}

/// Finds one account.
pub(super) async fn find(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Standing).await?;
    if let Some(account) = by_name(&service, sent.who.trim()).await? {
        return Ok(visit.redirect(&page_of(account.id)));
    }
    // Whether a phone has an account is told, so it is written down; what was found is when it is shown.
    let entry = audit(
        &signed,
        &visit,
        Event::StandingLookedAt,
        json!({ "found": false }),
    );
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    let errors = Errors::of("who", "standing-who-unknown");
    render(&service, &visit, &signed, (&sent, &errors)).await
}

/// By the phone or the number of a case; an account that is closed by the latter alone.
async fn by_name(service: &Service, who: &str) -> Result<Option<Account>, StoreError> {
    let tx = service.store().read();
    if let Some(number) = CaseNumber::parse(who) {
        return match case_reviews::find(&tx, &number).await? {
            Some((case, _)) => accounts::find(&tx, case.account).await,
            None => Ok(None),
        };
    }
    match Phone::parse(who) {
        Ok(phone) => accounts::find_by_phone(&tx, &phone).await,
        Err(_) => Ok(None),
    }
}

async fn render(
    service: &Service,
    visit: &Visit,
    signed: &session::Signed,
    (sent, errors): (&Sent, &Errors),
) -> Result<Response, Stop> {
    let tx = service.store().read();
    let proposals = standing_changes::proposals(&tx, service.now()).await?;
    let proposals = proposals.iter().map(|one| Row {
        href: page_of(one.account).to_string(),
        since: visit.moment(one.at),
        reason: super::show::reason(visit, &one.reason),
        mine: one.operator == Some(signed.operator.id),
    });
    let appeals = standing_changes::open_appeals(&tx).await?;
    let appeals = appeals.iter().map(|one| Row {
        href: page_of(one.account).to_string(),
        since: visit.moment(one.at),
        reason: String::new(),
        mine: false,
    });
    let find = FormPage::new(Sent::FORM, LIST)
        .field(
            Field::text("who", "standing-who")
                .hint("standing-who-hint")
                .value(&sent.who)
                .autocomplete("off")
                .width("medium")
                .required(),
        )
        .button(Button::primary("standing-find"))
        .render(visit, errors);
    let content = Content {
        visit,
        proposals: proposals.collect(),
        appeals: appeals.collect(),
        find,
    };
    let page = page("operator-standing", "standing-title").errors(errors.clone());
    Ok(visit.render(page, &content))
}
