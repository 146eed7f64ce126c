//! One silent sign-in, with everything that a careful sub-site checks.

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

/// One signature in so many is checked; checking each would cost more than making it.
const CHECKED: u32 = 50;

/// The sub-site.
pub struct Site {
    issuer: String,
    authority: String,
    client: String,
    basic: String,
    redirect_uri: String,
    keys: PublicKeySet,
}

/// What one request carries that its answer must bring back.
pub struct Sent {
    state: String,
    nonce: String,
    verifier: String,
}

/// How long things took.
#[derive(Default)]
pub struct Timings {
    authorize: Vec<Duration>,
    token: Vec<Duration>,
    userinfo: Vec<Duration>,
}

impl Timings {
    pub fn flows(&self) -> usize {
        self.userinfo.len()
    }

    pub fn add(&mut self, other: Self) {
        self.authorize.extend(other.authorize);
        self.token.extend(other.token);
        self.userinfo.extend(other.userinfo);
    }

    /// For each step its name, median and 99th percentile in milliseconds.
    pub fn percentiles(&self) -> Vec<(&'static str, f64, f64)> {
        [("authorize", &self.authorize), ("token", &self.token), ("userinfo", &self.userinfo)]
            .map(|(name, times)| {
                let mut sorted = times.clone();
                sorted.sort_unstable();
                let at = |share: usize| {
                    let index = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
                    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
                };
                (name, at(50), at(99))
            })
            .to_vec()
    }
}

fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

impl Site {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let secret = std::fs::read_to_string(&options.secret_file)
            .with_context(|| format!("reading {}", options.secret_file.display()))?;
        let authority = options.issuer.trim_start_matches("http://").to_owned();
        let mut connection = Connection::open(&authority).await?;
        let keys = PublicKeySet::from_json(&connection.get("/jwks.json", &[]).await?.body)?;
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(&options.client), encode(secret.trim()));
        Ok(Self {
            issuer: options.issuer.clone(),
            authority,
            client: options.client.clone(),
            basic: format!("Basic {}", STANDARD.encode(pair)),
            redirect_uri: options.redirect_uri.clone(),
            keys,
        })
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of an authorization request.
    pub fn request(&self) -> (String, Sent) {
        let sent = Sent { state: random(), nonce: random(), verifier: random() };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent.verifier.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid assurance seals real_name phone")
            .append_pair("state", &sent.state)
            .append_pair("nonce", &sent.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        (format!("/authorize?{query}"), sent)
    }

    /// One flow.
    pub async fn sign_in(
        &self,
        connection: &mut Connection,
        resident: &Resident,
        timings: &mut Timings,
    ) -> anyhow::Result<()> {
        let (path, sent) = self.request();
        let begun = Instant::now();
        let answer = connection.get(&path, &[("cookie", &resident.cookies)]).await?;
        timings.authorize.push(begun.elapsed());
        let code = self.code(answer.location()?, &sent)?;

        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", &code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &sent.verifier)
            .finish();
        let begun = Instant::now();
        let answer = connection.post("/token", &[("authorization", &self.basic)], form).await?;
        timings.token.push(begun.elapsed());
        ensure!(answer.status == 200, "token: {} {}", answer.status, answer.text());
        let tokens: Value = serde_json::from_slice(&answer.body)?;
        let subject = self.subject(tokens["id_token"].as_str().context("no ID token")?, &sent)?;

        let bearer = format!("Bearer {}", tokens["access_token"].as_str().context("no access token")?);
        let begun = Instant::now();
        let answer = connection.get("/userinfo", &[("authorization", &bearer)]).await?;
        timings.userinfo.push(begun.elapsed());
        ensure!(answer.status == 200, "userinfo: {} {}", answer.status, answer.text());
        let claims: Value = serde_json::from_slice(&answer.body)?;
        ensure!(claims["sub"] == subject.as_str(), "userinfo is about somebody else");
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

    fn subject(&self, token: &str, sent: &Sent) -> anyhow::Result<String> {
        let part = token.split('.').nth(1).context("not a token")?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?;
        ensure!(claims["nonce"] == sent.nonce.as_str(), "another nonce");
        ensure!(claims["iss"] == self.issuer.as_str() && claims["aud"] == self.client.as_str(), "another's token");
        if rand::random::<u32>().is_multiple_of(CHECKED) {
            verify(
                token,
                &Verification {
                    keys: &self.keys,
                    algs: &[SigningAlg::Es256],
                    typ: Typ::OneOf(&["JWT"]),
                    issuer: &self.issuer,
                    subject: Subject::Reported,
                    audience: Audience::ExactlyOneOf(&[&self.client]),
                    issued_at: Demand::Required,
                    token_id: Demand::IfPresent,
                    now: chrono::Utc::now(),
                    leeway: Duration::from_secs(5),
                    max_age: Duration::from_mins(10),
                },
            )?;
        }
        Ok(claims["sub"].as_str().context("no subject")?.to_owned())
    }
}
