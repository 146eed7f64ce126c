use axum::http::StatusCode;
use chrono::TimeDelta;
use store::operators::{self, Status};

use super::*;
use crate::roles::Role;
use crate::session::LEAVE;
use crate::testing::{Browser, Seen, World, worlds, worlds_with};

async fn status(world: &World, id: OperatorId) -> Status {
    let found = operators::find(&world.service.store().read(), id).await.unwrap();
    found.unwrap().status
}

#[tokio::test]
async fn an_administrator_makes_an_operator_and_sees_the_link_once() {
    for world in worlds().await {
        let (mut browser, admin) = world.signed_in("root", &[Role::Administrator]).await;
        let page = browser.get("/operator/operators/new").await;
        assert_eq!(page.page(), Some("operator-create"));
        let fields = [
            ("login", "Wang.Li"),
            ("name", " 王丽 "),
            ("language", "vi"),
            ("reviewer", "yes"),
            ("auditor", "yes"),
        ];
        let shown = browser.post("/operator/operators/new", &page, &fields).await;
        assert_eq!(shown.page(), Some("operator-link"));
        let link = shown
            .body
            .split("data-link>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        assert!(
            link.starts_with("http://localhost:8080/operator/enrol?token="),
            "{link}"
        );
        let list = browser.get("/operator/operators").await;
        assert!(!list.body.contains("/operator/enrol?token="), "once");
        // Every administrator sees who made a link for whom.
        let home = browser.get("/operator").await;
        assert!(home.body.contains("Name of root added 王丽"), "{}", home.body);
        let (mut auditor, _) = world.signed_in("audit", &[Role::Auditor]).await;
        assert!(!auditor.get("/operator").await.body.contains("王丽"));
        assert!(list.body.contains("wang.li") && list.body.contains("王丽"));
        let login = Login::parse("wang.li").unwrap();
        let made = find(world.service.store(), &login).await.unwrap().unwrap();
        assert_eq!((made.status, made.language), (Status::Invited, Language::Vi));
        assert_eq!(made.roles, ["reviewer", "auditor"]);
        assert_eq!(made.vouched_by, Some(admin.id));
        // The log says who did it, and has neither name nor link.
        let audited = world.test.audited().await.unwrap();
        let (_, _, details) = audited
            .iter()
            .find(|(event, _, _)| event == "operator_invited")
            .unwrap();
        assert_eq!(details["operator"], admin.id.to_string());
        assert_eq!(details["about"], made.id.to_string());
        assert!(!details.to_string().contains('丽'));
        // The login is taken now, and what was typed stays.
        let page = browser.get("/operator/operators/new").await;
        let seen = browser.post("/operator/operators/new", &page, &fields).await;
        assert_eq!(seen.errors(), ["operator-login-taken"], "{}", world.kind);
        assert!(seen.body.contains("value=\"Wang.Li\""));
    }
}

#[tokio::test]
async fn what_cannot_be_an_operator_is_named_field_by_field() {
    for world in worlds().await {
        let (mut browser, _) = world.signed_in("root", &[Role::Administrator]).await;
        let page = browser.get("/operator/operators/new").await;
        let fields = [("login", "1x"), ("name", "a\u{202e}b"), ("language", "de")];
        let seen = browser.post("/operator/operators/new", &page, &fields).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            seen.errors(),
            [
                "operator-login-unfit",
                "operator-name-unfit",
                "operator-roles-missing"
            ],
            "{}",
            world.kind
        );
        for id in ["x", "0190a5b0-0000-7000-8000-000000000000", "..%2f..", "'"] {
            let seen = browser.get(&format!("/operator/operators/{id}")).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{id}");
        }
    }
}

fn address(id: OperatorId) -> String {
    format!("/operator/operators/{id}")
}

#[tokio::test]
async fn attack_259_nobody_changes_their_own_roles_or_resets_or_disables_themselves() {
    for world in worlds().await {
        let (mut browser, admin) = world.signed_in("root", &[Role::Administrator]).await;
        let other = world.operator("other", &[Role::Auditor]).await;
        let page = browser.get(&address(admin.id)).await;
        assert!(page.form(&address(admin.id)).is_none(), "no form for oneself");
        // With the proof of a form about somebody else.
        let page = browser.get(&address(other.id)).await;
        for (step, form) in [("", ""), ("/reset", "/reset"), ("/disable", "/disable")] {
            let form = page.form(&format!("{}{form}", address(other.id))).unwrap();
            let csrf = form.split("name=\"csrf\" value=\"").nth(1).unwrap();
            let csrf = csrf.split('"').next().unwrap();
            let fields = [("csrf", csrf), ("reviewer", "yes"), ("administrator", "yes")];
            let path = format!("{}{step}", address(admin.id));
            let seen = browser.post_raw(&path, &fields).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
            assert!(seen.body.contains("operator-oneself"), "{}", seen.body);
        }
        let found = operators::find(&world.service.store().read(), admin.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.roles.len(), found.status),
            (1, Status::Active),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_change_of_roles_and_a_disabling_count_at_the_next_request() {
    for world in worlds().await {
        let (mut admin, _) = world.signed_in("root", &[Role::Administrator]).await;
        let (mut browser, person) = world.signed_in("wang.li", &[Role::Auditor]).await;
        assert_eq!(browser.get("/operator/audit").await.status, StatusCode::OK);
        let page = admin.get(&address(person.id)).await;
        let seen = admin
            .post(&address(person.id), &page, &[("administrator", "yes")])
            .await;
        assert_eq!(
            seen.location.unwrap(),
            format!("{}?done=roles", address(person.id))
        );
        assert_eq!(browser.get("/operator/audit").await.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get("/operator/operators").await.status, StatusCode::OK);
        let page = admin.get(&address(person.id)).await;
        let disable = format!("{}/disable", address(person.id));
        let seen = admin.post(&disable, &page, &[]).await;
        assert!(seen.location.unwrap().ends_with("done=disabled"));
        let seen = browser.get("/operator").await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/operator/sign-in"),
            "{}",
            world.kind
        );
        // A second click changes nothing and harms nothing.
        let seen = admin.post(&disable, &page, &[]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        assert_eq!(status(&world, person.id).await, Status::Disabled);
    }
}

#[tokio::test]
async fn attack_265_the_last_administrator_stays_by_page_and_by_command() {
    for world in worlds().await {
        let only = world.operator("root", &[Role::Administrator]).await;
        let store = world.service.store();
        let none: Roles = [Role::Auditor].into_iter().collect();
        assert_eq!(
            change_roles(store, only.id, &none, By::Command).await.unwrap(),
            Changed::LastAdministrator
        );
        assert_eq!(
            disable(store, only.id, By::Command).await.unwrap(),
            Changed::LastAdministrator
        );
        // Two of them: each may remove the other, and one is left.
        let second = world.operator("second", &[Role::Administrator]).await;
        let mut browsers = [world.browser_of(&only).await, world.browser_of(&second).await];
        let pages = [
            browsers[0].get(&address(second.id)).await,
            browsers[1].get(&address(only.id)).await,
        ];
        let [first, other] = &mut browsers;
        let to_second = format!("{}/disable", address(second.id));
        let to_first = format!("{}/disable", address(only.id));
        let seen = tokio::join!(
            first.post(&to_second, &pages[0], &[]),
            other.post(&to_first, &pages[1], &[])
        );
        drop(seen);
        let left = [status(&world, only.id).await, status(&world, second.id).await];
        let active = left.iter().filter(|one| **one == Status::Active).count();
        assert_eq!(active, 1, "{}: {left:?}", world.kind);
    }
}

#[tokio::test]
async fn a_reset_takes_every_proof_away_and_shows_a_new_link_once() {
    for world in worlds().await {
        let (mut admin, _) = world.signed_in("root", &[Role::Administrator]).await;
        let (mut browser, person) = world.signed_in("wang.li", &[Role::Auditor]).await;
        let page = admin.get(&address(person.id)).await;
        let shown = admin
            .post(&format!("{}/reset", address(person.id)), &page, &[])
            .await;
        assert!(shown.body.contains("/operator/enrol?token="));
        let seen = browser.get("/operator").await;
        assert_eq!(seen.location.as_deref(), Some("/operator/sign-in"));
        let found = operators::find(&world.service.store().read(), person.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.status, Status::Invited, "{}", world.kind);
        assert!(!found.has_password && !found.has_totp);
        let seen = world
            .browser()
            .give_password("wang.li", crate::testing::PASSWORD)
            .await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn attack_265_two_administrators_who_reset_each_other_leave_one_and_a_reset_revives_nobody() {
    for world in worlds().await {
        let (mut admin, only) = world.signed_in("root", &[Role::Administrator]).await;
        let (mut other, second) = world.signed_in("second", &[Role::Administrator]).await;
        let gone = world.operator("gone", &[Role::Reviewer]).await;
        let reset = |id| format!("{}/reset", address(id));
        let (first, again) = (
            admin.get(&address(second.id)).await,
            other.get(&address(only.id)).await,
        );
        let dead = admin.get(&address(gone.id)).await;
        let disable = format!("{}/disable", address(gone.id));
        admin.post(&disable, &dead, &[]).await;
        let seen = admin.post(&reset(gone.id), &dead, &[]).await;
        assert_eq!(seen.location, Some(address(gone.id)));
        assert_eq!(status(&world, gone.id).await, Status::Disabled);
        let (to_second, to_first) = (reset(second.id), reset(only.id));
        let seen = tokio::join!(
            admin.post(&to_second, &first, &[]),
            other.post(&to_first, &again, &[])
        );
        drop(seen);
        let left = [status(&world, only.id).await, status(&world, second.id).await];
        let active = left.iter().filter(|one| **one == Status::Active).count();
        assert_eq!(active, 1, "{}: {left:?}", world.kind);
    }
}

/// Pages with who may see them: reviewer, senior reviewer, auditor, administrator.
const TABLE: [(&str, [bool; 4]); 10] = [
    ("/operator", [true, true, true, true]),
    ("/operator/security", [true, true, true, true]),
    ("/operator/confirm", [true, true, true, true]),
    ("/operator/queue", [true, true, false, false]),
    ("/operator/counter", [true, true, false, false]),
    ("/operator/standing", [false, true, false, false]),
    ("/operator/audit", [false, false, true, false]),
    ("/operator/sources", [false, true, true, true]),
    ("/operator/operators", [false, false, false, true]),
    ("/operator/operators/new", [false, false, false, true]),
];

#[tokio::test]
async fn attack_259_each_role_sees_its_pages_and_no_other() {
    for world in worlds().await {
        for (index, role) in Role::ALL.into_iter().enumerate() {
            let (mut browser, _) = world.signed_in(role.as_str(), &[role]).await;
            let home = browser.get("/operator").await;
            for (path, allowed) in TABLE {
                let seen = browser.get(path).await;
                let expected = if allowed[index] {
                    StatusCode::OK
                } else {
                    StatusCode::FORBIDDEN
                };
                assert_eq!(
                    seen.status, expected,
                    "{role:?} {path} {}: {}",
                    world.kind, seen.body
                );
                if !matches!(path, "/operator/confirm" | "/operator/operators/new") {
                    let link = format!("<a href=\"{path}\"");
                    assert_eq!(home.body.contains(&link), allowed[index], "{role:?} {path}");
                }
            }
        }
        for (path, _) in TABLE {
            let seen = world.browser().get(path).await;
            let location = seen.location.unwrap_or_default();
            assert!(location.starts_with("/operator/sign-in"), "{path}: {location}");
        }
    }
}

/// Everything that changes something.
fn posts(id: OperatorId) -> Vec<String> {
    let fixed = [
        "/operator/sign-in",
        "/operator/sign-in/code",
        "/operator/passkey",
        "/operator/passkey/new",
        "/operator/enrol",
        "/operator/enrol/factor",
        "/operator/confirm",
        "/operator/security/password",
        "/operator/security/codes",
        "/operator/security/passkey",
        "/operator/security/end-others",
        "/operator/operators/new",
        LEAVE.0,
    ];
    let one = ["", "/reset", "/disable"].map(|step| format!("{}{step}", address(id)));
    fixed.map(str::to_owned).into_iter().chain(one).collect()
}

async fn forbidden(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Seen {
    let seen = browser.post_raw(path, fields).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}: {}", seen.body);
    seen
}

#[tokio::test]
async fn attack_153_154_173_no_form_is_taken_without_its_proof_or_from_another_site() {
    for world in worlds().await {
        let (mut browser, admin) = world.signed_in("root", &[Role::Administrator]).await;
        let other = world.operator("other", &[Role::Auditor]).await;
        let stranger = world.browser().get("/operator/sign-in").await;
        let foreign = stranger.hidden("csrf").unwrap();
        let own = browser.get("/operator/security").await.hidden("csrf").unwrap();
        for path in posts(other.id) {
            for csrf in [None, Some(foreign.as_str()), Some(own.as_str()), Some("")] {
                // The proof of another form of one's own is none for this one.
                if csrf == Some(own.as_str()) && path == "/operator/security/passkey" {
                    continue;
                }
                let fields: Vec<_> = csrf.map(|csrf| ("csrf", csrf)).into_iter().collect();
                forbidden(&mut browser, &path, &fields).await;
            }
            let mut crossed = browser.clone();
            crossed.headers.push(("sec-fetch-site", "cross-site".to_owned()));
            let seen = forbidden(&mut crossed, &path, &[("csrf", &own)]).await;
            assert!(seen.body.contains("cross-site"), "{path}: {}", seen.body);
        }
        assert_eq!(status(&world, other.id).await, Status::Active);
        assert_eq!(status(&world, admin.id).await, Status::Active, "{}", world.kind);
        assert!(browser.get("/operator").await.status.is_success());
    }
}

#[tokio::test]
async fn from_other_networks_there_is_no_console() {
    let config = Config {
        allow_addresses: vec!["10.0.0.0/8".parse().unwrap()],
        ..Config::default()
    };
    for world in worlds_with(config).await {
        let (mut browser, other) = world.signed_in("root", &[Role::Administrator]).await;
        assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
        browser.address = "203.0.113.7".parse().unwrap();
        for (path, _) in TABLE {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in posts(other.id) {
            let seen = browser.post_raw(&path, &[]).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}, {}", world.kind);
        }
    }
    let off = Config {
        enabled: false,
        ..Config::default()
    };
    for world in worlds_with(off).await {
        assert_eq!(
            world.browser().get("/operator/sign-in").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[test]
fn a_login_is_folded_and_plain_and_a_name_can_be_printed() {
    assert_eq!(Login::parse(" Wang.Li ").unwrap().as_str(), "wang.li");
    for bad in [
        "",
        "a",
        "1ab",
        "a b",
        "wang@li",
        "王丽",
        "a'b",
        &"a".repeat(65),
        "ａb",
    ] {
        assert_eq!(Login::parse(bad), Err(Unfit::Login), "{bad}");
    }
    assert_eq!(parse_name(" 王丽 ").unwrap(), "王丽");
    for bad in ["", " ", "a\nb", "a\u{202e}b", &"a".repeat(65)] {
        assert_eq!(parse_name(bad), Err(Unfit::Name), "{bad:?}");
    }
}

#[test]
fn a_link_leads_to_the_issuer_and_holds_for_its_time() {
    let token = Token::generate(&model::rng::Rng::seeded(1));
    let issuer = Url::parse("https://id.province.example").unwrap();
    let address = link_address(&issuer, &token);
    assert_eq!(
        address,
        format!(
            "https://id.province.example/operator/enrol?token={}",
            token.expose()
        )
    );
    let now = store::testing::start_time();
    assert_eq!(Config::default().link_ends_at(now), now + TimeDelta::hours(24));
}
