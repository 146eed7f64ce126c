//! The pages of the world server: what the world is and who lives in it, and the outbox as a phone's inbox.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::World;
use super::faults::Setting;
use super::outbox::{Channel, Message};
use super::people::{Enterprise, Person};
use crate::texts::{self, Words};
use crate::wire::{self, Parameters};

/// How many people and organisations the page lists.
const LISTED_MAX: usize = 200;

#[derive(Template)]
#[template(path = "world/home.html")]
struct Home {
    w: Words,
    people: Vec<Row>,
    enterprises: Vec<Enterprise>,
    faults: Vec<Setting>,
    issuer: String,
}

struct Row {
    person: Person,
    purpose: String,
    national_phone: String,
    /// What further registers know, under the key of its words.
    holdings: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "world/outbox.html")]
struct Outbox {
    w: Words,
    messages: Vec<Message>,
    to: String,
}

impl Message {
    /// The time of day, as a phone shows it.
    fn clock_time(&self) -> String {
        // The world is in China.
        (self.at + chrono::TimeDelta::hours(8))
            .format("%H:%M:%S")
            .to_string()
    }

    fn is_sms(&self) -> bool {
        self.channel == Channel::Sms
    }
}

/// `GET /`
pub(super) async fn home(State(world): State<World>, headers: HeaderMap, uri: Uri) -> Response {
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    let w = words(&headers, &query);
    let registers = world.people();
    let people = registers
        .list_people(LISTED_MAX)
        .into_iter()
        .map(|person| Row {
            purpose: w
                .find(&format!("world-purpose-{}", person.purpose.replace('_', "-")))
                .unwrap_or_else(|| person.purpose.clone()),
            national_phone: person.phone.trim_start_matches("+86").to_owned(),
            holdings: person.holdings.list(),
            person,
        })
        .collect();
    let enterprises = registers.list_enterprises(LISTED_MAX);
    drop(registers);
    render(&Home {
        w,
        people,
        enterprises,
        faults: world.faults().list(),
        issuer: world.issuer().to_string(),
    })
}

/// `GET /outbox` for browsers.
pub(super) fn outbox(headers: &HeaderMap, query: &Parameters, messages: Vec<Message>) -> Response {
    let to = query.value("to").unwrap_or_default().to_owned();
    render(&Outbox {
        w: words(headers, query),
        messages,
        to,
    })
}

fn words(headers: &HeaderMap, query: &Parameters) -> Words {
    Words::in_language(texts::choose(query.value("lang"), None, headers))
}

fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => wire::page(StatusCode::OK, html, ""),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
