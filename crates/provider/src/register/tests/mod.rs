//! Registration by program over HTTP, on each database.

mod attacks;
mod endings;
mod metadata;
mod secrets;
mod sectors;

use axum::body::Body;
use chrono::TimeDelta;
use http::{Method, Request};
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use model::secret::Token;
use serde_json::{Value, json};
use store::initial_tokens::NewInitialToken;

use super::Config;
use crate::testing::{Answer, World, worlds_with};

const REGISTRATION: &str = "/connect/register";

fn settings() -> crate::Config {
    let scopes: ScopeSet = [
        Scope::Openid,
        Scope::Assurance,
        Scope::Phone,
        Scope::OfflineAccess,
    ]
    .into_iter()
    .collect();
    crate::Config {
        registration: Config {
            enabled: true,
            scopes,
            ceiling_level: Level::new(2),
            clients_max: 3,
            ..Config::default()
        },
        ..crate::Config::default()
    }
}

async fn worlds() -> Vec<World> {
    worlds_with(settings()).await
}

/// A permission, as `denizen clients token` makes it.
async fn permission(world: &World, uses: i32) -> String {
    let token = Token::generate(world.store.rng());
    let new = NewInitialToken {
        hash: token.hash(),
        label: "Hefei Data Bureau",
        uses,
        now: world.now(),
        expires_at: world.now() + TimeDelta::hours(24),
    };
    store::initial_tokens::create(&world.store.read(), &new)
        .await
        .unwrap();
    token.expose().to_owned()
}

async fn send(world: &World, method: Method, path: &str, token: &str, body: impl Into<Body>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    world.send(request.body(body.into()).unwrap()).await
}

async fn register(world: &World, token: &str, metadata: &Value) -> Answer {
    send(world, Method::POST, REGISTRATION, token, metadata.to_string()).await
}

/// The least that can be registered, with more members or others.
fn metadata(more: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": ["https://club.example/callback"] });
    for (key, value) in more.as_object().unwrap() {
        metadata[key] = value.clone();
    }
    metadata
}

/// A client that registered itself.
struct Registered {
    id: String,
    path: String,
    token: String,
    json: Value,
}

impl Registered {
    async fn new(world: &World, more: Value) -> Self {
        let permission = permission(world, 1).await;
        let answer = register(world, &permission, &metadata(more)).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        Self::read(answer.json)
    }

    fn read(json: Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        let uri = text("registration_client_uri");
        Self {
            id: text("client_id"),
            path: uri.strip_prefix("http://localhost:8080").unwrap().to_owned(),
            token: text("registration_access_token"),
            json,
        }
    }

    async fn show(&self, world: &World) -> Answer {
        send(world, Method::GET, &self.path, &self.token, Body::empty()).await
    }

    async fn change(&self, world: &World, more: Value) -> Answer {
        let mut metadata = metadata(more);
        metadata["client_id"] = self.id.clone().into();
        send(world, Method::PUT, &self.path, &self.token, metadata.to_string()).await
    }

    async fn forget(&self, world: &World) -> Answer {
        send(world, Method::DELETE, &self.path, &self.token, Body::empty()).await
    }

    fn secret(&self) -> &str {
        self.json["client_secret"].as_str().unwrap()
    }
}
