// AWS Signature Version 4, header form, single chunk, for S3
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). libcurl's own
// (CURLOPT_AWS_SIGV4) is wrong before 8.x for query strings with encoded characters, so this is done here.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/time.h"

namespace earthcatalog::storage {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view data);
std::string hex(std::span<const std::uint8_t> bytes);

/// "20130524T000000Z", in UTC.
std::string amz_date(TimeMicros now);

/// Derives the key that signs a day's requests. Call it once a day and region.
Sha256 signing_key(std::string_view secret_key, std::string_view day, std::string_view region);

using NameValues = std::vector<std::pair<std::string, std::string>>;

/// A query as it is signed and sent: encoded, sorted by name, "name=value&name=". Without the '?'.
std::string canonical_query(NameValues query);

struct SignInput {
  std::string_view method;
  std::string_view path;            ///< encoded, begins with '/'
  std::string_view query;           ///< from canonical_query
  const NameValues& headers;        ///< all that are signed: at least host, x-amz-date, x-amz-content-sha256
  std::string_view payload_sha256;  ///< in hexadecimal digits
  std::string_view date;            ///< from amz_date; its first eight letters are the day of `key`
  std::string_view region;
  std::string_view access_key;
  const Sha256& key;  ///< from signing_key
};

/// The value of the Authorization header.
std::string authorization(const SignInput& input);

}  // namespace earthcatalog::storage
