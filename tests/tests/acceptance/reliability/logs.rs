//! Whatever happens, nothing personal and nothing secret is in the log (A057, A290).

use acceptance::clients::Proof;
use acceptance::journey::{allow, ask_for_code, code_for, prove_name, prove_phone, read_captcha, sign_in};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup};

#[tokio::test]
async fn attack_057_290_no_code_token_name_number_or_password_is_ever_logged() {
    let levels = "info,server=trace,web=trace,account=trace,consent=trace,provider=trace,store=trace,jose=trace,model=trace";
    for kind in Kind::all() {
        let changes = format!("[log]\nfilter = \"{levels}\"\n");
        let mut world = Setup::new(kind).with(&changes).in_processes().start().await;
        let mut secrets: Vec<(&str, String)> = Vec::new();
        let person = world.outside.person().await;
        secrets.extend([
            ("the phone", person.phone.clone()),
            ("the name", person.name.clone()),
            ("the citizen id", person.citizen_id.clone()),
            ("the password", person.password.clone()),
        ]);

        // Registering with every mistake on the way.
        let mut visitor = Visitor::new(&world);
        visitor.open("/register").await;
        secrets.push(("a captcha", read_captcha(&visitor, &world).await));
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let code = world.outside.code(&person.phone, 1).await;
        secrets.push(("an SMS code", code.clone()));
        visitor
            .fill("sms_code", "000001")
            .fill("password", &person.password)
            .fill("password_again", "Planted-mistake-1")
            .fill("agree", "")
            .press("")
            .await;
        visitor
            .fill("sms_code", &code)
            .fill("password", &person.password)
            .fill("password_again", &person.password)
            .fill("agree", "")
            .press("")
            .await;
        secrets.push(("a mistyped password", "Planted-mistake-1".to_owned()));
        world.outside.fault_for("population-register", "garbage", 1).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("verify-waiting");
        visitor.open("/verify/population-register").await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("account-level");
        visitor.open("/verify/mobile-operator").await;
        prove_phone(&mut visitor, &world, &person).await;
        visitor.press("confirm").await;

        // Every credential of the protocol, right and wrong.
        let party = Party::new(&world, "basic");
        let Proof::Basic(secret) = &party.client.proof else {
            panic!("a secret")
        };
        secrets.push(("a client's secret", secret.clone()));
        let ask = party.ask().with("scope", "openid phone real_name");
        let code = code_for(&mut visitor, &party, &ask).await;
        let answer = party.redeem(&code, &ask).await;
        party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        party.userinfo(answer.access_token()).await;
        secrets.extend([
            ("a code", code),
            ("a verifier", ask.verifier.clone()),
            ("an access token", answer.access_token().to_owned()),
            ("an ID token", answer.id_token().to_owned()),
        ]);
        let key = Party::new(&world, "key");
        let assertion = key.assertion_fields(&key.assertion_claims(chrono::Utc::now()));
        secrets.push(("an assertion", assertion[1].1.clone()));
        let mut fields = key.redemption("planted-code-that-is-none", &ask);
        fields.extend(assertion);
        key.token_with(&fields, &[]).await;
        secrets.push(("a wrong code", "planted-code-that-is-none".to_owned()));
        // Where they do not belong.
        for place in [
            "/userinfo?access_token=PLANTED-IN-QUERY",
            "/token?client_secret=PLANTED-IN-QUERY",
            "/sign-in?password=PLANTED-IN-QUERY",
            "/PLANTED-IN-QUERY",
        ] {
            visitor.open(place).await;
        }
        secrets.push(("a secret in an address", "PLANTED-IN-QUERY".to_owned()));
        let correlation = visitor.page.correlation();

        // Signing in, wrongly too; sub-sites; signing out.
        let mut elsewhere = Visitor::new(&world);
        sign_in(&mut elsewhere, &person.phone, "Planted-mistake-2").await;
        elsewhere
            .fill("identifier", &person.citizen_id)
            .fill("password", &person.password)
            .press("")
            .await;
        secrets.push(("a wrong password", "Planted-mistake-2".to_owned()));
        elsewhere.open(&format!("{}/start", world.sites()[0])).await;
        allow(&mut elsewhere).await;
        for visitor in [&visitor, &elsewhere] {
            for name in ["denizen_session", "denizen_browser"] {
                secrets.extend(visitor.cookie(name).map(|value| ("a cookie", value)));
            }
        }
        elsewhere
            .open(
                &party
                    .ask()
                    .with("prompt", "login")
                    .with("login_hint", &person.phone)
                    .url(),
            )
            .await;
        secrets.extend(
            elsewhere
                .page
                .value("interaction")
                .map(|value| ("an interaction", value)),
        );
        secrets.extend(elsewhere.page.value("csrf").map(|value| ("a form token", value)));
        visitor.open("/account").await;
        visitor.press_action("/sign-out").await;

        assert!(world.process(0).terminate().await);
        let said = world.process(0).said();
        assert!(said.lines().count() > 50, "there is a log:\n{said}");
        for line in said.lines() {
            serde_json::from_str::<serde_json::Value>(line)
                .unwrap_or_else(|_| panic!("not structured: {line}"));
            for (what, secret) in &secrets {
                let six_digits = secret.len() == 6 && secret.chars().all(|c| c.is_ascii_digit());
                let found = if six_digits {
                    contains_number(line, secret)
                } else {
                    line.contains(secret.as_str())
                };
                assert!(!found, "{what} in the log: {line}");
            }
        }
        assert!(
            said.contains(&correlation),
            "lines can be found by the number on the page: {correlation}\n{said}"
        );
    }
}

/// Six digits that are a number of their own, and not a part of a time or an identifier.
fn contains_number(line: &str, number: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-')
        .any(|word| word == number)
}
