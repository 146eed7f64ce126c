//! Residents to sign in: registered and verified through the pages by the sandbox, each with a live session and a
//! decision about the sub-site, so that what is measured is silent.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Options;
use crate::flow::Site;
use crate::http::{Answer, Connection};

/// One resident's browser.
pub struct Resident {
    /// Its cookies, as the header sends them.
    pub cookies: String,
}

/// Registers them, a few at a time: each costs a password hash.
pub async fn register(options: &Options, site: &Arc<Site>) -> anyhow::Result<Arc<Vec<Resident>>> {
    let world = options.world.trim_start_matches("http://").to_owned();
    let gate = Arc::new(Semaphore::new(4));
    let mut work = JoinSet::new();
    for _ in 0..options.residents {
        let (world, gate, site) = (world.clone(), gate.clone(), site.clone());
        work.spawn(async move {
            let _turn = gate.acquire().await?;
            one(&world, &site).await
        });
    }
    let mut residents = Vec::new();
    while let Some(done) = work.join_next().await {
        residents.push(done??);
    }
    Ok(Arc::new(residents))
}

async fn one(world: &str, site: &Site) -> anyhow::Result<Resident> {
    let mut connection = Connection::open(world).await?;
    let answer = connection.post_json("/residents", json!({ "level": 1 }).to_string()).await?;
    ensure!(answer.status.is_success(), "POST /residents: {} {}", answer.status, answer.text());
    let made: Value = serde_json::from_slice(&answer.body)?;
    let cookies = made["cookies"].as_object().context("no cookies")?;
    let cookies: Vec<_> =
        cookies.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
    let resident = Resident { cookies: cookies.join("; ") };
    agree(site, &resident).await?;
    Ok(resident)
}

/// Decides about the sub-site as a person would: the page, then its first button.
async fn agree(site: &Site, resident: &Resident) -> anyhow::Result<()> {
    let mut connection = Connection::open(site.authority()).await?;
    let cookies = ("cookie", resident.cookies.as_str());
    let (path, _) = site.request();
    let asked = connection.get(&path, &[cookies]).await?;
    let page = asked.location()?.to_owned();
    ensure!(page.starts_with("/consent"), "expected the consent page, was sent to {page}");
    let shown = connection.get(&page, &[cookies]).await?;
    let decided = connection.post("/consent", &[cookies], decision(&shown)).await?;
    let resumed = connection.get(decided.location()?, &[cookies]).await?;
    ensure!(resumed.location()?.contains("code="), "no code after consent: {}", resumed.location()?);
    Ok(())
}

fn decision(page: &Answer) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in hidden(page) {
        form.append_pair(&name, &value);
    }
    form.append_pair("decision", "allow").append_pair("real_name", "yes").append_pair("phone", "yes");
    form.finish()
}

/// The hidden fields of the decision's form. There are other forms on a page; only this one has an interaction.
fn hidden(page: &Answer) -> Vec<(String, String)> {
    let text = page.text();
    let form = text.split("<form").find(|form| form.contains("name=\"interaction\"")).unwrap_or_default().to_owned();
    form.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
        .collect()
}

fn attribute(input: &str, name: &str) -> Option<String> {
    let rest = input.split_once(&format!("{name}=\""))?.1;
    Some(rest.split_once('"')?.0.to_owned())
}
