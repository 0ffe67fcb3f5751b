#include "earthcatalog/inventory/formats/problem_rows.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

namespace earthcatalog::inventory {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxLineBytes = 16 << 20;

bool is_pending(std::string_view kind) {
  constexpr std::string_view kPending = "pending";
  if (!kind.starts_with(kPending)) return false;
  if (kind.size() == kPending.size()) return true;
  const char c = kind[kPending.size()];
  return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

class ProblemRows final : public RowReader {
 public:
  ProblemRows(std::unique_ptr<ByteSource> source, std::string uri)
      : source_(std::move(source)), uri_(std::move(uri)), buffer_(64 << 10) {}

  Result<bool> next(Row& row) override {
    std::string_view line;
    do {
      auto more = next_line(line);
      if (!more) return std::unexpected(std::move(more.error()).annotate(position()));
      if (!*more) return false;
    } while (line.find_first_not_of(" \t\r") == line.npos);
    EC_TRY(annotate(parse(line, row), position()));
    return true;
  }

  std::string position() const override { return fmt::format("{}: line {}", uri_, line_); }
  std::optional<double> share_read() const override { return source_->share_read(); }

 private:
  Result<bool> next_line(std::string_view& line) {
    ++line_;
    std::size_t searched = 0;
    for (;;) {
      const char* const begin = buffer_.data() + begin_;
      if (const auto* end = static_cast<const char*>(std::memchr(begin + searched, '\n', size_ - searched))) {
        line = {begin, end};
        begin_ += line.size() + 1;
        size_ -= line.size() + 1;
        return true;
      }
      searched = size_;
      EC_ASSIGN_OR_RETURN(const bool more, refill());
      if (more) continue;
      line = {buffer_.data() + begin_, size_};
      begin_ += size_;
      size_ = 0;
      return !line.empty();
    }
  }

  Result<bool> refill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, size_);
    begin_ = 0;
    if (size_ == buffer_.size()) {
      if (size_ >= kMaxLineBytes) return fail(ErrorKind::kInvalidData, "no end of the line within 16 MiB");
      buffer_.resize(size_ * 2);
    }
    EC_ASSIGN_OR_RETURN(const std::size_t size, source_->read(std::span(buffer_).subspan(size_)));
    size_ += size;
    return size > 0;
  }

  const std::string* text(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : found->get_ptr<const std::string*>();
  }

  Status parse(std::string_view line, Row& row) {
    try {
      json_ = Json::parse(line);
    } catch (const Json::exception& error) {
      return fail(ErrorKind::kInvalidData, "not valid JSON: {}", error.what());
    }
    if (!json_.is_object()) return fail(ErrorKind::kInvalidData, "not a JSON object");
    const auto* bucket = text("bucket");
    const auto* key = text("key");
    const auto* kind = text("kind");
    for (const auto& [name, member] : {std::pair{"bucket", bucket}, {"key", key}, {"kind", kind}}) {
      if (member == nullptr || member->empty()) {
        return fail(ErrorKind::kInvalidData, "no member '{}': a line of a problems file has bucket, key and kind",
                    name);
      }
    }
    const auto* outcome = text("outcome");
    row = {};
    row.bucket = *bucket;
    row.key = *key;
    row.problem = *kind;
    row.not_pending = !is_pending(*kind) && (outcome == nullptr || *outcome != "pending");
    if (const auto* etag = text("etag")) row.etag = *etag;
    if (const auto* date = text("last_modified")) row.date_text = *date;
    if (const auto size = json_.find("size"); size != json_.end() && size->is_number_integer()) {
      row.size_bytes = size->get<std::int64_t>();
    }
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  std::string uri_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, size_ = 0;  // what is read and not yet given
  std::int64_t line_ = 0;
  Json json_;
};

}  // namespace

std::unique_ptr<RowReader> open_problem_rows(std::unique_ptr<ByteSource> source, std::string uri) {
  return std::make_unique<ProblemRows>(std::move(source), std::move(uri));
}

}  // namespace earthcatalog::inventory
