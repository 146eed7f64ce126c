//! Nothing is advertised that fails, and nothing works that is not advertised: every value of the metadata is used end to
//! end, and every known value that is missing there is refused. A member that nobody here knows how to show fails the
//! test, so that no promise comes in unproven.

mod asking;
mod assured;
mod clients;
mod known;
mod level;
mod proving;

use std::collections::{BTreeMap, BTreeSet};

use acceptance::journey;
use acceptance::party::Party;
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::{TimeDelta, Utc};
use jose::key::PrivateKey;
use model::client::{GrantType, SigningAlg};
use model::scope::{Scope, ScopeSet};
use model::secret::Token;
use serde_json::{Map, Value, json};

const PAGES: [(&str, &str, &str); 3] = [
    (
        "documentation",
        "service_documentation",
        "https://id.province.example/docs",
    ),
    ("policy", "op_policy_uri", "https://id.province.example/policy"),
    ("terms", "op_tos_uri", "https://id.province.example/terms"),
];

/// The file of a client with a secret that it signs with.
const SIGNER: &str = r#"client_id = "signer"
name = { zh-CN = "测试", en = "Signer", vi = "Thử" }
agency = { zh-CN = "测试机关", en = "Test agency", vi = "Cơ quan thử" }
sector = "signer"
redirect_uris = ["https://signer.site.example/callback"]
auth_method = "client_secret_jwt"
secret_file = "signer.secret"
scopes = ["openid"]
grant_types = ["authorization_code", "client_credentials"]
service_scopes = ["walk.read"]
"#;
const SIGNER_SECRET: &str = "signer-secret-of-more-than-43-characters-0123456789abcdef";

/// What the walk needs.
struct Walk {
    world: World,
    offer: Map<String, Value>,
    /// A resident of level 1, signed in.
    visitor: Visitor,
    /// A program with every grant type, every scope, and a key of each algorithm.
    party: Party,
    keys: BTreeMap<SigningAlg, PrivateKey>,
    invitation: String,
    /// A resident of whom more is proven than of the first.
    known: (Visitor, Person),
    /// What the clients that ask about levels call the first; nothing until they met.
    subject: String,
}

/// Gives a resident an address, as if it had been proven by a link.
async fn with_email(world: &World, person: &Person) {
    let (tx, now) = (world.store().read(), Utc::now());
    let phone = model::phone::Phone::parse(&person.phone).expect("a phone");
    let account = store::accounts::find_by_phone(&tx, &phone)
        .await
        .expect("the store");
    let account = account.expect("an account").id;
    let email = format!("{}@example.cn", person.phone);
    let email = model::email::Email::parse(&email).expect("an address");
    let set = store::accounts::set_email(&tx, account, (None, Some(&email)), now).await;
    assert!(set.expect("the store"), "an address");
}

impl Walk {
    async fn begin(kind: Kind) -> Self {
        let mut pages = String::new();
        for (key, _, address) in PAGES {
            pages.push_str(&format!("{key} = \"{address}\"\n"));
        }
        let world = Setup::new(kind)
            .with(&format!(
                "[provider]\npublic_subjects = true\n[provider.registration]\nenabled = true\nscopes = [\"openid\"]\n\
                 clients_max = 1000\n[provider.pages]\n{pages}"
            ))
            .with_file("clients.d/signer.toml", SIGNER)
            .with_file("clients.d/signer.secret", SIGNER_SECRET)
            .start()
            .await;
        let keys: BTreeMap<_, _> = SigningAlg::ALL
            .into_iter()
            .map(|alg| (alg, PrivateKey::generate(alg).expect("a key")))
            .collect();
        let public: Vec<_> = keys.values().map(|key| key.public().to_value()).collect();
        for id in ["basic", "key"] {
            world
                .change_client(id, |client| {
                    client.jwks = Some(json!({ "keys": public }));
                    client.grant_types = GrantType::ALL.to_vec();
                    client.service_scopes = vec!["walk.read".to_owned()];
                    client.scopes = ScopeSet::from_iter(Scope::OFFERED);
                    client.serves_resources = vec![world.issuer.clone()];
                })
                .await;
        }
        let party = Party::new(&world, "basic");
        let (visitor, person) = journey::resident(&world).await;
        with_email(&world, &person).await;
        let known = journey::well_known(&world).await;
        let invitation = invite(&world).await;
        let mut walk = Self {
            offer: Map::new(),
            world,
            visitor,
            party,
            keys,
            invitation,
            known,
            subject: String::new(),
        };
        walk.offer = walk.metadata().await;
        walk
    }

    async fn metadata(&self) -> Map<String, Value> {
        let mut documents = Vec::new();
        for place in ["openid-configuration", "oauth-authorization-server"] {
            let answer = self
                .world
                .http
                .get(self.world.at(&format!("/.well-known/{place}")));
            documents.push(acceptance::party::answer(answer).await.body);
        }
        assert_eq!(documents[0], documents[1]);
        documents[0].as_object().expect("an object").clone()
    }

    /// What is advertised in a list.
    fn offered(&self, member: &str) -> Vec<String> {
        let list = self.offer[member]
            .as_array()
            .unwrap_or_else(|| panic!("{member} is no list"));
        assert!(
            !list.is_empty(),
            "{member} is empty: then it had better be absent"
        );
        let list: Vec<_> = list
            .iter()
            .map(|value| value.as_str().expect("text").to_owned())
            .collect();
        let different: BTreeSet<_> = list.iter().collect();
        assert_eq!(different.len(), list.len(), "{member} says something twice");
        list
    }

    /// The known values that are not.
    fn missing(&self, member: &str) -> Vec<&'static str> {
        let offered = self.offered(member);
        let known = known::VALUES.iter().find(|(name, _)| *name == member);
        let (_, known) = known.unwrap_or_else(|| panic!("what could be in {member}?"));
        for value in &offered {
            assert!(
                known.contains(&value.as_str()),
                "{member}: {value} is new to the walk"
            );
        }
        known
            .iter()
            .copied()
            .filter(|value| !offered.iter().any(|one| one == value))
            .collect()
    }

    /// Shows one member.
    async fn show(&mut self, member: &str) {
        match member {
            "issuer" => assert_eq!(self.offer["issuer"], self.world.issuer),
            _ if member.ends_with("_endpoint") || member == "jwks_uri" => self.place(member).await,
            "scopes_supported" => self.scopes().await,
            "claims_supported" | "claim_types_supported" | "claims_parameter_supported" => {
                self.claims(member).await
            }
            "acr_values_supported" => self.levels().await,
            "subject_types_supported" => self.subjects().await,
            "ui_locales_supported" => self.languages().await,
            "prompt_values_supported" => self.prompts().await,
            "response_types_supported" => self.response_types().await,
            "response_modes_supported" => self.response_modes().await,
            "code_challenge_methods_supported" => self.challenges().await,
            "authorization_response_iss_parameter_supported" => self.issuer_in_answers().await,
            "request_parameter_supported" | "request_object_signing_alg_values_supported" => {
                self.request_objects().await;
            }
            "request_uri_parameter_supported" | "require_request_uri_registration" => self.addresses().await,
            "require_signed_request_object" | "require_pushed_authorization_requests" => {
                // Every other step here asks without either.
                assert_eq!(self.offer[member], false);
            }
            "grant_types_supported" => self.grants().await,
            "id_token_signing_alg_values_supported" => self.id_token_algs().await,
            "userinfo_signing_alg_values_supported" => self.userinfo_algs().await,
            "dpop_signing_alg_values_supported" => self.possession().await,
            "tls_client_certificate_bound_access_tokens" => self.certificates().await,
            "verified_claims_supported" => self.assured().await,
            "trust_frameworks_supported" => self.frameworks().await,
            "claims_in_verified_claims_supported" => self.proven_claims().await,
            "evidence_supported"
            | "documents_supported"
            | "documents_check_methods_supported"
            | "electronic_records_supported" => self.evidence(member).await,
            _ if member.starts_with("level_endpoint_auth_") => self.level_proofs(member).await,
            _ if member.ends_with("_auth_methods_supported") => self.methods(member).await,
            _ if member.ends_with("_auth_signing_alg_values_supported") => self.assertions(member).await,
            _ if member.ends_with("channel_logout_supported") => self.sign_out(member).await,
            // Shown with the flags above: the notice names the sign-in.
            "backchannel_logout_session_supported" | "frontchannel_logout_session_supported" => {
                assert_eq!(self.offer[member], true);
            }
            _ if PAGES.iter().any(|(_, name, _)| *name == member) => {
                let (_, _, address) = PAGES.iter().find(|(_, name, _)| *name == member).expect("one");
                assert_eq!(self.offer[member], *address);
            }
            other => panic!("{other} is advertised, and nobody shows that it works"),
        }
    }
}

/// A permission to register clients.
async fn invite(world: &World) -> String {
    let (store, now) = (world.store().clone(), Utc::now());
    acceptance::engine::run(async move {
        let token = Token::generate(store.rng());
        let new = store::initial_tokens::NewInitialToken {
            hash: token.hash(),
            label: "walk",
            uses: 1000,
            now,
            expires_at: now + TimeDelta::hours(1),
        };
        store::initial_tokens::create(&store.read(), &new)
            .await
            .expect("stored");
        token.expose().to_owned()
    })
    .await
}

#[tokio::test]
async fn whatever_is_advertised_works_and_whatever_is_not_is_refused() {
    for kind in Kind::all() {
        let mut walk = Walk::begin(kind).await;
        for member in walk.offer.keys().cloned().collect::<Vec<_>>() {
            walk.show(&member).await;
        }
        for (member, place) in known::ENDPOINTS {
            if !walk.offer.contains_key(*member) {
                let answer = walk.world.http.get(walk.world.at(place));
                assert_eq!(
                    acceptance::party::answer(answer).await.status.as_u16(),
                    404,
                    "{member}"
                );
            }
        }
        for member in [
            "id_token_encryption_alg_values_supported",
            "check_session_iframe",
            "attachments_supported",
            "digest_algorithms_supported",
            "mtls_endpoint_aliases",
        ] {
            assert!(!walk.offer.contains_key(member), "{member}");
        }
    }
}
