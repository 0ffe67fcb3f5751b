#include "earthcatalog/inventory/formats/csv_parser.h"

#include <algorithm>
#include <cstring>

namespace earthcatalog::inventory {
namespace {

constexpr std::size_t kMaxRecordBytes = 16 << 20;

// Makes "" of a quoted field's text a single ", in place.
std::string_view undouble(char* begin, char* end) {
  char* out = begin;
  for (char* in = begin; in < end; ++in) {
    *out++ = *in;
    if (*in == '"') ++in;
  }
  return {begin, out};
}

char* find_delimiter(char* at, char* end) {
  while (at < end && *at != ',' && *at != '\n') ++at;
  return at;
}

}  // namespace

CsvParser::CsvParser(std::unique_ptr<ByteSource> source, std::size_t buffer_bytes)
    : source_(std::move(source)), buffer_(std::max<std::size_t>(buffer_bytes, 16)) {
  at_ = end_ = buffer_.data();
}

std::string CsvParser::position() const { return fmt::format("row {} (byte {})", row_, row_offset_); }

Result<bool> CsvParser::next(std::vector<std::string_view>& fields) {
  fields.clear();
  if (first_) {
    first_ = false;
    while (end_ - at_ < 3 && !source_ended_) EC_TRY(refill());
    if (end_ - at_ >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0) at_ += 3;
  }
  for (;;) {
    skip_line_ends();
    if (at_ < end_) {
      row_offset_ = base_offset_ + (at_ - buffer_.data());
      EC_ASSIGN_OR_RETURN(const Scan scan, scan_record());
      if (scan == Scan::kComplete) break;
    } else if (source_ended_) {
      return false;
    }
    EC_TRY(refill());
  }
  ++row_;
  fields.reserve(spans_.size());
  for (const Span& span : spans_) {
    fields.push_back(span.has_doubled_quotes ? undouble(span.begin, span.end) : std::string_view(span.begin, span.end));
  }
  return true;
}

void CsvParser::skip_line_ends() {
  while (at_ < end_) {
    if (*at_ == '\n') {
      ++at_;
    } else if (*at_ == '\r' && at_ + 1 < end_ && at_[1] == '\n') {
      at_ += 2;
    } else if (*at_ == '\r' && at_ + 1 == end_ && source_ended_) {
      ++at_;
    } else {
      return;
    }
  }
}

// Moves the unfinished record to the front of the buffer and reads behind it; the buffer grows only for a record that
// is larger than it.
Status CsvParser::refill() {
  const auto kept = static_cast<std::size_t>(end_ - at_);
  base_offset_ += at_ - buffer_.data();
  std::memmove(buffer_.data(), at_, kept);
  if (kept == buffer_.size()) {
    if (kept >= kMaxRecordBytes) {
      return fail(ErrorKind::kInvalidData, "row {} (byte {}): no end of the row within {} MiB; is a quote not closed?",
                  row_ + 1, base_offset_, kMaxRecordBytes >> 20);
    }
    buffer_.resize(kept * 2);
  }
  at_ = buffer_.data();
  end_ = at_ + kept;
  EC_ASSIGN_OR_RETURN(const std::size_t size, source_->read({end_, buffer_.size() - kept}));
  end_ += size;
  source_ended_ = size == 0;
  return {};
}

// Finds the fields of the record at at_ and, when its end is in the buffer, steps behind it. Changes no byte, so that
// an incomplete record can be scanned again.
Result<CsvParser::Scan> CsvParser::scan_record() {
  spans_.clear();
  char* at = at_;
  for (;;) {
    if (at < end_ && *at == '"') {
      EC_ASSIGN_OR_RETURN(const Scan scan, scan_quoted(at));
      if (scan == Scan::kIncomplete) return scan;
    } else {
      char* const begin = at;
      at = find_delimiter(at, end_);
      if (at == end_ && !source_ended_) return Scan::kIncomplete;
      const bool line_end = at == end_ || *at == '\n';
      spans_.push_back({begin, line_end && at > begin && at[-1] == '\r' ? at - 1 : at, false});
    }
    if (at < end_ && *at == ',') {
      ++at;
      continue;
    }
    at_ = at == end_ ? at : at + 1;
    return Scan::kComplete;
  }
}

// A quoted field at `at`; leaves `at` on the comma or LF behind it, or at the end of the text.
Result<CsvParser::Scan> CsvParser::scan_quoted(char*& at) {
  char* const begin = ++at;
  bool doubled = false;
  for (;;) {
    at = static_cast<char*>(std::memchr(at, '"', static_cast<std::size_t>(end_ - at)));
    if (at == nullptr || at + 1 == end_) {
      if (!source_ended_) return Scan::kIncomplete;
      if (at != nullptr) break;
      return fail(ErrorKind::kInvalidData,
                  "row {} (byte {}): the text ends inside a quoted field; the file is truncated", row_ + 1,
                  row_offset_);
    }
    if (at[1] != '"') break;
    doubled = true;
    at += 2;
  }
  spans_.push_back({begin, at, doubled});
  ++at;
  if (at < end_ && *at == '\r') {
    if (at + 1 == end_ && !source_ended_) return Scan::kIncomplete;
    ++at;
    if (at == end_ || *at == '\n') return Scan::kComplete;
    --at;
  }
  if (at < end_ && *at != ',' && *at != '\n') {
    return fail(ErrorKind::kInvalidData,
                "row {} (byte {}): expected a comma or the end of the line behind a closing quote", row_ + 1,
                base_offset_ + (at - buffer_.data()));
  }
  return Scan::kComplete;
}

}  // namespace earthcatalog::inventory
