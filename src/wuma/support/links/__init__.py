"""链接: where a GS1 key leads, as a brand decides it, and from when on.

Vocabulary
    key       a primary key with its value, `/01/06901234567892`; it belongs to one tenant
    anchor    what links lead from: a key, or a key with qualifiers, `/01/06901234567892/10/L7`
    link      a target with a type (`gs1:pip`), a title, perhaps languages, a media type, contexts
    default   the links a request gets that asks for nothing in particular
    edition   all links of an anchor from a time on; the next edition takes its place, none is changed
    host      a domain to which links of a tenant may lead
    alias     a prefix of another numbering system, Ecode or Handle, that names items of a key

Promises
    A link leads only to hosts its tenant has named: nobody makes the resolver a door to elsewhere.
    Links of a key are said by one tenant. What was said is never lost, and who said it and why is known.
    A change that was made on an edition somebody else has replaced is refused.
"""
