//! A review of one reservation. Its id is the reservation's.
//!
//! 1. A review is asked for when the item has come back.
//! 2. Only the renter submits it, and it counts once the item has left the list: then it is
//!    registered, once and for good.
//! 3. When the item cannot leave the list the submission is refused, and the renter may submit
//!    again. Each submission has one outcome.

use super::item::DelistRefusal;
use crate::{
    Aggregate, Id, Kind,
    shared::{Name, personal::Personal},
};
use serde::{Deserialize, Serialize};

mod content;
pub use content::{Score, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    ReviewRequested {
        item_no: Id,
        item_name: Name,
        customer_id: Id,
        customer_name: Personal,
    },
    ReviewSubmitted {
        item_no: Id,
        customer_name: Personal,
        score: Score,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        /// Counts from 1.
        submission: u32,
    },
    /// Says all of it again, so that it can be read alone.
    Reviewed {
        item_no: Id,
        item_name: Name,
        customer_id: Id,
        customer_name: Personal,
        score: Score,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
    },
    ReviewRefused {
        submission: u32,
        reason: DelistRefusal,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Ask { item_no: Id, item_name: Name, customer_id: Id, customer_name: Personal },
    Submit { customer_id: Id, customer_name: Personal, score: Score, text: Option<Text> },
    Complete { submission: u32 },
    Refuse { submission: u32, reason: DelistRefusal },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the item did not come back from this reservation")]
    NotReturned,
    #[error("somebody else rented the item with this reservation")]
    NotTheRenter,
    #[error("the reservation has a review")]
    AlreadyReviewed,
    #[error("another review of this reservation is being registered")]
    ReviewPending,
    #[error("submission {submission} of the review is over")]
    SubmissionOver { submission: u32 },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotReturned => "not-returned",
            Self::NotTheRenter => "not-the-renter",
            Self::AlreadyReviewed => "already-reviewed",
            Self::ReviewPending => "review-pending",
            Self::SubmissionOver { .. } => "submission-over",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotReturned
            | Self::NotTheRenter
            | Self::AlreadyReviewed
            | Self::ReviewPending
            | Self::SubmissionOver { .. } => Kind::Rule,
        }
    }
}

/// How far a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Requested,
    Submitted,
    Reviewed,
    Refused(DelistRefusal),
}

/// One review, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Review {
    rental: Option<Rental>,
    status: Option<Status>,
    content: Option<Content>,
    /// The number of the last submission, counted from 1.
    submission: u32,
}

/// What is reviewed, and by whom.
#[derive(Clone, Debug)]
struct Rental {
    item_no: Id,
    item_name: Name,
    customer_id: Id,
}

#[derive(Clone, Debug, PartialEq)]
struct Content {
    customer_name: Personal,
    score: Score,
    text: Option<Text>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Review {
    const CATEGORY: &'static str = "market.review";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Ask { item_no, item_name, customer_id, customer_name } => {
                self.ask((item_no, item_name), (customer_id, customer_name))
            }
            Command::Submit { customer_id, customer_name, score, text } => {
                let content = Content {
                    customer_name: customer_name.clone(),
                    score: *score,
                    text: text.clone(),
                };
                self.submit(customer_id, content)
            }
            Command::Complete { submission } => self.complete(*submission),
            Command::Refuse { submission, reason } => self.refuse(*submission, *reason),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::ReviewRequested { item_no, item_name, customer_id, .. } => {
                self.rental = Some(Rental {
                    item_no: item_no.clone(),
                    item_name: item_name.clone(),
                    customer_id: customer_id.clone(),
                });
                self.status = Some(Status::Requested);
            }
            Event::ReviewSubmitted { customer_name, score, text, submission, .. } => {
                self.content = Some(Content {
                    customer_name: customer_name.clone(),
                    score: *score,
                    text: text.clone(),
                });
                self.submission = *submission;
                self.status = Some(Status::Submitted);
            }
            Event::Reviewed { .. } => self.status = Some(Status::Reviewed),
            Event::ReviewRefused { reason, .. } => self.status = Some(Status::Refused(*reason)),
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.rental.as_ref().is_none_or(|rental| rental.customer_id == *customer)
    }
}

impl Review {
    /// `None` when no review was asked for.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    pub fn item_no(&self) -> Option<&Id> {
        self.rental.as_ref().map(|rental| &rental.item_no)
    }

    pub fn item_name(&self) -> Option<&Name> {
        self.rental.as_ref().map(|rental| &rental.item_name)
    }

    /// As it was last submitted.
    pub fn customer_name(&self) -> Option<&Personal> {
        self.content.as_ref().map(|content| &content.customer_name)
    }

    fn ask(&self, (item_no, item_name): (&Id, &Name), customer: (&Id, &Personal)) -> Decision {
        if self.rental.is_some() {
            return Ok(vec![]);
        }
        Ok(vec![Event::ReviewRequested {
            item_no: item_no.clone(),
            item_name: item_name.clone(),
            customer_id: customer.0.clone(),
            customer_name: customer.1.clone(),
        }])
    }

    fn submit(&self, customer_id: &Id, content: Content) -> Decision {
        let rental = self.rental.as_ref().ok_or(Refusal::NotReturned)?;
        if rental.customer_id != *customer_id {
            return Err(Refusal::NotTheRenter);
        }
        let same = self.content.as_ref() == Some(&content);
        match self.status {
            Some(Status::Submitted | Status::Reviewed) if same => return Ok(vec![]),
            Some(Status::Submitted) => return Err(Refusal::ReviewPending),
            Some(Status::Reviewed) => return Err(Refusal::AlreadyReviewed),
            Some(Status::Requested | Status::Refused(_)) | None => {}
        }
        Ok(vec![Event::ReviewSubmitted {
            item_no: rental.item_no.clone(),
            customer_name: content.customer_name,
            score: content.score,
            text: content.text,
            submission: self.submission + 1,
        }])
    }

    fn complete(&self, submission: u32) -> Decision {
        let (Some(rental), Some(content)) = (&self.rental, &self.content) else {
            return Err(Refusal::NotReturned);
        };
        match self.status {
            Some(Status::Reviewed) => Ok(vec![]),
            Some(Status::Submitted) if submission == self.submission => Ok(vec![Event::Reviewed {
                item_no: rental.item_no.clone(),
                item_name: rental.item_name.clone(),
                customer_id: rental.customer_id.clone(),
                customer_name: content.customer_name.clone(),
                score: content.score,
                text: content.text.clone(),
            }]),
            Some(Status::Requested | Status::Submitted | Status::Refused(_)) | None => {
                Err(Refusal::SubmissionOver { submission })
            }
        }
    }

    fn refuse(&self, submission: u32, reason: DelistRefusal) -> Decision {
        match self.status {
            Some(Status::Submitted) if submission == self.submission => {
                Ok(vec![Event::ReviewRefused { submission, reason }])
            }
            // Each submission is answered once, and this one was.
            Some(Status::Submitted | Status::Refused(_) | Status::Reviewed)
                if submission <= self.submission =>
            {
                Ok(vec![])
            }
            Some(Status::Requested | Status::Submitted | Status::Refused(_) | Status::Reviewed)
            | None => Err(Refusal::SubmissionOver { submission }),
        }
    }
}

#[cfg(test)]
mod tests;
