"""Who is near whom, and who may learn from whom: partitions, neighbours, kriging, clusters.

Everything here is a function of places and of what was measured there. It may use encoders and the data contract; it
knows no network, no run and no score.
"""
