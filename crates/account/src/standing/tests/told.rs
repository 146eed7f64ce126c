//! What sub-sites that listen hear when sign-ins end and factors change.

use model::ids::AccountId;
use store::status_events::{self, AccountEvent, Credential, CredentialStep, Said};

use super::{PHONE, TO, account};
use crate::factors::testing::{with_app, with_codes, with_passkey};
use crate::signin::testing::{PASSWORD, resident, signed_in};
use crate::testing::{World, worlds};

const NEW: &str = "Lantern-771-harbour";

type Heard = (AccountEvent, Option<(Credential, CredentialStep)>);

/// A resident who uses two sub-sites, of which one listens. A third listens and does not know the person.
async fn known(world: &World) -> AccountId {
    let id = resident(world, PHONE).await;
    for (site, listens) in [("hefei", true), ("wuhu", false), ("stranger", true)] {
        world.site(site, listens, None).await;
    }
    for site in ["hefei", "wuhu"] {
        world.grant(id, site, "openid").await;
    }
    id
}

/// What the one that listens was told, in order of kinds, and that nobody else was told anything.
async fn heard(world: &World, id: AccountId) -> Vec<Heard> {
    let tx = world.service.store().read();
    let rows = status_events::of_account(&tx, id).await.unwrap();
    let mut heard: Vec<Heard> = Vec::new();
    for (notice, _) in rows {
        assert_eq!(notice.client.as_str(), "hefei", "{}", world.kind);
        if let Said::Account(happened) = notice.said {
            heard.push((happened.what, happened.credential));
        }
    }
    heard.sort_by_key(|(what, credential)| (*what, format!("{credential:?}")));
    heard
}

const REVOKED: Heard = (AccountEvent::SessionsRevoked, None);

const fn changed(credential: Credential, step: CredentialStep) -> Heard {
    (AccountEvent::CredentialChanged, Some((credential, step)))
}

#[tokio::test]
async fn ending_the_other_sign_ins_is_told_once_and_only_when_one_ended() {
    for world in worlds().await {
        let id = known(&world).await;
        let mut here = signed_in(&world, PHONE).await;
        signed_in(&world, PHONE).await;
        let page = here.get("/account/security").await;
        let others = [("others", "yes")];
        for time in ["one ended", "nothing is left to end"] {
            let ended = here.post("/account/security/end", &page, &others).await;
            assert!(ended.location.is_some(), "{}", ended.body);
            assert_eq!(heard(&world, id).await, [REVOKED], "{time}");
        }
    }
}

#[tokio::test]
async fn this_was_not_me_revokes_sign_ins_and_holding_the_account_disables_it() {
    for world in worlds().await {
        let id = known(&world).await;
        signed_in(&world, PHONE).await;
        let mut mine = signed_in(&world, PHONE).await;
        let page = mine.get("/account/security").await;
        let at = page
            .body
            .find("/account/security/not-me?entry=")
            .expect("an entry");
        let link: String = page
            .body
            .split_at(at)
            .1
            .chars()
            .take_while(|letter| *letter != '"')
            .collect();
        let entry = link.split_once('=').unwrap().1.to_owned();
        let ask = mine.get(&link).await;
        let path = "/account/security/not-me";
        mine.post(path, &ask, &[("entry", &entry)]).await;
        assert_eq!(heard(&world, id).await, [REVOKED], "{}", world.kind);
        mine.post(path, &ask, &[("entry", &entry), ("hold", "yes")]).await;
        assert_eq!(
            heard(&world, id).await,
            [(AccountEvent::Disabled, None), REVOKED],
            "{:?}",
            account(&world, id).await.status
        );
    }
}

#[tokio::test]
async fn a_new_password_on_the_page_or_by_recovery_is_told_with_the_end_of_sign_ins() {
    for world in worlds().await {
        let id = known(&world).await;
        let mut browser = signed_in(&world, PHONE).await;
        signed_in(&world, PHONE).await;
        let path = "/account/security/password";
        let page = browser.get(path).await;
        let fields = [("current", PASSWORD), ("password", NEW), ("password_again", NEW)];
        let done = browser.post(path, &page, &fields).await;
        assert!(done.location.is_some(), "{}", done.body);
        let password = changed(Credential::Password, CredentialStep::Update);
        assert_eq!(heard(&world, id).await, [password, REVOKED], "{}", world.kind);

        let mut browser = world.browser();
        let page = browser.get("/recover").await;
        let captcha = browser.look_at_captcha(&page).await;
        let fields = [("phone", PHONE), ("captcha", captcha.as_str())];
        browser.post("/recover", &page, &fields).await;
        let page = browser.get("/recover/code").await;
        let code = world.code(TO).await;
        browser.post("/recover/code", &page, &[("sms_code", &code)]).await;
        let page = browser.get("/recover/password").await;
        let fields = [("password", "wqzplm83"), ("password_again", "wqzplm83")];
        let done = browser.post("/recover/password", &page, &fields).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        assert_eq!(heard(&world, id).await, [password, password, REVOKED, REVOKED]);
    }
}

#[tokio::test]
async fn factors_that_come_are_told_by_their_kind_and_codes_on_paper_are_not() {
    for world in worlds().await {
        let id = known(&world).await;
        let mut browser = signed_in(&world, PHONE).await;
        with_codes(&mut browser).await;
        assert_eq!(heard(&world, id).await, [], "no word for them");
        with_app(&world, &mut browser).await;
        let app = changed(Credential::App, CredentialStep::Create);
        assert_eq!(heard(&world, id).await, [app], "{}", world.kind);
        let mut other = signed_in_anew(&world).await;
        with_passkey(&mut other.1, b"a key of the person").await;
        let key = changed(Credential::Passkey, CredentialStep::Create);
        assert_eq!(heard(&world, other.0).await, [key]);
    }
}

/// Somebody else, who uses the same sub-site.
async fn signed_in_anew(world: &World) -> (AccountId, crate::testing::Browser) {
    let phone = "13800000002";
    let id = resident(world, phone).await;
    world.grant(id, "hefei", "openid").await;
    (id, signed_in(world, phone).await)
}
