use super::{listening::KNOWN, *};
use crate::{
    live::wanted::{Owner, Sees, Wanted, What},
    query::Page,
    read_model::ReadModel,
    row,
};
use domain::{Event, Fact};

row! {
    pub struct ThingRow {
        pub id: String,
        pub owner: String,
        pub status: String,
    }
}

struct Things;

impl ReadModel for Things {
    const NAME: &'static str = "test.things";
    const CATEGORIES: &'static [&'static str] = &[];
    const FILTERS: &'static [&'static str] = &["owner", "status"];
    type Row = ThingRow;

    fn keys(_: &Fact<Event>) -> Vec<String> {
        Vec::new()
    }

    fn fold(row: Option<ThingRow>, _: &Fact<Event>) -> Option<ThingRow> {
        row
    }
}

struct Heard {
    number: Number,
    queue: mpsc::Receiver<Told>,
}

impl Heard {
    /// In short: `row a open`, `gone a`, `reset`.
    fn all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(told) = self.queue.try_recv() {
            match told {
                Told::Events(events) => all.extend(events.iter().map(short)),
                Told::Reset(_) => all.push("reset".to_owned()),
            }
        }
        all
    }
}

fn short(event: &Bytes) -> String {
    let text = String::from_utf8(event.to_vec()).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let data: serde_json::Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
    let words = [field("event: "), data["id"].as_str(), data["status"].as_str()];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn join(board: &mut Board<ThingRow>, what: What, sees: Sees<ThingRow>) -> Heard {
    let scope = Scope::of::<Things>(Wanted { what, sees }).unwrap();
    let (number, queue) = board.join(Arc::new(scope));
    Heard { number, queue }
}

fn list(filters: &[(&str, &str)]) -> What {
    let filters = filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    What::List(Page { filters: filters.collect(), ..Page::default() })
}

fn own(owner: &str) -> Sees<ThingRow> {
    Sees::Own(Owner { column: "owner", id: owner.to_owned() })
}

fn is(id: &str, owner: &str, status: &str) -> Change<ThingRow> {
    let [id, owner, status] = [id, owner, status].map(str::to_owned);
    Change::new(id.clone(), Some(ThingRow { id, owner, status }), None)
}

fn is_not(id: &str) -> Change<ThingRow> {
    Change::new(id.to_owned(), None, None)
}

#[test]
fn a_row_is_told_to_those_who_listen_to_it() {
    let mut board = Board::new();
    let mut a = join(&mut board, What::Row("a".to_owned()), Sees::All);
    let mut other = join(&mut board, What::Row("a".to_owned()), own("max"));
    assert!(board.wants("a") && !board.wants("b"));
    board.tell(vec![is("a", "min", "open"), is("b", "min", "open"), is_not("a")]);
    assert_eq!(a.all(), ["row a open", "gone a"]);
    assert_eq!(other.all(), ["gone a", "gone a"]);
}

#[test]
fn a_list_hears_what_enters_changes_in_and_leaves_its_filter() {
    let mut board = Board::new();
    let mut open = join(&mut board, list(&[("status", "open")]), Sees::All);
    board.settle(open.number, ["a", "b"].into_iter(), None);
    board.tell(vec![is("a", "min", "done"), is("c", "min", "open"), is("d", "min", "done")]);
    assert_eq!(open.all(), ["gone a", "row c open"]);
    board.tell(vec![is("a", "min", "done"), is("c", "max", "open"), is_not("b"), is_not("e")]);
    assert_eq!(open.all(), ["row c open", "gone b"]);
}

#[test]
fn a_list_without_filters_hears_everything() {
    let mut board = Board::new();
    let mut all = join(&mut board, list(&[]), Sees::All);
    board.tell(vec![is("a", "min", "open"), is_not("b")]);
    assert_eq!(all.all(), ["row a open", "gone b"]);
}

#[test]
fn a_customer_hears_of_what_is_theirs_and_of_nothing_else() {
    let mut board = Board::new();
    let mut min = join(&mut board, list(&[("status", "open")]), own("min"));
    board.tell(vec![is("a", "max", "open"), is("b", "max", "done")]);
    board.settle(min.number, [].into_iter(), None);
    board.tell(vec![is("a", "max", "open"), is("c", "min", "open"), is_not("b"), is_not("c")]);
    assert_eq!(min.all(), ["row c open", "gone c"]);
}

#[test]
fn what_others_may_not_see_is_hidden() {
    let mut board = Board::new();
    let owner = || Owner { column: "owner", id: "min".to_owned() };
    let hide = |row: &mut ThingRow| row.status = "?".to_owned();
    let mut min = join(&mut board, list(&[]), Sees::Masked(owner(), hide));
    let mut staff = join(&mut board, list(&[]), Sees::All);
    board.tell(vec![is("a", "min", "open"), is("b", "max", "open")]);
    assert_eq!(min.all(), ["row a open", "row b ?"]);
    assert_eq!(staff.all(), ["row a open", "row b open"]);
}

#[test]
fn whoever_is_reading_hears_of_all_that_may_be_in_what_it_reads() {
    let mut board = Board::new();
    let mut open = join(&mut board, list(&[("status", "open")]), Sees::All);
    // It may read `a` as it was before.
    board.tell(vec![is("a", "min", "done")]);
    board.settle(open.number, ["a"].into_iter(), None);
    assert_eq!(open.all(), ["gone a"]);
    let mut min = join(&mut board, list(&[("status", "open")]), own("min"));
    board.tell(vec![is_not("x")]);
    assert_eq!((open.all(), min.all()), (vec![], vec!["reset".to_owned()]));
}

#[test]
fn whoever_may_have_more_than_was_read_hears_of_all_up_to_there() {
    let at = |commit| Position { commit, prepare: commit };
    let mut board = Board::new();
    let mut open = join(&mut board, list(&[("status", "open")]), Sees::All);
    // What was read is ahead of what was told: `b` has left, and was not read.
    board.settle(open.number, ["a"].into_iter(), Some(at(7)));
    board.reached(at(6));
    board.tell(vec![is("b", "min", "done")]);
    board.reached(at(7));
    board.tell(vec![is("c", "min", "done"), is("a", "min", "done")]);
    assert_eq!(open.all(), ["gone b", "gone a"]);
}

#[test]
fn whoever_reads_too_slowly_is_cut_off_and_nobody_else() {
    let mut board = Board::new();
    let mut slow = join(&mut board, list(&[]), Sees::All);
    let mut quick = join(&mut board, list(&[]), Sees::All);
    for round in 0..=QUEUE {
        board.tell(vec![is("a", "min", "open")]);
        assert_eq!(quick.all().len(), 1, "{round}");
    }
    assert_eq!(slow.all().len(), QUEUE);
    assert!(slow.queue.is_closed());
    assert!(!quick.queue.is_closed());
}

#[test]
fn whoever_knows_too_many_rows_begins_anew() {
    let mut board = Board::new();
    let mut open = join(&mut board, list(&[("status", "open")]), Sees::All);
    board.settle(open.number, [].into_iter(), None);
    board.tell((0..KNOWN).map(|n| is(&n.to_string(), "min", "open")).collect());
    assert_eq!(open.all().len(), KNOWN);
    board.tell(vec![is("one more", "min", "open")]);
    assert_eq!(open.all(), ["reset"]);
}

#[test]
fn nothing_is_left_of_those_who_leave() {
    let mut board = Board::new();
    for what in [What::Row("a".to_owned()), list(&[]), list(&[("status", "open")])] {
        let heard = join(&mut board, what, Sees::All);
        board.settle(heard.number, ["a"].into_iter(), None);
        board.tell(vec![is("b", "min", "open")]);
        board.leave(heard.number);
    }
    assert!(board.is_empty() && board.by_key.is_empty() && board.opening.is_empty());
    assert!(board.unfiltered.is_empty() && board.by_value.values().all(HashMap::is_empty));
    assert!(!board.wants("a") && board.lists == 0);
}

#[test]
fn a_part_at_a_time_is_told_that_the_connection_lives() {
    let mut board = Board::new();
    let mut all: Vec<_> = (0..PARTS).map(|_| join(&mut board, list(&[]), Sees::All)).collect();
    let text = Bytes::from_static(b"event: \ndata: {}\n\n");
    board.keep_alive(3, &text, None);
    let told: Vec<_> = all.iter_mut().map(|one| one.all().len()).collect();
    assert_eq!(told, (0..15).map(|part| usize::from(part == 3)).collect::<Vec<_>>());
    board.keep_alive(4, &text, Some(Instant::now() + std::time::Duration::from_secs(1)));
    assert!(all[4].queue.is_closed() && all[4].all().is_empty());
}
