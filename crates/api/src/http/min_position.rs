//! `Min-Position`: a query that must know of what a command did sends what the command's answer had
//! as `Log-Position`, and is answered when its view has come there.

use super::problem::Problem;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, request::Parts},
};
use eventlog::Position;
use projections::{Engine, NotReached};
use std::{ops::RangeInclusive, time::Duration};

const MIN_POSITION: HeaderName = HeaderName::from_static("min-position");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// How long a query waits for its view, unless it says so itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// What it may ask for (`Prefer: wait=30`): as long as views commonly need at least, and less than a
/// request may take.
const SECONDS: RangeInclusive<u64> = 1..=25;

/// What is asked of a position.
const NO_ANSWER: &str = "what a command's answer had as Log-Position; the log ends before this one";

/// What a query's view must know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinPosition {
    position: Option<Position>,
    patience: Duration,
}

impl MinPosition {
    /// Waits until the view is there: 503 `view-behind` when it takes too long, and sooner when
    /// it will not come there by itself.
    pub async fn reach(self, engine: &Engine, view: &'static str) -> Result<(), Problem> {
        let Some(position) = self.position else {
            return Ok(());
        };
        engine.wait_for(view, position, self.patience).await.map_err(Problem::from)
    }

    pub fn position(self) -> Option<Position> {
        self.position
    }

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let position = headers
            .get(&MIN_POSITION)
            .map(|value| value.to_str().unwrap_or_default().trim().parse());
        let position = position.transpose().map_err(|_| {
            let detail =
                "Min-Position must be what a command's answer had as Log-Position, as 12-12";
            Problem::malformed(detail).field("Min-Position")
        })?;
        let preferred =
            headers.get_all(PREFER).iter().filter_map(|value| wait(value.to_str().ok()?)).next();
        Ok(Self { position, patience: preferred.unwrap_or(PATIENCE) })
    }
}

/// RFC 7240: what cannot be understood is ignored.
fn wait(prefer: &str) -> Option<Duration> {
    let mut preferences = prefer.split([',', ';']).filter_map(|one| one.trim().split_once('='));
    let (_, seconds) = preferences.find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    let seconds: u64 = seconds.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.clamp(*SECONDS.start(), *SECONDS.end())))
}

impl<S: Send + Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl From<NotReached> for Problem {
    fn from(why: NotReached) -> Self {
        let after = match &why {
            NotReached::Late { .. } => Duration::from_secs(1),
            NotReached::Unowned { .. } | NotReached::Parked { .. } => Duration::from_secs(5),
            NotReached::Beyond { .. } => return Self::invalid_value("Min-Position", NO_ANSWER),
            NotReached::Unknown { .. } => return Self::fault(&why),
        };
        Self::unavailable("view-behind", why.to_string(), after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(HeaderName, &str)]) -> Result<MinPosition, u16> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        MinPosition::of(&headers.collect()).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn nothing_asked_is_nothing_to_wait_for() {
        assert_eq!(of(&[]).map(|asked| asked.position), Ok(None));
    }

    #[test]
    fn a_position_and_how_long_to_wait() {
        let asked = of(&[(MIN_POSITION, "12-7"), (PREFER, "respond-async, wait=9")]);
        let position = Some(Position { commit: 12, prepare: 7 });
        assert_eq!(asked, Ok(MinPosition { position, patience: Duration::from_secs(9) }));
        let patience = |prefer| of(&[(PREFER, prefer)]).map(|asked| asked.patience.as_secs());
        assert_eq!(
            [patience("wait=999"), patience("wait=0"), patience("wait=soon"), patience("")],
            [Ok(25), Ok(1), Ok(5), Ok(5)]
        );
    }

    #[test]
    fn what_is_no_position_is_400() {
        for text in ["", "12", "-1-2", "a-b", "1-2-3", "99999999999999999999-1"] {
            assert_eq!(of(&[(MIN_POSITION, text)]), Err(400), "{text}");
        }
    }
}
