//! One-time codes by SMS: for registering, for signing in, and before a level is raised. Codes are bound to purpose,
//! phone and browser (A214, A215); a new one replaces the old, after an interval (HB-15); tries are counted by code, and
//! by phone, purpose and browser, so that asking for a new code resets nothing (A213). All browsers together have a count of
//! their own, far above the first: whoever types somebody else's number does not use up its owner's tries.
//!
//! Messages cost money, and somebody earns it when they go to the right numbers: they are counted by phone, network
//! address, number range and in total before one is written (A221). Phones and ranges have counters for each purpose:
//! what strangers ask for while they register does not use up what an owner who is signed in can ask for. Texts are
//! fixed; nothing that anybody typed is in them (A222). What anybody can cause at any phone has one more counter, which all
//! such purposes share.
//!
//! [`ask`] is the whole use case; registration, which does more in the same transaction, uses [`admit`] and
//! [`write_message`]. After [`check`] has said `Right`, `store::otp::consume` in the transaction that does what the
//! code was for makes it count.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::OtpId;
use model::language::Language;
use model::phone::Phone;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use store::otp::{Holder, NewOtp};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::Visit;

use crate::Service;
use crate::notices::texts::{Sms, Text};

mod limits;

pub(crate) use limits::count_notice;
use limits::{for_purpose, limits};
pub use store::otp::{Purpose, Tried};

const HOUR_SECONDS: i64 = 3600;
/// The digits of a code.
const CODE_DIGITS: usize = 6;
/// How much of what was typed is looked at, in characters.
const TYPED_MAX: usize = 32;

/// The `otp` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a code can be used, in seconds.
    pub life_seconds: i64,
    /// How many tries a code has.
    pub tries: u16,
    /// How many tries the browser that a code was sent for has for one phone and purpose in an hour, whatever codes are asked
    /// for meanwhile.
    pub tries_per_hour: i64,
    /// How many tries a phone has for one purpose in an hour, by all browsers together that have a code for it.
    pub tries_per_hour_in_all: i64,
    /// How long one waits before another code can be asked for, in seconds.
    pub resend_seconds: i64,
    /// How many messages one phone is sent for one purpose in an hour.
    pub phone_per_hour: i64,
    /// How many messages one phone is sent for one purpose in a day.
    pub phone_per_day: i64,
    /// How many messages one phone is sent in a day altogether that anybody who types its number can cause.
    pub strangers_per_day: i64,
    /// How many messages one network address can cause in an hour.
    pub address_per_hour: i64,
    /// How many messages go in an hour for one purpose to one number range (all but the last four digits).
    pub range_per_hour: i64,
    /// How many messages go out in an hour altogether.
    pub total_per_hour: i64,
    /// How many messages go out in a day altogether: the stop to spending.
    pub total_per_day: i64,
    /// The calling codes that messages go to.
    pub calling_codes: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            life_seconds: 300,
            tries: 5,
            tries_per_hour: 20,
            tries_per_hour_in_all: 200,
            resend_seconds: 60,
            phone_per_hour: 5,
            phone_per_day: 10,
            strangers_per_day: 15,
            address_per_hour: 60,
            range_per_hour: 120,
            total_per_hour: 20_000,
            total_per_day: 100_000,
            calling_codes: ["86", "852", "853", "886", "84"].map(str::to_owned).to_vec(),
        }
    }
}

/// Why no message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The last one is too young; ask again after so many seconds.
    TooSoon(i64),
    /// Too many; ask again after so many seconds. Which of the limits it was, nobody is told.
    TooMany(i64),
    /// Messages do not go to this country.
    Country,
}

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// The code.
    Code,
    /// That this phone has an account already: to its owner, instead of a code that would tell a stranger (A203).
    HasAccount,
    /// That an account with this phone waits for its e-mail address to be confirmed.
    Waits,
    /// That no account with this phone can be got back into: to whoever has it, instead of a code (A205).
    NoAccount,
}

/// Whom a message goes to and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What the code is for.
    pub purpose: Purpose,
    /// The phone.
    pub phone: &'a Phone,
    /// The browser that asks.
    pub browser: &'a TokenHash,
    /// The language of the message.
    pub language: Language,
}

impl<'a> Request<'a> {
    /// A request of the browser that visits, in its language.
    pub fn of(visit: &Visit, browser: &'a TokenHash, purpose: Purpose, phone: &'a Phone) -> Self {
        Self {
            purpose,
            phone,
            browser,
            language: visit.language(),
        }
    }

    fn holder(&self) -> Holder<'a> {
        Holder {
            purpose: self.purpose,
            target: self.phone.e164(),
            browser: self.browser,
        }
    }
}

/// Sends a code: limits, code and message, all or nothing.
pub async fn ask(
    service: &Service,
    visit: &Visit,
    request: &Request<'_>,
) -> Result<Result<(), Refusal>, StoreError> {
    if let Some(refusal) = admit(service, &service.store().read(), visit, request).await? {
        return Ok(Err(refusal));
    }
    let tx = service.store().begin().await?;
    write_message(service, &tx, request, Letter::Code).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Ok(()))
}

/// Whether a message may go out now. Counts it, so that parallel requests all count: in the caller's transaction,
/// which is to be committed whatever the answer is, or outside of one.
pub async fn admit(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    request: &Request<'_>,
) -> Result<Option<Refusal>, StoreError> {
    let (config, now) = (&service.config().otp, service.now());
    if !config
        .calling_codes
        .iter()
        .any(|code| code == request.phone.region().calling_code())
    {
        return Ok(Some(Refusal::Country));
    }
    let newest = store::otp::find_newest(tx, &request.holder()).await?;
    if let Some(seconds) = newest.and_then(|issued| wait_seconds(config, issued.created_at, now)) {
        return Ok(Some(Refusal::TooSoon(seconds)));
    }
    let network = visit.client_address().network().to_string();
    for (rule, key) in limits(config, &network, request.phone.e164(), request.purpose) {
        // The first full counter ends it: a flood from one address does not use up the limits of phones.
        let count = throttles::hit(tx, &rule, &key, now).await?;
        if count.exceeded() {
            tracing::warn!(limit = rule.name, "message refused");
            return Ok(Some(Refusal::TooMany(count.retry_after_seconds(now))));
        }
    }
    Ok(None)
}

/// How long until another code can be asked for; `None` when it can.
fn wait_seconds(config: &Config, last: DateTime<Utc>, now: DateTime<Utc>) -> Option<i64> {
    let left = (last + TimeDelta::seconds(config.resend_seconds) - now).num_milliseconds();
    (left > 0).then(|| (left + 999).div_euclid(1000))
}

/// How long until this browser can ask for another code for this phone, in seconds; 0 when it can now.
pub async fn seconds_until_resend(service: &Service, request: &Request<'_>) -> Result<i64, StoreError> {
    let newest = store::otp::find_newest(&service.store().read(), &request.holder()).await?;
    let wait =
        newest.and_then(|issued| wait_seconds(&service.config().otp, issued.created_at, service.now()));
    Ok(wait.unwrap_or_default())
}

/// Writes code and message in the caller's transaction. After its commit call [`Service::kick_delivery`].
pub async fn write_message(
    service: &Service,
    tx: &Tx,
    request: &Request<'_>,
    letter: Letter,
) -> Result<(), StoreError> {
    let (config, now, rng) = (&service.config().otp, service.now(), service.rng());
    let code = Sensitive::new(format!("{:06}", rng.below(1_000_000)));
    let expires_at = now + TimeDelta::seconds(config.life_seconds);
    let new = NewOtp {
        id: OtpId::new(now, rng),
        holder: request.holder(),
        // Without a code everything else is the same, so that the page behaves the same.
        code: (letter == Letter::Code).then(|| code.expose().as_str()),
        tries: config.tries,
        now,
        expires_at,
    };
    store::otp::issue(tx, &new).await?;
    let args = [
        ("code", code.expose().as_str().into()),
        ("minutes", (config.life_seconds.max(60) / 60).into()),
        ("page", page_of(service, letter).into()),
    ];
    let sms = Sms {
        text: text_of(request.purpose, letter),
        language: request.language,
        args: &args,
        to: request.phone,
        expires_at,
    };
    store::outbox::put(tx, &sms.message(service.kit())).await
}

/// The page that a message leads to: where another activation link can be had, or where whoever has an account gets back into
/// it, and whoever got the number lately says that it is not theirs.
fn page_of(service: &Service, letter: Letter) -> String {
    let base = service.kit().base_url().as_str().trim_end_matches('/');
    let path = match letter {
        Letter::Waits => "/register/activation",
        Letter::Code | Letter::HasAccount | Letter::NoAccount => "/recover",
    };
    format!("{base}{path}")
}

const fn text_of(purpose: Purpose, letter: Letter) -> Text {
    match (letter, purpose) {
        (Letter::HasAccount, _) => Text::HasAccount,
        (Letter::Waits, _) => Text::AccountWaits,
        (Letter::NoAccount, Purpose::Appeal) => Text::NoAppeal,
        (Letter::NoAccount, _) => Text::NoAccount,
        (Letter::Code, Purpose::Registration) => Text::CodeRegistration,
        (Letter::Code, Purpose::SignIn) => Text::CodeSignIn,
        (Letter::Code, Purpose::RaiseLevel) => Text::CodeRaiseLevel,
        // An objection's word is no code of six digits; it goes out with the notice itself.
        (Letter::Code, Purpose::JoinAccounts | Purpose::Objection) => Text::CodeJoin,
        (Letter::Code, Purpose::Recovery) => Text::CodeRecovery,
        (Letter::Code, Purpose::NewPhone) => Text::CodeNewPhone,
        (Letter::Code, Purpose::OldPhone) => Text::CodeOldPhone,
        (Letter::Code, Purpose::Appeal) => Text::CodeAppeal,
    }
}

/// Tries a code that was typed. Each try counts before its outcome is known. Only those of a browser that has a code count for
/// the phone, so that no more strangers can count there than were sent one.
pub async fn check(service: &Service, request: &Request<'_>, typed: &str) -> Result<Tried, StoreError> {
    let (config, now) = (&service.config().otp, service.now());
    let (tx, holder) = (service.store().read(), request.holder());
    let rule = |name, limit| Rule {
        name,
        limit,
        window_seconds: HOUR_SECONDS,
    };
    let phone = for_purpose(request.purpose, request.phone.e164());
    let here = format!(
        "{phone}\u{0}{}",
        URL_SAFE_NO_PAD.encode(request.browser.as_bytes())
    );
    let own = rule("otp_tries_here", config.tries_per_hour);
    if throttles::hit(&tx, &own, &here, now).await?.exceeded() {
        return Ok(Tried::Exhausted);
    }
    let newest = store::otp::find_newest(&tx, &holder).await?;
    if newest.is_none_or(|issued| issued.expires_at <= now) {
        return Ok(Tried::Expired);
    }
    let all = rule("otp_tries", config.tries_per_hour_in_all);
    if throttles::hit(&tx, &all, &phone, now).await?.exceeded() {
        return Ok(Tried::Exhausted);
    }
    store::otp::try_code(&tx, &holder, typed, now).await
}

/// Whether this is the very code that this browser used up at `since` or later. The caller counts the tries.
pub async fn was_used(
    tx: &Tx,
    request: &Request<'_>,
    typed: &str,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    store::otp::was_used(tx, &request.holder(), typed, since).await
}

/// A code as it was meant: full-width digits and what people put between digits are folded; `None` when it is not
/// six digits.
pub fn read_code(typed: &str) -> Option<Sensitive<String>> {
    let digits: String = typed
        .chars()
        .take(TYPED_MAX)
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c {
            '\u{ff10}'..='\u{ff19}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            _ => c,
        })
        .collect();
    let is_code = digits.len() == CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| Sensitive::new(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, worlds, worlds_with};

    #[test]
    fn a_code_is_read_as_it_was_meant() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６"] {
            assert_eq!(read_code(typed).unwrap().expose(), "123456", "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "1234५6", &"1".repeat(1 << 16)] {
            assert!(read_code(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn source_hb_15_the_interval_ends_to_the_second() {
        let (config, last) = (Config::default(), store::testing::start_time());
        let after = |milliseconds| wait_seconds(&config, last, last + TimeDelta::milliseconds(milliseconds));
        assert_eq!(after(0), Some(60));
        assert_eq!(after(59_001), Some(1));
        assert_eq!(after(60_000), None);
    }

    /// A browser that is sent a code; the code.
    async fn sent(world: &World, browser: &TokenHash, (purpose, phone): (Purpose, &Phone)) -> String {
        let tx = world.service.store().begin().await.unwrap();
        let request = asked(browser, (purpose, phone));
        write_message(&world.service, &tx, &request, Letter::Code)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.clock.advance(TimeDelta::seconds(1));
        world.code(phone.e164()).await
    }

    fn asked<'a>(browser: &'a TokenHash, (purpose, phone): (Purpose, &'a Phone)) -> Request<'a> {
        Request {
            purpose,
            phone,
            browser,
            language: Language::En,
        }
    }

    const fn wrong(code: &str) -> &'static str {
        if matches!(code.as_bytes(), b"000000") {
            "000001"
        } else {
            "000000"
        }
    }

    #[tokio::test]
    async fn attack_213_a_strangers_wrong_codes_do_not_use_up_the_owners_tries() {
        let phone = Phone::parse("13800001234").unwrap();
        for world in worlds().await {
            for purpose in [
                Purpose::Registration,
                Purpose::Recovery,
                Purpose::Appeal,
                Purpose::NewPhone,
            ] {
                let whose = (purpose, &phone);
                // As many strangers as a phone can be sent codes for in an hour, but for its owner.
                for stranger in ["one", "two", "three", "four"].map(TokenHash::of) {
                    let code = sent(&world, &stranger, whose).await;
                    let request = asked(&stranger, whose);
                    let mut last = Tried::Expired;
                    for _ in 0..60 {
                        last = check(&world.service, &request, wrong(&code)).await.unwrap();
                    }
                    assert_eq!(last, Tried::Exhausted, "{purpose:?} {}", world.kind);
                    let late = check(&world.service, &request, &code).await.unwrap();
                    assert_eq!(late, Tried::Exhausted, "the stranger's own");
                }
                let owner = TokenHash::of("owner");
                let code = sent(&world, &owner, whose).await;
                let request = asked(&owner, whose);
                let tried = check(&world.service, &request, &code).await.unwrap();
                assert!(matches!(tried, Tried::Right(_)), "{purpose:?} {tried:?}");
            }
        }
    }

    #[tokio::test]
    async fn attack_213_all_browsers_together_have_so_many_tries_and_those_without_a_code_count_for_nobody() {
        let phone = Phone::parse("13800001234").unwrap();
        let whose = (Purpose::Recovery, &phone);
        let mut config = crate::Config::default();
        config.otp.tries_per_hour_in_all = 7;
        for world in worlds_with(config).await {
            for number in 0..20 {
                let nobody = TokenHash::of(&format!("nobody {number}"));
                let tried = check(&world.service, &asked(&nobody, whose), "000000").await;
                assert_eq!(tried.unwrap(), Tried::Expired, "{}", world.kind);
            }
            let mut looked_at = 0;
            for browser in ["one", "two", "three"].map(TokenHash::of) {
                let code = sent(&world, &browser, whose).await;
                for _ in 0..4 {
                    let tried = check(&world.service, &asked(&browser, whose), wrong(&code)).await;
                    looked_at += u32::from(matches!(tried.unwrap(), Tried::Wrong(_)));
                }
            }
            assert_eq!(looked_at, 7, "{}", world.kind);
            let last = TokenHash::of("last");
            let code = sent(&world, &last, whose).await;
            let tried = check(&world.service, &asked(&last, whose), &code).await;
            assert_eq!(tried.unwrap(), Tried::Exhausted);
        }
    }
}
