//! Makes test residents: registers and verifies somebody through the provider's own pages, as a person with a browser
//! without scripts would, for load and acceptance runs. It knows the names of the form fields and nothing else.

pub(crate) mod approval;
mod browser;
mod forms;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::world::{Person, Status, World};
use browser::{Browser, Shown};
use forms::{Button, Form};

/// How many forms a registration may take, errors and repetitions included.
const FORMS_MAX: u8 = 16;
/// How often one form may come back before the provider's words are reported.
const REPEATS_MAX: u8 = 3;
/// How long a code may take to arrive.
const CODE_WAIT: Duration = Duration::from_secs(10);
/// Buttons that do something other than going on.
const SIDE_BUTTONS: [&str; 9] = [
    "skip", "resend", "refresh", "audio", "back", "review", "language", "print", "cancel",
];
/// The fields that tell a form of the journey from one of the page's frame.
const KNOWN_FIELDS: [&str; 10] = [
    "kind",
    "phone",
    "captcha",
    "sms_code",
    "code",
    "password",
    "password_again",
    "agree",
    "name",
    "citizen_id",
];

/// What is wanted; everything left out is made up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wish {
    phone: Option<String>,
    password: Option<String>,
    level: Option<u8>,
    name: Option<String>,
    citizen_id: Option<String>,
}

/// A test resident that exists now.
#[derive(Debug, Serialize)]
pub(crate) struct Resident {
    phone: String,
    password: String,
    level: u8,
    citizen_id: String,
    name: String,
    /// The browser's cookies, with the session of a resident who has just signed in.
    cookies: BTreeMap<String, String>,
}

/// Who is being registered.
struct Applicant {
    phone: String,
    password: String,
    name: String,
    citizen_id: String,
    level: u8,
}

/// Registers a resident at the provider and brings them to the level.
pub(crate) async fn register(world: &World, wish: Wish) -> anyhow::Result<Resident> {
    let applicant = apply(world, wish)?;
    let mut browser = Browser::new(world.client(), world.issuer());
    let mut walk = Walk {
        world,
        applicant: &applicant,
        messages_before: world.outbox().count(),
        last_words: String::new(),
    };

    let shown = browser.open("/register").await?;
    walk.forms(&mut browser, shown).await.context("registering")?;
    for (level, path) in [(1, "/verify/population-register"), (2, "/verify/mobile-operator")] {
        let reached = browser.open("/account").await?.page.level;
        if applicant.level >= level
            && reached.is_none_or(|reached| reached < level)
            && !(level == 1 && reached.is_none())
        {
            walk.messages_before = world.outbox().count();
            let shown = browser.open(path).await?;
            walk.forms(&mut browser, shown)
                .await
                .with_context(|| format!("raising the level to {level}"))?;
        }
    }
    let shown = browser.open("/account").await?;
    if !shown.status.is_success() {
        bail!(
            "after registering, /account answered {}: {}",
            shown.status,
            excerpt(&shown.page.text)
        );
    }
    let level = shown.page.level.unwrap_or(applicant.level);
    if level < applicant.level {
        bail!(
            "level {} was not reached, only {level}; the last page said: {}",
            applicant.level,
            walk.last_words
        );
    }
    let Applicant {
        phone,
        password,
        name,
        citizen_id,
        ..
    } = applicant;
    world.phones().remember(&phone, &password);
    Ok(Resident {
        phone,
        password,
        level,
        citizen_id,
        name,
        cookies: browser.into_cookies(),
    })
}

struct Walk<'a> {
    world: &'a World,
    applicant: &'a Applicant,
    /// Messages up to this number are older than this walk.
    messages_before: u64,
    /// What the last page without a form said.
    last_words: String,
}

impl Walk<'_> {
    /// Fills in one form after the other until a page asks for nothing that is known.
    async fn forms(&mut self, browser: &mut Browser<'_>, first: Shown) -> anyhow::Result<()> {
        let mut shown = first;
        let mut seen: BTreeMap<Vec<String>, u8> = BTreeMap::new();
        for _ in 0..FORMS_MAX {
            let Some(form) = journey_form(&shown).cloned() else {
                if shown.status.is_success() {
                    self.last_words = excerpt(&shown.page.text);
                    return Ok(());
                }
                bail!(
                    "{} answered {}: {}",
                    shown.url.path(),
                    shown.status,
                    excerpt(&shown.page.text)
                );
            };
            let shape = form.fields.iter().map(|field| field.name.clone()).collect();
            let times = seen.entry(shape).or_default();
            *times += 1;
            if *times > REPEATS_MAX {
                bail!("{} keeps asking: {}", shown.url.path(), excerpt(&shown.page.text));
            }
            let fields = self.fill(&form).await?;
            shown = browser.send(&shown.url, &form.action, &fields).await?;
        }
        bail!("more than {FORMS_MAX} forms, the last at {}", shown.url.path())
    }

    async fn fill(&mut self, form: &Form) -> anyhow::Result<Vec<(String, String)>> {
        let mut fields = form.defaults();
        let mut set = |name: &str, value: String| {
            if form.asks(name) {
                fields.retain(|(other, _)| other != name);
                fields.push((name.to_owned(), value));
            }
        };
        set("kind", "resident".to_owned());
        set("phone", self.applicant.phone.clone());
        set("password", self.applicant.password.clone());
        set("password_again", self.applicant.password.clone());
        set("name", self.applicant.name.clone());
        set("citizen_id", self.applicant.citizen_id.clone());
        if let Some(agree) = form.fields.iter().find(|field| field.name == "agree") {
            set("agree", agree.value.clone());
        }
        if form.asks("captcha") {
            let session = ["captcha_id", "captcha_session"]
                .into_iter()
                .find_map(|name| form.hidden(name));
            let (_, answer) = self.world.captcha(session).context(
                "the provider told no captcha answer; it does so only in development with captcha.sandbox_url",
            )?;
            set("captcha", answer);
        }
        if let Some(name) = ["sms_code", "code"].into_iter().find(|name| form.asks(name)) {
            let outbox = self.world.outbox();
            let code = outbox
                .wait_for_code(&self.applicant.phone, self.messages_before, CODE_WAIT)
                .await;
            set(name, code.context("no code came by SMS")?);
        }
        fields.extend(self.button(form));
        Ok(fields)
    }

    /// The button to press: skipping where level 0 is wanted, else the first that goes on, else one that asks for a
    /// code where that is all there is.
    fn button(&self, form: &Form) -> Option<(String, String)> {
        let is = |button: &&Button, word: &str| button.name == word || button.value == word;
        let skip = form.buttons.iter().find(|button| is(button, "skip"));
        let onward = form
            .buttons
            .iter()
            .find(|button| !SIDE_BUTTONS.iter().any(|word| is(button, word)));
        let ask = form
            .buttons
            .iter()
            .find(|button| form.is_bare() && is(button, "resend"));
        let button = skip.filter(|_| self.applicant.level == 0).or(onward).or(ask)?;
        (!button.name.is_empty()).then(|| (button.name.clone(), button.value.clone()))
    }
}

/// The first form that asks for something of the journey, or a step of verifying that is a button alone.
fn journey_form(shown: &Shown) -> Option<&Form> {
    let here = shown.url.path();
    let asks = |form: &&Form| form.posts && KNOWN_FIELDS.iter().any(|name| form.asks(name));
    let stays = |form: &&Form| {
        let path = form.action.split('?').next().unwrap_or_default();
        form.posts && form.is_bare() && here.starts_with("/verify/") && (path.is_empty() || path == here)
    };
    let forms = &shown.page.forms;
    forms.iter().find(asks).or_else(|| forms.iter().find(stays))
}

/// The first words of a page.
fn excerpt(text: &str) -> String {
    text.chars().take(500).collect()
}

/// Completes the wish and puts the person into every register of the world.
fn apply(world: &World, wish: Wish) -> anyhow::Result<Applicant> {
    let rng = world.rng();
    let digits = |count: u32| {
        (0..count)
            .map(|_| char::from_digit(rng.below(10), 10).unwrap_or('0'))
            .collect::<String>()
    };
    let citizen_id = match wish.citizen_id {
        Some(citizen_id) => citizen_id,
        None => loop {
            let (year, month, day) = (1950 + rng.below(50), 1 + rng.below(12), 1 + rng.below(28));
            let body = format!("340000{year}{month:02}{day:02}{}", digits(3));
            let made = crate::world::complete_citizen_id(&body).context("17 digits make a number")?;
            if world.people().person(&made).is_none() {
                break made;
            }
        },
    };
    let known = world.people().person(&citizen_id).cloned();
    let person = known.as_ref();
    let phone = wish
        .phone
        .or_else(|| {
            person
                .map(|person| person.phone.clone())
                .filter(|phone| !phone.is_empty())
        })
        .unwrap_or_else(|| format!("+8619{}", digits(9)));
    let phone = e164(phone);
    let name = wish
        .name
        .or_else(|| person.map(|person| person.name.clone()))
        .unwrap_or_else(|| made_up_name(world));
    if known.is_none() {
        world.people().put_person(Person {
            citizen_id: citizen_id.clone(),
            name: name.clone(),
            phone: phone.clone(),
            purpose: "made".to_owned(),
            register_name: None,
            operator_phone: None,
            status: Status::Normal,
            registered: true,
            delay_ms: 0,
            unavailable: Vec::new(),
            holdings: crate::world::Holdings::default(),
        });
    }
    let password = wish
        .password
        .unwrap_or_else(|| format!("Long-enough-{}", digits(8)));
    let level = wish.level.unwrap_or(1);
    if level > 2 {
        bail!("level: 0, 1 or 2");
    }
    Ok(Applicant {
        phone,
        password,
        name,
        citizen_id,
        level,
    })
}

/// The operator has numbers in E.164, people write them without the country code.
fn e164(phone: String) -> String {
    if phone.len() == 11 && phone.starts_with('1') {
        format!("+86{phone}")
    } else {
        phone
    }
}

fn made_up_name(world: &World) -> String {
    const FAMILY: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张";
    const GIVEN: &str = "安宁清和明远思齐嘉言书越景行子衿若水星河知秋云舒";
    let pick = |from: &str| {
        let count = u32::try_from(from.chars().count()).unwrap_or(1);
        from.chars()
            .nth(usize::try_from(world.rng().below(count)).unwrap_or(0))
            .unwrap_or('某')
    };
    [pick(FAMILY), pick(GIVEN), pick(GIVEN)].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;

    #[test]
    fn a_made_up_resident_is_put_into_the_registers() {
        let world = World::new(Keys::default(), "http://localhost:8080").unwrap();
        let applicant = apply(&world, Wish::default()).unwrap();
        let person = world.people().person(&applicant.citizen_id).cloned().unwrap();
        assert_eq!((person.name, person.phone), (applicant.name, applicant.phone));
        let known = Wish {
            citizen_id: Some("340000199003070012".to_owned()),
            ..Wish::default()
        };
        assert_eq!(apply(&world, known).unwrap().name, "张明远");
        assert!(
            apply(
                &world,
                Wish {
                    level: Some(3),
                    ..Wish::default()
                }
            )
            .is_err()
        );
    }
}
