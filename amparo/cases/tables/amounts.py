"""Amounts of money and coins in other people's tables: digits to integers of the smallest unit, never a float between."""

from __future__ import annotations

from amparo.cases.tables.store import literal

# ISO 4217: currencies whose minor unit is not a hundredth (the list of 2024; all others have two digits).
DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

LONGEST_QUICK = 14  # digits: with four decimals more they still fit into 64 bits


def amount(field: str, digits: str, decimal: str, grouping: str) -> str:
    """An amount in minor units; NULL where the text is no amount, or has more decimals than the unit. digits: SQL."""
    text = f"replace({field}, {literal(grouping)}, '')" if grouping else field
    point = "\\." if decimal == "." else ","
    shape = f"'^([+-]?)(\\d{{1,15}})(?:{point}(\\d+))?$'"
    if grouping:  # a grouped text must be grouped in threes, or "1,5" would be fifteen
        group = "\\." if grouping == "." else grouping.replace("'", "''")
        fits = f"regexp_full_match({field}, '[+-]?(\\d+|\\d{{1,3}}({group}\\d{{3}})+)({point}\\d+)?')"
    else:
        fits = "true"
    part = f"regexp_extract({text}, {shape}, ['s', 'w', 'f'])"
    written = (
        f"list_transform([{part}], lambda p: CASE WHEN p.w <> '' AND {fits} AND rtrim(substr(p.f, {digits} + 1), '0') = '' "
        f"THEN TRY((CASE WHEN p.s = '-' THEN -1 ELSE 1 END) * CAST(p.w || rpad(left(p.f, {digits}), {digits}, '0') AS BIGINT)) "
        "END)[1]"
    )
    # As most amounts are written, looked at alone: digits, or digits with as many decimals as the unit has.
    whole = f"CAST({field} || repeat('0', {digits}) AS BIGINT)"
    hundredths = f"CAST(replace({field}, {literal(decimal)}, '') AS BIGINT)"
    return (
        f"CASE WHEN {field} IS NULL THEN NULL WHEN regexp_full_match({field}, '\\d{{1,{LONGEST_QUICK}}}') THEN {whole} "
        f"WHEN {digits} = 2 AND regexp_full_match({field}, '\\d{{1,{LONGEST_QUICK}}}{point}\\d{{2}}') THEN {hundredths} "
        f"ELSE {written} END"
    )


def digits_of(currency: str) -> str:
    """The decimals of the row's currency (ISO 4217). currency: SQL."""
    by_digits: dict[int, list[str]] = {}
    for code, count in DIGITS.items():
        by_digits.setdefault(count, []).append(code)
    cases = " ".join(
        f"WHEN {currency} IN ({', '.join(literal(code) for code in sorted(codes))}) THEN {count}"
        for count, codes in sorted(by_digits.items())
    )
    return f"(CASE {cases} ELSE 2 END)"
