//! Single sign-out: whoever signs out at the provider or at one sub-site is signed out at the others, which say so; the
//! page after it lists each sub-site with *confirmed*, *no answer* or *not supported*, and nobody waits for a sub-site
//! that hangs (Back-Channel Logout 1.0, Front-Channel Logout 1.0, RP-Initiated Logout 1.0).

use std::time::{Duration, Instant};

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{allow, newcomer, tokens_for};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};

use super::browser::become_person;

/// How long telling the sub-sites may take.
const TOLD_LIMIT: Duration = Duration::from_secs(20);
/// What a person would call at once, with a whole test run on the same computer.
const AT_ONCE: Duration = Duration::from_secs(4);

/// Signs in at a sub-site with a session at the provider.
async fn arrive(visitor: &mut Visitor, site: &str) {
    visitor.open(&format!("{site}/start")).await;
    if visitor.page.name() == "consent" {
        allow(visitor).await;
    }
    visitor.sees("home");
    assert!(visitor.page.find("#sign-out").is_some());
}

/// What the page after the sign-out says of each sub-site, by a word of its name.
fn told(visitor: &Visitor) -> Vec<(String, String)> {
    let list = visitor.page.get("#told");
    let lines = list.all("li").into_iter();
    lines
        .map(|line| (line.text(), line.attribute("data-state").unwrap_or_default()))
        .collect()
}

/// The state of the sub-site that is called so.
fn state_of(visitor: &Visitor, name: &str) -> String {
    let all = told(visitor);
    let found = all.iter().find(|(words, _)| words.contains(name));
    let (_, state) = found.unwrap_or_else(|| panic!("{name} is not in {all:?}"));
    state.clone()
}

/// Goes on looking as the page does, until nothing more is waited for.
async fn look_until_settled(visitor: &mut Visitor) {
    let began = Instant::now();
    while told(visitor).iter().any(|(_, state)| state == "waiting") {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "still waiting: {:?}",
            told(visitor)
        );
        let next = visitor.page.get("#told").attribute("data-look");
        let next = next.expect("the page looks again while it waits");
        wait::pause().await;
        visitor.open(&next).await;
        visitor.sees("signed-out");
    }
}

/// Whether a sub-site says that the provider signed the person out there, and how it was told.
async fn ended_at(visitor: &mut Visitor, site: &str) -> Option<String> {
    visitor.open(site).await;
    visitor.sees("home");
    let ended = visitor.page.find("#ended-by-provider")?;
    assert!(visitor.page.find("#sign-in").is_some());
    assert!(!visitor.page.words().is_empty());
    ended.attribute("data-channel")
}

/// Signs out at the provider itself.
async fn sign_out(visitor: &mut Visitor) {
    visitor.open("/logout").await;
    visitor.sees("logout");
    visitor.press("").await;
    visitor.sees("signed-out");
}

#[tokio::test]
async fn signing_out_at_the_provider_signs_out_at_every_sub_site_and_the_page_lists_them() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let sites = world.sites().to_vec();
        for site in &sites {
            arrive(&mut visitor, site).await;
        }
        let party = Party::new(&world, "basic");
        tokens_for(&mut visitor, &party, &party.ask()).await;

        sign_out(&mut visitor).await;
        look_until_settled(&mut visitor).await;
        for city in ["Hefei", "Yichang", "Nanning"] {
            assert_eq!(state_of(&visitor, city), "confirmed", "{:?}", told(&visitor));
        }
        assert_eq!(state_of(&visitor, "Test site basic"), "not-supported");
        for site in &sites {
            assert_eq!(
                ended_at(&mut visitor, site).await.as_deref(),
                Some("back"),
                "{site}"
            );
        }
    }
}

#[tokio::test]
async fn signing_out_at_one_sub_site_signs_out_at_the_other() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
        arrive(&mut visitor, &hefei).await;
        arrive(&mut visitor, &yichang).await;
        visitor.open(&hefei).await;
        visitor.press_action("/sign-out").await;
        assert_eq!(visitor.cookie("denizen_session"), None);
        let began = Instant::now();
        while ended_at(&mut visitor, &yichang).await.is_none() {
            assert!(began.elapsed() < TOLD_LIMIT, "Yichang was not told");
            wait::pause().await;
        }
        assert_eq!(
            ended_at(&mut visitor, &hefei).await,
            None,
            "who signed out here themselves is not told that the provider did it"
        );
    }
}

#[tokio::test]
async fn another_persons_sign_in_at_the_same_sub_site_goes_on() {
    for world in World::shared().await {
        let hefei = world.sites()[0].clone();
        let (mut leaves, _) = newcomer(&world).await;
        let (mut stays, _) = newcomer(&world).await;
        arrive(&mut leaves, &hefei).await;
        arrive(&mut stays, &hefei).await;
        sign_out(&mut leaves).await;
        look_until_settled(&mut leaves).await;
        assert_eq!(ended_at(&mut leaves, &hefei).await.as_deref(), Some("back"));
        stays.open(&hefei).await;
        assert!(stays.page.find("#sign-out").is_some());
    }
}

#[tokio::test]
async fn attack_167_a_sub_site_that_hangs_fails_or_redirects_delays_nobody_and_is_shown_as_it_is() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[provider.backchannel_logout]\ntimeout_ms = 1000")
            .start()
            .await;
        let [hefei, yichang, nanning] = [0, 1, 2].map(|index| world.sites()[index].clone());
        for fault in ["hang", "500", "redirect"] {
            world.outside.fault("backchannel-logout-yichang", fault).await;
            let (mut visitor, _) = newcomer(&world).await;
            for site in [&hefei, &yichang, &nanning] {
                arrive(&mut visitor, site).await;
            }
            let began = Instant::now();
            sign_out(&mut visitor).await;
            assert!(began.elapsed() < AT_ONCE, "{fault}: {:?}", began.elapsed());
            assert_eq!(visitor.cookie("denizen_session"), None);
            look_until_settled(&mut visitor).await;
            assert_eq!(state_of(&visitor, "Hefei"), "confirmed");
            assert_eq!(state_of(&visitor, "Nanning"), "confirmed");
            assert_eq!(state_of(&visitor, "Yichang"), "no-answer", "{fault}");
            assert!(ended_at(&mut visitor, &hefei).await.is_some());
        }
    }
}

/// The list as a browser shows it.
async fn listed(browser: &Browser) -> Vec<(String, String)> {
    let list = browser.find("#told").await;
    let mut found = Vec::new();
    for line in list.find_all(thirtyfour::By::Css("li")).await.unwrap_or_default() {
        let words = line.text().await.unwrap_or_default();
        let state = line.attr("data-state").await.ok().flatten();
        found.push((words, state.unwrap_or_default()));
    }
    found
}

/// Signs in at two sub-sites and a program that cannot be told, signs out, and looks at what the page and the two say.
async fn in_a_browser(kind: Kind, language: &str, scripts: Scripts) {
    let world = Setup::new(kind)
        .with("[provider.backchannel_logout]\ntimeout_ms = 1000")
        .start()
        .await;
    let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    tokens_for(&mut visitor, &party, &party.ask()).await;
    world.outside.fault("backchannel-logout-yichang", "hang").await;

    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    for site in [&hefei, &yichang] {
        browser.go(site).await;
        browser.click_through("#sign-in").await;
        match scripts {
            Scripts::On => super::browser::allow(&browser).await,
            Scripts::Off => {
                browser.sees("consent").await;
                browser.click_through("button[name=decision][value=allow]").await;
            }
        }
        browser.sees("home").await;
        browser.find("#sign-out").await;
    }
    browser.go(&world.at("/logout")).await;
    browser.sees("logout").await;
    let began = Instant::now();
    browser
        .click_through("main form button[type=submit], main form button:not([type])")
        .await;
    browser.sees("signed-out").await;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    browser.keeps_the_rules().await;
    browser
        .screenshot(&format!("sign-out-{language}-1-at-once"))
        .await;

    // The page looks again by itself until it knows.
    let settled = |all: &[(String, String)]| {
        all.len() == 3
            && all
                .iter()
                .all(|(_, state)| !["", "waiting"].contains(&state.as_str()))
    };
    let began = Instant::now();
    let mut all = listed(&browser).await;
    while !settled(&all) {
        assert!(began.elapsed() < Duration::from_secs(40), "{all:?}");
        wait::pause().await;
        all = listed(&browser).await;
    }
    browser
        .screenshot(&format!("sign-out-{language}-2-settled"))
        .await;
    let mut states: Vec<&str> = all.iter().map(|(_, state)| state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["confirmed", "no-answer", "not-supported"], "{all:?}");
    assert!(
        all.iter().all(|(words, _)| words.lines().count() >= 2),
        "each in words: {all:?}"
    );

    browser.go(&hefei).await;
    assert_eq!(
        browser.attribute("#ended-by-provider", "data-channel").await,
        "back"
    );
    browser.screenshot(&format!("sign-out-{language}-3-site")).await;
    // The one that hangs was reached by its page in a frame.
    browser.go(&yichang).await;
    assert_eq!(
        browser.attribute("#ended-by-provider", "data-channel").await,
        "front"
    );
    assert_eq!(browser.attribute("html", "lang").await, language);
}

#[tokio::test]
async fn single_sign_out_in_a_browser_on_sqlite() {
    in_a_browser(Kind::Sqlite, "zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn single_sign_out_in_a_browser_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        in_a_browser(kind, "en", Scripts::On).await;
    }
}

#[tokio::test]
async fn single_sign_out_without_javascript_in_vietnamese() {
    for kind in Kind::all() {
        in_a_browser(kind, "vi", Scripts::Off).await;
    }
}
