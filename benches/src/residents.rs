//! Residents: registered and verified through the pages by the sandbox, each with a live session and, where the
//! workload is silent, a decision about the sub-site. They can also sign in again with their password.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Options;
use crate::flow::Site;
use crate::http::{Answer, Connection};
use crate::timings::Timings;
use crate::work::Work;

/// One resident's browser.
pub struct Resident {
    /// Its cookies, as the header sends them.
    pub cookies: String,
    phone: String,
    password: String,
}

/// Registers them, a few at a time: each costs a password hash.
pub async fn register(options: &Options, site: &Site, work: Work) -> anyhow::Result<Vec<Resident>> {
    let world = options.world.trim_start_matches("http://").to_owned();
    let gate = Arc::new(Semaphore::new(4));
    let mut under_way = JoinSet::new();
    for _ in 0..options.residents {
        let (world, gate) = (world.clone(), gate.clone());
        under_way.spawn(async move {
            let _turn = gate.acquire().await?;
            one(&world).await
        });
    }
    let mut residents = Vec::new();
    while let Some(done) = under_way.join_next().await {
        residents.push(done??);
    }
    if work.has_consent() {
        for resident in &residents {
            agree(site, resident).await?;
        }
    }
    Ok(residents)
}

async fn one(world: &str) -> anyhow::Result<Resident> {
    let mut connection = Connection::open(world).await?;
    let answer = connection.post_json("/residents", json!({ "level": 1 }).to_string()).await?;
    ensure!(answer.status.is_success(), "POST /residents: {} {}", answer.status, answer.text());
    let made: Value = serde_json::from_slice(&answer.body)?;
    let cookies = made["cookies"].as_object().context("no cookies")?;
    let cookies: Vec<_> =
        cookies.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
    let text = |name: &str| made[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    Ok(Resident { cookies: cookies.join("; "), phone: text("phone")?, password: text("password")? })
}

/// A sign-in in a fresh browser: the page, the form, the person's own page.
pub async fn sign_in(
    connection: &mut Connection,
    resident: &Resident,
    timings: &mut Timings,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let page = connection.get("/sign-in", &[]).await?;
    timings.step("page", begun);
    ensure!(page.status == 200, "sign-in page: {}", page.status);
    let mut cookies = page.cookies();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(hidden(&page, "name=\"password\""))
        .append_pair("identifier", &resident.phone)
        .append_pair("password", &resident.password)
        .finish();
    let origin = connection.origin();
    let headers = [("cookie", cookies.join("; ")), ("origin", origin)];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let begun = Instant::now();
    let answer = connection.post("/sign-in", &headers, form).await?;
    timings.step("password", begun);
    ensure!(answer.location()? == "/account", "signed in to {}", answer.location()?);
    cookies.extend(answer.cookies());
    let begun = Instant::now();
    let account = connection.get("/account", &[("cookie", &cookies.join("; "))]).await?;
    timings.step("account", begun);
    ensure!(account.status == 200, "the person's own page: {}", account.status);
    Ok(())
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
    for (name, value) in hidden(page, "name=\"interaction\"") {
        form.append_pair(&name, &value);
    }
    form.append_pair("decision", "allow").append_pair("real_name", "yes").append_pair("phone", "yes");
    form.finish()
}

/// The hidden fields of a form. There are several forms on a page; only one has the field that is named.
fn hidden(page: &Answer, field: &str) -> Vec<(String, String)> {
    let text = page.text();
    let form = text.split("<form").find(|form| form.contains(field)).unwrap_or_default().to_owned();
    form.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
        .collect()
}

fn attribute(input: &str, name: &str) -> Option<String> {
    let rest = input.split_once(&format!("{name}=\""))?.1;
    Some(rest.split_once('"')?.0.to_owned())
}
