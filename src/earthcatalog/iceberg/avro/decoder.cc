#include "earthcatalog/iceberg/avro/decoder.h"

namespace earthcatalog::iceberg::avro {
namespace {
constexpr int kDeepest = 128;
}

Status Decoder::status() const {
  if (ok()) return {};
  return fail(ErrorKind::kInvalidData, "Avro: {}", problem_);
}

void Decoder::fail_with(const char* problem) {
  if (problem_ == nullptr) problem_ = problem;
  at_ = end_;
}

std::int64_t Decoder::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) break;
    const auto byte = static_cast<unsigned char>(*at_++);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  fail_with("a number is cut short or too long");
  return 0;
}

std::string_view Decoder::take(std::size_t bytes) {
  if (bytes > remaining()) {
    fail_with("a value reaches past the end");
    return {};
  }
  const std::string_view taken(at_, bytes);
  at_ += bytes;
  return taken;
}

std::string_view Decoder::length_prefixed() {
  const std::int64_t length = varint();
  if (length < 0) {
    fail_with("negative length");
    return {};
  }
  return take(static_cast<std::size_t>(length));
}

const Node* Decoder::resolve(const Node& node) {
  if (node.kind != Kind::kUnion) return &node;
  const std::int64_t index = varint();
  if (!ok()) return nullptr;
  if (index < 0 || static_cast<std::size_t>(index) >= node.branches.size()) {
    fail_with("a union has no such branch");
    return nullptr;
  }
  const Node* branch = node.branches[static_cast<std::size_t>(index)];
  if (branch->kind == Kind::kUnion) {
    fail_with("union directly within a union");
    return nullptr;
  }
  return branch->kind == Kind::kNull ? nullptr : branch;
}

std::optional<std::int64_t> Decoder::optional_integer(const Node& node) {
  const Node* type = resolve(node);
  if (type == nullptr) return std::nullopt;
  if (type->kind != Kind::kInt && type->kind != Kind::kLong) {
    fail_with("an integer was expected");
    return std::nullopt;
  }
  const std::int64_t value = varint();
  if (!ok()) return std::nullopt;
  return value;
}

std::int64_t Decoder::integer(const Node& node) {
  const auto value = optional_integer(node);
  if (!value) fail_with("a required number is null");
  return value.value_or(0);
}

std::optional<bool> Decoder::optional_boolean(const Node& node) {
  const Node* type = resolve(node);
  if (type == nullptr) return std::nullopt;
  if (type->kind != Kind::kBoolean) {
    fail_with("a boolean was expected");
    return std::nullopt;
  }
  const std::string_view byte = take(1);
  if (byte.empty()) return std::nullopt;
  return byte.front() != 0;
}

std::optional<std::string_view> Decoder::optional_text(const Node& node) {
  const Node* type = resolve(node);
  if (type == nullptr) return std::nullopt;
  switch (type->kind) {
    case Kind::kString:
    case Kind::kBytes:
      return length_prefixed();
    case Kind::kFixed:
      return take(type->fixed_bytes);
    default:
      fail_with("a string or bytes were expected");
      return std::nullopt;
  }
}

std::string_view Decoder::text(const Node& node) {
  const auto value = optional_text(node);
  if (!value) fail_with("a required string is null");
  return value.value_or(std::string_view());
}

std::int64_t Decoder::block_items() {
  std::int64_t items = varint();
  if (items < 0) {
    varint();  // a negative count is followed by the block's size in bytes
    if (items == INT64_MIN) {
      fail_with("a block has too many items");
      return 0;
    }
    items = -items;
  }
  return ok() ? items : 0;
}

void Decoder::skip_blocks(const Node& node, int depth) {
  while (std::int64_t items = block_items()) {
    for (; items > 0 && ok(); --items) {
      const char* before = at_;
      if (node.kind == Kind::kMap) length_prefixed();
      skip(*node.branches.front(), depth + 1);
      if (at_ == before) break;  // elements without bytes: however many there are
    }
  }
}

void Decoder::skip(const Node& node, int depth) {
  if (depth > kDeepest) return fail_with("values nested too deep");
  switch (node.kind) {
    case Kind::kNull:
      break;
    case Kind::kBoolean:
      take(1);
      break;
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kEnum:
      varint();
      break;
    case Kind::kFloat:
      take(sizeof(float));
      break;
    case Kind::kDouble:
      take(sizeof(double));
      break;
    case Kind::kBytes:
    case Kind::kString:
      length_prefixed();
      break;
    case Kind::kFixed:
      take(node.fixed_bytes);
      break;
    case Kind::kArray:
    case Kind::kMap:
      skip_blocks(node, depth);
      break;
    case Kind::kRecord:
      for (const Field& field : node.fields) {
        if (!ok()) return;
        skip(*field.type, depth + 1);
      }
      break;
    case Kind::kUnion:
      if (const Node* branch = resolve(node); branch != nullptr) skip(*branch, depth + 1);
      break;
  }
}

}  // namespace earthcatalog::iceberg::avro
