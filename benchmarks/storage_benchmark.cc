// What the storage layer adds to a request or a file.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "earthcatalog/storage/local/local_store.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {
namespace {

void BM_SignedGet(benchmark::State& state) {
  StorageSettings settings;
  settings.s3.access_key = "AKIAIOSFODNN7EXAMPLE";
  settings.s3.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const auto bucket = *S3Bucket::make("its-live-data", settings);
  const std::string key =
      "velocity_image_pair/landsatOLI/v02/N60W040/LC08_L1TP_001012_20150101_20170101_01_T1.stac.json";
  for (auto _ : state) benchmark::DoNotOptimize(bucket->request({.key = key}, 1'700'000'000'000'000));
}
BENCHMARK(BM_SignedGet);

class LocalFixture : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State&) override { std::filesystem::create_directories(root_); }
  void TearDown(const benchmark::State&) override { std::filesystem::remove_all(root_); }

 protected:
  const std::string root_ = (std::filesystem::temp_directory_path() / "earthcatalog-storage-benchmark").native();
};

BENCHMARK_F(LocalFixture, PutNew)(benchmark::State& state) {
  LocalStore store(root_);
  const std::string bytes(5000, 'x');
  int i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(store.put("k" + std::to_string(++i), bytes));
}

BENCHMARK_F(LocalFixture, PutOver)(benchmark::State& state) {
  LocalStore store(root_);
  const std::string bytes(5000, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(store.put("k", bytes));
}

BENCHMARK_F(LocalFixture, PutIfMatchDurable)(benchmark::State& state) {
  LocalStore store(root_);
  const std::string bytes(5000, 'x');
  std::string etag = store.put("k", bytes)->etag;
  for (auto _ : state) etag = store.put_if_match("k", bytes, etag)->etag;
}

BENCHMARK_F(LocalFixture, Get)(benchmark::State& state) {
  LocalStore store(root_);
  (void)store.put("k", std::string(5000, 'x'));
  for (auto _ : state) benchmark::DoNotOptimize(store.get("k"));
}

}  // namespace
}  // namespace earthcatalog::storage
