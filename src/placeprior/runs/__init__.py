"""From ``runs.yml`` to stored results: which runs there are, what each of them sees, making it, keeping it.

``plan`` lists the runs; ``inputs`` is the one way from a run to what its network sees, ``networks`` its network, and
``estimators`` are what a user would try instead, on the same inputs. ``making`` makes a run and ``entry`` writes it;
``store``, ``collecting`` and ``committed`` keep what it came to; ``daily_maps`` maps it. Nothing here draws, or
compares one run with another.
"""
