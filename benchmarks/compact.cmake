ec_benchmark(compact compact_benchmark.cc MODULES compact)
target_sources(compact_benchmark PRIVATE ${CMAKE_SOURCE_DIR}/tests/geoparquet/sample_rows.cc)
target_include_directories(compact_benchmark PRIVATE ${CMAKE_SOURCE_DIR}/tests)
