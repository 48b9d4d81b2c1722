//! What the program says of itself, and a process of it as a file describes it.

use super::{between, text};
use crate::{contract::PRINTED, database_tls::Authority, service::binary};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// What a file starts of ours.
#[derive(Debug)]
pub struct Process {
    /// The file, and where in it.
    pub place: String,
    pub image: String,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

impl Process {
    /// Every variable is one that its command reads, the command is one that the program takes, and
    /// the image is of this version.
    pub fn check(&self) {
        let Self { place, image, arguments, environment } = self;
        takes(arguments).unwrap_or_else(|refused| panic!("{place}: {refused}"));
        let known = variables(&arguments[0]);
        for name in environment.keys() {
            assert!(known.contains(name), "{place}: {arguments:?} reads no {name}");
        }
        let (_, tag) = image.rsplit_once(':').unwrap();
        assert_eq!(tag, env!("CARGO_PKG_VERSION"), "{place}: {image} is another version");
    }

    /// Whether it is a `jangteo serve`.
    pub fn serves(&self) -> bool {
        self.arguments[0] == "serve"
    }

    /// The port that it listens on, if it does.
    pub fn port(&self) -> Option<u16> {
        let listen = match self.arguments[0].as_str() {
            "serve" => self.environment.get("JANGTEO_LISTEN").expect("JANGTEO_LISTEN"),
            "payment-simulator" => {
                let flag = self.arguments.iter().position(|one| one == "--listen");
                &self.arguments[flag.expect("--listen") + 1]
            }
            _ => return None,
        };
        let (host, port) = listen.rsplit_once(':').unwrap();
        assert_eq!(host, "0.0.0.0", "{}: nobody else reaches {listen}", self.place);
        Some(port.parse().unwrap())
    }

    /// Whether the route is one of what it serves.
    pub fn has_route(&self, path: &str) -> bool {
        match self.serves() {
            true => routes().contains(path),
            false => {
                text("crates/api/src/payment_simulator.rs").contains(&format!(".route(\"{path}\""))
            }
        }
    }

    /// Takes its configuration as it is here, but for addresses that would have to be reached: it
    /// fails at the database, and says nothing of its settings.
    pub fn is_configured(&self) {
        let mut environment = self.environment.clone();
        environment.insert("JANGTEO_LISTEN".into(), "0.0.0.0:0".into());
        let database = environment["DATABASE_URL"].clone();
        let (login, rest) = database.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        if name.ends_with("sslmode=verify-full") {
            environment.insert("DATABASE_CA".into(), Authority::new().certificate);
        }
        environment.insert("DATABASE_URL".into(), format!("{login}@127.0.0.1:1/{name}"));
        let (code, said) = run(&self.arguments, &environment);
        let failed_there = code != Some(0) && said.contains("the database cannot be reached");
        assert!(failed_there, "{}: {said}", self.place);
    }
}

fn run(arguments: &[String], environment: &BTreeMap<String, String>) -> (Option<i32>, String) {
    let mut command = Command::new(binary());
    let output = command.env_clear().envs(environment).args(arguments).output().unwrap();
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    (output.status.code(), said)
}

/// Whether the program takes these arguments, without doing what they say.
pub fn takes(arguments: &[String]) -> Result<(), String> {
    let asked = [arguments, &["--help".to_owned()]].concat();
    match run(&asked, &BTreeMap::new()) {
        (Some(0), _) => Ok(()),
        (_, said) => Err(format!("{arguments:?}: {said}")),
    }
}

/// The variables that a command reads, as its help says, and the one that all of them do.
pub fn variables(command: &str) -> BTreeSet<String> {
    let (_, help) = run(&[command.to_owned(), "--help".to_owned()], &BTreeMap::new());
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = help.split("[env: ").skip(1);
    let named = named.map(|rest| rest.split(['=', ']']).next().unwrap().to_owned());
    let cli = text("crates/api/src/cli.rs");
    named.chain([between(&cli, "env::var(\"", "\"").to_owned()]).collect()
}

/// The paths of the description.
pub fn routes() -> BTreeSet<String> {
    let description: Value = serde_json::from_str(PRINTED).unwrap();
    description["paths"].as_object().unwrap().keys().cloned().collect()
}

/// How many seconds what is under way may go on after a stop signal.
pub fn grace() -> u64 {
    let serve = text("crates/api/src/cli/serve.rs");
    between(&serve, "const GRACE: Duration = Duration::from_secs(", ")").parse().unwrap()
}

/// How many connections to PostgreSQL a process opens at most, where the log is elsewhere.
pub fn connections() -> u64 {
    let store = text("crates/api/src/store.rs");
    let number = |name: &str| -> u64 {
        between(&store, &format!("const {name}: usize = "), ";").parse().unwrap()
    };
    number("CONNECTIONS") + number("QUERY_CONNECTIONS")
}

#[test]
fn a_name_that_the_program_does_not_know_is_found() {
    let known = variables("serve");
    for name in ["JANGTEO_ROLE", "DATABASE_URL", "EVENTSTORE_URL", "RUST_LOG", "NOTICE_SECRETS"] {
        assert!(known.contains(name), "{name} of {known:?}");
    }
    assert!(!known.contains("JANGTEO_ROLES"));
    assert!(!variables("migrate").contains("JANGTEO_ROLE"));
    let arguments = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(takes(&arguments("payment-simulator --listen 0.0.0.0:1")).is_ok());
    assert!(takes(&arguments("payment-simulator --listens 0.0.0.0:1")).is_err());
    assert!(takes(&arguments("serves")).is_err());
}
