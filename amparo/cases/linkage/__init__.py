"""Accounts of one person on a platform, the countries they point to, and what each country is told: each with its evidence.

Pure: no Django, no network; of Amparo the foundation and `cases.tables`.
"""
