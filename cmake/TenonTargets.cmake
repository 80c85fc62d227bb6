# How Tenon's libraries are compiled. Three kinds of translation unit exist and never share a library:
# those that include MLIR or LLVM (no RTTI), those that include Halide (RTTI and exceptions), and the runtime's (neither).

add_library(tenon_warnings INTERFACE)
target_compile_options(tenon_warnings INTERFACE -Wall -Wextra -Wno-unused-parameter)

add_library(tenon_sanitize INTERFACE)
if(TENON_SANITIZE)
  target_compile_options(tenon_sanitize INTERFACE -fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(tenon_sanitize INTERFACE -fsanitize=${TENON_SANITIZE})
  add_library(tenon_sanitizer_options OBJECT ${CMAKE_CURRENT_LIST_DIR}/SanitizerOptions.c)
  target_sources(tenon_sanitize INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:tenon_sanitizer_options>>)
endif()

add_library(tenon_llvm_options INTERFACE)
target_compile_options(tenon_llvm_options INTERFACE -fno-rtti -fno-exceptions)
target_compile_definitions(tenon_llvm_options INTERFACE __STDC_LIMIT_MACROS __STDC_CONSTANT_MACROS)

# tenon_compiler_library(NAME SOURCES... [LINK libs...]): a static library over LLVM and MLIR.
function(tenon_compiler_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
                             ${PROJECT_SOURCE_DIR}/compiler ${PROJECT_SOURCE_DIR}/dialects
                             ${PROJECT_BINARY_DIR}/dialects)
  target_link_libraries(${name} PRIVATE tenon_warnings PUBLIC tenon_llvm_options tenon_sanitize ${ARG_LINK} LLVM)
endfunction()
