#include "stac/json_value.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <utility>

#include "earthcatalog/base/time.h"

namespace earthcatalog::stac::testing {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view json) : rest_(json) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  std::optional<JsonValue> read_document() {
    auto value = read_value();
    skip_space();
    if (!rest_.empty()) return std::nullopt;
    return value;
  }

 private:
  void skip_space() {
    const std::size_t n = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::optional<JsonValue> read_value() {
    skip_space();
    JsonValue value;
    if (take("null")) return value;
    if (take("true")) return JsonValue{.kind = JsonValue::Kind::kTrue};
    if (take("false")) return JsonValue{.kind = JsonValue::Kind::kFalse};
    if (rest_.starts_with('"')) {
      value.kind = JsonValue::Kind::kString;
      return read_string(value.text) ? std::optional(value) : std::nullopt;
    }
    if (take("[")) return read_array(value) ? std::optional(value) : std::nullopt;
    if (take("{")) return read_object(value) ? std::optional(value) : std::nullopt;
    return read_number();
  }

  bool read_array(JsonValue& value) {
    value.kind = JsonValue::Kind::kArray;
    skip_space();
    if (take("]")) return true;
    while (true) {
      auto element = read_value();
      if (!element) return false;
      value.elements.push_back(std::move(*element));
      skip_space();
      if (take("]")) return true;
      if (!take(",")) return false;
    }
  }

  bool read_object(JsonValue& value) {
    value.kind = JsonValue::Kind::kObject;
    skip_space();
    if (take("}")) return true;
    while (true) {
      std::string name;
      skip_space();
      if (!read_string(name)) return false;
      skip_space();
      if (!take(":")) return false;
      auto member = read_value();
      if (!member) return false;
      value.members[name] = std::move(*member);
      skip_space();
      if (take("}")) return true;
      if (!take(",")) return false;
    }
  }

  std::optional<JsonValue> read_number() {
    const std::size_t end = rest_.find_first_not_of("+-.0123456789eE");
    const std::string_view text = rest_.substr(0, end);
    if (!is_number(text)) return std::nullopt;
    rest_.remove_prefix(text.size());
    return JsonValue{.kind = JsonValue::Kind::kNumber, .text = std::string(text)};
  }

  static bool digits(std::string_view& text) {
    const std::size_t before = text.size();
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
    return text.size() < before;
  }
  static bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return false;
    if (!digits(text)) return false;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      if (!digits(text)) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
      text.remove_prefix(1);
      if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
      if (!digits(text)) return false;
    }
    return text.empty();
  }

  std::optional<std::uint32_t> read_unit() {
    if (rest_.size() < 4) return std::nullopt;
    const std::string hex(rest_.substr(0, 4));
    if (hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
    rest_.remove_prefix(4);
    return static_cast<std::uint32_t>(std::strtoul(hex.c_str(), nullptr, 16));
  }

  static void encode(std::uint32_t point, std::string& out) {
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return add(point);
    if (point < 0x800) return add(0xc0 | (point >> 6)), add(0x80 | (point & 63));
    if (point < 0x10000) return add(0xe0 | (point >> 12)), add(0x80 | ((point >> 6) & 63)), add(0x80 | (point & 63));
    add(0xf0 | (point >> 18)), add(0x80 | ((point >> 12) & 63)), add(0x80 | ((point >> 6) & 63)),
        add(0x80 | (point & 63));
  }

  bool read_escape(std::string& out) {
    static const std::map<char, char> kSimple = {{'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'b', '\b'},
                                                 {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'}};
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c != 'u') {
      if (!kSimple.contains(c)) return false;
      out += kSimple.at(c);
      return true;
    }
    auto unit = read_unit();
    if (!unit || (*unit >= 0xdc00 && *unit < 0xe000)) return false;
    if (*unit >= 0xd800 && *unit < 0xdc00) {
      if (!take("\\u")) return false;
      const auto low = read_unit();
      if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
      unit = 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
    }
    encode(*unit, out);
    return true;
  }

  bool read_string(std::string& out) {
    if (!take("\"")) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return false;
  }

  std::string_view rest_;
};

void quote(const std::string& text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr const char* kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[(c >> 4) & 15];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void write(const JsonValue& value, std::string& out) {
  const char* separator = "";
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      out += "null";
      return;
    case JsonValue::Kind::kTrue:
      out += "true";
      return;
    case JsonValue::Kind::kFalse:
      out += "false";
      return;
    case JsonValue::Kind::kNumber:
      out += value.text;
      return;
    case JsonValue::Kind::kString:
      quote(value.text, out);
      return;
    case JsonValue::Kind::kArray:
      out += '[';
      for (const JsonValue& element : value.elements) {
        out += std::exchange(separator, ",");
        write(element, out);
      }
      out += ']';
      return;
    case JsonValue::Kind::kObject:
      out += '{';
      for (const auto& [name, member] : value.members) {
        out += std::exchange(separator, ",");
        quote(name, out);
        out += ':';
        write(member, out);
      }
      out += '}';
  }
}

bool is_integer(const std::string& number) { return number.find_first_of(".eE") == std::string::npos; }

bool same_number(const std::string& a, const std::string& b) {
  if (a == b) return true;
  if (is_integer(a) && is_integer(b)) return (a == "0" && b == "-0") || (a == "-0" && b == "0");
  // Doubles hold each integer up to 2^53; beyond, an integer is only like itself.
  const auto is_beyond = [](const std::string& text) {
    constexpr long long kLast = 1LL << 53;
    return is_integer(text) && std::abs(std::strtold(text.c_str(), nullptr)) > static_cast<long double>(kLast);
  };
  if (is_beyond(a) || is_beyond(b)) return false;
  const double x = std::strtod(a.c_str(), nullptr), y = std::strtod(b.c_str(), nullptr);
  const auto is_zero = [](const std::string& text) {
    return text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == std::string::npos;
  };
  if (x == 0 && is_zero(a) != is_zero(b)) return false;
  return std::isfinite(x) && x == y;
}

const std::set<std::string> kTimestamps = {"datetime", "start_datetime", "end_datetime", "created",
                                           "updated",  "published",      "expires",      "sat:anx_datetime"};

bool same_instant(const std::string& a, const std::string& b) {
  const auto x = parse_time(a), y = parse_time(b);
  return x && y && x->exact && y->exact && x->has_offset && y->has_offset && x->micros == y->micros;
}

std::optional<std::string> compare(const JsonValue& a, const JsonValue& b, const std::string& path) {
  const auto differ = [&] { return path + ": " + write_json(a) + " became " + write_json(b); };
  if (a.kind != b.kind) return differ();
  switch (a.kind) {
    case JsonValue::Kind::kNumber:
      return same_number(a.text, b.text) ? std::nullopt : std::optional(differ());
    case JsonValue::Kind::kString: {
      if (a.text == b.text) return std::nullopt;
      const bool timestamp = path.starts_with("/properties/") && kTimestamps.contains(path.substr(12));
      return timestamp && same_instant(a.text, b.text) ? std::nullopt : std::optional(differ());
    }
    case JsonValue::Kind::kArray:
      if (a.elements.size() != b.elements.size()) return differ();
      for (std::size_t i = 0; i < a.elements.size(); ++i) {
        if (auto found = compare(a.elements[i], b.elements[i], path + "/" + std::to_string(i))) return found;
      }
      return std::nullopt;
    case JsonValue::Kind::kObject:
      for (const auto& [name, member] : a.members) {
        const JsonValue* other = b.find(name);
        if (other == nullptr) return path + "/" + name + ": " + write_json(member) + " is gone";
        if (auto found = compare(member, *other, path + "/" + name)) return found;
      }
      for (const auto& [name, member] : b.members) {
        if (a.find(name) == nullptr) return path + "/" + name + ": " + write_json(member) + " is new";
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

const JsonValue* JsonValue::find(const std::string& name) const {
  const auto found = members.find(name);
  return found == members.end() ? nullptr : &found->second;
}

std::optional<JsonValue> read_json(std::string_view json) { return Reader(json).read_document(); }

std::string write_json(const JsonValue& value) {
  std::string out;
  write(value, out);
  return out;
}

std::optional<std::string> difference(const JsonValue& item, const JsonValue& rebuilt) {
  return compare(item, rebuilt, "");
}

}  // namespace earthcatalog::stac::testing
