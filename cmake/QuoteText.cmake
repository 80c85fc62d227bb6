# Writes the text of INPUT to OUTPUT as a string literal of C++, to be included.
file(READ ${INPUT} text)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "R\"quoted(@text@)quoted\"\n" @ONLY)
