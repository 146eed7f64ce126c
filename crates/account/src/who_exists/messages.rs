//! What is asked for with a phone or an address and answered by a message: registering, recovering, objecting, another
//! activation link.

use chrono::TimeDelta;
use model::ids::{AppealId, OperatorId, StandingChangeId};
use model::secret::Sensitive;
use store::standing_changes::{self, Appeal, Change};

use super::{Compared, Config, Known, Meter, Names, Status, committed, known};
use crate::testing::{Browser, Seen, World, worlds_with};

const PASSWORD: &str = "kvtulm27";

fn offered() -> Config {
    let mut config = Config::default();
    config.register.by_email = true;
    config
}

/// Everybody whom a phone or an address may belong to.
async fn everybody(world: &World) -> Vec<(String, Names)> {
    let mut all = vec![("nobody".to_owned(), Names::nobodys())];
    for one in known(world).await {
        decided(world, &one).await;
        all.push((format!("{:?}", one.status), one.names));
    }
    // Ended by operators, who were asked to look again already.
    let objected = Names {
        phone: "13800000120".to_owned(),
        ..Names::nobodys()
    };
    let id = crate::signin::testing::resident(world, &objected.phone).await;
    world.test.set_status(id, Status::Suspended).await.unwrap();
    let one = Known {
        id,
        status: Status::Suspended,
        names: objected,
    };
    let change = decided(world, &one).await.expect("a decision");
    let tx = world.service.store().read();
    let appeal = Appeal {
        id: AppealId::new(world.clock.now(), world.service.rng()),
        change,
        account: id,
        text: Sensitive::new("No".to_owned()),
        at: world.clock.now(),
        decided: None,
    };
    assert!(standing_changes::appeal(&tx, &appeal).await.unwrap());
    all.push(("Suspended, objected".to_owned(), one.names));
    all
}

/// Writes down who made an account what it is, where operators did.
async fn decided(world: &World, one: &Known) -> Option<StandingChangeId> {
    if !matches!(one.status, Status::Suspended | Status::Terminated) {
        return None;
    }
    let (now, rng) = (world.clock.now(), world.service.rng());
    let change = Change {
        id: StandingChangeId::new(now, rng),
        account: one.id,
        from: Status::Active,
        to: one.status,
        reason: "misuse".to_owned(),
        note: None,
        operator: Some(OperatorId::new(now, rng)),
        second: Some(OperatorId::new(now, rng)),
        at: now,
        until: None,
        doubted_from: None,
    };
    let tx = world.service.store().read();
    standing_changes::record(&tx, &change).await.unwrap();
    Some(change.id)
}

/// Fills in a page with a captcha and sends it; the work is that of sending alone.
async fn send<'a>(
    world: &'a World,
    browser: &mut Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> (Seen, Meter<'a>) {
    let page = browser.get(path).await;
    let mut all = fields.to_vec();
    let captcha = match page.hidden("captcha_id") {
        Some(_) => browser.look_at_captcha(&page).await,
        None => String::new(),
    };
    if !captcha.is_empty() {
        all.push(("captcha", &captcha));
    }
    let meter = Meter::new(world);
    (browser.post(path, &page, &all).await, meter)
}

/// The pages that a phone is typed into, the page after each, the field of its code, and whether it sends another one.
const PAGES: [(&str, &str, &str, bool); 4] = [
    ("/register", "/register/confirm", "sms_code", true),
    ("/register/email", "/register/confirm", "sms_code", true),
    ("/recover", "/recover/code", "sms_code", true),
    ("/appeal", "/appeal/code", "code", false),
];

#[tokio::test]
async fn attack_203_205_a_phone_is_asked_for_a_code_with_the_same_work_whoever_has_it() {
    for world in worlds_with(offered()).await {
        let all = everybody(&world).await;
        for (path, next, field, resends) in PAGES {
            let step = |what: &str| Compared::new(format!("{path}, {what}"), &world);
            let mut steps = ["asking", "looking", "a wrong code", "another code"].map(step);
            let [asking, looking, wrong, again] = &mut steps;
            for (who, names) in &all {
                world.clock.advance(TimeDelta::hours(25));
                let mut browser = world.browser();
                let fields = [
                    ("kind", "resident"),
                    ("name", "Nguyễn Văn An"),
                    ("email", "somebody@example.vn"),
                    ("phone", names.phone.as_str()),
                ];
                let (seen, meter) = send(&world, &mut browser, path, &fields).await;
                asking.add(who, &meter);
                assert_eq!(seen.location.as_deref(), Some(next), "{who}: {}", seen.body);
                let meter = Meter::new(&world);
                let page = browser.get(next).await;
                looking.add(who, &meter);
                let typed = [
                    (field, "000000"),
                    ("password", PASSWORD),
                    ("password_again", PASSWORD),
                    ("agree", "yes"),
                ];
                let meter = Meter::new(&world);
                let seen = browser.post(next, &page, &typed).await;
                wrong.add(who, &meter);
                assert_eq!(seen.errors().len(), 1, "{path} {who}: {}", seen.body);
                if resends {
                    world.clock.advance(TimeDelta::seconds(61));
                    let meter = Meter::new(&world);
                    browser.post(next, &page, &[("resend", "code")]).await;
                    again.add(who, &meter);
                }
            }
            let work = asking.is_the_same();
            assert_eq!((committed(work), work.hashes), (1, 0), "{path}");
            assert!(work.statements.contains(&"INSERT outbox".to_owned()), "{path}");
            looking.is_the_same();
            assert_eq!(wrong.is_the_same().hashes, 0, "{path}");
            if resends {
                assert_eq!(committed(again.is_the_same()), 1, "{path}");
            }
        }
    }
}

/// Registers by e-mail with a free phone, as far as the last page; the work of that.
async fn register<'a>(world: &'a World, phone: &str, email: &str) -> (Seen, Meter<'a>) {
    let mut browser = world.browser();
    let fields = [("name", "Nguyễn Văn An"), ("email", email), ("phone", phone)];
    send(world, &mut browser, "/register/email", &fields).await;
    let code = world.code(&format!("+86{phone}")).await;
    let page = browser.get("/register/confirm").await;
    let fields = [
        ("sms_code", code.as_str()),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("agree", "yes"),
    ];
    let meter = Meter::new(world);
    (browser.post("/register/confirm", &page, &fields).await, meter)
}

#[tokio::test]
async fn attack_203_an_address_is_registered_with_the_same_work_whoever_has_it() {
    for world in worlds_with(offered()).await {
        let mut compared = Compared::new("/register/confirm", &world);
        for (index, (who, names)) in everybody(&world).await.into_iter().enumerate() {
            world.clock.advance(TimeDelta::hours(25));
            let phone = format!("1390000020{index}");
            let (seen, meter) = register(&world, &phone, &names.email).await;
            compared.add(who, &meter);
            let led = seen.location.as_deref();
            assert_eq!(led, Some("/register/activation"), "{}", seen.body);
        }
        let work = compared.is_the_same();
        assert_eq!((committed(work), work.hashes), (1, 1));
    }
}

#[tokio::test]
async fn attack_203_205_another_activation_link_is_asked_for_with_the_same_work_whoever_waits() {
    for world in worlds_with(offered()).await {
        let all = everybody(&world).await;
        register(&world, "13900000300", "waits@example.vn").await;
        let addresses = all
            .iter()
            .map(|(who, names)| (who.as_str(), names.email.as_str()));
        let mut compared = Compared::new("/register/activation", &world);
        let sent = world.mail_count().await;
        for (who, email) in addresses.chain([("waits", "waits@example.vn")]) {
            world.clock.advance(TimeDelta::hours(2));
            let fields = [("email", email)];
            let (seen, meter) = send(&world, &mut world.browser(), "/register/activation", &fields).await;
            compared.add(who, &meter);
            assert_eq!(
                seen.page(),
                Some("register-activation-asked"),
                "{who}: {}",
                seen.body
            );
        }
        assert_eq!(committed(compared.is_the_same()), 1);
        assert_eq!(world.mail_count().await, sent + 1, "only who waits gets a mail");
    }
}
