# Debian's libsndfile, soxr and kissfft (its header that works on any type), which bring no CMake packages for these.
find_path(SndFile_INCLUDE_DIR sndfile.h)
find_library(SndFile_LIBRARY sndfile)
find_path(Soxr_INCLUDE_DIR soxr.h)
find_library(Soxr_LIBRARY soxr)
find_path(KissFft_INCLUDE_DIR kissfft.hh PATH_SUFFIXES kissfft)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SoundLibraries REQUIRED_VARS SndFile_LIBRARY SndFile_INCLUDE_DIR Soxr_LIBRARY
                                                               Soxr_INCLUDE_DIR KissFft_INCLUDE_DIR)
if(SoundLibraries_FOUND AND NOT TARGET SndFile::sndfile)
  add_library(SndFile::sndfile UNKNOWN IMPORTED)
  set_target_properties(SndFile::sndfile PROPERTIES IMPORTED_LOCATION ${SndFile_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${SndFile_INCLUDE_DIR})
  add_library(Soxr::soxr UNKNOWN IMPORTED)
  set_target_properties(Soxr::soxr PROPERTIES IMPORTED_LOCATION ${Soxr_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${Soxr_INCLUDE_DIR})
  add_library(KissFft::headers INTERFACE IMPORTED)
  set_target_properties(KissFft::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${KissFft_INCLUDE_DIR})
endif()
