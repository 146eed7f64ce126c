//! A world to test in: the sandbox, and one or two nodes of the provider on a fresh database. The nodes run in this
//! process (quick, with a clock that a test can move) or in processes of their own (which a test can kill).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jose::key::PrivateKey;
use model::client::SigningAlg;
use model::clock::Clock;
use model::rng::Rng;
use server::app::{self, Listeners};
use store::Store;
use store::keys::{NewKey, State};
use store::testing::TestDatabase;
use tokio::sync::OnceCell;

use crate::balancer::Balancer;
use crate::certificate::Certificate;
use crate::clients::TestClient;
use crate::engine;
use crate::folder::{Folder, Variant};
use crate::outside::Outside;
use crate::process::{Process, free_port};
use crate::wire::Wire;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database on the server that `./test` started.
    Postgres,
}

impl Kind {
    /// The kinds at hand: SQLite always, PostgreSQL where there is a server.
    pub fn all() -> Vec<Self> {
        match postgres() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => vec![Self::Sqlite],
        }
    }

    /// Whether there is a PostgreSQL server for what only makes sense there.
    pub fn postgres_if_at_hand() -> Option<Self> {
        postgres().map(|_| Self::Postgres)
    }
}

fn postgres() -> Option<String> {
    std::env::var("DENIZEN_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty())
}

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    kind: Kind,
    nodes: usize,
    processes: bool,
    wired: bool,
    clock: Clock,
    changes: String,
    files: Vec<(String, String)>,
    certificate: Option<Certificate>,
}

impl Setup {
    /// One node in this process, on the computer's clock.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            nodes: 1,
            processes: false,
            wired: false,
            clock: Clock::system(),
            changes: String::new(),
            files: Vec::new(),
            certificate: None,
        }
    }

    /// With TLS of the provider's own.
    pub fn with_tls(mut self, certificate: &Certificate) -> Self {
        self.certificate = Some(certificate.clone());
        self
    }

    /// With a file more in the folder of the configuration, such as a client's.
    pub fn with_file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// With a clock that stands still until the test moves it. It starts at the present, so that those who look at
    /// the computer's clock agree.
    pub fn with_own_clock(mut self) -> Self {
        self.clock = Clock::manual(Utc::now());
        self
    }

    /// With changes to the usual configuration, as TOML.
    pub fn with(mut self, changes: &str) -> Self {
        changes.clone_into(&mut self.changes);
        self
    }

    /// With two nodes, behind something that gives each request to the other one than the last.
    pub fn with_two_nodes(mut self) -> Self {
        self.nodes = 2;
        self
    }

    /// With nodes in processes of their own.
    pub fn in_processes(mut self) -> Self {
        self.processes = true;
        self
    }

    /// With a wire to the database (PostgreSQL) that can be cut.
    pub fn wired(mut self) -> Self {
        self.wired = true;
        self
    }

    /// Starts it.
    pub async fn start(self) -> World {
        engine::run(self.start_here()).await
    }

    async fn start_here(self) -> World {
        let database = match (self.kind, postgres()) {
            (Kind::Postgres, Some(server)) => TestDatabase::postgres(&server).await.expect("a database"),
            _ => TestDatabase::sqlite(),
        };
        lend_keys(&database, &self.clock).await;
        let wire = if self.wired {
            let url = url::Url::parse(&database.url).expect("an address");
            let target = url
                .socket_addrs(|| Some(5432))
                .expect("an address")
                .swap_remove(0);
            Some(Wire::lay(target).await)
        } else {
            None
        };
        let sandbox = sandbox::Bound::bind(sandbox::Config::on_free_ports())
            .await
            .expect("free ports");
        let clients = TestClient::all();
        let folder = Folder::new(&sandbox, &clients);
        for (name, text) in &self.files {
            folder.write(name, text);
        }
        let certificate = self.certificate.clone();
        let authority = certificate.as_ref().map(Certificate::authority);
        let addresses = sandbox.addresses().clone();
        let keys = sandbox.config().keys.clone();
        let url = wire
            .as_ref()
            .map_or_else(|| database.url.clone(), |wire| wire.through(&database.url));
        let mut start = Start {
            setup: &self,
            folder: &folder,
            addresses: &addresses,
            keys,
            url,
            certificate: certificate.as_ref(),
        };
        let (nodes, balancer, issuer) = if self.processes {
            start.processes().await
        } else {
            start.here().await
        };
        let sandbox = sandbox.start_with(&issuer, &self.clock).expect("a sandbox");
        World {
            issuer,
            http: engine::http_trusting(true, authority.as_deref()),
            certificate,
            outside: Outside::new(addresses.world_url()),
            clients,
            clock: self.clock,
            kind: self.kind,
            balancer,
            wire,
            database,
            folder,
            nodes,
            sites: addresses.sites.clone(),
            records: addresses.records.clone(),
            sandbox: Some(sandbox),
        }
    }
}

/// Puts signing keys into a fresh database that all worlds share: making RSA keys takes longer than a start.
async fn lend_keys(database: &TestDatabase, clock: &Clock) {
    static KEYS: OnceLock<Vec<(State, PrivateKey)>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        std::thread::scope(|threads| {
            let make = |alg| threads.spawn(move || PrivateKey::generate(alg).expect("a key"));
            let each = SigningAlg::OFFERED
                .into_iter()
                .flat_map(|alg| [State::Current, State::Next].map(|state| (state, make(alg))));
            let under_way: Vec<_> = each.collect();
            under_way
                .into_iter()
                .map(|(state, key)| (state, key.join().expect("a key")))
                .collect()
        })
    });
    let store = database.open(clock).await.expect("a database");
    for (state, key) in keys {
        let (private, now) = (key.export(), clock.now());
        let new = NewKey {
            kid: key.kid(),
            alg: key.alg(),
            state: *state,
            private: &private,
            now,
        };
        assert!(
            store::keys::insert(&store.read(), &new)
                .await
                .expect("a stored key")
        );
    }
    store.close().await.expect("closed");
}

struct Start<'a> {
    setup: &'a Setup,
    folder: &'a Folder,
    addresses: &'a sandbox::Addresses,
    keys: sandbox::Keys,
    url: String,
    certificate: Option<&'a Certificate>,
}

impl Start<'_> {
    fn variant(&self, issuer: &str, ports: (u16, u16)) -> Variant {
        Variant {
            database: self.url.clone(),
            issuer: issuer.to_owned(),
            ports,
            changes: format!(
                "{}{}",
                self.setup.changes,
                self.certificate.map(Certificate::lines).unwrap_or_default()
            ),
        }
    }

    fn issuer(&self, port: u16) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://localhost:{port}")
    }

    async fn balancer(&self) -> Option<Balancer> {
        if self.setup.nodes > 1 {
            Some(Balancer::bind().await)
        } else {
            None
        }
    }

    async fn here(&mut self) -> (Vec<Node>, Option<Balancer>, String) {
        let balancer = self.balancer().await;
        let mut ready = Vec::new();
        for number in 0..self.setup.nodes {
            let variant = self.variant("http://localhost:1", (0, 0));
            let file =
                self.folder
                    .write_node(&format!("node-{number}"), self.addresses, &self.keys, &variant);
            let loaded =
                server::config::load(&file, &BTreeMap::new()).unwrap_or_else(|fault| panic!("{fault}"));
            let listeners = Listeners::bind(&loaded.config.listen).await.expect("free ports");
            ready.push((loaded, listeners));
        }
        let public: Vec<_> = ready
            .iter()
            .map(|(_, listeners)| listeners.public_address())
            .collect();
        let front = balancer.as_ref().map_or(public[0].port(), Balancer::port);
        let issuer = self.issuer(front);
        if let Some(balancer) = &balancer {
            balancer.serve(public);
        }
        let mut nodes = Vec::new();
        for (mut loaded, listeners) in ready {
            issuer.clone_into(&mut loaded.config.issuer);
            let node = app::start(loaded, listeners, self.setup.clock.clone(), Rng::system()).await;
            nodes.push(Node::Here(Box::new(node.expect("a node"))));
        }
        (nodes, balancer, issuer)
    }

    async fn processes(&mut self) -> (Vec<Node>, Option<Balancer>, String) {
        let balancer = self.balancer().await;
        let ports: Vec<_> = (0..self.setup.nodes)
            .map(|_| (free_port(), free_port()))
            .collect();
        let front = balancer.as_ref().map_or(ports[0].0, Balancer::port);
        let issuer = self.issuer(front);
        if let Some(balancer) = &balancer {
            balancer.serve(
                ports
                    .iter()
                    .map(|(public, _)| ([127, 0, 0, 1], *public).into())
                    .collect(),
            );
        }
        let mut nodes = Vec::new();
        for (number, ports) in ports.into_iter().enumerate() {
            let variant = self.variant(&issuer, ports);
            let file =
                self.folder
                    .write_node(&format!("node-{number}"), self.addresses, &self.keys, &variant);
            let process = Process::start(&file, ports.0, ports.1);
            process.is_ready().await;
            nodes.push(Node::Process(process));
        }
        (nodes, balancer, issuer)
    }
}

enum Node {
    Here(Box<app::Node>),
    Process(Process),
    Gone,
}

/// A world. Everything in it stops when it is dropped.
pub struct World {
    /// The provider's issuer.
    pub issuer: String,
    /// A client for requests of programs.
    pub http: reqwest::Client,
    /// The certificate of a provider with TLS of its own.
    pub certificate: Option<Certificate>,
    /// The sandbox's API.
    pub outside: Outside,
    /// The programs beside the sub-sites.
    pub clients: Vec<TestClient>,
    /// The provider's clock, where the nodes run in this process.
    pub clock: Clock,
    /// The kind of database.
    pub kind: Kind,
    /// What stands before two nodes.
    pub balancer: Option<Balancer>,
    /// The wire to the database, where there is one.
    pub wire: Option<Wire>,
    /// The database.
    pub database: TestDatabase,
    /// The configuration.
    pub folder: Folder,
    nodes: Vec<Node>,
    sites: Vec<String>,
    records: String,
    sandbox: Option<sandbox::Running>,
}

static SHARED: [OnceCell<Arc<World>>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

impl World {
    /// A world of each kind for everybody who does no harm: tests that only use it, with residents of their own.
    pub async fn shared() -> Vec<Arc<Self>> {
        let mut worlds = Vec::new();
        for (kind, cell) in Kind::all().into_iter().zip(&SHARED) {
            worlds.push(Arc::clone(
                cell.get_or_init(|| async { Arc::new(Setup::new(kind).start().await) })
                    .await,
            ));
        }
        worlds
    }

    /// The same for what has nothing to do with the database.
    pub async fn any() -> Arc<Self> {
        Self::shared().await.swap_remove(0)
    }

    /// The records office's address.
    pub fn records(&self) -> &str {
        &self.records
    }

    /// The sub-sites' addresses: Hefei, Yichang, Nanning.
    pub fn sites(&self) -> &[String] {
        &self.sites
    }

    /// The address of an endpoint or page of the provider.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The store of the first node.
    pub fn store(&self) -> &Store {
        match &self.nodes[0] {
            Node::Here(node) => node.store(),
            _ => panic!("the node is another process"),
        }
    }

    /// The port of the first node's second listener.
    pub fn operations(&self) -> String {
        match &self.nodes[0] {
            Node::Here(node) => format!("http://{}", node.operations_address()),
            Node::Process(process) => process.operations(),
            Node::Gone => panic!("the node is gone"),
        }
    }

    /// A node in a process of its own.
    pub fn process(&mut self, number: usize) -> &mut Process {
        match &mut self.nodes[number] {
            Node::Process(process) => process,
            _ => panic!("node {number} is not a process"),
        }
    }

    /// Changes a sub-site's registration while everything runs, as `denizen clients apply` would.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut model::client::Client)) {
        let (store, now) = (self.store().clone(), self.clock.now());
        let wanted = id.to_owned();
        let all =
            engine::run(async move { store::clients::list(&store.read()).await.expect("sub-sites") }).await;
        let mut stored = all
            .into_iter()
            .find(|one| one.client.client_id.as_str() == wanted)
            .expect("a sub-site");
        change(&mut stored.client);
        let store = self.store().clone();
        engine::run(async move {
            let tx = store.begin().await.expect("a transaction");
            store::clients::put(&tx, &stored, now).await.expect("a change");
            tx.commit().await.expect("a commit");
        })
        .await;
        for node in &self.nodes {
            if let Node::Here(node) = node {
                node.refresh().await.expect("a fresh look");
            }
        }
    }

    /// Freezes the account of a phone, as an operator or a register would.
    pub async fn freeze(&self, e164: &str) {
        let (store, now) = (self.store().clone(), self.clock.now());
        let phone = model::phone::Phone::parse(e164).expect("a phone");
        engine::run(async move {
            let tx = store.begin().await.expect("a transaction");
            let account = store::accounts::find_by_phone(&tx, &phone)
                .await
                .expect("a look")
                .expect("an account");
            assert!(
                store::accounts::freeze(&tx, account.id, now)
                    .await
                    .expect("a change")
            );
            tx.commit().await.expect("a commit");
        })
        .await;
    }

    /// Moves the provider's clock.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Stops a node that runs here, as SIGTERM would.
    pub async fn stop_node(&mut self, number: usize) {
        if let Node::Here(node) = std::mem::replace(&mut self.nodes[number], Node::Gone) {
            engine::run(async move { node.stop().await }).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for node in self.nodes.drain(..) {
            if let Node::Here(node) = node {
                engine::start(async move {
                    // Whoever holds a connection open must not hold up the others.
                    let _ = tokio::time::timeout(Duration::from_secs(5), node.stop()).await;
                });
            }
        }
        drop(self.sandbox.take());
    }
}
