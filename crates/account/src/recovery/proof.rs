//! `/recover/proof`: what else is needed, and the ways to show it. What an account has is told only to whoever has its
//! phone in hand; addresses and names are not told at all.

use axum::extract::State;
use axum::response::Response;
use model::secret::Sensitive;
use serde::Deserialize;
use store::StoreError;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::draft::{self, Draft, Second, Stage, instead};
use super::plan::{self, Needs, Plan, Way};
use super::{FACE, NUMBER, PASSWORD, PROOF, START, counter, page, passkey, second};
use crate::Service;
use crate::factors::{self, Tried};
use crate::session::Stop;
use crate::signin::{Asked, Onward};

/// The page as it is sent: one of its forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Proof {
    draft: String,
    way: String,
    recovery_code: Sensitive<String>,
    totp: Sensitive<String>,
    email_code: Sensitive<String>,
    name: Sensitive<String>,
    citizen_id: Sensitive<String>,
    credential: String,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Proof {
    const FORM: &'static str = "recover-proof";
}

/// Shows the ways, unless the phone is enough.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let (mut draft, plan) = match at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if plan.counter.is_some() && draft.second.is_none() {
        draft.second = Some(Second::Counter);
        draft.keep(&service, &service.store().read(), &visit).await?;
    }
    if plan.allows(draft.second) {
        return Ok(visit.redirect(&onward.through(PASSWORD)));
    }
    let shown = Shown {
        service: &service,
        visit: &visit,
        onward: &onward,
        draft: &draft,
        plan: &plan,
        sent_mail: false,
    };
    shown.render(Errors::none()).await
}

/// The draft whose phone is proven with its account; or where the person goes instead.
pub(super) async fn at_work(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
) -> Result<Result<(Draft, Plan), Response>, StoreError> {
    let draft = match draft::find(service, visit).await? {
        Some(draft) if draft.stage == Stage::Proven => draft,
        other => return Ok(Err(visit.redirect(&instead(other.as_ref(), onward)))),
    };
    let plan = plan::of(service, &service.store().read(), &draft).await?;
    Ok(match plan {
        Some(plan) => Ok((draft, plan)),
        None => Err(visit.redirect(&onward.through(START.with("ended", "yes")))),
    })
}

/// Takes one of the forms.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Proof>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let (mut draft, plan) = match at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if !draft.is(&sent.draft) || plan.allows(draft.second) {
        // Another tab is about another phone, or this page was sent twice.
        return Ok(visit.redirect(&onward.through(PROOF)));
    }
    let mut shown = Shown {
        service: &service,
        visit: &visit,
        onward: &onward,
        draft: &draft,
        plan: &plan,
        sent_mail: false,
    };
    let shown_now = match tried(&service, &visit, &plan, &sent).await? {
        Outcome::Second(second) => second,
        Outcome::Wait => {
            draft.wait = true;
            draft.keep(&service, &service.store().read(), &visit).await?;
            return Ok(visit.redirect(&onward.through(PASSWORD)));
        }
        Outcome::Face => return Ok(visit.redirect(&onward.through(FACE))),
        Outcome::Sent => {
            shown.sent_mail = true;
            return shown.render(Errors::none()).await;
        }
        Outcome::Not(field, words) => return shown.render(Errors::of(field, words)).await,
    };
    draft.second = Some(shown_now);
    draft.wait = false;
    draft.keep(&service, &service.store().read(), &visit).await?;
    Ok(visit.redirect(&onward.through(PASSWORD)))
}

enum Outcome {
    Second(Second),
    Wait,
    /// The page of the source that looks at the person.
    Face,
    /// A mail is on its way.
    Sent,
    Not(&'static str, Words),
}

async fn tried(service: &Service, visit: &Visit, plan: &Plan, sent: &Proof) -> Result<Outcome, Stop> {
    let can = |way| plan.ways(service).contains(&way);
    let account = &plan.account;
    let of_factor = |tried: Tried, field, second| match tried.words() {
        None => Outcome::Second(second),
        Some(words) => Outcome::Not(field, words),
    };
    let of_second = |answer, field, second| match answer {
        Ok(()) => Outcome::Second(second),
        Err(words) => Outcome::Not(field, words),
    };
    Ok(match sent.way.as_str() {
        "code" if can(Way::RecoveryCode) => {
            let tried = factors::verify_code(service, account.id, sent.recovery_code.expose()).await?;
            of_factor(tried, "recovery_code", Second::RecoveryCode)
        }
        "totp" if can(Way::Totp) => {
            let tried =
                factors::verify_totp_older(service, account.id, sent.totp.expose(), plan.doubted_from)
                    .await?;
            of_factor(tried, "totp", Second::Totp)
        }
        "passkey" if can(Way::Passkey) => {
            if passkey::finish(service, visit, account.id, &sent.credential).await? {
                Outcome::Second(Second::Passkey)
            } else {
                Outcome::Not("", "recover-passkey-wrong".into())
            }
        }
        "send-email" if can(Way::Email) => match second::send_email(service, visit, account).await? {
            Ok(()) => Outcome::Sent,
            Err(words) => Outcome::Not("email_code", words),
        },
        "email" if can(Way::Email) => {
            let answer = second::try_email(service, visit, account, &sent.email_code).await?;
            of_second(answer, "email_code", Second::Email)
        }
        "identity" if can(Way::Identity) => {
            let typed = (sent.name.expose().as_str(), sent.citizen_id.expose().as_str());
            let answer = second::identity(service, visit, account, typed).await?;
            of_second(answer, "citizen_id", Second::Identity)
        }
        "person" if can(Way::Person) => Outcome::Face,
        "wait" if can(Way::Wait) => Outcome::Wait,
        _ => Outcome::Not("", "recover-way-missing".into()),
    })
}

struct Shown<'a> {
    service: &'a Service,
    visit: &'a Visit,
    onward: &'a Onward,
    draft: &'a Draft,
    plan: &'a Plan,
    sent_mail: bool,
}

impl Shown<'_> {
    async fn render(&self, errors: Errors) -> Result<Response, Stop> {
        let mut forms = String::new();
        let ways = self.plan.ways(self.service);
        // The same words whoever shut the account: a phone alone does not learn why (A203).
        let shut = self.plan.needs == Needs::Nobody;
        let nothing = ways.is_empty() && !counter::is_served(&self.plan.account);
        let only_wait = ways == [Way::Wait];
        for way in ways {
            let form = self.form(way, &errors).await?;
            let title = if only_wait {
                "recover-way-wait-only"
            } else {
                title(way)
            };
            forms.push_str(&heading(&self.visit.t(title)));
            forms.push_str(form.as_str());
        }
        let held = self.plan.needs == Needs::Identity;
        let mut texts = vec![Words::key(if shut {
            "recover-proof-shut"
        } else if held {
            "recover-proof-held"
        } else if only_wait {
            "recover-proof-wait"
        } else {
            "recover-proof-text"
        })];
        if self.sent_mail {
            texts.insert(0, Words::key("recover-mail-sent"));
        }
        // Nobody is sent to a counter that does not serve them.
        if shut {
            texts.push(Words::key("recover-proof-shut-own"));
        } else if nothing {
            texts.push(Words::key("recover-proof-nothing"));
        } else if counter::is_served(&self.plan.account) {
            texts.push(Words::key("recover-proof-counter"));
        }
        let errors = plain(&errors);
        let page = Page::new("recover-proof", "recover-proof-title").return_to(self.onward.through(PROOF));
        let mut links = vec![(self.onward.through(NUMBER), "recover-not-mine")];
        if shut {
            links.push((LocalPath::known("/appeal"), "recover-shut-object"));
        }
        let forms = Markup::from_rendered(forms);
        Ok(page::render(
            self.visit,
            page,
            (&texts, forms),
            &links,
            (errors, None),
        ))
    }

    async fn form(&self, way: Way, errors: &Errors) -> Result<Markup, Stop> {
        let form = FormPage::new(Proof::FORM, PROOF).hidden("draft", &self.draft.id);
        let form = self.onward.in_form(form);
        let code = |name: &'static str, words: &'static str| Field::code(name, words).maxlength(16);
        let go = |words: &'static str, way: &'static str| Button::secondary(words).sends("way", way);
        let form = match way {
            Way::RecoveryCode => form
                .field(
                    Field::text("recovery_code", "recover-code-label")
                        .autocomplete("off")
                        .maxlength(40)
                        .width("medium"),
                )
                .button(go("web-continue", "code")),
            Way::Totp => form
                .field(code("totp", "recover-totp-label"))
                .button(go("web-continue", "totp")),
            Way::Passkey => {
                let ask = passkey::begin(self.service, self.visit, self.plan).await?;
                form.markup(ask).button(go("recover-passkey-button", "passkey"))
            }
            Way::Email if self.sent_mail || errors.for_field("email_code").is_some() => form
                .field(code("email_code", "recover-mail-label"))
                .button(go("web-continue", "email"))
                .button(go("recover-mail-again", "send-email")),
            Way::Email => form
                .markup(paragraph(&self.visit.t("recover-mail-what")))
                .button(go("recover-mail-button", "send-email")),
            Way::Person => {
                let text = paragraph(&self.visit.t("recover-person-text"));
                form.markup(text).button(go("recover-person-button", "person"))
            }
            Way::Identity => form
                .field(
                    Field::text("name", "recover-name")
                        .autocomplete("off")
                        .maxlength(100),
                )
                .field(
                    Field::text("citizen_id", "recover-citizen-id")
                        .autocomplete("off")
                        .maxlength(32)
                        .width("medium"),
                )
                .button(go("recover-identity-button", "identity")),
            Way::Wait => {
                let hours = self.service.config().recovery.wait_hours;
                let text = self.visit.t_with("recover-wait-text", &[("hours", hours.into())]);
                form.markup(paragraph(&text))
                    .button(go("recover-wait-button", "wait"))
            }
        };
        Ok(form.render(self.visit, errors))
    }
}

fn heading(text: &str) -> String {
    format!("<h2>{}</h2>", escape(text))
}

fn paragraph(text: &str) -> Markup {
    Markup::from_rendered(format!("<p>{}</p>", escape(text)))
}

const fn title(way: Way) -> &'static str {
    match way {
        Way::RecoveryCode => "recover-way-code",
        Way::Totp => "recover-way-totp",
        Way::Passkey => "recover-way-passkey",
        Way::Email => "recover-way-email",
        Way::Person => "recover-way-person",
        Way::Identity => "recover-way-identity",
        Way::Wait => "recover-way-wait",
    }
}

/// An error of no field is one of the page.
fn plain(errors: &Errors) -> Errors {
    match errors.for_field("") {
        Some(words) => Errors::of_form(words.clone()),
        None => errors.clone(),
    }
}
