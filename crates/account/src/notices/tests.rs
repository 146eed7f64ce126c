//! Telling people, over the real outbox, on every database at hand.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, TimeDelta};
use model::email::Email;
use model::language::Language;
use model::notice::Topic;
use model::rng::Rng;
use store::accounts;
use web::Kit;
use web::language::Value;

use super::texts::Text;
use super::*;
use crate::signin::testing::{resident, signed_in};
use crate::testing::{World, link_in, worlds, worlds_with};
use crate::{links, messages};

const PHONE: &str = "+8613800001234";
const EMAIL: &str = "an@example.vn";

/// An account with a phone and a mailbox.
async fn account(world: &World, language: Language) -> Account {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let id = resident(world, PHONE).await;
    let email = Email::parse(EMAIL).unwrap();
    assert!(
        accounts::set_email(&tx, id, (None, Some(&email)), now)
            .await
            .unwrap()
    );
    let account = accounts::find(&tx, id).await.unwrap().unwrap();
    Account { language, ..account }
}

async fn told(world: &World, account: &Account, told: &Told<'_>) {
    let tx = world.service.store().begin().await.unwrap();
    tell(&world.service, &tx, account, told).await.unwrap();
    tx.commit().await.unwrap();
}

/// Values for everything that a kind's text needs.
fn values(kind: Kind) -> Vec<(&'static str, String)> {
    let at = store::testing::start_time();
    kind.args()
        .iter()
        .map(|name| match *name {
            "moment" | "day" => (*name, moment(at)),
            "reason" | "outcome" => (*name, key("notices-title")),
            "left" => (*name, "9".to_owned()),
            other => (*name, format!("value-of-{other}")),
        })
        .collect()
}

/// A link as long as ours are.
const LINK: &str = "https://id.example.gov.cn/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The longest text message that gateways take, in characters.
const SMS_CHARS_MAX: usize = 500;
/// The longest one-time code's message: four parts of 67 characters.
const CODE_CHARS_MAX: usize = 268;

fn value_of(name: &str) -> String {
    match name {
        "link" => LINK.to_owned(),
        "page" => "https://id.example.gov.cn/register/activation".to_owned(),
        "left" | "hours" | "minutes" => "9".to_owned(),
        "code" => "123456".to_owned(),
        other => format!("value-of-{other}"),
    }
}

/// What is true of everything that is sent.
fn check(what: &str, text: &str, (channel, leads): (Channel, bool), values: &[String]) {
    for left in ["{", "}", "$", "notice-", "notices-", "sms-", "mail-", "key:"] {
        assert!(!text.contains(left), "{what}: {left} in {text}");
    }
    assert_eq!(
        text.contains("https://"),
        leads,
        "{what}: a link, or none: {text}"
    );
    for value in values {
        assert!(text.contains(value), "{what}: {value} is not in {text}");
    }
    match channel {
        Channel::Sms => {
            assert!(
                text.chars().count() <= SMS_CHARS_MAX,
                "{what}: {}",
                text.chars().count()
            );
            assert!(!text.contains('\n'), "{what}: {text}");
            assert!(
                text.starts_with(['[', '【']),
                "{what}: it names the service: {text}"
            );
        }
        Channel::Email => {
            let subject = text.lines().next().unwrap();
            assert!(
                subject.chars().count() < 80 && !subject.contains("https://"),
                "{what}: {subject}"
            );
            assert!(text.contains("12345"), "{what}: where help is: {text}");
        }
    }
}

#[test]
fn attack_222_everything_that_is_sent_reads_in_every_language_on_every_channel() {
    let clock = model::clock::Clock::manual(store::testing::start_time());
    let kit = Kit::for_tests(&messages(), clock).unwrap();
    for language in Language::ALL {
        for kind in Kind::ALL {
            let args = values(*kind);
            let plain = args.iter().map(|(_, value)| value.clone());
            let plain: Vec<String> = plain.filter(|value| value.starts_with("value-of-")).collect();
            for (channel, link) in [
                (Channel::Sms, None),
                (Channel::Sms, Some(LINK)),
                (Channel::Email, None),
                (Channel::Email, Some(LINK)),
            ] {
                let told = Told {
                    args: &args,
                    link: link.map(str::to_owned),
                    ..Told::of(*kind)
                };
                let text = words::message(&kit, language, &told, channel);
                check(
                    &format!("{kind:?} {language:?}"),
                    &text,
                    (channel, link.is_some()),
                    &plain,
                );
            }
        }
        for text in Text::ALL {
            let values: Vec<String> = text.args().iter().map(|name| value_of(name)).collect();
            let args: Vec<(&str, Value)> = text
                .args()
                .iter()
                .zip(&values)
                .map(|(name, value)| (*name, Value::from(value.as_str())))
                .collect();
            let leads = text.args().iter().any(|name| matches!(*name, "link" | "page"));
            let sent = match text.channel() {
                Channel::Sms => text.sms(&kit, language, &args),
                Channel::Email => {
                    let subject = kit.t(language, &text.subject_key(), &[]);
                    let words = kit.t(language, &text.text_key(), &args);
                    words::mail(&kit, language, &subject, &[Some(words)])
                }
            };
            let what = format!("{text:?} {language:?}");
            check(&what, &sent, (text.channel(), leads), &values);
            if text.template().starts_with("sms-code-") {
                assert!(!leads && sent.chars().count() <= CODE_CHARS_MAX, "{what}: {sent}");
            }
        }
    }
}

#[test]
fn there_is_one_list_of_everything_that_is_sent() {
    let files = [
        include_str!("../../locales/zh-CN/messages.ftl"),
        include_str!("../../locales/en/messages.ftl"),
        include_str!("../../locales/vi/messages.ftl"),
    ];
    let mut listed: Vec<String> = Text::ALL
        .iter()
        .flat_map(|text| match text.channel() {
            Channel::Sms => vec![text.text_key()],
            Channel::Email => vec![text.subject_key(), text.text_key()],
        })
        .collect();
    listed.sort();
    for file in files {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let mut found: Vec<&str> = lines
            .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
            .collect();
        found.sort_unstable();
        assert_eq!(found, listed);
    }
    let names: std::collections::BTreeSet<_> = Text::ALL.iter().map(|text| text.template()).collect();
    assert_eq!(names.len(), Text::ALL.len());
    // No other file has a text message: the next one is written where this test looks.
    for (language, file) in crate::MESSAGES {
        let texts = file.lines().filter(|line| line.starts_with("sms-"));
        assert!(
            texts.count() == 0 || files.contains(file),
            "a text message outside of messages.ftl, {language:?}"
        );
    }
}

#[tokio::test]
async fn attack_235_a_required_notice_goes_by_every_channel_whatever_was_chosen() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let tx = world.service.store().read();
        for channel in Channel::ALL {
            let choice = (Topic::Security, channel, false);
            store::notices::wish(&tx, &Rng::system(), account.id, choice, world.clock.now())
                .await
                .unwrap();
        }
        told(&world, &account, &Told::of(Kind::PasswordChanged)).await;
        let sms = world.newest_sms(PHONE).await.unwrap();
        assert!(sms.starts_with('[') && sms.contains("password"), "{sms}");
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(
            mail.lines().next().unwrap().contains("Your password was changed"),
            "{mail}"
        );
        let page = store::notices::list(&tx, account.id, (0, 9)).await.unwrap();
        assert_eq!(page[0].kind, Kind::PasswordChanged);
    }
}

#[tokio::test]
async fn a_notice_goes_by_another_channel_than_the_one_that_acted_and_by_that_one_when_there_is_no_other() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let phone = Contact::Phone(account.phone.clone().unwrap());
        let by_phone = Told {
            not_by: Some(phone.clone()),
            ..Told::of(Kind::RecoveryDone)
        };
        told(&world, &account, &by_phone).await;
        assert_eq!((world.sms_count().await, world.mail_count().await), (0, 1));
        let alone = Account {
            email: None,
            ..account.clone()
        };
        told(&world, &alone, &by_phone).await;
        assert_eq!((world.sms_count().await, world.mail_count().await), (1, 1));
        let nowhere = Account { phone: None, ..alone };
        told(&world, &nowhere, &by_phone).await;
        assert_eq!((world.sms_count().await, world.mail_count().await), (1, 1));
        let tx = world.service.store().begin().await.unwrap();
        tell_contact(
            &world.service,
            &tx,
            &nowhere,
            &Told::of(Kind::PhoneChanged),
            &phone,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            world.sms_count().await,
            2,
            "the phone that leaves the account is told, too"
        );
    }
}

#[tokio::test]
async fn optional_notices_go_by_the_channels_that_were_chosen_and_always_onto_the_page() {
    for world in worlds().await {
        let account = account(&world, Language::Vi).await;
        let args = values(Kind::NewDevice);
        let new_device = Told {
            args: &args,
            ..Told::of(Kind::NewDevice)
        };
        let tx = world.service.store().read();
        let choice = (Topic::SignIns, Channel::Sms, false);
        store::notices::wish(&tx, &Rng::system(), account.id, choice, world.clock.now())
            .await
            .unwrap();
        told(&world, &account, &new_device).await;
        assert_eq!(world.sms_count().await, 0);
        assert_eq!(store::notices::count_unread(&tx, account.id).await.unwrap(), 1);
        // A mail, in the account's language: now, or in the morning.
        world.clock.advance(TimeDelta::hours(11));
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(mail.contains("thiết bị mới"), "{mail}");
    }
}

#[test]
fn optional_notices_wait_for_the_morning() {
    let at = |text: &str| DateTime::<FixedOffset>::parse_from_rfc3339(text).unwrap();
    let until = |hours, text| quiet_until(hours, at(text)).map(|until| until.to_rfc3339());
    let night = (22, 8);
    assert_eq!(until(night, "2026-05-04T21:59:59+08:00"), None);
    assert_eq!(
        until(night, "2026-05-04T22:00:00+08:00").as_deref(),
        Some("2026-05-05T08:00:00+08:00")
    );
    assert_eq!(
        until(night, "2026-12-31T23:30:00+08:00").as_deref(),
        Some("2027-01-01T08:00:00+08:00")
    );
    assert_eq!(
        until(night, "2026-05-04T07:59:00+08:00").as_deref(),
        Some("2026-05-04T08:00:00+08:00")
    );
    assert_eq!(until(night, "2026-05-04T08:00:00+08:00"), None);
    assert_eq!(
        until((1, 6), "2026-05-04T05:00:00+08:00").as_deref(),
        Some("2026-05-04T06:00:00+08:00")
    );
    assert_eq!(until((0, 0), "2026-05-04T00:00:00+08:00"), None);
}

#[tokio::test]
async fn attack_221_a_phone_gets_so_many_notices_a_day_and_the_page_has_them_all() {
    let mut config = crate::Config::default();
    config.notices.sms_per_day = 2;
    for world in worlds_with(config).await {
        let account = account(&world, Language::En).await;
        for _ in 0..4 {
            told(&world, &account, &Told::of(Kind::PasswordChanged)).await;
        }
        assert_eq!((world.sms_count().await, world.mail_count().await), (2, 4));
        let tx = world.service.store().read();
        assert_eq!(store::notices::count_unread(&tx, account.id).await.unwrap(), 4);
        world.clock.advance(TimeDelta::days(1));
        told(&world, &account, &Told::of(Kind::PasswordChanged)).await;
        assert_eq!(world.sms_count().await, 3);
    }
}

#[tokio::test]
async fn attack_235_very_many_optional_notices_keep_no_security_notice_away() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let args = [
            ("device", "Firefox".to_owned()),
            ("network", "192.0.2.0/24".to_owned()),
        ];
        let new_device = Told {
            args: &args,
            ..Told::of(Kind::NewDevice)
        };
        for _ in 0..50 {
            told(&world, &account, &new_device).await;
        }
        // Those of the night come in the morning.
        world.clock.advance(TimeDelta::hours(10));
        let optional = world.service.config().notices.optional_per_day;
        assert_eq!(i64::try_from(world.sms_count().await).unwrap(), optional);
        let before = (world.sms_count().await, world.mail_count().await);
        told(&world, &account, &Told::of(Kind::PasswordChanged)).await;
        let after = (world.sms_count().await, world.mail_count().await);
        assert_eq!(after, (before.0 + 1, before.1 + 1), "{}", world.kind);
    }
}

#[tokio::test]
async fn what_is_rolled_back_told_nobody() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let tx = world.service.store().begin().await.unwrap();
        tell(&world.service, &tx, &account, &Told::of(Kind::Held))
            .await
            .unwrap();
        drop(tx);
        assert_eq!((world.sms_count().await, world.mail_count().await), (0, 0));
    }
}

#[tokio::test]
async fn attack_222_a_value_adds_no_line_and_has_an_end() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let args = [
            ("device", "Firefox\r\nBcc: other@example.com".to_owned()),
            ("network", "1".repeat(5000)),
        ];
        let new_device = Told {
            args: &args,
            ..Told::of(Kind::NewDevice)
        };
        told(&world, &account, &new_device).await;
        world.clock.advance(TimeDelta::hours(11));
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(!mail.contains("\nBcc") && mail.len() < 2000, "{mail}");
    }
}

#[tokio::test]
async fn the_list_shows_what_was_told_without_links_and_a_button_marks_it_as_read() {
    for world in worlds().await {
        let account = account(&world, Language::ZhCn).await;
        let args = values(Kind::PhoneChanged);
        let link = {
            let tx = world.service.store().begin().await.unwrap();
            let link = links::not_me(&world.service, &tx, account.id, None)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            link
        };
        let changed = Told {
            args: &args,
            link: Some(link.clone()),
            ..Told::of(Kind::PhoneChanged)
        };
        told(&world, &account, &changed).await;
        assert!(link.ends_with(&link_in(&world.newest_sms(PHONE).await.unwrap())));
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/notices").await;
        assert_eq!(page.page(), Some("account-notices"));
        assert!(
            page.body.contains("data-notice=\"phone-changed\" data-new"),
            "{}",
            page.body
        );
        assert!(page.body.contains("value-of-phone") && !page.body.contains("/link/"));
        let until = page.hidden("until").unwrap().to_owned();
        assert_eq!(
            browser.get("/account/notices").await.hidden("until"),
            Some(until.as_str()),
            "looking changes nothing"
        );
        let read = browser
            .post("/account/notices/read", &page, &[("until", &until)])
            .await;
        assert_eq!(read.location.as_deref(), Some("/account/notices"));
        let page = browser.get("/account/notices").await;
        assert!(!page.body.contains("data-new"), "{}", page.body);
        let stranger = world.browser().get("/account/notices").await;
        assert_eq!(
            stranger.location.as_deref(),
            Some("/sign-in?return_to=%2Faccount%2Fnotices")
        );
    }
}

#[tokio::test]
async fn the_choices_are_kept_and_garbage_is_no_choice() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/notices/preferences";
        let page = browser.get(path).await;
        assert_eq!(page.page(), Some("account-notices-preferences"));
        let boxes: BTreeMap<&str, bool> = [
            "sign-ins-sms",
            "sign-ins-email",
            "level-sms",
            "level-email",
            "terms-sms",
        ]
        .into_iter()
        .map(|name| {
            (
                name,
                page.body
                    .contains(&format!("name=\"{name}\" value=\"yes\" checked")),
            )
        })
        .collect();
        assert!(
            boxes["sign-ins-sms"] && boxes["level-sms"] && !boxes["level-email"],
            "{boxes:?}"
        );
        assert!(
            !page.body.contains("name=\"security-"),
            "it cannot be switched off"
        );
        let saved = browser
            .post(path, &page, &[("level-email", "yes"), ("security-sms", "no")])
            .await;
        assert_eq!(
            saved.location.as_deref(),
            Some("/account/notices/preferences?saved=yes")
        );
        let wishes = store::notices::wishes(&world.service.store().read(), account.id)
            .await
            .unwrap();
        assert!(wishes.wants(Topic::Level, Channel::Email) && !wishes.wants(Topic::SignIns, Channel::Sms));
        assert!(wishes.wants(Topic::Security, Channel::Sms));
    }
}

#[tokio::test]
async fn notices_leave_the_page_after_their_time() {
    for world in worlds().await {
        let account = account(&world, Language::En).await;
        told(&world, &account, &Told::of(Kind::PasswordChanged)).await;
        assert_eq!(sweep(&world.service).await.unwrap(), 0);
        world.clock.advance(TimeDelta::days(401));
        assert_eq!(sweep(&world.service).await.unwrap(), 1);
    }
}
