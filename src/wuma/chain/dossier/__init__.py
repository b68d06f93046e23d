"""批次档案: everything a maker of infant formula has to be able to show about one batch.

Vocabulary
    item        one thing that is recorded (a moisture, a supplier, a temperature held), from the template
    subject     what an item speaks of when it recurs: a lot of raw material, a machine; empty otherwise
    entry       what somebody, or an event, said of an item of a batch; it is never changed
    correction  a later entry about the same item and subject, with the reason; the earlier one stays
    gap         an item that is required and missing, or out of its limits
    release     two signatures: quality (放行), then market; never both by one person
    series      readings of one kind by one device at one place
    excursion   readings outside of a rule's limits for longer than the rule allows

Promises
    Nothing is overwritten: the history of every item is there, with who, when and why.
    What an EPCIS event says is entered once, whatever the order in which events arrive; an event that is
    declared an error takes back what it said.
    No batch is released over a gap unless somebody has written down why, and nobody signs twice.
    Few limits of standards are in the template, and quality staff check them against the standards in force
    before they rely on them; any other limit is the one that the laboratory states.
"""
