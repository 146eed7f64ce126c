//! The sub-site: silent sign-ins, and tokens of every kind, with everything that a careful one checks.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jose::alg::SigningAlg;
use jose::key_set::PublicKeySet;
use jose::verify::{Audience, Demand, Subject, Typ, Verification, verify};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::Options;
use crate::http::Connection;
use crate::residents::Resident;
use crate::timings::Timings;

/// One signature in so many is checked; checking each would cost more than making it.
const CHECKED: u32 = 50;
/// What is asked for.
const SCOPE: &str = "openid assurance seals real_name phone";

/// The sub-site.
pub struct Site {
    issuer: String,
    authority: String,
    client: String,
    /// How it proves itself; nothing for a public client, which names itself in the form.
    basic: Option<String>,
    redirect_uri: String,
    keys: PublicKeySet,
}

/// What a sign-in gave.
#[derive(Clone)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub subject: String,
}

/// What one request carries that its answer must bring back.
pub struct Sent {
    state: String,
    nonce: String,
    verifier: String,
}

fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

impl Site {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let secret = match &options.secret_file {
            Some(file) => {
                Some(std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?)
            }
            None => None,
        };
        let authority = options.issuer.trim_start_matches("http://").to_owned();
        let mut connection = Connection::open(&authority).await?;
        let keys = PublicKeySet::from_json(&connection.get("/jwks.json", &[]).await?.body)?;
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = secret.map(|secret| {
            let pair = format!("{}:{}", encode(&options.client), encode(secret.trim()));
            format!("Basic {}", STANDARD.encode(pair))
        });
        Ok(Self {
            issuer: options.issuer.clone(),
            authority,
            client: options.client.clone(),
            basic,
            redirect_uri: options.redirect_uri.clone(),
            keys,
        })
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn client(&self) -> &str {
        &self.client
    }

    /// Sends a form as the client that this is, and reads the JSON of the answer.
    pub async fn ask(
        &self,
        connection: &mut Connection,
        path: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let own_name = self.basic.is_none().then_some(("client_id", self.client.as_str()));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.iter().copied().chain(own_name))
            .finish();
        let proof = self.basic.as_ref().map(|basic| ("authorization", basic.as_str()));
        let answer = connection.post(path, proof.as_slice(), form).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The address of an authorization request.
    pub fn request(&self) -> (String, Sent) {
        let sent = Sent { state: random(), nonce: random(), verifier: random() };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent.verifier.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &sent.state)
            .append_pair("nonce", &sent.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        (format!("/authorize?{query}"), sent)
    }

    /// A code and what it gives.
    pub async fn sign_in(
        &self,
        connection: &mut Connection,
        resident: &Resident,
        timings: &mut Timings,
    ) -> anyhow::Result<Tokens> {
        let (path, sent) = self.request();
        let begun = Instant::now();
        let answer = connection.get(&path, &[("cookie", &resident.cookies)]).await?;
        timings.step("authorize", begun);
        let code = self.code(answer.location()?, &sent)?;

        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &sent.verifier),
        ];
        let begun = Instant::now();
        let tokens = self.ask(connection, "/token", &fields).await?;
        timings.step("token", begun);
        let id_token = tokens["id_token"].as_str().context("no ID token")?;
        Ok(Tokens {
            subject: self.subject(id_token, Some(&sent.nonce))?,
            access_token: tokens["access_token"].as_str().context("no access token")?.to_owned(),
            refresh_token: tokens["refresh_token"].as_str().map(str::to_owned),
        })
    }

    /// What the access token's holder is told.
    pub async fn userinfo(
        &self,
        connection: &mut Connection,
        tokens: &Tokens,
        timings: &mut Timings,
    ) -> anyhow::Result<()> {
        let bearer = format!("Bearer {}", tokens.access_token);
        let begun = Instant::now();
        let answer = connection.get("/userinfo", &[("authorization", &bearer)]).await?;
        timings.step("userinfo", begun);
        ensure!(answer.status == 200, "userinfo: {} {}", answer.status, answer.text());
        let claims: Value = serde_json::from_slice(&answer.body)?;
        ensure!(claims["sub"] == tokens.subject.as_str(), "userinfo is about somebody else");
        Ok(())
    }

    fn code(&self, location: &str, sent: &Sent) -> anyhow::Result<String> {
        ensure!(location.starts_with(&self.redirect_uri), "sent to {location}");
        let url = Url::parse(location)?;
        let of = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        ensure!(of("state").as_ref() == Some(&sent.state), "another state");
        ensure!(of("iss").as_ref() == Some(&self.issuer), "another issuer");
        of("code").with_context(|| format!("no code: {:?}", of("error")))
    }

    /// The subject of an ID token that says what it should.
    pub fn subject(&self, token: &str, nonce: Option<&str>) -> anyhow::Result<String> {
        let claims = claims(token)?;
        ensure!(claims.get("nonce").and_then(Value::as_str) == nonce, "another nonce");
        ensure!(claims["iss"] == self.issuer.as_str() && claims["aud"] == self.client.as_str(), "another's token");
        self.check_now_and_then(token, "JWT", &self.client)?;
        Ok(claims["sub"].as_str().context("no subject")?.to_owned())
    }

    /// An access token that the client asked for in its own name.
    pub fn own_token(&self, token: &str, audience: &str) -> anyhow::Result<()> {
        let claims = claims(token)?;
        ensure!(claims["iss"] == self.issuer.as_str(), "another issuer");
        ensure!(claims["client_id"] == self.client.as_str(), "another's token");
        self.check_now_and_then(token, "at+jwt", audience)
    }

    fn check_now_and_then(&self, token: &str, typ: &str, audience: &str) -> anyhow::Result<()> {
        if rand::random::<u32>().is_multiple_of(CHECKED) {
            verify(
                token,
                &Verification {
                    keys: &self.keys,
                    algs: &[SigningAlg::Es256],
                    typ: Typ::OneOf(&[typ]),
                    issuer: &self.issuer,
                    subject: Subject::Reported,
                    audience: Audience::ExactlyOneOf(&[audience]),
                    issued_at: Demand::Required,
                    token_id: Demand::IfPresent,
                    now: chrono::Utc::now(),
                    leeway: Duration::from_secs(5),
                    max_age: Duration::from_mins(15),
                },
            )?;
        }
        Ok(())
    }
}

/// What a token says, unverified.
fn claims(token: &str) -> anyhow::Result<Value> {
    let part = token.split('.').nth(1).context("not a token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
}
