ec_benchmark(stac stac_benchmark.cc MODULES stac)
