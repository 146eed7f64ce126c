//! The command line. Results go to stdout, talk to stderr; exit 0 done, 1 failed, 2 wrong use.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// What the program can be told.
#[derive(Debug, Parser)]
#[command(name = "denizen", version, about = "One account for every resident, recognised by every sub-site", long_about = None)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The configuration file, which every command needs.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "DENIZEN_CONFIG",
        default_value = "config/denizen.toml"
    )]
    pub config: PathBuf,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the provider.
    #[command(after_help = "Example:\n  denizen serve --config /etc/denizen/denizen.toml")]
    Serve(ConfigFile),
    /// Load everything that `serve` would load, and explain every fault.
    #[command(after_help = "Example:\n  denizen check-config --config config/denizen.toml")]
    CheckConfig(ConfigFile),
    /// Bring the database schema up.
    #[command(after_help = "Example:\n  denizen migrate --config config/denizen.toml --dry-run")]
    Migrate {
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// Run at most N steps.
        #[arg(long, value_name = "N")]
        to: Option<u32>,
        /// Only say what would run.
        #[arg(long)]
        dry_run: bool,
    },
    /// Sub-sites, from files and by programs.
    #[command(subcommand)]
    Clients(Clients),
    /// Signing keys.
    #[command(subcommand)]
    Keys(Keys),
    /// People who work at the console.
    #[command(subcommand)]
    Operator(Operator),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
}

/// Sub-sites, from files and by programs.
#[derive(Debug, Subcommand)]
pub enum Clients {
    /// Make the database's sub-sites equal to a folder of files, in one transaction; prints the difference. Sub-sites
    /// that programs registered are not touched.
    #[command(after_help = "Example:\n  denizen clients apply config/clients.d --dry-run")]
    Apply {
        /// The folder.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// Only print the difference.
        #[arg(long)]
        dry_run: bool,
        /// Remove sub-sites that have no file.
        #[arg(long)]
        prune: bool,
        /// End replaced secrets at once: for one that leaked.
        #[arg(long)]
        no_overlap: bool,
    },
    /// List the sub-sites, whether from files or registered by programs.
    #[command(after_help = "Example:\n  denizen clients list --config config/denizen.toml")]
    List(ConfigFile),
    /// Make a permission to register sub-sites by program (an initial access token) and print it, once.
    #[command(
        after_help = "Example:\n  denizen clients token --label \"Hefei Data Bureau\" --uses 1 --hours 24"
    )]
    Token {
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// Whom you give it to; people read it as the agency that runs the sub-site.
        #[arg(long)]
        label: String,
        /// For how many registrations.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
        uses: u16,
        /// For how many hours.
        #[arg(long, value_name = "H", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=720))]
        hours: u16,
        /// Make none, and end all those with this label.
        #[arg(long, conflicts_with_all = ["uses", "hours"])]
        end: bool,
    },
    /// Remove a sub-site that a program registered, with all its tokens.
    #[command(after_help = "Example:\n  denizen clients remove dyn-Qm9vZ…")]
    Remove {
        /// Its name.
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
    },
}

/// Signing keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List the keys and their states.
    #[command(after_help = "Example:\n  denizen keys list --config config/denizen.toml")]
    List(ConfigFile),
    /// Sign with the next key of each algorithm and announce a new next one; the old one still verifies. The next
    /// key must have been announced for a day, because sub-sites cache the key set.
    #[command(after_help = "Example:\n  denizen keys rotate --config config/denizen.toml")]
    Rotate {
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// Do not wait for the next key to be known: for a key that leaked.
        #[arg(long)]
        now: bool,
    },
    /// Stop publishing retiring keys that no valid token is signed with any more.
    #[command(after_help = "Example:\n  denizen keys retire --config config/denizen.toml")]
    Retire {
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// Only this key.
        #[arg(long, value_name = "KID")]
        kid: Option<String>,
        /// Do not wait for what it signed to expire: for a key that leaked.
        #[arg(long, requires = "kid")]
        now: bool,
    },
}

/// People who work at the console.
#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Make an operator and print the link that they enrol by: it is shown this once.
    #[command(
        after_help = "Example:\n  denizen operator create --login wang.li --name \"Wang Li\" --role administrator --role auditor"
    )]
    Create {
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
        /// What they will sign in with: 2 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter.
        #[arg(long)]
        login: String,
        /// Their name, as colleagues read it.
        #[arg(long)]
        name: String,
        /// What they work as; may be given several times.
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = ["reviewer", "senior_reviewer", "auditor", "administrator"])]
        roles: Vec<String>,
        /// The language they are spoken to.
        #[arg(long, default_value = "zh-CN", value_parser = ["zh-CN", "en", "vi"])]
        language: String,
    },
    /// List the operators: login, status, roles, name.
    #[command(after_help = "Example:\n  denizen operator list --config config/denizen.toml")]
    List(ConfigFile),
    /// Let an operator in no more, and end their sign-ins at once.
    #[command(after_help = "Example:\n  denizen operator disable wang.li")]
    Disable {
        /// Who.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
    },
    /// Take an operator's password, codes and passkeys away, and print a link to enrol once more: for a locked or
    /// disabled operator, or a lost phone.
    #[command(after_help = "Example:\n  denizen operator reset wang.li")]
    Reset {
        /// Who.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The configuration file.
        #[command(flatten)]
        file: ConfigFile,
    },
}

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check the hash chain from its beginning.
    #[command(after_help = "Example:\n  denizen audit verify --config config/denizen.toml")]
    Verify(ConfigFile),
}

/// Does what was asked and answers with the exit code.
pub async fn run(cli: Cli) -> std::process::ExitCode {
    Box::pin(crate::commands::run(cli)).await
}
