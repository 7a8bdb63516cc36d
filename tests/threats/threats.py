"""What submitted code does to graders, and which tests show that it fails here.

For each threat: what the attack does, what stands against it, the tests (pytest's ids, without
parameters) that fail when that is taken away, and those in which the attack is seen to work
without it.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASS, OUTSIDE = "threats/test_threats_class.py::test_", "threats/test_threats_outside.py::test_"
NOTHING = f"{CLASS}it_earns_nothing"
NEIGHBOURS = f"{CLASS}neighbours_get_what_they_deserve"
UNCHANGED = f"{CLASS}nothing_outside_has_changed"
ROOT = (
    "threats/test_threats_root.py::test_"
    "without_bubblewrap_a_server_is_not_root_where_python_is_open_to_others"
)
THIRTY = "course/test_course_class.py::test_"


@dataclass(frozen=True)
class Threat:
    """One line of the list.

    Args:
        attack: what it does.
        defence: what stands against it.
        tests: which tests show that.
        without: which tests show that the attack works where the defence is missing.
    """

    attack: str
    defence: str
    tests: tuple[str, ...]
    without: tuple[str, ...]


THREATS = {
    1: Threat(
        "ends the process, by exit code or signal, at import or in the middle",
        "results are decided in the grader's process, from what the chat connections carry",
        (NOTHING, NEIGHBOURS),
        (f"{OUTSIDE}a_grader_in_the_same_process_would_not_say_its_points",),
    ),
    2: Threat(
        "objects equal to everything; patched builtins, libraries and grader",
        "the server is never imported; the launcher's words are data",
        (NOTHING, "test_launcher.py::test_lies_about_the_port_are_not_believed"),
        (f"{OUTSIDE}a_grader_in_the_same_process_would_be_fooled",),
    ),
    3: Threat(
        "files beside the server that Python, pytest or the grader would load",
        "nothing is imported from a submission's folder nor from the current one",
        (
            f"{CLASS}nothing_that_lay_beside_a_server_was_imported",
            "test_checking.py::test_what_lies_about_changes_nothing",
        ),
        (f"{OUTSIDE}a_grader_that_starts_in_the_folder_would_import_what_lies_there",),
    ),
    4: Threat(
        "writes results where the real ones go; prints lines that look like results",
        "a mount namespace with one folder to write to; output decides nothing",
        (NOTHING, UNCHANGED, "test_checking.py::test_a_check_prints_nothing"),
        (f"{OUTSIDE}results_that_it_writes",),
    ),
    5: Threat(
        "reads checks, solutions, others' work, environments, by path or through /proc",
        "mount and pid namespaces, a clean environment; where there are none, no root's rights",
        (
            "test_sandbox.py::test_nothing_of_the_machine_is_visible_but_python",
            "test_launcher.py::test_it_gets_a_clean_environment_and_no_keyboard",
            ROOT,
        ),
        (f"{OUTSIDE}what_it_reads",),
    ),
    6: Threat(
        "connects out or to other servers; listens on ports of others",
        "a network namespace with loopback alone",
        (UNCHANGED, "test_sandbox.py::test_there_is_no_network_but_its_own"),
        (f"{OUTSIDE}whom_it_reaches", f"{OUTSIDE}ports_of_others_that_it_takes"),
    ),
    7: Threat(
        "hangs at import, in accept, in a signal handler; answers a byte a second",
        "the idle oracle, and time limits that get short once one was reached",
        (NOTHING, NEIGHBOURS),
        (
            f"{OUTSIDE}a_limit_for_each_read_would_never_end_it",
            f"{OUTSIDE}a_grader_that_asks_it_to_end_would_wait_for_ever",
        ),
    ),
    8: Threat(
        "forks, threads, memory, files, log, chat and a line without end",
        "resource limits, one for the memory of all processes, a folder of limited size, limits"
        " on what is read",
        (
            NOTHING,
            NEIGHBOURS,
            "test_sandbox.py::test_memory_has_an_end",
            "test_room.py::test_a_server_that_floods_is_stopped_and_that_is_said",
            "test_room.py::test_a_server_that_takes_too_much_memory_is_stopped_and_that_is_said",
            "test_room.py::test_a_server_that_starts_ever_more_is_stopped_and_that_is_said",
            f"{OUTSIDE}a_bomb_goes_off_once_in_a_check",
        ),
        (f"{OUTSIDE}bombs_stop_at_their_limits_and_at_nothing_else",),
    ),
    9: Threat(
        "leaves a daemon that acts later",
        "the launcher adopts orphans and ends them; a pid namespace ends as a whole",
        ("test_sandbox.py::test_a_daemon_ends_with_its_server",),
        (f"{OUTSIDE}a_daemon_is_dead_when_the_check_ends",),
    ),
    10: Threat(
        "kills, traces or writes into grader and launcher; uses inherited descriptors",
        "a pid namespace; nothing is inherited but what is the server's own",
        (
            UNCHANGED,
            "test_sandbox.py::test_a_server_that_ends_its_launcher_spoils_nothing_but_its_own_check",
            "test_sandbox.py::test_the_launcher_keeps_nothing_open_for_it",
            ROOT,
        ),
        (f"{OUTSIDE}a_grader_that_it_kills",),
    ),
    11: Threat(
        "links, names that lead elsewhere, archives that unpack to much",
        "nothing is unpacked, no link is followed, reading has a limit",
        (
            "test_intake.py::test_links_lead_nowhere",
            "test_intake.py::test_one_that_is_no_server_is_refused_and_harms_no_other",
            "test_intake.py::test_an_archive_that_unpacks_to_much_is_read_to_the_limit",
            f"{THIRTY}links_are_never_followed_and_not_copied",
        ),
        (
            f"{OUTSIDE}a_grader_that_follows_links_would_take_somebody_elses_work",
            f"{OUTSIDE}a_grader_that_believes_names_would_write_outside",
            f"{OUTSIDE}a_grader_that_unpacks_would_fill_its_disk",
        ),
    ),
    12: Threat(
        "text that is a command to a terminal, a browser or a spreadsheet",
        "all of it is escaped where it is shown",
        (
            "test_report_text.py::test_nothing_of_a_submission_reaches_the_terminal_as_a_command",
            "test_report_html.py::test_nothing_of_a_submission_becomes_markup",
            "test_outputs.py::test_nothing_in_a_cell_is_calculated",
            f"{THIRTY}feedback_says_what_was_wrong_and_nothing_in_it_acts",
        ),
        (f"{THIRTY}what_acts_would_have_been_seen",),
    ),
    13: Threat(
        "a notebook with outputs, metadata, cells or kernel hooks of its own making",
        "no notebook is run, and no output or mark of it is believed",
        (
            f"{THIRTY}everybody_gets_what_their_servers_earn_and_cheating_earns_nothing",
            f"{THIRTY}no_code_of_a_notebook_has_run",
        ),
        (
            f"{THIRTY}a_grader_that_believes_outputs_would_give_full_marks",
            f"{THIRTY}a_grader_that_runs_notebooks_would_give_full_marks",
        ),
    ),
    14: Threat(
        "behaves only in a check; answers that were learned by heart",
        "names and texts are drawn anew from a seed",
        ("test_checking.py::test_the_same_seed_says_the_same_and_another_one_does_not",),
        (f"{OUTSIDE}names_that_were_seen_once_are_of_use_only_with_their_seed",),
    ),
    15: Threat(
        "hands everything on to a right server",
        "a network namespace with loopback alone",
        (NOTHING,),
        (f"{OUTSIDE}a_relay_says_what_it_reaches",),
    ),
}
