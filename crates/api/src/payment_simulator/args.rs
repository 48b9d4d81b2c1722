//! What `jangteo payment-simulator` is told.

use clap::Args;
use commands::payment::simulator::Behaviour;
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

/// Serves a payment gateway that moves no money.
#[derive(Args, Clone, Debug)]
pub struct PaymentSimulatorArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9090")]
    pub listen: String,

    /// How long an answer takes: 500ms, 400..620ms, 1..2s.
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = latency)]
    pub latency: RangeInclusive<Duration>,

    /// The share of charges that are declined, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub decline: f64,

    /// The share of charges and refunds that are never answered, 0 to 1; half of them are done.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub hang: f64,

    /// The share of charges and refunds answered with 503, 0 to 1; half of them are done.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub fail: f64,

    /// A file of JSON lines that keeps the charges for the next start.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

impl PaymentSimulatorArgs {
    pub fn behaviour(&self) -> Behaviour {
        Behaviour {
            latency: self.latency.clone(),
            decline: self.decline,
            hang: self.hang,
            fail: self.fail,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum InvalidArgument {
    #[error("a time is a whole number with ms or s, a range is two of them with .. between")]
    Time,
    #[error("the longer time comes last")]
    Order,
    #[error("a share is a number from 0 to 1")]
    Share,
}

/// `400..620ms`: the unit of the first time is that of the second unless it has its own.
fn latency(text: &str) -> Result<RangeInclusive<Duration>, InvalidArgument> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (longest, unit) = time(to, None)?;
    let (shortest, _) = time(from, Some(unit))?;
    if shortest > longest {
        return Err(InvalidArgument::Order);
    }
    Ok(shortest..=longest)
}

/// A time and its unit in milliseconds.
fn time(text: &str, unit: Option<u64>) -> Result<(Duration, u64), InvalidArgument> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "" => unit,
        _ => None,
    };
    let unit = unit.ok_or(InvalidArgument::Time)?;
    let number: u32 = digits.parse().map_err(|_| InvalidArgument::Time)?;
    Ok((Duration::from_millis(u64::from(number) * unit), unit))
}

fn share(text: &str) -> Result<f64, InvalidArgument> {
    let share = text.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or(InvalidArgument::Share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Simulator {
        #[command(flatten)]
        args: PaymentSimulatorArgs,
    }

    fn ms(from: u64, to: u64) -> RangeInclusive<Duration> {
        Duration::from_millis(from)..=Duration::from_millis(to)
    }

    #[test]
    fn behaves_well_unless_told_otherwise() {
        let args = Simulator::try_parse_from(["payment-simulator"]).unwrap().args;
        assert_eq!(args.listen, "127.0.0.1:9090");
        assert_eq!(args.behaviour(), Behaviour::default());
    }

    #[test]
    fn reads_how_to_misbehave() {
        let line = "payment-simulator --latency 400..620ms --decline 0.1 --hang 0.05 --fail 1";
        let parsed = Simulator::try_parse_from(line.split(' ')).unwrap();
        let expected = Behaviour { latency: ms(400, 620), decline: 0.1, hang: 0.05, fail: 1.0 };
        assert_eq!(parsed.args.behaviour(), expected);
    }

    #[test]
    fn latency_is_one_time_or_two() {
        assert_eq!(latency("500ms"), Ok(ms(500, 500)));
        assert_eq!(latency("1..2s"), Ok(ms(1000, 2000)));
        assert_eq!(latency("400ms..1s"), Ok(ms(400, 1000)));
        assert_eq!(latency("620..400ms"), Err(InvalidArgument::Order));
        for wrong in ["", "..", "5", "ms", "5min", "-1ms", "1.5s", "é", "1..2..3s"] {
            assert_eq!(latency(wrong), Err(InvalidArgument::Time), "{wrong}");
        }
    }

    #[test]
    fn shares_are_from_0_to_1() {
        assert_eq!(share("0.05"), Ok(0.05));
        for wrong in ["-0.1", "1.1", "NaN", "", "10%"] {
            assert_eq!(share(wrong), Err(InvalidArgument::Share), "{wrong}");
        }
    }
}
