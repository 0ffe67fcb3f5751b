#include "earthcatalog/search/order/token.h"

#include <array>
#include <cstring>
#include <optional>

#include "earthcatalog/base/hash.h"

namespace earthcatalog::search {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kHashBytes = 8, kNumberBytes = 8;
constexpr char kVersion = 1;

// base64url without padding (RFC 4648, section 5).
std::string encode(std::string_view bytes) {
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffu;
    for (held += 8; held >= 6; held -= 6) text += kLetters[bits >> (held - 6) & 63u];
  }
  if (held > 0) text += kLetters[bits << (6 - held) & 63u];
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = kLetters.find(c);
    if (value == kLetters.npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffu;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held);
  }
  return bytes;
}

std::string short_hash(std::string_view text) { return std::string(hash128(text).view().substr(0, kHashBytes)); }

std::string bytes_of(std::int64_t number) {
  std::string bytes(kNumberBytes, '\0');
  std::memcpy(bytes.data(), &number, kNumberBytes);
  return bytes;
}

std::string hash_of_table(const read::TableReader& table) { return short_hash(table.table().metadata().table_uuid); }

// All that decides which items come, and in which order.
std::string hash_of_query(const Query& query, const Order& order) {
  std::string text;
  const auto add = [&](std::string_view part) { text += bytes_of(std::ssize(part)) + std::string(part); };
  const auto add_names = [&](const Names& names) {
    add(bytes_of(std::ssize(names)));
    for (const auto& name : names) add(name);
  };
  add(query.area.value_or(""));
  add(query.time && query.time->begin ? bytes_of(*query.time->begin) : "");
  add(query.time && query.time->end ? bytes_of(*query.time->end) : "");
  add(query.time_field == TimeField::kInterval ? "interval" : "");
  add_names(query.ids);
  add_names(query.collections);
  add(query.filter ? cql2::to_json(*query.filter) : "");
  for (const auto& key : order) add((key.descending ? "-" : "+") + key.column);
  return short_hash(text);
}

}  // namespace

std::string make_token(const BoundQuery& query, const Order& order, std::string_view position) {
  const auto* const snapshot = query.table.snapshot();
  std::string bytes(1, kVersion);
  bytes += bytes_of(snapshot == nullptr ? 0 : snapshot->snapshot_id);
  bytes += hash_of_table(query.table) + hash_of_query(query.query, order);
  bytes += position;
  return encode(bytes + short_hash(bytes));
}

Result<Token> Token::parse(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorKind::kInvalidArgument,
                "`token` is none that a search printed, or was cut; without it the search begins anew");
  };
  const auto bytes = decode(text);
  constexpr std::size_t kLeast = 1 + kNumberBytes + 3 * kHashBytes;
  if (!bytes || bytes->size() < kLeast || bytes->front() != kVersion) return wrong();
  const auto body = std::string_view(*bytes).substr(0, bytes->size() - kHashBytes);
  if (short_hash(body) != bytes->substr(body.size())) return wrong();
  Token token;
  std::memcpy(&token.snapshot_id_, body.data() + 1, kNumberBytes);
  token.table_ = body.substr(1 + kNumberBytes, kHashBytes);
  token.query_ = body.substr(1 + kNumberBytes + kHashBytes, kHashBytes);
  token.position_ = body.substr(1 + kNumberBytes + 2 * kHashBytes);
  return token;
}

Status Token::check_table(const read::TableReader& table) const {
  if (table_ == hash_of_table(table)) return {};
  return fail(ErrorKind::kInvalidArgument, "`token` is of another table than {}", table.place().catalog);
}

Result<std::string> Token::position_in(const BoundQuery& query, const Order& order) const {
  EC_TRY(check_table(query.table));
  const auto* const snapshot = query.table.snapshot();
  if (snapshot == nullptr || snapshot->snapshot_id != snapshot_id_) {
    return fail(ErrorKind::kInvalidArgument, "`token` goes on in snapshot {}, another one is asked for", snapshot_id_);
  }
  if (query_ != hash_of_query(query.query, order)) {
    return fail(ErrorKind::kInvalidArgument,
                "`token` is of another search: give the options that it was printed for, only the size of a page may "
                "differ");
  }
  return position_;
}

}  // namespace earthcatalog::search
