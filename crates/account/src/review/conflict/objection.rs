//! `/verify/objection`: whoever was told that two accounts were joined and did not do it says so, with the word from the
//! message. Nobody has to sign in for it. The account is frozen, every sign-in ends, and a case waits for an operator.
//! Two operators can open the account again as it is, and then the one that closed is erased as if nobody had objected; or one
//! keeps it frozen, and what was joined is kept as long as it is. The join itself, and with it a phone that
//! was replaced, no page takes back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::event::Event;
use model::ids::{AccountId, CaseId};
use model::ladder::Level;
use model::review::Happening;
use model::secret::Sensitive;
use serde::Deserialize;
use serde_json::json;
use store::accounts;
use store::audit::Entry;
use store::cases::{self, Case, CaseNumber, Factors, Input, NewCase, State as CaseState};
use store::otp::Tried;
use store::throttles::{self, Rule};
use store::{StoreError, Tx, case_history, case_reviews, sessions};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::join;
use crate::Service;
use crate::closing;
use crate::notice::Notice;
use crate::session::Stop;

const HERE: LocalPath = LocalPath::known("/verify/objection");
/// How many objections one network address can try in an hour.
const PER_HOUR: i64 = 20;
/// How much of what was typed is looked at, in characters.
const TYPED_MAX: usize = 40;
/// How often a number for a case is tried.
const NUMBERS_TRIED: u32 = 16;
/// What the case of an objection refers to: this, and the number of the case that was joined.
const REFERENCE: &str = "objection:";

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Object {
    case: String,
    word: Sensitive<String>,
}

impl FormName for Object {
    const FORM: &'static str = "objection";
}

/// Shows the form.
pub(super) async fn show(visit: Visit) -> Response {
    page(&visit, "", (Errors::none(), None))
}

fn page(visit: &Visit, case: &str, (errors, status): (Errors, Option<StatusCode>)) -> Response {
    let case = Field::text("case", "objection-case")
        .hint("objection-case-hint")
        .value(case)
        .autocomplete("off")
        .maxlength(40)
        .width("medium")
        .required();
    let word = Field::text("word", "objection-word")
        .hint("objection-word-hint")
        .autocomplete("off")
        .maxlength(40)
        .width("medium")
        .required();
    let form = FormPage::new(Object::FORM, HERE)
        .field(case)
        .field(word)
        .button(Button::danger("objection-submit"))
        .render(visit, &errors);
    let mut page = Page::new("verify-objection", "objection-title")
        .return_to(HERE)
        .errors(errors);
    if let Some(status) = status {
        page = page.status(status);
    }
    Notice::saying("objection-text").action(form).respond(visit, page)
}

/// Takes the word. A wrong one gets the same answer whatever the number of the case.
pub(super) async fn submit(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Object>,
) -> Result<Response, Stop> {
    let rule = Rule {
        name: "objections",
        limit: PER_HOUR,
        window_seconds: 3600,
    };
    let (tx, now) = (service.store().read(), service.now());
    let network = visit.client_address().network().to_string();
    let count = throttles::hit(&tx, &rule, &network, now).await?;
    let typed: String = sent.case.trim().chars().take(TYPED_MAX).collect();
    if count.exceeded() {
        let minutes = Ord::max(
            count.retry_after_seconds(now).saturating_add(59).div_euclid(60),
            1,
        );
        let words = Words::with("signin-paused", vec![("minutes", minutes.into())]);
        let answer = (Errors::of_form(words), Some(StatusCode::TOO_MANY_REQUESTS));
        return Ok(page(&visit, &typed, answer));
    }
    let word = read_word(sent.word.expose());
    let filed = match CaseNumber::parse(&typed) {
        Some(number) => object(&service, &visit, &number, &word).await?,
        None => None,
    };
    let Some(filed) = filed else {
        return Ok(page(&visit, &typed, (Errors::of_form("objection-wrong"), None)));
    };
    // The number of the new case is the only way to it: nobody signs in to a frozen account.
    let notice = Notice::saying("objection-done-text")
        .and("objection-done-counter")
        .case(filed.as_str());
    Ok(notice.respond(
        &visit,
        Page::new("verify-objection-done", "objection-done-title").return_to(HERE),
    ))
}

/// A word as it was meant.
fn read_word(typed: &str) -> Sensitive<String> {
    let word = typed.chars().take(TYPED_MAX);
    let word = word.filter(|c| !c.is_whitespace() && *c != '-');
    Sensitive::new(word.map(|c| c.to_ascii_uppercase()).collect())
}

async fn object(
    service: &Service,
    visit: &Visit,
    number: &CaseNumber,
    word: &Sensitive<String>,
) -> Result<Option<CaseNumber>, StoreError> {
    let (now, anyone) = (service.now(), join::anyone());
    let holder = join::objector(number, &anyone);
    let Tried::Right(id) = store::otp::try_code(&service.store().read(), &holder, word.expose(), now).await?
    else {
        return Ok(None);
    };
    let tx = service.store().begin().await?;
    let Some(case) = cases::find_by_number(&tx, number).await? else {
        return Ok(None);
    };
    let Some(account) = join::stayed(&tx, &case).await? else {
        return Ok(None);
    };
    accounts::take_turns(&tx, account).await?;
    if !store::otp::consume(&tx, id, now).await? {
        return Ok(None);
    }
    if accounts::freeze(&tx, account, now).await? {
        let details = json!({ "reason": "objection", "case": number.as_str() });
        let mut entry = Entry::new(Event::AccountFrozen, now)
            .account(account)
            .details(details);
        entry.request_id = Some(visit.request_id().to_owned());
        store::audit::record(&tx, service.rng(), entry).await?;
        crate::standing::froze(service, &tx, account).await?;
    }
    sessions::end_all(&tx, account, None, now).await?;
    // The account that closed is not erased before somebody has looked.
    closing::put_off(service, &tx, case.account).await?;
    let filed = file(service, &tx, &case, account).await?;
    tx.commit().await?;
    Ok(Some(filed))
}

/// A case for an operator, always: the account is frozen until somebody has looked.
async fn file(
    service: &Service,
    tx: &Tx,
    joined: &Case,
    account: AccountId,
) -> Result<CaseNumber, StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let (id, number) = create(service, tx, joined, account).await?;
    cases::put_reference(tx, id, &format!("{REFERENCE}{}", joined.number.as_str())).await?;
    let entry = case_history::Entry::new((id, account), Happening::Filed, now);
    case_history::record(tx, rng, &entry).await?;
    // Who an account belongs to is never one operator's decision.
    let level = Level::new(3).ok_or(StoreError::Malformed("case_review.level"))?;
    case_reviews::enqueue(tx, id, account, level, now).await?;
    Ok(number)
}

/// Two people opened the account of a case again, with the reference of that. Where an objection had frozen it, they found
/// the join to be right: what was joined need not be kept for them any more.
pub async fn refused(service: &Service, tx: &Tx, reference: &str) -> Result<(), StoreError> {
    let number = reference.strip_prefix(REFERENCE).and_then(CaseNumber::parse);
    let Some(number) = number else {
        return Ok(());
    };
    match cases::find_by_number(tx, &number).await? {
        Some(joined) => closing::bring_forward(service, tx, joined.account).await,
        None => Ok(()),
    }
}

/// The case itself, with the account's name and number where it has them.
async fn create(
    service: &Service,
    tx: &Tx,
    joined: &Case,
    account: AccountId,
) -> Result<(CaseId, CaseNumber), StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let id = CaseId::new(now, rng);
    let found = accounts::find(tx, account).await?;
    let identity = found.and_then(|account| account.name.zip(account.citizen_id));
    let input = identity.map(|(name, citizen_id)| Input {
        name,
        citizen_id,
        phone: None,
        more: Factors::none().with("objection_to", joined.number.as_str().to_owned(), true),
    });
    for _ in 0..NUMBERS_TRIED {
        let number = CaseNumber::generate(now, rng);
        let stored = match input.clone() {
            Some(input) => {
                let new = NewCase {
                    id,
                    number: number.clone(),
                    account,
                    source: joined.source.clone(),
                    state: CaseState::Restricted,
                    input,
                    next_attempt_at: None,
                    reference: None,
                    created_at: now,
                };
                cases::create(tx, &new).await?
            }
            None => case_reviews::file_frozen(tx, (id, &number), account, &joined.source, now).await?,
        };
        if stored {
            return Ok((id, number));
        }
    }
    Err(StoreError::Malformed("verification_case.number"))
}
