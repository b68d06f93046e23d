"""A person scans a code: on a phone, in a shop or a kitchen, with or without telling us anything.

``answer.py`` is what we answer, as values; ``scan.py`` how we come to it; ``http.py`` the addresses
(``/01/{gtin}/21/{serial}``, ``/h/{code}``, ``/m``); ``page.py`` how it looks on a phone.
"""
