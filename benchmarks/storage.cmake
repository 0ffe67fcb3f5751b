ec_benchmark(storage storage_benchmark.cc MODULES storage)
