//! Shows what the kit can draw, for looking at it: `cargo run -p web --example gallery [address [certificate key]]`, then
//! `/form`, `/form?errors=yes`, `/account`, `/elements`, `/nothing`.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use model::clock::Clock;
use model::language::Language;
use serde::Deserialize;
use web::extract::Query;
use web::form::{Button, Checkbox, Errors, Field, FormPage, Radios, Words};
use web::language::Messages;
use web::listen::{Bound, Limits, Options, Tls};
use web::metrics::HttpMetrics;
use web::middleware::{Hosts, Outer, outer, page_routes};
use web::paths::LocalPath;
use web::{Kit, Markup, Page, Visit};

const TEXTS: Messages = &[
    (Language::ZhCn, include_str!("gallery/zh-CN.ftl")),
    (Language::En, include_str!("gallery/en.ftl")),
    (Language::Vi, include_str!("gallery/vi.ftl")),
];

#[derive(Deserialize)]
struct Asked {
    errors: Option<String>,
}

async fn form(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let mut errors = Errors::none();
    if asked.errors.is_some() {
        errors.add("phone", "gallery-phone-wrong");
        errors.add("password", "gallery-password-wrong");
        errors.add("agree", "gallery-agree-wrong");
    }
    let wait = visit.t_with("web-resend-wait", &[("seconds", "%s".into())]);
    let send = Button::secondary("gallery-send")
        .sends("action", "send")
        .data("resend-after", "60")
        .data("resend-text", wait);
    let form = FormPage::new("gallery", LocalPath::known("/form"))
        .radios(
            Radios::new("kind", "gallery-kind")
                .option_with_hint("resident", "gallery-resident", "gallery-resident-hint")
                .option_with_hint(
                    "organisation",
                    "gallery-organisation",
                    "gallery-organisation-hint",
                )
                .chosen("resident"),
        )
        .field(
            Field::telephone("phone", "gallery-phone")
                .hint("gallery-phone-hint")
                .value("1380000")
                .required(),
        )
        .field(
            Field::code("sms_code", "gallery-code")
                .after(send.render(&visit))
                .required(),
        )
        .field(
            Field::password("password", "gallery-password")
                .hint("gallery-password-hint")
                .autocomplete("new-password")
                .data("show", visit.t("web-show-password"))
                .data("hide", visit.t("web-hide-password"))
                .data("weak", visit.t("gallery-weak"))
                .data("fair", visit.t("gallery-fair"))
                .data("strong", visit.t("gallery-strong"))
                .required(),
        )
        .checkbox(Checkbox::new("agree", "gallery-agree"))
        .button(Button::primary("web-continue"))
        .button(Button::link("web-back").sends("action", "back"));
    let step = Words::with(
        "gallery-step",
        vec![("step", 2_u32.into()), ("steps", 3_u32.into())],
    );
    visit.form(
        Page::new("gallery", "gallery-title").caption(step),
        &form,
        &errors,
    )
}

async fn account(mut visit: Visit) -> Response {
    visit.set_signed_in("138****0000");
    let html = include_str!("gallery/account.html").to_owned();
    visit.render_markup(
        Page::new("account", "web-nav-account").wide(),
        &Markup::from_rendered(html),
    )
}

async fn elements(visit: Visit) -> Response {
    let html = include_str!("gallery/elements.html").to_owned();
    visit.render_markup(
        Page::new("elements", "gallery-title"),
        &Markup::from_rendered(html),
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let kit = Kit::for_tests(&[TEXTS], Clock::system())?;
    let pages: Router<Kit> = Router::new()
        .route("/form", get(form))
        .route("/account", get(account))
        .route("/elements", get(elements));
    let router = page_routes(pages, kit.clone())
        .with_state(kit.clone())
        .merge(web::page::router(kit.clone()));
    let metrics = HttpMetrics::unregistered();
    let trusted_proxies = kit.trusted_proxies().clone();
    let layers = Outer {
        kit,
        metrics: metrics.clone(),
        hosts: Hosts::Any,
        programs: &[],
        request_timeout_ms: 15_000,
    };
    let mut bound = Bound::bind(address.parse()?).await?;
    if let (Some(certificate), Some(key)) = (std::env::args().nth(2), std::env::args().nth(3)) {
        bound = bound.with_tls(Tls::from_files(certificate.as_ref(), key.as_ref())?);
    }
    let options = Options {
        limits: Limits::default(),
        metrics,
        trusted_proxies,
        uploads: &[],
    };
    bound
        .serve(outer(router, layers), options, std::future::pending())
        .await;
    Ok(())
}
