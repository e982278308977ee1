"""Tables of what others wrote: files of any shape by a saved mapping into DuckDB, each row with its file and number.

Serves the coins of a platform (`cases.coins`) and its whole base (`cases.linkage`). Pure: no Django, no network; of Amparo the
foundation alone.
"""
