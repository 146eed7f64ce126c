//! The workloads: what one round of each is, and what a worker needs before the first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use hyper::body::Bytes;
use serde_json::Value;

use crate::flow::{Site, Tokens};
use crate::http::Connection;
use crate::residents::{self, Resident};
use crate::timings::Timings;

/// What is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// A whole silent sign-in: authorize, token, userinfo.
    SignIn,
    /// A token in the client's own name.
    ClientCredentials,
    /// A refresh; a public client's token is another one each time.
    Refresh,
    /// What does this token mean?
    Introspection,
    /// What the token's holder is told.
    Userinfo,
    /// The metadata.
    Discovery,
    /// The key set.
    Jwks,
    /// A sign-in with phone and password: page, form, the person's own page.
    Password,
}

impl Work {
    /// Whether it is about residents.
    pub const fn has_residents(self) -> bool {
        matches!(self, Self::SignIn | Self::Refresh | Self::Introspection | Self::Userinfo | Self::Password)
    }

    /// Whether the residents decide about the sub-site beforehand.
    pub const fn has_consent(self) -> bool {
        self.has_residents() && !matches!(self, Self::Password)
    }

    const fn has_tokens(self) -> bool {
        matches!(self, Self::Refresh | Self::Introspection | Self::Userinfo)
    }

    const fn document(self) -> Option<&'static str> {
        match self {
            Self::Discovery => Some("/.well-known/openid-configuration"),
            Self::Jwks => Some("/jwks.json"),
            _ => None,
        }
    }
}

/// What all workers share.
pub struct Shared {
    pub site: Site,
    pub work: Work,
    pub resource: Option<String>,
    pub service_scope: String,
    pub residents: Vec<Resident>,
    next: AtomicUsize,
}

impl Shared {
    pub fn new(site: Site, work: Work, options: &crate::Options, residents: Vec<Resident>) -> Self {
        Self {
            site,
            work,
            resource: options.resource.clone(),
            service_scope: options.service_scope.clone(),
            residents,
            next: AtomicUsize::new(0),
        }
    }

    fn resident(&self) -> anyhow::Result<&Resident> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.residents.get(number % self.residents.len().max(1)).context("no residents")
    }
}

/// One of those who work at the same time, on a connection of its own.
pub struct Worker {
    shared: Arc<Shared>,
    connection: Connection,
    tokens: Option<Tokens>,
    document: Option<Bytes>,
}

impl Worker {
    /// Ready for its first round.
    pub async fn ready(shared: Arc<Shared>) -> anyhow::Result<Self> {
        let mut connection = Connection::open(shared.site.authority()).await?;
        let tokens = if shared.work.has_tokens() {
            Some(shared.site.sign_in(&mut connection, shared.resident()?, &mut Timings::default()).await?)
        } else {
            None
        };
        let document = match shared.work.document() {
            Some(path) => Some(connection.get(path, &[]).await?.body),
            None => None,
        };
        Ok(Self { shared, connection, tokens, document })
    }

    /// Does it once.
    pub async fn round(&mut self, timings: &mut Timings) -> anyhow::Result<()> {
        match self.shared.work {
            Work::SignIn => {
                let resident = self.shared.resident()?;
                let tokens = self.shared.site.sign_in(&mut self.connection, resident, timings).await?;
                self.shared.site.userinfo(&mut self.connection, &tokens, timings).await?;
            }
            Work::ClientCredentials => self.client_credentials(timings).await?,
            Work::Refresh => self.refresh(timings).await?,
            Work::Introspection => self.introspect(timings).await?,
            Work::Userinfo => {
                let tokens = self.tokens.as_ref().context("no tokens")?;
                self.shared.site.userinfo(&mut self.connection, tokens, timings).await?;
            }
            Work::Discovery => self.document("discovery", timings).await?,
            Work::Jwks => self.document("jwks", timings).await?,
            Work::Password => {
                let resident = self.shared.resident()?;
                residents::sign_in(&mut self.connection, resident, timings).await?;
            }
        }
        timings.round();
        Ok(())
    }

    async fn document(&mut self, step: &'static str, timings: &mut Timings) -> anyhow::Result<()> {
        let path = self.shared.work.document().context("no document")?;
        let begun = Instant::now();
        let answer = self.connection.get(path, &[]).await?;
        timings.step(step, begun);
        ensure!(answer.status == 200 && Some(&answer.body) == self.document.as_ref(), "another document");
        Ok(())
    }

    async fn client_credentials(&mut self, timings: &mut Timings) -> anyhow::Result<()> {
        let site = &self.shared.site;
        let mut fields = vec![("grant_type", "client_credentials"), ("scope", self.shared.service_scope.as_str())];
        if let Some(resource) = &self.shared.resource {
            fields.push(("resource", resource));
        }
        let begun = Instant::now();
        let answer = site.ask(&mut self.connection, "/token", &fields).await?;
        timings.step("token", begun);
        ensure!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none(), "too much: {answer}");
        let token = answer["access_token"].as_str().context("no access token")?;
        site.own_token(token, self.shared.resource.as_deref().unwrap_or(site.issuer()))
    }

    async fn refresh(&mut self, timings: &mut Timings) -> anyhow::Result<()> {
        let tokens = self.tokens.as_mut().context("no tokens")?;
        let refresh_token = tokens.refresh_token.clone().context("the sub-site gets no refresh tokens")?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let begun = Instant::now();
        let answer = self.shared.site.ask(&mut self.connection, "/token", &fields).await?;
        timings.step("token", begun);
        if let Some(id_token) = answer["id_token"].as_str() {
            ensure!(self.shared.site.subject(id_token, None)? == tokens.subject, "about somebody else");
        }
        answer["access_token"].as_str().context("no access token")?.clone_into(&mut tokens.access_token);
        if let Some(next) = answer["refresh_token"].as_str() {
            tokens.refresh_token = Some(next.to_owned());
        }
        Ok(())
    }

    async fn introspect(&mut self, timings: &mut Timings) -> anyhow::Result<()> {
        let tokens = self.tokens.as_ref().context("no tokens")?;
        let begun = Instant::now();
        let fields = [("token", tokens.access_token.as_str())];
        let answer = self.shared.site.ask(&mut self.connection, "/introspect", &fields).await?;
        timings.step("introspection", begun);
        ensure!(answer["active"] == Value::Bool(true), "{answer}");
        ensure!(answer["client_id"] == self.shared.site.client(), "another's token: {answer}");
        Ok(())
    }
}
