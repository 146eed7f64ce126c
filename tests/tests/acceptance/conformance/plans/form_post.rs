//! Plan "form post": the answer comes as a form, errors as well (OAuth 2.0 Form Post Response Mode).

use std::collections::BTreeMap;

use acceptance::journey::newcomer;
use acceptance::party::Party;
use acceptance::visitor::Visitor;

use super::suite::{Suite, plain};

/// The form on the page, which only goes where it is registered to go.
fn form(visitor: &Visitor, party: &Party) -> BTreeMap<String, String> {
    visitor.sees("form-post");
    assert!(visitor.away.is_none(), "nothing in query or fragment");
    let forms = visitor.page.forms();
    assert_eq!(forms.len(), 1);
    assert!(forms[0].posts);
    assert_eq!(forms[0].action, party.client.redirect_uri);
    forms[0]
        .fields
        .iter()
        .map(|field| (field.name.clone(), field.value.clone()))
        .collect()
}

#[tokio::test]
async fn plan_form_post_the_answer_is_a_form_that_sends_itself() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        // What a form has to escape.
        let state = "a\"><script>alert(1)</script> &amp; 城市 +%2B";
        let ask = plain(&party)
            .with("response_mode", "form_post")
            .with("state", state);
        visitor.open(&ask.url()).await;
        if visitor.page.name() == "consent" {
            acceptance::journey::allow(&mut visitor).await;
        }
        let fields = form(&visitor, &party);
        assert_eq!(fields["state"], state);
        assert_eq!(fields["iss"], suite.world.issuer);
        let names: Vec<&str> = fields
            .keys()
            .map(String::as_str)
            .filter(|name| !name.is_empty())
            .collect();
        assert_eq!(names, ["code", "iss", "state"]);
        assert!(!visitor.page.html.contains("<script>alert"));
        // By a script of ours, which the page's policy allows, and to one address only.
        let policy = visitor.headers["content-security-policy"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        assert!(
            policy.contains("script-src") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
        assert!(visitor.page.html.contains("<script src="), "it sends itself");
        assert_eq!(visitor.headers["cache-control"], "no-store");
        let given = party.redeem(&fields["code"], &ask).await;
        assert_eq!(given.status.as_u16(), 200, "{}", given.body);
    }
}

#[tokio::test]
async fn plan_form_post_errors_come_the_same_way() {
    let suite = Suite::any().await;
    let party = Party::new(&suite.world, "plan-basic");
    for (change, value, error) in [
        ("prompt", "none", "login_required"),
        ("scope", "openid email nonsense id_number", "invalid_scope"),
    ] {
        let mut visitor = Visitor::new(&suite.world);
        let ask = plain(&party)
            .with("response_mode", "form_post")
            .with(change, value);
        visitor.open(&ask.url()).await;
        let fields = form(&visitor, &party);
        assert_eq!(fields["error"], error);
        assert_eq!(fields["state"], ask.state);
        assert!(!fields.contains_key("code"));
    }
}

#[tokio::test]
async fn plan_form_post_a_redirect_address_in_doubt_gets_no_form() {
    let suite = Suite::any().await;
    let party = Party::new(&suite.world, "plan-basic");
    let mut visitor = Visitor::new(&suite.world);
    let ask = plain(&party)
        .with("response_mode", "form_post")
        .with("redirect_uri", &format!("{}/more", party.client.redirect_uri));
    visitor.open(&ask.url()).await;
    visitor.sees_problem(400);
    assert!(!visitor.page.html.contains(&party.client.redirect_uri));
}
