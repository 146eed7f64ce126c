//! Every page of this part for every role.

use super::*;

#[tokio::test]
async fn attack_321_every_page_of_reviewing_for_every_role() {
    for desks in desks().await {
        let (_, number) = desks.documents().await;
        let picture = desks.picture(&number).await;
        let here = |step: &str| step_of(&number, step).to_string();
        // The answers to a GET by somebody who does not hold the case: 403 without the right, 404 where only the holder
        // finds something.
        let table = [
            ("/operator/queue".to_owned(), [200, 200, 403, 403]),
            (here(""), [200, 200, 403, 403]),
            (picture, [404, 404, 403, 403]),
            (here("/override"), [403, 404, 403, 403]),
            ("/operator/counter".to_owned(), [200, 200, 403, 403]),
        ];
        for (column, role) in Role::ALL.into_iter().enumerate() {
            let (mut browser, _) = desks.world.signed_in(role.as_str(), &[role]).await;
            for (path, expected) in &table {
                let seen = browser.get(path).await;
                assert_eq!(
                    seen.status.as_u16(),
                    expected[column],
                    "{path} as {}",
                    role.as_str()
                );
                assert!(!seen.body.contains(NUMBER));
            }
            for step in ["/claim", "/release", "/register", "/decide"] {
                let seen = browser.get(&here(step)).await;
                assert_eq!(seen.status.as_u16(), 405, "{step}");
            }
        }
        let mut nobody = desks.world.browser();
        for (path, _) in &table {
            let seen = nobody.get(path).await;
            let to = seen.location.unwrap_or_default();
            assert!(to.starts_with("/operator/sign-in"), "{path}: {to}");
        }
        assert!(desks.history(&number).await.is_empty());
    }
}

#[tokio::test]
async fn attack_321_steps_are_refused_without_the_right_even_with_a_good_form() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let key = CsrfKey::new([7; 32]);
        for role in [Role::Auditor, Role::Administrator] {
            let (mut browser, _) = desks.world.signed_in(role.as_str(), &[role]).await;
            browser.get("/operator").await;
            let cookie = browser.cookies.get("denizen_browser").unwrap().clone();
            let hash = model::secret::TokenHash::of(&cookie);
            for (step, form) in [
                ("/claim", "operator-step"),
                ("/release", "operator-step"),
                ("/register", "operator-step"),
                ("/decide", "operator-decide"),
            ] {
                let token = key.token(&hash, form);
                let fields = [("csrf", token.as_str()), ("choice", "approve:documents_agree")];
                let fields = if form == "operator-step" {
                    &fields[..1]
                } else {
                    &fields[..]
                };
                let seen = browser.post_raw(step_of(&number, step).as_str(), fields).await;
                assert_eq!(seen.status.as_u16(), 403, "{step} as {}", role.as_str());
            }
        }
        assert_eq!(desks.level(account).await, 0);
    }
}

#[test]
fn every_text_of_reviewing_is_there_in_every_language() {
    let texts = web::language::Texts::new(&[web::language::MESSAGES, account::MESSAGES, MESSAGES]).unwrap();
    assert_eq!(texts.missing().len(), 0, "{:?}", texts.missing());
    for language in Language::ALL {
        for reason in model::review::Reason::ALL {
            assert!(texts.has(language, reason.text()), "{}", reason.text());
            if !reason.is_for(model::review::Act::SendBack) {
                assert!(texts.has(language, reason.told()), "{}", reason.told());
            }
        }
        for happening in model::review::Happening::ALL {
            assert!(texts.has(language, happening.text()), "{}", happening.text());
        }
    }
}

#[test]
fn the_settings_have_no_faults_and_two_people_cannot_be_switched_off_above_level_three() {
    let config = super::super::Config::default();
    assert!(config.faults().is_empty());
    let wrong = super::super::Config {
        lease_minutes: 0,
        four_eyes_from: 4,
        override_days: 0,
    };
    assert_eq!(wrong.faults().len(), 3);
}
