"""Geographic bias: are some places served worse than others, beyond what chance would scatter?

Plain measures (``unevenness``) and scores by spatial self-information (``geobias``), from errors at places alone.
"""
