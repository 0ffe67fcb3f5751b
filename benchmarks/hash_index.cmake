ec_benchmark(hash_index hash_index_benchmark.cc MODULES catalog)
