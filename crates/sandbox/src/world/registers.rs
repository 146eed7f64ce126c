//! Registers beside the population register: bank card (four factors), social security, provident fund, driving licence
//! with its file number, vehicle. Each wants its numbers in the form in which it writes them itself and refuses the
//! request otherwise, as real ones do; `mismatch` never says what differs, and a person without an entry is
//! `not_found`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::World;
use super::faults::Route;
use super::holdings::{is_card_number, is_digits, is_social_security};
use super::people::Person;
use super::sources::{Answer, Asked, answer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    name: String,
    citizen_id: String,
    phone: String,
    #[serde(rename = "card")]
    number: String,
}

impl Asked for Card {
    fn fault(&self) -> Option<&'static str> {
        let phone = self.phone.strip_prefix('+').unwrap_or_default();
        if !is_digits(phone, 7..=15) {
            return Some("phone: in E.164");
        }
        (!is_card_number(&self.number)).then_some("card: 16 to 19 digits with a right check digit")
    }
}

/// `POST /sources/bank-card/check`: name, number, card, and the phone reserved at the bank.
pub(super) async fn bank_card(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let route = Route::BankCard;
    answer(&world, route, &headers, &body, |registers, asked: Card| {
        registers
            .person(&asked.citizen_id)
            .and_then(|person| Some((person, person.holdings.bank_card.as_ref()?)))
            .map_or_else(Answer::not_found, |(person, card)| {
                let reserved = card.phone.as_deref().unwrap_or(&person.phone);
                let agrees = !card.lost
                    && person.name_on_record() == asked.name
                    && reserved == asked.phone
                    && card.number == asked.number;
                Answer::about(person, route, agrees)
            })
    })
    .await
}

/// What a register with one number of its own is asked.
trait Numbered: Asked {
    /// Name, citizen ID number, and the register's number.
    fn facts(&self) -> (&str, &str, &str);
}

macro_rules! numbered {
    ($name:ident, $field:ident, $good:expr, $fault:literal) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            name: String,
            citizen_id: String,
            $field: String,
        }

        impl Asked for $name {
            fn fault(&self) -> Option<&'static str> {
                let good: fn(&str) -> bool = $good;
                (!good(&self.$field)).then_some($fault)
            }
        }

        impl Numbered for $name {
            fn facts(&self) -> (&str, &str, &str) {
                (&self.name, &self.citizen_id, &self.$field)
            }
        }
    };
}

numbered!(
    SocialSecurity,
    account,
    is_social_security,
    "account: 8 to 18 capital letters and digits"
);
numbered!(
    ProvidentFund,
    account,
    |text| is_digits(text, 9..=20),
    "account: 9 to 20 digits"
);
numbered!(
    DrivingLicence,
    file_number,
    |text| is_digits(text, 12..=12),
    "file_number: 12 digits"
);
numbered!(
    Vehicle,
    plate,
    |text| (7..=8).contains(&text.chars().count()),
    "plate: 7 or 8 characters"
);

/// The number that a register has for a person.
type Held = for<'a> fn(&'a Person) -> Option<&'a String>;

async fn numbered<Q>((world, route): (World, Route), headers: HeaderMap, body: Bytes, held: Held) -> Response
where
    Q: Numbered + for<'de> Deserialize<'de>,
{
    answer(&world, route, &headers, &body, |registers, asked: Q| {
        let (name, citizen_id, number) = asked.facts();
        registers
            .person(citizen_id)
            .and_then(|person| Some((person, held(person)?)))
            .map_or_else(Answer::not_found, |(person, held)| {
                Answer::about(person, route, person.name_on_record() == name && held == number)
            })
    })
    .await
}

/// `POST /sources/social-security/check`
pub(super) async fn social_security(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let held: Held = |person| person.holdings.social_security.as_ref();
    numbered::<SocialSecurity>((world, Route::SocialSecurity), headers, body, held).await
}

/// `POST /sources/provident-fund/check`
pub(super) async fn provident_fund(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let held: Held = |person| person.holdings.provident_fund.as_ref();
    numbered::<ProvidentFund>((world, Route::ProvidentFund), headers, body, held).await
}

/// `POST /sources/driving-licence/check`
pub(super) async fn driving_licence(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let held: Held = |person| person.holdings.driving_licence.as_ref();
    numbered::<DrivingLicence>((world, Route::DrivingLicence), headers, body, held).await
}

/// `POST /sources/vehicle-register/check`: the register of the worked example in `docs/operators.md`.
pub(super) async fn vehicle_register(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let held: Held = |person| person.holdings.vehicle.as_ref();
    numbered::<Vehicle>((world, Route::VehicleRegister), headers, body, held).await
}
