//! Operators: who may become one, how they are made, changed, reset and disabled. The same functions serve the
//! administrator's pages and the command line. `/operator/operators` is for administrators.

mod one;
mod pages;
mod recent;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::OperatorId;
use model::language::Language;
use model::secret::Token;
use serde_json::json;
use store::audit::Entry;
use store::operators::{self, Changed, Link, NewOperator, Operator};
use store::{Store, StoreError};
use url::Url;
use web::paths::LocalPath;

use crate::config::Config;
use crate::roles::Roles;
use crate::{Service, code};

pub(crate) use self::recent::recent;

/// The most characters of a name.
const NAME_MAX: usize = 64;

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/operators", get(pages::show))
        .route("/operator/operators/new", get(pages::form).post(pages::create))
        .route("/operator/operators/{id}", get(one::show).post(one::change_roles))
        .route("/operator/operators/{id}/reset", post(one::reset))
        .route("/operator/operators/{id}/disable", post(one::disable))
}

/// What an operator signs in with: 2 to 64 of `a-z 0-9 . _ -`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

/// Why an operator cannot be made like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The login.
    #[error("a login is 2 to 64 of a-z, 0-9, dot, underscore and hyphen, and begins with a letter")]
    Login,
    /// The name.
    #[error("a name is 1 to 64 characters that can be printed")]
    Name,
    /// The roles.
    #[error("at least one role is needed")]
    Roles,
}

impl Unfit {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Login => "operator-login-unfit",
            Self::Name => "operator-name-unfit",
            Self::Roles => "operator-roles-missing",
        }
    }
}

impl Login {
    /// Reads a login; capitals are folded.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let text = text.trim().to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        if begins && (2..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(Unfit::Login)
        }
    }

    /// The login.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads the name of an operator.
pub fn parse_name(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    let printable = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if (1..=NAME_MAX).contains(&text.chars().count()) && text.chars().all(printable) {
        Ok(text.to_owned())
    } else {
        Err(Unfit::Name)
    }
}

/// Who makes a change: another operator, or somebody at the machine.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The command line.
    Command,
    /// An operator, in a request.
    Operator(OperatorId, &'a str),
}

impl By<'_> {
    const fn operator(self) -> Option<OperatorId> {
        match self {
            Self::Command => None,
            Self::Operator(id, _) => Some(id),
        }
    }

    fn entry(
        self,
        event: Event,
        now: DateTime<Utc>,
        about: OperatorId,
        mut details: serde_json::Value,
    ) -> Entry {
        if let Some(details) = details.as_object_mut() {
            details.insert("about".to_owned(), about.to_string().into());
            let by = match self {
                Self::Command => "command".to_owned(),
                Self::Operator(id, _) => id.to_string(),
            };
            details.insert("operator".to_owned(), by.into());
        }
        let mut entry = Entry::new(event, now).details(details);
        if let Self::Operator(_, request_id) = self {
            entry.request_id = Some(request_id.to_owned());
        }
        entry
    }
}

/// Whom to make an operator.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The login.
    pub login: Login,
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Roles,
    /// The language they are spoken to.
    pub language: Language,
}

/// Makes an operator and the link that they enrol by; `None` when the login is taken.
pub async fn invite(
    store: &Store,
    config: &Config,
    invitation: &Invitation,
    by: By<'_>,
) -> Result<Option<Token>, StoreError> {
    let (now, token) = (store.clock().now(), Token::generate(store.rng()));
    let id = OperatorId::new(now, store.rng());
    let new = NewOperator {
        id,
        login: invitation.login.as_str(),
        name: &invitation.name,
        roles: &invitation.roles.names(),
        language: invitation.language,
        link: link(config, &token, by, now),
        now,
    };
    let tx = store.begin().await?;
    match operators::create(&tx, &new).await {
        Ok(()) => {}
        Err(StoreError::Duplicate) => return Ok(None),
        Err(error) => return Err(error),
    }
    let details = json!({"roles": new.roles});
    let entry = by.entry(Event::OperatorInvited, now, id, details);
    store::audit::record(&tx, store.rng(), entry).await?;
    tx.commit().await?;
    Ok(Some(token))
}

fn link(config: &Config, token: &Token, by: By<'_>, now: DateTime<Utc>) -> Link {
    Link {
        hash: token.hash(),
        expires_at: config.link_ends_at(now),
        by: by.operator(),
    }
}

/// Takes every proof of an operator away and makes a link to enrol once more, or answers why not. Only the command line
/// brings back who was disabled, and resets the last administrator.
pub async fn reset(
    store: &Store,
    config: &Config,
    id: OperatorId,
    by: By<'_>,
) -> Result<Result<Token, Changed>, StoreError> {
    let (now, token) = (store.clock().now(), Token::generate(store.rng()));
    let tx = store.begin().await?;
    let changed = operators::reset(&tx, id, &link(config, &token, by, now), now).await?;
    if changed != Changed::Done {
        return Ok(Err(changed));
    }
    code::forget(&tx, id, now).await?;
    let entry = by.entry(Event::OperatorInvited, now, id, json!({"again": true}));
    store::audit::record(&tx, store.rng(), entry).await?;
    tx.commit().await?;
    let_go(store, id, now).await;
    Ok(Ok(token))
}

/// What they proposed at a counter is worth nothing now. That they are out stands, whatever becomes of this.
async fn let_go(store: &Store, id: OperatorId, now: DateTime<Utc>) {
    if let Err(error) = account::recovery::counter::let_go(&store.read(), id, now).await {
        tracing::error!(operator = %id, %error, "what an operator proposed at a counter was not taken back");
    }
}

/// Lets an operator in no more.
pub async fn disable(store: &Store, id: OperatorId, by: By<'_>) -> Result<Changed, StoreError> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let changed = operators::disable(&tx, id, now).await?;
    if changed == Changed::Done {
        let entry = by.entry(Event::OperatorChanged, now, id, json!({"disabled": true}));
        store::audit::record(&tx, store.rng(), entry).await?;
        tx.commit().await?;
        let_go(store, id, now).await;
    }
    Ok(changed)
}

/// Gives an operator other roles.
pub async fn change_roles(
    store: &Store,
    id: OperatorId,
    roles: &Roles,
    by: By<'_>,
) -> Result<Changed, StoreError> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let changed = operators::change_roles(&tx, id, &roles.names(), now).await?;
    if changed == Changed::Done {
        let details = json!({"roles": roles.names()});
        let entry = by.entry(Event::OperatorChanged, now, id, details);
        store::audit::record(&tx, store.rng(), entry).await?;
        tx.commit().await?;
    }
    Ok(changed)
}

/// The operator with a login.
pub async fn find(store: &Store, login: &Login) -> Result<Option<Operator>, StoreError> {
    let found = operators::find_by_login(&store.read(), login.as_str()).await?;
    Ok(found.map(|found| found.operator))
}

/// The address that a link leads to.
pub fn link_address(issuer: &Url, token: &Token) -> String {
    let path = LocalPath::known("/operator/enrol").with("token", token.expose());
    format!("{}{}", issuer.as_str().trim_end_matches('/'), path.as_str())
}

#[cfg(test)]
mod tests;
