// JSON strings (RFC 8259, section 7): the text between the quotes, "raw" with its escapes, or decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/stac/grow_buffer.h"

namespace earthcatalog::stac {

struct EscapeFault {
  const char* where = nullptr;
  bool lone_surrogate = false;  ///< a \uD800-\uDFFF without its other half; else no JSON escape at all
};

/// The first escape of `raw` that cannot be decoded.
std::optional<EscapeFault> find_bad_escape(std::string_view raw);

/// Appends `raw` decoded, as UTF-8. `raw` has no bad escape.
void append_decoded(std::string_view raw, GrowBuffer& out);
std::string decoded(std::string_view raw);

/// Appends `text` as a JSON string, quotes included.
void append_quoted(std::string_view text, std::string& out);
void append_quoted(std::string_view text, GrowBuffer& out);

inline bool has_escape(std::string_view raw) { return raw.find('\\') != std::string_view::npos; }

}  // namespace earthcatalog::stac
