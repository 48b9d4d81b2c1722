//! What the store says about a paid order, and the customer's wish to cancel: rules 5 to 7.

use super::{Cancel, Decision, Event, Order, Refusal, Store};

impl Order {
    pub(super) fn request_cancel(&self) -> Decision {
        self.must_be_paid()?;
        match (self.store, self.cancel) {
            (Store::Made | Store::PickedUp, _) => Err(Refusal::AlreadyMade),
            (Store::Refused, _) => Err(Refusal::AlreadyRejected),
            (Store::Canceled, _) | (_, Cancel::Asked) => Ok(vec![]),
            (_, Cancel::Denied) => Err(Refusal::CancelDenied),
            // The store may have accepted meanwhile; its ticket knows.
            (_, Cancel::NotAsked) => Ok(vec![Event::OrderCancelRequested]),
        }
    }

    /// What is missing until the store is as far as `reached`.
    pub(super) fn note_progress(&self, reached: Store) -> Decision {
        self.must_be_paid()?;
        match self.store {
            Store::Refused => return Err(Refusal::AlreadyRejected),
            Store::Canceled => return Err(Refusal::OrderCanceled),
            Store::Waiting | Store::Accepted | Store::Made | Store::PickedUp => {}
        }
        let steps = [
            (Store::Accepted, Event::OrderAccepted),
            (Store::Made, Event::OrderMade),
            (Store::PickedUp, Event::OrderPickedUp),
        ];
        let missing = steps.into_iter().filter(|(step, _)| self.store < *step && *step <= reached);
        Ok(missing.map(|(_, event)| event).collect())
    }

    pub(super) fn note_refused(&self, reason: Option<&str>) -> Decision {
        self.must_be_paid()?;
        match self.store {
            Store::Waiting => {
                let reason = reason.map(str::to_owned);
                Ok(vec![Event::OrderRefused { reason }])
            }
            Store::Refused => Ok(vec![]),
            Store::Canceled => Err(Refusal::OrderCanceled),
            Store::Accepted | Store::Made | Store::PickedUp => Err(Refusal::AlreadyReceived),
        }
    }

    pub(super) fn note_canceled(&self) -> Decision {
        self.must_be_paid()?;
        match self.store {
            Store::Waiting => Ok(vec![Event::OrderCanceled]),
            Store::Canceled => Ok(vec![]),
            Store::Refused => Err(Refusal::AlreadyRejected),
            Store::Accepted | Store::Made | Store::PickedUp => Err(Refusal::AlreadyReceived),
        }
    }

    /// The store denies only what it has accepted.
    pub(super) fn note_cancel_denied(&self) -> Decision {
        let mut events = self.note_progress(Store::Accepted)?;
        if self.cancel == Cancel::Asked {
            events.push(Event::CancelDenied);
        }
        Ok(events)
    }
}
