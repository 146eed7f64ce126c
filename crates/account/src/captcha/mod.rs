//! Picture captchas of our own making (HB-11 to HB-13): one try, a short life, bound to the browser; upper and lower
//! case are the same. Beside the picture there is the same answer as sound, and a way to the help line for people
//! who can use neither. A captcha stops simple programs, not people who are paid to solve it: the limits on what
//! follows are what protects.
//!
//! The guard is in the use cases: [`redeem`] is called before the work that it protects (A219).

mod draw;
mod pages;

use model::ids::CaptchaId;
use serde::Deserialize;
use store::throttles::{self, Rule};
use store::{StoreError, Tx, captchas};
use subtle::ConstantTimeEq as _;
use url::Url;
use web::form::{Field, FormPage};
use web::markup::escape;
use web::{Markup, Problem, Visit};

use crate::Service;
use crate::service::fault;

pub use draw::{Drawing, Medium};
pub use pages::routes;

/// What pictures show. Without 0, O, 1, I and L, and without what the font lacks.
const CHARACTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// How much of what was typed is looked at, in characters.
const TYPED_MAX: usize = 32;

/// The name of the field that is typed into.
pub const FIELD: &str = "captcha";
/// The name of the hidden field.
pub const ID_FIELD: &str = "captcha_id";

/// The `captcha` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a picture can be answered, in seconds.
    pub life_seconds: i64,
    /// How many characters a picture has (4 to 6 fit).
    pub length: usize,
    /// How many captchas one network address is given in ten minutes.
    pub per_address_ten_minutes: i64,
    /// How many pictures and sounds are made at a time.
    pub permits: usize,
    /// How long a request waits for its turn, in milliseconds.
    pub wait_ms: u64,
    /// Where the sandbox is told each answer. For development and tests; production refuses to start with it.
    pub sandbox_url: Option<Url>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            life_seconds: 300,
            length: 5,
            per_address_ten_minutes: 300,
            permits: 2,
            wait_ms: 3000,
            sandbox_url: None,
        }
    }
}

/// Makes a captcha for this browser. Counted by address before any work is done (A315).
pub async fn issue(service: &Service, visit: &Visit) -> Result<CaptchaId, Problem> {
    let (config, now) = (&service.config().captcha, service.now());
    let tx = service.store().read();
    let rule = Rule {
        name: "captcha_address",
        limit: config.per_address_ten_minutes,
        window_seconds: 600,
    };
    let network = visit.client_address().network().to_string();
    let count = throttles::hit(&tx, &rule, &network, now).await.map_err(fault)?;
    if count.exceeded() {
        let seconds = u32::try_from(count.retry_after_seconds(now)).unwrap_or(600);
        return Err(Problem::too_many(seconds).caused_by("captchas for one address"));
    }
    let id = CaptchaId::new(now, service.rng());
    let answer = random_answer(service, config.length);
    let new = captchas::NewCaptcha {
        id,
        browser: &visit.browser_hash(),
        answer: &answer,
        now,
        expires_at: now + chrono::TimeDelta::seconds(config.life_seconds),
    };
    captchas::create(&tx, &new).await.map_err(fault)?;
    if let Some(sandbox) = &service.gateways().captcha_sandbox {
        sandbox.tell(id, &answer).await;
    }
    Ok(id)
}

fn random_answer(service: &Service, length: usize) -> String {
    let bound = u32::try_from(CHARACTERS.len()).unwrap_or(1);
    let one = || {
        usize::try_from(service.rng().below(bound))
            .ok()
            .and_then(|at| CHARACTERS.get(at))
    };
    (0..length.clamp(4, 6))
        .filter_map(|_| one())
        .map(|byte| char::from(*byte))
        .collect()
}

/// Takes the one try of a captcha: whether what was typed is what the picture showed. An identifier that is not
/// one, of another browser, used or too old is a wrong answer (A218).
pub async fn redeem(service: &Service, visit: &Visit, id: &str, typed: &str) -> Result<bool, StoreError> {
    // A single statement of its own, so that the try stays taken whatever happens afterwards.
    redeem_within(&service.store().read(), visit, (id, typed)).await
}

/// The same in a transaction, which is to be committed whatever the answer is: a page that was sent twice waits
/// here for the first, and then finds what that one did.
pub async fn redeem_within(tx: &Tx, visit: &Visit, (id, typed): (&str, &str)) -> Result<bool, StoreError> {
    let Ok(id) = id.parse::<CaptchaId>() else {
        return Ok(false);
    };
    let answer = captchas::redeem(tx, id, &visit.browser_hash(), visit.now()).await?;
    Ok(answer.is_some_and(|answer| is_same(typed, &answer)))
}

/// The captcha that a page goes on with: the same if it still can be answered, or else a new one.
pub async fn keep_or_issue(service: &Service, visit: &Visit, id: &str) -> Result<CaptchaId, Problem> {
    if let Ok(id) = id.parse::<CaptchaId>() {
        let tx = service.store().read();
        let live = captchas::find_answer(&tx, id, &visit.browser_hash(), service.now())
            .await
            .map_err(fault)?;
        if live.is_some() {
            return Ok(id);
        }
    }
    issue(service, visit).await
}

/// Makes the old picture invalid and a new one (HB-13).
pub async fn refresh(service: &Service, visit: &Visit, id: &str) -> Result<CaptchaId, Problem> {
    if let Ok(old) = id.parse::<CaptchaId>() {
        let tx = service.store().read();
        captchas::redeem(&tx, old, &visit.browser_hash(), service.now())
            .await
            .map_err(fault)?;
    }
    issue(service, visit).await
}

/// Folds what input methods and people put between or instead of the characters, then compares (HB-12).
fn is_same(typed: &str, answer: &str) -> bool {
    let folded: String = typed
        .chars()
        .take(TYPED_MAX)
        .filter(|c| !c.is_whitespace())
        .map(fold)
        .collect();
    folded.as_bytes().ct_eq(answer.as_bytes()).into()
}

fn fold(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    };
    half.to_ascii_uppercase()
}

/// Adds picture, field, sound and the way for people who can use neither. The button [`refresh`] is the form's to
/// add; put it after the main one, because Enter presses the first.
pub fn add_to(form: FormPage, visit: &Visit, id: CaptchaId, typed: &str) -> FormPage {
    form.hidden(ID_FIELD, id.to_string())
        .field(field(visit, id, typed))
        .markup(alternative(visit, id))
}

/// The field with the picture beside it.
fn field(visit: &Visit, id: CaptchaId, typed: &str) -> Field {
    let picture = format!(
        "<img src=\"/captcha/{id}.png\" width=\"{}\" height=\"{}\" alt=\"{}\">",
        draw::WIDTH,
        draw::HEIGHT,
        escape(&visit.t("captcha-alt"))
    );
    Field::text(FIELD, "captcha-label")
        .hint("captcha-hint")
        .value(typed)
        .autocomplete("off")
        .maxlength(16)
        .width("short")
        .required()
        .after(Markup::from_rendered(picture))
}

fn alternative(visit: &Visit, id: CaptchaId) -> Markup {
    let help = match visit.kit().branding().help_phone.as_deref() {
        Some(phone) => visit.t_with("captcha-help-phone", &[("phone", phone.into())]),
        None => visit.t("captcha-help"),
    };
    Markup::from_rendered(format!(
        "<details><summary>{}</summary><p><a href=\"/captcha/{id}.wav\">{}</a></p><p>{}</p></details>",
        escape(&visit.t("captcha-other")),
        escape(&visit.t("captcha-listen")),
        escape(&help)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_hb_12_captcha_is_case_insensitive_and_full_width_letters_count() {
        for typed in ["AB3K7", "ab3k7", " aB3 k7 ", "ＡＢ３Ｋ７", "ａｂ３ｋ７"] {
            assert!(is_same(typed, "AB3K7"), "{typed}");
        }
    }

    #[test]
    fn attack_218_a_missing_or_other_answer_is_wrong() {
        for typed in ["", " ", "AB3K", "AB3K77", "AB3K8", &"A".repeat(1 << 16)] {
            assert!(!is_same(typed, "AB3K7"));
        }
    }

    #[test]
    fn characters_that_look_alike_are_not_drawn() {
        assert!(b"0O1ILo".iter().all(|byte| !CHARACTERS.contains(byte)));
    }
}
