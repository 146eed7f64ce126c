use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn networks(list: &[&str]) -> Vec<Network> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

fn rules(allow: &[&str]) -> Rules {
    Rules {
        allow_addresses: networks(allow),
        plain_http: true,
        time_limit: Duration::from_secs(5),
    }
}

fn system(rules: Rules) -> Guarded {
    Guarded::new(rules, Vec::new()).unwrap()
}

/// A client for which every name means what the list says, one entry a look-up.
fn with_answers(rules: Rules, answers: &[&[&str]]) -> (Guarded, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    let answers: Vec<Vec<SocketAddr>> = answers
        .iter()
        .map(|list| {
            list.iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                .collect()
        })
        .collect();
    let lookup: Lookup = Arc::new(move |_| {
        let turn = counting.fetch_add(1, Ordering::SeqCst);
        let answer = answers.get(turn).cloned().unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    });
    (Guarded::with_lookup(rules, Vec::new(), lookup).unwrap(), count)
}

/// A server that answers every connection with one text; gives its port and the count of connections.
async fn server(address: &str, answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of this test, which ends with it"
    )]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counting.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

const JSON: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

#[test]
fn attack_136_no_address_behind_the_wall_is_public() {
    for private in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(private.parse().unwrap()), "{private}");
    }
    for public in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.0.1",
        "172.32.0.1",
        "192.1.0.1",
        "2606:4700::1111",
        "2001:4860::8888",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

#[test]
fn attack_139_only_plain_https_addresses_are_asked() {
    let strict = Rules::default();
    for bad in [
        "",
        "jwks",
        "//site.example/jwks",
        "file:///etc/passwd",
        "gopher://site.example/",
        "ftp://site.example/",
        "data:application/json,{}",
        "http://site.example/jwks",
        "https://user@site.example/",
        "https://:p@site.example/",
        "https://site.example:22/",
        "https://site.example:25/",
        "https://site.example:0/",
        "https://site.example/#x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "HTTPS://site.example/",
        "https://Site.example/",
        "https://site.example/a/../b",
        "https://site.example\\@other.example/",
        "https://134744072/",
        "https:/site.example/",
        "https://",
        "https://[fe80::1%25eth0]/",
        "https://site.example/ jwks",
        "https://site.example:65536/",
    ] {
        assert!(strict.check(bad).is_err(), "{bad}");
    }
    assert!(
        strict
            .check(&format!("https://site.example/{}", "a".repeat(2048)))
            .is_err()
    );
    for good in [
        "https://site.example/jwks.json",
        "https://site.example",
        "https://site.example:8443/a?b=c",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
    ] {
        assert!(strict.check(good).is_ok(), "{good}");
    }
}

#[tokio::test]
async fn attack_136_a_private_address_is_reached_only_where_it_is_listed() {
    let (port, count) = server("127.0.0.1", JSON).await;
    let address = format!("http://127.0.0.1:{port}/");
    let refused = system(rules(&["10.0.0.0/8"]));
    assert_eq!(refused.get_json(&address, 100).await, Err(OutboundError::Private));
    assert_eq!(
        refused.post_form(&address, &[]).await,
        Err(OutboundError::Private)
    );
    // By name, too.
    let named = format!("http://localhost:{port}/");
    assert_eq!(refused.get_json(&named, 100).await, Err(OutboundError::Private));
    assert_eq!(count.load(Ordering::SeqCst), 0, "nothing was sent");
    let allowed = system(rules(&["127.0.0.1"]));
    assert_eq!(allowed.get_json(&address, 100).await.unwrap(), b"{}");
    assert_eq!(allowed.get_json(&named, 100).await.unwrap(), b"{}");
    assert_eq!(
        allowed.post_form(&address, &[("a", "b")]).await,
        Ok(StatusCode::OK)
    );
}

#[tokio::test]
async fn attack_137_a_name_is_looked_up_once_and_the_checked_address_is_reached() {
    let (port, count) = server("127.0.0.1", JSON).await;
    let address = format!("http://site.example:{port}/");
    // Allowed first, something else a moment later: the one answer counts that was checked.
    let (client, lookups) = with_answers(
        rules(&["127.0.0.1"]),
        &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.2"]],
    );
    assert_eq!(client.get_json(&address, 100).await.unwrap(), b"{}");
    assert_eq!(lookups.load(Ordering::SeqCst), 1, "one look-up for one request");
    assert_eq!(client.get_json(&address, 100).await, Err(OutboundError::Private));
    // Of several addresses, those are left out that may not be reached.
    let (client, _) = with_answers(rules(&["127.0.0.1"]), &[&["10.0.0.1", "::1", "127.0.0.1"]]);
    assert_eq!(client.get_json(&address, 100).await.unwrap(), b"{}");
    let (client, _) = with_answers(rules(&["127.0.0.1"]), &[&["10.0.0.1", "::ffff:10.0.0.1"], &[]]);
    assert_eq!(client.get_json(&address, 100).await, Err(OutboundError::Private));
    assert_eq!(
        client.get_json(&address, 100).await,
        Err(OutboundError::Private),
        "no address at all"
    );
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn attack_138_redirects_are_not_followed() {
    let (inner, reached) = server("127.0.0.1", JSON).await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = server("127.0.0.1", Box::leak(redirect.into_boxed_str())).await;
    let client = system(rules(&["127.0.0.1"]));
    let address = format!("http://127.0.0.1:{port}/");
    assert_eq!(
        client.get_json(&address, 100).await,
        Err(OutboundError::Status(StatusCode::FOUND))
    );
    assert_eq!(client.post_form(&address, &[]).await, Ok(StatusCode::FOUND));
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn answers_have_a_size_and_a_time() {
    let client = system(Rules {
        time_limit: Duration::from_millis(200),
        ..rules(&["127.0.0.1"])
    });
    let ask = async |answer: &'static str| {
        let (port, _) = server("127.0.0.1", answer).await;
        client.get_json(&format!("http://127.0.0.1:{port}/"), 100).await
    };
    let said = "HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n";
    assert_eq!(ask(said).await, Err(OutboundError::TooLarge));
    let streamed = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(1000));
    assert_eq!(
        ask(Box::leak(streamed.into_boxed_str())).await,
        Err(OutboundError::TooLarge)
    );
    let hanging = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{";
    assert!(matches!(
        ask(hanging).await,
        Err(OutboundError::TimedOut | OutboundError::Unreachable)
    ));
    let failing = "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(
        ask(failing).await,
        Err(OutboundError::Status(StatusCode::INTERNAL_SERVER_ERROR))
    );
    assert_eq!(ask("not http").await, Err(OutboundError::Unreachable));
    // A server that takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(client.get_json(&address, 100).await, Err(OutboundError::TimedOut));
}

#[tokio::test]
async fn a_connection_that_lay_idle_is_not_trusted_with_another_request() {
    // A server that closes an idle connection just as the next request comes in.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of this test, which ends with it"
    )]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.read(&mut request).await;
            });
        }
    });
    let client = system(rules(&["127.0.0.1/32"]));
    let address = format!("http://127.0.0.1:{port}/back-channel");
    for pause in [Duration::ZERO, IDLE_LIMIT + Duration::from_millis(100)] {
        tokio::time::sleep(pause).await;
        let status = client.post_form(&address, &[("logout_token", "a.b.c")]).await;
        assert_eq!(status.unwrap(), StatusCode::OK, "after {pause:?}");
    }
}
