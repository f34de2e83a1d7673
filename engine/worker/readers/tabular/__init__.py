"""Tables of every kind of file: delimited, workbooks, columns, databases."""
