# Words for the folders' CMakeLists.txt.

add_library(earthcatalog_options INTERFACE)
target_include_directories(earthcatalog_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
# Without missing-field-initializers: designated initializers leave members at the defaults that the struct declares.
# Clang without deprecated-declarations: it reports what libstdc++ 12's own stable_sort uses. GCC reports our own uses.
target_compile_options(earthcatalog_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  $<$<BOOL:${EARTHCATALOG_WERROR}>:-Werror>)
target_link_libraries(earthcatalog_options INTERFACE fmt::fmt Threads::Threads)

function(ec_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${EARTHCATALOG_UNITY} UNITY_BUILD_BATCH_SIZE 10)
endfunction()

# ec_module(NAME PUBLIC a.h... SOURCES a.cc... DEPENDS room... LIBRARIES third-party...)
# A room of src/earthcatalog: the static library earthcatalog_NAME. PUBLIC lists the headers that other rooms may include
# (tools/check_includes.py), DEPENDS the rooms below that it uses. A file whose local names are those of another has
# SKIP_UNITY_BUILD_INCLUSION.
function(ec_module name)
  cmake_parse_arguments(arg "" "" "PUBLIC;SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(earthcatalog_${name} STATIC ${arg_SOURCES})
  ec_unity(earthcatalog_${name})
  list(TRANSFORM arg_DEPENDS PREPEND earthcatalog_)
  target_link_libraries(earthcatalog_${name} PUBLIC earthcatalog_options ${arg_DEPENDS} ${arg_LIBRARIES})
endfunction()

# ec_test(NAME SOURCES a_test.cc... MODULES module... LIBRARIES third-party...)
# One GoogleTest executable, tests/NAME; every test of it is a ctest test. Run from the source root, so that
# tests/data/... is a valid path.
function(ec_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;MODULES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  list(TRANSFORM arg_MODULES PREPEND earthcatalog_)
  target_link_libraries(${name}_test PRIVATE ${arg_MODULES} ${arg_LIBRARIES} earthcatalog_testing GTest::gmock_main rapidcheck)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_dependencies(unit_tests ${name}_test)
  add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "unit;${arg_LABELS}" ENVIRONMENT no_proxy=127.0.0.1)
endfunction()

# ec_fuzzer(NAME SOURCE MODULES...): a libFuzzer target; without clang, a program that runs the committed corpus
# tests/fuzz/corpus/NAME through the same function, as a test.
function(ec_fuzzer name source)
  cmake_parse_arguments(arg "" "" "MODULES" ${ARGN})
  list(TRANSFORM arg_MODULES PREPEND earthcatalog_)
  add_executable(fuzz_${name} ${source})
  target_link_libraries(fuzz_${name} PRIVATE ${arg_MODULES})
  if(EARTHCATALOG_FUZZERS)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/run_corpus.cc)
  endif()
  add_dependencies(unit_tests fuzz_${name})
  add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()
