//! A person with a browser that knows no JavaScript: holds cookies, follows redirects between the provider and the
//! sub-sites, reads pages, fills in forms and presses buttons. Remembers every step, so that a test can look back.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::engine;
use crate::page::{Form, Page};
use crate::people::network_address;
use crate::world::World;

/// How many redirects are followed in a row.
const REDIRECTS_MAX: usize = 15;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Hop {
    /// How it was asked.
    pub method: Method,
    /// For what.
    pub url: Url,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
}

impl Hop {
    /// Where the answer sends the browser.
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().expect("an ASCII address");
        Some(self.url.join(location).expect("an address"))
    }

    /// Every `Set-Cookie` line.
    pub fn cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all(SET_COOKIE).iter();
        lines
            .map(|line| line.to_str().expect("an ASCII cookie").to_owned())
            .collect()
    }

    /// A header that is there once.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next()?.to_str().expect("an ASCII header").to_owned();
        assert!(
            all.next().is_none(),
            "{name} is there twice at {}",
            self.url.path()
        );
        Some(first)
    }
}

/// A person at a browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    http: reqwest::Client,
    provider: Url,
    places: Vec<Url>,
    /// Cookies by host and name. Ports do not separate cookies.
    pub cookies: BTreeMap<(String, String), String>,
    /// The network address that the provider sees.
    pub address: String,
    /// What the browser prefers.
    pub accept_language: String,
    /// Sent with every request.
    pub extra: Vec<(String, String)>,
    /// The page that is shown.
    pub page: Page,
    /// Its address.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Everything since the last thing that the person did.
    pub hops: Vec<Hop>,
    /// Everything since the beginning.
    pub history: Vec<Hop>,
    /// The address outside the world to which the browser was sent last.
    pub away: Option<Url>,
    typed: BTreeMap<String, String>,
    unticked: Vec<String>,
}

impl Visitor {
    /// Somebody new in a world, at a network address of their own.
    pub fn new(world: &World) -> Self {
        let provider = Url::parse(&world.issuer).expect("the issuer is an address");
        let mut places = vec![provider.clone()];
        places.extend(
            world
                .sites()
                .iter()
                .map(|site| Url::parse(site).expect("an address")),
        );
        Self {
            http: world.http.clone(),
            url: provider.clone(),
            provider,
            places,
            cookies: BTreeMap::new(),
            address: network_address(),
            accept_language: "en".to_owned(),
            extra: Vec::new(),
            page: Page::default(),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            hops: Vec::new(),
            history: Vec::new(),
            away: None,
            typed: BTreeMap::new(),
            unticked: Vec::new(),
        }
    }

    /// The same, with a new connection for each request.
    pub fn without_keep_alive(mut self) -> Self {
        self.http = engine::http(false);
        self
    }

    /// Somebody who reads another language.
    pub fn who_reads(mut self, language: &str) -> Self {
        language.clone_into(&mut self.accept_language);
        self
    }

    /// Follows redirects to one more site.
    pub fn knows(mut self, place: &str) -> Self {
        self.places.push(Url::parse(place).expect("an address"));
        self
    }

    /// Follows redirects within the provider only, so that a test can look at what goes out and comes back.
    pub fn stays_at_the_provider(mut self) -> Self {
        self.places.truncate(1);
        self
    }

    /// An address of the provider, or any other.
    pub fn address_of(&self, place: &str) -> Url {
        self.provider
            .join(place)
            .unwrap_or_else(|fault| panic!("{place}: {fault}"))
    }

    /// Types an address and follows where it leads.
    pub async fn open(&mut self, place: &str) -> &mut Self {
        let url = self.address_of(place);
        self.go(Method::GET, url, None, None).await
    }

    /// Clicks a link on the page.
    pub async fn follow(&mut self, selector: &str) -> &mut Self {
        let href = self
            .page
            .get(selector)
            .attribute("href")
            .expect("a link leads somewhere");
        let url = self.url.join(&href).expect("an address");
        let from = self.url.clone();
        self.go(Method::GET, url, None, Some(from)).await
    }

    /// Types into a field; it is sent with the next press of a button.
    pub fn fill(&mut self, field: &str, value: &str) -> &mut Self {
        self.typed.insert(field.to_owned(), value.to_owned());
        self
    }

    /// Takes the tick out of a box.
    pub fn untick(&mut self, field: &str) -> &mut Self {
        self.unticked.push(field.to_owned());
        self
    }

    /// Presses a button: by `name`, by `name=value`, or the first one (as Enter does) when nothing is named.
    pub async fn press(&mut self, button: &str) -> &mut Self {
        let form = self.form_for(button);
        let fields = self.filled(&form, button);
        let url = if form.action.is_empty() {
            self.url.clone()
        } else {
            self.url.join(&form.action).expect("a form leads somewhere")
        };
        let from = self.url.clone();
        self.typed.clear();
        self.unticked.clear();
        if form.posts {
            self.go(Method::POST, url, Some(fields), Some(from)).await
        } else {
            let mut url = url;
            url.query_pairs_mut().clear().extend_pairs(fields);
            self.go(Method::GET, url, None, Some(from)).await
        }
    }

    /// Takes the ticks out of boxes.
    pub fn untick_all(&mut self, fields: &[&str]) -> &mut Self {
        self.unticked
            .extend(fields.iter().map(|field| (*field).to_owned()));
        self
    }

    /// Presses the first button of the form that leads to a path.
    pub async fn press_action(&mut self, action: &str) -> &mut Self {
        let form = self.page.forms().into_iter().find(|form| form.action == action);
        self.press_form(form.unwrap_or_else(|| panic!("no form leads to {action}:\n{}", self.page.words())))
            .await
    }

    /// Presses the first button of the form that carries a hidden field.
    pub async fn press_in(&mut self, hidden: &str) -> &mut Self {
        let form = self.page.form_with(hidden);
        self.press_form(form.unwrap_or_else(|| panic!("no form carries {hidden}:\n{}", self.page.words())))
            .await
    }

    async fn press_form(&mut self, form: Form) -> &mut Self {
        let fields = self.filled(&form, "");
        let url = self.url.join(&form.action).expect("a form leads somewhere");
        let from = self.url.clone();
        self.go(Method::POST, url, Some(fields), Some(from)).await
    }

    /// The form that has what was typed and the button.
    pub fn form_for(&self, button: &str) -> Form {
        let has_button = |form: &Form| {
            button.is_empty()
                || form
                    .buttons
                    .iter()
                    .any(|one| names(&one.name, &one.value, button))
        };
        let in_main = self
            .page
            .find("main")
            .map(|main| main.all("form").len())
            .unwrap_or_default();
        let forms = self.page.forms();
        let fits = |form: &&Form| {
            self.typed
                .keys()
                .chain(&self.unticked)
                .all(|name| form.asks(name))
                && has_button(form)
        };
        // A form within the page proper comes before those of its frame.
        let own = self
            .page
            .find("main")
            .map(|main| main.all("form"))
            .unwrap_or_default();
        let own: Vec<String> = own.iter().filter_map(|form| form.attribute("action")).collect();
        let first = forms.iter().filter(|form| own.contains(&form.action)).find(fits);
        let form = first.or_else(|| forms.iter().find(fits));
        form.cloned().unwrap_or_else(|| {
            panic!(
                "no form with {:?} and button {button:?} ({in_main} forms) at {} ({}), page {:?}:\n{}\n{:#?}",
                self.typed.keys().collect::<Vec<_>>(),
                self.url.path(),
                self.status,
                self.page.name(),
                self.page.words(),
                forms,
            )
        })
    }

    fn filled(&self, form: &Form, button: &str) -> Vec<(String, String)> {
        let mut fields = form.defaults();
        fields.retain(|(name, _)| !self.unticked.contains(name));
        for (name, value) in &self.typed {
            let is_box = form
                .fields
                .iter()
                .any(|field| field.name == *name && field.kind == "checkbox");
            let value = if is_box && value.is_empty() {
                form.fields
                    .iter()
                    .find(|field| field.name == *name)
                    .map(|field| field.value.clone())
            } else {
                Some(value.clone())
            };
            fields.retain(|(other, _)| other != name);
            fields.push((name.clone(), value.unwrap_or_default()));
        }
        if let Some(one) = form
            .buttons
            .iter()
            .find(|one| names(&one.name, &one.value, button))
            && !button.is_empty()
        {
            fields.push((one.name.clone(), one.value.clone()));
        } else if let Some(first) = form.buttons.first().filter(|one| !one.name.is_empty())
            && button.is_empty()
        {
            fields.push((first.name.clone(), first.value.clone()));
        }
        fields
    }

    /// Sends a form as it stands, without looking at the page: for what a person would not do.
    pub async fn post(&mut self, place: &str, fields: &[(&str, &str)]) -> &mut Self {
        let url = self.address_of(place);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields = fields.iter().map(owned).collect();
        let from = self.provider.clone();
        self.go(Method::POST, url, Some(fields), Some(from)).await
    }

    async fn go(
        &mut self,
        method: Method,
        url: Url,
        form: Option<Vec<(String, String)>>,
        from: Option<Url>,
    ) -> &mut Self {
        self.hops.clear();
        self.away = None;
        self.page = Page::default();
        let (mut method, mut url, mut form) = (method, url, form);
        for _ in 0..REDIRECTS_MAX {
            let hop = self.exchange(&method, &url, form.as_deref(), from.as_ref()).await;
            self.hops.push(hop.clone());
            self.history.push(hop.clone());
            let Some(next) = hop.location().filter(|_| hop.status.is_redirection()) else {
                self.url = url;
                self.status = hop.status;
                self.headers = hop.headers;
                return self;
            };
            if !self.places.iter().any(|place| place.origin() == next.origin()) {
                self.away = Some(next);
                self.url = url;
                self.status = hop.status;
                self.headers = hop.headers;
                return self;
            }
            url = next;
            if !matches!(hop.status.as_u16(), 307 | 308) {
                method = Method::GET;
                form = None;
            }
        }
        panic!(
            "more than {REDIRECTS_MAX} redirects in a row, the last to {}",
            url.path()
        );
    }

    async fn exchange(
        &mut self,
        method: &Method,
        url: &Url,
        form: Option<&[(String, String)]>,
        from: Option<&Url>,
    ) -> Hop {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("accept-language", &self.accept_language);
        if url.origin() == self.provider.origin() {
            request = request.header("x-forwarded-for", &self.address);
        }
        if let Some(from) = from
            && *method == Method::POST
        {
            let site = match (from.origin() == url.origin(), from.host_str() == url.host_str()) {
                (true, _) => "same-origin",
                (false, true) => "same-site",
                (false, false) => "cross-site",
            };
            request = request
                .header("sec-fetch-site", site)
                .header("origin", from.origin().ascii_serialization());
        }
        let cookies = self.cookies.iter().filter(|((of, _), _)| *of == host);
        let cookies: Vec<String> = cookies
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in &self.extra {
            request = request.header(name, value);
        }
        if let Some(form) = form {
            request = request.form(form);
        }
        let answer = engine::send(request)
            .await
            .unwrap_or_else(|fault| panic!("{method} {}: {fault:?}", url.path()));
        let hop = Hop {
            method: method.clone(),
            url: url.clone(),
            status: answer.status(),
            headers: answer.headers().clone(),
        };
        for line in hop.cookies() {
            self.keep(&host, &line);
        }
        let body = answer.text().await.expect("the whole body");
        if !hop.status.is_redirection() {
            self.page = Page::parse(&body);
        }
        hop
    }

    fn keep(&mut self, host: &str, line: &str) {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a value");
        let key = (host.to_owned(), name.trim().to_owned());
        let gone = attributes
            .split(';')
            .any(|one| one.trim().eq_ignore_ascii_case("max-age=0"));
        if gone || value.is_empty() {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.trim().to_owned());
        }
    }

    /// One of the provider's cookies.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let host = self.provider.host_str().unwrap_or_default().to_owned();
        self.cookies.get(&(host, self.cookie_name(name))).cloned()
    }

    /// The name that a cookie has where it is only sent over TLS.
    pub fn cookie_name(&self, name: &str) -> String {
        match self.provider.scheme() {
            "https" => format!("__Host-{name}"),
            _ => name.to_owned(),
        }
    }

    /// Plants, changes or removes one of the provider's cookies.
    pub fn set_cookie(&mut self, name: &str, value: Option<&str>) {
        let host = self.provider.host_str().unwrap_or_default().to_owned();
        match value {
            Some(value) => self.cookies.insert((host, name.to_owned()), value.to_owned()),
            None => self.cookies.remove(&(host, name.to_owned())),
        };
    }

    /// Fails unless this page is shown.
    #[track_caller]
    pub fn sees(&self, page: &str) {
        assert!(
            self.page.name() == page,
            "expected page {page:?}, got {:?} at {} ({}), away {:?}, heading {:?}, errors {:?}:\n{}",
            self.page.name(),
            self.url.path(),
            self.status,
            self.away.as_ref().map(Url::path),
            self.page.heading(),
            self.page.errors(),
            self.page.words(),
        );
    }

    /// Fails unless the page shows an error at this field, in the summary.
    #[track_caller]
    pub fn sees_error_at(&self, field: &str) {
        assert!(
            self.page.wrong_fields().iter().any(|wrong| wrong == field),
            "expected an error at {field:?}, got {:?} {:?} on page {:?} at {} ({}):\n{}",
            self.page.wrong_fields(),
            self.page.errors(),
            self.page.name(),
            self.url.path(),
            self.status,
            self.page.words(),
        );
    }

    /// Fails unless a problem page is shown. Answers its code.
    #[track_caller]
    pub fn sees_problem(&self, status: u16) -> String {
        assert_eq!(
            self.status.as_u16(),
            status,
            "at {}:\n{}",
            self.url.path(),
            self.page.words()
        );
        let correlation = self.page.correlation();
        assert!(
            !correlation.is_empty(),
            "no correlation number:\n{}",
            self.page.words()
        );
        self.page
            .problem()
            .unwrap_or_else(|| panic!("no problem page:\n{}", self.page.words()))
    }

    /// The answer at the end of the redirects to somewhere outside, as parameters.
    #[track_caller]
    pub fn answer(&self) -> BTreeMap<String, String> {
        let away = self.away.as_ref().unwrap_or_else(|| {
            panic!(
                "not sent anywhere, but page {:?} at {} ({}), errors {:?}:\n{}",
                self.page.name(),
                self.url.path(),
                self.status,
                self.page.errors(),
                self.page.words()
            )
        });
        let mut all = BTreeMap::new();
        for (name, value) in away.query_pairs() {
            let twice = all.insert(name.to_string(), value.to_string());
            assert!(twice.is_none(), "{name} twice in an answer");
        }
        all
    }
}

fn names(name: &str, value: &str, button: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    match button.split_once('=') {
        Some((wanted_name, wanted_value)) => name == wanted_name && value == wanted_value,
        None => name == button,
    }
}
