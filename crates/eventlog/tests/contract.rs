//! What every engine of the event log keeps, and what EventStoreDB's does when things go wrong.
//!
//! The contract runs against PostgreSQL (`JANGTEO_TEST_POSTGRES`, set by `make test`), against
//! EventStoreDB through the stand-in, and against a real EventStoreDB when
//! `JANGTEO_TEST_EVENTSTORE_URL` is set. There it uses streams of its own and leaves others alone.

#[path = "contract/appending.rs"]
mod appending;
#[path = "contract/archiving.rs"]
mod archiving;
#[path = "contract/concurrency.rs"]
mod concurrency;
#[path = "contract/faulty_appends.rs"]
mod faulty_appends;
#[path = "contract/faulty_reads.rs"]
mod faulty_reads;
#[path = "contract/faulty_scans.rs"]
mod faulty_scans;
#[path = "contract/faulty_subscriptions.rs"]
mod faulty_subscriptions;
#[path = "contract/reading.rs"]
mod reading;
#[path = "contract/scanned.rs"]
mod scanned;
#[path = "contract/scanning.rs"]
mod scanning;
#[path = "contract/shared_reads.rs"]
mod shared_reads;
#[path = "contract/store.rs"]
mod store;
#[path = "contract/subscribing.rs"]
mod subscribing;

/// Runs every case on every engine.
macro_rules! contract {
    ($($group:ident { $($case:ident,)* })*) => {
        mod postgres {
            $(mod $group {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$group::$case(crate::store::Store::postgres().await).await;
                })*
            })*
        }

        mod eventstoredb {
            $(mod $group {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    for store in crate::store::Store::eventstoredb().await {
                        crate::$group::$case(store).await;
                    }
                })*
            })*
        }
    };
}

contract! {
    appending {
        begins_a_stream,
        goes_on_after_the_expected_version,
        refuses_to_begin_a_stream_twice,
        refuses_a_stale_version,
        refuses_a_version_ahead,
        answers_the_same_append_the_same,
        answers_the_same_append_the_same_after_others,
        refuses_other_events_under_a_stored_id,
        stores_all_events_of_an_append_or_none,
        keeps_every_character,
        keeps_the_metadata,
        takes_the_largest_append,
        refuses_a_larger_one,
        refuses_an_empty_one,
    }
    concurrency {
        one_writer_wins_each_version,
        many_streams_lose_nothing,
        the_same_append_at_once_is_stored_once,
        conflicts_disturb_no_other_stream,
        two_logs_share_one_store,
    }
    reading {
        a_missing_stream_is_empty,
        pages_through_a_stream,
        past_the_end_is_empty,
        gives_back_what_was_stored,
        reads_a_long_stream,
        the_end_is_the_last_event,
        nothing_stands_after_the_end,
        counts_what_stands_after_a_position,
        says_at_least_when_it_does_not_count_all,
    }
    scanning {
        is_what_a_subscription_delivers,
        begins_behind_one_position_and_ends_with_another,
        an_empty_stretch_is_over_at_once,
        gives_back_what_was_stored,
        gives_only_the_categories_asked_for,
        gives_all_when_no_category_is_asked_for,
        gives_more_than_its_queues_hold,
        ends_while_others_append,
        one_that_is_given_up_disturbs_no_other,
    }
    subscribing {
        from_the_start_then_live,
        from_a_position,
        from_the_end,
        resumes_without_gap_or_repeat,
        delivers_only_the_categories_asked_for,
        delivers_all_when_no_category_is_asked_for,
        is_caught_up_on_nothing,
        checkpoints_pass_over_other_categories,
        a_slow_subscriber_loses_nothing,
        keeps_the_order_under_load,
        ends_alone,
    }
}
