// Random numbers that are the same everywhere: SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
#pragma once

#include <cstdint>
#include <span>

namespace earthcatalog::generate {

class Random {
 public:
  /// The sequence of item `index` of `seed`.
  Random(std::uint64_t seed, std::uint64_t index) : state_(mix(seed) ^ mix(index + 0x632be59bd9b4e019)) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double from, double to) { return from + (to - from) * uniform(); }
  /// In [from, to].
  int integer(int from, int to) {
    const auto count = static_cast<std::uint64_t>(to - from) + 1;
    return from + static_cast<int>(((next() >> 32) * count) >> 32);
  }
  /// An element of a table whose members have a `weight`.
  template <class T>
  const T& pick(std::span<const T> table) {
    double sum = 0;
    for (const T& entry : table) sum += entry.weight;
    double left = uniform() * sum;
    for (const T& entry : table) {
      left -= entry.weight;
      if (left < 0) return entry;
    }
    return table.back();
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace earthcatalog::generate
