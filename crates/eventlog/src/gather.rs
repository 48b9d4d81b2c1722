//! Many questions, answered together: those who ask while others are being answered share the next
//! round, so that many cost little more than one. Whoever asks alone waits for nobody.

use async_trait::async_trait;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// Answers questions, several at once.
#[async_trait]
pub trait Answering: Send + Sync + 'static {
    type Question: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// One answer for each question, in their order.
    async fn answer(&self, questions: &[Self::Question]) -> Vec<Self::Answer>;
}

/// The line before somebody who answers.
pub struct Gather<A: Answering>(Arc<Desk<A>>);

struct Desk<A: Answering> {
    answering: A,
    bounds: Bounds,
    line: Mutex<Line<A>>,
}

/// How much is asked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Rounds under way: one that hangs holds up the others little.
    pub rounds: usize,
    /// Questions of one round.
    pub questions: usize,
}

struct Line<A: Answering> {
    waiting: Vec<Waiting<A>>,
    rounds: usize,
}

type Waiting<A> = (<A as Answering>::Question, oneshot::Sender<<A as Answering>::Answer>);

impl<A: Answering> Gather<A> {
    pub fn new(answering: A, bounds: Bounds) -> Self {
        let line = Mutex::new(Line { waiting: Vec::new(), rounds: 0 });
        Self(Arc::new(Desk { answering, bounds, line }))
    }

    /// The answer, asked for now or later. `None` when it failed to come.
    pub async fn ask(&self, question: A::Question) -> Option<A::Answer> {
        let (answer, answered) = oneshot::channel();
        let begins = {
            let mut line = self.0.line();
            line.waiting.push((question, answer));
            let begins = line.rounds < self.0.bounds.rounds;
            line.rounds += usize::from(begins);
            begins
        };
        if begins {
            // A task, so that whoever leaves takes nobody's answer along.
            tokio::spawn(Rounds { desk: self.0.clone(), go_on: true }.run());
        }
        answered.await.ok()
    }
}

impl<A: Answering> Clone for Gather<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Answering> fmt::Debug for Gather<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("bounds", &self.0.bounds).finish_non_exhaustive()
    }
}

impl<A: Answering> Desk<A> {
    fn line(&self) -> MutexGuard<'_, Line<A>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Round after round, for as long as anybody waits.
struct Rounds<A: Answering> {
    desk: Arc<Desk<A>>,
    go_on: bool,
}

impl<A: Answering> Rounds<A> {
    async fn run(mut self) {
        while let Some(waiting) = self.next() {
            let (questions, askers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            let answers = self.desk.answering.answer(&questions).await;
            for (asker, answer) in askers.into_iter().zip(answers) {
                // Whoever left misses nothing.
                let _ = asker.send(answer);
            }
        }
    }

    /// Those who wait. When there are none, the rounds have ended before the next one asks.
    fn next(&mut self) -> Option<Vec<Waiting<A>>> {
        let mut line = self.desk.line();
        if line.waiting.is_empty() {
            line.rounds -= 1;
            self.go_on = false;
            return None;
        }
        let many = line.waiting.len().min(self.desk.bounds.questions);
        Some(line.waiting.drain(..many).collect())
    }
}

impl<A: Answering> Drop for Rounds<A> {
    /// Also when answering panicked: then the others go on, and so does whoever asks next.
    fn drop(&mut self) {
        if self.go_on {
            self.desk.line().rounds -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use tokio::sync::Semaphore;

    /// Doubles numbers, when it may; not 13.
    struct Doubling {
        may: Semaphore,
        rounds: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl Answering for Arc<Doubling> {
        type Question = u32;
        type Answer = u32;

        async fn answer(&self, questions: &[u32]) -> Vec<u32> {
            self.rounds.lock().unwrap().push(questions.len());
            self.may.acquire().await.unwrap().forget();
            assert!(!questions.contains(&13), "a mistake");
            questions.iter().map(|question| question * 2).collect()
        }
    }

    fn desk(may: usize) -> (Arc<Doubling>, Gather<Arc<Doubling>>) {
        let doubling = Arc::new(Doubling { may: Semaphore::new(may), rounds: Mutex::default() });
        (doubling.clone(), Gather::new(doubling, Bounds { rounds: 1, questions: 4 }))
    }

    #[tokio::test]
    async fn who_asks_meanwhile_shares_the_next_round() {
        let (doubling, desk) = desk(0);
        let first = tokio::spawn({
            let desk = desk.clone();
            async move { desk.ask(0).await }
        });
        while doubling.rounds.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let asking = join_all((1..=6).map(|number| desk.ask(number)));
        let allowing = async { doubling.may.add_permits(3) };
        let (answers, ()) = tokio::join!(asking, allowing);
        assert_eq!(answers, (1..=6).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert_eq!(first.await.unwrap(), Some(0));
        assert_eq!(*doubling.rounds.lock().unwrap(), [1, 4, 2]);
    }

    #[tokio::test]
    async fn who_leaves_takes_nobody_along() {
        let (doubling, desk) = desk(0);
        let leaving = tokio::time::timeout(std::time::Duration::from_millis(5), desk.ask(1));
        assert!(leaving.await.is_err());
        doubling.may.add_permits(2);
        assert_eq!(desk.ask(2).await, Some(4));
    }

    #[tokio::test]
    async fn a_round_that_fails_is_not_the_last() {
        let (_, desk) = desk(3);
        assert_eq!(desk.ask(13).await, None);
        assert_eq!(desk.ask(2).await, Some(4));
    }
}
