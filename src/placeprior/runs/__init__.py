"""From ``runs.yml`` to stored results: which runs there are, what each of them sees, making it, keeping it.

``plan`` lists the runs, ``making`` makes one, ``store`` and ``committed`` keep what it came to, ``predict`` maps it,
and ``estimators`` are what a user would try in place of a network. Nothing here draws, or compares one run with
another.
"""
