"""Two steps of nbgrader's exchange, where one odd submission would otherwise reach further."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import ignore_patterns

from autograder.course.files import RESERVED


class Collect(ExchangeCollect):
    """Collects links as links.

    The teacher may read more than a student, whose link would bring it all into the submission.
    """

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy what a student handed in, within the limits that nbgrader sets."""
        if self.get_size(src) > 1000 * self.coursedir.max_dir_size:
            self.log.error("%s is larger than %s kB", src, self.coursedir.max_dir_size)
            return  # and go on with the others
        ignore = ignore_patterns(
            exclude=self.coursedir.ignore,
            include=self.coursedir.include,
            max_file_size=self.coursedir.max_file_size,
            log=self.log,
        )
        try:
            shutil.copytree(src, dest, ignore=ignore, symlinks=True)
        except shutil.Error as error:  # such as a named pipe; all the rest has been copied
            for path, _target, _why in error.args[0]:
                self.log.warning("%s could not be collected", ascii(path))


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases the feedback of whoever handed in by the exchange.

    Nobody else can fetch it, and nbgrader would stop at the first of them.
    """

    def copy_files(self) -> None:
        """Copy the feedback to where the students' `nbgrader fetch_feedback` looks for it."""
        excluded = set(self.coursedir.student_id_exclude.split(",")) - {""}
        pattern = self.coursedir.format_path(
            self.coursedir.feedback_directory, "*", self.coursedir.assignment_id
        )
        above = Path(pattern).parents[1]
        for folder in above.glob(f"*/{self.coursedir.assignment_id}"):
            if not all((folder / name).is_file() for name in RESERVED):
                self.log.warning(
                    "%s did not hand in by the exchange: send the feedback in %s another way",
                    *(ascii(folder.parent.name), ascii(str(folder))),
                )
                excluded.add(folder.parent.name)
        self.coursedir.student_id_exclude = ",".join(sorted(excluded))
        super().copy_files()
