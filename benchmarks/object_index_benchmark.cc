// The object index at 5,000,000 objects: opening its tables, asking for chunks of 20,000 objects and items.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "earthcatalog/index/object_index.h"

namespace earthcatalog::catalog {
namespace {

constexpr int kObjects = 5'000'000, kPerRun = 250'000, kChunk = 20'000;

storage::ObjectRef ref(int number) {
  storage::ObjectRef ref;
  ref.bucket = "its-live-data";
  ref.key = fmt::format("velocity_image_pair/landsatOLI/v02/N60W130/LC08_L1TP_0600{:07}_X_LC08_L1TP_060018.stac.json",
                        number);
  ref.etag = fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15ull, number);
  ref.last_modified = 1'600'000'000'000'000 + number * 1'000'000ll;
  ref.size_bytes = 4000 + number % 997;
  return ref;
}

Hash128 item(int number) { return identity_hash("itslive-granules", fmt::format("LC08_{}", number)); }

double megabytes(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::atof(line.c_str() + std::string_view(field).size() + 1) / 1024;
  }
  return 0;
}

/// Made once, in a temporary folder, as commits of 250,000 objects make it.
class Fixture {
 public:
  static Fixture& get() {
    static Fixture fixture;
    return fixture;
  }
  ~Fixture() { std::filesystem::remove_all(folder_); }

  index::ObjectIndex open() { return index::ObjectIndex::open(stores_, manifest_, {}); }
  index::ObjectIndex& opened() { return opened_; }

 private:
  Fixture() {
    std::string folder = "/tmp/earthcatalog-benchmark-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    index::ObjectIndex index = index::ObjectIndex::open(stores_, {}, {});
    std::int64_t written = 0;
    for (int begin = 0; begin < kObjects; begin += kPerRun) {
      index::IndexUpdate update;
      for (int i = begin; i < begin + kPerRun; ++i) {
        auto entry = index::entry_of(ref(i));
        entry.identity = item(i);
        entry.updated = i;
        entry.cells = {"81063ffffffffff"};
        entry.year = 2020;
        update.entries.push_back(std::move(entry));
      }
      auto next = index.apply(update, folder_, fmt::format("run_{}", begin), begin);
      if (!next) std::fprintf(stderr, "%s\n", next.error().message.c_str()), std::abort();
      written += next->manifest().runs.back().entries;
      index.retire_except({&*next});
      index = *next;
    }
    manifest_ = index.manifest();
    std::int64_t bytes = 0;
    for (const auto& run : manifest_.runs) bytes += run.size_bytes;
    std::fprintf(stderr, "index: %zu runs, %.1f bytes an object, each object written %.2f times\n",
                 manifest_.runs.size(), static_cast<double>(bytes) / kObjects, static_cast<double>(written) / kObjects);
    opened_ = open();
  }

  storage::Stores stores_{{}};
  std::string folder_;
  index::IndexManifest manifest_;
  index::ObjectIndex opened_ = index::ObjectIndex::open(stores_, {}, {});
};

void check(bool ok) {
  if (!ok) std::abort();
}

void OpenAndLookUpOne(benchmark::State& state) {
  const auto object = ref(1);
  for (auto _ : state) {
    const auto index = Fixture::get().open();
    check(index.lookup({&object, 1}).value().front() == index::ObjectState::kUnchanged);
  }
  state.SetItemsProcessed(state.iterations() * kObjects);
  state.counters["rss_MiB"] = megabytes("VmRSS");
}
BENCHMARK(OpenAndLookUpOne)->Unit(benchmark::kMillisecond)->Iterations(2);

// Half of each chunk is known, half new.
void LookUpChunk(benchmark::State& state) {
  auto& index = Fixture::get().opened();
  int next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<storage::ObjectRef> chunk;
    for (int i = 0; i < kChunk; ++i) chunk.push_back(ref((next++ * 7919) % kObjects + (i % 2) * kObjects));
    state.ResumeTiming();
    const auto states = index.lookup(chunk).value();
    check(states[0] == index::ObjectState::kUnchanged && states[1] == index::ObjectState::kUnknown);
  }
  state.SetItemsProcessed(state.iterations() * kChunk);
  state.counters["rss_MiB"] = megabytes("VmRSS");
}
BENCHMARK(LookUpChunk)->Unit(benchmark::kMillisecond);

void FindNewItems(benchmark::State& state) {
  auto& index = Fixture::get().opened();
  std::vector<Hash128> items;
  for (int i = 0; i < kChunk; ++i) items.push_back(item(kObjects + i));
  for (auto _ : state) check(index.find_holders(items).value().empty());
  state.SetItemsProcessed(state.iterations() * kChunk);
  state.counters["peak_rss_MiB"] = megabytes("VmHWM");
}
BENCHMARK(FindNewItems)->Unit(benchmark::kMillisecond);

void FindKnownItems(benchmark::State& state) {
  auto& index = Fixture::get().opened();
  std::vector<Hash128> items;
  for (int i = 0; i < kChunk; ++i) items.push_back(item((i * 7919) % kObjects));
  for (auto _ : state) check(index.find_holders(items).value().size() == kChunk);
  state.SetItemsProcessed(state.iterations() * kChunk);
}
BENCHMARK(FindKnownItems)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace earthcatalog::catalog
