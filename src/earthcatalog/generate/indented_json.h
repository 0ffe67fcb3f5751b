// JSON text as Python's json.dumps(indent=2) lays it out. Internal to the module: strings are written as they are, so
// they must hold nothing that JSON escapes.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog::generate {

class IndentedJson {
 public:
  explicit IndentedJson(std::string& out) : out_(out) {}

  IndentedJson& key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\": ";
    after_key_ = true;
    return *this;
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) new_line();
    out_ += bracket;
    first_ = false;
  }
  void text(std::string_view value) {
    separate();
    out_ += '"';
    out_ += value;
    out_ += '"';
  }
  void null() {
    separate();
    out_ += "null";
  }
  void integer(std::int64_t value) {
    separate();
    append(value);
  }
  /// With the fewest digits that read back the same, and ".0" behind whole numbers.
  void number(double value) {
    separate();
    append(value);
    if (value == std::trunc(value)) out_ += ".0";
  }

 private:
  template <class T>
  void append(T value) {
    char digits[32];
    const auto [end, error] = [&] {
      if constexpr (std::is_same_v<T, double>) {
        return std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
      } else {
        return std::to_chars(digits, digits + sizeof digits, value);
      }
    }();
    out_.append(digits, end);
  }
  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    if (!first_) out_ += ',';
    if (depth_ > 0) new_line();
    first_ = false;
  }
  void new_line() {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(2 * depth_), ' ');
  }

  std::string& out_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace earthcatalog::generate
