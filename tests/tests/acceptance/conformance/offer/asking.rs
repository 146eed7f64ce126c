//! What may be asked for, how it is asked and how it is answered.

use std::collections::BTreeSet;

use acceptance::journey::{allow, code_for};
use acceptance::party::{Ask, TokenAnswer, challenge, peek};
use acceptance::visitor::Visitor;
use serde_json::{Value, json};

use super::Walk;

/// The scopes that somebody has to agree to, and everything else.
const EVERYTHING: &str = "openid assurance seals profile real_name id_number phone email offline_access";

impl Walk {
    /// Asks, agrees to everything and redeems.
    pub(super) async fn tokens(&mut self, ask: &Ask) -> TokenAnswer {
        let mut visitor = self.visitor.clone();
        let answer = self.tokens_of(&mut visitor, ask).await;
        self.visitor = visitor;
        answer
    }

    /// The same for somebody else.
    pub(super) async fn tokens_of(&self, visitor: &mut Visitor, ask: &Ask) -> TokenAnswer {
        visitor.open(&ask.url()).await;
        if visitor.page.name() == "consent" {
            // What is sensitive has to be ticked.
            if visitor.page.form_with("id_number").is_some() {
                visitor.fill("id_number", "");
            }
            allow(visitor).await;
        }
        let code = self.party.code(visitor, ask);
        let answer = self.party.redeem(&code, ask).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
        answer
    }

    /// Asks for what is refused.
    pub(super) async fn refused(&mut self, ask: &Ask, errors: &[&str]) {
        self.visitor.open(&ask.url()).await;
        let answer = self.visitor.answer();
        let error = answer.get("error").map(String::as_str).unwrap_or("none");
        assert!(
            errors.contains(&error),
            "{answer:?} is none of {errors:?}: {:?}",
            ask.parameters
        );
        assert!(!answer.contains_key("code"));
    }

    pub(super) fn everything(&self) -> Ask {
        // The page that asks shows access that goes on only where it is asked for each time.
        self.party
            .ask()
            .with("scope", EVERYTHING)
            .with("prompt", "consent")
    }

    pub(super) async fn scopes(&mut self) {
        let ask = self.everything();
        let granted = self.tokens(&ask).await.body["scope"]
            .as_str()
            .expect("a scope")
            .to_owned();
        let granted: BTreeSet<_> = granted.split(' ').collect();
        for scope in self.offered("scopes_supported") {
            assert!(
                granted.contains(scope.as_str()),
                "{scope} was asked for: {granted:?}"
            );
        }
        for scope in self.missing("scopes_supported").into_iter().chain(["unheard_of"]) {
            let ask = self.party.ask().with("scope", &format!("openid {scope}"));
            self.visitor.open(&ask.url()).await;
            if self.visitor.answer().contains_key("error") {
                self.party.is_refused(&self.visitor, &ask, "invalid_scope");
            } else {
                let code = self.party.code(&self.visitor, &ask);
                let given = self.party.redeem(&code, &ask).await.body["scope"].clone();
                assert_eq!(given, "openid", "{scope}");
            }
        }
    }

    pub(super) async fn claims(&mut self, member: &str) {
        if member == "claims_parameter_supported" {
            assert_eq!(self.offer[member], true);
            let wish = json!({ "id_token": { "phone_number": null }, "userinfo": { "locale": null } });
            let ask = self.party.ask().with("claims", &wish.to_string());
            let tokens = self.tokens(&ask).await;
            assert!(peek(tokens.id_token()).contains_key("phone_number"), "{wish}");
            assert!(
                self.party.userinfo(tokens.access_token()).await.body["locale"].is_string(),
                "{wish}"
            );
            return;
        }
        // What is proven is told to those who ask for it in particular.
        let wish = json!({ "verification": { "trust_framework": null }, "claims": { "name": null } });
        let wish = json!({ "userinfo": { "verified_claims": wish } });
        let ask = self.everything().with("claims", &wish.to_string());
        let told = self.told(&ask).await;
        if member == "claim_types_supported" {
            assert_eq!(self.offered(member), ["normal"]);
            for other in ["_claim_names", "_claim_sources"] {
                assert!(!told.contains(other), "{other}");
            }
            return;
        }
        for claim in self.offered(member) {
            assert!(told.contains(&claim), "{claim} is in neither place: {told:?}");
        }
        let missing = self.missing(member);
        let wish: Value = missing
            .iter()
            .map(|claim| ((*claim).to_owned(), json!({ "essential": true })))
            .collect();
        let wish = json!({ "id_token": wish, "userinfo": wish });
        let ask = self.everything().with("claims", &wish.to_string());
        let told = self.told(&ask).await;
        for claim in missing {
            assert!(!told.contains(claim), "{claim} is told and not advertised");
        }
    }

    /// The names of everything that is told in either place.
    async fn told(&mut self, ask: &Ask) -> BTreeSet<String> {
        let tokens = self.tokens(ask).await;
        let mut names: BTreeSet<_> = peek(tokens.id_token()).into_keys().collect();
        let userinfo = self.party.userinfo(tokens.access_token()).await;
        names.extend(userinfo.body.as_object().expect("claims").keys().cloned());
        names
    }

    pub(super) async fn levels(&mut self) {
        let reached = ["urn:denizen:loa:0", "urn:denizen:loa:1"];
        for level in self.offered("acr_values_supported") {
            let ask = self.party.ask().with("acr_values", &level);
            self.visitor.open(&ask.url()).await;
            if self.visitor.away.is_some() {
                let code = self.party.code(&self.visitor, &ask);
                let told = peek(self.party.redeem(&code, &ask).await.id_token())["acr"].clone();
                assert!(reached.iter().any(|one| told == *one), "{level}: {told}");
            } else {
                // What the resident could still reach is asked, and only that.
                let number: u8 = level
                    .rsplit(':')
                    .next()
                    .and_then(|number| number.parse().ok())
                    .expect("a level");
                assert!(number > 1, "{level} is held: {}", self.visitor.page.name());
            }
        }
        for level in self.missing("acr_values_supported") {
            let demand = json!({ "id_token": { "acr": { "essential": true, "values": [level] } } });
            let ask = self.party.ask().with("claims", &demand.to_string());
            self.refused(&ask, &["unmet_authentication_requirements", "invalid_request"])
                .await;
            let wish = self.party.ask().with("acr_values", level);
            let told = peek(self.tokens(&wish).await.id_token())["acr"].clone();
            assert_ne!(told, level, "a wish is not fulfilled by its own name");
        }
    }

    pub(super) async fn languages(&mut self) {
        let shown = async |languages: &str| {
            let mut stranger = Visitor::new(&self.world);
            stranger
                .open(&self.party.ask().with("ui_locales", languages).url())
                .await;
            stranger.sees("sign-in");
            stranger.page.get("html").attribute("lang").expect("a language")
        };
        for language in self.offered("ui_locales_supported") {
            assert_eq!(shown(&language).await, language);
        }
        for language in self.missing("ui_locales_supported") {
            assert_ne!(shown(language).await, language, "and it is no error");
        }
    }

    pub(super) async fn prompts(&mut self) {
        for prompt in self.offered("prompt_values_supported") {
            let ask = self.party.ask().with("prompt", &prompt);
            let mut visitor = self.visitor.clone();
            visitor.open(&ask.url()).await;
            match prompt.as_str() {
                "none" => assert!(visitor.away.is_some(), "{prompt}"),
                "login" | "select_account" => visitor.sees("sign-in"),
                "consent" => visitor.sees("consent"),
                "create" => visitor.sees("register"),
                other => panic!("what does {other} show?"),
            }
        }
        for prompt in self.missing("prompt_values_supported") {
            let ask = self.party.ask().with("prompt", prompt);
            self.refused(&ask, &["invalid_request"]).await;
        }
        let stranger = self.party.ask().with("prompt", "none");
        let mut visitor = Visitor::new(&self.world);
        visitor.open(&stranger.url()).await;
        self.party.is_refused(&visitor, &stranger, "login_required");
    }

    pub(super) async fn response_types(&mut self) {
        assert_eq!(self.offered("response_types_supported"), ["code"]);
        let ask = self.party.ask();
        self.tokens(&ask).await;
        for kind in self.missing("response_types_supported") {
            let ask = self.party.ask().with("response_type", kind);
            self.refused(&ask, &["unsupported_response_type"]).await;
            let fragment = self.visitor.away.as_ref().and_then(|url| url.fragment());
            assert_eq!(fragment, None, "{kind}: nothing goes there");
        }
    }

    pub(super) async fn response_modes(&mut self) {
        for mode in self.offered("response_modes_supported") {
            let ask = self.party.ask().with("response_mode", &mode);
            self.visitor.open(&ask.url()).await;
            match mode.as_str() {
                "query" => drop(self.party.code(&self.visitor, &ask)),
                "form_post" => {
                    let form = self.visitor.page.form_with("code").expect("a form with the code");
                    let code = form
                        .defaults()
                        .into_iter()
                        .find(|(name, _)| name == "code")
                        .expect("a code")
                        .1;
                    let answer = self.party.redeem(&code, &ask).await;
                    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
                }
                other => panic!("how does {other} answer?"),
            }
        }
        for mode in self.missing("response_modes_supported") {
            let ask = self.party.ask().with("response_mode", mode);
            self.refused(&ask, &["invalid_request", "unsupported_response_mode"])
                .await;
        }
    }

    pub(super) async fn challenges(&mut self) {
        assert_eq!(self.offered("code_challenge_methods_supported"), ["S256"]);
        let ask = self.party.ask();
        let code = code_for(&mut self.visitor, &self.party, &ask).await;
        assert_eq!(self.party.redeem(&code, &ask).await.status.as_u16(), 200);
        for method in self.missing("code_challenge_methods_supported") {
            let ask = self.party.ask();
            let plain = ask.verifier.clone();
            let ask = ask
                .with("code_challenge_method", method)
                .with("code_challenge", &plain);
            self.refused(&ask, &["invalid_request"]).await;
        }
        // Left out it would mean plain (RFC 7636 section 4.3).
        let ask = self.party.ask();
        let hashed = challenge(&ask.verifier);
        let ask = ask
            .with("code_challenge", &hashed)
            .without("code_challenge_method");
        self.refused(&ask, &["invalid_request"]).await;
    }

    pub(super) async fn issuer_in_answers(&mut self) {
        assert_eq!(self.offer["authorization_response_iss_parameter_supported"], true);
        for prompt in ["none", "other"] {
            let ask = self.party.ask().with("prompt", prompt);
            self.visitor.open(&ask.url()).await;
            assert_eq!(
                self.visitor.answer().get("iss"),
                Some(&self.world.issuer),
                "{prompt}"
            );
        }
    }

    /// A request by an address of the client's own.
    pub(super) async fn addresses(&mut self) {
        assert_eq!(self.offer["request_uri_parameter_supported"], false);
        for address in [
            "https://basic.site.example/request.jwt",
            "http://127.0.0.1:1/request.jwt#x",
        ] {
            let ask = self.party.ask().with("request_uri", address);
            self.refused(&ask, &["request_uri_not_supported", "invalid_request_uri"])
                .await;
        }
    }
}
