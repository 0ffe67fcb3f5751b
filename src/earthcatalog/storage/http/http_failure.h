// Says why an HTTP exchange brought no whole reply and what to do about it, in the same words for the connections of
// the store and for those of the fetch engine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog::storage {

/// No reply, or a part of one.
struct HttpFailure {
  enum class Kind : std::uint8_t {
    kUnreachable,  ///< no server can be talked to there: nothing was sent
    kBroken,       ///< reset, time-out, truncation: the request may have taken effect
    kHopeless,     ///< repeating cannot help: malformed URL, certificate refused
  };
  Kind kind = Kind::kBroken;
  std::string message;  ///< what happened, with which server, and what to do
};

/// Explains the end of a transfer of `url`. `curl_code` is libcurl's, `said` its own words; `was_sent` is true when any
/// byte of the request had gone out.
HttpFailure failure_of(int curl_code, std::string_view said, std::string_view url, bool was_sent);

}  // namespace earthcatalog::storage
