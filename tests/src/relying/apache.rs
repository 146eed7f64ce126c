//! Apache with `mod_auth_openidc`, as a process in the foreground on a port of its own. Its whole configuration is
//! written into a folder; nothing of the machine's own Apache is read or touched.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Program, variable};
use crate::engine;
use crate::process::free_port;
use crate::wait;

/// How long it may take to its first answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The pages, which show what the module says about the person.
const PAGES: &[&str] = &[
    "index.html",
    "services/index.html",
    "services/social-security/index.html",
    "signed-out",
];

/// A server with the module. [`Apache::reserve`] takes a port, so that it can be registered; [`Apache::start`] starts.
#[derive(Debug)]
pub struct Apache {
    port: u16,
    folder: TempDir,
    program: Option<Program>,
}

impl Apache {
    /// Takes a port and a folder.
    pub fn reserve() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("denizen-apache-")
            .tempdir()
            .expect("a folder");
        // Apache's workers are not root, even where the tests are.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder for all");
        Self {
            port: free_port(),
            folder,
            program: None,
        }
    }

    /// Its address, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of a page.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// Starts it with the module's lines of configuration, such as `OIDCClientID …` and `<Location …>`.
    pub async fn start(&mut self, lines: &str) {
        let folder = self.folder.path().to_owned();
        write_pages(&folder.join("pages"));
        let modules = variable("DENIZEN_TEST_APACHE_MODULES");
        fs::write(
            folder.join("httpd.conf"),
            configuration(&folder, &modules, self.port, lines),
        )
        .expect("a file");
        let mut command = Command::new(variable("DENIZEN_TEST_APACHE"));
        command
            .args(["-D", "FOREGROUND", "-d"])
            .arg(&folder)
            .arg("-f")
            .arg(folder.join("httpd.conf"));
        self.program = Some(Program::start(command));
        let http = engine::http(false);
        let url = self.at("/");
        let what = || format!("Apache to start; it said:\n{}", self.said());
        let began = std::time::Instant::now();
        loop {
            let answer = engine::send(http.get(&url)).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(began.elapsed() < START_LIMIT, "waited in vain for {}", what());
            wait::pause().await;
        }
    }

    /// What it said, and what it wrote to its log.
    pub fn said(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        let said = self.program.as_ref().map(Program::said).unwrap_or_default();
        format!("{said}{log}")
    }
}

fn write_pages(folder: &Path) {
    for name in PAGES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let page = name.trim_end_matches("/index.html");
        let page = page.rsplit('/').next().unwrap_or(page);
        let claims = ["sub", "acr", "identity_level", "phone_number", "sid"]
            .map(|claim| format!("<dd id=\"{claim}\"><!--#echo var=\"OIDC_CLAIM_{claim}\" --></dd>"))
            .join("\n");
        let text = format!(
            "<!doctype html><html lang=\"en\"><title>{page}</title>\n\
             <body data-page=\"{page}\"><main><h1>{page}</h1><dl>\n{claims}\n</dl></main>\n"
        );
        fs::write(path, text).expect("a page");
    }
}

fn configuration(folder: &Path, modules: &str, port: u16, lines: &str) -> String {
    let folder = folder.display();
    let load = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "authz_user",
        "dir",
        "env",
        "filter",
        "include",
        "mime",
        "auth_openidc",
    ]
    .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
    .concat();
    format!(
        r#"ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/httpd.pid"
DefaultRuntimeDir "{folder}"
Mutex sem default
ErrorLog "{folder}/error.log"
LogLevel info auth_openidc:debug
{load}
<IfModule unixd_module>
  User nobody
  Group nogroup
</IfModule>
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
AcceptFilter http none
TypesConfig /dev/null
AddType text/html .html
DirectoryIndex index.html
DocumentRoot "{folder}/pages"
<Directory "{folder}/pages">
  Options +Includes
  AllowOverride None
  AddOutputFilter INCLUDES .html
  Require all granted
  <Files signed-out>
    ForceType text/html
    SetOutputFilter INCLUDES
  </Files>
</Directory>
OIDCCryptoPassphrase a-passphrase-of-these-tests
OIDCPassClaimsAs environment
{lines}
"#
    )
}
