use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock};

use chrono::TimeDelta;
use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;
use model::client::{AuthMethod, SigningAlg};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};

use crate::testing::{self, World, fields};

/// A sub-site's address with a key set that the test changes, and a count of how often it was asked.
pub(crate) struct Site {
    pub(crate) uri: String,
    document: Arc<Lock<Option<String>>>,
    asked: Arc<AtomicUsize>,
    /// Who asks is answered while nobody has this.
    late: Arc<Mutex<()>>,
    /// Told of each question.
    heard: Arc<Notify>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
        let document: Arc<Lock<Option<String>>> = Arc::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let (late, heard): (Arc<Mutex<()>>, Arc<Notify>) = Default::default();
        let (served, counting) = (Arc::clone(&document), Arc::clone(&asked));
        let (waiting, telling) = (Arc::clone(&late), Arc::clone(&heard));
        #[expect(
            clippy::disallowed_methods,
            reason = "a server of this test, which ends with it"
        )]
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counting.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                telling.notify_one();
                drop(waiting.lock().await);
                let document = served.lock().unwrap().clone();
                let answer = match document {
                    Some(body) => format!(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    ),
                    None => "HTTP/1.1 503 Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self {
            uri,
            document,
            asked,
            late,
            heard,
        }
    }

    pub(crate) fn serve(&self, document: impl Into<Option<String>>) {
        *self.document.lock().unwrap() = document.into();
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A key of a sub-site, as a set and as who signs.
struct Key(Ring);

impl Key {
    fn new() -> Self {
        Self(
            Ring::new([(
                KeyState::Current,
                PrivateKey::generate(SigningAlg::Es256).unwrap(),
            )])
            .unwrap(),
        )
    }

    fn set(&self) -> String {
        String::from_utf8(self.0.jwks().to_vec()).unwrap()
    }
}

async fn site_in(world: &World) -> Site {
    let site = Site::start().await;
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::PrivateKeyJwt;
    client.jwks_uri = Some(site.uri.clone());
    world.apply(client).await;
    site
}

/// Whether an assertion of the key is taken. What comes after it in the request is wrong, so 400 means yes.
async fn is_taken(world: &World, key: &Key) -> bool {
    let now = world.now().timestamp();
    let jti = model::rng::Rng::system().uuid_v7(world.now()).to_string();
    let claims = json!({
        "iss": "hefei", "sub": "hefei", "aud": "http://localhost:8080", "jti": jti, "exp": now + 60,
    });
    let jwt = key
        .0
        .sign(SigningAlg::Es256, TokenType::Jwt, &claims.to_string())
        .unwrap();
    let mut form = fields("hefei", "no code").to_vec();
    form.push(("client_assertion", &jwt));
    form.push((
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ));
    let answer = world.token(None, &form).await;
    match answer.status.as_u16() {
        400 => true,
        401 | 429 => false,
        other => panic!("{other}: {}", answer.json),
    }
}

#[tokio::test]
async fn keys_at_an_address_are_read_once_and_again_when_they_are_old() {
    for world in testing::worlds().await {
        let (site, key) = (site_in(&world).await, Key::new());
        site.serve(key.set());
        for _ in 0..3 {
            assert!(is_taken(&world, &key).await);
        }
        assert_eq!(site.asked(), 1);
        world.clock.advance(super::FRESH);
        assert!(is_taken(&world, &key).await);
        assert_eq!(site.asked(), 2);
        // Another change of the registration keeps them.
        let mut client = world.service.client(&"hefei".parse_id()).unwrap().client.clone();
        client.default_max_age = Some(3600);
        world.apply(client).await;
        assert!(is_taken(&world, &key).await);
        assert_eq!(site.asked(), 2);
    }
}

trait ParseId {
    fn parse_id(&self) -> model::ids::ClientId;
}

impl ParseId for str {
    fn parse_id(&self) -> model::ids::ClientId {
        model::ids::ClientId::parse(self).unwrap()
    }
}

#[tokio::test]
async fn attack_142_314_an_unknown_key_is_looked_for_once_a_minute_and_no_more() {
    let world = testing::world().await;
    let (site, old, new) = (site_in(&world).await, Key::new(), Key::new());
    site.serve(old.set());
    assert!(is_taken(&world, &old).await);
    // A storm of made-up keys, a moment after the keys were read: the address is asked once more and no more.
    for _ in 0..10 {
        assert!(!is_taken(&world, &Key::new()).await);
    }
    assert_eq!(site.asked(), 2);
    // The sub-site changes its key; the next look finds it.
    site.serve(new.set());
    assert!(!is_taken(&world, &new).await);
    world.clock.advance(super::UNKNOWN_KEY_PAUSE);
    assert!(is_taken(&world, &new).await);
    assert!(!is_taken(&world, &old).await, "the old key is gone");
    for _ in 0..10 {
        assert!(!is_taken(&world, &Key::new()).await);
    }
    assert_eq!(site.asked(), 3);
}

#[tokio::test]
async fn a_key_that_changes_right_after_it_was_read_is_found_at_once() {
    let world = testing::world().await;
    let (site, old, new) = (site_in(&world).await, Key::new(), Key::new());
    site.serve(old.set());
    assert!(is_taken(&world, &old).await);
    site.serve(new.set());
    assert!(is_taken(&world, &new).await);
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn attack_142_a_sub_site_that_is_down_is_known_by_its_old_keys_for_a_day() {
    let world = testing::world().await;
    let (site, key) = (site_in(&world).await, Key::new());
    site.serve(key.set());
    assert!(is_taken(&world, &key).await);
    site.serve(None);
    world.clock.advance(TimeDelta::hours(1));
    assert!(is_taken(&world, &key).await, "stale, and better than nothing");
    assert_eq!(site.asked(), 2);
    assert!(is_taken(&world, &key).await);
    assert_eq!(site.asked(), 2, "not asked again at once");
    world.clock.advance(super::FAILURE_PAUSE);
    assert!(is_taken(&world, &key).await);
    assert_eq!(site.asked(), 3);
    world.clock.advance(super::STALE);
    assert!(!is_taken(&world, &key).await, "a day is long enough");
    site.serve(key.set());
    world.clock.advance(super::FAILURE_PAUSE);
    assert!(is_taken(&world, &key).await);
}

#[tokio::test]
async fn attack_141_a_bad_set_is_no_set() {
    let world = testing::world().await;
    let (site, key) = (site_in(&world).await, Key::new());
    let good: Value = serde_json::from_str(&key.set()).unwrap();
    let good = good["keys"][0].clone();
    let many: Vec<Value> = (0..10_000).map(|_| json!({ "kty": "EC" })).collect();
    let rsa = |bytes: usize| json!({ "kty": "RSA", "e": "AQAB", "n": "3".repeat(bytes * 4 / 3) });
    for (case, document) in [
        ("10 000 keys", json!({ "keys": many }).to_string()),
        (
            "RSA with 1024 bits",
            json!({ "keys": [good, rsa(129)] }).to_string(),
        ),
        (
            "RSA with 65536 bits",
            json!({ "keys": [good, rsa(8193)] }).to_string(),
        ),
        (
            "a symmetric key among them",
            json!({ "keys": [good, { "kty": "oct", "k": "AAAA" }] }).to_string(),
        ),
        (
            "a private key",
            json!({ "keys": [{ "kty": "EC", "d": "AAAA" }] }).to_string(),
        ),
        (
            "said twice",
            format!("{{\"keys\":[],{}", key.set().trim_start_matches('{')),
        ),
        ("no set", "[]".to_owned()),
        ("not JSON", "<html>".to_owned()),
        ("large", format!("{}{}", key.set(), " ".repeat(1 << 20))),
    ] {
        site.serve(document);
        world.clock.advance(TimeDelta::minutes(2));
        assert!(!is_taken(&world, &key).await, "{case}");
    }
    site.serve(key.set());
    world.clock.advance(TimeDelta::minutes(2));
    assert!(is_taken(&world, &key).await);
}

/// Somebody asks and hangs up while the site has not answered yet.
async fn hang_up(world: &World, site: &Site, key: &Key) {
    let answer = site.late.lock().await;
    tokio::select! {
        biased;
        _ = is_taken(world, key) => panic!("nothing was answered yet"),
        () = site.heard.notified() => {}
    }
    drop(answer);
}

#[tokio::test]
async fn attack_314_whoever_hangs_up_does_not_keep_the_keys_from_others() {
    for world in testing::worlds().await {
        let (site, old, new) = (site_in(&world).await, Key::new(), Key::new());
        site.serve(old.set());
        hang_up(&world, &site, &old).await;
        assert!(is_taken(&world, &old).await, "at once, and without another look");
        assert_eq!(site.asked(), 1);
        // While a key is looked for that is not there.
        world.clock.advance(TimeDelta::seconds(1));
        site.serve(new.set());
        hang_up(&world, &site, &new).await;
        assert!(is_taken(&world, &new).await);
        assert_eq!(site.asked(), 2);
        // While old keys are read again.
        world.clock.advance(super::FRESH);
        site.serve(old.set());
        hang_up(&world, &site, &new).await;
        assert!(is_taken(&world, &old).await);
        assert_eq!(site.asked(), 3);
    }
}

#[tokio::test]
async fn many_at_once_wait_for_one_answer() {
    let world = testing::world().await;
    let (site, key) = (site_in(&world).await, Key::new());
    site.serve(key.set());
    let (a, b, c, d) = tokio::join!(
        is_taken(&world, &key),
        is_taken(&world, &key),
        is_taken(&world, &key),
        is_taken(&world, &key),
    );
    assert!(a && b && c && d);
    assert_eq!(site.asked(), 1, "attack_314: one flight");
}

#[tokio::test]
async fn attack_136_keys_behind_the_wall_are_not_fetched() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::PrivateKeyJwt;
    for uri in [
        "http://10.0.0.1/jwks",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://[::1]/",
    ] {
        client.jwks_uri = Some(uri.to_owned());
        world.apply(client.clone()).await;
        assert!(!is_taken(&world, &Key::new()).await, "{uri}");
    }
}
