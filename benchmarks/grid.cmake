ec_benchmark(grid grid_benchmark.cc MODULES grid)
