// Values from Avro's binary encoding (https://avro.apache.org/docs/1.11.1/specification/#binary-encoding).
//
// Reading past the end or a value of another type puts the decoder into a failed state in which every read gives zero
// or empties; callers ask status() once per record. Loops over counts end by themselves then.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/iceberg/avro/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg::avro {

class Decoder {
 public:
  /// The bytes must outlive the decoder and the views that it gives.
  explicit Decoder(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return problem_ == nullptr; }
  Status status() const;
  /// `problem` is a string literal.
  void fail_with(const char* problem);
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  // The encodings.
  std::int64_t varint();
  std::string_view take(std::size_t bytes);
  std::string_view length_prefixed();

  // Values of a schema node, which may be a union with null where the name says so.
  /// Steps into a union: the branch that follows, or null for null. Other nodes are returned as they are.
  const Node* resolve(const Node& node);
  std::optional<std::int64_t> optional_integer(const Node& node);
  std::int64_t integer(const Node& node);
  std::optional<bool> optional_boolean(const Node& node);
  std::optional<std::string_view> optional_text(const Node& node);  ///< string, bytes or fixed
  std::string_view text(const Node& node);
  /// Calls `each` with the element node before every element; a null stands for an empty array.
  template <class Each>
  void array(const Node& node, Each&& each);
  void skip(const Node& node) { skip(node, 0); }

 private:
  void skip(const Node& node, int depth);
  void skip_blocks(const Node& node, int depth);
  /// The number of items of the next block of an array or map, 0 at its end.
  std::int64_t block_items();

  const char* at_;
  const char* end_;
  const char* problem_ = nullptr;
};

template <class Each>
void Decoder::array(const Node& node, Each&& each) {
  const Node* type = resolve(node);
  if (type == nullptr) return;
  if (type->kind != Kind::kArray) return fail_with("an array was expected");
  while (std::int64_t items = block_items()) {
    for (; items > 0 && ok(); --items) {
      const char* before = at_;
      each(*type->branches.front());
      if (at_ == before) return fail_with("array of elements without bytes");
    }
  }
}

}  // namespace earthcatalog::iceberg::avro
