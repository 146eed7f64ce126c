//! People and interrupted requests for the tests of signing in, of evidence and of the own space.

use chrono::{DateTime, Utc};
use model::client::AccountKind;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, ClientId, EvidenceId};
use model::interaction::{Answers, Interaction, InteractionId, Wants};
use model::ladder::Level;
use model::language::Language;
use model::phone::Phone;
use model::secret::{Sensitive, Token, TokenHash};
use store::accounts::NewAccount;
use store::evidence::NewEvidence;
use store::sessions::LiveSession;

use crate::password::Password;
use crate::testing::{Browser, Seen, World};

pub(crate) const PASSWORD: &str = "kvtulm27";

/// Makes an account with a proven phone and the usual password.
pub(crate) async fn resident(world: &World, phone: &str) -> AccountId {
    let (service, now) = (&world.service, world.clock.now());
    let (tx, rng) = (service.store().read(), service.store().rng());
    let id = AccountId::new(now, rng);
    let phone = Phone::parse(phone).unwrap();
    let new = NewAccount {
        id,
        kind: AccountKind::Resident,
        language: Language::En,
        phone,
        created_at: now,
    };
    store::accounts::create(&tx, &new).await.unwrap();
    let hash = service
        .hashing()
        .hash(&Password::typed(PASSWORD).unwrap())
        .await
        .unwrap();
    let phc = Sensitive::new(hash.as_str().to_owned());
    store::credentials::create_password(&tx, rng, id, &phc, now)
        .await
        .unwrap();
    let evidence = Evidence {
        id: EvidenceId::new(now, rng),
        source: SourceId::parse("phone_sms").unwrap(),
        issued_at: now,
        expires_at: None,
        ended_at: None,
    };
    let new = NewEvidence {
        evidence,
        account: id,
        reference: None,
        case: None,
        details: model::evidence::Details::default(),
    };
    store::evidence::record(&tx, &new).await.unwrap();
    id
}

/// Fills in the sign-in page.
pub(crate) async fn sign_in(browser: &mut Browser, identifier: &str, password: &str) -> Seen {
    let page = browser.get("/sign-in").await;
    browser
        .post(
            "/sign-in",
            &page,
            &[("identifier", identifier), ("password", password)],
        )
        .await
}

/// A browser in which the person has just signed in.
pub(crate) async fn signed_in(world: &World, phone: &str) -> Browser {
    let mut browser = world.browser();
    let seen = sign_in(&mut browser, phone, PASSWORD).await;
    assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
    browser
}

/// The sign-in that a browser's cookie stands for.
pub(crate) async fn live(world: &World, browser: &Browser) -> Option<LiveSession> {
    let token = Token::parse(browser.cookies.get("denizen_session")?)?;
    let (tx, limits) = (world.service.store().read(), &world.service.config().session);
    store::sessions::find_live(&tx, &token.hash(), limits, world.clock.now())
        .await
        .unwrap()
}

/// What a request of a sub-site wants.
pub(crate) fn wants(level: Option<u8>, auth_after: Option<DateTime<Utc>>) -> Wants {
    Wants {
        level: level.and_then(Level::new),
        auth_after,
        ..Wants::default()
    }
}

/// A request of a sub-site that waits in this browser, which has been to a page already.
pub(crate) async fn interrupted(world: &World, browser: &Browser, wants: Wants) -> InteractionId {
    interrupted_in(world, browser, wants, "en").await
}

/// The same of a sub-site that asks for a language.
pub(crate) async fn interrupted_in(
    world: &World,
    browser: &Browser,
    wants: Wants,
    language: &str,
) -> InteractionId {
    let interaction = Interaction {
        id: InteractionId::generate(world.service.rng()),
        client_id: ClientId::parse("hefei-portal").unwrap(),
        parameters: vec![("ui_locales".to_owned(), language.to_owned())],
        wants,
        answers: Answers::default(),
        created_at: world.clock.now(),
        finished_at: None,
    };
    let tx = world.service.store().read();
    store::interactions::create(&tx, &interaction, &browser_hash(browser))
        .await
        .unwrap();
    interaction.id
}

/// What the person has answered to it.
pub(crate) async fn answers(world: &World, browser: &Browser, id: &InteractionId) -> Answers {
    let tx = world.service.store().read();
    store::interactions::find(&tx, id, &browser_hash(browser))
        .await
        .unwrap()
        .unwrap()
        .answers
}

fn browser_hash(browser: &Browser) -> TokenHash {
    TokenHash::of(browser.cookies.get("denizen_browser").unwrap())
}
