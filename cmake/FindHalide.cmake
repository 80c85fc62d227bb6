# The Halide compiler library of the PyPI wheel. The wheel's own package also looks for image libraries and for Python's
# headers, which nothing here needs.
find_path(Halide_INCLUDE_DIR Halide.h)
find_library(Halide_LIBRARY Halide PATH_SUFFIXES lib64)
if(Halide_INCLUDE_DIR)
  file(STRINGS ${Halide_INCLUDE_DIR}/Halide.h lines REGEX "#define HALIDE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" Halide_VERSION "${lines}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Halide REQUIRED_VARS Halide_LIBRARY Halide_INCLUDE_DIR VERSION_VAR Halide_VERSION)
if(Halide_FOUND AND NOT TARGET Halide::Halide)
  add_library(Halide::Halide SHARED IMPORTED)
  set_target_properties(Halide::Halide PROPERTIES IMPORTED_LOCATION ${Halide_LIBRARY}
                        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${Halide_INCLUDE_DIR}
                        INTERFACE_INCLUDE_DIRECTORIES ${Halide_INCLUDE_DIR})
endif()
