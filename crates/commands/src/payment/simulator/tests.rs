use super::*;
use std::sync::Arc;

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn simulator(behaviour: Behaviour) -> Simulator {
    Simulator::open(None, behaviour).unwrap()
}

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("cafe-{n}"))
}

/// A journal's path, gone with its folder at the end of the test.
fn journal() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.jsonl");
    (folder, path)
}

/// Every shape a misbehaving gateway has, at once.
fn moody() -> Behaviour {
    Behaviour { decline: 0.2, fail: 0.4, ..Behaviour::default() }
}

mod charge {
    use super::*;

    #[tokio::test]
    async fn approves_and_lists_what_it_charged() {
        let simulator = simulator(Behaviour::default());
        let charge = simulator.charge("cafe-1", won(2000), "1").await.unwrap();
        assert_eq!(charge.status, ChargeStatus::Approved);
        assert_eq!(simulator.charges().unwrap(), [charge]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn is_one_charge_however_often_it_is_asked_at_once() {
        let simulator = Arc::new(simulator(Behaviour::default()));
        let asked = (0..100).map(|_| {
            let simulator = simulator.clone();
            tokio::spawn(async move { simulator.charge("cafe-1", won(2000), "1").await.unwrap() })
        });
        let answers = futures::future::try_join_all(asked).await.unwrap();
        let charges = simulator.charges().unwrap();
        assert_eq!(charges.len(), 1);
        assert!(answers.iter().all(|answer| *answer == charges[0]));
    }

    #[tokio::test]
    async fn refuses_another_amount_under_the_same_key() {
        let simulator = simulator(Behaviour::default());
        simulator.charge("cafe-1", won(2000), "1").await.unwrap();
        let again = simulator.charge("cafe-1", won(2001), "1").await;
        assert!(matches!(again, Err(SimulatorError::KeyReused)));
    }

    #[tokio::test]
    async fn declines_about_the_share_it_was_told_and_the_same_keys_again() {
        let behaviour = Behaviour { decline: 0.25, ..Behaviour::default() };
        let (first, second) = (simulator(behaviour.clone()), simulator(behaviour));
        let mut declined = 0;
        for key in keys(1000) {
            let charge = first.charge(&key, won(1), &key).await.unwrap();
            assert_eq!(charge, second.charge(&key, won(1), &key).await.unwrap());
            declined += usize::from(charge.status != ChargeStatus::Approved);
        }
        assert!((200..300).contains(&declined), "{declined}");
    }

    #[tokio::test]
    async fn fails_with_and_without_having_charged_and_settles_when_asked_again() {
        let simulator = simulator(moody());
        let (mut charged, mut lost) = (0, 0);
        for key in keys(200) {
            if simulator.charge(&key, won(1), &key).await.is_err() {
                match simulator.find(&key).await.unwrap() {
                    Some(_) => charged += 1,
                    None => lost += 1,
                }
            }
            while simulator.charge(&key, won(1), &key).await.is_err() {}
        }
        assert!(charged > 20 && lost > 20, "{charged} and {lost}");
        assert_eq!(simulator.charges().unwrap().len(), 200);
    }

    #[tokio::test]
    async fn that_hangs_is_unknown_to_a_client_and_half_of_them_are_charged() {
        let behaviour = Behaviour { hang: 1.0, ..Behaviour::default() };
        let simulator = &simulator(behaviour);
        let asked = keys(50).map(async |key| {
            let answer = PaymentGateway::charge(simulator, &key, won(1), &key).await;
            assert!(matches!(answer, Err(GatewayError::Unknown(_))));
        });
        futures::future::join_all(asked).await;
        let charged = simulator.charges().unwrap().len();
        assert!((10..40).contains(&charged), "{charged}");
    }

    #[test]
    fn takes_a_time_within_the_latency_and_another_one_when_asked_again() {
        let (shortest, longest) = (Duration::from_millis(400), Duration::from_millis(620));
        let behaviour = Behaviour { latency: shortest..=longest, ..Behaviour::default() };
        for key in keys(100) {
            let (first, again) = (behaviour.fate(&key, 1), behaviour.fate(&key, 2));
            assert!(first.latency >= shortest && first.latency <= longest);
            assert_ne!(first.latency, again.latency);
        }
    }

    #[tokio::test]
    async fn answers_no_sooner_than_the_latency() {
        let latency = Duration::from_millis(20);
        let behaviour = Behaviour { latency: latency..=latency, ..Behaviour::default() };
        let begun = std::time::Instant::now();
        let simulator = simulator(behaviour);
        simulator.charge("cafe-1", won(1), "1").await.unwrap();
        assert!(begun.elapsed() >= latency);
    }
}

mod refund {
    use super::*;

    async fn charged() -> Simulator {
        let simulator = simulator(Behaviour::default());
        simulator.charge("cafe-1", won(2000), "1").await.unwrap();
        simulator
    }

    #[tokio::test]
    async fn happens_once_and_answers_the_same_again() {
        let simulator = charged().await;
        let first = simulator.refund("cafe-1", "r", won(2000)).await.unwrap();
        let again = simulator.refund("cafe-1", "r", won(2000)).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(simulator.charges().unwrap()[0].refund, Some(first));
    }

    #[tokio::test]
    async fn is_refused_under_another_key_or_with_another_amount() {
        let simulator = charged().await;
        simulator.refund("cafe-1", "r", won(2000)).await.unwrap();
        let other = simulator.refund("cafe-1", "s", won(2000)).await;
        assert!(matches!(other, Err(SimulatorError::AlreadyRefunded)));
        let less = simulator.refund("cafe-1", "r", won(1)).await;
        assert!(matches!(less, Err(SimulatorError::KeyReused)));
    }

    #[tokio::test]
    async fn is_refused_above_what_was_charged() {
        let refused = charged().await.refund("cafe-1", "r", won(2001)).await;
        assert!(matches!(
            refused,
            Err(SimulatorError::MoreThanCharged { asked: 2001, charged: 2000 })
        ));
    }

    #[tokio::test]
    async fn is_refused_for_what_was_never_charged_or_declined() {
        let behaviour = Behaviour { decline: 1.0, ..Behaviour::default() };
        let simulator = simulator(behaviour);
        simulator.charge("cafe-1", won(1), "1").await.unwrap();
        let declined = simulator.refund("cafe-1", "r", won(1)).await;
        assert!(matches!(declined, Err(SimulatorError::NotApproved)));
        let unknown = PaymentGateway::refund(&simulator, "cafe-2", won(1)).await;
        assert!(matches!(unknown, Err(GatewayError::Rejected { status: 404, .. })));
    }

    #[tokio::test]
    async fn is_done_at_last_however_often_it_fails() {
        let simulator = simulator(moody());
        let mut refunded = 0;
        for key in keys(100) {
            while simulator.charge(&key, won(5), &key).await.is_err() {}
            refunded += loop {
                match simulator.refund(&key, "r", won(5)).await {
                    Ok(_) => break 1,
                    Err(SimulatorError::NotApproved) => break 0,
                    Err(error) => assert!(matches!(error, SimulatorError::Failed)),
                }
            };
        }
        let charges = simulator.charges().unwrap();
        let listed = charges.iter().filter(|charge| charge.refund.is_some());
        assert_eq!(listed.count(), refunded);
    }
}

mod journal {
    use super::*;
    use std::{fs::OpenOptions, io::Write};

    fn open(path: &std::path::Path) -> Simulator {
        Simulator::open(Some(path.to_owned()), Behaviour::default()).unwrap()
    }

    #[tokio::test]
    async fn is_known_after_a_restart() {
        let (_folder, path) = super::journal();
        let before = open(&path);
        before.charge("cafe-1", won(2000), "1").await.unwrap();
        before.charge("cafe-2", won(1000), "2").await.unwrap();
        before.refund("cafe-2", "r", won(1000)).await.unwrap();
        let charges = before.charges().unwrap();
        drop(before);
        assert_eq!(open(&path).charges().unwrap(), charges);
    }

    #[tokio::test]
    async fn keeps_several_processes_in_step() {
        let (_folder, path) = super::journal();
        let (one, other) = (open(&path), open(&path));
        let charge = one.charge("cafe-1", won(2000), "1").await.unwrap();
        assert_eq!(other.charge("cafe-1", won(2000), "1").await.unwrap(), charge);
        let refund = other.refund("cafe-1", "r", won(2000)).await.unwrap();
        assert_eq!(one.find("cafe-1").await.unwrap().unwrap().refund, Some(refund));
        assert_eq!(one.charges().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn takes_back_a_line_that_was_cut_off() {
        let (_folder, path) = super::journal();
        let simulator = open(&path);
        let first = simulator.charge("cafe-1", won(2000), "1").await.unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"charged\":{\"key\":\"caf").unwrap();
        let second = simulator.charge("cafe-2", won(1000), "2").await.unwrap();
        assert_eq!(open(&path).charges().unwrap(), [first, second]);
    }

    #[tokio::test]
    async fn that_is_another_file_is_refused_and_left_alone() {
        let (_folder, path) = super::journal();
        std::fs::write(&path, "key,amount\ncafe-1,2000\n").unwrap();
        let opened = Simulator::open(Some(path.clone()), Behaviour::default());
        assert!(matches!(opened, Err(JournalError::Foreign { .. })));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "key,amount\ncafe-1,2000\n");
    }
}
