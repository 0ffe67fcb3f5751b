ec_benchmark(iceberg iceberg_benchmark.cc MODULES iceberg)
