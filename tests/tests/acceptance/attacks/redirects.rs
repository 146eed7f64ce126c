//! Redirect addresses: nobody is sent anywhere but to what is registered, byte for byte.

use acceptance::journey::{newcomer, sign_in};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::World;

/// The registered address.
const GOOD: &str = "https://basic.site.example/callback";

/// Fails unless the request ended on a page, without a redirect and with nothing of it repeated.
async fn is_page(visitor: &mut Visitor, url: &str, case: &str) {
    let before = visitor.cookie("denizen_session");
    visitor.open(url).await;
    assert_eq!(visitor.away, None, "{case:?} was sent away");
    assert!(
        [400, 403, 414].contains(&visitor.status.as_u16()),
        "{case:?}: {}",
        visitor.status
    );
    assert!(
        visitor.hops.iter().all(|hop| hop.location().is_none()),
        "{case:?}"
    );
    assert!(
        visitor.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store"),
        "{case:?}"
    );
    assert_eq!(
        visitor.cookie("denizen_session"),
        before,
        "{case:?} changed the session"
    );
    for part in ["evil", "alert("] {
        assert!(!visitor.page.html.contains(part), "{case:?} is repeated");
    }
}

/// Every way to write another address that a careless comparison would let through.
fn others() -> Vec<String> {
    let mut all = vec![String::new()];
    // Another host, the registered one as prefix, user information.
    all.extend(
        [
            "https://evil.example/callback",
            "https://basic.site.example.evil.example/callback",
            "https://basic.site.example@evil.example/callback",
            "https://basic.site.example:443@evil.example/callback",
            "https://user:pass@basic.site.example/callback",
            "http://localhost:80@evil.example",
            "https://evil.example#@basic.site.example/callback",
            "https://evil.example?https://basic.site.example/callback",
            "https://evil.example\\@basic.site.example/callback",
            "//evil.example/callback",
            "/callback",
            "callback",
            "https:/basic.site.example/callback",
            "https:basic.site.example/callback",
            "https:///basic.site.example/callback",
        ]
        .map(str::to_owned),
    );
    // Other paths.
    for path in [
        "/callback/",
        "/callback/../evil",
        "/callback/..%2fevil",
        "/callback/%2e%2e/evil",
        "/callback/%252e%252e/",
        "/callback/..;/evil",
        "/callback;x",
        "/callback%00",
        "/callback%0d%0aX: y",
        "/callback?x=1",
        "/callback?",
        "/callback&x=1",
        "/callback/second",
        "/Callback",
        "/CALLBACK",
        "/%63allback",
        "/./callback",
        "//callback",
        "/callback#",
        "/callback#fragment",
        "/callback%23",
        "/callback\\",
        "/callback%5c",
        "/callback ",
        "",
        "/callbackevil",
        "/callbac",
    ] {
        all.push(format!("https://basic.site.example{path}"));
    }
    // Case, ports, schemes.
    for start in [
        "HTTPS://basic.site.example",
        "https://BASIC.site.example",
        "https://basic.site.example:443",
        "https://basic.site.example:8443",
        "https://basic.site.example.",
        "http://basic.site.example",
        "https://www.basic.site.example",
        "ftp://basic.site.example",
        "https://basic%2esite.example",
        "https://basic.site.example%2f",
        "https://[basic.site.example]",
    ] {
        all.push(format!("{start}/callback"));
    }
    // Control characters and spaces around and inside.
    for character in [
        '\t', '\n', '\r', '\0', ' ', '\u{b}', '\u{a0}', '\u{200b}', '\u{feff}', '\u{2028}',
    ] {
        all.push(format!("{character}{GOOD}"));
        all.push(format!("{GOOD}{character}"));
        all.push(GOOD.replace("://", &format!(":{character}//")));
        all.push(GOOD.replace("callback", &format!("call{character}back")));
    }
    all
}

#[tokio::test]
async fn attack_001_an_unknown_client_gets_a_page_whatever_its_redirect() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let mut visitor = Visitor::new(&world);
    for id in [
        "nobody",
        "",
        "basic ",
        "Basic",
        "basic\0",
        "ba sic",
        "../basic",
        "<script>alert(1)</script>",
        &"x".repeat(2000),
    ] {
        is_page(&mut visitor, &party.ask().with("client_id", id).url(), id).await;
    }
    is_page(
        &mut visitor,
        &party.ask().without("client_id").url(),
        "no client_id",
    )
    .await;
    is_page(
        &mut visitor,
        &party.ask().without("redirect_uri").url(),
        "no redirect_uri",
    )
    .await;
    is_page(
        &mut visitor,
        &party.ask().with("client_id", "disabled").url(),
        "A038: a disabled client",
    )
    .await;
}

#[tokio::test]
async fn attack_002_003_005_006_007_009_010_no_other_spelling_of_an_address_will_do() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    // Somebody who is signed in would be sent on at once.
    let (mut visitor, _) = newcomer(&world).await;
    for other in others() {
        is_page(
            &mut visitor,
            &party.ask().with("redirect_uri", &other).url(),
            &other,
        )
        .await;
    }
    is_page(
        &mut visitor,
        &party
            .ask()
            .with("redirect_uri", "https://sibling.site.example/callback")
            .url(),
        "another's",
    )
    .await;
}

#[tokio::test]
async fn attack_013_014_015_addresses_that_run_or_mislead_are_refused() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    for other in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "about:blank",
        "blob:x",
        "https://bаsic.site.example/callback",
        "https://basic。site.example/callback",
        "https://xn--bsic-6cd.site.example/callback",
        "https://xn--basic-.site.example/callback",
        "http://2130706433/callback",
        "http://0x7f.1/callback",
        "http://0177.0.0.1/callback",
        "http://[::1%25eth0]/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        is_page(
            &mut visitor,
            &party.ask().with("redirect_uri", other).url(),
            other,
        )
        .await;
    }
}

#[tokio::test]
async fn attack_011_no_return_address_leads_out_of_the_house() {
    let world = World::any().await;
    let (_, person) = newcomer(&world).await;
    let mut starts: Vec<String> = [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "/%2fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/ /evil.example",
        "https://evil.example",
        "https:evil.example",
        "http:/\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        ".evil.example",
        "@evil.example",
        "/.evil.example/..//evil.example",
        "/../../evil.example",
        "/%2e%2e//evil.example",
        "/;@evil.example",
        "/..;/evil.example",
        "/\u{a0}/evil.example",
        "/\u{2028}/evil.example",
        "/\u{ff0f}evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/\r\nSet-Cookie: a=b",
        "/account\u{0}",
        "?x=1",
        "#",
        "account",
        "~",
        "/%ff",
        "/account/%2e%2e%2f%2e%2e%2fevil.example",
        "/%252f%252fevil.example",
        "〱evil.example",
        "/〱evil.example",
        "/x:evil.example//",
    ]
    .map(str::to_owned)
    .into();
    starts.push(format!("/{}", "a".repeat(4000)));
    for return_to in starts {
        let mut visitor = Visitor::new(&world);
        let page = url::Url::parse_with_params(&world.at("/sign-in"), [("return_to", &return_to)]).unwrap();
        visitor.open(page.as_str()).await;
        if visitor.page.name() != "sign-in" {
            // Refused at once is as good.
            assert!(
                [400, 414].contains(&visitor.status.as_u16()),
                "{return_to:?}: {}",
                visitor.status
            );
            continue;
        }
        sign_in(&mut visitor, &person.phone, &person.password).await;
        assert_eq!(visitor.away, None, "{return_to:?}");
        let hop = &visitor.hops[0];
        let location = hop.headers["location"].to_str().expect("ASCII");
        assert!(
            location.starts_with('/') && !location.starts_with("//"),
            "{return_to:?} -> {location:?}"
        );
        assert!(
            !hop.location().expect("an address").as_str().contains("//evil"),
            "{return_to:?} -> {location:?}"
        );
        assert!(visitor.url.as_str().starts_with(&world.issuer), "{return_to:?}");
        assert!(
            hop.headers
                .get_all("set-cookie")
                .iter()
                .all(|line| line.to_str().unwrap().starts_with("denizen_"))
        );
    }
    // And a good one is followed.
    let mut visitor = Visitor::new(&world);
    visitor.open("/sign-in?return_to=%2Faccount%2Fsharing").await;
    sign_in(&mut visitor, &person.phone, &person.password).await;
    visitor.sees("account-sharing");
}

#[tokio::test]
async fn attack_011_the_page_that_changes_the_language_returns_to_paths_of_ours_only() {
    let world = World::any().await;
    for return_to in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
    ] {
        let mut visitor = Visitor::new(&world);
        visitor.open("/sign-in").await;
        visitor
            .post("/preferences", &[("language", "en"), ("return_to", return_to)])
            .await;
        assert_eq!(visitor.away, None, "{return_to}");
        assert!(visitor.url.as_str().starts_with(&world.issuer), "{return_to}");
    }
}
