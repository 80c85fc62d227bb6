# Writes the text of INPUT to OUTPUT as a string literal of C++, to be included.
cmake_minimum_required(VERSION 3.25)
file(READ ${INPUT} text)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "R\"quoted(@text@)quoted\"\n" @ONLY)
