"""What the pages of the book share: style, maps, figures, tables, words, and how a page is made.

Only here and in the command line is anything drawn or put into sentences. Nothing here computes a result: that is done
below, and the pages show the call.
"""
