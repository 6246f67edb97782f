"""Chinese papers and tools group digits by three as English ones do; Django's own formats have no groups at all."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
