//! `/verify/certificate`: a text to sign, and room for the certificate and the signature. It works by copying and pasting;
//! nothing on the page reaches for software on the person's computer.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::TimeDelta;
use model::evidence::SourceId;
use model::phone::Phone;
use model::secret::Token;
use serde::Deserialize;
use store::round_trips::{self, Errand, NewRoundTrip, Refused, Traveller};
use store::sessions::LiveSession;
use store::throttles::{self, Rule};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, TextArea, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::{settle, shown};
use crate::Service;
use crate::evidence::check::Outcome;
use crate::evidence::port::{CertificateFault, Definition, Road, Shown};
use crate::evidence::trip::{self, Trip};
use crate::evidence::{connected, onward, pages, sources};
use crate::session::{self, Stop};
use crate::signin::Onward;

/// How long a challenge is good, in minutes.
const CHALLENGE_MINUTES: i64 = 10;
/// How many challenges an account may answer in a day.
const ANSWERS: Rule = Rule {
    name: "verify_certificate",
    limit: 60,
    window_seconds: 24 * 3600,
};
/// How many it may look at in an hour: each is a row.
const LOOKS: Rule = Rule {
    name: "verify_certificate_look",
    limit: 120,
    window_seconds: 3600,
};

/// The pages of every source whose road this is.
pub(in crate::evidence) fn routes() -> Router<Service> {
    let mut router = Router::new();
    for source in sources::ALL.iter().copied() {
        if let (Road::Certificate, Some(page)) = (source.road, source.page()) {
            let handlers = get(
                move |service: State<Service>, visit: Visit, asked: Query<Asked>| {
                    show(source, service, visit, asked)
                },
            )
            .post(move |service: State<Service>, visit: Visit, sent: Form<Sent>| {
                submit(source, service, visit, sent)
            });
            router = router.route(page.as_str(), handlers);
        }
    }
    router
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    said: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    challenge: String,
    certificate: String,
    signature: String,
    skip: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "verify-certificate";
}

/// What became of the last challenge, as the address of the page says it. It decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The certificate does not count.
    Fault(CertificateFault),
    /// It names another person than the account's.
    Differs,
    /// The register does not agree with whom it names.
    RegisterDiffers,
    /// The challenge was answered before.
    Used,
    /// The answer is being checked.
    Busy,
    /// Too late.
    TooLate,
    /// Not a challenge of this sign-in.
    Lost,
}

impl Said {
    const OTHERS: [Self; 6] = [
        Self::Differs,
        Self::RegisterDiffers,
        Self::Used,
        Self::Busy,
        Self::TooLate,
        Self::Lost,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.as_str(),
            Self::Differs => "differs",
            Self::RegisterDiffers => "register-differs",
            Self::Used => "used",
            Self::Busy => "busy",
            Self::TooLate => "too-late",
            Self::Lost => "lost",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let faults = CertificateFault::ALL.map(Self::Fault);
        let mut all = faults.into_iter().chain(Self::OTHERS);
        all.find(|said| said.word() == word)
    }
}

/// One visit to the page.
pub(super) struct Step {
    pub(super) source: &'static Definition,
    pub(super) id: SourceId,
    pub(super) session: LiveSession,
    pub(super) onward: Onward,
    page: LocalPath,
}

impl Step {
    async fn load(
        source: &'static Definition,
        service: &Service,
        visit: &mut Visit,
        onward: Onward,
    ) -> Result<Self, Stop> {
        let page = source.page().ok_or_else(Problem::not_found)?;
        let id = SourceId::parse(source.id).map_err(Problem::internal)?;
        if !service.sources().has(&id) {
            return Err(Problem::not_found().into());
        }
        onward.speak(service, visit).await?;
        let session = session::require(service, visit, &onward.through(page.clone())).await?;
        Ok(Self {
            source,
            id,
            session,
            onward,
            page,
        })
    }

    pub(super) fn saying(&self, said: Said) -> LocalPath {
        self.onward.through(self.page.clone().with("said", said.word()))
    }

    /// What comes before this page, or after it when there is nothing left to do here.
    async fn first(&self, service: &Service, visit: &Visit) -> Result<Option<LocalPath>, Stop> {
        let account = &self.session.account;
        if pages::holds(service, account, &self.id).await? {
            return Ok(Some(onward::after(service, visit, &self.onward, account).await?));
        }
        let slug = self.source.slug();
        Ok(onward::phone_first(service, visit, &self.session, (&self.onward, &slug)).await?)
    }

    fn traveller<'a>(&'a self, browser: &'a model::secret::TokenHash) -> Traveller<'a> {
        Traveller {
            account: self.session.account.id,
            errand: Errand::Evidence(self.session.id),
            browser,
            source: &self.id,
        }
    }
}

/// The text to sign. It says what it is for, so that no other signature of the same key can be taken for it, nor it for
/// another, and whose level it raises, so that nobody signs another person's for their own; one line, so that copying does
/// not change it.
fn challenge(visit: &Visit, step: &Step, nonce: &Token) -> String {
    let service = visit.kit().origin();
    let phone = step.session.account.phone.as_ref();
    let account = phone.map(Phone::masked).unwrap_or_default().replace(' ', "");
    format!(
        "DENIZEN-CERTIFICATE-CHALLENGE-V1;purpose=raise-identity-level;service={service};account={account};nonce={}",
        nonce.expose()
    )
}

async fn show(
    source: &'static Definition,
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let step = Step::load(source, &service, &mut visit, onward).await?;
    if let Some(page) = step.first(&service, &visit).await? {
        return Ok(visit.redirect(&page));
    }
    let Some(nonce) = begin(&service, &visit, &step).await? else {
        return Ok(pages::outcome(
            &service,
            &mut visit,
            Outcome::NoTriesLeft,
            &step.onward,
        ));
    };
    let errors = match asked.said.as_deref().and_then(Said::parse) {
        Some(said) => Errors::of_form(Words::plain(
            visit.t(&source.key(&format!("said-{}", said.word()))),
        )),
        None => Errors::none(),
    };
    Ok(render(&visit, &step, (&nonce, &Sent::default()), errors))
}

/// Makes a challenge for this sign-in in this browser; `None` when there were too many.
async fn begin(service: &Service, visit: &Visit, step: &Step) -> Result<Option<Token>, Stop> {
    let (tx, now) = (service.store().read(), service.now());
    let key = step.session.account.id.to_string();
    if throttles::hit(&tx, &LOOKS, &key, now).await?.exceeded() {
        return Ok(None);
    }
    let (nonce, browser) = (Token::generate(service.rng()), visit.browser_hash());
    let new = NewRoundTrip {
        state: &nonce.hash(),
        traveller: step.traveller(&browser),
        kept: b"",
        now,
        expires_at: now + TimeDelta::minutes(CHALLENGE_MINUTES),
    };
    round_trips::begin(&tx, &new).await?;
    Ok(Some(nonce))
}

fn render(visit: &Visit, step: &Step, (nonce, sent): (&Token, &Sent), errors: Errors) -> Response {
    let source = step.source;
    let text = |what: &str| Words::plain(visit.t(&source.key(what)));
    let say = |what: &str| escape(&visit.t(&source.key(what)));
    let mut steps = String::new();
    for what in ["step-copy", "step-sign", "step-paste"] {
        steps.push_str("<li>");
        steps.push_str(&say(what));
        steps.push_str("</li>");
    }
    let intro = format!(
        "<p class=\"lead\">{}</p><p>{}</p><ol class=\"list\">{steps}</ol><h2>{}</h2>\
         <p class=\"panel\"><code data-challenge>{}</code></p><p class=\"hint\">{}</p>",
        say("text"),
        say("consent"),
        say("challenge"),
        escape(&challenge(visit, step, nonce)),
        say("challenge-hint"),
    );
    let form = step
        .onward
        .in_form(FormPage::new(Sent::FORM, step.page.clone()))
        .markup(Markup::from_rendered(intro))
        .hidden("challenge", nonce.expose())
        .area(
            TextArea::new("certificate", text("certificate"), 16_000)
                .hint(text("certificate-hint"))
                .value(&sent.certificate),
        )
        .area(
            TextArea::new("signature", text("signature"), 2_000)
                .hint(text("signature-hint"))
                .value(&sent.signature),
        )
        .button(Button::primary(text("submit")))
        .button(Button::secondary("evidence-skip").sends("skip", "yes"));
    let page = Page::new(format!("verify-{}", source.slug()), text("title"))
        .caption("evidence-caption")
        .return_to(step.onward.through(step.page.clone()));
    visit.form(page, &form, &errors)
}

async fn submit(
    source: &'static Definition,
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let step = Step::load(source, &service, &mut visit, onward).await?;
    if sent.skip.is_some() {
        return Ok(visit.redirect(&onward::decline(&service, &visit, &step.onward).await?));
    }
    if let Some(page) = step.first(&service, &visit).await? {
        return Ok(visit.redirect(&page));
    }
    let Some(nonce) = Token::parse(&sent.challenge) else {
        return Ok(visit.redirect(&step.saying(Said::Lost)));
    };
    // What cannot be read is typed again; the challenge is good still.
    let mut errors = Errors::none();
    if shown::certificate(&sent.certificate).is_err() {
        errors.add(
            "certificate",
            Words::plain(visit.t(&source.key("certificate-form"))),
        );
    }
    if shown::signature(&sent.signature).is_err() {
        errors.add("signature", Words::plain(visit.t(&source.key("signature-form"))));
    }
    if !errors.is_empty() {
        return Ok(render(&visit, &step, (&nonce, &sent), errors));
    }
    let browser = visit.browser_hash();
    let taken = match trip::take(&service, &nonce.hash(), &step.traveller(&browser), |_| None).await? {
        Ok(taken) => taken,
        Err(refused) => return Ok(turned_away(&visit, &step, (&nonce, &sent), refused)),
    };
    let trip = Trip::new(taken.lease);
    let tx = service.store().read();
    let key = step.session.account.id.to_string();
    if throttles::hit(&tx, &ANSWERS, &key, service.now())
        .await?
        .exceeded()
    {
        trip.settle(&tx).await?;
        return Ok(pages::outcome(
            &service,
            &mut visit,
            Outcome::NoTriesLeft,
            &step.onward,
        ));
    }
    let challenge = challenge(&visit, &step, &nonce);
    let shown = Shown {
        certificate: &sent.certificate,
        signature: &sent.signature,
        challenge: &challenge,
    };
    let certificates = service
        .sources()
        .certificates(&step.id)
        .ok_or_else(Problem::not_found)?;
    let checking = async {
        let found = certificates.verify(&shown, service.now()).await;
        (settle::word(&found), found)
    };
    let found = connected::metered(&service, &step.id, checking).await?;
    let found = found.unwrap_or(Err(CertificateFault::RevocationUnknown));
    settle::settle(&service, &mut visit, &step, (&trip, found)).await
}

/// A challenge that is not taken. While its answer is being checked everything stays as it was typed: where the check was
/// interrupted, the same answer counts when it is sent again.
fn turned_away(visit: &Visit, step: &Step, typed: (&Token, &Sent), refused: Refused) -> Response {
    let said = match refused {
        Refused::Busy => {
            let busy = visit.t(&step.source.key(&format!("said-{}", Said::Busy.word())));
            return render(visit, step, typed, Errors::of_form(Words::plain(busy)));
        }
        Refused::Used => Said::Used,
        Refused::Expired => Said::TooLate,
        Refused::Unknown | Refused::OtherBrowser | Refused::OtherErrand | Refused::OtherAccount => Said::Lost,
    };
    visit.redirect(&step.saying(said))
}
