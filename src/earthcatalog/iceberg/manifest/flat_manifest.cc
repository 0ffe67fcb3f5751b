#include "earthcatalog/iceberg/manifest/flat_manifest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include "earthcatalog/base/hash.h"

namespace earthcatalog::iceberg {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "ECFLAT01";
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min(), kNotTold = -1, kFacts = -1;

struct Section {
  std::int64_t field = kFacts;
  std::uint64_t begin = 0, length = 0;
  Hash128 hash;
};
static_assert(sizeof(Section) == 40);

class Writer {
 public:
  template <class T>
  void numbers(const std::vector<T>& values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    align();
  }
  template <class Of>
  void texts(std::span<const DataFile> files, Of of) {
    std::vector<std::uint64_t> ends{0};
    std::string present, text;
    for (const auto& file : files) {
      const std::string* const value = of(file);
      present += static_cast<char>(value != nullptr);
      if (value != nullptr) text += *value;
      ends.push_back(text.size());
    }
    numbers(ends);
    bytes_ += present;
    align();
    bytes_ += text;
    align();
  }
  std::string take() { return std::move(bytes_); }

 private:
  void align() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }
  std::string bytes_;
};

template <class Of>
std::vector<std::int64_t> column(std::span<const DataFile> files, Of of) {
  std::vector<std::int64_t> values;
  values.reserve(files.size());
  for (const auto& file : files) values.push_back(of(file));
  return values;
}

std::string facts_of(std::span<const DataFile> files) {
  Writer writer;
  writer.numbers(column(files, [](const DataFile& file) {
    return file.partition.year_since_1970 ? std::int64_t{*file.partition.year_since_1970} : kNone;
  }));
  writer.numbers(column(files, [](const DataFile& file) { return file.record_count; }));
  writer.numbers(column(files, [](const DataFile& file) { return file.file_size_in_bytes; }));
  writer.texts(files, [](const DataFile& file) { return file.partition.cell ? &*file.partition.cell : nullptr; });
  writer.texts(files, [](const DataFile& file) { return &file.file_path; });
  return writer.take();
}

std::string field_of(std::span<const DataFile> files, int field) {
  Writer writer;
  writer.numbers(column(files, [&](const DataFile& file) {
    const auto* const nulls = file.null_value_counts.find(field);
    return nulls == nullptr ? kNotTold : *nulls;
  }));
  writer.texts(files, [&](const DataFile& file) { return file.lower_bounds.find(field); });
  writer.texts(files, [&](const DataFile& file) { return file.upper_bounds.find(field); });
  return writer.take();
}

}  // namespace

// Takes one after the other out of bytes that may be anything.
class FlatReader {
 public:
  explicit FlatReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) broken_ = true;
    const auto taken = rest_.substr(0, broken_ ? 0 : size);
    rest_.remove_prefix(std::min(rest_.size(), (taken.size() + 7) / 8 * 8));
    return taken;
  }
  template <class T>
  std::span<const T> numbers(std::uint64_t count) {
    if (count > rest_.size() / sizeof(T)) broken_ = true;
    const auto bytes = take(broken_ ? 0 : count * sizeof(T));
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  FlatManifest::Texts texts(std::uint64_t count) {
    FlatManifest::Texts texts;
    texts.ends = numbers<std::uint64_t>(count + 1);
    texts.present = take(count);
    if (broken_ || !std::ranges::is_sorted(texts.ends)) broken_ = true;
    texts.text = take(broken_ ? 0 : texts.ends.back());
    return texts;
  }
  bool broken() const { return broken_; }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

std::string FlatManifest::encode(std::span<const DataFile> files) {
  std::set<int> ids;
  for (const auto& file : files) {
    for (const auto& [id, count] : file.null_value_counts) ids.insert(id);
    for (const auto& [id, bound] : file.lower_bounds) ids.insert(id);
  }
  std::vector<Section> sections{{}};
  std::vector<std::string> contents{facts_of(files)};
  for (const int id : ids) {
    sections.push_back({.field = id});
    contents.push_back(field_of(files, id));
  }
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    sections[i].begin = begin;
    sections[i].length = contents[i].size();
    sections[i].hash = hash128(contents[i]);
    begin += contents[i].size();
  }
  Writer writer;
  writer.numbers(std::vector<std::uint64_t>{files.size(), sections.size()});
  writer.numbers(sections);
  auto head = std::string(kMagic) + writer.take();
  head += hash128(head).view();
  for (const auto& content : contents) head += content;
  return head;
}

std::optional<FlatManifest> FlatManifest::open(std::string_view bytes, std::shared_ptr<const void> owner,
                                               std::span<const int> fields) {
  FlatReader head(bytes);
  if (head.take(kMagic.size()) != kMagic) return std::nullopt;
  const auto counts = head.numbers<std::uint64_t>(2);
  if (head.broken()) return std::nullopt;
  const auto sections = head.numbers<Section>(counts[1]);
  const auto hash = head.take(sizeof(Hash128));
  if (head.broken()) return std::nullopt;
  const auto end_of_table = static_cast<std::size_t>(hash.data() - bytes.data());
  if (hash128(bytes.substr(0, end_of_table)).view() != hash) return std::nullopt;
  const auto contents = bytes.substr(end_of_table + hash.size());

  FlatManifest manifest;
  manifest.owner_ = std::move(owner);
  manifest.files_ = counts[0];
  for (const auto& section : sections) {
    const bool wanted = section.field == kFacts || std::ranges::find(fields, section.field) != fields.end();
    if (!wanted) continue;
    if (section.begin > contents.size() || section.length > contents.size() - section.begin) return std::nullopt;
    const auto content = contents.substr(section.begin, section.length);
    if (hash128(content) != section.hash) return std::nullopt;
    FlatReader reader(content);
    if (section.field == kFacts) {
      manifest.years_ = reader.numbers<std::int64_t>(counts[0]);
      manifest.rows_ = reader.numbers<std::int64_t>(counts[0]);
      manifest.sizes_ = reader.numbers<std::int64_t>(counts[0]);
      manifest.cells_ = reader.texts(counts[0]);
      manifest.paths_ = reader.texts(counts[0]);
    } else {
      auto& field = manifest.fields_.emplace_back();
      field.id = static_cast<int>(section.field);
      field.nulls = reader.numbers<std::int64_t>(counts[0]);
      field.lower = reader.texts(counts[0]);
      field.upper = reader.texts(counts[0]);
    }
    if (reader.broken()) return std::nullopt;
  }
  return manifest;
}

std::optional<std::int32_t> FlatManifest::year_since_1970(std::size_t file) const {
  return years_[file] == kNone ? std::nullopt : std::optional(static_cast<std::int32_t>(years_[file]));
}

const FlatManifest::Field* FlatManifest::find(int field) const {
  const auto at = std::ranges::find(fields_, field, &Field::id);
  return at == fields_.end() ? nullptr : &*at;
}

std::optional<std::string_view> FlatManifest::lower_bound(std::size_t file, int field) const {
  const auto* const found = find(field);
  return found == nullptr ? std::nullopt : found->lower.at(file);
}

std::optional<std::string_view> FlatManifest::upper_bound(std::size_t file, int field) const {
  const auto* const found = find(field);
  return found == nullptr ? std::nullopt : found->upper.at(file);
}

std::optional<std::int64_t> FlatManifest::null_count(std::size_t file, int field) const {
  const auto* const found = find(field);
  if (found == nullptr || found->nulls[file] == kNotTold) return std::nullopt;
  return found->nulls[file];
}

}  // namespace earthcatalog::iceberg
