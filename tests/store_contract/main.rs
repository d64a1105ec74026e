//! One contract for both databases: each story runs on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audience;
mod bounces;
mod editions;
mod file;
mod forgetting;
mod gaps;
mod imports;
mod leases;
mod office;
mod outbox;
#[path = "../support/postgres.rs"]
#[expect(dead_code, clippy::print_stderr, reason = "other tests use the rest; a skipped test says so")]
mod postgres;
mod preferences;
mod reaching;
mod register;
mod rests;
mod room;
mod spawned;
mod subscribers;

use depeche::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
use room::Room;

/// Runs every story on its own database of each kind.
macro_rules! stories {
    ($($module:ident::$story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let folder = tempfile::tempdir().unwrap();
                super::$module::$story(super::Room::new(super::sqlite(&folder)).await).await;
            })+
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_story_holds_on_postgresql() {
            let Some(postgres) = postgres::Postgres::start() else { return };
            $(
                let settings = DatabaseSettings {
                    url: postgres.database(stringify!($story)),
                    sync: SqliteSync::Normal,
                };
                $module::$story(Room::new(settings).await).await;
            )+
        }
    };
}

fn sqlite(folder: &tempfile::TempDir) -> DatabaseSettings {
    let path = folder.path().join("été ?#%20").join("depeche.sqlite");
    DatabaseSettings { url: DatabaseUrl::Sqlite(path.try_into().unwrap()), sync: SqliteSync::Normal }
}

stories! {
    register::every_field_comes_back,
    register::what_was_decided_is_not_undone,
    register::an_id_is_taken_over_wherever_it_is_named,
    register::a_text_and_its_digest_stay_together,
    register::whoever_writes_it_is_heard_of,
    register::no_revision_is_skipped,
    editions::an_edition_that_was_put_off_does_not_open,
    editions::one_cause_makes_one_edition,
    gaps::nothing_is_claimed_after_a_silence_before_it_is_dealt_with,
    editions::a_change_needs_the_expected_state,
    editions::a_plan_gives_way_to_a_person,
    editions::an_announcement_opens_once,
    editions::a_cancelled_announcement_is_never_made,
    editions::two_instances_write_each_subscriber_once,
    editions::the_audience_is_those_who_follow_now,
    editions::tallies_add_up_at_every_step,
    outbox::eight_claimers_share_without_overlap,
    outbox::what_is_urgent_leaves_first,
    outbox::editions_share_what_is_claimed,
    outbox::a_paused_edition_is_not_claimed,
    outbox::old_deliveries_become_counts,
    outbox::an_approved_edition_waits_without_its_hold,
    outbox::who_left_or_is_suppressed_is_skipped_when_claimed,
    outbox::exchanges_of_many_connections_are_all_kept,
    outbox::exchanges_that_share_a_commit_keep_what_is_their_own,
    rests::a_rest_counts_once_and_grows,
    rests::what_is_put_off_loses_no_try,
    rests::a_clock_that_was_ahead_stops_nobody,
    rests::turns_at_a_relay_are_taken_once,
    leases::a_stale_owner_changes_nothing,
    leases::a_claim_from_before_a_pause_begins_nothing,
    leases::of_two_claims_that_ask_together_one_begins,
    leases::what_began_before_a_pause_does_not_begin_again,
    leases::what_was_composed_before_a_correction_does_not_begin,
    leases::a_late_answer_still_counts,
    leases::a_lost_reply_is_sent_again_once,
    leases::a_lost_reply_may_be_held,
    leases::the_relays_fault_does_not_count,
    leases::claims_of_the_dead_are_void,
    bounces::a_report_counts_once_whoever_brings_it,
    bounces::what_comes_back_of_another_address_ends_nobody,
    bounces::what_came_back_goes_with_its_deliveries,
    bounces::what_comes_back_was_accepted,
    bounces::an_edition_is_read_page_by_page,
    bounces::what_somebody_has_no_delivery_of_is_known,
    subscribers::opt_in_asks_once_a_day_and_keeps_the_proof,
    subscribers::whoever_cannot_be_written_to_was_not_asked,
    subscribers::the_office_vouches,
    subscribers::who_ends_receives_nothing_more,
    subscribers::an_erased_address_is_recognised_and_not_kept,
    subscribers::preferences_are_the_subscribers_own,
    subscribers::a_digest_has_readers_while_somebody_chose_it_or_is_owed_it,
    forgetting::who_never_confirmed_is_gone_after_a_week,
    forgetting::who_subscribed_before_is_not_taken_for_a_stranger,
    forgetting::what_was_asked_of_an_address_is_forgotten_with_the_unconfirmed,
    forgetting::who_is_erased_stands_nowhere,
    forgetting::an_address_that_somebody_else_has_by_now_stays_theirs,
    forgetting::an_address_without_a_subscription_is_erased,
    forgetting::a_suppressed_address_is_not_written_down,
    imports::a_list_is_taken_in_and_again_changes_nothing,
    imports::a_list_brings_nobody_back_and_overrules_nobody,
    imports::a_pause_comes_along,
    imports::who_left_elsewhere_is_not_brought_in_by_the_form_and_a_list,
    imports::a_no_of_a_list_is_remembered_of_who_is_asked,
    imports::who_is_forgotten_while_a_list_is_taken_in_stays_forgotten,
    imports::a_no_stops_the_letters_of_whom_the_office_vouched_for,
    imports::the_office_blocks_and_takes_it_back,
    imports::subscribers_are_read_page_by_page,
    preferences::who_pauses_gets_nothing_until_it_is_over,
    preferences::a_digest_for_who_pauses_is_for_nobody,
    preferences::an_address_moves_once_both_sides_agree,
    preferences::an_address_that_may_not_be_written_to_takes_nothing_over,
    preferences::an_address_that_subscribes_takes_the_topics_over,
    preferences::who_is_erased_leaves_no_change_of_address_behind,
    preferences::a_few_letters_an_hour_are_written_for_a_link,
    preferences::what_cannot_be_written_was_not_asked_for,
    preferences::who_left_by_themselves_comes_back_for_a_while,
    preferences::whoever_comes_back_is_told_each_time_and_once_a_day,
    preferences::what_changes_nothing_leaves_no_proof,
    preferences::a_link_changes_so_much_in_a_day,
    office::a_cause_is_told_once,
    office::a_letter_comes_back_as_it_was,
    office::one_leads_and_ticks_are_remembered,
    office::another_key_is_refused,
    spawned::futures_may_be_spawned,
}
