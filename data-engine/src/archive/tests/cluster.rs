//! A `PostgreSQL` of the test's own: a child process that can be killed and started again.

use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MISSING: &str = "PostgreSQL's server is missing: apt-get install postgresql (or make postgres)";
const START_MAX: Duration = Duration::from_mins(1);

/// A cluster with one superuser, `goat`, who needs no password, and nothing but loopback.
pub(crate) struct Cluster {
    directory: TempDir,
    binaries: PathBuf,
    /// `PostgreSQL` refuses to run as root: then it runs as the user that its package made.
    user: Option<(u32, u32)>,
    pub(super) port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Self {
        let user = is_root().then(postgres_user);
        let directory = tempfile::tempdir().unwrap();
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid)).unwrap();
        }
        let mut cluster = Self { directory, binaries: binaries(), user, port: free_port(), server: None };
        let mut initdb = cluster.command("initdb");
        initdb.arg("-D").arg(cluster.data()).args(["-U", "goat", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let made = initdb.args(["--locale", "C"]).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster.go_on();
        cluster
    }

    /// The address for `archive.url`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://goat@127.0.0.1:{}/postgres", self.port)
    }

    /// Where the server may write files.
    pub(super) fn folder(&self) -> PathBuf {
        let folder = self.directory.path().join("files");
        if !folder.try_exists().unwrap() {
            std::fs::DirBuilder::new().mode(0o777).create(&folder).unwrap();
            if let Some((uid, gid)) = self.user {
                chown(&folder, Some(uid), Some(gid)).unwrap();
            }
        }
        folder
    }

    /// The power button: no shutdown, no checkpoint. The child is reaped, so that its number is free.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts the server, again and again while what was killed still lets go of its memory, until it answers.
    pub(crate) fn go_on(&mut self) {
        let began = Instant::now();
        while began.elapsed() < START_MAX {
            let mut postgres = self.command("postgres");
            postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
            postgres.args(["-c", "listen_addresses=127.0.0.1", "-k"]).arg(self.directory.path());
            let mut server = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while server.try_wait().unwrap().is_none() {
                if self.answers() {
                    self.server = Some(server);
                    return;
                }
                assert!(began.elapsed() < START_MAX, "PostgreSQL did not answer");
                std::thread::sleep(Duration::from_millis(50));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL did not start");
    }

    /// Runs a statement with psql and returns what it printed.
    pub(crate) fn psql(&self, sql: &str) -> String {
        let output = self.client("psql").args(["-v", "ON_ERROR_STOP=1", "-qAtc", sql]).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn answers(&self) -> bool {
        self.client("pg_isready").stdout(Stdio::null()).status().unwrap().success()
    }

    fn client(&self, program: &str) -> Command {
        let mut client = self.command(program);
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "goat", "-d", "postgres"]);
        client
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The newest installed server.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = installed.collect();
    places.sort();
    places.reverse();
    places.extend(std::env::split_paths(&path));
    let whole = |place: &&PathBuf| place.join("postgres").is_file() && place.join("initdb").is_file();
    places.iter().find(whole).unwrap_or_else(|| panic!("{MISSING}")).clone()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn postgres_user() -> (u32, u32) {
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let line =
        users.lines().find(|line| line.starts_with("postgres:")).unwrap_or_else(|| panic!("{MISSING}"));
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
