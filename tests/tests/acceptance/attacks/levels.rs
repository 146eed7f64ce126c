//! Getting more than one's level is worth: tokens of a low level, companies of other people, states that a stranger
//! makes up.

use acceptance::journey::{allow, ask_for_code, confirm, read_captcha, resident, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::World;

/// The last request of a sub-site that the browser carried to the provider, without what asks for a level.
fn without_wishes(visitor: &Visitor) -> String {
    let requests = visitor.history.iter().rev();
    let mut request = requests
        .map(|hop| hop.url.clone())
        .find(|url| url.path() == "/authorize")
        .expect("a request to the provider");
    let kept: Vec<(String, String)> = request
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| !matches!(name.as_str(), "acr_values" | "claims" | "max_age"))
        .collect();
    request.query_pairs_mut().clear().extend_pairs(kept);
    request.to_string()
}

#[tokio::test]
async fn attack_249_a_token_of_a_low_level_opens_nothing_that_needs_a_higher_one() {
    for world in World::shared().await {
        for site in &world.sites()[..2] {
            let (mut visitor, _) = resident(&world).await;
            // Asked for low, by a link that anybody can make.
            visitor.open(&format!("{site}/start?acr=0")).await;
            allow(&mut visitor).await;
            visitor.sees("home");
            visitor
                .open(&format!("{site}/services/provident-fund?asked=1"))
                .await;
            visitor.sees("level-needed");
            assert_eq!(visitor.status.as_u16(), 403);
            // The records office is shown that token as well, and wants more than it says.
            visitor.open(&format!("{site}/my/tax-file")).await;
            visitor.sees("account-level");
            visitor.press("decline").await;
            visitor.sees("level-needed");
            assert_eq!(
                visitor.page.text_of("#error-code"),
                "insufficient_user_authentication"
            );
            // What the site demands is taken out of its request on the way, and the answer brought back to it.
            visitor
                .open(&format!("{site}/start?service=provident-fund"))
                .await;
            visitor.sees("account-level");
            let lowered = without_wishes(&visitor);
            visitor.open(&lowered).await;
            visitor.sees("level-needed");
            assert_eq!(visitor.page.text_of("#error-code"), "acr_too_low");
            visitor
                .open(&format!("{site}/services/provident-fund?asked=1"))
                .await;
            visitor.sees("level-needed");
        }
    }
}

/// What is typed on the second page of registering.
fn choice<'a>(code: &'a str, password: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("sms_code", code),
        ("password", password),
        ("password_again", password),
        ("agree", "yes"),
    ]
}

/// Sends the second page of registering with other fields, and with fields that it does not have.
async fn send(visitor: &mut Visitor, fields: &[(&str, &str)]) {
    visitor.sees("register-confirm");
    let form = visitor.page.form_with("draft").expect("the form");
    let mut all = form.defaults();
    all.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(fields.iter().copied())
        .collect();
    visitor.post("/register/confirm", &all).await;
}

#[tokio::test]
async fn attack_254_nobody_registers_a_company_while_companies_are_not_served() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        visitor.open("/register").await;
        let captcha = read_captcha(&visitor, &world).await;
        visitor
            .fill("kind", "organisation")
            .fill("phone", &person.phone)
            .fill("captcha", &captcha)
            .press("")
            .await;
        visitor.sees("register-organisation");
        assert_eq!(world.outside.message_count(&person.phone).await, 0);
        visitor.open("/register/confirm").await;
        visitor.sees("register");
        // Nor does the second page of a person's registration make one: the account is a person's.
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let code = world.outside.code(&person.phone, 1).await;
        let typed = choice(&code, &person.password);
        let made_up = [("kind", "organisation"), ("credit_code", "91340000MA2MXXXX0X")];
        send(&mut visitor, &[&typed[..], &made_up].concat()).await;
        visitor.sees("verify-population-register");
    }
}

#[tokio::test]
async fn attack_275_a_made_up_cookie_or_field_never_says_that_a_phone_was_checked() {
    for world in World::shared().await {
        let owner = world.outside.person().await;
        let mut victim = Visitor::new(&world);
        ask_for_code(&mut victim, &world, &owner.phone).await;
        let draft = victim.page.value("draft").expect("a draft");

        // A stranger without a code, who says in every place that it was checked.
        let mut stranger = Visitor::new(&world);
        for name in [
            "denizen_browser",
            "denizen_registration",
            "phone_verified",
            "checked",
        ] {
            stranger.set_cookie(name, Some(&draft));
        }
        stranger
            .open("/register/confirm?verified=yes&phone_verified=true")
            .await;
        stranger.sees("register");

        // With a registration and a code of their own, under the name of the other one.
        let own = Person::new();
        ask_for_code(&mut stranger, &world, &own.phone).await;
        let code = world.outside.code(&own.phone, 1).await;
        let typed = choice(&code, &own.password);
        let made_up = [
            ("draft", draft.as_str()),
            ("phone", &owner.phone),
            ("verified", "yes"),
        ];
        send(&mut stranger, &[&typed[..], &made_up].concat()).await;
        assert!(
            stranger.cookie("denizen_session").is_none(),
            "{}",
            stranger.page.name()
        );
        sign_in(&mut stranger, &owner.phone, &own.password).await;
        stranger.sees("sign-in");

        // The owner's registration is as it was.
        confirm(&mut victim, &world, &owner).await;
        victim.sees("verify-population-register");
    }
}
