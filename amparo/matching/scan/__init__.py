"""A seized tree laid beside the lists: every file gets a line, whatever it is.

The engine alone, without Django, so that it runs on other machines too: walk the tree once (`walking`), cut it into chunks
(`planning`), read, compare and look at each (`examining`) on this machine's cores (`running`) or on several machines
(`cluster`), keep every finished chunk (`store`), and write the manifest (`manifest`). `amparo/matching/scans.py` gives it
its place in the house: acts, cases, pages.
"""

from __future__ import annotations
