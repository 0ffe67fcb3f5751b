#include "earthcatalog/storage/aws/sigv4.h"

#include <fmt/format.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <chrono>

#include "earthcatalog/storage/percent.h"

namespace earthcatalog::storage {
namespace {

const std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view data) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), key.data());
  hmac_sha256_update(&context, data.size(), bytes_of(data));
  Sha256 result;
  hmac_sha256_digest(&context, result.size(), result.data());
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Without blanks at the ends, and runs of blanks as one.
std::string trimmed(std::string_view value) {
  std::string result;
  for (const char c : value) {
    if (c != ' ') {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace

Sha256 sha256(std::string_view data) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, data.size(), bytes_of(data));
  Sha256 result;
  sha256_digest(&context, result.size(), result.data());
  return result;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  result.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    result += kDigits[byte >> 4];
    result += kDigits[byte & 15];
  }
  return result;
}

std::string amz_date(TimeMicros now) {
  using namespace std::chrono;
  const auto instant = floor<seconds>(sys_time<microseconds>{microseconds{now}});
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss time{instant - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

Sha256 signing_key(std::string_view secret_key, std::string_view day, std::string_view region) {
  const std::string first = fmt::format("AWS4{}", secret_key);
  Sha256 key = hmac_sha256({bytes_of(first), first.size()}, day);
  key = hmac_sha256(key, region);
  key = hmac_sha256(key, "s3");
  return hmac_sha256(key, "aws4_request");
}

std::string canonical_query(NameValues query) {
  for (auto& [name, value] : query) {
    name = percent_encode(name, Slash::kEncode);
    value = percent_encode(value, Slash::kEncode);
  }
  std::sort(query.begin(), query.end());
  std::string result;
  for (const auto& [name, value] : query) {
    if (!result.empty()) result += '&';
    result.append(name).append("=").append(value);
  }
  return result;
}

std::string authorization(const SignInput& input) {
  NameValues headers;
  headers.reserve(input.headers.size());
  for (const auto& [name, value] : input.headers) headers.emplace_back(lower(name), trimmed(value));
  std::sort(headers.begin(), headers.end());
  std::string lines, names;
  for (const auto& [name, value] : headers) {
    lines.append(name).append(":").append(value).append("\n");
    if (!names.empty()) names += ';';
    names += name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", input.method, input.path, input.query, lines, names, input.payload_sha256);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", input.date.substr(0, 8), input.region);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", input.date, scope, hex(sha256(canonical)));
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", input.access_key, scope,
                     names, hex(hmac_sha256(input.key, to_sign)));
}

}  // namespace earthcatalog::storage
