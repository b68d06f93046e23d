"""EPCIS in XML, of 2.0 and of 1.0 to 1.2, to and from the events that JSON documents hold.

`parsing` turns bytes into small trees, one event at a time. `models` says what may stand in what, as the XSDs
do. `reading` makes of a tree the event that a JSON document would hold; `writing` is the way back. `naming`
carries namespaces over to prefixes and contexts.
"""
