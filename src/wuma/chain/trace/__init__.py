"""追溯: what happened to things, told by EPCIS events, and found again in milliseconds.

Vocabulary
    event       an EPCIS event (EPCIS 2.0): what, when, where, why, how; never changed once captured
    thing       whatever an event names: an item, a case, a pallet, a lot; one 64-bit number each
    posting     "this run of things was touched by this run of events", the index from things to events
    capture     one document that was handed in, with what became of each of its events
    containment an interval of time in which a thing was in another, derived from ADD and DELETE on reading

Promises
    A captured event is given back with all its fields, whatever they are.
    A thing is the same thing in whichever form it is named: URN, Digital Link of any domain, element string.
    The order in which events arrive does not matter: late ones take their place in time.
"""
