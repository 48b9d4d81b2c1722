//! Who follows the log for those who listen to a view, as long as there are any.

use super::{
    board::PARTS,
    change::in_order,
    feed::{Feed, State},
    look::{Look, PATIENCE},
    past::Past,
    pending::{Pending, Round},
    text::{self, Behind, Reason},
};
use crate::{
    Error,
    progress::{Condition, Local},
    read_model::{ReadModel, categories},
    table::Rows,
};
use eventlog::{Delivery, Subscription};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

/// How often the checkpoints are looked at: while the view's worker is elsewhere and has something
/// to come to, and otherwise.
const LOOK_SOON: Duration = Duration::from_millis(10);
const LOOK: Duration = Duration::from_secs(1);
/// What changes within this time is told together.
const GATHER: Duration = Duration::from_millis(20);
/// How long a feed goes on when nobody listens any more: whoever lost the connection comes back.
const LINGER: Duration = Duration::from_secs(60);
/// How long a stream lasts. What its caller may hear of was decided when it began.
const LONGEST: Duration = Duration::from_secs(3600);
/// How long the view may take to come to an event, and a worker to take over from another.
const LATE: Duration = Duration::from_secs(5);
const UNOWNED: Duration = Duration::from_secs(4);
/// Between two tries to read rows.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Follower<M: ReadModel> {
    feed: Arc<Feed<M>>,
    subscription: Subscription,
    local: watch::Receiver<Local>,
    pending: Pending,
    looked: Instant,
    /// Since when nobody keeps the view.
    unowned: Option<Instant>,
    /// Since when nobody listens.
    silent: Option<Instant>,
    told: Instant,
    /// Up to when, in seconds since it began, the listeners know that their connections live.
    alive: u64,
    began: Instant,
    /// It has ended, and another may have taken its place.
    is_over: bool,
}

impl<M: ReadModel> Drop for Follower<M> {
    /// However it ends: nobody listens any more to one who tells nothing.
    fn drop(&mut self) {
        if !self.is_over {
            let mut state = self.feed.state();
            state.is_on = false;
            state.board.clear();
        }
    }
}

impl<M: ReadModel> Follower<M> {
    /// From where a view is.
    pub(super) fn new(feed: Arc<Feed<M>>, look: &Look) -> Self {
        let engine = &feed.common.engine;
        let (now, at) = (Instant::now(), look.reached);
        Self {
            subscription: engine.log.subscribe(at, categories::<M>()),
            local: engine.progress.of(M::NAME).all.subscribe(),
            feed,
            pending: Pending::from(at),
            looked: now,
            unowned: None,
            silent: None,
            told: now,
            alive: 0,
            began: now,
            is_over: false,
        }
    }

    /// Until nobody has listened for a while, or the service stops.
    pub(super) async fn run(mut self) {
        let stopping = self.feed.common.stopping.clone();
        stopping.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&mut self) {
        self.see();
        loop {
            let (has_room, wake) = (self.pending.has_room(), self.wake());
            tokio::select! {
                delivery = self.subscription.next(), if has_room => {
                    let Some(delivery) = delivery else { return };
                    self.take(delivery);
                }
                // The sender is in the engine's progress, so this does not fail.
                _ = self.local.changed() => self.see(),
                () = sleep_until(wake) => {}
            }
            if Instant::now() >= self.next_look() {
                self.look().await;
            }
            if self.pending.is_due() && Instant::now() >= self.told + GATHER {
                self.tell().await;
            }
            self.end_if_silent();
            if self.is_over {
                return;
            }
        }
    }

    fn take(&mut self, delivery: Delivery) {
        self.pending.take::<M>(delivery, &mut self.subscription);
        if let Some(end) = self.pending.end() {
            self.feed.state().come_to(end);
        }
    }

    /// What the worker of this process tells.
    fn see(&mut self) {
        let local = self.local.borrow_and_update();
        if local.condition == Condition::Working {
            self.pending.reach(local.position);
        }
    }

    fn next_look(&self) -> Instant {
        let works_here = self.local.borrow().condition == Condition::Working;
        let waits = self.pending.age().is_some_and(|age| age < LATE);
        self.looked + if waits && !works_here { LOOK_SOON } else { LOOK }
    }

    fn wake(&self) -> Instant {
        let look = self.next_look();
        if self.pending.is_due() { look.min(self.told + GATHER) } else { look }
    }

    async fn look(&mut self) {
        let looked = self.feed.common.engine.look(M::NAME).await;
        self.looked = Instant::now();
        let behind = match looked {
            Ok(look) => {
                self.pending.reach(look.reached);
                let mut state = self.feed.state();
                if look.generation != state.generation {
                    state.generation = look.generation;
                    rewritten(&mut state);
                }
                drop(state);
                self.behind(&look)
            }
            Err(error) => {
                tracing::debug!(view = M::NAME, %error, "its checkpoints cannot be read");
                Some(Behind::Unreachable)
            }
        };
        self.say(behind);
        self.keep_alive();
    }

    fn behind(&mut self, look: &Look) -> Option<Behind> {
        let unowned = *self.unowned.get_or_insert(self.looked);
        if look.is_owned {
            self.unowned = None;
        }
        if !look.is_owned && unowned.elapsed() >= UNOWNED {
            Some(Behind::Unowned)
        } else if self.pending.age().is_some_and(|age| age >= LATE) {
            Some(Behind::Late)
        } else {
            look.is_parked.then_some(Behind::Parked)
        }
    }

    /// Tells everybody when it becomes so, and when it is over.
    fn say(&self, behind: Option<Behind>) {
        let mut state = self.feed.state();
        if state.behind != behind {
            state.behind = behind;
            let told = behind.map_or_else(|| text::ready(state.mark(), true), text::behind);
            state.board.tell_all(&told.into());
        }
    }

    fn keep_alive(&mut self) {
        let now = self.began.elapsed().as_secs();
        let too_old = Instant::now().checked_sub(LONGEST);
        let mut state = self.feed.state();
        let text = text::keep_alive(state.mark());
        // Each part once, even if much time has passed.
        for second in (self.alive..now).rev().take(PARTS as usize) {
            state.board.keep_alive(second % PARTS, &text, too_old);
        }
        self.alive = now;
    }

    /// Tells the listeners what the view has come to.
    async fn tell(&mut self) {
        let Round { touched, end, is_all } = self.pending.round();
        let wanted: Vec<_> = {
            let mut state = self.feed.state();
            touched.iter().for_each(|(key, position)| state.past.push(*position, key));
            let wanted = touched.into_iter().filter(|(key, _)| state.board.wants(key));
            wanted.collect()
        };
        let keys: Vec<_> = wanted.iter().map(|(key, _)| key.as_str()).collect();
        let rows = self.rows(&keys).await;
        let mut state = self.feed.state();
        let changes = in_order(wanted, rows, Some(state.generation));
        state.board.tell(changes);
        state.come_to(end);
        if !is_all {
            rewritten(&mut state);
        }
        self.told = Instant::now();
    }

    /// However long it takes: what was touched must not be forgotten.
    async fn rows(&mut self, keys: &[&str]) -> Rows<M::Row> {
        loop {
            let read = timeout(PATIENCE, self.feed.rows(keys)).await;
            match read.map_err(Error::from).and_then(|read| read) {
                Ok(rows) => return rows,
                Err(error) => tracing::debug!(view = M::NAME, %error, "rows cannot be read"),
            }
            self.say(Some(Behind::Unreachable));
            self.keep_alive();
            sleep(PAUSE).await;
        }
    }

    fn end_if_silent(&mut self) {
        let mut state = self.feed.state();
        if !state.board.is_empty() {
            self.silent = None;
        } else if self.silent.get_or_insert_with(Instant::now).elapsed() >= LINGER {
            // Whoever joins from now on starts it again.
            state.is_on = false;
            self.is_over = true;
        }
    }
}

/// What was known of the view is worth nothing.
fn rewritten<R: crate::row::Row>(state: &mut State<R>) {
    state.past = Past::from(state.position);
    state.board.reset_all(Reason::Rewritten);
}
