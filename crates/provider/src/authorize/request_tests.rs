use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn raw(changes: &[(&str, &str)]) -> Raw {
    let usual = [("response_type", "code"), ("scope", "openid")];
    let usual = usual
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    Raw::new(
        usual
            .chain(changes)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn parse(changes: &[(&str, &str)]) -> Result<Request, AuthorizeError> {
    Request::parse(&raw(changes))
}

fn level(number: u8) -> Level {
    Level::new(number).expect("a level")
}

#[test]
fn the_least_request_is_read() {
    let request = parse(&[]).expect("reads");
    assert_eq!(request.scopes.to_string(), "openid");
    assert_eq!(
        (request.nonce, request.code_challenge, request.max_age),
        (None, None, None)
    );
    assert_eq!(
        (request.prompt, request.level),
        (Prompt::default(), AskedLevel::Nothing)
    );
}

#[test]
fn attack_017_every_known_parameter_may_be_there_once() {
    for name in KNOWN.into_iter().filter(|name| *name != REPEATABLE) {
        let twice = raw(&[(name, ""), (name, "x")]);
        assert_eq!(twice.one(name), Err(AuthorizeError::ParameterRepeated), "{name}");
        assert_eq!(
            Request::parse(&twice),
            Err(AuthorizeError::ParameterRepeated),
            "{name}"
        );
    }
    assert!(parse(&[("unknown", "1"), ("unknown", "2")]).is_ok());
}

#[test]
fn attack_019_021_only_codes_are_given_in_the_query_or_a_form() {
    for bad in ["token", "id_token", "code token", "none", "CODE", " code"] {
        assert_eq!(
            parse(&[("response_type", bad)]),
            Err(AuthorizeError::ResponseTypeUnsupported),
            "{bad}"
        );
    }
    assert_eq!(
        parse(&[("response_type", "")]),
        Err(AuthorizeError::ResponseTypeMissing)
    );
    for bad in [
        "fragment",
        "FORM_POST",
        "jwt",
        "query.jwt",
        "web_message",
        "query form_post",
    ] {
        assert_eq!(
            parse(&[("response_mode", bad)]),
            Err(AuthorizeError::ResponseModeUnsupported),
            "{bad}"
        );
    }
    for mode in ResponseMode::ALL {
        let request = parse(&[("response_mode", mode.as_str())]).expect("reads");
        assert_eq!(request.response_mode, mode);
    }
    assert_eq!(parse(&[("registration", "x")]), Err(AuthorizeError::Registration));
}

#[test]
fn attack_023_a_state_that_a_form_would_change_is_refused() {
    for state in ["a\r\nb", "a\nb", "a\rb", "a\0b"] {
        assert!(parse(&[("state", state)]).is_ok(), "{state:?}");
        assert_eq!(
            parse(&[("state", state), ("response_mode", "form_post")]),
            Err(AuthorizeError::StateNotForForm),
            "{state:?}"
        );
    }
}

#[test]
fn resources_are_absolute_addresses_and_a_key_is_a_thumbprint() {
    let resources = |changes: &[(&str, &str)]| parse(changes).map(|request| request.resources);
    let [one, two] = ["https://api.hefei.example/v1?x", "urn:hefei:api"].map(str::to_owned);
    let twice = [
        ("resource", one.as_str()),
        ("resource", &two),
        ("resource", &one),
        ("resource", ""),
    ];
    assert_eq!(resources(&twice), Ok(vec![one, two]));
    let long = format!("https://a.example/{}", "x".repeat(RESOURCE_BYTES_MAX));
    for bad in ["api", "/api", "https://a.example/#x", "https://", &long] {
        assert_eq!(
            resources(&[("resource", bad)]),
            Err(AuthorizeError::ResourceMalformed),
            "{bad}"
        );
    }
    let many: Vec<_> = (0..=RESOURCES_MAX).map(|n| format!("urn:x:{n}")).collect();
    let many: Vec<_> = many.iter().map(|text| ("resource", text.as_str())).collect();
    assert_eq!(resources(&many), Err(AuthorizeError::ResourceMalformed));

    let bound = parse(&[("dpop_jkt", CHALLENGE)]).expect("reads").dpop_jkt;
    assert_eq!(bound.as_deref(), Some(CHALLENGE));
    for bad in ["x", &format!("{CHALLENGE}="), &"+".repeat(43)] {
        assert_eq!(
            parse(&[("dpop_jkt", bad)]),
            Err(AuthorizeError::ThumbprintMalformed)
        );
    }
}

#[test]
fn attack_023_state_is_kept_whole_or_not_at_all() {
    let long = "s".repeat(STATE_BYTES_MAX);
    assert_eq!(raw(&[("state", &long)]).state(), Some(long.as_str()));
    let longer = format!("{long}s");
    assert_eq!(raw(&[("state", &longer)]).state(), None);
    assert_eq!(parse(&[("state", &longer)]), Err(AuthorizeError::StateTooLong));
    assert_eq!(
        parse(&[("nonce", &"n".repeat(513))]),
        Err(AuthorizeError::TooLong)
    );
}

#[test]
fn attack_027_prompt_and_max_age_are_read_strictly() {
    for bad in ["none login", "none consent", "none create", "login none"] {
        assert_eq!(
            parse(&[("prompt", bad)]),
            Err(AuthorizeError::PromptNoneNotAlone),
            "{bad}"
        );
    }
    for bad in ["x", "None", "login x", "login,consent"] {
        assert_eq!(
            parse(&[("prompt", bad)]),
            Err(AuthorizeError::PromptUnknown),
            "{bad}"
        );
    }
    let both = parse(&[("prompt", "consent login")]).expect("reads").prompt;
    assert!(both.consent && both.login && both.demands_sign_in());
    for bad in [
        "-1",
        "1e9",
        "abc",
        "1000000000",
        "31536001",
        "1.5",
        "+1",
        " 1",
        "٣",
    ] {
        assert_eq!(
            parse(&[("max_age", bad)]),
            Err(AuthorizeError::MaxAgeMalformed),
            "{bad}"
        );
    }
    for (good, seconds) in [("0", 0), ("15000", 15_000), ("31536000", 31_536_000)] {
        assert_eq!(
            parse(&[("max_age", good)]).expect("reads").max_age,
            Some(TimeDelta::seconds(seconds))
        );
    }
}

#[test]
fn attack_050_051_only_s256_challenges_are_taken() {
    let challenge = |challenge: &str, method: Option<&str>| {
        let mut changes = vec![("code_challenge", challenge)];
        changes.extend(method.map(|method| ("code_challenge_method", method)));
        parse(&changes).map(|request| request.code_challenge)
    };
    assert_eq!(challenge(CHALLENGE, Some("S256")), Ok(Some(CHALLENGE.to_owned())));
    for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("")] {
        assert_eq!(
            challenge(CHALLENGE, method),
            Err(AuthorizeError::ChallengeMethod),
            "{method:?}"
        );
    }
    for bad in [
        CHALLENGE.trim_end_matches('M'),
        &"a".repeat(129),
        &format!("{}+", CHALLENGE.trim_end_matches('M')),
        &format!("{CHALLENGE}="),
    ] {
        assert_eq!(
            challenge(bad, Some("S256")),
            Err(AuthorizeError::ChallengeMalformed),
            "{bad}"
        );
    }
    assert_eq!(challenge("", Some("S256")), Err(AuthorizeError::ChallengeMissing));
}

#[test]
fn attack_031_levels_that_are_not_ours_are_as_good_as_absent() {
    let asked = |changes: &[(&str, &str)]| parse(changes).expect("reads").level;
    assert_eq!(
        asked(&[(
            "acr_values",
            "1 urn:denizen:loa:9 urn:denizen:loa:2 urn:denizen:loa:4"
        )]),
        AskedLevel::Wished(level(2))
    );
    assert_eq!(asked(&[("acr_values", "1 2")]), AskedLevel::Nothing);
    assert_eq!(asked(&[("acr_values", " ")]), AskedLevel::Nothing);
    let claim = |how: &str| format!(r#"{{"id_token":{{"acr":{how}}}}}"#);
    let essential = claim(r#"{"essential":true,"values":["urn:denizen:loa:3","x"]}"#);
    assert_eq!(
        asked(&[("claims", &essential), ("acr_values", "urn:denizen:loa:1")]),
        AskedLevel::Demanded(vec![level(3)])
    );
    assert_eq!(
        asked(&[("claims", &claim(r#"{"essential":true,"value":"x"}"#))]),
        AskedLevel::Demanded(Vec::new())
    );
    assert_eq!(
        asked(&[("claims", &claim(r#"{"essential":true}"#))]),
        AskedLevel::Nothing
    );
    assert_eq!(
        asked(&[("claims", &claim(r#"{"values":["urn:denizen:loa:1"]}"#))]),
        AskedLevel::Wished(level(1))
    );
}

#[test]
fn attack_307_scopes_are_counted_before_they_are_read() {
    assert_eq!(
        parse(&[("scope", &"openid ".repeat(10_000))]),
        Err(AuthorizeError::ScopeTooLong)
    );
    assert_eq!(
        parse(&[("scope", &"a ".repeat(WORDS_MAX + 1))]),
        Err(AuthorizeError::ScopeTooLong)
    );
    for bad in ["", "profile", "OPENID"] {
        assert_eq!(
            parse(&[("scope", bad)]),
            Err(AuthorizeError::OpenidMissing),
            "{bad}"
        );
    }
    let scopes = parse(&[("scope", "phone  other address email openid")])
        .expect("reads")
        .scopes;
    assert_eq!(
        scopes.to_string(),
        "openid phone email",
        "what is not offered is ignored"
    );
}

#[test]
fn attack_033_a_login_hint_is_cut_and_loses_controls() {
    let request = parse(&[("login_hint", &format!("<b>\r\n{}", "合".repeat(10_000)))]).expect("reads");
    let hint = request.login_hint.expect("kept");
    assert!(hint.starts_with("<b>合") && hint.chars().count() == crate::authorize::raw::LOGIN_HINT_CHARS_MAX);
}

#[test]
fn only_a_plain_list_of_languages_is_passed_on() {
    assert_eq!(raw(&[("ui_locales", "vi en-GB")]).ui_locales(), Some("vi en-GB"));
    for bad in ["vi&interaction=x", "vi\r\n", "越", &"a".repeat(200)] {
        assert_eq!(raw(&[("ui_locales", bad)]).ui_locales(), None, "{bad}");
    }
}

#[test]
fn when_the_sign_in_must_have_been() {
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let after = |changes: &[(&str, &str)]| parse(changes).expect("reads").auth_after(now);
    assert_eq!(after(&[]), None);
    assert_eq!(after(&[("max_age", "60")]), Some(now - TimeDelta::seconds(60)));
    for prompt in ["login", "select_account", "create", "login consent"] {
        assert_eq!(
            after(&[("prompt", prompt), ("max_age", "60")]),
            Some(now),
            "{prompt}"
        );
    }
    assert_eq!(after(&[("prompt", "consent")]), None);
}

#[test]
fn attack_311_a_request_that_waits_is_small_and_reads_the_same() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let long = "x".repeat(50_000);
    let raw = |state: &str| {
        Raw::new([
            pair("client_id", "hefei"),
            pair("response_type", "code"),
            pair("scope", "openid"),
            pair("state", state),
            pair("claims", &format!("{{}}{}", " ".repeat(7100))),
            pair("display", &long),
            pair("claims_locales", &long),
            pair("ui_locales", &long),
            pair("login_hint", &long),
            pair("prompt", ""),
        ])
    };
    let small = raw("s");
    let names: Vec<_> = small
        .kept()
        .pairs()
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "client_id",
            "response_type",
            "scope",
            "state",
            "claims",
            "login_hint"
        ]
    );
    assert_eq!(Request::parse(&small.kept()), Request::parse(&small));
    assert!(Request::parse(&small).is_ok());
    let large = raw(&"s".repeat(STATE_BYTES_MAX));
    assert_eq!(Request::parse(&large), Err(AuthorizeError::RequestTooLong));
}

proptest::proptest! {
    #[test]
    fn any_parameters_are_read_or_refused(values in proptest::collection::vec("\\PC{0,60}", KNOWN.len())) {
        let pairs = KNOWN.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value));
        let _ = Request::parse(&Raw::new(pairs));
    }
}
