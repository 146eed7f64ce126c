//! The program's commands beside `serve`, on a world that runs.

use std::time::Duration;

use acceptance::engine;
use acceptance::journey::{newcomer, tokens_for};
use acceptance::party::Party;
use acceptance::process::command;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use base64::Engine as _;
use serde_json::Value;

fn kid(token: &str) -> String {
    let header = token.split('.').next().expect("a header");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("kid").to_owned()
}

fn config(world: &World) -> String {
    world.folder.path("node-0.toml").display().to_string()
}

async fn published(world: &World) -> Vec<String> {
    let set = engine::send(world.http.get(world.at("/jwks.json")))
        .await
        .expect("keys");
    let set: Value = set.json().await.expect("JSON");
    set["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| key["kid"].as_str().expect("kid").to_owned())
        .collect()
}

#[tokio::test]
async fn keys_rotate_while_everything_runs_and_old_tokens_still_verify() {
    for kind in Kind::all() {
        let world = Setup::new(kind).start().await;
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let ask = party.ask();
        let old = tokens_for(&mut visitor, &party, &ask).await.id_token().to_owned();
        let before = published(&world).await;
        // R20: the next key has been published for minutes only, so sub-sites may not have it yet.
        let early = command(&["keys", "rotate", "--config", &config(&world)]).await;
        assert!(
            early.code == 1 && early.err.contains("--now"),
            "{} {}",
            early.out,
            early.err
        );
        let rotated = command(&["keys", "rotate", "--now", "--config", &config(&world)]).await;
        assert_eq!(rotated.code, 0, "{}", rotated.err);
        let new = wait::until("the next key to sign", Duration::from_secs(10), || {
            let (party, mut visitor) = (party.clone(), visitor.clone());
            let before = kid(&old);
            async move {
                let token = tokens_for(&mut visitor, &party, &party.ask())
                    .await
                    .id_token()
                    .to_owned();
                (kid(&token) != before).then_some(token)
            }
        })
        .await;
        assert!(before.contains(&kid(&new)), "R20: announced before it signed");
        let after = published(&world).await;
        assert!(
            after.contains(&kid(&old)) && after.len() > before.len(),
            "the old one still verifies"
        );
        party.claims(&old, Some(&ask.nonce)).await;
        let listed = command(&["keys", "list", "--config", &config(&world)]).await;
        assert_eq!(listed.code, 0);
        assert!(
            listed.out.contains(&kid(&new)) && !listed.out.contains("\"d\""),
            "{}",
            listed.out
        );
        assert_eq!(
            command(&["keys", "retire", "--config", &config(&world)])
                .await
                .code,
            0
        );
        party.claims(&old, Some(&ask.nonce)).await;
    }
}

#[tokio::test]
async fn sub_sites_are_applied_from_files_with_a_difference_that_is_shown_first() {
    for kind in Kind::all() {
        let world = Setup::new(kind).start().await;
        let folder = world.folder.path("clients.d").display().to_string();
        let file = config(&world);
        let nothing = command(&["clients", "apply", &folder, "--config", &file]).await;
        assert_eq!(
            (
                nothing.code,
                nothing.out.lines().filter(|line| line.contains("basic")).count()
            ),
            (0, 0),
            "{}",
            nothing.out
        );
        let text = world.folder.read("clients.d/basic.toml");
        world.folder.write(
            "clients.d/basic.toml",
            &text.replace(
                "https://basic.site.example/second",
                "https://basic.site.example/third",
            ),
        );
        let shown = command(&["clients", "apply", &folder, "--config", &file, "--dry-run"]).await;
        assert!(
            shown.code == 0 && shown.out.contains("basic") && shown.out.contains("redirect_uris"),
            "{} {}",
            shown.out,
            shown.err
        );
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let third = party
            .ask()
            .with("redirect_uri", "https://basic.site.example/third");
        visitor.open(&third.url()).await;
        visitor.sees_problem(400);
        assert_eq!(
            command(&["clients", "apply", &folder, "--config", &file])
                .await
                .code,
            0
        );
        wait::until_true("the node to notice", Duration::from_secs(10), || {
            let (mut visitor, url) = (visitor.clone(), third.url());
            async move {
                visitor.open(&url).await;
                visitor.away.is_some() || visitor.page.name() == "consent"
            }
        })
        .await;
        // A fault is explained and nothing is changed.
        world.folder.write(
            "clients.d/basic.toml",
            &text.replace("https://basic.site.example/callback", "javascript:alert(1)"),
        );
        let refused = command(&["clients", "apply", &folder, "--config", &file]).await;
        assert_ne!(refused.code, 0);
        assert!(
            refused.err.contains("basic.toml") && refused.err.contains("redirect_uris"),
            "{}",
            refused.err
        );
    }
}

#[tokio::test]
async fn a_configuration_is_checked_and_every_fault_explained() {
    let world = World::any().await;
    let file = config(&world);
    let good = command(&["check-config", "--config", &file]).await;
    assert_eq!(good.code, 0, "{}", good.err);
    let text = world.folder.read("node-0.toml");
    for (case, change, says) in [
        (
            "an unknown key",
            text.replace("[listen]\n", "[listen]\nadress = \"x\"\n"),
            "adress",
        ),
        (
            "a missing file",
            text.replace("assurance.toml", "nowhere.toml"),
            "nowhere.toml",
        ),
        (
            "a bad address",
            text.replace("issuer = \"", "issuer = \"ftp://"),
            "issuer",
        ),
        (
            "production with a sandbox",
            text.replace("environment = \"development\"", "environment = \"production\""),
            "issuer",
        ),
        (
            "no database",
            text.replace("sqlite:", "mysql:").replace("postgres:", "mysql:"),
            "database.url",
        ),
    ] {
        assert_ne!(change, text, "{case}");
        world.folder.write("bad.toml", &change);
        let bad = world.folder.path("bad.toml").display().to_string();
        for verb in ["check-config", "serve"] {
            let refused = command(&[verb, "--config", &bad]).await;
            assert_eq!(refused.code, 2, "{case}: {verb}: {} {}", refused.out, refused.err);
            assert!(refused.err.contains(says), "{case}: {}", refused.err);
        }
    }
    assert_eq!(command(&["serve", "--config", "/nowhere.toml"]).await.code, 2);
    assert_eq!(command(&["no-such-command"]).await.code, 2);
    for verb in [
        &["--help"][..],
        &["serve", "--help"],
        &["clients", "apply", "--help"],
        &["keys", "rotate", "--help"],
    ] {
        let help = command(verb).await;
        assert!(help.code == 0 && help.out.contains("Usage"), "{verb:?}");
    }
}
