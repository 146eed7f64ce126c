//! What was typed on the two pages, checked without asking anybody: every fault at once, each with its field (HB-19).

use model::client::AccountKind;
use model::phone::{Phone, PhoneError};
use model::secret::Sensitive;
use serde::Deserialize;
use store::registrations::Registration;
use web::extract::FormName;
use web::form::{Errors, Words};

use crate::agreements::Agreement;
use crate::otp;
use crate::password::{About, Password, PasswordFault, PasswordPolicy};
use crate::signin::Onward;

/// The first page as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StartAsked {
    kind: String,
    /// The page before found no registration that it could go on with.
    ended: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl StartAsked {
    pub(super) fn onward(&self) -> Onward {
        Onward::new(self.interaction.as_deref(), self.return_to.as_deref())
    }

    pub(super) fn is_for_organisation(&self) -> bool {
        is_organisation(&self.kind)
    }

    pub(super) const fn says_ended(&self) -> bool {
        self.ended.is_some()
    }
}

fn is_organisation(kind: &str) -> bool {
    AccountKind::parse(kind) == Some(AccountKind::Organisation)
}

/// The first page as it is sent. A field that is missing is an empty one: it gets its message (A223).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StartForm {
    kind: String,
    phone: Sensitive<String>,
    captcha: String,
    captcha_id: String,
    /// The button for another picture.
    pub(super) refresh: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for StartForm {
    const FORM: &'static str = "register";
}

/// What the first page keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) organisation: bool,
    pub(super) phone: Sensitive<String>,
    pub(super) captcha: String,
    pub(super) captcha_id: String,
}

impl StartForm {
    pub(super) fn onward(&self) -> Onward {
        Onward::new(self.interaction.as_deref(), self.return_to.as_deref())
    }

    pub(super) fn into_typed(self) -> Typed {
        Typed {
            organisation: is_organisation(&self.kind),
            phone: self.phone,
            captcha: self.captcha,
            captcha_id: self.captcha_id,
        }
    }
}

/// Checks the first page. The captcha is not tried here: it has one try, which a mistyped phone must not cost.
pub(super) fn check_start(typed: &Typed) -> Result<Phone, Errors> {
    let mut errors = Errors::none();
    let text = typed.phone.expose();
    let phone = if text.trim().is_empty() {
        errors.add("phone", "register-phone-missing");
        None
    } else {
        errors.take("phone", Phone::parse(text).map_err(phone_words))
    };
    if typed.captcha.trim().is_empty() {
        errors.add("captcha", "captcha-missing");
    }
    match phone {
        Some(phone) if errors.is_empty() => Ok(phone),
        _ => Err(errors),
    }
}

pub(super) fn phone_words(error: PhoneError) -> Words {
    Words::key(match error {
        PhoneError::Length => "register-phone-length",
        PhoneError::Character => "register-phone-character",
        PhoneError::Country => "register-phone-country",
        PhoneError::NotMobile => "register-phone-not-mobile",
    })
}

/// The second page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmForm {
    /// Which draft the page was about.
    draft: String,
    pub(super) sms_code: Sensitive<String>,
    pub(super) password: Sensitive<String>,
    password_again: Sensitive<String>,
    agree: Option<String>,
    /// Which text was shown beside the box.
    agreement: String,
    public_computer: Option<String>,
    /// The button for another code.
    pub(super) resend: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for ConfirmForm {
    const FORM: &'static str = "register-confirm";
}

/// The boxes of the second page: all that it keeps, because the rest is secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Boxes {
    pub(super) agree: bool,
    pub(super) public_computer: bool,
}

impl ConfirmForm {
    pub(super) fn onward(&self) -> Onward {
        Onward::new(self.interaction.as_deref(), self.return_to.as_deref())
    }

    /// Whether the page was about this draft: another tab may have begun another since.
    pub(super) fn is_about(&self, draft: &Registration) -> bool {
        self.draft == draft.id.to_string()
    }

    pub(super) fn boxes(&self) -> Boxes {
        Boxes {
            agree: self.agree.is_some(),
            public_computer: self.public_computer.is_some(),
        }
    }
}

/// What the second page says, as far as it can be checked here. Code and password are there when they are of the
/// right form.
#[derive(Debug)]
pub(super) struct Confirmation {
    pub(super) code: Option<Sensitive<String>>,
    pub(super) password: Option<Password>,
    pub(super) errors: Errors,
}

/// Checks the second page. The code is not tried here.
pub(super) fn check_confirm(
    form: &ConfirmForm,
    policy: &PasswordPolicy,
    about: &About<'_>,
    agreement_mark: &str,
) -> Confirmation {
    let mut errors = Errors::none();
    let code = otp::read_code(form.sms_code.expose());
    if code.is_none() {
        let missing = form.sms_code.expose().trim().is_empty();
        errors.add(
            "sms_code",
            if missing {
                "register-code-missing"
            } else {
                "register-code-form"
            },
        );
    }
    let password = check_password(form, policy, about, &mut errors);
    if form.agree.is_none() {
        errors.add("agree", "register-agree-missing");
    } else if form.agreement != agreement_mark {
        // Another version, or another language, than the one that is accepted now was on the page.
        errors.add("agree", "register-agree-changed");
    }
    Confirmation {
        code,
        password,
        errors,
    }
}

fn check_password(
    form: &ConfirmForm,
    policy: &PasswordPolicy,
    about: &About<'_>,
    errors: &mut Errors,
) -> Option<Password> {
    let typed = form.password.expose();
    if typed.is_empty() {
        errors.add("password", "register-password-missing");
        return None;
    }
    let password = errors.take(
        "password",
        policy.check(typed, about).map_err(PasswordFault::words),
    );
    let again = Password::typed(form.password_again.expose()).ok();
    if Password::typed(typed).ok() != again {
        errors.add("password_again", "register-password-differs");
    }
    password
}

/// The text that must be accepted, as the form names it.
pub(super) fn mark_of(agreement: &Agreement, visit: &web::Visit) -> String {
    agreement.mark(visit.language())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::password::BreachedList;

    fn codes(errors: &Errors) -> Vec<(&str, &'static str)> {
        let one = |error: &'_ web::form::FieldError| error.words.code().unwrap();
        errors
            .all()
            .iter()
            .map(|error| (error.field.as_deref().unwrap(), one(error)))
            .collect()
    }

    fn typed(phone: &str, captcha: &str) -> Typed {
        Typed {
            phone: Sensitive::new(phone.to_owned()),
            captcha: captcha.to_owned(),
            ..Typed::default()
        }
    }

    #[test]
    fn source_hb_19_every_fault_of_the_first_page_has_its_own_message() {
        let faults = |phone, captcha| {
            check_start(&typed(phone, captcha)).map_err(|errors| {
                codes(&errors)
                    .into_iter()
                    .map(|(field, code)| format!("{field} {code}"))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(faults("13800001234", "AB3K7").unwrap().e164(), "+8613800001234");
        assert_eq!(
            faults("", "").unwrap_err(),
            ["phone register-phone-missing", "captcha captcha-missing"]
        );
        assert_eq!(
            faults("1380000123", "x").unwrap_err(),
            ["phone register-phone-length"]
        );
        assert_eq!(
            faults("1380000123x", "x").unwrap_err(),
            ["phone register-phone-character"]
        );
        assert_eq!(
            faults("+4915112345678", "x").unwrap_err(),
            ["phone register-phone-country"]
        );
        assert_eq!(
            faults("12800001234", "x").unwrap_err(),
            ["phone register-phone-not-mobile"]
        );
    }

    fn policy() -> PasswordPolicy {
        PasswordPolicy::new(["Denizen"], Arc::new(BreachedList::load(None).unwrap()))
    }

    fn confirm(code: &str, password: &str, again: &str, agree: bool) -> ConfirmForm {
        let secret = |text: &str| Sensitive::new(text.to_owned());
        ConfirmForm {
            sms_code: secret(code),
            password: secret(password),
            password_again: secret(again),
            agree: agree.then(|| "yes".to_owned()),
            agreement: "1:en:00".to_owned(),
            ..ConfirmForm::default()
        }
    }

    fn checked(form: &ConfirmForm) -> Confirmation {
        let phone = Phone::parse("13800001234").unwrap();
        let about = About {
            phone: Some(&phone),
            ..About::default()
        };
        check_confirm(form, &policy(), &about, "1:en:00")
    }

    #[test]
    fn attack_223_an_empty_second_page_names_every_field() {
        let empty = checked(&ConfirmForm::default());
        assert_eq!(
            codes(&empty.errors),
            [
                ("sms_code", "register-code-missing"),
                ("password", "register-password-missing"),
                ("agree", "register-agree-missing"),
            ]
        );
    }

    #[test]
    fn source_gg_12_the_password_is_typed_twice_and_checked() {
        let good = checked(&confirm("123456", "kvtulm27", "kvtulm27", true));
        assert!(good.errors.is_empty() && good.password.is_some() && good.code.is_some());
        let composed = checked(&confirm(
            "123456",
            "mậtkhẩu2026",
            "mâ\u{323}tkha\u{302}\u{309}u2026",
            true,
        ));
        assert!(
            composed.errors.is_empty(),
            "A211: the same letters, typed differently"
        );
        let differs = checked(&confirm("12345", "kvtulm27", "kvtulm28", true));
        assert_eq!(
            codes(&differs.errors),
            [
                ("sms_code", "register-code-form"),
                ("password_again", "register-password-differs")
            ]
        );
        let own_phone = checked(&confirm("123456", "a13800001234", "a13800001234", true));
        assert_eq!(
            codes(&own_phone.errors),
            [("password", "password-fault-contains-phone")]
        );
    }

    #[test]
    fn source_na_08_without_the_tick_or_with_another_text_there_is_no_account() {
        let without = checked(&confirm("123456", "kvtulm27", "kvtulm27", false));
        assert_eq!(codes(&without.errors), [("agree", "register-agree-missing")]);
        let mut other = confirm("123456", "kvtulm27", "kvtulm27", true);
        other.agreement = "0:en:00".to_owned();
        assert_eq!(
            codes(&checked(&other).errors),
            [("agree", "register-agree-changed")]
        );
    }
}
