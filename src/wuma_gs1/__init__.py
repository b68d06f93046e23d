"""GS1 in pure Python: identification keys, AI syntax, Digital Link, EPC tags, the EPCIS event hash.

Nothing here does I/O or needs more than the standard library; it knows nothing of any application. The
package itself imports none of its modules: take what you need.

Vocabulary
    AI            Application Identifier: the two to four digits that say what a value is
    element       an AI and its value, `(21)A1`
    key           the number that identifies: GTIN, SSCC, GLN, …; its AI is a *primary key* in a link
    qualifier     an AI that narrows a key down in the path of a link: variant, lot, serial
    attribute     an AI that only describes, in the query of a link: an expiry date
    shape         the AIs of a message without their values; rules about companions see no more than that
    problem       one fault of an input: code, AI, position, sentence
    stem          scheme, domain and custom path of a link, before the key
    canonical     of several spellings of one thing, the one that all agree on

Modules
    keys                  Gtin, Sscc, Gln, Grai, Giai, … with check digits; `expand_upc_e`
    check_characters      check digits and check pairs by themselves; `batch` for millions (needs NumPy)
    element_strings       `(01)…(21)…` and `^01…^21…`; `scan_data` for what a scanner sends
    human_readable, values    the text below a symbol; dates, measures and amounts that values mean
    digital_link          GS1 Digital Link URIs; `compression`; `linkset` for resolvers
    epc, tags             EPC URIs; RFID tags of TDS 1.x and 2.x; `company_prefixes` for where to cut a key
    canonical             one key for one thing in all these forms
    event_hash            the event ID of CBV 2.0 out of XML and JSON; `cbv` for its vocabularies
    prefixes              which GS1 member organisation issued a key

Promises
    An input is read or refused with a `ParseError`; no input raises anything else, and none takes more than
    time linear in its length.
    One fault does not hide another: a refusal lists all of them, each with a code and its place.
    What a parse gives is frozen and right; nobody who holds it checks it again.
"""
