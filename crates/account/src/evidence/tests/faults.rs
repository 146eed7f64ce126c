//! Faults of every kind on every source that is asked, over real connections: not one of them may give a level, cost a
//! try, or lose what was typed (A251).

use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Of;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use chrono::TimeDelta;
use model::secret::Sensitive;
use store::cases;
use store::cases::{Factors, State};
use url::Url;

use super::*;
use crate::evidence::check::{self, Attempt, Outcome};
use crate::evidence::port::{Entry, Outside};
use crate::evidence::source::tests::facts;
use crate::evidence::{definition, tries};

const YES: &str = "{\"result\":\"match\",\"reference\":\"R-1\",\"status\":\"normal\"}";

/// How the other side behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Status(u16),
    Says(&'static str),
    Bytes(&'static [u8]),
    Hangs,
    Trickles,
    Cut,
    Huge,
    Elsewhere,
    Nobody,
}

/// Everything that is not an answer.
const FAULTS: &[Fault] = &[
    Fault::Status(400),
    Fault::Status(401),
    Fault::Status(402),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(408),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::Status(201),
    Fault::Status(202),
    Fault::Status(206),
    Fault::Says(""),
    Fault::Says("match"),
    Fault::Says("null"),
    Fault::Says("[]"),
    Fault::Says("{}"),
    Fault::Says("<html>match</html>"),
    Fault::Says("{\"result\":\"perhaps\",\"accepted\":true}"),
    Fault::Says("{\"result\":\"MATCH\"}"),
    Fault::Says("{\"result\":\"match \"}"),
    Fault::Says("{\"result\":true}"),
    Fault::Says("{\"result\":1}"),
    Fault::Says("{\"result\":[\"match\"]}"),
    Fault::Says("{\"result\":{\"match\":true}}"),
    Fault::Says("{\"result\":\"match\""),
    Fault::Says("{\"result\":\"match\",\"result\":\"mismatch\"}"),
    Fault::Says("{\"result\":\"mismatch\",\"result\":\"match\"}"),
    Fault::Says("{\"result\":\"match\"}{\"result\":\"match\"}"),
    Fault::Says("{\"Result\":\"match\"}"),
    Fault::Says("{\"result\":\"match\",\"status\":7}"),
    Fault::Bytes(b"\xef\xbb\xbf{\"result\":\"match\"}"),
    Fault::Bytes(b"\xff\xfe{\x00}\x00"),
    Fault::Bytes(b"\x1f\x8b\x08\x00"),
    Fault::Hangs,
    Fault::Trickles,
    Fault::Cut,
    Fault::Huge,
    Fault::Elsewhere,
    Fault::Nobody,
];

type Other = Arc<Mutex<Fault>>;

async fn answer(Of(other): Of<Other>) -> Response {
    let fault = *other.lock().unwrap();
    let plain = |body: &'static [u8]| Response::new(Body::from(body));
    match fault {
        Fault::None => plain(YES.as_bytes()),
        Fault::Status(status) => {
            let mut response = plain(YES.as_bytes());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
        Fault::Says(text) => plain(text.as_bytes()),
        Fault::Bytes(bytes) => plain(bytes),
        Fault::Hangs => std::future::pending().await,
        Fault::Elsewhere => {
            let mut response = plain(b"");
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response
                .headers_mut()
                .insert(header::LOCATION, "/yes".parse().unwrap());
            response
        }
        Fault::Trickles | Fault::Cut | Fault::Huge | Fault::Nobody => unreachable!("not asked here"),
    }
}

/// Somebody who does not speak HTTP to its end; answers the address.
async fn raw(fault: Fault) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/check", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 4096];
            drop(stream.read(&mut question).await);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
            let whole = YES.len();
            drop(match fault {
                Fault::Cut => {
                    let text = format!("{head}content-length: {}\r\n\r\n{YES}", whole + 1);
                    stream.write_all(text.as_bytes()).await
                }
                Fault::Huge => {
                    let text = format!("{head}\r\n{{\"result\":\"match\",\"more\":\"");
                    let mut sent = stream.write_all(text.as_bytes()).await;
                    while sent.is_ok() {
                        sent = stream.write_all(&[b'x'; 4096]).await;
                    }
                    sent
                }
                _ => {
                    let text = format!("{head}content-length: {whole}\r\n\r\n");
                    let mut sent = stream.write_all(text.as_bytes()).await;
                    for byte in YES.bytes() {
                        tokio::time::sleep(Duration::from_millis(40)).await;
                        sent = sent.and(stream.write_all(&[byte]).await);
                    }
                    sent
                }
            });
        }
    });
    url
}

/// Six sources at the other end of one real connection each, with their own definitions' adapters.
async fn connected_to(other: &Other) -> impl Fn() -> Sources {
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/check", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/check", post(answer))
        .route("/yes", post(async || YES))
        .with_state(Arc::clone(other));
    #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    let fault = *other.lock().unwrap();
    let url = match fault {
        Fault::Nobody => "http://127.0.0.1:1/check".to_owned(),
        Fault::Cut | Fault::Trickles | Fault::Huge => raw(fault).await,
        _ => url,
    };
    move || {
        let entry = Entry {
            url: Some(Url::parse(&url).unwrap()),
            key: Some(Sensitive::new("key".to_owned())),
            time_limit: Duration::from_millis(300),
            ..Entry::default()
        };
        let outside = Outside {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            base_url: Url::parse("https://id.example").unwrap(),
            clock: model::clock::Clock::system(),
            rng: model::rng::Rng::system(),
        };
        let limits = breaker::Limits {
            failures: u32::MAX,
            pause_seconds: 1,
        };
        let adapters = names().map(|name| {
            let id = SourceId::parse(name).unwrap();
            let adapter = (definition(&id).unwrap().connect)(&entry, &outside).unwrap();
            (id, adapter, entry.clone())
        });
        Sources::with(adapters, limits)
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(POPULATION_REGISTER).chain(FURTHER.iter().map(|(name, _)| *name))
}

/// An attempt with everything that the source compares.
fn attempt(account: AccountId, name: &str) -> Attempt {
    let source = SourceId::parse(name).unwrap();
    let mut facts = facts();
    let form = definition(&source).unwrap().form().unwrap();
    let typed = FURTHER
        .iter()
        .find(|(one, _)| *one == name)
        .map_or(&[][..], |(_, typed)| typed);
    for field in form.fields {
        if let Some((_, text)) = typed.iter().find(|(one, _)| *one == field.name) {
            facts.more = std::mem::replace(&mut facts.more, Factors::none()).with(
                field.name,
                (field.parse)(text).unwrap(),
                field.kept,
            );
        }
    }
    Attempt {
        account,
        source,
        facts,
        request_id: None,
    }
}

async fn every_fault(faults: &[Fault]) {
    let other: Other = Arc::new(Mutex::new(Fault::None));
    for fault in faults {
        *other.lock().unwrap() = *fault;
        let connect = connected_to(&other).await;
        for world in worlds_with_sources(Config::default(), connect).await {
            let account = crate::signin::testing::resident(&world, PHONE).await;
            for name in names() {
                let attempt = attempt(account, name);
                let tries_before = tries::left(&world.service, &attempt).await.unwrap();
                let outcome = check::run(&world.service, &attempt).await.unwrap();
                let at = format!("{fault:?} at {name} on {}", world.kind);
                let kept = attempt.facts.more.all_kept();
                assert!(
                    matches!(
                        (&outcome, kept),
                        (Outcome::Waiting { .. }, true) | (Outcome::NeedsMore { .. }, false)
                    ),
                    "{at}: {outcome:?}"
                );
                assert_eq!(level(&world, account).await, 0, "{at}");
                assert_eq!(
                    tries::left(&world.service, &attempt).await.unwrap(),
                    tries_before,
                    "{at}: it is no try"
                );
                let tx = world.service.store().read();
                let held = store::evidence::list(&tx, account).await.unwrap();
                assert!(held.iter().all(|piece| piece.source != attempt.source), "{at}");
                let open = cases::list_open(&tx, account).await.unwrap();
                let case = open.iter().find(|case| case.source == attempt.source).unwrap();
                let expected = if kept {
                    State::Unavailable
                } else {
                    State::NeedsMoreInformation
                };
                assert_eq!(case.state, expected, "{at}");
                assert_eq!(
                    case.input.as_ref().unwrap().name,
                    attempt.facts.name,
                    "{at}: nothing is lost"
                );
            }
        }
    }
}

#[tokio::test]
async fn attack_251_no_status_of_any_source_is_a_pass() {
    let faults: Vec<Fault> = FAULTS
        .iter()
        .copied()
        .filter(|fault| matches!(fault, Fault::Status(_)))
        .collect();
    every_fault(&faults).await;
}

#[tokio::test]
async fn attack_251_nothing_that_any_source_says_beside_its_protocol_is_a_pass() {
    let said = |fault: &Fault| matches!(fault, Fault::Says(_) | Fault::Bytes(_));
    let faults: Vec<Fault> = FAULTS.iter().copied().filter(said).collect();
    every_fault(&faults).await;
}

#[tokio::test]
async fn attack_251_no_way_of_not_answering_is_a_pass_at_any_source() {
    let said = |fault: &Fault| matches!(fault, Fault::Says(_) | Fault::Bytes(_) | Fault::Status(_));
    let faults: Vec<Fault> = FAULTS.iter().copied().filter(|fault| !said(fault)).collect();
    assert!(faults.len() >= 6);
    every_fault(&faults).await;
}

#[tokio::test]
async fn attack_251_what_waited_at_every_source_passes_by_itself_once_the_source_is_well() {
    let other: Other = Arc::new(Mutex::new(Fault::Status(503)));
    let connect = connected_to(&other).await;
    for world in worlds_with_sources(Config::default(), connect).await {
        *other.lock().unwrap() = Fault::Status(503);
        let account = crate::signin::testing::resident(&world, PHONE).await;
        for name in names() {
            check::run(&world.service, &attempt(account, name)).await.unwrap();
        }
        *other.lock().unwrap() = Fault::None;
        world.clock.advance(TimeDelta::seconds(61));
        // All but the card, which nobody has any more.
        let mut tried = 0;
        while let count @ 1.. = crate::case::retry_due(&world.service).await.unwrap() {
            tried += count;
        }
        assert_eq!((tried, level(&world, account).await), (5, 2), "{}", world.kind);
        let held = store::evidence::list(&world.service.store().read(), account)
            .await
            .unwrap();
        let card = SourceId::parse("bank_card").unwrap();
        assert!(held.iter().all(|piece| piece.source != card));
    }
}
