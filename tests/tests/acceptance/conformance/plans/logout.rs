//! Plans about signing out, as far as `conformance/logout.rs` and the relying parties of `conformance/clients` do not
//! look at it already.

use acceptance::journey::newcomer;
use acceptance::party::{Party, peek};
use url::Url;

use super::suite::{Suite, plain, tokens};

#[tokio::test]
async fn plan_logout_id_tokens_name_the_sign_in() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        let first = tokens(&mut visitor, &party, &plain(&party)).await;
        let second = tokens(&mut visitor, &party, &plain(&party)).await;
        let sid = |token: &str| peek(token)["sid"].as_str().expect("sid").to_owned();
        assert_eq!(sid(first.id_token()), sid(second.id_token()), "one sign-in");
        let other = Party::new(&suite.world, "plan-second");
        let elsewhere = tokens(&mut visitor, &other, &plain(&other)).await;
        assert_ne!(
            sid(first.id_token()),
            sid(elsewhere.id_token()),
            "under a name of its own at each"
        );
    }
}

#[tokio::test]
async fn plan_logout_after_the_way_back_prompt_none_finds_nobody() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        let given = tokens(&mut visitor, &party, &plain(&party)).await;
        let state = "s".repeat(128);
        let out = "https://plan-basic.site.example/signed-out";
        let url = Url::parse_with_params(
            &suite.world.at("/logout"),
            [
                ("id_token_hint", given.id_token()),
                ("post_logout_redirect_uri", out),
                ("state", &state),
            ],
        );
        visitor.open(url.expect("an address").as_str()).await;
        let away = visitor.away.clone().expect("sent back");
        assert_eq!(away.as_str(), format!("{out}?state={state}"));
        let ask = plain(&party).with("prompt", "none");
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "login_required");
    }
}

#[tokio::test]
async fn plan_logout_a_query_added_to_the_registered_address_gets_a_page() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let party = Party::new(&suite.world, "plan-basic");
    let given = tokens(&mut visitor, &party, &plain(&party)).await;
    let out = "https://plan-basic.site.example/signed-out?foo=bar";
    let url = Url::parse_with_params(
        &suite.world.at("/logout"),
        [
            ("id_token_hint", given.id_token()),
            ("post_logout_redirect_uri", out),
        ],
    );
    visitor.open(url.expect("an address").as_str()).await;
    assert_eq!(visitor.away, None);
    visitor.sees_problem(400);
}
