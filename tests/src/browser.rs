//! A person with a real browser: Chromium, driven through chromedriver on a port of its own, with a profile that is
//! thrown away.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

use crate::certificate::Certificate;
use crate::engine;
use crate::folder::repository;
use crate::process::free_port;
use crate::wait;

/// How long a page may take to be there.
const PAGE_LIMIT: Duration = Duration::from_secs(30);
/// How long chromedriver may take to start.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Whether a browser runs scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As people have it.
    On,
    /// Switched off.
    Off,
}

/// A browser window.
pub struct Browser {
    driver: Option<WebDriver>,
    process: Child,
    _profile: TempDir,
}

impl Browser {
    /// Opens a window for somebody who reads a language.
    pub async fn open(language: &str, scripts: Scripts) -> Self {
        Self::open_trusting(language, scripts, None).await
    }

    /// The same, trusting a certificate that no authority on this machine knows.
    pub async fn open_trusting(language: &str, scripts: Scripts, certificate: Option<&Certificate>) -> Self {
        engine::install_tls();
        let path = std::env::var("DENIZEN_TEST_CHROMEDRIVER").unwrap_or_default();
        let path = if path.is_empty() {
            "/usr/bin/chromedriver".to_owned()
        } else {
            path
        };
        let profile = tempfile::Builder::new()
            .prefix("denizen-browser-")
            .tempdir()
            .expect("a folder");
        let port = free_port();
        let process = Command::new(&path)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that Chromium goes when it goes.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|fault| panic!("{path}: {fault}"));
        let mut browser = Self {
            driver: None,
            process,
            _profile: profile,
        };
        let http = engine::http(false);
        let url = format!("http://127.0.0.1:{port}");
        wait::until("chromedriver", START_LIMIT, || async {
            engine::send(http.get(format!("{url}/status"))).await.ok()
        })
        .await;
        let mut capabilities = capabilities(browser._profile.path(), language, scripts);
        if let Some(certificate) = certificate {
            let fingerprint = certificate.fingerprint();
            capabilities
                .add_arg(&format!("--ignore-certificate-errors-spki-list={fingerprint}"))
                .expect("an argument");
        }
        browser.driver = Some(WebDriver::new(&url, capabilities).await.expect("a browser"));
        browser
    }

    /// The driver.
    pub fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("an open browser")
    }

    /// Makes the window as wide and high as a device.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.driver()
            .cdp()
            .send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .expect("another size");
    }

    /// Types an address.
    pub async fn go(&self, url: &str) {
        self.driver()
            .goto(url)
            .await
            .unwrap_or_else(|fault| panic!("{url}: {fault}"));
    }

    /// The address that is shown, without what follows the path.
    pub async fn place(&self) -> String {
        let mut url = self.driver().current_url().await.expect("an address");
        url.set_query(None);
        url.to_string()
    }

    /// What the page calls itself.
    pub async fn page(&self) -> String {
        let body = self.driver().find(By::Tag("body")).await;
        match body {
            Ok(body) => body.attr("data-page").await.ok().flatten().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits for a page.
    pub async fn sees(&self, page: &str) {
        let began = std::time::Instant::now();
        loop {
            let shown = self.page().await;
            if shown == page {
                return;
            }
            if began.elapsed() > PAGE_LIMIT {
                let picture = self.screenshot(&format!("missing-{page}")).await;
                let text = self.text("body").await.unwrap_or_default();
                panic!(
                    "waited for page {page:?}, see {shown:?} at {} ({picture:?}):\n{text}",
                    self.place().await
                );
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> WebElement {
        let what = format!("{css} in the browser");
        wait::until(&what, PAGE_LIMIT, || async {
            self.driver().find(By::Css(css)).await.ok()
        })
        .await
    }

    /// The words of an element that may not be there.
    pub async fn text(&self, css: &str) -> Option<String> {
        self.driver().find(By::Css(css)).await.ok()?.text().await.ok()
    }

    /// The words of an element, waiting for it.
    pub async fn words(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("text")
    }

    /// An attribute of an element, waiting for it.
    pub async fn attribute(&self, css: &str, name: &str) -> String {
        self.find(css)
            .await
            .attr(name)
            .await
            .expect("an element")
            .unwrap_or_default()
    }

    /// Types into a field by its name.
    pub async fn fill(&self, name: &str, value: &str) {
        let field = self.find(&format!("main [name=\"{name}\"]")).await;
        field.clear().await.expect("a field that can be emptied");
        field
            .send_keys(value)
            .await
            .expect("a field that can be typed into");
    }

    /// Clicks, and waits until the page that was there is gone.
    pub async fn click_through(&self, css: &str) {
        let element = self.find(css).await;
        let html = self.find("html").await;
        // What is below the fold would be clicked beside.
        drop(element.scroll_into_view().await);
        element
            .click()
            .await
            .unwrap_or_else(|fault| panic!("{css}: {fault}"));
        wait::until(&format!("the page after {css}"), PAGE_LIMIT, || async {
            html.tag_name().await.is_err().then_some(())
        })
        .await;
    }

    /// Clicks something that leads to no other page.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        drop(element.scroll_into_view().await);
        element
            .click()
            .await
            .unwrap_or_else(|fault| panic!("{css}: {fault}"));
    }

    /// Runs a script and answers what it returns.
    pub async fn run(&self, script: &str) -> Value {
        let result = self.driver().execute(script, Vec::new()).await;
        result
            .unwrap_or_else(|fault| panic!("{script}: {fault}"))
            .json()
            .clone()
    }

    /// Fails unless the page keeps the rules of every page.
    pub async fn keeps_the_rules(&self) {
        let page = self.page().await;
        assert!(!page.is_empty(), "no data-page at {}", self.place().await);
        let headings = self
            .driver()
            .find_all(By::Css("h1"))
            .await
            .expect("headings")
            .len();
        assert_eq!(headings, 1, "h1 on {page}");
        let language = self.attribute("html", "lang").await;
        assert!(
            ["zh-CN", "en", "vi"].contains(&language.as_str()),
            "lang={language:?} on {page}"
        );
    }

    /// Fails if the page is wider than the window. Needs scripts.
    pub async fn does_not_scroll_sideways(&self) {
        let found = self
            .run("const e = document.documentElement; return [e.scrollWidth, e.clientWidth];")
            .await;
        let (content, window) = (found[0].as_u64(), found[1].as_u64());
        if content > window {
            let page = self.page().await;
            let picture = self.screenshot(&format!("too-wide-{page}")).await;
            panic!("{page} is {content:?} wide in a window of {window:?} ({picture:?})");
        }
    }

    /// Keeps a picture in `target/screenshots` and answers where.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
        let folder = folder.join("screenshots");
        drop(std::fs::create_dir_all(&folder));
        let path = folder.join(format!("{name}.png"));
        drop(self.driver().screenshot(&path).await);
        path
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // The session goes with the process; a farewell would block.
            drop(driver.leak());
        }
        let group = format!("-{}", self.process.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.process.wait());
    }
}

fn capabilities(
    profile: &std::path::Path,
    language: &str,
    scripts: Scripts,
) -> thirtyfour::ChromeCapabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--window-size=1366,900",
        &format!("--lang={language}"),
        &format!("--accept-lang={language}"),
        &format!("--user-data-dir={}", profile.display()),
    ] {
        capabilities.add_arg(argument).expect("an argument");
    }
    let mut preferences = json!({
        "intl.accept_languages": language,
        "credentials_enable_service": false,
        "profile.password_manager_leak_detection": false,
    });
    if scripts == Scripts::Off {
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    capabilities
        .add_experimental_option("prefs", preferences)
        .expect("preferences");
    capabilities
}
