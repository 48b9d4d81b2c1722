//! What the console says, in both languages: `templates/console/texts.txt` has a line for each text,
//! with its key, the Korean and the English.

use super::language::Language;
use std::{collections::HashMap, sync::LazyLock};

const FILE: &str = include_str!("../../templates/console/texts.txt");

static TEXTS: LazyLock<HashMap<&str, [&str; 2]>> = LazyLock::new(|| lines().collect());

fn lines() -> impl Iterator<Item = (&'static str, [&'static str; 2])> {
    let written = FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    written.filter_map(|line| {
        let mut parts = line.splitn(3, '|').map(str::trim);
        Some((parts.next()?, [parts.next()?, parts.next()?]))
    })
}

impl Language {
    /// The text of a key, if there is one.
    pub fn find(self, key: &str) -> Option<&'static str> {
        let [ko, en] = TEXTS.get(key)?;
        Some(match self {
            Self::Ko => ko,
            Self::En => en,
        })
    }

    /// The text of a key that is in the file.
    pub fn say(self, key: &str) -> &str {
        self.find(key).unwrap_or(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_text_is_there_once_in_both_languages() {
        let mut seen = BTreeSet::new();
        for line in FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<_> = line.split('|').map(str::trim).collect();
            let [key, ko, en] = parts[..] else { panic!("a key and two texts: {line}") };
            assert!(!key.is_empty() && !ko.is_empty() && !en.is_empty(), "{line}");
            assert!(seen.insert(key), "{key} is there twice");
        }
        assert!(seen.len() > 100);
    }

    /// The keys in templates and code, as they are written there.
    #[test]
    fn every_text_that_is_asked_for_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut asked = 0;
        for folder in ["templates/console", "src/console"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                for rest in text.split("say(\"").skip(1) {
                    let key = rest.split('"').next().unwrap();
                    if path.ends_with("texts.rs") || key.is_empty() {
                        continue;
                    }
                    assert!(Language::En.find(key).is_some(), "{}: {key}", path.display());
                    asked += 1;
                }
            }
        }
        assert!(asked > 20);
    }
}
