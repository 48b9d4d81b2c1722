use super::*;
use crate::testing::{given, personal};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn ask() -> Command {
    Command::Ask {
        item_no: id("i1"),
        item_name: name("Camera"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
    }
}

fn asked() -> Event {
    Event::ReviewRequested {
        item_no: id("i1"),
        item_name: name("Camera"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
    }
}

fn submit_as(customer: &str, score: i64) -> Command {
    Command::Submit {
        customer_id: id(customer),
        customer_name: personal("YoungEunSong"),
        score: Score::new(score).unwrap(),
        text: Text::new("좋아요").ok(),
    }
}

fn submit() -> Command {
    submit_as("c1", 5)
}

fn submitted(submission: u32) -> Event {
    Event::ReviewSubmitted {
        item_no: id("i1"),
        customer_name: personal("YoungEunSong"),
        score: Score::new(5).unwrap(),
        text: Text::new("좋아요").ok(),
        submission,
    }
}

fn reviewed() -> Event {
    Event::Reviewed {
        item_no: id("i1"),
        item_name: name("Camera"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        score: Score::new(5).unwrap(),
        text: Text::new("좋아요").ok(),
    }
}

fn refuse(submission: u32) -> Command {
    Command::Refuse { submission, reason: DelistRefusal::ItemHeld }
}

fn refused(submission: u32) -> Event {
    Event::ReviewRefused { submission, reason: DelistRefusal::ItemHeld }
}

fn complete(submission: u32) -> Command {
    Command::Complete { submission }
}

#[test]
fn is_asked_for_once() {
    given::<Review>([]).when(ask()).then([asked()]);
    given::<Review>([]).when(ask()).and_again(ask()).then_nothing();
}

mod submit {
    use super::*;

    #[test]
    fn waits_for_the_item() {
        given::<Review>([asked()]).when(submit()).then([submitted(1)]);
    }

    #[test]
    fn is_done_when_submitted_before() {
        given::<Review>([asked()]).when(submit()).and_again(submit()).then_nothing();
        given::<Review>([asked(), submitted(1), reviewed()]).when(submit()).then_nothing();
    }

    #[test]
    fn may_be_repeated_after_a_refusal() {
        given::<Review>([asked(), submitted(1), refused(1)]).when(submit()).then([submitted(2)]);
    }

    #[test]
    fn is_refused_before_the_item_came_back() {
        given::<Review>([]).when(submit()).then_refused(Refusal::NotReturned);
    }

    #[test]
    fn is_refused_to_somebody_else() {
        given::<Review>([asked()]).when(submit_as("c2", 5)).then_refused(Refusal::NotTheRenter);
    }

    #[test]
    fn is_refused_when_there_is_another_review() {
        given::<Review>([asked(), submitted(1)])
            .when(submit_as("c1", 1))
            .then_refused(Refusal::ReviewPending);
        given::<Review>([asked(), submitted(1), reviewed()])
            .when(submit_as("c1", 1))
            .then_refused(Refusal::AlreadyReviewed);
    }
}

mod complete {
    use super::*;

    #[test]
    fn registers_the_review_once() {
        let history = [asked(), submitted(1)];
        given::<Review>(history.clone()).when(complete(1)).then([reviewed()]);
        given::<Review>(history).when(complete(1)).and_again(complete(1)).then_nothing();
    }

    #[test]
    fn is_refused_for_a_submission_that_is_over() {
        let over = Refusal::SubmissionOver { submission: 1 };
        given::<Review>([asked(), submitted(1), refused(1)])
            .when(complete(1))
            .then_refused(over.clone());
        given::<Review>([asked(), submitted(1), refused(1), submitted(2)])
            .when(complete(1))
            .then_refused(over);
        given::<Review>([asked()]).when(complete(1)).then_refused(Refusal::NotReturned);
    }
}

mod refuse {
    use super::*;

    #[test]
    fn ends_the_submission_once() {
        let history = [asked(), submitted(1)];
        given::<Review>(history.clone()).when(refuse(1)).then([refused(1)]);
        given::<Review>(history).when(refuse(1)).and_again(refuse(1)).then_nothing();
    }

    #[test]
    fn says_nothing_of_a_submission_that_is_over() {
        let history = [asked(), submitted(1), refused(1), submitted(2)];
        given::<Review>(history).when(refuse(1)).then_nothing();
        given::<Review>([asked(), submitted(1), reviewed()]).when(refuse(1)).then_nothing();
    }

    #[test]
    fn is_refused_when_nothing_was_submitted() {
        let over = Refusal::SubmissionOver { submission: 1 };
        given::<Review>([asked()]).when(refuse(1)).then_refused(over);
    }
}
