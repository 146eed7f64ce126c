//! Looking without a right to, deciding twice, deciding late.

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;
use web::client_address::ClientAddress;

use super::*;

fn csrf_of(page: &Seen, action: &str) -> String {
    let form = page.form(action).expect("the form");
    let (_, rest) = form.split_once("name=\"csrf\" value=\"").expect("a token");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn attack_291_nobody_sees_what_was_typed_without_holding_the_case() {
    for desks in desks().await {
        let (_, number) = desks.documents().await;
        let picture = desks.picture(&number).await;
        let (mut anna, mut ben) = (desks.reviewer("anna").await, desks.reviewer("ben").await);
        for path in [page_of(&number).to_string(), picture.clone()] {
            let seen = anna.get(&path).await;
            assert!(!seen.body.contains(NAME) && !seen.body.contains(NUMBER), "{path}");
        }
        assert_eq!(anna.get(&picture).await.status.as_u16(), 404, "not held");
        assert!(desks.history(&number).await.is_empty(), "nothing was looked at");
        take(&mut anna, &number).await;
        let shown = anna.get(&picture).await;
        assert_eq!(
            (shown.status.as_u16(), &shown.bytes[..3]),
            (200, &b"\xff\xd8\xff"[..])
        );
        assert!(desks.history(&number).await.contains(&"looked_at_picture"));
        assert_eq!(ben.get(&picture).await.status.as_u16(), 404, "a colleague's");
        assert!(!ben.get(page_of(&number).as_str()).await.body.contains(NUMBER));
        let refused = press_raw(&mut ben, &number).await;
        assert_eq!(refused.status.as_u16(), 409);
        press(&mut anna, &number, "/release", &[]).await;
        assert_eq!(anna.get(&picture).await.status.as_u16(), 404, "given back");
    }
}

/// A colleague presses "take" on a page from before.
async fn press_raw(browser: &mut Browser, number: &CaseNumber) -> Seen {
    let page = browser.get("/operator/queue").await;
    let token = csrf_of(&page, "/operator/queue");
    let wrong = step_of(number, "/claim");
    let refused = browser
        .post_raw(wrong.as_str(), &[("csrf", token.as_str())])
        .await;
    assert_eq!(refused.status.as_u16(), 403, "a token of another form");
    let key = web::csrf::CsrfKey::new([7; 32]);
    let token = browser.cookies.get("denizen_browser").expect("a browser cookie");
    let token = key.token(&model::secret::TokenHash::of(token), "operator-step");
    browser
        .post_raw(wrong.as_str(), &[("csrf", token.as_str())])
        .await
}

#[tokio::test]
async fn pictures_are_kept_by_no_cache_and_belong_to_their_case() {
    for desks in desks().await {
        let (_, number) = desks.documents().await;
        let picture = desks.picture(&number).await;
        let other = desks.resident("+8613800000002", &[]).await;
        let other = desks
            .case(other, "document_review", State::InReview, facts(NAME, NUMBER))
            .await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        take(&mut anna, &other).await;
        let cookies = anna.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let request = Request::get(&picture)
            .header("cookie", cookies.collect::<Vec<_>>().join("; "))
            .extension(ClientAddress(std::net::Ipv4Addr::LOCALHOST.into()))
            .body(Body::empty());
        let router = crate::router(desks.world.service.clone());
        let shown = router.oneshot(request.unwrap()).await.unwrap();
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-type", "image/jpeg"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(shown.headers()[name], value);
        }
        let id = picture.rsplit('/').next().unwrap();
        let foreign = step_of(&other, &format!("/pictures/{id}"));
        assert_eq!(anna.get(foreign.as_str()).await.status.as_u16(), 404);
        for bad in ["x", "00000000-0000-0000-0000-000000000000", "../../queue"] {
            let path = format!("/operator/cases/{}/pictures/{bad}", number.as_str());
            assert_eq!(anna.get(&path).await.status.as_u16(), 404, "{bad}");
        }
        assert_eq!(anna.get("/operator/cases/nonsense").await.status.as_u16(), 404);
        assert_eq!(
            anna.get("/operator/cases/260601-00000000").await.status.as_u16(),
            404
        );
    }
}

#[tokio::test]
async fn a_decision_sent_twice_is_made_once_and_the_back_button_changes_nothing() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        let page = take(&mut anna, &number).await;
        let path = step_of(&number, "/decide");
        let fields = [("choice", "approve:documents_agree")];
        let (mut one, mut two) = (anna.clone(), anna.clone());
        let (first, second) = tokio::join!(
            one.post(path.as_str(), &page, &fields),
            two.post(path.as_str(), &page, &fields)
        );
        let mut seen = [first.status.as_u16(), second.status.as_u16()];
        seen.sort_unstable();
        assert_eq!(seen, [303, 409], "{}", desks.world.kind);
        let back = anna
            .post(path.as_str(), &page, &[("choice", "reject:documents_differ")])
            .await;
        assert_eq!(
            (back.status.as_u16(), back.page()),
            (409, Some("operator-case-stale"))
        );
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (2, State::Approved)
        );
        let approved = desks
            .history(&number)
            .await
            .iter()
            .filter(|what| **what == "approved")
            .count();
        assert_eq!(approved, 1);
    }
}

#[tokio::test]
async fn two_reviewers_at_once_and_a_lease_that_ends_in_the_middle() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let (mut anna, mut ben) = (desks.reviewer("anna").await, desks.reviewer("ben").await);
        let path = step_of(&number, "/claim");
        let (for_anna, for_ben) = (
            anna.get(page_of(&number).as_str()).await,
            ben.get(page_of(&number).as_str()).await,
        );
        let (first, second) = tokio::join!(
            anna.post(path.as_str(), &for_anna, &[]),
            ben.post(path.as_str(), &for_ben, &[])
        );
        let won = first.status.as_u16() == 303;
        assert!(won != (second.status.as_u16() == 303), "{}", desks.world.kind);
        let (mut winner, mut loser) = if won { (anna, ben) } else { (ben, anna) };
        let page = winner.get(page_of(&number).as_str()).await;
        desks.world.wait(29 * 60);
        // The pages of both keep their sign-ins awake meanwhile.
        winner.get("/operator/queue").await;
        loser.get("/operator/queue").await;
        desks.world.wait(60);
        take(&mut loser, &number).await;
        let late = winner
            .post(
                step_of(&number, "/decide").as_str(),
                &page,
                &[("choice", "approve:documents_agree")],
            )
            .await;
        assert_eq!(
            (late.status.as_u16(), late.page()),
            (409, Some("operator-case-stale"))
        );
        assert_eq!(desks.level(account).await, 0);
        decide(&mut loser, &number, "approve:documents_agree").await;
        assert_eq!(desks.level(account).await, 2);
    }
}

#[tokio::test]
async fn attack_154_no_step_is_taken_from_another_site_or_without_the_form() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        let page = take(&mut anna, &number).await;
        let path = step_of(&number, "/decide");
        let bare = anna
            .post_raw(path.as_str(), &[("choice", "approve:documents_agree")])
            .await;
        assert!(bare.status.is_client_error());
        let mut forged = anna.clone();
        forged.headers.push(("origin", "https://evil.example".to_owned()));
        let seen = forged
            .post(path.as_str(), &page, &[("choice", "approve:documents_agree")])
            .await;
        assert_eq!(seen.status.as_u16(), 403);
        assert_eq!(anna.get(path.as_str()).await.status.as_u16(), 405);
        assert_eq!(desks.level(account).await, 0);
    }
}

#[tokio::test]
async fn reasons_come_from_the_list_and_fit_the_case() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        let page = take(&mut anna, &number).await;
        let path = step_of(&number, "/decide");
        for choice in [
            "",
            "approve",
            "approve:",
            "approve:documents_differ",
            "approve:record_corrected",
            "approve:seen_in_person",
            "override:no_other_way",
            "confirm",
            "send_back:look_again",
            "reject:<script>",
        ] {
            let seen = anna.post(path.as_str(), &page, &[("choice", choice)]).await;
            let missing = format!("{}?missing=choice", page_of(&number));
            assert_eq!(seen.location.as_deref(), Some(missing.as_str()), "{choice}");
        }
        let seen = anna.get(&format!("{}?missing=choice", page_of(&number))).await;
        assert!(seen.body.contains("Choose a decision"));
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (0, State::InReview)
        );
    }
}

#[tokio::test]
async fn a_case_with_ones_own_name_is_left_to_a_colleague() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &[]).await;
        let number = desks
            .case(
                account,
                "document_review",
                State::InReview,
                facts("Name of anna", NUMBER),
            )
            .await;
        let mut anna = desks.reviewer("anna").await;
        let page = anna.get(page_of(&number).as_str()).await;
        assert!(page.body.contains("The name in this case is your own"));
        let queue = anna.get("/operator/queue").await;
        let next = anna.post("/operator/queue", &queue, &[]).await;
        assert_eq!(
            next.page(),
            Some("operator-queue-empty"),
            "it does not come as the next one"
        );
        let refused = press_raw(&mut anna, &number).await;
        assert_eq!(refused.status.as_u16(), 409);
        let mut ben = desks.reviewer("ben").await;
        assert!(take(&mut ben, &number).await.body.contains(NUMBER));
    }
}

#[tokio::test]
async fn attack_291_what_the_register_says_is_read_from_the_history_and_not_from_the_address() {
    for desks in desks().await {
        let (_, number) = desks.documents().await;
        let (mut anna, mut ben) = (desks.reviewer("anna").await, desks.reviewer("ben").await);
        take(&mut anna, &number).await;
        let forged = anna.get(&format!("{}?register=match", page_of(&number))).await;
        assert!(!forged.body.contains("data-register"), "{}", forged.body);
        desks.register.say(Word::NotFound);
        let asked = press(&mut anna, &number, "/register", &[]).await;
        assert!(is_back_at(&asked, &number));
        let page = anna.get(&format!("{}?register=match", page_of(&number))).await;
        assert!(page.body.contains("data-register") && page.body.contains("does not know the number"));
        press(&mut anna, &number, "/release", &[]).await;
        let second = take(&mut ben, &number).await;
        assert!(
            second.body.contains("does not know the number"),
            "whoever is next reads it too"
        );
        assert!(desks.history(&number).await.contains(&"register_unknown"));
    }
}
