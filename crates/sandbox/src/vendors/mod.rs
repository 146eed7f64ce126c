//! Parties elsewhere that a resident is sent to and comes back from: a company that compares faces, a payment app, a
//! bank with OpenID Connect, and another province.
//!
//! Their pages need no script and keep no cookie. What a tester wants to happen (to refuse, to be somebody else, to lie)
//! is a choice on the page; what breaks between servers is a switch of `PUT /faults`. They are as strict with their
//! caller as real ones: the address to come back to must be the provider's, codes are good once, secrets must be right.

mod face;
mod identity;
mod lies;
mod openid;
mod pages;
mod payment;
mod shelf;

use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::jws::OwnKey;
use crate::world::World;
use shelf::Shelf;

/// The provider's name at every vendor that wants one.
const CLIENT_ID: &str = "denizen";

/// Who vouches for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Party {
    /// An OAuth 2 provider with words of its own, after the model of Alipay.
    Payment,
    /// A plain OpenID provider.
    Bank,
    /// The OpenID provider of another province, which says a level.
    Province,
}

impl Party {
    const fn word(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Bank => "bank",
            Self::Province => "province",
        }
    }
}

/// What the vendors remember.
pub(crate) struct Vendors {
    faces: Shelf<face::Check>,
    requests: Shelf<identity::Request>,
    codes: Shelf<identity::Grant>,
    tokens: Shelf<identity::Grant>,
    /// The key that the OpenID providers sign with, and one that they publish nowhere.
    key: OwnKey,
    other_key: OwnKey,
}

impl Vendors {
    pub(crate) fn new(rng: &model::rng::Rng) -> anyhow::Result<Self> {
        Ok(Self {
            faces: Shelf::default(),
            requests: Shelf::default(),
            codes: Shelf::default(),
            tokens: Shelf::default(),
            key: OwnKey::generate(rng)?,
            other_key: OwnKey::generate(rng)?,
        })
    }
}

/// Everything under `/vendors`.
pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/vendors/face/start", post(face::start))
        .route("/vendors/face/result", post(face::result))
        .route(
            "/vendors/face/checks/{certify_id}",
            get(face::show).post(face::decide),
        )
        .route("/vendors/payment/oauth2/authorize", get(payment::authorize))
        .route("/vendors/payment/gateway/token", post(payment::token))
        .route("/vendors/payment/gateway/user", post(payment::user))
        .route(
            "/vendors/{party}/.well-known/openid-configuration",
            get(openid::metadata),
        )
        .route("/vendors/{party}/jwks", get(openid::jwks))
        .route("/vendors/{party}/authorize", get(openid::authorize))
        .route("/vendors/{party}/token", post(openid::token))
        .route("/vendors/{party}/user", get(openid::user))
        .route("/vendors/{party}/decide", post(identity::decide))
}

/// A random value that nobody guesses.
fn random(world: &World) -> String {
    model::secret::Token::generate(world.rng()).expose().to_owned()
}

/// Whether an address to come back to is the provider's own: a real vendor has it in its contract.
fn is_providers(world: &World, address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else {
        return false;
    };
    let is_known = ["/verify/", "/recover/"]
        .iter()
        .any(|place| url.path().starts_with(place));
    url.origin() == world.issuer().origin() && is_known && url.fragment().is_none()
}

/// An address with more parameters.
fn with_parameters(address: &str, parameters: &[(&str, &str)]) -> String {
    match url::Url::parse(address) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(parameters);
            url.into()
        }
        Err(_) => address.to_owned(),
    }
}
