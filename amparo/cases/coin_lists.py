"""The lists of a ledger's pages: what each shows, from which sealed table, and by what it can be searched, filtered, sorted."""

from __future__ import annotations

from amparo.cases.coin_tables import Column, Listing

LISTS: dict[str, Listing] = {
    "broadcasts": Listing(
        "Broadcasts",
        "Each with who paid in it. Derived ones come from rows that name a stream; a payment that fits two is counted in both.",
        ("broadcasts", "payments", "presence"),
        """
        SELECT b.stream, b.host, b.began, b.ended, coalesce(p.payers, 0) AS payers, coalesce(p.coins, 0) AS coins,
               coalesce(s.there, 0) AS there, b.basis, len(b.crosses) AS crosses
        FROM broadcasts b
        LEFT JOIN (SELECT stream, host, count(DISTINCT payer) AS payers, sum(coins)::BIGINT AS coins FROM
                   (SELECT unnest(streams) AS stream, host, payer, coins FROM payments) GROUP BY stream, host) p
               ON p.stream = b.stream AND p.host = b.host
        LEFT JOIN (SELECT stream, host, count(DISTINCT account) AS there FROM presence GROUP BY stream, host) s
               ON s.stream = b.stream AND s.host = b.host
        """,
        (
            Column("stream", "Broadcast", "broadcast"),
            Column("host", "Broadcaster", "account"),
            Column("began", "Began", "when"),
            Column("ended", "Ended", "when"),
            Column("there", "In the room", "number"),
            Column("payers", "Payers", "number"),
            Column("coins", "Coins paid", "coins"),
            Column("basis", "Basis"),
            Column("crosses", "At the same time", "number"),
        ),
        "began NULLS LAST, host, stream",
        ("stream", "host"),
        ("basis", "Basis"),
    ),
    "accounts": Listing(
        "Accounts",
        "Everybody whom a row names. To pay is a role in a ledger, and says nothing of why.",
        ("accounts",),
        "SELECT account, bought, given, got, spent, paid_out, rows, first_at, last_at FROM accounts",
        (
            Column("account", "Account", "account"),
            Column("bought", "Bought", "coins"),
            Column("given", "Given", "coins"),
            Column("got", "Got", "coins"),
            Column("spent", "Spent", "coins"),
            Column("paid_out", "Paid out", "coins"),
            Column("rows", "Rows", "number"),
            Column("first_at", "First", "when"),
            Column("last_at", "Last", "when"),
        ),
        "account",
        ("account",),
    ),
    "payers": Listing(
        "Payers of several broadcasters",
        "Who paid two broadcasters or more. A fact of the ledger, and no rank.",
        ("payers",),
        "SELECT payer, hosts, array_to_string(host_names, ', ') AS host_names, coins, payments, first_at, last_at, evidence "
        "FROM payers",
        (
            Column("payer", "Account", "account"),
            Column("hosts", "Broadcasters", "number"),
            Column("host_names", "Whom"),
            Column("coins", "Coins", "coins"),
            Column("payments", "Payments", "number"),
            Column("first_at", "First", "when"),
            Column("last_at", "Last", "when"),
            Column("evidence", "Rows", "rows", sortable=False),
        ),
        "payer",
        ("payer", "host_names"),
    ),
    "pairs": Listing(
        "Broadcasters with payers in common",
        "Pairs with three payers in common or more.",
        ("hosts",),
        "SELECT host_a, host_b, payers, payer_names FROM hosts",
        (
            Column("host_a", "Broadcaster", "account"),
            Column("host_b", "And", "account"),
            Column("payers", "Payers in common", "number"),
            Column("payer_names", "Whom", "rows", sortable=False),
        ),
        "host_a, host_b",
        ("host_a", "host_b"),
    ),
    "countries": Listing(
        "Countries that the platform states",
        "Candidates from the platform's own columns. None is a finding: an address can be shared, and a card another's.",
        ("countries",),
        "SELECT account, country, stated_in, evidence FROM countries",
        (
            Column("account", "Account", "account"),
            Column("country", "Candidate", "country"),
            Column("stated_in", "Rows that state it", "number"),
            Column("evidence", "Rows", "rows", sortable=False),
        ),
        "account, stated_in DESC, country",
        ("account", "country"),
        ("country", "Country"),
    ),
    "notes": Listing(
        "Notes on payments",
        "By indicators that FATF, AUSTRAC and FINTRAC published. One is a note, never a finding; nobody is ranked by them. "
        "Who may have been extorted is shown as a possible victim.",
        ("indicators",),
        """SELECT title, account, counterparty, CASE WHEN possible_victim THEN 'possible victim' END AS possible, words, payments,
        coins, first_at, last_at, source || ', ' || year AS source, evidence FROM indicators""",
        (
            Column("title", "Note"),
            Column("account", "Account", "account"),
            Column("counterparty", "With", "account"),
            Column("possible", "Beside it", "mark"),
            Column("words", "What the rows show"),
            Column("coins", "Coins", "coins"),
            Column("first_at", "First", "when"),
            Column("last_at", "Last", "when"),
            Column("source", "Published by"),
            Column("evidence", "Rows", "rows", sortable=False),
        ),
        "account, title, counterparty",
        ("account", "counterparty", "title", "words"),
        ("title", "Note"),
    ),
    "gaps": Listing(
        "Where the ledger does not add up",
        "Coins that the rows don't explain: above zero they came in unseen, below zero they left. Missing numbers were removed, "
        "or never handed over.",
        ("gaps",),
        """SELECT kind, account, difference, stated, before_file || ':' || before_row AS before_row, before_at_utc,
        after_file || ':' || after_row AS after_row, after_at_utc FROM gaps""",
        (
            Column("kind", "What"),
            Column("account", "Account", "account"),
            Column("difference", "Difference", "number"),
            Column("stated", "Stated balance", "coins"),
            Column("before_row", "Row before"),
            Column("before_at_utc", "At", "when"),
            Column("after_row", "Row after"),
            Column("after_at_utc", "At", "when"),
        ),
        "after_at_utc NULLS LAST, after_row, kind, account",
        ("account", "before_row", "after_row"),
        ("kind", "What"),
    ),
    "bad": Listing(
        "Rows with a problem",
        "Each as it is written. Those that are kept stand in the ledger with a doubt; the others are no events.",
        ("bad",),
        "SELECT file, row, problem, CASE WHEN kept THEN 'kept' ELSE 'left out' END AS kept, raw FROM bad",
        (
            Column("file", "File"),
            Column("row", "Row", "number"),
            Column("problem", "Problem"),
            Column("kept", "Kept"),
            Column("raw", "As written", "raw", sortable=False),
        ),
        "file, row, problem",
        ("file", "problem", "raw"),
        ("kept", "Kept"),
    ),
    "references": Listing(
        "Payment references",
        "What a payment service needs to name the payer: its own reference, the time with its zone, and the amount. "
        "The service stands in the detail of a purchase.",
        ("events",),
        """SELECT coalesce(detail, 'not stated') AS service, reference, at_utc, at_raw, money_minor, currency, coins, account,
        file || ':' || row AS place FROM events WHERE event = 'purchase' AND reference IS NOT NULL""",
        (
            Column("service", "Payment service"),
            Column("reference", "Reference", "code"),
            Column("at_utc", "Time (UTC)", "when"),
            Column("at_raw", "As written", "code"),
            Column("money_minor", "Amount", "money"),
            Column("currency", "Currency", "currency"),
            Column("coins", "Coins", "coins"),
            Column("account", "Account", "account"),
            Column("place", "Row"),
        ),
        "service, at_utc NULLS LAST, place",
        ("reference", "account", "service"),
        ("service", "Payment service"),
    ),
}
SECTIONS = (
    ("broadcasts", "Broadcasts"),
    ("accounts", "Accounts"),
    ("payers", "Common payers"),
    ("pairs", "Pairs"),
    ("countries", "Countries"),
    ("notes", "Notes"),
    ("references", "References"),
    ("gaps", "Gaps"),
    ("bad", "Problems"),
)
