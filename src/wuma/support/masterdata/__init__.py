"""Master data (主数据): the things that everything else speaks of, each with one owner and one key.

A **product** is what a GTIN names: a 900 g can of one formula, one stage. Its **packaging** is the GTIN of
the item, of the cases it is packed in, and the company prefix of the SSCCs of its pallets. A **site** is a
factory or a warehouse with a GLN, a **line** a packing line in it. A **partner** is a dealer or a store. A
**region** is an administrative division of China; regions belong to nobody. A **place** is a division with
approximate coordinates, known without asking the database.

Promises it keeps:

- A GTIN names one product of one tenant on the whole platform, at one packaging level. Archived things
  keep their keys, because cans outlive catalogues.
- An import puts in all of a file or nothing of it, and the same file a second time changes nothing.
- Whoever holds an older version of a thing cannot overwrite a newer one.

It tells `ProductsChanged`, `SitesChanged`, `LinesChanged` and `PartnersChanged`.
"""
