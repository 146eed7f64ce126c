//! `denizen operator`.

use std::path::Path;

use ::operator::people::{self, By, Invitation, Login};
use ::operator::roles::{Role, Roles};
use anyhow::Context as _;
use model::language::Language;
use model::secret::Token;
use store::Store;
use store::operators::{self, Changed, Operator as Person};
use url::Url;

use crate::cli::Operator;
use crate::config::Loaded;

pub async fn run(command: Operator) -> anyhow::Result<()> {
    match command {
        Operator::Create {
            file,
            login,
            name,
            roles,
            language,
        } => {
            let roles: Roles = roles.iter().filter_map(|name| Role::parse(name)).collect();
            let mut languages = Language::ALL.into_iter();
            let invitation = Invitation {
                login: Login::parse(&login)?,
                name: people::parse_name(&name)?,
                roles,
                language: languages
                    .find(|one| one.tag() == language)
                    .unwrap_or(Language::ZhCn),
            };
            create(&file.config, &invitation).await
        }
        Operator::List(file) => list(&file.config).await,
        Operator::Disable { login, file } => disable(&file.config, &login).await,
        Operator::Reset { login, file } => reset(&file.config, &login).await,
    }
}

async fn open(file: &Path) -> anyhow::Result<(Loaded, Store)> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    Ok((loaded, store))
}

async fn create(file: &Path, invitation: &Invitation) -> anyhow::Result<()> {
    let (loaded, store) = open(file).await?;
    let made = people::invite(&store, &loaded.config.operator, invitation, By::Command).await?;
    store.close().await?;
    let token = made.context("this login is taken; `denizen operator reset` makes a new link for it")?;
    show_link(&loaded, &token)
}

/// The link goes to stdout, alone, so that a script can take it.
fn show_link(loaded: &Loaded, token: &Token) -> anyhow::Result<()> {
    let config = &loaded.config;
    let issuer = Url::parse(&config.issuer).context("issuer")?;
    super::talk(&format!(
        "Give this link to the operator; it holds for {} hours, works once, and is not shown again:",
        config.operator.link_hours
    ));
    super::say(&people::link_address(&issuer, token));
    Ok(())
}

async fn list(file: &Path) -> anyhow::Result<()> {
    let (_, store) = open(file).await?;
    let all = operators::list(&store.read()).await?;
    store.close().await?;
    for person in all {
        let roles = person.roles.join(",");
        super::say(&format!(
            "{}\t{}\t{roles}\t{}",
            person.login,
            person.status.as_str(),
            person.name
        ));
    }
    Ok(())
}

async fn find(store: &Store, login: &str) -> anyhow::Result<Person> {
    let found = people::find(store, &Login::parse(login)?).await?;
    found.with_context(|| format!("there is no operator {login}"))
}

async fn disable(file: &Path, login: &str) -> anyhow::Result<()> {
    let (_, store) = open(file).await?;
    let person = find(&store, login).await?;
    let changed = people::disable(&store, person.id, By::Command).await?;
    store.close().await?;
    match changed {
        Changed::Done => super::say(&format!("{login} is disabled")),
        Changed::Nothing => super::say(&format!("{login} was disabled already")),
        Changed::LastAdministrator => {
            anyhow::bail!("{login} is the last administrator: make another one first")
        }
    }
    Ok(())
}

async fn reset(file: &Path, login: &str) -> anyhow::Result<()> {
    let (loaded, store) = open(file).await?;
    let person = find(&store, login).await?;
    let made = people::reset(&store, &loaded.config.operator, person.id, By::Command).await?;
    store.close().await?;
    let token = made
        .ok()
        .with_context(|| format!("there is no operator {login}"))?;
    show_link(&loaded, &token)
}
