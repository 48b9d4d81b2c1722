use super::*;

/// A machine, and the time it is told.
struct Bench {
    machine: Machine,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let rules = Rules {
            in_a_row: 5,
            percent: 50,
            calls: 20,
            within: Duration::from_secs(10),
            pause: Duration::from_secs(5),
            probe: Duration::from_millis(610),
        };
        let now = Instant::now();
        Self { machine: Machine::new(rules, now), now }
    }

    fn after(&mut self, milliseconds: u64) -> &mut Self {
        self.now += Duration::from_millis(milliseconds);
        self
    }

    /// So many calls, one after the other, that end like this.
    fn calls(&mut self, count: u32, ending: Ending) -> &mut Self {
        for _ in 0..count {
            let pass = self.machine.admit(self.now).expect("closed");
            self.machine.settle(pass, ending, self.now);
        }
        self
    }

    fn fail(&mut self, count: u32) -> &mut Self {
        self.calls(count, Ending::Failed)
    }

    fn answer(&mut self, count: u32) -> &mut Self {
        self.calls(count, Ending::Answered)
    }

    fn admit(&mut self) -> Result<Pass, Duration> {
        self.machine.admit(self.now)
    }

    fn settle(&mut self, pass: Pass, ending: Ending) {
        self.machine.settle(pass, ending, self.now);
    }

    fn is_open(&self) -> bool {
        matches!(self.machine.phase(), Phase::Open { .. })
    }

    fn is_closed(&self) -> bool {
        self.machine.phase() == Phase::Closed
    }
}

mod closed {
    use super::*;

    #[test]
    fn opens_after_five_failures_in_a_row() {
        let mut bench = Bench::new();
        assert!(bench.answer(1000).fail(4).is_closed());
        assert!(bench.fail(1).is_open());
    }

    #[test]
    fn an_answer_ends_a_row() {
        let mut bench = Bench::new();
        assert!(bench.answer(40).fail(4).answer(1).fail(4).is_closed());
    }

    #[test]
    fn the_slowest_of_many_that_began_together_are_not_in_a_row() {
        let mut bench = Bench::new();
        let mut passes: Vec<_> = (0..64).map(|_| bench.admit().unwrap()).collect();
        bench.after(400);
        for pass in passes.drain(8..) {
            bench.settle(pass, Ending::Answered);
        }
        bench.after(210);
        for pass in passes {
            bench.settle(pass, Ending::Failed);
        }
        assert!(bench.is_closed());
        assert!(bench.fail(4).is_closed());
        assert!(bench.fail(1).is_open());
    }

    #[test]
    fn many_that_began_together_and_all_fail_are_in_a_row() {
        let mut bench = Bench::new();
        bench.answer(100).after(1);
        let passes: Vec<_> = (0..5).map(|_| bench.admit().unwrap()).collect();
        bench.after(610);
        for pass in passes {
            bench.settle(pass, Ending::Failed);
        }
        assert!(bench.is_open());
    }

    #[test]
    fn opens_when_half_of_twenty_calls_fail() {
        let mut bench = Bench::new();
        for _ in 0..9 {
            bench.fail(1).answer(1);
        }
        assert!(bench.fail(1).is_closed(), "19 calls are not enough");
        assert!(bench.answer(1).is_open());
    }

    #[test]
    fn stays_closed_when_fewer_than_half_fail() {
        let mut bench = Bench::new();
        for _ in 0..200 {
            assert!(bench.answer(3).fail(2).is_closed());
        }
    }

    #[test]
    fn calls_of_long_ago_do_not_count() {
        let mut bench = Bench::new();
        for _ in 0..9 {
            bench.answer(1).fail(1);
        }
        assert!(bench.after(10_000).answer(1).fail(1).is_closed());
        for _ in 0..8 {
            bench.answer(1).fail(1);
        }
        assert!(bench.is_closed(), "18 in these seconds");
        assert!(bench.answer(1).fail(1).is_open());
    }

    #[test]
    fn many_answers_long_ago_do_not_hide_failures_of_now() {
        let mut bench = Bench::new();
        bench.answer(1_000_000).after(10_500);
        for _ in 0..9 {
            bench.answer(1).fail(1);
        }
        assert!(bench.answer(1).fail(1).is_open());
    }

    #[test]
    fn a_call_that_was_given_up_says_nothing() {
        let mut bench = Bench::new();
        assert!(bench.fail(4).calls(50, Ending::GivenUp).is_closed());
        assert!(bench.fail(1).is_open());
    }
}

mod open {
    use super::*;

    #[test]
    fn lets_nothing_through_for_five_seconds_and_says_how_long_still() {
        let mut bench = Bench::new();
        bench.fail(5);
        assert_eq!(bench.admit().unwrap_err(), Duration::from_secs(5));
        assert_eq!(bench.after(4_999).admit().unwrap_err(), Duration::from_millis(1));
        assert!(bench.after(1).admit().is_ok());
    }

    #[test]
    fn what_was_let_through_before_changes_nothing() {
        let mut bench = Bench::new();
        let (early, late) = (bench.admit().unwrap(), bench.admit().unwrap());
        bench.fail(5).after(1_000).settle(early, Ending::Failed);
        assert_eq!(bench.machine.check(bench.now), Err(Duration::from_secs(4)));
        let probe = bench.after(4_000).admit().unwrap();
        bench.settle(late, Ending::Answered);
        assert!(!bench.is_closed(), "only the probe closes");
        bench.settle(probe, Ending::Answered);
        assert!(bench.is_closed());
    }
}

mod half_open {
    use super::*;

    fn half_open() -> Bench {
        let mut bench = Bench::new();
        bench.fail(5).after(5_000);
        bench
    }

    #[test]
    fn lets_one_call_through() {
        let mut bench = half_open();
        let probe = bench.admit();
        assert!(probe.is_ok());
        for _ in 0..20 {
            assert_eq!(bench.admit().unwrap_err(), Duration::from_millis(610));
        }
    }

    #[test]
    fn an_answered_probe_closes_and_what_was_is_forgotten() {
        let mut bench = half_open();
        let probe = bench.admit().unwrap();
        bench.settle(probe, Ending::Answered);
        assert!(bench.fail(4).is_closed());
        assert!(bench.fail(1).is_open());
    }

    #[test]
    fn a_failed_probe_opens_for_another_pause() {
        let mut bench = half_open();
        let probe = bench.admit().unwrap();
        bench.after(610).settle(probe, Ending::Failed);
        assert_eq!(bench.admit().unwrap_err(), Duration::from_secs(5));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_way_for_the_next() {
        let mut bench = half_open();
        let probe = bench.admit().unwrap();
        bench.settle(probe, Ending::GivenUp);
        let probe = bench.admit().unwrap();
        assert!(bench.admit().is_err());
        bench.settle(probe, Ending::Answered);
        assert!(bench.is_closed());
    }
}
