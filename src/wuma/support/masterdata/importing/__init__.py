"""Taking in files of master data as people have them: CSV, XLSX, JSON; Chinese or English; tidy or not.

A **source** turns a file into records of texts, whatever its format and encoding. A **header** says which
column is which **field**. A field reads its cells into a value or says what it expected. The values are
**staged** in a temporary table, checked there against each other and against what is kept, and **merged**
with a few statements. What comes out is a **report**.

All of a file goes in, or nothing: a file half imported is worse than a file refused.
"""
