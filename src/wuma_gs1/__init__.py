"""GS1 in pure Python: identifiers, AI syntax, Digital Link, EPC. No I/O, no dependency."""
