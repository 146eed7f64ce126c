//! Factors of people in tests: an authenticator application, a passkey in software, a printed code.

use zeroize::Zeroizing;

use super::soft::{Soft, Ways};
use super::totp;
use crate::testing::{Browser, Seen, World};

/// What a page asks the browser.
pub(crate) fn options(page: &Seen) -> String {
    let (_, rest) = page.body.split_once("data-passkey=\"").expect("options");
    let text = rest.split('"').next().unwrap();
    text.replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The secret that a page spells.
pub(crate) fn secret(page: &Seen) -> Zeroizing<Vec<u8>> {
    let (_, rest) = page.body.split_once("data-secret>").expect("a secret");
    let spelled: String = rest.split('<').next().unwrap().replace(' ', "");
    Zeroizing::new(totp_rs::Secret::try_from_base32(&spelled).unwrap().to_vec())
}

/// Sets an authenticator application up in a browser whose sign-in is fresh; answers its secret.
pub(crate) async fn with_app(world: &World, browser: &mut Browser) -> Zeroizing<Vec<u8>> {
    let page = browser.get("/account/security/authenticator/new").await;
    assert_eq!(
        page.page(),
        Some("account-authenticator-new"),
        "{:?}",
        page.location
    );
    let secret = secret(&page);
    let code = totp::code_at(&secret, world.clock.now());
    let fields = [("code", code.as_str()), ("name", "Old phone")];
    let seen = browser
        .post("/account/security/authenticator/new", &page, &fields)
        .await;
    assert_eq!(
        seen.location.as_deref(),
        Some("/account/security/authenticator?done=added")
    );
    secret
}

/// Sends what an authenticator makes.
pub(crate) async fn send_new(browser: &mut Browser, soft: &mut Soft, ways: &Ways) -> Seen {
    let page = browser.get("/account/security/passkeys/new").await;
    assert_eq!(page.page(), Some("account-passkey-new"), "{:?}", page.location);
    let answer = soft.make(&options(&page), ways);
    let fields = [
        ("ceremony", page.hidden("ceremony").unwrap()),
        ("credential", answer.as_str()),
        ("name", "Work computer"),
    ];
    browser
        .post("/account/security/passkeys/new", &page, &fields)
        .await
}

/// Makes a passkey in a browser whose sign-in is fresh.
pub(crate) async fn with_passkey(browser: &mut Browser, id: &[u8]) -> Soft {
    let mut soft = Soft::new(id);
    let seen = send_new(browser, &mut soft, &Ways::default()).await;
    assert_eq!(
        seen.location.as_deref(),
        Some("/account/security/passkeys?done=added")
    );
    soft
}

/// Signs in with a passkey and nothing typed.
pub(crate) async fn sign_in_with(browser: &mut Browser, soft: &mut Soft) -> Seen {
    let page = browser.get("/sign-in").await;
    let sealed = page.hidden("passkey").unwrap().to_owned();
    let ways = Ways {
        user: Some(soft.user.clone()),
        ..Ways::default()
    };
    let credential = soft.prove(&options(&page), &ways).to_string();
    let fields = [
        ("method", "passkey"),
        ("identifier", ""),
        ("password", ""),
        ("passkey", sealed.as_str()),
        ("credential", credential.as_str()),
    ];
    browser.post("/sign-in", &page, &fields).await
}

/// Makes a sheet of recovery codes in a browser whose sign-in is fresh.
pub(crate) async fn with_codes(browser: &mut Browser) -> Vec<String> {
    let page = browser.get("/account/security/codes").await;
    let seen = browser.post("/account/security/codes", &page, &[]).await;
    assert_eq!(seen.location.as_deref(), Some("/account/security/codes/sheet"));
    let sheet = browser.get("/account/security/codes/sheet").await;
    let (_, list) = sheet.body.split_once("data-codes>").expect("codes");
    let list = list.split("</ol>").next().unwrap_or_default();
    let codes = list.split("<code>").skip(1);
    codes
        .filter_map(|rest| rest.split('<').next().map(str::to_owned))
        .collect()
}

/// The identifiers of the factors on a list.
pub(crate) fn ids(page: &Seen) -> Vec<String> {
    let links = page.body.split("factors/remove?id=").skip(1);
    links
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect()
}

/// Answers the page that asks for a proof; where it leads.
pub(crate) async fn confirm(browser: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Seen {
    let page = browser.get(at).await;
    assert_eq!(page.page(), Some("account-confirm"), "{:?}", page.location);
    let need = page.hidden("need").map(str::to_owned);
    let ceremony = page.hidden("ceremony").map(str::to_owned);
    let mut all = fields.to_vec();
    if let Some(need) = &need {
        all.push(("need", need));
    }
    if let Some(ceremony) = &ceremony {
        all.push(("ceremony", ceremony));
    }
    browser.post("/account/confirm", &page, &all).await
}

/// The same with a passkey.
pub(crate) async fn confirm_with(browser: &mut Browser, at: &str, soft: &mut Soft, ways: &Ways) -> Seen {
    let page = browser.get(at).await;
    assert_eq!(page.page(), Some("account-confirm"), "{:?}", page.location);
    let answer = soft.prove(&options(&page), ways).to_string();
    let need = page.hidden("need").map(str::to_owned).unwrap_or_default();
    let fields = [
        ("method", "passkey"),
        ("need", need.as_str()),
        ("ceremony", page.hidden("ceremony").unwrap()),
        ("credential", answer.as_str()),
    ];
    browser.post("/account/confirm", &page, &fields).await
}

/// Lets time pass, in seconds.
pub(crate) fn wait(world: &World, seconds: i64) {
    world.clock.advance(chrono::TimeDelta::seconds(seconds));
}
