//! Stories of a whole newsroom: a folder, a database, both HTTP sides, a relay in memory, a clock that stands. Each runs
//! on SQLite; those that the store could make different run on PostgreSQL, too.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod addresses;
mod announcing;
mod asking;
mod bombing;
mod clock;
mod correcting;
#[expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]
mod digests;
#[path = "../support/draft.rs"]
mod draft;
mod embargo;
mod folder;
#[path = "../support/http_client.rs"]
mod http_client;
mod hub;
mod identity;
mod links;
mod missing;
#[path = "../support/newsroom.rs"]
mod newsroom;
mod office;
#[path = "../support/postgres.rs"]
#[expect(dead_code, clippy::print_stderr, reason = "other tests use the rest; a skipped test says so")]
mod postgres;
mod preferring;
mod previews;
mod reaching;
#[path = "../support/report.rs"]
mod report;
mod restoring;
mod returning;
mod snapshots;
mod starting;
mod subscribing;
mod trouble;

use newsroom::TestNewsroom;

/// Runs every story in its own newsroom on SQLite, and those named first on PostgreSQL, too. Stories of
/// several instances run on PostgreSQL alone.
macro_rules! stories {
    (both: $($module:ident::$story:ident),+; shared: $($shared_module:ident::$shared:ident),+;
     sqlite: $($only_module:ident::$only:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$module::$story(super::TestNewsroom::new(None)).await;
            })+
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $only() {
                super::$only_module::$only(super::TestNewsroom::new(None)).await;
            })*
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn the_same_stories_hold_on_postgresql() {
            let Some(postgres) = postgres::Postgres::start() else { return };
            // Each on the heap: together they are too large for a stack.
            $(Box::pin($module::$story(TestNewsroom::new(Some(postgres.database(stringify!($story)))))).await;)+
            $(Box::pin($shared_module::$shared(TestNewsroom::new(Some(postgres.database(stringify!($shared)))))).await;)+
        }
    };
}

stories! {
    both:
        announcing::a_folder_of_live_releases_is_not_news,
        announcing::a_new_release_reaches_each_who_follows_it_once,
        announcing::what_happens_to_a_file_afterwards_is_no_news,
        office::the_office_sees_each_letter_first_and_how_it_went,
        office::what_the_office_holds_stays_until_it_lets_go,
        office::what_the_office_cancels_is_never_sent,
        embargo::an_embargo_of_the_first_start_ends_with_a_letter,
        identity::names_in_a_row_lead_on_for_ever,
        identity::a_rename_in_two_looks_is_no_news,
        identity::a_pinned_release_may_be_renamed_and_written_anew,
        identity::a_deleted_release_is_gone_after_a_week_at_all_its_addresses,
        embargo::postponed_twice_then_cancelled_no_letter_leaves,
        embargo::postponed_twice_then_deleted_nothing_is_ever_seen,
        folder::a_folder_that_empties_at_once_is_not_believed,
        folder::a_crowd_of_releases_waits_for_a_person,
        subscribing::somebody_subscribes_changes_and_leaves,
        preferring::a_pause_ends_by_itself_and_nothing_is_sent_later,
        preferring::an_address_changes_when_both_sides_agree,
        correcting::a_correction_reaches_those_who_had_the_release_once,
        correcting::a_withdrawal_tells_those_who_had_it_and_takes_everything_away,
        correcting::who_had_it_in_a_digest_gets_the_correction_too,
        correcting::an_edition_is_paused_resumed_and_repeated_by_hand,
        correcting::a_correction_is_repeated_by_hand,
        correcting::a_repeat_has_the_text_of_today_or_does_not_leave,
        correcting::a_claim_from_before_a_correction_is_lost,
        correcting::a_digest_that_comes_back_no_longer_holds_what_was_withdrawn,
        digests::a_daily_digest_holds_the_day_and_a_weekly_one_the_week,
        digests::what_was_missed_is_caught_up_once,
        digests::changing_frequency_loses_and_doubles_nothing,
        missing::why_somebody_got_nothing_is_told,
        returning::an_address_that_does_not_exist_is_given_up_at_once,
        returning::a_full_mailbox_is_given_up_after_five_days,
        returning::a_closed_mailbox_is_given_up_at_the_second_letter,
        returning::a_complaint_ends_everything_at_once,
        clock::a_clock_that_jumps_ahead_lets_nothing_out,
        trouble::short_trouble_is_no_news,
        trouble::what_is_measured_agrees_with_what_happened,
        trouble::a_letter_in_hand_while_the_clock_is_set_is_sent_once,
        trouble::a_retry_is_not_early_by_a_clock_that_jumps,
        restoring::after_a_long_silence_what_was_under_way_waits_for_a_person,
        restoring::after_standing_still_for_long_what_was_under_way_waits_for_a_person,
        restoring::a_short_silence_stops_nothing;
    shared:
        digests::two_instances_make_one_digest_on_nights_that_change_the_clock;
    sqlite:
        correcting::a_file_that_is_away_for_a_while_stops_its_letters_for_that_while,
        correcting::a_correction_in_time_goes_with_the_announcement,
        correcting::a_correction_taken_back_in_time_is_not_sent,
        correcting::the_office_may_stop_a_correction_and_hurry_a_withdrawal,
        correcting::mending_the_words_of_a_held_correction_does_not_let_it_go,
        correcting::a_release_put_off_is_corrected_once_it_is_public_again,
        correcting::a_document_that_changes_after_sending_is_a_question_to_the_office,
        digests::a_digest_may_be_held_approved_and_cancelled,
        trouble::trouble_is_told_once_it_is_over,
        trouble::a_folder_that_is_gone_is_said,
        clock::a_new_time_counts_once_a_person_confirms_it,
        clock::a_clock_that_goes_back_unmakes_and_repeats_nothing,
        returning::what_is_no_failure_changes_nothing,
        returning::what_is_our_own_fault_is_told_to_the_office_once_a_day,
        returning::without_a_domain_of_its_own_a_report_is_known_by_its_ids,
        returning::what_comes_back_while_the_database_is_away_is_asked_for_again,
        returning::a_forged_report_changes_nothing,
        returning::with_a_domain_of_its_own_a_message_id_proves_complaints_alone,
        returning::a_forged_token_is_not_made_good_by_a_message_id,
        returning::who_is_gone_behind_an_alias_does_not_bar_it,
        returning::a_complaint_about_a_letter_of_a_lost_database_bars_nobody,
        returning::a_letter_to_the_lists_address_unsubscribes,
        returning::a_letter_to_the_sender_unsubscribes_by_its_subject,
        links::a_distant_document_must_answer_before_the_letter_leaves,
        links::a_private_address_is_not_asked,
        links::the_page_on_the_other_site_must_answer_first,
        restoring::a_digest_that_had_left_before_a_restoring_is_not_repeated_by_the_next,
        restoring::what_left_after_a_backup_does_not_leave_again,
        restoring::the_office_hears_of_a_restoring_although_the_first_start_is_killed,
        restoring::a_link_to_an_edition_that_is_lost_leads_to_no_other,
        restoring::whoever_waits_for_a_confirmation_after_a_restoring_asks_again,
        restoring::what_had_not_left_before_a_backup_was_restored_may_be_let_go,
        previews::every_letter_can_be_looked_at_before_it_is_sent,
        snapshots::a_letter_and_its_feed_are_as_people_see_them,
        announcing::what_goes_away_and_returns_is_no_news,
        announcing::a_copy_is_silent_however_it_is_spaced,
        announcing::what_takes_the_place_of_a_release_with_a_copy_is_news,
        announcing::a_story_that_forgets_a_letter_fails,
        office::the_office_may_send_before_grace_is_over,
        office::an_edition_may_wait_for_approval,
        office::a_missing_document_holds_the_letter_until_it_arrives,
        embargo::what_is_not_live_is_nowhere,
        identity::an_address_that_was_named_once_leads_on,
        identity::names_swapped_and_texts_edited_in_one_look_are_no_news,
        identity::what_a_sync_program_leaves_is_no_release,
        identity::a_file_that_is_empty_for_a_moment_changes_nothing,
        identity::what_is_written_otherwise_and_reads_the_same_is_no_change,
        identity::what_is_gone_is_gone_where_another_site_shows_releases,
        folder::an_embargo_outlasts_a_folder_that_empties,
        folder::most_releases_gone_are_believed_in_the_end_and_return_in_silence,
        folder::a_person_may_confirm_that_releases_are_gone,
        folder::a_broken_file_keeps_what_was_public,
        folder::a_file_that_breaks_before_its_letter_holds_it,
        folder::last_weeks_file_overwritten_is_news,
        bombing::what_no_person_can_have_sent_is_asked_for_once_more,
        bombing::a_source_that_asks_for_many_is_told_to_wait,
        bombing::a_domain_is_not_bombed_and_an_honest_visitor_gets_through,
        bombing::one_address_asked_for_many_times_gets_one_letter_and_costs_its_domain_little,
        bombing::what_a_domain_has_left_tells_nobody_whether_a_letter_left,
        subscribing::who_leaves_while_a_letter_waits_does_not_get_it,
        subscribing::nobody_learns_who_subscribes,
        subscribing::an_answer_takes_as_long_whatever_is_done,
        subscribing::looking_a_hundred_times_at_every_link_changes_no_row,
        preferring::digests_leave_out_a_pause,
        preferring::who_holds_a_forwarded_link_cannot_take_over_a_subscription,
        preferring::data_are_shown_and_erased_by_the_address_itself_alone,
        preferring::whoever_left_by_mistake_comes_back_at_once,
        preferring::pages_speak_the_language_that_is_asked_for,
        preferring::lost_links_say_what_to_do,
        preferring::the_script_is_an_asset_of_our_own,
        preferring::a_mailbox_is_asked_as_often_by_links_as_by_the_form,
        preferring::proofs_say_from_which_network_a_button_was_pressed,
        preferring::a_move_ends_the_links_to_data_that_the_address_before_was_sent,
        preferring::whoever_posts_the_same_again_and_again_adds_no_row,
        preferring::a_change_of_address_tells_nobody_who_subscribes,
        subscribing::whoever_is_subscribed_is_told_so_and_loses_nothing,
        subscribing::an_address_that_only_a_neighbour_could_reach_is_none,
        subscribing::whoever_confirms_sees_which_name_was_given,
        addresses::a_withdrawn_release_leaves_the_feeds_and_its_page_is_gone,
        addresses::withdrawn_while_it_waits_nothing_leaves,
        addresses::unpublished_on_its_way_nothing_more_leaves,
        addresses::a_public_folder_that_could_not_be_written_is_tried_again,
        subscribing::a_topic_that_is_empty_today_is_still_followed,
        addresses::a_correction_is_read_in_feed_and_page,
        addresses::an_old_address_leads_to_the_new_one,
        addresses::a_reader_asks_again_only_for_what_changed,
        addresses::a_new_follower_reads_everything_by_the_archives,
        addresses::merged_topics_lead_on_and_subscriptions_follow,
        asking::each_coding_has_its_own_strong_tag_and_the_same_bytes,
        asking::feeds_say_how_long_they_may_be_kept_and_who_may_read_them,
        asking::what_is_asked_for_again_is_answered_the_same_until_it_changes,
        asking::last_modified_is_the_real_change_of_this_document,
        asking::whoever_asks_for_changes_gets_only_what_is_new_or_changed,
        asking::whoever_asks_for_changes_learns_what_was_withdrawn,
        asking::whoever_asks_for_a_text_that_just_changed_has_the_one_that_is_shown,
        asking::whoever_asks_for_a_text_that_just_changed_waits_for_the_look,
        asking::only_documents_and_raster_images_are_shown_inline,
        hub::a_hub_is_told_of_each_feed_that_really_changed,
        hub::a_hub_that_is_down_delays_nothing_and_is_told_later,
        reaching::every_release_is_reached_from_the_front_page,
        reaching::a_reader_takes_in_all_feeds_at_once,
        reaching::search_engines_find_what_is_public_and_nothing_else,
}
