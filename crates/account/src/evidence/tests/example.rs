//! The worked example of a new source in `docs/operators.md`: the very file that stands there is compiled here, joins the
//! ladder by its entry, and is asked over a real connection.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use model::client::AccountKind;
use model::ladder::{DEFAULT_TOML, Extra, Ladder, Level};
use model::secret::Sensitive;
use url::Url;

use crate::evidence::port::{Adapter, Entry, Outside, Road};
use crate::evidence::source::Word;
use crate::evidence::source::tests::facts;

#[path = "../../../../../docs/examples/vehicle_register.rs"]
mod vehicle_register;

const ENTRY: &str = include_str!("../../../../../docs/examples/vehicle-register.toml");
const MANUAL: &str = include_str!("../../../../../docs/operators.md");

#[test]
fn the_example_says_everything_and_reads_what_people_type() {
    let source = &vehicle_register::SOURCE;
    let Road::Form(form) = source.road else {
        panic!("a form")
    };
    let [plate] = form.fields else { panic!("one field") };
    assert_eq!((plate.parse)(" 皖a·10001 ").as_deref(), Ok("皖A10001"));
    for bad in ["", "10001", "皖A1000", "皖A<0001", "🚗A10001"] {
        assert!((plate.parse)(bad).is_err(), "{bad}");
    }
    // With the file in its folder, as the manual says, the texts are there already.
    let is_there = crate::evidence::sources::ALL
        .iter()
        .any(|one| one.id == source.id);
    let of_its_own = (!is_there).then_some(source.texts);
    let messages: Vec<_> = crate::messages().into_iter().chain(of_its_own).collect();
    let texts = web::language::Texts::new(&messages).unwrap();
    assert!(texts.missing().is_empty(), "{:?}", texts.missing());
    for what in ["name", "title", "text", "consent", "plate", "plate-hint"] {
        for language in model::language::Language::ALL {
            assert!(texts.find(language, &source.key(what), &[]).is_some(), "{what}");
        }
    }
    assert_eq!(source.page().unwrap().as_str(), "/verify/vehicle-register");
}

#[test]
fn the_entry_of_the_example_joins_the_ladder_without_a_change_to_it() {
    let entry: toml::Table = ENTRY.parse().unwrap();
    let id = model::evidence::SourceId::parse(entry["source"].as_str().unwrap()).unwrap();
    assert_eq!(id.as_str(), vehicle_register::SOURCE.id);
    let place = entry["ladder"].as_table().unwrap();
    let extra = Extra {
        source: id.clone(),
        level: place["level"].as_integer().unwrap(),
        life_days: place.get("life_days").and_then(toml::Value::as_integer),
        worth_at_most: None,
        uses_face: false,
    };
    let ladder = Ladder::from_toml_with(DEFAULT_TOML, &[extra]).unwrap();
    let level = Level::new(2).unwrap();
    let roads = ladder.roads(AccountKind::Resident, level, &[], store::testing::start_time());
    assert!(
        roads.iter().any(|road| road.sources.contains(&id)),
        "it is offered as a way to level 2"
    );
}

#[tokio::test]
async fn the_example_is_asked_with_its_own_field_over_a_real_connection() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let check = |body: String| async move {
        let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
        let expected =
            serde_json::json!({ "name": "张明远", "citizen_id": "340000199003070012", "plate": "皖A10001" });
        let word = if asked == expected { "match" } else { "mismatch" };
        serde_json::json!({ "result": word }).to_string()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/check", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/check", post(check))).await });
    let entry = Entry {
        url: Some(Url::parse(&url).unwrap()),
        key: Some(Sensitive::new("key".to_owned())),
        time_limit: Duration::from_secs(5),
        ..Entry::default()
    };
    let outside = Outside {
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        base_url: Url::parse("https://id.example").unwrap(),
        clock: model::clock::Clock::system(),
        rng: model::rng::Rng::system(),
    };
    let Ok(Adapter::Asked(source)) = (vehicle_register::SOURCE.connect)(&entry, &outside) else {
        panic!("asked with facts")
    };
    let mut facts = facts();
    facts.more = facts.more.with("plate", "皖A10001".to_owned(), true);
    assert_eq!(source.ask(&facts).await.word, Word::Match);
    facts.more = facts.more.with("plate", "皖A10002".to_owned(), true);
    assert_eq!(source.ask(&facts).await.word, Word::Mismatch);
}

#[test]
fn the_manual_shows_the_example_as_it_is() {
    for word in [
        "examples/vehicle_register.rs",
        "examples/vehicle-register.toml",
        "config/sources.d/vehicle-register.toml.example",
        "key_file = \"../sources.key\"",
    ] {
        assert!(MANUAL.contains(word), "{word}");
    }
}
