"""售后: what a brand does when something is wrong with what it sold; so far, recalls (召回).

Vocabulary
    recall      a case: goods that must come back, why, who has them, and what became of them
    scope       how the goods are named: a lot of raw material, a batch, a line and hours, a pallet, a code
    listing     the goods that a scope means at one moment, as runs of things with their holders
    holder      the party that has the goods, as the last event says
    entry       a line of the case's log: a notice, an answer, goods returned, goods destroyed; never changed
    drill       a recall that warns nobody: to learn how long it takes

Promises
    Whoever scans a recalled unit is warned as soon as the recall is open.
    A can is counted back once, however often it is reported.
    Goods that late events bring into the scope join the recall by themselves.
"""
