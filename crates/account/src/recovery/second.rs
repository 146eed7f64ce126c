//! The second proofs, each tried on its own: a printed code, an authenticator application, a code by e-mail, and what the
//! operator of the mobile network says about who the number belongs to now.

use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::email::Email;
use model::evidence::SourceId;
use model::ids::{MessageId, OtpId};
use model::person_name::PersonName;
use model::secret::{Sensitive, TokenHash};
use store::StoreError;
use store::accounts::Account;
use store::otp::{Holder, NewOtp, Purpose, Tried};
use store::outbox::{Channel, NewMessage};
use store::throttles::{self, Rule};
use web::Visit;
use web::form::Words;

use crate::Service;
use crate::evidence::source::{Finding, MOBILE_OPERATOR, Word};
use crate::evidence::vouched::Pair;
use crate::evidence::{connected, locked, tries, vouched};
use crate::notices::texts::Text;
use crate::notices::words;
use crate::otp;

/// A day, in seconds.
const DAY_SECONDS: i64 = 24 * 3600;
/// How long a code in a mail can be used, in minutes. Longer than one by SMS, because mail is slow.
const EMAIL_MINUTES: i64 = 15;
/// How often a code by mail can be asked for in a day.
const EMAILS_PER_DAY: i64 = 5;
/// The most characters of a name that are looked at.
const NAME_MAX: usize = 200;

/// Counts a try to show who one is, before its outcome is known; the words when there were too many.
async fn count(
    service: &Service,
    account: &Account,
    what: &'static str,
) -> Result<Option<Words>, StoreError> {
    let rule = Rule {
        name: what,
        limit: service.config().recovery.proofs_per_day,
        window_seconds: DAY_SECONDS,
    };
    let now = service.now();
    let count = throttles::hit(&service.store().read(), &rule, &account.id.to_string(), now).await?;
    Ok(count.exceeded().then(|| "recover-too-many".into()))
}

/// The source that knows whose a number is now, if it is connected.
pub(super) fn phone_source(service: &Service) -> Option<SourceId> {
    let source = SourceId::parse(MOBILE_OPERATOR).ok()?;
    service.sources().has(&source).then_some(source)
}

/// Whether the person knows name and number of the account: anybody who read its owner's card does. Counted; all
/// refusals read the same.
pub(super) async fn own_pair(
    service: &Service,
    account: &Account,
    (name, number): (&str, &str),
) -> Result<Result<Pair, Words>, StoreError> {
    if let Some(words) = count(service, account, "recovery_identity").await? {
        return Ok(Err(words));
    }
    let today = crate::evidence::today(service);
    let name: String = name.chars().take(NAME_MAX).collect();
    let typed = PersonName::parse(&name)
        .ok()
        .zip(CitizenId::parse(number, today).ok());
    let own = vouched::identity(account).filter(|own| {
        let same = |typed: &Pair| typed.0.same_as(&own.0) && typed.1 == own.1;
        typed.as_ref().is_some_and(same)
    });
    Ok(own.ok_or_else(|| "recover-identity-wrong".into()))
}

/// Whether the person knows name and number of the account, and the operator says that the phone is registered to them:
/// then it did not change hands (A237). All refusals read the same. The question counts and is written down as those are
/// that are asked for evidence.
pub(super) async fn identity(
    service: &Service,
    visit: &Visit,
    account: &Account,
    typed: (&str, &str),
) -> Result<Result<(), Words>, StoreError> {
    let own = match own_pair(service, account, typed).await? {
        Ok(own) => own,
        Err(words) => return Ok(Err(words)),
    };
    let (Some(source), Some(phone)) = (phone_source(service), account.phone.clone()) else {
        return Ok(Err("recover-identity-unavailable".into()));
    };
    let mut attempt = vouched::attempt(visit, account, &source, own);
    attempt.facts.phone = Some(phone);
    if tries::count(service, &attempt).await?.is_none() {
        return Ok(Err("recover-too-many".into()));
    }
    let (word, finding) = connected::check(service, &source, &attempt.facts).await?;
    if matches!(&finding, Finding::Not(denial) if !denial.counts()) {
        tries::take_back(service, &attempt).await?;
    }
    let tx = service.store().read();
    vouched::asked(service, &tx, visit, (account.id, None), (&source, word.as_str())).await?;
    if word == Word::Restricted {
        // Nobody is told it here: what follows is what follows everywhere.
        locked::heard(service, None, (account.id, &source), &attempt.facts.citizen_id).await?;
    }
    Ok(match finding {
        Finding::Match(_) => Ok(()),
        Finding::Not(denial) if denial.counts() => Err("recover-identity-wrong".into()),
        Finding::Not(_) => Err("recover-identity-unavailable".into()),
    })
}

fn holder<'a>(email: &'a Email, browser: &'a TokenHash) -> Holder<'a> {
    Holder {
        purpose: Purpose::Recovery,
        target: email.as_str(),
        browser,
    }
}

/// Sends a code to the account's address; the words when that was asked for too often.
pub(super) async fn send_email(
    service: &Service,
    visit: &Visit,
    account: &Account,
) -> Result<Result<(), Words>, StoreError> {
    let Some(email) = &account.email else {
        return Ok(Err("recover-too-many".into()));
    };
    let (now, rng, browser) = (service.now(), service.rng(), visit.browser_hash());
    let rule = Rule {
        name: "recovery_email",
        limit: EMAILS_PER_DAY,
        window_seconds: DAY_SECONDS,
    };
    let tx = service.store().begin().await?;
    if throttles::hit(&tx, &rule, &account.id.to_string(), now)
        .await?
        .exceeded()
    {
        tx.commit().await?;
        return Ok(Err("recover-too-many".into()));
    }
    let code = Sensitive::new(format!("{:06}", rng.below(1_000_000)));
    let expires_at = now + TimeDelta::minutes(EMAIL_MINUTES);
    let new = NewOtp {
        id: OtpId::new(now, rng),
        holder: holder(email, &browser),
        code: Some(code.expose()),
        tries: service.config().otp.tries,
        now,
        expires_at,
    };
    store::otp::issue(&tx, &new).await?;
    let (kit, language) = (service.kit(), account.language);
    let args = [
        ("code", code.expose().as_str().into()),
        ("minutes", EMAIL_MINUTES.into()),
    ];
    let mail = Text::MailRecovery;
    let subject = kit.t(language, &mail.subject_key(), &[]);
    let text = kit.t(language, &mail.text_key(), &args);
    let message = NewMessage {
        id: MessageId::new(now, rng),
        channel: Channel::Email,
        template: mail.template(),
        recipient: Sensitive::new(email.as_str()),
        text: Sensitive::new(words::mail(kit, language, &subject, &[Some(text)])),
        now,
        expires_at,
    };
    store::outbox::put(&tx, &message).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Ok(()))
}

/// Tries the code from the mail, which is used up when it is right.
pub(super) async fn try_email(
    service: &Service,
    visit: &Visit,
    account: &Account,
    typed: &Sensitive<String>,
) -> Result<Result<(), Words>, StoreError> {
    let (Some(email), Some(code)) = (&account.email, otp::read_code(typed.expose())) else {
        return Ok(Err("register-code-form".into()));
    };
    if let Some(words) = count(service, account, "recovery_email_tries").await? {
        return Ok(Err(words));
    }
    let (tx, browser, now) = (service.store().read(), visit.browser_hash(), service.now());
    let tried = store::otp::try_code(&tx, &holder(email, &browser), code.expose(), now).await?;
    Ok(match tried {
        Tried::Right(id) if store::otp::consume(&tx, id, now).await? => Ok(()),
        Tried::Wrong(left) => {
            let left = vec![("left", u32::from(left).into())];
            Err(Words::with("register-code-wrong", left))
        }
        Tried::Exhausted => Err("register-code-exhausted".into()),
        Tried::Right(_) | Tried::Expired => Err("register-code-expired".into()),
    })
}
