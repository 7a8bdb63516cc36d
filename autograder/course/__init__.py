"""A course with nbgrader: what the exercises ask for is checked, and no notebook is ever run.

nbgrader goes on doing what it is good at: handing out and in, the gradebook, formgrader, feedback.
`nbgrader_config.py` at the top of the project puts our part into it: `CheckedAutograde` of
`converter.py` in the place of nbgrader's `Autograde`.
"""
