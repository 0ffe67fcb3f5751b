// Values to Avro's binary encoding (https://avro.apache.org/docs/1.11.1/specification/#binary-encoding).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::iceberg::avro {

/// Appends to a string that it holds.
class Encoder {
 public:
  void varint(std::int64_t value) {
    auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7) bytes_ += static_cast<char>(bits | 0x80);
    bytes_ += static_cast<char>(bits);
  }
  void boolean(bool value) { bytes_ += static_cast<char>(value); }
  void text(std::string_view value) {
    varint(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
  }
  /// The branch of a union [null, T]; what follows is null or a T.
  void present(bool is_present) { varint(is_present ? 1 : 0); }

  void optional_varint(const auto& value) {
    present(value.has_value());
    if (value) varint(*value);
  }
  void optional_text(const std::optional<std::string>& value) {
    present(value.has_value());
    if (value) text(*value);
  }
  /// An array in one block: `each` encodes one element.
  void array(const auto& values, auto&& each) {
    if (!values.empty()) varint(static_cast<std::int64_t>(values.size()));
    for (const auto& value : values) each(value);
    varint(0);
  }

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace earthcatalog::iceberg::avro
