//! Sectors: whose subjects are the same, and who says so.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A sub-site's server with one document.
async fn serve(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/sector.json", listener.local_addr().unwrap());
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of this test, which ends with it"
    )]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    uri
}

#[tokio::test]
async fn addresses_of_several_hosts_need_a_sector_that_lists_them() {
    for world in worlds().await {
        let token = permission(&world, 10).await;
        let two = json!(["https://club.example/callback", "https://other.example/callback"]);
        let refused = register(&world, &token, &metadata(json!({ "redirect_uris": two }))).await;
        assert_eq!(refused.error(), "invalid_client_metadata");
        assert!(
            refused.json["error_description"]
                .as_str()
                .unwrap()
                .contains("sector_identifier_uri")
        );

        let of = |uri: &str| metadata(json!({ "redirect_uris": two, "sector_identifier_uri": uri }));
        let listed = serve(two.to_string()).await;
        let answer = register(&world, &token, &of(&listed)).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        assert_eq!(answer.json["sector_identifier_uri"], listed);
        let client = Registered::read(answer.json);
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        assert_eq!(
            world.service.client(&id).unwrap().client.sector,
            "https://127.0.0.1"
        );

        for (body, word) in [
            (r#"["https://club.example/callback"]"#, "not in the document"),
            (
                r#"["https://club.example/callback","https://other.example/callback/"]"#,
                "not in the document",
            ),
            ("{}", "cannot be fetched"),
            ("[1]", "cannot be fetched"),
            ("", "cannot be fetched"),
        ] {
            let uri = serve(body.to_owned()).await;
            let answer = register(&world, &token, &of(&uri)).await;
            assert_eq!(answer.error(), "invalid_client_metadata", "{body}");
            let text = answer.json["error_description"].as_str().unwrap();
            assert!(text.contains(word), "{body}: {text}");
            // Nor by a change.
            let change = json!({ "redirect_uris": two, "sector_identifier_uri": uri });
            assert_eq!(client.change(&world, change).await.status, 400, "{body}");
        }
    }
}

#[tokio::test]
async fn attack_136_a_sector_behind_the_wall_is_not_asked_and_nothing_is_told_of_it() {
    for world in worlds().await {
        let token = permission(&world, 1).await;
        let mut told = Vec::new();
        for uri in [
            "http://10.0.0.1/x",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/x",
            "http://192.168.1.1:22/x",
        ] {
            let answer = register(&world, &token, &metadata(json!({ "sector_identifier_uri": uri }))).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, "invalid_client_metadata"),
                "{uri}"
            );
            told.push(answer.json);
        }
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    }
}

#[tokio::test]
async fn subjects_of_dynamic_clients_are_their_own_and_public_ones_only_where_allowed() {
    let mut config = settings();
    config.public_subjects = true;
    config.registration.clients_max = 10;
    for world in worlds_with(config).await {
        let sub = |client: &Registered| {
            let id = model::ids::ClientId::parse(&client.id).unwrap();
            let stored = world.service.client(&id).unwrap();
            world.service.subject(&stored.client, world.account)
        };
        let at = |uri: &str| json!({ "redirect_uris": [uri], "application_type": "native" });
        let club = Registered::new(&world, at("https://club.example/a")).await;
        let sister = Registered::new(&world, at("https://club.example/b")).await;
        let other = Registered::new(&world, at("https://other.example/a")).await;
        assert_eq!(sub(&club), sub(&sister), "one host is one sector");
        assert_ne!(sub(&club), sub(&other));
        // Two applications on people's own devices have no host in common.
        let app = Registered::new(&world, at("http://127.0.0.1:8101/cb")).await;
        let another_app = Registered::new(&world, at("http://127.0.0.1:8101/cb")).await;
        assert_ne!(sub(&app), sub(&another_app));
        // A host that is called like a file's sector is not in it.
        let thief = Registered::new(&world, at("https://sector-of-hefei/cb")).await;
        let hefei = crate::testing::client("hefei");
        assert_ne!(sub(&thief), world.service.subject(&hefei, world.account));

        let public = Registered::new(&world, json!({ "subject_type": "public" })).await;
        assert_eq!(public.json["subject_type"], "public");
        assert_ne!(sub(&public), sub(&club));
    }
}
