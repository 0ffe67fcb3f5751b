ec_benchmark(inventory inventory_benchmark.cc MODULES inventory generate)
ec_benchmark(generate generate_benchmark.cc MODULES generate)
