"""What kinds of situations are tried, and where: python -m tests.situations prints how many.

A kind has situations that went wrong somewhere once, each with a test that bears its name, and others of the same kind
that were thought of. A place is FILE::TEST or FILE::TEST[ID], below this directory.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.syntax import tree_of

HERE = Path(__file__).parent
STAYS, FOUND, ODD, TOLD = (
    f"e2e/test_{name}.py" for name in ("engine_stays", "engines_found", "odd_configurations", "told_engines")
)
CHECK, SYSTEMD, PROOF, ENDS = (f"e2e/test_{name}.py" for name in ("check", "stopped_engines", "proof", "mirror_ends"))
DISTURBED, AS_SSH = "e2e/test_disturbed_runs.py", "transports/test_ssh_config_as_ssh.py"
OURS, RUNS = "scripts/test_scripts_on_odd_hosts.py", "scripts/test_runs_on_a_host.py"


@dataclass(frozen=True, slots=True)
class Kind:
    """What holds, the situations by name with the places of their tests, and the places of others of the kind."""

    holds: str
    named: dict[str, tuple[str, ...]]
    others: tuple[str, ...]


KINDS = (
    Kind(
        "an engine that works is there until its successor is known to install",
        {"dead-apt-proxy-costs-the-engine": (f"{STAYS}::test_dead_apt_proxy_costs_the_engine",)},
        (
            f"{STAYS}::test_a_new_engine_that_does_not_start_makes_room_for_the_old_one_again",
            f"{STAYS}::test_a_dead_proxy_of_dnf_costs_no_engine",
            f"{STAYS}::test_a_script_that_fails_leaves_the_engine_that_was_there",
            "e2e/test_package_matrix.py::test_an_engine_that_worked_works",
            f"{OURS}::test_an_engine_stays_while_dpkg_cannot_finish_another_package",
        ),
    ),
    Kind(
        "nothing goes that the plan did not name",
        {"dependents-removed-unplanned-apt": (f"{STAYS}::test_dependents_removed_unplanned_apt",)},
        (
            f"{STAYS}::test_dependents_on_rpm_are_named_and_asked_for",
            f"{STAYS}::test_what_only_apt_finds_out_about_ends_the_run_before_anything_changed",
            "preflight/test_dependents.py::test_only_what_really_cannot_stay_goes",
            "preflight/test_dependents.py::test_a_removal_takes_nobody_along_unasked",
        ),
    ),
    Kind(
        "a run that failed leaves what the next one repairs, and says the reason that counts",
        {
            "leftover-containerd-config-v3": (f"{STAYS}::test_leftover_containerd_config_v3",),
            "etckeeper-loop": (f"{STAYS}::test_etckeeper_loop",),
        },
        (
            "planner/test_source_repair.py::test_a_docker_ce_without_a_source_gets_one_and_keeps_its_packages",
            "planner/test_source_repair.py::test_on_rpm_the_repository_and_its_key_come_back",
            f"{STAYS}::test_an_engine_without_its_source_gets_it_back",
            f"{STAYS}::test_a_way_back_that_is_gone_is_said_before_and_the_status_is_failed",
            "e2e/test_package_locks.py::test_what_dpkg_left_half_done_is_finished",
        ),
    ),
    Kind(
        "an engine that no package brought is seen, said and left alone",
        {"static-engine-under-usr-local": ("e2e/test_static_engine.py::test_static_engine_under_usr_local",)},
        (
            "e2e/test_static_engine.py::test_the_way_out_that_is_shown_leads_to_packages_and_keeps_the_data",
            "preflight/test_engine.py::test_packages_do_not_come_beside_an_engine_that_no_package_brought",
            "facts/test_engine.py::test_where_an_engine_comes_from",
            "removal/test_removal.py::test_what_no_package_brought_is_not_removed",
        ),
    ),
    Kind(
        "half an engine is completed, and asked meanwhile",
        {},
        (
            "e2e/test_half_engines.py::test_an_engine_without_its_client",
            "e2e/test_half_engines.py::test_an_engine_without_containerd",
            "e2e/test_half_engines.py::test_an_engine_whose_socket_is_gone",
            "e2e/test_half_engines.py::test_an_engine_that_root_alone_may_ask",
            "planner/test_half_engines.py::test_packages_that_an_engine_lacks",
        ),
    ),
    Kind(
        "a proof loses no image",
        {"proof-loses-the-local-image": (f"{PROOF}::test_proof_loses_the_local_image",)},
        (
            f"{PROOF}::test_a_name_that_the_pull_moves_is_put_back",
            f"{PROOF}::test_an_image_that_was_here_under_another_name_stays",
            f"{PROOF}::test_a_run_that_is_cut_off_is_repaired_by_the_next_proof",
            f"{PROOF}::test_a_local_build_is_not_asked_for",
            "scripts/test_proof_script.py::test_what_others_may_want_stays_and_is_said",
        ),
    ),
    Kind(
        "what stands in daemon.json is judged like what is wanted",
        {
            "mirrors-as-string": (
                f"{ODD}::test_mirrors_as_string",
                "planner/test_odd_configurations.py::test_mirrors_as_string",
            ),
            "upgrade-with-removed-storage-option": (f"{ODD}::test_upgrade_with_removed_storage_option",),
        },
        (
            f"{ODD}::test_a_mirror_without_scheme_is_taken_out_by_its_text",
            "planner/test_odd_configurations.py::test_a_file_that_the_engine_does_not_take_is_not_touched",
            "planner/test_odd_configurations.py::test_an_http_mirror_below_the_containerd_store_is_warned_about",
            "catalogue/test_daemon_values.py::test_values_that_came_and_went",
        ),
    ),
    Kind(
        "a stopped engine is judged as one that runs",
        {},
        (
            f"{SYSTEMD}::test_what_is_refused_by_a_running_engine_is_refused_by_a_stopped_one",
            f"{SYSTEMD}::test_what_cannot_be_known_is_no_success[a shell]",
            f"{SYSTEMD}::test_an_engine_that_has_failed_is_no_success",
            "planner/test_stopped_engines.py::test_where_it_cannot_be_known_that_is_no_success",
        ),
    ),
    Kind(
        "who may read and write a file stays so",
        {"acl-on-daemon-json": ("e2e/test_access.py::test_acl_on_daemon_json",)},
        (
            "e2e/test_access.py::test_a_list_that_cannot_be_kept_stays_with_its_file",
            "scripts/test_access.py::test_it_is_never_wider_not_for_a_moment",
            "scripts/test_access.py::test_with_busybox_the_tools_for_lists_keep_them",
            "scripts/test_access.py::test_backups_have_all_of_it_and_the_ten_newest_of_ours_stay",
        ),
    ),
    Kind(
        "rpm finishes what it has half done, and a proof leaves the log at its level",
        {},
        (
            f"{STAYS}::test_what_rpm_has_twice_is_finished",
            "facts/test_dependencies.py::test_a_package_that_rpm_has_twice_is_half_configured",
            f"{PROOF}::test_the_log_stays_at_its_level",
            "checks/test_proof.py::test_debug_is_switched_only_where_it_leaves_no_trace",
        ),
    ),
    Kind(
        "no name runs code on the controller",
        {},
        (
            "transports/test_hostile_names.py::test_a_host",
            "transports/test_hostile_names.py::test_a_jump_host",
            "transports/test_hostile_names.py::test_match_exec_never_sees_it",
            "transports/test_hostile_names.py::test_from_the_command_line_and_from_an_inventory",
        ),
    ),
    Kind(
        "a host that was cut off starts services afterwards",
        {},
        (
            "e2e/test_start_policy.py::test_a_power_cut_leaves_a_host_that_starts_services",
            "e2e/test_start_policy.py::test_the_next_run_takes_away_what_a_cut_one_has_left_and_keeps_what_is_not_its_own",
        ),
    ),
    Kind(
        "no other account blocks the runs of root",
        {},
        (
            f"{DISTURBED}::test_no_other_account_blocks_the_runs_of_root[fifo]",
            f"{DISTURBED}::test_no_other_account_blocks_the_runs_of_root[link]",
            f"{RUNS}::test_what_another_account_has_put_there_is_refused_at_once",
        ),
    ),
    Kind(
        "that nothing changed is said after looking",
        {},
        (
            f"{DISTURBED}::test_a_run_that_goes_on_without_sudo_is_not_called_harmless",
            "remote/test_execute.py::test_a_run_that_is_out_of_sight_is_not_called_harmless",
            "remote/test_execute.py::test_a_lock_that_comes_in_the_middle_hides_no_change",
        ),
    ),
    Kind(
        "much output is no failure, and none of it is lost",
        {},
        (
            f"{DISTURBED}::test_a_step_that_prints_much_to_a_slow_reader_is_a_success",
            f"{RUNS}::test_all_of_a_log_arrives_or_the_markers_of_a_long_one",
            f"{RUNS}::test_a_log_that_grows_arrives_byte_for_byte",
        ),
    ),
    Kind(
        "work grows with the text and no faster",
        {},
        (
            "test_masking.py::test_one_long_line_takes_no_longer",
            "test_masking.py::test_more_text_takes_no_more_than_its_share",
            "transports/test_lines.py::test_a_long_line_in_small_pieces_takes_time_in_proportion",
        ),
    ),
    Kind(
        "the records of a run in progress are kept",
        {},
        (
            f"{DISTURBED}::test_a_run_is_kept_while_others_find_its_lock",
            f"{DISTURBED}::test_a_controller_whose_clock_is_behind_keeps_its_own_run",
            f"{RUNS}::test_twenty_runs_are_kept_by_the_clock_of_the_host",
        ),
    ),
    Kind(
        "every wait on a host has an end",
        {},
        (
            "e2e/test_endless_starts.py::test_a_unit_that_never_becomes_ready_is_given_up_and_its_configuration_taken_back",
            "scripts/test_service_limits.py::test_a_reload_that_waits_for_a_job_is_taken_back_and_goes_by_a_signal",
            f"{RUNS}::test_steps_that_do_not_end_are_stopped_and_may_put_things_back",
            f"{AS_SSH}::test_a_command_that_waits_has_an_end",
        ),
    ),
    Kind(
        "every answer has a bound, and the other hosts are served",
        {},
        (
            "runs/test_malicious_hosts.py::test_they_fail_alone_and_cost_little",
            "transports/test_lines.py::test_what_has_no_end_is_given_up_with_little_memory",
            "remote/test_source_probe.py::test_a_source_without_an_end_is_passed_over",
            "remote/test_mirror_probe.py::test_a_mirror_that_answers_without_an_end_fills_nothing",
        ),
    ),
    Kind(
        "nothing reaches the terminal raw",
        {},
        (
            "report/test_gate.py::test_only_our_colours_reach_the_terminal",
            "cli/test_commands.py::test_arguments_do_not_reach_the_terminal_raw",
            "cli/test_hostile_hosts.py::test_the_history_replays_nothing_raw",
            "cli/test_doors.py::test_text_leaves_through_the_gate_alone",
        ),
    ),
    Kind(
        "odd answers and odd surroundings are errors of one host",
        {},
        (
            "cli/test_hostile_hosts.py::test_the_others_are_shown_as_ever",
            "facts/test_engine.py::test_odd_answers_are_read_as_far_as_they_go",
            "cli/test_commands.py::test_streams_may_be_closed_from_the_start",
            "transports/test_ssh_config_file.py::test_ports_that_are_none",
        ),
    ),
    Kind(
        "what ssh refuses is refused",
        {},
        (
            "transports/test_openssh.py::test_never_more_loosely_than_ssh",
            "transports/test_ssh_revoked.py::test_a_krl_with_something_unknown_or_damaged_is_an_error",
            "transports/test_host_keys.py::test_a_revoked_key",
        ),
    ),
    Kind(
        "secrets stay where they are",
        {},
        (
            "cli/test_hostile_hosts.py::test_secrets_of_hosts_stay_there",
            "cli/test_commands.py::test_errors_about_arguments_show_no_secret",
            "runs/test_history.py::test_only_its_owner_reads_the_history",
        ),
    ),
    Kind(
        "nothing but records is left of a run",
        {},
        (
            f"{DISTURBED}::test_nothing_but_records_is_left_of_a_run_that_was_cut[the run]",
            "cli/test_commands.py::test_an_end_by_signal_leaves_no_litter",
            f"{RUNS}::test_neither_a_kernel_thread_nor_another_process_is_taken_for_the_run",
            f"{RUNS}::test_no_room_is_said_in_the_words_of_the_system",
        ),
    ),
    Kind(
        "sources are looked at as the package manager does",
        {
            "only-the-apt-proxy-leads-out": ("e2e/test_package_proxies.py::test_only_the_apt_proxy_leads_out",),
            "foreign-signed-by-conflict": (
                f"{CHECK}::test_foreign_signed_by_conflict",
                "preflight/test_examine.py::test_foreign_signed_by_conflict_stops_an_upgrade_before_there_is_a_plan",
            ),
            "tmp-full": (f"{CHECK}::test_tmp_full",),
        },
        (
            "scripts/test_manager_proxy.py::test_the_proxy_is_the_package_managers[a host of its own]",
            "scripts/test_manager_proxy.py::test_the_proxy_is_the_package_managers[dnf's login]",
            "scripts/test_manager_proxy.py::test_certificates_and_addresses_are_the_package_managers[apt, IPv4]",
            "preflight/test_examine.py::test_what_is_found[a malformed source]",
            "remote/test_source_probe.py::test_a_full_temporary_directory_is_named",
            "e2e/test_fall_through.py::test_a_source_gets_the_login_that_the_package_manager_has_for_it",
            "sources/test_logins.py::test_every_tool_sends_the_login_and_shows_it_to_nobody",
            "sources/test_logins.py::test_the_login_is_the_package_managers[of all, and a stranger]",
            "sources/test_logins.py::test_what_cannot_be_sent_unseen_is_no_verdict",
            "strategies/test_rpm_repo.py::test_a_repository_keeps_how_it_is_reached_and_nothing_else",
        ),
    ),
    Kind(
        "what check passes, apply can do",
        {},
        (
            f"{CHECK}::test_what_the_host_forbids_to_install_is_seen_before_an_apply[a pin]",
            f"{CHECK}::test_what_the_host_forbids_to_install_is_seen_before_an_apply[an exclude]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[a full cache of apt]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[a full cache of dnf]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[no inode for packages]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[a broken database of dpkg]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[a broken database of rpm]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[a read-only database of dpkg]",
            f"{CHECK}::test_what_keeps_packages_out_is_seen[no list of authorities]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[a dead proxy of apt]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[a dead proxy of dnf]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[a held package of somebody else]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[apt told to fetch and no more]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[sources of apt in another place]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[a folder of keys that apt's account cannot read]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[dnf told to say no]",
            f"{CHECK}::test_what_stops_an_apply_is_seen_before_it[no versionlock to hold with]",
            f"{CHECK}::test_the_distributions_engine_needs_a_way_to_its_archive",
            "preflight/test_examine.py::test_what_is_found[a full database of dpkg]",
            "planner/test_foreseen.py::test_what_a_plan_refuses_is_foreseen_in_the_same_words[a locked file]",
            "planner/test_foreseen.py::test_what_a_plan_refuses_is_foreseen_in_the_same_words[a read-only directory]",
            "planner/test_foreseen.py::test_what_a_plan_refuses_is_foreseen_in_the_same_words[what needs the engine that goes]",
            "preflight/test_forbidden.py::test_which_pin_counts[one that may match]",
            "preflight/test_forbidden.py::test_an_exclude_stops_an_installation[what it needs]",
            "preflight/test_forbidden.py::test_a_version_that_the_source_would_give_is_refused_before_there_is_a_plan",
        ),
    ),
    Kind(
        "lists are fresh where it matters, and a dead source of somebody else stops nobody",
        {},
        (
            "e2e/test_fall_through.py::test_old_lists_and_dead_sources_of_others_stop_nobody",
            "scripts/test_dead_sources.py::test_a_dead_repository_of_somebody_else_is_passed_over[dnf 5]",
            "scripts/test_dead_sources.py::test_a_dead_source_of_apt_is_named_and_ends_nothing[a CD]",
            "planner/test_choice.py::test_old_lists_are_fetched_anew_where_they_prove_old_and_that_is_wanted",
            "e2e/test_lookalikes.py::test_a_list_of_an_older_guide_does_not_stop_apt",
        ),
    ),
    Kind(
        "a system is what all its clues say",
        {
            "puppy-codename-ignored": (f"{CHECK}::test_puppy_codename_ignored",),
            "apt-present-on-rpm-host": (
                f"{CHECK}::test_apt_present_on_rpm_host",
                "e2e/test_versions.py::test_apt_present_on_rpm_host",
                "scripts/test_package_manager.py::test_the_package_manager_is_the_systems[apt-present-on-rpm-host]",
            ),
        },
        (
            "facts/test_platform.py::test_another_release_is_taken_as_a_known_one_and_the_notice_says_why[bigcloud-21.10]",
            "facts/test_platform.py::test_another_release_is_taken_as_a_known_one_and_the_notice_says_why[xcp-ng-8.2.1]",
            "facts/test_platform.py::test_what_the_packages_of_a_derivative_were_built_for_counts_more_than_its_own_number",
            "scripts/test_package_manager.py::test_the_package_manager_is_the_systems[dnf on Debian]",
            "scripts/test_package_manager.py::test_the_package_manager_is_the_systems[apt for rpm]",
        ),
    ),
    Kind(
        "accounts come from the name service",
        {
            "directory-user": (
                "e2e/test_accounts.py::test_directory_user",
                "e2e/test_from_nothing.py::test_directory_user",
            )
        },
        (
            "e2e/test_accounts.py::test_directory_user[CORP\\eve]",
            "e2e/test_accounts.py::test_a_group_of_a_directory_is_changed_there",
            "e2e/test_accounts.py::test_an_account_that_is_nowhere_is_refused_before_anything_is_done",
            "cli/test_commands.py::test_a_target_may_have_an_account_of_a_directory",
        ),
    ),
    Kind(
        "who reads a password reads nothing else",
        {"sudo-rs-with-password": ("e2e/test_logins.py::test_sudo_rs_with_password",)},
        (
            f"{OURS}::test_who_reads_the_password_gets_nothing_else",
            f"{OURS}::test_sudo_says_itself_why_it_refuses",
            "e2e/test_logins.py::test_the_password_is_nowhere",
            "e2e/test_interruptions.py::test_an_account_that_becomes_root_by_sudo_joins_its_run_again",
        ),
    ),
    Kind(
        "a configuration of ssh means what it means to ssh",
        {
            "match-final-all": (
                f"{AS_SSH}::test_match_final_all_as_the_users_file",
                f"{AS_SSH}::test_match_final_all_as_the_systems_file",
            )
        },
        (
            f"{AS_SSH}::test_canonical_names",
            f"{AS_SSH}::test_any_configuration_means_what_it_means_to_ssh",
            f"{AS_SSH}::test_without_openssh_file_and_line_are_named",
            "transports/test_ssh.py::test_another_agent_than_that_of_the_environment",
        ),
    ),
    Kind(
        "no wish is dropped in silence",
        {},
        (
            "planner/test_without_effect.py::test_a_wish_shows",
            "planner/test_without_effect.py::test_a_changed_package_source_is_drift_and_applied",
            "planner/test_without_effect.py::test_every_field_is_wished_for",
        ),
    ),
    Kind(
        "Desktop and Windows are served like servers",
        {},
        (
            "desktop/test_desktop.py::test_mirrors_that_are_known_to_be_dead_or_restricted_are_told",
            "desktop/test_desktop.py::test_add_and_remove_change_the_list_that_there_is",
            "test_windows.py::test_a_command_works_or_says_what_it_needs",
            "test_windows.py::test_every_module_is_imported",
        ),
    ),
    Kind(
        "what the daemon says is told from what the client says",
        {"client-config-broken": ("e2e/test_client_settings.py::test_client_config_broken",)},
        (
            "e2e/test_client_settings.py::test_client_config_broken[environment]",
            "e2e/test_client_settings.py::test_a_restart_is_not_taken_for_a_failure_either",
            "facts/test_engine.py::test_what_the_client_says_besides_is_not_the_engines_answer[a warning that looks like an answer]",
        ),
    ),
    Kind(
        "an engine is found however it runs",
        {
            "pidfile-elsewhere": (f"{FOUND}::test_pidfile_elsewhere",),
            "engine-not-on-path": (f"{FOUND}::test_engine_not_on_path",),
        },
        (
            f"{FOUND}::test_a_pid_file_that_was_deleted",
            f"{FOUND}::test_a_pid_file_whose_number_another_process_has_now",
            f"{FOUND}::test_where_it_listens[tcp only]",
            f"{FOUND}::test_a_configuration_file_that_an_environment_file_names",
            f"{FOUND}::test_a_second_engine_is_named_and_left_alone",
        ),
    ),
    Kind(
        "the environment of systemd is read as systemd reads it",
        {
            name: (f"{SYSTEMD}::test_an_option_of_systemds_environment[{name}]",)
            for name in ("envfile-unquoted", "envfile-other-name", "environment-in-use")
        },
        (
            f"{SYSTEMD}::test_an_option_of_systemds_environment[a pattern of files]",
            "e2e/test_systemd_reads.py::test_variables_of_environment_files",
            "facts/test_next_start.py::test_words[files after Environment=, by name]",
            "facts/test_next_start.py::test_words[sysconfig, unquoted]",
            "facts/test_next_start.py::test_where_it_cannot_be_said[manager]",
        ),
    ),
    Kind(
        "values are compared as the engine keeps them",
        {"insecure-registries-normalised": (f"{ODD}::test_insecure_registries_normalised",)},
        (
            f"{ODD}::test_applying_what_an_engine_shows_changes_nothing",
            "facts/test_normal_form.py::test_the_form_that_the_engine_keeps",
            "facts/test_normal_form.py::test_order_scheme_host_bits_and_doubles_of_insecure_registries_say_nothing",
        ),
    ),
    Kind(
        "files of other engines are read whole and left alone where they decide",
        {
            "podman-docker-io-remapped-or-blocked": (f"{TOLD}::test_podman_docker_io_remapped_or_blocked",),
            "containerd-inline-mirrors": (f"{TOLD}::test_containerd_inline_mirrors",),
        },
        (
            f"{TOLD}::test_what_podman_does_not_read_is_refused",
            f"{TOLD}::test_imports_of_containerd_are_read",
            "host_files/test_podman_registries.py::test_what_a_table_makes_of_docker_hub",
            "host_files/test_k3s_registries.py::test_clearing_never_deletes_a_file_of_comments",
        ),
    ),
    Kind(
        "a mirror is judged where a pull would end",
        {
            "blobs-redirected-to-blocked-host": (f"{ENDS}::test_blobs_redirected_to_blocked_host",),
            "mirror-that-redirects": (f"{ENDS}::test_mirror_that_redirects",),
        },
        (
            f"{ENDS}::test_a_proxy_of_the_engine_that_does_not_know_the_mirror",
            f"{ENDS}::test_proxies_in_daemon_json",
            "remote/test_mirror_redirects.py::test_where_a_redirect_leads",
            "remote/test_mirror_redirects.py::test_a_token_goes_to_the_host_that_asked_for_it_and_to_no_other",
        ),
    ),
    Kind(
        "a caution of ours is not stated as dockerd's refusal",
        {},
        (
            "e2e/test_claims.py::test_what_is_said_of_a_document",
            "e2e/test_claims.py::test_what_is_said_of_a_key",
            "planner/test_stopped_engines.py::test_our_own_caution_is_not_stated_as_what_dockerd_refuses",
        ),
    ),
    Kind(
        "words lead on",
        {},
        (
            "cli/test_hints.py::test_a_command_that_is_told_can_be_typed",
            "checks/test_drift.py::test_the_way_back_is_that_of_the_difference",
            f"{OURS}::test_an_engine_that_only_root_may_ask_leads_to_sudo",
            "mirror_probe/test_before_writing.py::test_the_way_out_is_a_command",
            "e2e/test_logins.py::test_a_wrong_password_is_said_once_and_nothing_changes",
        ),
    ),
)


@cache
def _texts(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The tests of a file, and every string in it: ids are among them."""
    nodes = list(ast.walk(tree_of(path)))
    tests = {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(tests), frozenset(strings)


def is_there(place: str) -> bool:
    """Whether a file has this test, and its id when one is named."""
    file, _, rest = place.partition("::")
    name, _, of_one = rest.partition("[")
    if not (HERE / file).is_file():
        return False
    tests, strings = _texts(HERE / file)
    return name in tests and (not of_one or of_one.removesuffix("]") in strings)


def bears(place: str, name: str) -> bool:
    """Whether who looks for a situation by its name finds this test."""
    return name.replace("-", "_") in place.replace("-", "_")


def main() -> None:
    for kind in KINDS:
        print(f"{len(kind.named)} named, {len(kind.others)} others: {kind.holds}")
    named, others = sum(len(kind.named) for kind in KINDS), sum(len(kind.others) for kind in KINDS)
    print(f"{len(KINDS)} kinds, {named} situations by name, {others} others")


if __name__ == "__main__":
    main()
