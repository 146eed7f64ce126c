//! A payment app's sign-in, after the model of Alipay: OAuth 2 with words of its own (`app_id`, `auth_code`), name and
//! number only where the app's contract has them, and the customer's own real-name state (`is_certified`). Requests that
//! are signed with RSA, as the real one wants them, are not asked for here: the secret stands for them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::identity::{self, Request};
use super::lies::Lie;
use super::{CLIENT_ID, Party, is_providers, pages, random};
use crate::wire::{self, Parameters};
use crate::world::{Entry, Route, World, fault};

const SECRET: (&str, &str) = ("app_id", "app_secret");

/// `GET /vendors/payment/oauth2/authorize`
pub(super) async fn authorize(State(world): State<World>, headers: HeaderMap, uri: Uri) -> Response {
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    let text = |name: &str| query.value(name).map(str::to_owned);
    let redirect_uri = text("redirect_uri").filter(|address| is_providers(&world, address));
    let scope = text("scope").filter(|scope| ["auth_user", "auth_base"].contains(&scope.as_str()));
    let (Some(redirect_uri), Some(state), Some(scope), Some(CLIENT_ID)) =
        (redirect_uri, text("state"), scope, query.value("app_id"))
    else {
        return pages::refused(&headers, &query);
    };
    let request = Request {
        party: Party::Payment,
        redirect_uri,
        state,
        nonce: None,
        challenge: text("code_challenge"),
        scope,
    };
    identity::ask(&world, &headers, &query, request)
}

/// `POST /vendors/payment/gateway/token`
pub(super) async fn token(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let form = match received(&world, Route::PaymentToken, &headers, &body).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let grant = if form.value("grant_type") == Some("authorization_code") {
        identity::redeem(&world, Party::Payment, form.value("code"), &form)
    } else {
        Err("unsupported_grant_type")
    };
    match grant {
        Ok(grant) => {
            let (token, user) = (random(&world), grant.subject());
            world.vendors().tokens.put(token.clone(), grant);
            record(&world, Route::PaymentToken, StatusCode::OK, "token");
            let document =
                json!({ "code": "10000", "access_token": token, "user_id": user, "expires_in": 300 });
            wire::json(StatusCode::OK, &document)
        }
        Err(error) => {
            record(&world, Route::PaymentToken, StatusCode::BAD_REQUEST, error);
            let document = json!({ "code": "40002", "sub_code": error });
            wire::json(StatusCode::BAD_REQUEST, &document)
        }
    }
}

/// `POST /vendors/payment/gateway/user`
pub(super) async fn user(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let form = match received(&world, Route::PaymentUser, &headers, &body).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let token = form.value("auth_token").unwrap_or_default();
    let grant = world.vendors().tokens.find(token);
    let Some(grant) = grant.filter(|grant| grant.request.party == Party::Payment) else {
        record(&world, Route::PaymentUser, StatusCode::UNAUTHORIZED, "no_token");
        let document = json!({ "code": "20001", "sub_code": "aop.invalid-auth-token" });
        return wire::json(StatusCode::UNAUTHORIZED, &document);
    };
    let user = if grant.lie == Lie::OtherSubject {
        random(&world)
    } else {
        grant.subject()
    };
    let mut document = json!({ "code": "10000", "user_id": user });
    if let Some(fields) = document.as_object_mut()
        && grant.request.scope == "auth_user"
    {
        let certified = if grant.lie == Lie::NotCertified { "F" } else { "T" };
        fields.insert("is_certified".to_owned(), json!(certified));
        if let Some(name) = grant.name() {
            fields.insert("user_name".to_owned(), json!(name));
        }
        if let Some(number) = grant.number() {
            fields.insert("cert_type".to_owned(), json!("IDENTITY_CARD"));
            fields.insert("cert_no".to_owned(), json!(number));
        }
    }
    record(&world, Route::PaymentUser, StatusCode::OK, "user");
    wire::json(StatusCode::OK, &document)
}

/// The form of a request that shows the secret and meets no fault.
async fn received(
    world: &World,
    route: Route,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Parameters, Response> {
    let form = Parameters::of_form(body).unwrap_or_default();
    if !identity::shows_secret(world, headers, &form, SECRET) {
        record(world, route, StatusCode::UNAUTHORIZED, "no_secret");
        let document = json!({ "code": "40001", "sub_code": "isv.invalid-app" });
        return Err(wire::json(StatusCode::UNAUTHORIZED, &document));
    }
    if let Some((status, outcome, response)) = fault(world, route).await {
        record(world, route, status, outcome);
        return Err(response);
    }
    Ok(form)
}

/// What was asked is not written down: it is a secret.
fn record(world: &World, route: Route, status: StatusCode, outcome: &str) {
    world.journal().record(Entry {
        at: world.clock().now(),
        route,
        request: Value::Null,
        status: status.as_u16(),
        outcome: outcome.to_owned(),
    });
}
