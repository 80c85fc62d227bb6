# Writes to OUTPUT a header that defines TENON_GENERATOR_HASH: one hash of the contents of FILES.
set(hashes "")
foreach(file ${FILES})
  file(SHA256 ${file} hash)
  string(APPEND hashes "${hash}")
endforeach()
string(SHA256 all "${hashes}")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define TENON_GENERATOR_HASH \"${all}\"\n")
