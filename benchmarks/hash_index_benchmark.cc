// The hash index at scale: anti-joins of 40 million with 40 million hashes, and building an index of 10 and 50 million
// ids. Needs 2 GiB of memory and 2 GiB below /tmp.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "earthcatalog/extsort/anti_join.h"
#include "earthcatalog/index/hash_index.h"

namespace earthcatalog::catalog {
namespace {

constexpr std::size_t kHashes = 40'000'000;

// Random numbers are what hashes are. Every other number of one side is on the other too.
std::vector<extsort::HashKey> random_hashes(std::uint64_t side) {
  std::vector<extsort::HashKey> hashes(kHashes);
  std::mt19937_64 common(1), own(2 + side);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const std::uint64_t both[2] = {common(), i}, alone[2] = {own(), i};
    std::memcpy(hashes[i].key.bytes.data(), i % 2 == 0 ? both : alone, sizeof both);
  }
  return hashes;
}

std::span<const Hash128> as_hashes(const std::vector<extsort::HashKey>& keys) {
  static_assert(sizeof(extsort::HashKey) == sizeof(Hash128));
  return {&keys.front().key, keys.size()};
}

std::size_t count_missing(const std::vector<extsort::HashKey>& wanted, const std::vector<extsort::HashKey>& known) {
  std::size_t missing = 0;
  const auto count = [&](std::span<const extsort::HashKey> found) -> Status {
    missing += found.size();
    return {};
  };
  const auto end = extsort::anti_join(std::span<const extsort::HashKey>(wanted), as_hashes(known), count).value();
  return missing + wanted.size() - end.wanted;
}

void AntiJoinSorted(benchmark::State& state) {
  auto wanted = random_hashes(0), known = random_hashes(1);
  extsort::sort_by_hash(std::span(wanted));
  extsort::sort_by_hash(std::span(known));
  for (auto _ : state) {
    if (count_missing(wanted, known) != kHashes / 2) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHashes));
}
BENCHMARK(AntiJoinSorted)->Unit(benchmark::kMillisecond)->Iterations(5);

void AntiJoinOneUnsorted(benchmark::State& state) {
  const auto unsorted = random_hashes(0);
  auto known = random_hashes(1);
  extsort::sort_by_hash(std::span(known));
  for (auto _ : state) {
    state.PauseTiming();
    auto wanted = unsorted;
    state.ResumeTiming();
    extsort::sort_by_hash(std::span(wanted));
    if (count_missing(wanted, known) != kHashes / 2) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHashes));
}
BENCHMARK(AntiJoinOneUnsorted)->Unit(benchmark::kMillisecond)->Iterations(2);

double peak_mebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

// From ids to the file: hash, external sort, Parquet.
void Build(benchmark::State& state) {
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak of memory begins anew
  std::string folder = "/tmp/earthcatalog-benchmark-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  storage::Stores stores({});
  const auto where = stores.locate(folder + "/w_id_hashes.parquet").value();
  for (auto _ : state) {
    index::HashChanges changes({.scratch_folder = folder, .memory_bytes = 768 << 20});
    std::string id = "S1A_IW_SLC__1SSH_20170221T204710_20170221T204737_015387_0193F6_AB07_X_S1B_IW_SLC__1SSH_00000000";
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      for (std::int64_t digit = 0, rest = i; digit < 8; ++digit, rest /= 10)
        id[id.size() - 1 - digit] = static_cast<char>('0' + rest % 10);
      if (!changes.add(id)) std::abort();
    }
    if (index::build_hash_index(where, changes, {}).value().entries != state.range(0)) std::abort();
  }
  std::filesystem::remove_all(folder);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["peak_MiB"] = peak_mebibytes();
}
BENCHMARK(Build)->Unit(benchmark::kMillisecond)->Arg(10'000'000)->Arg(50'000'000)->Iterations(1);

// A thousand new ids into an index of 50 million.
void Update(benchmark::State& state) {
  std::ofstream("/proc/self/clear_refs") << "5";
  std::string folder = "/tmp/earthcatalog-benchmark-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  storage::Stores stores({});
  const auto where = stores.locate(folder + "/w_id_hashes.parquet").value();
  index::HashChanges old({.scratch_folder = folder});
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    if (!old.add(fmt::format_int(i).c_str())) std::abort();
  }
  if (!index::build_hash_index(where, old, {})) std::abort();
  for (auto _ : state) {
    index::HashChanges changes({.scratch_folder = folder});
    for (int i = 0; i < 1000; ++i) (void)changes.add(fmt::format("new {}", i));
    if (index::update_hash_index(where, changes, {}).value().added != 1000) std::abort();
  }
  std::filesystem::remove_all(folder);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["peak_MiB"] = peak_mebibytes();
}
BENCHMARK(Update)->Unit(benchmark::kMillisecond)->Arg(50'000'000)->Iterations(1);

}  // namespace
}  // namespace earthcatalog::catalog
