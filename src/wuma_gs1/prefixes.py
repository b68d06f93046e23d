"""Who manages a GS1 prefix: the first three digits of every company prefix.

GS1, "GS1 Company Prefix" list of prefixes (state of 2026). A prefix tells which member organisation
registered the brand, never where a thing was made; ranges that belong to nobody tell their use instead.
"""

from __future__ import annotations

from bisect import bisect_right

PREFIX_RANGES: tuple[tuple[str, str, str, str], ...] = (
    # first, last, member organisation or use, ISO 3166 country
    ("000", "019", "GS1 US", "US"),
    ("020", "029", "restricted circulation within a region", ""),
    ("030", "039", "GS1 US", "US"),
    ("040", "049", "restricted circulation within a company", ""),
    ("050", "059", "GS1 US", "US"),
    ("060", "139", "GS1 US", "US"),
    ("200", "299", "restricted circulation within a region", ""),
    ("300", "379", "GS1 France", "FR"),
    ("380", "380", "GS1 Bulgaria", "BG"),
    ("381", "381", "GS1 Kosovo", "XK"),
    ("383", "383", "GS1 Slovenija", "SI"),
    ("385", "385", "GS1 Croatia", "HR"),
    ("387", "387", "GS1 BIH", "BA"),
    ("389", "389", "GS1 Montenegro", "ME"),
    ("400", "440", "GS1 Germany", "DE"),
    ("450", "459", "GS1 Japan", "JP"),
    ("460", "469", "GS1 Russia", "RU"),
    ("470", "470", "GS1 Kyrgyzstan", "KG"),
    ("471", "471", "GS1 Chinese Taipei", "TW"),
    ("474", "474", "GS1 Estonia", "EE"),
    ("475", "475", "GS1 Latvia", "LV"),
    ("476", "476", "GS1 Azerbaijan", "AZ"),
    ("477", "477", "GS1 Lithuania", "LT"),
    ("478", "478", "GS1 Uzbekistan", "UZ"),
    ("479", "479", "GS1 Sri Lanka", "LK"),
    ("480", "480", "GS1 Philippines", "PH"),
    ("481", "481", "GS1 Belarus", "BY"),
    ("482", "482", "GS1 Ukraine", "UA"),
    ("483", "483", "GS1 Turkmenistan", "TM"),
    ("484", "484", "GS1 Moldova", "MD"),
    ("485", "485", "GS1 Armenia", "AM"),
    ("486", "486", "GS1 Georgia", "GE"),
    ("487", "487", "GS1 Kazakstan", "KZ"),
    ("488", "488", "GS1 Tajikistan", "TJ"),
    ("489", "489", "GS1 Hong Kong, China", "HK"),
    ("490", "499", "GS1 Japan", "JP"),
    ("500", "509", "GS1 UK", "GB"),
    ("520", "521", "GS1 Association Greece", "GR"),
    ("528", "528", "GS1 Lebanon", "LB"),
    ("529", "529", "GS1 Cyprus", "CY"),
    ("530", "530", "GS1 Albania", "AL"),
    ("531", "531", "GS1 Macedonia", "MK"),
    ("535", "535", "GS1 Malta", "MT"),
    ("539", "539", "GS1 Ireland", "IE"),
    ("540", "549", "GS1 Belgium & Luxembourg", ""),
    ("560", "560", "GS1 Portugal", "PT"),
    ("569", "569", "GS1 Iceland", "IS"),
    ("570", "579", "GS1 Denmark", "DK"),
    ("590", "590", "GS1 Poland", "PL"),
    ("594", "594", "GS1 Romania", "RO"),
    ("599", "599", "GS1 Hungary", "HU"),
    ("600", "601", "GS1 South Africa", "ZA"),
    ("603", "603", "GS1 Ghana", "GH"),
    ("604", "604", "GS1 Senegal", "SN"),
    ("605", "605", "GS1 Uganda", "UG"),
    ("606", "606", "GS1 Angola", "AO"),
    ("607", "607", "GS1 Oman", "OM"),
    ("608", "608", "GS1 Bahrain", "BH"),
    ("609", "609", "GS1 Mauritius", "MU"),
    ("610", "610", "not allocated", ""),
    ("611", "611", "GS1 Morocco", "MA"),
    ("613", "613", "GS1 Algeria", "DZ"),
    ("614", "614", "not allocated", ""),
    ("615", "615", "GS1 Nigeria", "NG"),
    ("616", "616", "GS1 Kenya", "KE"),
    ("617", "617", "GS1 Cameroon", "CM"),
    ("618", "618", "GS1 Côte d'Ivoire", "CI"),
    ("619", "619", "GS1 Tunisia", "TN"),
    ("620", "620", "GS1 Tanzania", "TZ"),
    ("621", "621", "GS1 Syria", "SY"),
    ("622", "622", "GS1 Egypt", "EG"),
    ("623", "623", "not allocated", ""),
    ("624", "624", "GS1 Libya", "LY"),
    ("625", "625", "GS1 Jordan", "JO"),
    ("626", "626", "GS1 Iran", "IR"),
    ("627", "627", "GS1 Kuwait", "KW"),
    ("628", "628", "GS1 Saudi Arabia", "SA"),
    ("629", "629", "GS1 Emirates", "AE"),
    ("630", "630", "GS1 Qatar", "QA"),
    ("631", "631", "GS1 Namibia", "NA"),
    ("632", "632", "GS1 Rwanda", "RW"),
    ("640", "649", "GS1 Finland", "FI"),
    ("680", "681", "GS1 China", "CN"),
    ("690", "699", "GS1 China", "CN"),
    ("700", "709", "GS1 Norway", "NO"),
    ("729", "729", "GS1 Israel", "IL"),
    ("730", "739", "GS1 Sweden", "SE"),
    ("740", "740", "GS1 Guatemala", "GT"),
    ("741", "741", "GS1 El Salvador", "SV"),
    ("742", "742", "GS1 Honduras", "HN"),
    ("743", "743", "GS1 Nicaragua", "NI"),
    ("744", "744", "GS1 Costa Rica", "CR"),
    ("745", "745", "GS1 Panama", "PA"),
    ("746", "746", "GS1 Republica Dominicana", "DO"),
    ("750", "750", "GS1 Mexico", "MX"),
    ("754", "755", "GS1 Canada", "CA"),
    ("758", "758", "not allocated", ""),
    ("759", "759", "GS1 Venezuela", "VE"),
    ("760", "769", "GS1 Switzerland", "CH"),
    ("770", "771", "GS1 Colombia", "CO"),
    ("773", "773", "GS1 Uruguay", "UY"),
    ("775", "775", "GS1 Peru", "PE"),
    ("777", "777", "GS1 Bolivia", "BO"),
    ("778", "779", "GS1 Argentina", "AR"),
    ("780", "780", "GS1 Chile", "CL"),
    ("784", "784", "GS1 Paraguay", "PY"),
    ("786", "786", "GS1 Ecuador", "EC"),
    ("789", "790", "GS1 Brasil", "BR"),
    ("800", "839", "GS1 Italy", "IT"),
    ("840", "849", "GS1 Spain", "ES"),
    ("850", "850", "GS1 Cuba", "CU"),
    ("858", "858", "GS1 Slovakia", "SK"),
    ("859", "859", "GS1 Czech", "CZ"),
    ("860", "860", "GS1 Serbia", "RS"),
    ("865", "865", "GS1 Mongolia", "MN"),
    ("867", "867", "GS1 North Korea", "KP"),
    ("868", "869", "GS1 Türkiye", "TR"),
    ("870", "879", "GS1 Netherlands", "NL"),
    ("880", "881", "GS1 South Korea", "KR"),
    ("883", "883", "GS1 Myanmar", "MM"),
    ("884", "884", "GS1 Cambodia", "KH"),
    ("885", "885", "GS1 Thailand", "TH"),
    ("887", "887", "GS1 Laos", "LA"),
    ("888", "888", "GS1 Singapore", "SG"),
    ("890", "890", "GS1 India", "IN"),
    ("893", "893", "GS1 Vietnam", "VN"),
    ("894", "894", "not allocated", ""),
    ("896", "896", "GS1 Pakistan", "PK"),
    ("899", "899", "GS1 Indonesia", "ID"),
    ("900", "919", "GS1 Austria", "AT"),
    ("930", "939", "GS1 Australia", "AU"),
    ("940", "949", "GS1 New Zealand", "NZ"),
    ("950", "950", "GS1 Global Office", ""),
    ("951", "951", "GS1 Global Office", ""),
    ("952", "952", "GS1 Global Office", ""),
    ("955", "955", "GS1 Malaysia", "MY"),
    ("958", "958", "GS1 Macau, China", "MO"),
    ("960", "969", "GS1 Global Office", ""),
    ("977", "977", "serial publications (ISSN)", ""),
    ("978", "979", "books and music (ISBN, ISMN)", ""),
    ("980", "980", "refund receipts", ""),
    ("981", "984", "coupons in common currency areas", ""),
    ("990", "999", "coupons", ""),
)
"""Ranges of GS1 prefixes, ascending."""

_FIRSTS = [first for first, _, _, _ in PREFIX_RANGES]
NOT_ASSIGNED = "not assigned"
RESTRICTED_IN_COMPANY = "restricted circulation within a company"


def member_organisation(digits: str) -> str:
    """Name the member organisation (or the use) of the prefix that `digits` begin with.

    >>> member_organisation("690"), member_organisation("6801234"), member_organisation("952")
    ('GS1 China', 'GS1 China', 'GS1 Global Office')
    >>> member_organisation("2123"), member_organisation("141")
    ('restricted circulation within a region', 'not assigned')
    """
    return _range_of(digits)[0]


def country(digits: str) -> str | None:
    """Tell the ISO 3166 country of the member organisation, if it serves one.

    >>> country("690"), country("952")
    ('CN', None)
    """
    return _range_of(digits)[1] or None


def _range_of(digits: str) -> tuple[str, str]:
    prefix = digits[:3]
    index = bisect_right(_FIRSTS, prefix) - 1
    if index >= 0 and prefix <= PREFIX_RANGES[index][1]:
        return PREFIX_RANGES[index][2:]
    return NOT_ASSIGNED, ""
