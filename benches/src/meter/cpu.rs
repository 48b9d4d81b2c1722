//! Processor time of processes, as the kernel tells it.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    time::Duration,
};

/// In what /proc counts; the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Where in `/proc/<pid>/stat` numbers stand, after the process's name.
const PARENT: usize = 1;
const USED: [usize; 2] = [11, 12];
const USED_BY_ENDED_CHILDREN: [usize; 2] = [13, 14];

/// Processor time by who used it.
#[derive(Clone, Debug)]
pub struct Processors(BTreeMap<&'static str, Duration>);

impl Processors {
    pub fn of(used: &[(&'static str, Duration)]) -> Self {
        Self(used.iter().copied().collect())
    }

    /// Microseconds of each command, from this reading to a later one.
    pub fn each(&self, later: &Self, commands: f64) -> BTreeMap<&'static str, f64> {
        let before = |who: &str| self.0.get(who).copied().unwrap_or_default();
        let since = |who, now: &Duration| now.saturating_sub(before(who)).as_secs_f64() * 1e6;
        later.0.iter().map(|(who, now)| (*who, since(who, now) / commands)).collect()
    }
}

/// What a process has used so far.
pub fn used(process: u32) -> io::Result<Duration> {
    let stat = Stat::read(process)?;
    Ok(stat.ticks(&USED))
}

/// What a process and its children have used, those included that have ended.
pub fn used_with_children(process: u32) -> io::Result<Duration> {
    let stat = Stat::read(process)?;
    let own = stat.ticks(&USED) + stat.ticks(&USED_BY_ENDED_CHILDREN);
    let names =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // A process that has just ended counts with its parent the next time.
    let others = names.filter_map(|name| Stat::read(name.parse().ok()?).ok());
    let children = others.filter(|stat| stat.parent() == Some(process));
    Ok(own + children.map(|child| child.ticks(&USED)).sum::<Duration>())
}

pub fn parent(process: u32) -> io::Result<u32> {
    Stat::read(process)?.parent().ok_or(ErrorKind::InvalidData.into())
}

/// The most memory that a process has had so far, in bytes.
pub fn peak_memory(process: u32) -> Option<u64> {
    bytes(process, "VmHWM:")
}

/// The memory that a process has now, in bytes.
pub fn memory(process: u32) -> Option<u64> {
    bytes(process, "VmRSS:")
}

fn bytes(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

struct Stat(Vec<u64>);

impl Stat {
    fn read(process: u32) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
        Self::parse(&text).ok_or(ErrorKind::InvalidData.into())
    }

    /// The name is in brackets, and may hold anything. Numbers that may be negative, and letters,
    /// are none of those that are asked for.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        Some(Self(rest.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect()))
    }

    fn parent(&self) -> Option<u32> {
        self.0.get(PARENT).and_then(|parent| u32::try_from(*parent).ok())
    }

    fn ticks(&self, places: &[usize]) -> Duration {
        let ticks: u64 = places.iter().filter_map(|place| self.0.get(*place)).sum();
        TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_processor_time_whatever_the_process_is_called() {
        let text = "7 (a) b c) S 5 7 7 0 -1 4 1 0 0 0 300 200 40 10 20 0 6";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(stat.parent(), Some(5));
        assert_eq!(stat.ticks(&USED), Duration::from_secs(5));
        assert_eq!(stat.ticks(&USED_BY_ENDED_CHILDREN), Duration::from_millis(500));
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(peak_memory(std::process::id()).unwrap() > 100_000);
    }
}
