//! Guessing passwords, codes and captchas, and finding out who has an account.

use acceptance::journey::{ask_for_code, confirm, newcomer, read_captcha, register, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

/// Everything of an answer that somebody could compare, without what is random.
fn comparable(visitor: &Visitor, typed: &[&str]) -> String {
    let mut html = visitor.page.html.clone();
    for form in visitor.page.forms() {
        for field in form
            .fields
            .iter()
            .filter(|field| field.kind == "hidden" && !field.value.is_empty())
        {
            html = html.replace(&field.value, "HIDDEN");
        }
    }
    if let Some(challenge) = challenge(&html) {
        html = html.replace(&challenge, "CHALLENGE");
    }
    html = html.replace(&visitor.page.correlation(), "CORRELATION");
    for typed in typed {
        html = html.replace(typed, "TYPED");
    }
    let mut headers: Vec<String> = visitor.headers.iter().map(|(name, _)| name.to_string()).collect();
    headers.retain(|name| name != "x-request-id" && name != "date");
    headers.sort();
    let cookies: Vec<String> = visitor
        .hops
        .iter()
        .flat_map(acceptance::visitor::Hop::cookies)
        .collect();
    let cookies: Vec<&str> = cookies.iter().filter_map(|line| line.split('=').next()).collect();
    format!("{}\n{headers:?}\n{cookies:?}\n{html}", visitor.status)
}

/// The random part of the question that passkeys are asked; all else of it is compared.
fn challenge(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("data-passkey=")?;
    let (_, rest) = rest.split_once("challenge")?;
    let (_, rest) = rest.split_once(':')?;
    let (_, value) = rest.split_once(';')?;
    value.split('&').next().map(str::to_owned)
}

#[tokio::test]
async fn attack_203_207_nobody_learns_who_has_an_account() {
    for world in World::shared().await {
        let (_, known) = newcomer(&world).await;
        let (_, frozen) = newcomer(&world).await;
        world.freeze(&frozen.e164()).await;
        let unknown = Person::new();
        let mut answers = Vec::new();
        for person in [&known, &frozen, &unknown] {
            let mut visitor = Visitor::new(&world);
            let mut seen = Vec::new();
            // The third failure brings the captcha, for everybody alike.
            for attempt in 0..5 {
                if visitor.page.name() != "sign-in" {
                    visitor.open("/sign-in").await;
                }
                if visitor.page.form_with("captcha").is_some() {
                    let captcha = read_captcha(&visitor, &world).await;
                    visitor.fill("captcha", &captcha);
                }
                let password = if attempt == 4 {
                    "right-or-not"
                } else {
                    "wrong-password-1"
                };
                visitor
                    .fill("identifier", &person.phone)
                    .fill("password", password)
                    .press("")
                    .await;
                visitor.sees("sign-in");
                seen.push(comparable(&visitor, &[&person.phone]));
            }
            assert!(
                visitor.page.form_with("captcha").is_some(),
                "A captcha after failures"
            );
            answers.push(seen);
        }
        assert_eq!(answers[0], answers[1], "frozen");
        assert_eq!(answers[0], answers[2], "unknown");
        // The right password of a frozen account is as wrong as any other.
        let mut visitor = Visitor::new(&world);
        let (_, other) = newcomer(&world).await;
        world.freeze(&other.e164()).await;
        sign_in(&mut visitor, &other.phone, &other.password).await;
        let right = comparable(&visitor, &[&other.phone]);
        let mut visitor = Visitor::new(&world);
        let nobody = Person::new();
        sign_in(&mut visitor, &nobody.phone, &nobody.password).await;
        assert_eq!(right, comparable(&visitor, &[&nobody.phone]));
    }
}

#[tokio::test]
async fn attack_203_207_registering_says_nothing_about_other_accounts_either() {
    for world in World::shared().await {
        let (_, known) = newcomer(&world).await;
        let unknown = Person::new();
        let mut answers = Vec::new();
        for phone in [&known.phone, &unknown.phone] {
            let mut visitor = Visitor::new(&world);
            let before = world.outside.message_count(phone).await;
            ask_for_code(&mut visitor, &world, phone).await;
            visitor.sees("register-confirm");
            let masked = format!("{}****{}", &phone[..3], &phone[7..]);
            let mut seen = vec![comparable(&visitor, &[&masked])];
            acceptance::wait::until_true(
                "a message to both",
                std::time::Duration::from_secs(10),
                || async { world.outside.message_count(phone).await == before + 1 },
            )
            .await;
            for _ in 0..6 {
                let fields = [
                    ("sms_code", "000001"),
                    ("password", "Long-enough-1"),
                    ("password_again", "Long-enough-1"),
                    ("agree", ""),
                ];
                for (name, value) in fields {
                    visitor.fill(name, value);
                }
                visitor.press("").await;
                visitor.sees("register-confirm");
                seen.push(comparable(&visitor, &[&masked]));
            }
            answers.push(seen);
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[tokio::test]
async fn failed_tries_are_limited_by_identifier_with_an_honest_answer() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[account.signin]\nidentifier_limit = 6")
            .with_own_clock()
            .start()
            .await;
        let (_, person) = newcomer(&world).await;
        let mut last = Visitor::new(&world);
        for attempt in 0..7 {
            // Another address and browser each time.
            let mut visitor = Visitor::new(&world);
            visitor.open("/sign-in").await;
            visitor
                .fill("identifier", &person.phone)
                .fill("password", "wrong-password-1")
                .press("")
                .await;
            if visitor.page.form_with("captcha").is_some()
                && visitor.page.wrong_fields().contains(&"captcha".to_owned())
            {
                let captcha = read_captcha(&visitor, &world).await;
                visitor
                    .fill("captcha", &captcha)
                    .fill("password", "wrong-password-1")
                    .press("")
                    .await;
            }
            assert!(attempt == 6 || visitor.status.as_u16() != 429, "try {attempt}");
            last = visitor;
        }
        assert_eq!(last.status.as_u16(), 429);
        let wait: i64 = last.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .expect("seconds");
        assert!((1..=900).contains(&wait), "{wait}");
        // The owner waits as said, and is let in.
        world.advance(TimeDelta::seconds(wait + 1));
        let mut owner = Visitor::new(&world);
        sign_in(&mut owner, &person.phone, &person.password).await;
        owner.sees("account");
    }
}

#[tokio::test]
async fn attack_213_of_32_guesses_at_once_only_five_count_and_none_more() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let code = world.outside.code(&person.phone, 1).await;
        let guesses = (0..32).map(|number| {
            let mut guesser = visitor.clone();
            let guess = format!(
                "{:06}",
                (code.parse::<u32>().expect("digits") + 1 + number) % 1_000_000
            );
            tokio::spawn(async move {
                guesser
                    .fill("sms_code", &guess)
                    .fill("password", "Long-enough-1")
                    .fill("password_again", "Long-enough-1");
                guesser.fill("agree", "").press("").await;
                assert_eq!(guesser.page.name(), "register-confirm");
            })
        });
        for guess in guesses.collect::<Vec<_>>() {
            guess.await.expect("refused");
        }
        // Even the right code is dead now.
        visitor
            .fill("sms_code", &code)
            .fill("password", &person.password)
            .fill("password_again", &person.password);
        visitor.fill("agree", "").press("").await;
        visitor.sees("register-confirm");
        visitor.sees_error_at("sms_code");
    }
}

#[tokio::test]
async fn attack_214_215_217_a_code_is_for_its_purpose_phone_and_browser_once_and_for_a_while() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        // A215: another phone in another browser.
        let (one, two) = (world.outside.person().await, world.outside.person().await);
        let (mut first, mut second) = (Visitor::new(&world), Visitor::new(&world));
        ask_for_code(&mut first, &world, &one.phone).await;
        ask_for_code(&mut second, &world, &two.phone).await;
        let (code_one, code_two) = (
            world.outside.code(&one.phone, 1).await,
            world.outside.code(&two.phone, 1).await,
        );
        if code_one != code_two {
            try_code(&mut second, &code_one, &two).await;
            second.sees_error_at("sms_code");
        }
        // The same phone in another browser: only the newest code of that browser counts there.
        let mut third = Visitor::new(&world);
        world.advance(TimeDelta::seconds(61));
        ask_for_code(&mut third, &world, &one.phone).await;
        world.outside.code(&one.phone, 2).await;
        try_code(&mut third, &code_one, &one).await;
        if world.outside.code(&one.phone, 2).await != code_one {
            third.sees_error_at("sms_code");
        }
        // A217: after its time.
        world.advance(TimeDelta::minutes(6));
        try_code(&mut second, &code_two, &two).await;
        second.sees_error_at("sms_code");
        // A214: a code for raising the level does not sign up anybody, nor does one for signing up raise a level.
        let (mut visitor, person) = newcomer(&world).await;
        world.advance(TimeDelta::minutes(11));
        visitor.open("/verify/population-register").await;
        visitor.sees("verify-confirm-phone");
        let before = world.outside.message_count(&person.phone).await;
        visitor.press("resend").await;
        let raise = world.outside.code(&person.phone, before + 1).await;
        let mut fresh = visitor.clone();
        fresh.open("/register").await;
        world.advance(TimeDelta::seconds(61));
        ask_for_code(&mut fresh, &world, &person.phone).await;
        try_code(&mut fresh, &raise, &person).await;
        fresh.sees("register-confirm");
        fresh.sees_error_at("sms_code");
        // Used once, it is nothing the second time, in another sign-in of the same browser.
        visitor.fill("code", &raise).press("").await;
        visitor.sees("verify-population-register");
        visitor.open("/account").await;
        visitor.press_action("/sign-out").await;
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.open("/verify/confirm-phone").await;
        visitor.sees("verify-confirm-phone");
        let csrf = visitor.page.form_with("then").expect("the form").fields;
        let csrf = csrf
            .into_iter()
            .find(|field| field.name == "csrf")
            .expect("a token")
            .value;
        visitor
            .post("/verify/confirm-phone", &[("csrf", &csrf), ("code", &raise)])
            .await;
        visitor.sees("verify-confirm-phone");
        visitor.sees_error_at("code");
    }
}

async fn try_code(visitor: &mut Visitor, code: &str, person: &Person) {
    visitor.open("/register/confirm").await;
    visitor
        .fill("sms_code", code)
        .fill("password", &person.password)
        .fill("password_again", &person.password);
    visitor.fill("agree", "").press("").await;
}

#[tokio::test]
async fn attack_218_219_a_captcha_is_answered_once_in_its_browser_and_never_left_out() {
    for world in World::shared().await {
        let person = Person::new();
        let mut visitor = Visitor::new(&world);
        visitor.open("/register").await;
        let (id, answer) = (
            visitor.page.value("captcha_id").expect("an id"),
            read_captcha(&visitor, &world).await,
        );
        let csrf = visitor.page.form_with("captcha").expect("a form").fields;
        let csrf = csrf
            .into_iter()
            .find(|field| field.name == "csrf")
            .expect("a token")
            .value;
        let mut other = Visitor::new(&world);
        other.open("/register").await;
        let others = other.page.value("captcha_id").expect("an id");
        let others_answer = read_captcha(&other, &world).await;
        for (case, fields) in [
            ("missing", vec![]),
            ("empty", vec![("captcha", ""), ("captcha_id", id.as_str())]),
            ("no id", vec![("captcha", answer.as_str())]),
            ("an empty id", vec![("captcha", &answer), ("captcha_id", "")]),
            (
                "a made-up id",
                vec![
                    ("captcha", &answer),
                    ("captcha_id", "01890a5d-ac96-774b-bcce-b302099a8057"),
                ],
            ),
            (
                "solved for another browser",
                vec![("captcha", &others_answer), ("captcha_id", &others)],
            ),
            ("an array", vec![("captcha[]", &answer), ("captcha_id", &id)]),
        ] {
            let mut sent = vec![
                ("csrf", csrf.as_str()),
                ("kind", "resident"),
                ("phone", person.phone.as_str()),
            ];
            sent.extend(fields);
            let mut attempt = visitor.clone();
            attempt.post("/register", &sent).await;
            assert_eq!(attempt.page.name(), "register", "{case}");
            assert!(
                attempt.page.wrong_fields().contains(&"captcha".to_owned()),
                "{case}"
            );
        }
        assert_eq!(
            world.outside.message_count(&person.phone).await,
            0,
            "HB-14: no message without a captcha"
        );
        // It is good once.
        let again = visitor.clone();
        visitor
            .fill("phone", &person.phone)
            .fill("captcha", &answer.to_lowercase())
            .press("")
            .await;
        visitor.sees("register-confirm");
        let mut again = again;
        again
            .fill("phone", &Person::new().phone)
            .fill("captcha", &answer)
            .press("")
            .await;
        again.sees("register");
        again.sees_error_at("captcha");
    }
}

#[tokio::test]
async fn attack_210_211_bad_passwords_are_refused_and_good_ones_work_however_they_are_typed() {
    let world = World::any().await;
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(&world);
    ask_for_code(&mut visitor, &world, &person.phone).await;
    let code = world.outside.code(&person.phone, 1).await;
    let own = format!("x{}", person.phone);
    let too_long = "aB3".repeat(23);
    let huge = "x1".repeat(15_000);
    for bad in [
        "short1",
        "abcdefgh",
        "12345678",
        "password1",
        "Passw0rd",
        "qwerty123",
        own.as_str(),
        &too_long,
        &huge,
        "with\u{7}bell1",
        "",
    ] {
        visitor
            .fill("sms_code", &code)
            .fill("password", bad)
            .fill("password_again", bad)
            .fill("agree", "")
            .press("")
            .await;
        visitor.sees("register-confirm");
        visitor.sees_error_at("password");
        assert!(
            bad.len() < 3 || !visitor.page.html.contains(&format!("value=\"{bad}\"")),
            "A211: never echoed"
        );
    }
    let composed = "M\u{1ead}tkh\u{1ea9}u-đẹp-2026";
    let decomposed = "Ma\u{323}\u{302}tkha\u{302}\u{309}u-đe\u{323}p-2026";
    visitor
        .fill("sms_code", &code)
        .fill("password", composed)
        .fill("password_again", decomposed)
        .fill("agree", "")
        .press("")
        .await;
    visitor.sees("verify-population-register");
    let mut elsewhere = Visitor::new(&world);
    sign_in(&mut elsewhere, &person.phone, decomposed).await;
    elsewhere.sees("account");
    // 64 characters of anything printable.
    let person = world.outside.person().await;
    let long = Person {
        password: "密码🔐 `~!_@#$%*^&()<>\"'\\;|?/1aB"
            .chars()
            .cycle()
            .take(64)
            .collect(),
        ..person
    };
    let mut visitor = Visitor::new(&world);
    register(&mut visitor, &world, &long).await;
    let mut elsewhere = Visitor::new(&world);
    sign_in(&mut elsewhere, &long.phone, &long.password).await;
    elsewhere.sees("account");
}

#[tokio::test]
async fn attack_222_a_message_holds_nothing_that_anybody_typed() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let text = world.outside.messages(&person.phone).await;
        let first = world.outside.code(&person.phone, 1).await;
        confirm(&mut visitor, &world, &person).await;
        let text = [text, world.outside.messages(&person.phone).await].concat();
        for message in text {
            let words = message["text"].as_str().expect("text");
            assert!(words.contains(&first), "the code");
            assert!(
                !words.contains(&person.phone) && !words.contains("http"),
                "{words}"
            );
        }
    }
}
