//! A service on a fresh database with a gateway that writes down what it is given, and a browser without script
//! that walks through the pages. For the tests of this crate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use model::clock::Clock;
use model::ids::CaptchaId;
use model::ladder::{DEFAULT_TOML, Ladder};
use model::rng::Rng;
use model::secret::TokenHash;
use store::testing::{TestStore, stores};
use tower::ServiceExt as _;
use web::Kit;
use web::branding::Branding;

use crate::agreements::Agreements;
use crate::gateway::{Gateways, Mail, MailGateway, SendError, Sms, SmsGateway};
use crate::password::{BreachedList, Hashing, HashingSettings, PasswordPolicy};
use crate::{Config, Parts, Service, delivery, evidence, messages, router};

/// A gateway that writes down.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    sent: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl SmsGateway for Recorder {
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        self.sent
            .lock()
            .unwrap()
            .push((sms.to.to_owned(), sms.text.to_owned()));
        Ok(())
    }
}

/// A mail server that writes down.
#[derive(Debug, Default)]
pub(crate) struct MailRecorder {
    sent: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl MailGateway for MailRecorder {
    async fn send(&self, mail: &Mail<'_>) -> Result<(), SendError> {
        self.sent
            .lock()
            .unwrap()
            .push((mail.to.to_owned(), mail.text.to_owned()));
        Ok(())
    }
}

/// The path of the newest link in a message.
pub(crate) fn link_in(text: &str) -> String {
    let (_, rest) = text.rsplit_once("/link/").expect("a link");
    let token: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    format!("/link/{token}")
}

/// A service of its own for one test.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) clock: Clock,
    pub(crate) kind: &'static str,
    sms: Arc<Recorder>,
    mail: Arc<MailRecorder>,
    pub(crate) test: TestStore,
}

/// One world for each database at hand.
pub(crate) async fn worlds() -> Vec<World> {
    worlds_with(Config::default()).await
}

/// The same with settings.
pub(crate) async fn worlds_with(config: Config) -> Vec<World> {
    worlds_with_sources(config, evidence::Sources::default).await
}

/// The same with settings and sources of evidence, made anew for each world.
pub(crate) async fn worlds_with_sources(
    config: Config,
    sources: impl Fn() -> evidence::Sources,
) -> Vec<World> {
    stores()
        .await
        .into_iter()
        .map(|test| {
            let rules = (sources(), Agreements::shipped().unwrap());
            world(test, config.clone(), rules, Branding::default())
        })
        .collect()
}

/// The same with agreements.
pub(crate) async fn worlds_with_agreements(agreements: &Agreements) -> Vec<World> {
    worlds_in(agreements, &Branding::default()).await
}

/// The same in a province of its own.
pub(crate) async fn worlds_in(agreements: &Agreements, branding: &Branding) -> Vec<World> {
    let rules = || (evidence::Sources::default(), agreements.clone());
    let tests = stores().await.into_iter();
    tests
        .map(|test| world(test, Config::default(), rules(), branding.clone()))
        .collect()
}

fn world(
    test: TestStore,
    config: Config,
    (sources, agreements): (evidence::Sources, Agreements),
    branding: Branding,
) -> World {
    let (sms, rng) = (Arc::new(Recorder::default()), Rng::system());
    let mail = Arc::new(MailRecorder::default());
    let parts = Parts {
        config,
        store: test.store.clone(),
        kit: Kit::for_tests_of(&messages(), test.clock.clone(), branding).unwrap(),
        ladder: Arc::new(Ladder::from_toml(DEFAULT_TOML).unwrap()),
        hashing: Hashing::new(HashingSettings::cheap_for_tests(), rng).unwrap(),
        policy: PasswordPolicy::new(["Denizen"], Arc::new(BreachedList::load(None).unwrap())),
        agreements,
        gateways: Gateways {
            sms: Some(sms.clone()),
            mail: Some(mail.clone()),
            captcha_sandbox: None,
        },
        sources,
    };
    let kind = test.database.kind();
    World {
        service: Service::new(parts),
        clock: test.clock.clone(),
        kind,
        sms,
        mail,
        test,
    }
}

impl World {
    /// Delivers what is due and answers the newest message to a phone.
    pub(crate) async fn newest_sms(&self, phone: &str) -> Option<String> {
        delivery::deliver_due(&self.service).await.unwrap();
        let sent = self.sms.sent.lock().unwrap();
        sent.iter()
            .rev()
            .find(|(to, _)| to == phone)
            .map(|(_, text)| text.clone())
    }

    /// Delivers what is due and answers whether some message to a phone says this.
    pub(crate) async fn has_told(&self, phone: &str, words: &str) -> bool {
        delivery::deliver_due(&self.service).await.unwrap();
        let sent = self.sms.sent.lock().unwrap();
        sent.iter().any(|(to, text)| to == phone && text.contains(words))
    }

    /// The code in the newest message to a phone.
    pub(crate) async fn code(&self, phone: &str) -> String {
        let text = self.newest_sms(phone).await.expect("a message");
        let digits = text
            .split(|c: char| !c.is_ascii_digit())
            .find(|run| run.len() == 6);
        digits.unwrap_or_else(|| panic!("no code in {text}")).to_owned()
    }

    /// Delivers what is due and answers the newest mail to an address, subject first.
    pub(crate) async fn newest_mail(&self, address: &str) -> Option<String> {
        delivery::deliver_due(&self.service).await.unwrap();
        let sent = self.mail.sent.lock().unwrap();
        sent.iter()
            .rev()
            .find(|(to, _)| to == address)
            .map(|(_, text)| text.clone())
    }

    /// How many mails there were.
    pub(crate) async fn mail_count(&self) -> usize {
        delivery::deliver_due(&self.service).await.unwrap();
        self.mail.sent.lock().unwrap().len()
    }

    /// How many messages there were.
    pub(crate) async fn sms_count(&self) -> usize {
        delivery::deliver_due(&self.service).await.unwrap();
        self.sms.sent.lock().unwrap().len()
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            router: router(self.service.clone()),
            service: self.service.clone(),
            cookies: BTreeMap::new(),
            from: None,
            agent: None,
        }
    }
}

/// A request as handlers get it, of a browser that has never been here.
pub(crate) async fn visit(world: &World) -> web::Visit {
    use axum::extract::FromRequestParts as _;
    let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    web::Visit::from_request_parts(&mut parts, &world.service)
        .await
        .unwrap()
}

/// What a browser sees.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Seen {
    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> Option<&str> {
        let (_, rest) = self
            .body
            .split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?;
        rest.split('"').next()
    }

    /// The codes of the errors at the fields.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.body
            .split("data-error=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    /// The name of the page.
    pub(crate) fn page(&self) -> Option<&str> {
        self.body.split_once("data-page=\"")?.1.split('"').next()
    }
}

/// Files of a form: the field, and what is in it.
pub(crate) type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A browser without script.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    service: Service,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Its address, if that matters.
    pub(crate) from: Option<std::net::IpAddr>,
    /// What it says it is, if that matters.
    pub(crate) agent: Option<&'static str>,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Seen {
        let request = self.request(Request::get(path)).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Sends a form of a page that was seen: its hidden fields with the given ones.
    pub(crate) async fn post(&mut self, path: &str, seen: &Seen, fields: &[(&str, &str)]) -> Seen {
        let names = [
            "csrf",
            "captcha_id",
            "agreement",
            "draft",
            "interaction",
            "return_to",
        ];
        let form = seen
            .body
            .split_once("<main")
            .map_or(seen.body.as_str(), |(_, main)| main)
            .to_owned();
        let form = Seen {
            body: form,
            ..seen.clone()
        };
        let hidden = names
            .iter()
            .filter(|name| !fields.iter().any(|(given, _)| given == *name));
        let plain = |value: &str| value.replace("&#38;", "&").replace("&amp;", "&");
        let hidden = hidden.filter_map(|name| form.hidden(name).map(|value| (*name, plain(value))));
        let given = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let pairs: Vec<(&str, String)> = hidden.chain(given).collect();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let request = self.request(Request::post(path));
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// Sends a form with files, in parts, with the proof of a page that was seen in front.
    pub(crate) async fn post_parts(
        &mut self,
        path: &str,
        seen: &Seen,
        (texts, files): (&[(&str, &str)], Files<'_>),
    ) -> Seen {
        let main = seen.body.split_once("<main").map_or("", |(_, main)| main);
        let form = main.split("enctype=").nth(1).unwrap_or(main);
        let form = Seen {
            body: form.to_owned(),
            ..seen.clone()
        };
        let mut body = Vec::new();
        let mut part = |name: &str, file: &str, content: &[u8]| {
            let head = format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("csrf", "", form.hidden("csrf").unwrap_or_default().as_bytes());
        for (name, text) in texts {
            part(name, "", text.as_bytes());
        }
        for (name, content) in files {
            part(name, "; filename=\"picture\"", content);
        }
        body.extend_from_slice(b"--part--\r\n");
        let request = self.request(Request::post(path));
        let request = request
            .header(CONTENT_TYPE, "multipart/form-data; boundary=part")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    fn request(&self, mut builder: axum::http::request::Builder) -> axum::http::request::Builder {
        if let Some(from) = self.from {
            builder = builder.extension(web::client_address::ClientAddress(from));
        }
        if let Some(agent) = self.agent {
            builder = builder.header(axum::http::header::USER_AGENT, agent);
        }
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        builder
            .header(COOKIE, pairs.join("; "))
            .header("accept-language", "en")
    }

    async fn send(&mut self, request: Request<Body>) -> Seen {
        let response = self.router.clone().oneshot(request).await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies
                .insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let location = response
            .headers()
            .get(LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Seen {
            status,
            location,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// What the picture of a page shows: a person looks at it, a test at the database.
    pub(crate) async fn look_at_captcha(&self, seen: &Seen) -> String {
        let id: CaptchaId = seen.hidden("captcha_id").expect("a captcha").parse().unwrap();
        let browser = TokenHash::of(self.cookies.get("denizen_browser").unwrap());
        let tx = self.service.store().read();
        store::captchas::find_answer(&tx, id, &browser, self.service.now())
            .await
            .unwrap()
            .expect("a live captcha")
    }
}
