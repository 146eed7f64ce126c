//! Asking for one more factor of a person who is known: which ones there are, how the form looks, and whether what was
//! typed is right. Used in the middle of a sign-in (`second`) and to make a sign-in stronger (`more`), where the password is
//! one of them.

use axum::http::StatusCode;
use model::authn::Method;
use model::ids::OtpId;
use model::secret::Sensitive;
use store::accounts::Account;
use store::{StoreError, Tx};
use web::Visit;
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::{Markup, passkey};

use super::step::Question;
use crate::Service;
use crate::confirm;
use crate::evidence::{code_refused, code_tried};
use crate::factors::{self, Enrolled, Tried};
use crate::otp::{self, Purpose, Refusal, Request};
use crate::session::Stop;

/// A kind of factor that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Passkey,
    Totp,
    Password,
    Sms,
    Recovery,
}

impl By {
    pub(super) const ALL: [Self; 5] = [
        Self::Passkey,
        Self::Totp,
        Self::Password,
        Self::Sms,
        Self::Recovery,
    ];
    /// After a password.
    pub(super) const SECOND: [Self; 4] = [Self::Passkey, Self::Totp, Self::Sms, Self::Recovery];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Password => "password",
            Self::Sms => "sms",
            Self::Recovery => "recovery",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }

    /// The words of the link that leads to it.
    pub(super) const fn link(self) -> &'static str {
        match self {
            Self::Passkey => "signin-factor-passkey-link",
            Self::Totp => "signin-factor-totp-link",
            Self::Password => "signin-factor-password-link",
            Self::Sms => "signin-factor-sms-link",
            Self::Recovery => "signin-factor-recovery-link",
        }
    }

    /// What it counts as. A printed code lets its owner in and makes no sign-in stronger.
    pub(super) const fn method(self) -> Option<Method> {
        match self {
            Self::Passkey => Some(Method::Passkey),
            Self::Totp => Some(Method::Totp),
            Self::Password => Some(Method::Password),
            Self::Sms => Some(Method::Sms),
            Self::Recovery => None,
        }
    }

    /// The field that it is typed into.
    const fn field(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey | Self::Totp | Self::Sms | Self::Recovery => "code",
        }
    }

    /// The error at its field.
    pub(super) fn error(self, words: Words) -> Errors {
        Errors::of(self.field(), words)
    }

    /// Whether an account has it.
    pub(super) fn is_there(self, service: &Service, enrolled: &Enrolled) -> bool {
        match self {
            Self::Passkey => !enrolled.passkeys.is_empty() && service.passkeys().is_some(),
            Self::Totp => !enrolled.totp.is_empty(),
            Self::Password => enrolled.password.is_some(),
            Self::Sms => enrolled.phone,
            Self::Recovery => enrolled.codes_left > 0,
        }
    }
}

/// One question for a factor.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) by: By,
    /// Whether a code was sent by SMS.
    pub(super) sent: bool,
    /// What the browser is asked about passkeys.
    pub(super) question: Option<&'a Question>,
    pub(super) account: &'a Account,
}

impl Asking<'_> {
    /// Adds the fields and the buttons.
    pub(super) fn add_to(&self, form: FormPage, visit: &Visit) -> FormPage {
        let code = |form: FormPage, label, hint, text| {
            let field = Field::code("code", label).hint(hint).required().focus();
            say(form, text)
                .field(field)
                .button(Button::primary("signin-factor-submit"))
        };
        match self.by {
            By::Totp => code(
                form,
                "signin-factor-totp",
                "signin-factor-code-hint",
                visit.t("signin-factor-totp-text"),
            ),
            By::Password => say(form, visit.t("signin-factor-password-text"))
                .field(
                    Field::password("password", "signin-password")
                        .required()
                        .focus()
                        .data("show", visit.t("web-show-password"))
                        .data("hide", visit.t("web-hide-password")),
                )
                .button(Button::primary("signin-factor-submit")),
            By::Recovery => say(form, visit.t("signin-factor-recovery-text"))
                .field(
                    Field::text("code", "signin-factor-recovery")
                        .hint("signin-factor-recovery-hint")
                        .autocomplete("off")
                        .maxlength(64)
                        .required()
                        .focus(),
                )
                .button(Button::primary("signin-factor-submit")),
            By::Sms => {
                let phone = self.account.phone.as_ref().map(model::phone::Phone::masked);
                let who = [("phone", phone.unwrap_or_default().into())];
                if self.sent {
                    let text = visit.t_with("signin-factor-sms-sent", &who);
                    code(form, "signin-factor-sms", "signin-factor-code-hint", text)
                        .button(Button::secondary("signin-factor-sms-again").sends("method", "sms"))
                } else {
                    say(form, visit.t_with("signin-factor-sms-text", &who))
                        .button(Button::primary("signin-factor-sms-send").sends("method", "sms"))
                }
            }
            By::Passkey => match self.question {
                Some(question) => say(form, visit.t("signin-factor-passkey-text"))
                    .markup(passkey::ask(visit, &question.options, passkey::Act::Use))
                    .button(Button::primary("signin-factor-passkey-use").sends("method", "passkey")),
                None => say(form, visit.t("signin-factor-passkey-text"))
                    .button(Button::primary("signin-factor-passkey-begin").sends("method", "passkey")),
            },
        }
    }
}

fn say(form: FormPage, text: String) -> FormPage {
    form.markup(Markup::from_rendered(format!("<p>{}</p>", escape(&text))))
}

/// What was typed came to this.
#[derive(Debug)]
pub(super) enum Checked {
    /// It is right; [`Proof::spend`] it in the transaction that it is for.
    Right(Proof),
    /// It is not, or cannot be tried now.
    Wrong(Words, Option<StatusCode>),
    /// It was right, and somebody was faster.
    Used(Words),
}

/// A factor that was proven.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) by: By,
    otp: Option<OtpId>,
}

impl Proof {
    pub(super) const fn of(by: By) -> Self {
        Self { by, otp: None }
    }

    /// Uses up what is not used up yet; `false` when somebody else was faster (A217).
    pub(super) async fn spend(&self, service: &Service, tx: &Tx) -> Result<bool, StoreError> {
        match self.otp {
            Some(id) => store::otp::consume(tx, id, service.now()).await,
            None => Ok(true),
        }
    }
}

/// Sends a code by SMS to the account's phone.
pub(super) async fn send(
    service: &Service,
    visit: &Visit,
    account: &Account,
) -> Result<Result<(), Refusal>, Stop> {
    let Some(phone) = &account.phone else {
        return Ok(Err(Refusal::Country));
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::SignIn, phone);
    Ok(otp::ask(service, visit, &request).await?)
}

/// What the page says when no code was sent.
pub(super) fn not_sent(refusal: Refusal) -> (Words, Option<StatusCode>) {
    let status = match refusal {
        Refusal::TooMany(_) => Some(StatusCode::TOO_MANY_REQUESTS),
        Refusal::TooSoon(_) | Refusal::Country => None,
    };
    (code_refused(refusal), status)
}

/// Tries a code of one kind.
pub(super) async fn check(
    service: &Service,
    visit: &Visit,
    account: &Account,
    (by, typed): (By, &Sensitive<String>),
) -> Result<Checked, Stop> {
    let typed = typed.expose().as_str();
    if typed.trim().is_empty() {
        let missing = match by {
            By::Password => "signin-password-missing",
            By::Passkey | By::Totp | By::Sms | By::Recovery => "signin-factor-missing",
        };
        return Ok(Checked::Wrong(missing.into(), None));
    }
    let tried = match by {
        By::Totp => factors::verify_totp(service, account.id, typed).await?,
        By::Password => confirm::password(service, account.id, typed).await?,
        By::Recovery => factors::verify_code(service, account.id, typed).await?,
        By::Sms => return check_sms(service, visit, account, typed).await,
        By::Passkey => return Ok(Checked::Wrong("signin-factor-missing".into(), None)),
    };
    Ok(match tried {
        Tried::Right => Checked::Right(Proof::of(by)),
        Tried::Wrong if by == By::Password => Checked::Wrong("confirm-password-wrong".into(), None),
        other => {
            let status = matches!(other, Tried::Paused(_)).then_some(StatusCode::TOO_MANY_REQUESTS);
            let words = other.words().unwrap_or_else(|| "factors-code-wrong".into());
            if other == Tried::Used {
                Checked::Used(words)
            } else {
                Checked::Wrong(words, status)
            }
        }
    })
}

async fn check_sms(
    service: &Service,
    visit: &Visit,
    account: &Account,
    typed: &str,
) -> Result<Checked, Stop> {
    let (Some(phone), Some(code)) = (&account.phone, otp::read_code(typed)) else {
        return Ok(Checked::Wrong("evidence-code-form".into(), None));
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::SignIn, phone);
    Ok(match otp::check(service, &request, code.expose()).await? {
        otp::Tried::Right(id) => Checked::Right(Proof {
            by: By::Sms,
            otp: Some(id),
        }),
        other => Checked::Wrong(code_tried(other), None),
    })
}
