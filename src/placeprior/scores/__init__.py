"""What is measured about estimates, and how sure one can be of it.

``metrics`` scores one run, ``paired`` a difference between runs with the one interval of this book (``interval``);
``fairness`` asks where errors lie, ``probes``, ``vectors`` and ``spectra`` what a vector or a map holds. Tables and
arrays come in: nothing here trains, draws or reads a store.
"""
