//! Where it was measured.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// The machine, and the program on it; `data` is the folder of the database.
pub fn machine(data: &Path) -> BTreeMap<String, String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let commit = printed("git", &["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]);
    let program = std::env::current_exe().unwrap_or_default();
    let build = program.parent().and_then(Path::file_name).unwrap_or_default();
    let cores = std::thread::available_parallelism().ok().map(|cores| cores.to_string());
    let known = [
        ("cores", cores),
        ("cpu", model.map(|(_, model)| model.to_owned())),
        ("kernel", printed("uname", &["-sr"])),
        ("file system", printed("df", &["--output=fstype", &data.to_string_lossy()])),
        ("commit", commit),
        ("build profile", Some(build.to_string_lossy().into_owned())),
    ];
    known
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or("unknown".to_owned())))
        .collect()
}

/// Now, as `2026-01-31T235959Z`.
pub fn date() -> Option<String> {
    printed("date", &["-u", "+%Y-%m-%dT%H%M%SZ"])
}

/// The last line that the program printed.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().last().map(|line| line.trim().to_owned())
}
