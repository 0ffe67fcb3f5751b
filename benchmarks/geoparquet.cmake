ec_benchmark(geoparquet geoparquet_benchmark.cc MODULES geoparquet)
target_sources(geoparquet_benchmark PRIVATE ${CMAKE_SOURCE_DIR}/tests/geoparquet/sample_rows.cc)
target_include_directories(geoparquet_benchmark PRIVATE ${CMAKE_SOURCE_DIR}/tests)
