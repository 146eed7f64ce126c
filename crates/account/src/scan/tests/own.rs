//! A device on which the person was signed in before by themselves, and is let in by the phone now.

use super::*;

#[tokio::test]
async fn attack_225_a_device_that_was_let_in_is_asked_for_a_proof_also_where_the_owner_had_signed_in_before()
{
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let own = signed_in(&world, PHONE).await;
        let before = live(&world, &own).await.unwrap().id;
        // It lapsed; the sign-in is the same one when its person comes again.
        world.clock.advance(TimeDelta::minutes(61));
        let mut phone = signed_in(&world, PHONE).await;
        let mut device = waiting_in(own).await;
        let (path, number) = (device.path.clone(), device.number.clone());
        answer(&mut phone, &path, &number, "allow").await;
        let done = finish(&mut device).await;
        assert_eq!(done.location.as_deref(), Some("/account"), "{}", world.kind);
        let session = live(&world, &device.browser).await.unwrap();
        assert_eq!((session.account.id, session.id), (account, before));
        assert!(session.methods.contains(Method::Scan));
        for page in [
            "/account/export",
            "/account/export.json",
            "/account/security/passkeys/new",
            "/account/security/authenticator/new",
            "/account/security/password",
        ] {
            let asked = device.browser.get(page).await.location.unwrap_or_default();
            assert!(
                asked.starts_with("/account/confirm?"),
                "{page}: {asked} {}",
                world.kind
            );
        }
        // What is typed on the device itself counts.
        let at = device.browser.get("/account/security/passkeys/new").await;
        let fields = [
            ("method", "password"),
            ("password", crate::signin::testing::PASSWORD),
        ];
        let at = at.location.unwrap();
        crate::factors::testing::confirm(&mut device.browser, &at, &fields).await;
        let page = device.browser.get("/account/security/passkeys/new").await;
        assert_eq!(page.page(), Some("account-passkey-new"), "{}", world.kind);
    }
}
