//! Which part of a follower's work one consumer does: all of it, or that of some of the keys.

/// A share of the keys. The consumer that does it is named after the follower: `cafe.order_status`
/// for all of the keys, `cafe.order_status#1/4` for the second of four shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share {
    index: u32,
    of: u32,
}

/// What cannot be a number of shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} shares: there can be 1 to {MAX}")]
pub struct InvalidShares(pub u32);

/// The most shares.
const MAX: u32 = 64;

impl Share {
    /// All of the work.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// All of the work, cut into `of` shares.
    pub fn cut(of: u32) -> Result<Vec<Self>, InvalidShares> {
        match of {
            1..=MAX => Ok((0..of).map(|index| Self { index, of }).collect()),
            _ => Err(InvalidShares(of)),
        }
    }

    /// The name of the consumer that does this share of a follower's work.
    pub fn consumer(self, follower: &str) -> String {
        match self {
            Self::WHOLE => follower.to_owned(),
            Self { index, of } => format!("{follower}#{index}/{of}"),
        }
    }

    /// The share of a consumer, by its name. `None` when the name is not one that we give.
    pub(super) fn of_consumer(consumer: &str) -> Option<Self> {
        let Some((_, share)) = consumer.split_once('#') else {
            return Some(Self::WHOLE);
        };
        let (index, of) = share.split_once('/')?;
        let share = Self { index: index.parse().ok()?, of: of.parse().ok()? };
        (share.index < share.of).then_some(share)
    }

    /// Whether a key belongs to it. Of the shares that a whole is cut into, each key belongs to one,
    /// the same for ever and everywhere.
    pub fn has(self, key: &str) -> bool {
        self.of == 1 || hash(key) % u64::from(self.of) == u64::from(self.index)
    }
}

/// The follower that a consumer works for: its name without the share.
pub fn follower_of(consumer: &str) -> &str {
    consumer.split_once('#').map_or(consumer, |(follower, _)| follower)
}

/// FNV-1a of 64 bits, folded so that its low bits depend on all others. The standard library's
/// hashes may change between its versions.
fn hash(key: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::{InvalidShares, Share, follower_of, hash};

    #[test]
    fn a_name_tells_follower_and_share() {
        for share in Share::cut(3).unwrap().into_iter().chain([Share::WHOLE]) {
            let consumer = share.consumer("cafe.order_status");
            assert_eq!(follower_of(&consumer), "cafe.order_status");
            assert_eq!(Share::of_consumer(&consumer), Some(share));
        }
        assert_eq!(Share::cut(1).unwrap()[0].consumer("cafe.menu"), "cafe.menu");
    }

    #[test]
    fn other_names_have_no_share() {
        for name in ["v#", "v#1", "v#4/4", "v#a/4", "v#0/0"] {
            assert_eq!(Share::of_consumer(name), None, "{name}");
        }
    }

    #[test]
    fn there_are_one_to_sixty_four_shares() {
        assert_eq!(Share::cut(0), Err(InvalidShares(0)));
        assert_eq!(Share::cut(64).unwrap().len(), 64);
        assert_eq!(Share::cut(65), Err(InvalidShares(65)));
    }

    #[test]
    fn each_key_belongs_to_one_share_and_no_share_has_far_more_than_its_part() {
        let shares = Share::cut(4).unwrap();
        let mut counts = [0; 4];
        for n in 0..4000 {
            let key = format!("order-{n}");
            let has: Vec<_> = (0..4).filter(|&index| shares[index].has(&key)).collect();
            assert_eq!(has.len(), 1, "{key}");
            counts[has[0]] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    /// Rows are where an earlier version of the program put them.
    #[test]
    fn a_key_stays_where_it_is() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325 ^ 0xcbf2_9ce4);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c ^ 0xaf63_dc4c);
    }
}
