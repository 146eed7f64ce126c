//! What the tests with these programs share: a world in which they are registered, and a look at their pages.

use std::time::Duration;

use acceptance::browser::{Browser, Scripts};
use acceptance::certificate::Certificate;
use acceptance::people::Person;
use acceptance::relying::{Application, Registration};
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use serde_json::Value;

/// How long the provider may take to tell a relying party something behind the browser's back.
pub(super) const NOTICE_LIMIT: Duration = Duration::from_secs(20);

/// A world, and an application that plays clients in it.
pub(super) struct Rig {
    pub(super) world: World,
    pub(super) application: Application,
}

impl Rig {
    /// Registers clients and tells the application.
    pub(super) async fn start(kind: Kind, application: Application, clients: &[Registration]) -> Self {
        let setup = clients.iter().fold(setup(kind), |setup, one| one.apply(setup));
        let world = setup.start().await;
        for client in clients {
            application
                .configure(&client.id, &client.settings(&world.issuer))
                .await;
        }
        Self { world, application }
    }

    /// The same over https on both sides, with the provider in a process of its own.
    pub(super) async fn start_secure(
        kind: Kind,
        certificate: &Certificate,
        application: Application,
        clients: &[Registration],
        more: &str,
    ) -> Self {
        let setup = Setup::new(kind)
            .in_processes()
            .with_tls(certificate)
            .with(&format!(
                "[outbound]\nallow_addresses = [\"127.0.0.0/8\"]\nextra_ca_file = {:?}\n{more}",
                certificate.authority()
            ));
        let world = clients
            .iter()
            .fold(setup, |setup, one| one.apply(setup))
            .start()
            .await;
        for client in clients {
            application
                .configure(&client.id, &client.settings(&world.issuer))
                .await;
        }
        Self { world, application }
    }

    /// Somebody new whose browser also goes to the application.
    pub(super) fn visitor(&self, visitor: Visitor) -> Visitor {
        visitor.knows(&self.application.base(""))
    }

    /// Signs in at a client without script, agreeing where that is asked; answers what the client then knows.
    pub(super) async fn sign_in(&self, visitor: &mut Visitor, client: &str, query: &str) -> Value {
        visitor
            .open(&self.application.at(client, &format!("sign-in{query}")))
            .await;
        self.go_on(visitor, client).await
    }

    /// Agrees where that is asked, and goes back to the client.
    pub(super) async fn go_on(&self, visitor: &mut Visitor, client: &str) -> Value {
        if visitor.page.name() == "consent" {
            visitor.press("decision=allow").await;
        }
        if visitor.page.name() == "form-post" {
            visitor.press("").await;
        }
        assert_eq!(
            visitor.page.name(),
            "signed-in",
            "{client}: at {} ({}): {}\n{}",
            visitor.url,
            visitor.status,
            visitor.page.words(),
            self.application.said()
        );
        shown(visitor)
    }
}

/// A world to be, which may reach programs on this machine.
pub(super) fn setup(kind: Kind) -> Setup {
    Setup::new(kind).with(
        "[outbound]\nallow_addresses = [\"127.0.0.0/8\"]\n\
         [provider.registration]\nenabled = true\nscopes = [\"openid\", \"assurance\", \"phone\"]\n",
    )
}

/// What a relying party's page says in JSON.
pub(super) fn shown(visitor: &Visitor) -> Value {
    let text = visitor.page.text_of("#told");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// The same in a real browser, on the page that is waited for.
pub(super) async fn seen(browser: &Browser, page: &str) -> Value {
    browser.sees(page).await;
    let text = browser.words("#told").await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// A real browser that nobody is signed in with.
pub(super) async fn browser() -> Browser {
    Browser::open("en", Scripts::On).await
}

/// Types identifier and password on the provider's page.
pub(super) async fn type_password(browser: &Browser, person: &Person) {
    browser.sees("sign-in").await;
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    browser
        .click_through("main form .buttons button:first-of-type")
        .await;
}

/// Agrees, once the button takes presses.
pub(super) async fn agree(browser: &Browser) {
    const ALLOW: &str = "button[name=decision][value=allow]";
    browser.sees("consent").await;
    drop(browser.find(ALLOW).await.scroll_into_view().await);
    wait::until_true("the consent button", Duration::from_secs(10), || async {
        browser.find(ALLOW).await.is_enabled().await.unwrap_or(false)
    })
    .await;
    browser.click_through(ALLOW).await;
}

/// The text of a claim.
#[track_caller]
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {value}"))
}
