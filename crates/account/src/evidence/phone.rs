//! `/verify/confirm-phone`: a code by SMS before the level is raised (HB-26), so that a browser left open is not enough
//! to tie somebody's name to an account. The proof is a factor of the sign-in, which gets a new cookie by it (A151).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::authn::Method;
use model::evidence::SourceId;
use model::phone::Phone;
use serde::Deserialize;
use store::otp::Holder;
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::pages;
use crate::otp::{self, Purpose, Refusal, Request, Tried};
use crate::session::{self, Added, Stop};
use crate::signin::Onward;
use crate::{Service, confirm};

const HERE: LocalPath = LocalPath::known("/verify/confirm-phone");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    then: Option<String>,
    sent: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Confirm {
    code: String,
    /// The button that sends a code.
    resend: Option<String>,
    then: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Confirm {
    const FORM: &'static str = "confirm-phone";
}

/// Where the page leads: to the page of a source that this program knows, or else of the first one of all.
fn then(name: Option<&str>) -> (String, LocalPath) {
    let known = name.and_then(|name| {
        let definition = super::sources::ALL.iter().find(|one| one.slug() == name)?;
        Some((
            name.to_owned(),
            super::page_of(&SourceId::parse(definition.id).ok()?)?,
        ))
    });
    known.unwrap_or_else(|| {
        (
            "population-register".to_owned(),
            LocalPath::known("/verify/population-register"),
        )
    })
}

/// One visit to the page.
struct Step {
    session: LiveSession,
    phone: Phone,
    onward: Onward,
    then: String,
    target: LocalPath,
}

impl Step {
    async fn load(
        service: &Service,
        visit: &mut Visit,
        onward: Onward,
        name: Option<&str>,
    ) -> Result<Self, Stop> {
        let (then, target) = then(name);
        let here = onward.through(HERE.with("then", &then));
        onward.speak(service, visit).await?;
        let session = session::require(service, visit, &here).await?;
        let target = onward.through(target);
        let Some(phone) = session.account.phone.clone() else {
            return Err(Stop::Go(visit.redirect(&target)));
        };
        Ok(Self {
            session,
            phone,
            onward,
            then,
            target,
        })
    }

    fn here(&self) -> LocalPath {
        self.onward
            .through(HERE.with("then", &self.then).with("sent", "yes"))
    }

    fn render(&self, visit: &Visit, sent: bool, errors: Errors) -> Response {
        self.answer(visit, sent, (errors, None))
    }

    fn answer(&self, visit: &Visit, sent: bool, (errors, status): (Errors, Option<StatusCode>)) -> Response {
        let who = [("phone", self.phone.masked().into())];
        let text = visit.t_with(
            if sent {
                "evidence-phone-sent"
            } else {
                "evidence-phone-text"
            },
            &who,
        );
        let mut form = FormPage::new(Confirm::FORM, HERE)
            .hidden("then", &self.then)
            .markup(Markup::from_rendered(format!("<p>{}</p>", escape(&text))));
        form = self.onward.in_form(form);
        form = if sent {
            form.field(
                Field::code("code", "evidence-code")
                    .hint("evidence-code-hint")
                    .required()
                    .focus(),
            )
            .button(Button::primary("evidence-code-next"))
            .button(Button::secondary("evidence-code-resend").sends("resend", "yes"))
        } else {
            form.button(Button::primary("evidence-code-send").sends("resend", "yes"))
        };
        let mut content = form.render(visit, &errors);
        if self.onward.has_interaction() {
            let not_now = pages::decline_form(visit, &self.onward, "evidence-skip");
            content = Markup::from_rendered(format!("{content}{not_now}"));
        }
        let here = HERE.with("then", &self.then);
        let here = if sent { here.with("sent", "yes") } else { here };
        let mut page = Page::new("verify-confirm-phone", "evidence-phone-title")
            .caption("evidence-caption")
            .return_to(self.onward.through(here))
            .errors(errors);
        if let Some(status) = status {
            page = page.status(status);
        }
        visit.render_markup(page, &content)
    }

    /// Whether a code was sent that can still be typed.
    async fn has_code(&self, service: &Service, visit: &Visit) -> Result<bool, Stop> {
        let browser = visit.browser_hash();
        let holder = Holder {
            purpose: Purpose::RaiseLevel,
            target: self.phone.e164(),
            browser: &browser,
        };
        let newest = store::otp::find_newest(&service.store().read(), &holder).await?;
        Ok(newest.is_some_and(|issued| visit.now() < issued.expires_at))
    }
}

/// Shows the page. It sends nothing: a code goes out only when it is asked for.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let step = Step::load(&service, &mut visit, onward, asked.then.as_deref()).await?;
    Ok(step.render(&visit, asked.sent.is_some(), Errors::none()))
}

/// Sends a code, or takes one.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Confirm>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let step = Step::load(&service, &mut visit, onward, sent.then.as_deref()).await?;
    let browser = visit.browser_hash();
    let request = Request::of(&visit, &browser, Purpose::RaiseLevel, &step.phone);
    if sent.resend.is_some() {
        return Ok(match otp::ask(&service, &visit, &request).await? {
            Ok(()) => visit.redirect(&step.here()),
            Err(refusal) => {
                let has_code = step.has_code(&service, &visit).await?;
                let status = match refusal {
                    Refusal::TooMany(_) => Some(StatusCode::TOO_MANY_REQUESTS),
                    Refusal::TooSoon(_) | Refusal::Country => None,
                };
                step.answer(&visit, has_code, (Errors::of_form(refused(refusal)), status))
            }
        });
    }
    // The form was sent twice: the code is used, by this very sign-in.
    if confirm::has_proven_phone(&service, &visit, &step.session).await? {
        return Ok(visit.redirect(&step.target));
    }
    let Some(code) = otp::read_code(&sent.code) else {
        return Ok(step.render(&visit, true, Errors::of("code", "evidence-code-form")));
    };
    match otp::check(&service, &request, code.expose()).await? {
        Tried::Right(id) => accept(&service, &mut visit, &step, id).await,
        other => Ok(step.render(&visit, true, Errors::of("code", tried(other)))),
    }
}

async fn accept(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    id: model::ids::OtpId,
) -> Result<Response, Stop> {
    let tx = service.store().begin().await?;
    if !store::otp::consume(&tx, id, service.now()).await? {
        return Ok(step.render(visit, true, Errors::of("code", tried(Tried::Expired))));
    }
    let renewed = session::renew(service, &tx, visit, &step.session, Added::Factor(Method::Sms)).await?;
    tx.commit().await?;
    if let Some(renewed) = renewed {
        renewed.give_to(visit);
    }
    Ok(visit.redirect(&step.target))
}

pub(crate) fn refused(refusal: Refusal) -> Words {
    match refusal {
        Refusal::TooSoon(seconds) => Words::with("evidence-code-too-soon", vec![("seconds", seconds.into())]),
        Refusal::TooMany(seconds) => {
            let minutes = Ord::max(seconds.saturating_add(59).div_euclid(60), 1);
            Words::with("evidence-code-too-many", vec![("minutes", minutes.into())])
        }
        Refusal::Country => Words::key("evidence-code-country"),
    }
}

pub(crate) fn tried(tried: Tried) -> Words {
    match tried {
        Tried::Right(_) | Tried::Expired => Words::key("evidence-code-expired"),
        Tried::Wrong(left) => Words::with("evidence-code-wrong", vec![("count", u32::from(left).into())]),
        Tried::Exhausted => Words::key("evidence-code-exhausted"),
    }
}
