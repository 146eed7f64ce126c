//! A stage for the sub-sites: the small provider, the sandbox around it, and a browser that the test is.

use std::collections::BTreeMap;

use model::clock::Clock;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use sandbox::{Bound, Config, Running};
use url::Url;

use super::Provider;

pub struct Stage {
    pub provider: Provider,
    pub running: Running,
    pub sites: Vec<String>,
    pub client: reqwest::Client,
    pub clock: Clock,
}

/// A browser at one site.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

pub struct Shown {
    pub status: u16,
    pub location: Option<String>,
    pub html: String,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_by(Clock::system()).await
    }

    /// A stage whose sandbox goes by this clock.
    pub async fn set_by(clock: Clock) -> Self {
        let provider = Provider::start().await;
        let bound = Bound::bind(Config::on_free_ports()).await.unwrap();
        let sites = bound.addresses().sites.clone();
        let running = bound.start_with(&provider.issuer, &clock).unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            provider,
            running,
            sites,
            client,
            clock,
        }
    }

    pub async fn open(&self, browser: &mut Browser, address: &str) -> Shown {
        self.send(
            browser,
            self.client
                .get(self.absolute(address))
                .header("accept-language", "en"),
        )
        .await
    }

    pub fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') {
            format!("{}{address}", self.sites[0])
        } else {
            address.to_owned()
        }
    }

    pub async fn send(&self, browser: &mut Browser, request: reqwest::RequestBuilder) -> Shown {
        let cookies: Vec<_> = browser
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let response = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            browser.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response
            .headers()
            .get(LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        Shown {
            status: response.status().as_u16(),
            location,
            html: response.text().await.unwrap(),
        }
    }

    /// Starts a request and lets the provider know what belongs to it; gives its parameters.
    pub async fn start(&self, browser: &mut Browser, address: &str) -> BTreeMap<String, String> {
        let shown = self.open(browser, address).await;
        let url = Url::parse(&shown.location.unwrap_or_else(|| panic!("{}", shown.html))).unwrap();
        assert_eq!(url.origin().ascii_serialization(), self.provider.issuer);
        let parameters: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        self.provider.change(|script| {
            script.nonce.clone_from(&parameters["nonce"]);
            script.challenge.clone_from(&parameters["code_challenge"]);
        });
        parameters
    }

    pub fn answer(&self, state: &str, rest: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&format!("{}/callback", self.sites[0])).unwrap();
        url.query_pairs_mut()
            .append_pair("state", state)
            .append_pair("iss", &self.provider.issuer)
            .extend_pairs(rest);
        url.to_string()
    }

    pub async fn sign_in(&self, browser: &mut Browser, address: &str) -> Shown {
        let asked = self.start(browser, address).await;
        self.open(browser, &self.answer(&asked["state"], &[("code", "c")]))
            .await
    }
}

/// Fails unless the page shows this error.
pub async fn refused(stage: &Stage, browser: &mut Browser, address: &str, code: &str) {
    let shown = stage.open(browser, address).await;
    assert!(shown.status >= 400, "{}", shown.html);
    assert!(
        shown
            .html
            .contains(&format!("<code id=\"error-code\">{code}</code>")),
        "{code}: {}",
        shown.html
    );
    assert_eq!(shown.html.matches("<h1>").count(), 1);
}
