"""Files that are whole or not there: written aside and renamed, sealed with checksums, locked against a second hand.

Also where the caches lie, and how a YAML file is read strictly. Nothing here knows what a file is about.
"""
