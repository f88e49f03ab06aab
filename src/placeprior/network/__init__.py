"""The lecture: a network that reads a window of days, the ways a place can join it, and the loop that trains it.

A student reads it in one sitting, in this order: ``windows`` (what the network sees), ``fusion`` (how a place joins),
``model`` (the network), ``training`` (the loop), ``sizes`` (how big and how long). Arrays come in and go out: nothing
here knows where they come from, and no file is read or written.
"""
