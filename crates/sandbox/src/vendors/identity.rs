//! What the parties that vouch for people have in common: a request that waits for the person, what the person decided,
//! and a code that is good once.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::lies::Lie;
use super::{CLIENT_ID, Party, openid, pages, random, with_parameters};
use crate::jws;
use crate::wire::{self, Parameters};
use crate::world::{Person, World};

/// A request that waits for the person.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub party: Party,
    pub redirect_uri: String,
    pub state: String,
    pub nonce: Option<String>,
    pub challenge: Option<String>,
    pub scope: String,
}

/// What a code, and then an access token, stands for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub request: Request,
    pub person: Person,
    pub withhold: Withhold,
    pub lie: Lie,
    /// The level that a province says.
    pub acr: Option<String>,
}

/// What is not told of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Withhold {
    Nothing,
    Name,
    Number,
    Both,
}

impl Withhold {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("name") => Self::Name,
            Some("number") => Self::Number,
            Some("both") => Self::Both,
            _ => Self::Nothing,
        }
    }
}

impl Grant {
    /// The name, where it is told.
    pub(super) fn name(&self) -> Option<&str> {
        let told = !matches!(self.withhold, Withhold::Name | Withhold::Both);
        told.then_some(self.person.name.as_str())
    }

    /// The number, where it is told.
    pub(super) fn number(&self) -> Option<&str> {
        let told = !matches!(self.withhold, Withhold::Number | Withhold::Both);
        told.then_some(self.person.citizen_id.as_str())
    }

    /// The party's own name for the person.
    pub(super) fn subject(&self) -> String {
        let text = format!("{}:{}", self.request.party.word(), self.person.citizen_id);
        jws::sha256(&text)
    }
}

/// Keeps a request and shows the page on which its person decides.
pub(super) fn ask(world: &World, headers: &HeaderMap, query: &Parameters, request: Request) -> Response {
    let id = random(world);
    world.vendors().requests.put(id.clone(), request.clone());
    pages::sign_in(headers, query, world, &request, &id)
}

/// `POST /vendors/{party}/decide`
pub(super) async fn decide(
    State(world): State<World>,
    Path(party): Path<Party>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Parameters::of_form(&body).unwrap_or_default();
    let request = form
        .value("request")
        .and_then(|id| world.vendors().requests.take(id));
    let Some(request) = request.filter(|request| request.party == party) else {
        return pages::gone(&headers, &form);
    };
    let lie = Lie::of(form.value("lie"));
    let issuer = openid::issuer(&world, party);
    if form.value("decision") != Some("allow") {
        return wire::see_other(&back(&request, &issuer, lie, ("error", "access_denied")));
    }
    let number = form.value("person").unwrap_or_default();
    let Some(person) = world.people().person(number).cloned() else {
        return pages::gone(&headers, &form);
    };
    let grant = Grant {
        request: request.clone(),
        person,
        withhold: Withhold::of(form.value("withhold")),
        lie,
        acr: form.value("acr").map(str::to_owned),
    };
    let code = random(&world);
    world.vendors().codes.put(code.clone(), grant);
    let name = if party == Party::Payment {
        "auth_code"
    } else {
        "code"
    };
    wire::see_other(&back(&request, &issuer, lie, (name, &code)))
}

/// The way back. OpenID providers say who they are (RFC 9207).
fn back(request: &Request, issuer: &str, lie: Lie, answer: (&str, &str)) -> String {
    let state = if lie == Lie::OtherState {
        "c3RhdGUtb2Ytc29tZWJvZHktZWxzZS0wMDAwMDAwMDA"
    } else {
        request.state.as_str()
    };
    let mut parameters = vec![answer, ("state", state)];
    if request.party == Party::Payment {
        parameters.push(("app_id", CLIENT_ID));
        parameters.push(("scope", request.scope.as_str()));
    } else {
        match lie {
            Lie::OtherIssuer => parameters.push(("iss", "https://elsewhere.example")),
            Lie::NoIssuer => {}
            _ => parameters.push(("iss", issuer)),
        }
    }
    with_parameters(&request.redirect_uri, &parameters)
}

/// Takes the code of a token request away, when everything about the request is right; otherwise the OAuth error.
pub(super) fn redeem(
    world: &World,
    party: Party,
    code: Option<&str>,
    form: &Parameters,
) -> Result<Grant, &'static str> {
    let grant = code
        .and_then(|code| world.vendors().codes.take(code))
        .ok_or("invalid_grant")?;
    let request = &grant.request;
    // Payment apps do not ask for the address a second time.
    let same_address =
        party == Party::Payment || form.value("redirect_uri") == Some(request.redirect_uri.as_str());
    let verifier = form.value("code_verifier").map(jws::sha256);
    if request.party != party || !same_address || request.challenge != verifier {
        return Err("invalid_grant");
    }
    Ok(grant)
}

/// Whether a token request shows the provider's secret, in the `Authorization` header (RFC 6749 section 2.3.1) or in the
/// form.
pub(super) fn shows_secret(
    world: &World,
    headers: &HeaderMap,
    form: &Parameters,
    names: (&str, &str),
) -> bool {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "));
    let (id, secret) = (CLIENT_ID, world.keys().vendors.as_str());
    match basic {
        Some(given) => {
            let pair = format!("{}:{}", wire::form_encoded(id), wire::form_encoded(secret));
            given == STANDARD.encode(pair)
        }
        None => form.value(names.0) == Some(id) && form.value(names.1) == Some(secret),
    }
}
