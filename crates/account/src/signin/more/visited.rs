//! One visit to the page: what would do, what of it is set up, and where the rest is.

use axum::http::StatusCode;
use axum::response::Response;
use model::authn::{Methods, Strength};
use model::ids::SessionId;
use model::interaction::Interaction;
use store::ceremonies;
use store::sessions::LiveSession;
use web::extract::FormName as _;
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::super::factor::{Asking, By};
use super::super::onward::Onward;
use super::super::step::Question;
use super::{HERE, More, handle, keys};
use crate::Service;
use crate::factors::{self, Enrolled};
use crate::session::{self, Stop};

const PASSKEYS: LocalPath = LocalPath::known("/account/security/passkeys");
const AUTHENTICATOR: LocalPath = LocalPath::known("/account/security/authenticator");
const PASSWORD: LocalPath = LocalPath::known("/account/security/password");

#[derive(askama::Template)]
#[template(path = "sign_in_more.html")]
struct Content<'a> {
    visit: &'a Visit,
    text: String,
    form: Markup,
    enrol: Vec<(LocalPath, &'static str)>,
    nowhere: bool,
    others: Vec<(String, &'static str)>,
}

/// How strong the sign-in is to become; what no factor here gives is as good as nothing asked.
fn wanted(text: Option<&str>) -> Strength {
    let number = text.and_then(|text| text.parse().ok());
    let strength = number.and_then(|number: u8| Strength::try_from(number).ok());
    strength
        .filter(|strength| *strength <= Strength::A3)
        .unwrap_or(Strength::A2)
}

/// Whether a factor makes a sign-in as strong as it is wanted.
fn is_enough(by: By, methods: &Methods, want: Strength) -> bool {
    by.method()
        .is_some_and(|method| methods.with(method).strength() >= want)
}

/// What can be set up here, the easiest first.
fn to_set_up(service: &Service, methods: &Methods, want: Strength) -> Vec<By> {
    let mut all = vec![By::Totp, By::Password, By::Passkey];
    all.retain(|by| is_enough(*by, methods, want) && (*by != By::Passkey || service.passkeys().is_some()));
    all
}

/// One visit to the page.
pub(super) struct Visited {
    pub(super) session: LiveSession,
    pub(super) enrolled: Enrolled,
    want: Strength,
    /// What would do and is set up.
    pub(super) ways: Vec<By>,
    /// What would do and can be set up, where nothing that would do is.
    missing: Vec<By>,
    pub(super) by: Option<By>,
    pub(super) onward: Onward,
    site: Option<String>,
    pub(super) question: Option<Question>,
}

impl Visited {
    pub(super) async fn load(
        service: &Service,
        visit: &mut Visit,
        (want, by): (Option<&str>, Option<&str>),
        onward: Onward,
    ) -> Result<Self, Stop> {
        let want = wanted(want);
        let interaction = onward.speak(service, visit).await?;
        if let Some(page) = onward.left_behind(service, interaction.as_ref()).await? {
            return Err(Stop::Go(visit.redirect(&page)));
        }
        let session = session::require(service, visit, &here(want, &onward)).await?;
        if session.methods.strength() >= want {
            return Err(Stop::Go(visit.redirect(&onward.path())));
        }
        let tx = service.store().read();
        let enrolled = factors::of(&tx, &session.account).await?;
        let mut ways = By::ALL.to_vec();
        ways.retain(|by| is_enough(*by, &session.methods, want) && by.is_there(service, &enrolled));
        let missing = if ways.is_empty() {
            to_set_up(service, &session.methods, want)
        } else {
            Vec::new()
        };
        let asked = by.and_then(By::parse).filter(|by| ways.contains(by));
        let question = Self::question(service, visit, session.id).await?;
        Ok(Self {
            by: asked.or_else(|| ways.first().copied()),
            site: site_name(service, visit, interaction.as_ref()).await?,
            session,
            enrolled,
            want,
            ways,
            missing,
            onward,
            question,
        })
    }

    /// What the browser was asked about passkeys for this sign-in.
    async fn question(
        service: &Service,
        visit: &Visit,
        session: SessionId,
    ) -> Result<Option<Question>, Stop> {
        let (id, browser) = keys(visit, session);
        let at = handle(&id, &browser);
        let found = ceremonies::look(&service.store().read(), at, visit.now()).await?;
        Ok(found.and_then(|found| Question::read(&found.state)))
    }

    pub(super) fn here(&self, by: By) -> LocalPath {
        here(self.want, &self.onward).with("by", by.as_str())
    }

    pub(super) fn render(
        &self,
        visit: &Visit,
        sent: bool,
        (errors, status): (Errors, Option<StatusCode>),
    ) -> Response {
        let form = FormPage::new(More::FORM, HERE).hidden("want", self.want.number().to_string());
        let mut form = self.onward.in_form(form);
        if let Some(by) = self.by {
            let asking = Asking {
                by,
                sent,
                question: self.question.as_ref(),
                account: &self.session.account,
            };
            form = asking.add_to(form.hidden("by", by.as_str()), visit);
        }
        if self.onward.has_interaction() {
            form = form.button(Button::link("signin-more-not-now").sends("decline", "yes"));
        }
        let others = self.ways.iter().copied().filter(|by| Some(*by) != self.by);
        let content = Content {
            visit,
            text: self.text(visit),
            form: form.render(visit, &errors),
            enrol: self.enrol(),
            nowhere: self.by.is_none() && self.missing.is_empty() && !self.onward.has_interaction(),
            others: others
                .map(|by| (self.here(by).as_str().to_owned(), by.link()))
                .collect(),
        };
        let here = match self.by {
            Some(by) => self.here(by),
            None => here(self.want, &self.onward),
        };
        let here = if sent { here.with("sent", "yes") } else { here };
        let mut page = Page::new("sign-in-more", "signin-more-title")
            .return_to(here)
            .errors(errors);
        if let Some(status) = status {
            page = page.status(status);
        }
        if let Some(site) = &self.site {
            page = page.caption(Words::with(
                "signin-for-site",
                vec![("site", site.as_str().into())],
            ));
        }
        visit.render(page, &content)
    }

    fn text(&self, visit: &Visit) -> String {
        let key = match (self.want >= Strength::A3, self.by.is_some()) {
            (true, true) => "signin-more-passkey",
            (false, true) => "signin-more-second",
            (_, false) if self.missing.is_empty() => "signin-more-nothing",
            (true, false) => "signin-more-no-passkey",
            // Of the kind that they signed in with: it is there, and does not count.
            (false, false) if !self.enrolled.totp.is_empty() => "signin-more-same-kind",
            (false, false) => "signin-more-no-second",
        };
        visit.t(key)
    }

    /// Where a factor that would do is set up, for who has none; the page comes back here.
    fn enrol(&self) -> Vec<(LocalPath, &'static str)> {
        let back = here(self.want, &self.onward);
        let place = |by: &By| {
            let (page, words) = match by {
                By::Passkey => (PASSKEYS, "signin-more-make-passkey"),
                By::Totp => (AUTHENTICATOR, "signin-more-make-authenticator"),
                By::Password => (PASSWORD, "signin-more-make-password"),
                By::Sms | By::Recovery => return None,
            };
            Some((page.with("return_to", back.as_str()), words))
        };
        self.missing.iter().filter_map(place).collect()
    }
}

fn here(want: Strength, onward: &Onward) -> LocalPath {
    onward.through(HERE.with("want", &want.number().to_string()))
}

async fn site_name(
    service: &Service,
    visit: &Visit,
    interaction: Option<&Interaction>,
) -> Result<Option<String>, Stop> {
    let Some(interaction) = interaction else {
        return Ok(None);
    };
    let client = store::clients::find(&service.store().read(), &interaction.client_id).await?;
    Ok(client.map(|client| client.name.in_language(visit.language()).to_owned()))
}

#[cfg(test)]
mod tests {
    use model::authn::Method;

    use super::*;

    #[test]
    fn each_way_adds_the_kind_that_is_missing() {
        let would = |methods: &[Method], want| {
            let methods = Methods::new(methods.iter().copied());
            let all = By::ALL.into_iter();
            all.filter(|by| is_enough(*by, &methods, want))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            would(&[Method::Password], Strength::A2),
            [By::Passkey, By::Totp, By::Sms]
        );
        // Two things that one has are no two factors: what one knows is missing.
        for has in [Method::Sms, Method::Totp] {
            assert_eq!(
                would(&[has], Strength::A2),
                [By::Passkey, By::Password],
                "{has:?}"
            );
        }
        assert_eq!(
            would(&[Method::Password, Method::Sms], Strength::A3),
            [By::Passkey]
        );
    }

    #[test]
    fn attack_011_what_is_wanted_is_a_strength_that_a_factor_here_can_give() {
        assert_eq!(wanted(Some("3")), Strength::A3);
        for other in [
            None,
            Some(""),
            Some("2"),
            Some("4"),
            Some("9"),
            Some("x"),
            Some("-1"),
        ] {
            assert_eq!(wanted(other), Strength::A2, "{other:?}");
        }
    }
}
