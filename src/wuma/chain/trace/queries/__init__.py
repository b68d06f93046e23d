"""The query interface of EPCIS 2.0: parameters, named queries, resources, vocabularies, answers."""
