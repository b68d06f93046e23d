"""防伪: what a scan says about an item, with reasons.

Vocabulary
    scan       somebody showed us a code: who (as a pseudonym), when, where (as far as they let us know)
    history    what we remember of the scans of one code, enough to judge the next
    verdict    what we say: an outcome and the reasons that decided it
    place      a division of China, its source (gps_exact, gps_fuzzy, ip, store_declared, none) and accuracy

Promises
    An open code is never called genuine: anybody can copy what is outside. It is registered, or it is not.
    The word "fake" is never said on a score alone; a suspect code comes with its reasons and what to do.
    Unknown and not yet activated look the same outside, in words and in time.
    A scan that was answered is in the log; it works for a person who grants nothing.
"""
