"""Sixty countries of the invented platform: share of its people, dial code, digits after it, locale, zone, currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 730

# weight code dial digits locale zone currency
_LANDS = """
90 DE 49 11 de_DE Europe/Berlin EUR|85 US 1 10 en_US America/New_York USD|70 BR 55 11 pt_BR America/Sao_Paulo BRL
65 FR 33 9 fr_FR Europe/Paris EUR|62 GB 44 10 en_GB Europe/London GBP|60 ES 34 9 es_ES Europe/Madrid EUR
55 IT 39 10 it_IT Europe/Rome EUR|50 MX 52 10 es_MX America/Mexico_City MXN|48 IN 91 10 en_IN Asia/Kolkata INR
45 PL 48 9 pl_PL Europe/Warsaw PLN|42 NL 31 9 nl_NL Europe/Amsterdam EUR|40 RU 7 10 ru_RU Europe/Moscow RUB
36 TR 90 10 tr_TR Europe/Istanbul TRY|34 JP 81 10 ja_JP Asia/Tokyo JPY|33 AR 54 10 es_AR America/Argentina/Buenos_Aires ARS
32 CO 57 10 es_CO America/Bogota COP|30 CA 1 10 en_CA America/Toronto CAD|28 ID 62 11 id_ID Asia/Jakarta IDR
27 PH 63 10 en_PH Asia/Manila PHP|26 RO 40 9 ro_RO Europe/Bucharest RON|25 UA 380 9 uk_UA Europe/Kyiv UAH
24 AU 61 9 en_AU Australia/Sydney AUD|23 PT 351 9 pt_PT Europe/Lisbon EUR|22 BE 32 9 nl_BE Europe/Brussels EUR
21 SE 46 9 sv_SE Europe/Stockholm SEK|20 AT 43 10 de_AT Europe/Vienna EUR|19 CH 41 9 de_CH Europe/Zurich CHF
18 CZ 420 9 cs_CZ Europe/Prague CZK|17 HU 36 9 hu_HU Europe/Budapest HUF|16 GR 30 10 el_GR Europe/Athens EUR
15 CL 56 9 es_CL America/Santiago CLP|14 PE 51 9 es_PE America/Lima PEN|14 KR 82 10 ko_KR Asia/Seoul KRW
13 TH 66 9 th_TH Asia/Bangkok THB|13 VN 84 9 vi_VN Asia/Ho_Chi_Minh VND|12 MY 60 9 ms_MY Asia/Kuala_Lumpur MYR
12 DK 45 8 da_DK Europe/Copenhagen DKK|11 FI 358 9 fi_FI Europe/Helsinki EUR|11 NO 47 8 nb_NO Europe/Oslo NOK
10 IE 353 9 en_IE Europe/Dublin EUR|10 ZA 27 9 en_ZA Africa/Johannesburg ZAR|10 MA 212 9 fr_MA Africa/Casablanca MAD
9 EG 20 10 ar_EG Africa/Cairo EGP|9 SA 966 9 ar_SA Asia/Riyadh SAR|9 IL 972 9 he_IL Asia/Jerusalem ILS
8 BG 359 9 bg_BG Europe/Sofia BGN|8 SK 421 9 sk_SK Europe/Bratislava EUR|8 HR 385 9 hr_HR Europe/Zagreb EUR
7 RS 381 9 sr_RS Europe/Belgrade RSD|7 LT 370 8 lt_LT Europe/Vilnius EUR|7 LV 371 8 lv_LV Europe/Riga EUR
6 EE 372 8 et_EE Europe/Tallinn EUR|6 SI 386 8 sl_SI Europe/Ljubljana EUR|6 NZ 64 9 en_NZ Pacific/Auckland NZD
5 SG 65 8 en_SG Asia/Singapore SGD|5 KE 254 9 en_KE Africa/Nairobi KES|5 NG 234 10 en_NG Africa/Lagos NGN
5 EC 593 9 es_EC America/Guayaquil USD|4 UY 598 8 es_UY America/Montevideo UYU|4 KZ 7 10 ru_KZ Asia/Almaty KZT
"""


@dataclass(frozen=True)
class Land:
    """digits: of a number after the dial code. Numbers begin with 100 there, which no operator gives to anybody."""

    code: str
    weight: int
    dial: str
    digits: int
    locale: str
    zone: str
    currency: str


@cache
def lands() -> tuple[Land, ...]:
    """The countries, largest first."""
    found = []
    for each in _LANDS.replace("|", "\n").split("\n"):
        if each.strip():
            weight, code, dial, digits, locale, zone, currency = each.split()
            found.append(Land(code, int(weight), dial, int(digits), locale, zone, currency))
    return tuple(found)


def shares() -> np.ndarray:
    """How much of the platform lives in each country; sums to 1."""
    weights = np.array([land.weight for land in lands()], dtype=np.float64)
    return weights / weights.sum()


def codes() -> np.ndarray:
    return np.array([land.code for land in lands()])


@cache
def offsets() -> np.ndarray:
    """Seconds to take from a local clock to reach UTC: (countries, DAYS + 2), summer times included."""
    table = np.zeros((len(lands()), DAYS + 2), dtype=np.int32)
    for number, land in enumerate(lands()):
        there = ZoneInfo(land.zone)
        for day in range(DAYS + 2):
            noon = (FIRST_DAY + timedelta(days=day, hours=12)).replace(tzinfo=there)
            table[number, day] = int((noon.utcoffset() or timedelta()).total_seconds())
    return table
