ec_benchmark(fetch fetch_benchmark.cc MODULES fetch)
